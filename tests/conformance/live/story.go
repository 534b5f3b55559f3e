package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// story is a cluster and what befalls it.
type story struct {
	// Name is the archive's.
	Name string `json:"name"`
	// Objects are created before the first export: nodes with their status, and all the rest.
	Objects []unstructured.Unstructured `json:"objects"`
	// Steps follow each other; each begins when the one before has come to rest.
	Steps []step `json:"steps"`
}

// step is one thing that is done to a cluster; in an archive, also how it went.
type step struct {
	// Step counts from 1; 0 is the start.
	Step int `json:"step"`
	// Do is one of [verbs].
	Do string `json:"do"`
	// Args are nodes, or objects as KIND/NAME in the namespace `default`, or KIND/NAMESPACE/NAME.
	Args []string `json:"args,omitempty"`
	// Objects are what `create` creates.
	Objects []unstructured.Unstructured `json:"objects,omitempty"`
	// Seconds is how long it took until the export.
	Seconds int `json:"seconds,omitempty"`
	// Error is what kubectl would have printed where it gave up, as a drain does that a budget blocks.
	Error string `json:"error,omitempty"`
	// Restless is why the cluster was not at rest when time was up.
	Restless string `json:"restless,omitempty"`
}

func parseStory(line []byte) (*story, error) {
	var s story
	if err := json.Unmarshal(line, &s); err != nil {
		return nil, err
	}
	if s.Name == "" || strings.ContainsAny(s.Name, `/\`) {
		return nil, errors.New("a story needs a name that a file can have")
	}
	for at := range s.Steps {
		do := s.Steps[at].Do
		if _, known := verbs[do]; !known {
			return nil, fmt.Errorf("%s: nobody knows how to %q", s.Name, do)
		}
		s.Steps[at].Step = at + 1
	}
	return &s, nil
}

// object is the manifest of that kind and name.
func (s *story) object(kind, name string) (*unstructured.Unstructured, error) {
	for at := range s.Objects {
		if o := &s.Objects[at]; o.GetKind() == kind && o.GetName() == name {
			return o, nil
		}
	}
	return nil, fmt.Errorf("no %s %q in the story", kind, name)
}

// attaches tells if the story has volumes that are attached to nodes.
func (s *story) attaches() bool {
	return slices.ContainsFunc(s.Objects, func(o unstructured.Unstructured) bool { return o.GetKind() == "CSIDriver" })
}
