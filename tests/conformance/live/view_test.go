package main

import (
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// nodes of the tests: up runs and is ready, down is noticed and tainted.
const testNodes = `
- {kind: Node, apiVersion: v1, metadata: {name: up}, status: {conditions: [{type: Ready, status: "True"}]}}
- kind: Node
  apiVersion: v1
  metadata: {name: down}
  spec: {taints: [{key: node.kubernetes.io/unreachable, effect: NoExecute}]}
  status: {conditions: [{type: Ready, status: Unknown}]}
`

func TestRestless(t *testing.T) {
	for name, test := range map[string]struct {
		objects, running, want string
		still                  time.Duration
	}{
		"all is well":         {running: "up", still: time.Minute},
		"a node to notice":    {running: "", want: "node up is not yet noticed", still: time.Minute},
		"a node to hear":      {running: "up down", want: "node down is not yet noticed", still: time.Minute},
		"a pod to evict":      {objects: pod("down", "", "tolerationSeconds: 15, "), running: "up", want: "will be evicted", still: time.Minute},
		"a pod that stays":    {objects: pod("down", "", ""), running: "up", still: time.Minute},
		"a pod that is stuck": {objects: pod("down", stuck, ""), running: "up", still: time.Minute},
		"a pod to end":        {objects: pod("up", stuck, ""), running: "up", want: "will go", still: time.Minute},
		"a pod to start":      {objects: pod("up", "", ""), running: "up", want: "will be ready", still: time.Minute},
		"an orphan":           {objects: pod("gone", "", ""), running: "up", want: "is on a node that is gone", still: time.Minute},
		"a volume to wait for": {
			objects: claimed + claimant("new", "up", "") + attached("down"),
			running: "up", want: "will be ready", still: time.Minute,
		},
		"a volume held for good": {
			objects: claimed + claimant("new", "up", "") + attached("down") + claimant("old", "down", stuck),
			running: "up", still: time.Minute,
		},
		"a taint to come": {
			objects: `- {kind: Node, apiVersion: v1, metadata: {name: fresh}, status: {conditions: [{type: Ready, status: Unknown}]}}`,
			running: "up", want: "may still be tainted", still: perEviction,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var items []any
			if err := yaml.Unmarshal([]byte(testNodes+test.objects), &items); err != nil {
				t.Fatal(err)
			}
			running := map[string]*process{}
			for _, node := range strings.Fields(test.running) {
				running[node] = nil
			}
			v, err := newView(items, running)
			if err != nil {
				t.Fatal(err)
			}
			got := v.restless(test.still)
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// stuck is how a pod is under deletion.
const stuck = `, deletionTimestamp: "2026-01-01T00:00:00Z"`

const claimed = `
- {kind: PersistentVolumeClaim, apiVersion: v1, metadata: {name: c, namespace: default}, spec: {volumeName: v}}
`

// claimant is a pod that uses the claim and stays where it is.
func claimant(name, node, metadata string) string {
	return `
- kind: Pod
  apiVersion: v1
  metadata: {name: ` + name + `, namespace: default` + metadata + `}
  spec:
    nodeName: ` + node + `
    tolerations: [{operator: Exists}]
    volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]
`
}

// attached says that a node holds the volume.
func attached(node string) string {
	return `
- kind: VolumeAttachment
  apiVersion: storage.k8s.io/v1
  metadata: {name: a}
  spec: {nodeName: ` + node + `, source: {persistentVolumeName: v}}
`
}

// pod is a pod that is not ready on a node, and tolerates its silence.
func pod(node, metadata, seconds string) string {
	return `
- kind: Pod
  apiVersion: v1
  metadata: {name: p, namespace: default` + metadata + `}
  spec: {nodeName: ` + node + `, tolerations: [{` + seconds + `operator: Exists}]}
  status: {phase: Running}
`
}

func TestParseStory(t *testing.T) {
	s, err := parseStory([]byte(`{"name": "a", "steps": [{"do": "fail", "args": ["n"]}, {"do": "recover", "args": ["n"]}]}`))
	if err != nil || s.Steps[1].Step != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, line := range []string{`{"steps": []}`, `{"name": "a/b"}`, `{"name": "a", "steps": [{"do": "pray"}]}`, `{`} {
		if _, err := parseStory([]byte(line)); err == nil {
			t.Errorf("%s is no story", line)
		}
	}
}

func TestStages(t *testing.T) {
	text, err := stages()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text, "kind: Stage"); got != 6 {
		t.Errorf("%d stages", got)
	}
	if !strings.Contains(text, completes) {
		t.Error("every Job would end at once")
	}
	if !strings.Contains(text, "PodReadyToStartContainers") {
		t.Error("pods would not wait for volumes")
	}
}
