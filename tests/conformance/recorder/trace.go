package main

import (
	"encoding/json"

	fwk "k8s.io/kube-scheduler/framework"
)

// testCase is one line of input.
type testCase struct {
	ID      string            `json:"id"`
	Objects []json.RawMessage `json:"objects"`
	// Config is a KubeSchedulerConfiguration for this case alone.
	Config json.RawMessage `json:"config"`
	// Run is what happens then; without one, whoever waits is decided once.
	Run []step `json:"run"`
}

// trace is one line of output: decision trace, version 1.
type trace struct {
	ID   string     `json:"id"`
	Pods []decision `json:"pods"`
	// Ends is where a run leaves each pod that lives: on a node, or "" while it waits.
	Ends map[string]string `json:"ends,omitempty"`
}

// failure takes the place of a trace when the case cannot be decided.
type failure struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// What became of a pod.
const (
	resultScheduled     = "scheduled"
	resultUnschedulable = "unschedulable"
	resultGated         = "gated"
	resultError         = "error"
)

// decision is what the scheduler made of one pending pod.
type decision struct {
	Pod               string                 `json:"pod"`
	Result            string                 `json:"result"`
	Node              string                 `json:"node,omitempty"`
	Candidates        []string               `json:"candidates,omitempty"`
	PreFilter         *rejection             `json:"preFilter,omitempty"`
	Nodes             map[string]nodeVerdict `json:"nodes,omitempty"`
	Message           string                 `json:"message,omitempty"`
	Preemption        []preemptionCandidate  `json:"preemption,omitempty"`
	PreemptionMessage string                 `json:"preemptionMessage,omitempty"`
}

// rejection names the plugin that said no, and why.
type rejection struct {
	Plugin  string   `json:"plugin,omitempty"`
	Code    string   `json:"code,omitempty"`
	Reasons []string `json:"reasons,omitempty"`
}

// nodeVerdict holds a rejection, or the scores, or neither for a node that is
// the only feasible one: nothing is scored then.
type nodeVerdict struct {
	rejection
	Scores map[string]int64 `json:"scores,omitempty"`
	Total  *int64           `json:"total,omitempty"`
}

// preemptionCandidate is a node where evicting the victims would let the pod in.
type preemptionCandidate struct {
	Node          string   `json:"node"`
	Victims       []string `json:"victims"`
	PDBViolations int64    `json:"pdbViolations"`
	Best          bool     `json:"best"`
}

func newRejection(plugin string, status *fwk.Status) rejection {
	return rejection{Plugin: plugin, Code: status.Code().String(), Reasons: stableReasons(status.Reasons())}
}
