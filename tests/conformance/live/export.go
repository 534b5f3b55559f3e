package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// exported are the resources of an export, in kubectl's order of arguments.
var exported = []schema.GroupVersionResource{
	{Version: "v1", Resource: "nodes"},
	{Version: "v1", Resource: "namespaces"},
	{Version: "v1", Resource: "pods"},
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "replicasets"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "apps", Version: "v1", Resource: "daemonsets"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
	{Group: "batch", Version: "v1", Resource: "cronjobs"},
	{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
	{Group: "scheduling.k8s.io", Version: "v1", Resource: "priorityclasses"},
	{Version: "v1", Resource: "services"},
	{Version: "v1", Resource: "persistentvolumes"},
	{Version: "v1", Resource: "persistentvolumeclaims"},
	{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"},
	{Group: "storage.k8s.io", Version: "v1", Resource: "csidrivers"},
	{Group: "storage.k8s.io", Version: "v1", Resource: "csinodes"},
	{Group: "storage.k8s.io", Version: "v1", Resource: "volumeattachments"},
}

var events = schema.GroupVersionResource{Version: "v1", Resource: "events"}

// fetch lists resources as `kubectl get RESOURCE,… -A -o json` does.
func (c *cluster) fetch(ctx context.Context, resources ...schema.GroupVersionResource) ([]any, error) {
	items := []any{}
	for _, resource := range resources {
		list, err := c.dynamic.Resource(resource).List(ctx, all)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", resource.Resource, err)
		}
		for at := range list.Items {
			item := &list.Items[at]
			item.SetManagedFields(nil)
			items = append(items, item.Object)
		}
	}
	return items, nil
}

// printed is a list in the form in which kubectl prints it.
func printed(items []any) ([]byte, error) {
	list := map[string]any{
		"apiVersion": "v1",
		"kind":       "List",
		"metadata":   map[string]any{"resourceVersion": ""},
		"items":      items,
	}
	text, err := json.MarshalIndent(list, "", "    ")
	return append(text, '\n'), err
}

// decision is what one pod met, as far as the question goes whether all is at rest.
type decision struct {
	Pod        string `json:"pod"`
	Result     string `json:"result"`
	Preemption []struct {
		Best bool `json:"best"`
	} `json:"preemption"`
}

// decide asks the recorder what the scheduler would do in this very state.
func decide(ctx context.Context, recorder, id string, items []any) ([]byte, []decision, error) {
	input, err := json.Marshal(map[string]any{"id": id, "objects": items})
	if err != nil {
		return nil, nil, err
	}
	command := exec.CommandContext(ctx, recorder)
	command.Stdin = bytes.NewReader(append(input, '\n'))
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("recorder: %w", err)
	}
	var answer struct {
		Error string     `json:"error"`
		Pods  []decision `json:"pods"`
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return nil, nil, fmt.Errorf("recorder: %w", err)
	}
	if answer.Error != "" {
		return nil, nil, fmt.Errorf("recorder: %s", answer.Error)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(output), "", " "); err != nil {
		return nil, nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), answer.Pods, nil
}

// object gives one item back its methods.
func object(item any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: item.(map[string]any)}
}
