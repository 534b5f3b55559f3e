package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
)

// telling is a story on its way.
type telling struct {
	cluster  *cluster
	story    *story
	recorder string
	pulse    *pulse
	// done are the steps so far, and files what the archive will hold.
	done  []step
	files map[string][]byte
}

// tell plays the story from its start to its end.
func (t *telling) tell(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	if err := t.furnish(ctx); err != nil {
		return err
	}
	if err := t.snapshot(ctx, step{Do: "start"}, began); err != nil {
		return err
	}
	for _, s := range t.story.Steps {
		began = time.Now()
		if err := verbs[s.Do](ctx, t, &s); err != nil {
			return fmt.Errorf("step %d: %w", s.Step, err)
		}
		if err := t.snapshot(ctx, s, began); err != nil {
			return fmt.Errorf("step %d: %w", s.Step, err)
		}
	}
	items, err := t.cluster.fetch(ctx, events)
	if err != nil {
		return err
	}
	if t.files["events.json"], err = printed(items); err != nil {
		return err
	}
	steps, err := json.MarshalIndent(t.done, "", " ")
	t.files["steps.json"] = append(steps, '\n')
	return err
}

// furnish creates the nodes, waits until they are ready, and creates the rest.
func (t *telling) furnish(ctx context.Context) error {
	var nodes, others []*unstructured.Unstructured
	for at := range t.story.Objects {
		switch o := &t.story.Objects[at]; o.GetKind() {
		case "Node":
			nodes = append(nodes, o)
		case "CSINode":
			// Comes with its node.
		default:
			others = append(others, o)
		}
	}
	for _, node := range nodes {
		if err := t.register(ctx, node.GetName()); err != nil {
			return err
		}
		if err := t.cluster.startNode(node.GetName()); err != nil {
			return err
		}
	}
	if err := t.nodesReady(ctx, len(nodes)); err != nil {
		return fmt.Errorf("nodes do not become ready: %w", err)
	}
	for _, o := range others {
		if err := t.cluster.create(ctx, o); err != nil {
			return err
		}
	}
	seen := informers.NewSharedInformerFactory(t.cluster.client, 0)
	var err error
	if t.pulse, err = feelPulse(ctx, t.cluster, seen); err != nil {
		return err
	}
	go (&volumes{cluster: t.cluster, seen: seen}).play(ctx)
	return nil
}

// register creates a node, and what its CSI drivers tell of it, as its kubelet would.
func (t *telling) register(ctx context.Context, name string) error {
	manifest, err := t.story.object("Node", name)
	if err != nil {
		return err
	}
	if err := t.cluster.create(ctx, manifest); err != nil {
		return err
	}
	drivers, err := t.story.object("CSINode", name)
	if err != nil {
		return nil
	}
	node, err := t.cluster.client.CoreV1().Nodes().Get(ctx, name, get)
	if err != nil {
		return err
	}
	drivers = drivers.DeepCopy()
	drivers.SetOwnerReferences([]metav1.OwnerReference{
		{APIVersion: "v1", Kind: "Node", Name: name, UID: node.UID},
	})
	return t.cluster.create(ctx, drivers)
}

func (t *telling) nodesReady(ctx context.Context, count int) error {
	return wait.PollUntilContextTimeout(ctx, time.Second, startup, true, func(ctx context.Context) (bool, error) {
		if err := t.cluster.alive(); err != nil {
			return false, err
		}
		nodes, err := t.cluster.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		ready := 0
		for at := range nodes.Items {
			if node := &nodes.Items[at]; readiness(node) == corev1.ConditionTrue && !lost(node) {
				ready++
			}
		}
		return ready == count, nil
	})
}

// snapshot waits for rest and adds an export and its decisions to the archive.
func (t *telling) snapshot(ctx context.Context, s step, began time.Time) error {
	name := fmt.Sprintf("%d-%s", s.Step, s.Do)
	state, err := t.rest(ctx, name+".json", began)
	if err != nil {
		return err
	}
	if s.Step > 0 {
		s.Seconds = int(state.taken.Sub(began).Round(time.Second).Seconds())
	}
	s.Restless = state.restless
	if t.files[name+".json"], err = printed(state.items); err != nil {
		return err
	}
	t.files[name+".decisions.json"] = state.decisions
	t.done = append(t.done, s)
	return nil
}
