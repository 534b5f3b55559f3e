package main

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	"sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/yaml"
)

// completes marks pods of a Job that end as soon as they run; the others run on.
const completes = "live.holdfast.dev/completes"

// readyAgain reports the surviving pods of a node that came back as ready, as a kubelet would.
// kwok's own stages look at pods once, when they start.
const readyAgain = `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: pod-ready-again
spec:
  resourceRef:
    apiGroup: v1
    kind: Pod
  selector:
    matchExpressions:
    - key: .metadata.deletionTimestamp
      operator: DoesNotExist
    - key: .status.phase
      operator: In
      values: [Running]
    - key: '.status.conditions.[] | select( .type == "Ready" ) | .status'
      operator: In
      values: ["False"]
  next:
    statusTemplate: |
      conditions:
      - lastTransitionTime: {{ Now | Quote }}
        status: "True"
        type: Ready
`

// stages is what the kwok processes do to nodes and pods: kwok's own stages, but for three things.
func stages() (string, error) {
	complete, err := selecting(podfast.DefaultPodComplete, map[string]any{
		"key": `.metadata.annotations["` + completes + `"]`, "operator": "Exists",
	})
	if err != nil {
		return "", err
	}
	ready, err := selecting(podfast.DefaultPodReady, waitsForVolumes)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		nodefast.DefaultNodeInit,
		heartbeat_with_lease.DefaultNodeHeartbeatWithLease,
		ready,
		podfast.DefaultPodDelete,
		complete,
		readyAgain,
	}, "\n---\n"), nil
}

// selecting adds a requirement to a stage's selector.
func selecting(stage string, requirement map[string]any) (string, error) {
	var u unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(stage), &u.Object); err != nil {
		return "", err
	}
	path := []string{"spec", "selector", "matchExpressions"}
	requirements, _, err := unstructured.NestedSlice(u.Object, path...)
	if err != nil {
		return "", err
	}
	if err := unstructured.SetNestedSlice(u.Object, append(requirements, requirement), path...); err != nil {
		return "", err
	}
	text, err := yaml.Marshal(u.Object)
	return string(text), err
}
