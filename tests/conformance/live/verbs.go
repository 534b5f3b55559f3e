package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/kubectl/pkg/drain"
)

// drainTimeout is kubectl's --timeout.
const drainTimeout = 30 * time.Second

var (
	get = metav1.GetOptions{}
	all = metav1.ListOptions{}
)

// verb does a step. What it returns is an error of the step; what kubectl would print goes to the step.
type verb func(ctx context.Context, t *telling, s *step) error

var verbs = map[string]verb{
	"fail":           each((*telling).fail),
	"recover":        each((*telling).recover),
	"forget":         each((*telling).forget),
	"cordon":         each((*telling).cordon),
	"uncordon":       each((*telling).uncordon),
	"out-of-service": each((*telling).outOfService),
	"drain":          drainNodes,
	"rollout":        each((*telling).rollout),
	"delete":         each((*telling).delete),
	"scale":          scale,
	"create":         create,
}

// each does the same to every argument.
func each(do func(*telling, context.Context, string) error) verb {
	return func(ctx context.Context, t *telling, s *step) error {
		for _, argument := range s.Args {
			if err := do(t, ctx, argument); err != nil {
				return fmt.Errorf("%s %s: %w", s.Do, argument, err)
			}
		}
		return nil
	}
}

// fail cuts a node's power.
func (t *telling) fail(_ context.Context, node string) error {
	if t.cluster.nodes[node] == nil {
		return fmt.Errorf("it does not run")
	}
	t.cluster.killNode(node)
	return nil
}

// recover starts a node; one that was forgotten registers anew.
func (t *telling) recover(ctx context.Context, node string) error {
	if _, err := t.cluster.client.CoreV1().Nodes().Get(ctx, node, get); apierrors.IsNotFound(err) {
		if err := t.register(ctx, node); err != nil {
			return err
		}
	}
	return t.cluster.startNode(node)
}

// forget deletes a node object; the machine, if it still runs, is switched off before, or its
// kubelet would register again.
func (t *telling) forget(ctx context.Context, node string) error {
	t.cluster.killNode(node)
	return t.cluster.client.CoreV1().Nodes().Delete(ctx, node, metav1.DeleteOptions{})
}

func (t *telling) cordon(ctx context.Context, node string) error {
	return t.schedulable(ctx, node, false)
}

func (t *telling) uncordon(ctx context.Context, node string) error {
	return t.schedulable(ctx, node, true)
}

func (t *telling) schedulable(ctx context.Context, name string, desired bool) error {
	node, err := t.cluster.client.CoreV1().Nodes().Get(ctx, name, get)
	if err != nil {
		return err
	}
	return drain.RunCordonOrUncordon(t.drainer(ctx), node, !desired)
}

// outOfService tells the cluster that a silent node is off for certain.
func (t *telling) outOfService(ctx context.Context, name string) error {
	nodes := t.cluster.client.CoreV1().Nodes()
	node, err := nodes.Get(ctx, name, get)
	if err != nil {
		return err
	}
	taint := corev1.Taint{Key: corev1.TaintNodeOutOfService, Value: "nodeshutdown", Effect: corev1.TaintEffectNoExecute}
	node.Spec.Taints = append(node.Spec.Taints, taint)
	_, err = nodes.Update(ctx, node, metav1.UpdateOptions{})
	return err
}

// drainer has what `kubectl drain --force --ignore-daemonsets --delete-emptydir-data` has.
func (t *telling) drainer(ctx context.Context) *drain.Helper {
	return &drain.Helper{
		Ctx: ctx, Client: t.cluster.client,
		Force: true, IgnoreAllDaemonSets: true, DeleteEmptyDirData: true, GracePeriodSeconds: -1,
		Timeout: drainTimeout, Out: io.Discard, ErrOut: io.Discard,
	}
}

// drainNodes drains as kubectl does: all are cordoned, then one is drained after the other.
func drainNodes(ctx context.Context, t *telling, s *step) error {
	if err := each((*telling).cordon)(ctx, t, s); err != nil {
		return err
	}
	for _, node := range s.Args {
		// A drain that gives up is no mistake of the story's: that it does is what is recorded.
		if err := drain.RunNodeDrain(t.drainer(ctx), node); err != nil {
			s.Error = strings.TrimSpace(s.Error + "\n" + err.Error())
		}
	}
	return nil
}

// rollout restarts a workload as `kubectl rollout restart` does.
func (t *telling) rollout(ctx context.Context, argument string) error {
	annotations := map[string]any{"kubectl.kubernetes.io/restartedAt": time.Now().Format(time.RFC3339)}
	template := map[string]any{"metadata": map[string]any{"annotations": annotations}}
	return t.cluster.patch(ctx, argument, map[string]any{"spec": map[string]any{"template": template}})
}

// delete deletes an object, and what it owns after it.
func (t *telling) delete(ctx context.Context, argument string) error {
	client, name, err := t.cluster.resource(argument)
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	return client.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &background})
}

// scale takes a workload and the number of its replicas.
func scale(ctx context.Context, t *telling, s *step) error {
	if len(s.Args) != 2 {
		return fmt.Errorf("scale wants a workload and a number")
	}
	replicas, err := strconv.Atoi(s.Args[1])
	if err != nil {
		return err
	}
	return t.cluster.patch(ctx, s.Args[0], map[string]any{"spec": map[string]any{"replicas": replicas}})
}

func create(ctx context.Context, t *telling, s *step) error {
	for at := range s.Objects {
		if err := t.cluster.create(ctx, &s.Objects[at]); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) create(ctx context.Context, object *unstructured.Unstructured) error {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var client dynamic.ResourceInterface = c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == "namespace" {
		namespace := object.GetNamespace()
		if namespace == "" {
			namespace = "default"
		}
		client = c.dynamic.Resource(mapping.Resource).Namespace(namespace)
	}
	if _, err := client.Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create %s %s: %w", kind.Kind, object.GetName(), err)
	}
	return nil
}

func (c *cluster) patch(ctx context.Context, argument string, patch map[string]any) error {
	client, name, err := c.resource(argument)
	if err != nil {
		return err
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = client.Patch(ctx, name, types.MergePatchType, text, metav1.PatchOptions{})
	return err
}

// resource finds what KIND/NAME or KIND/NAMESPACE/NAME stands for.
func (c *cluster) resource(argument string) (dynamic.ResourceInterface, string, error) {
	parts := strings.Split(argument, "/")
	if len(parts) == 2 {
		parts = []string{parts[0], "default", parts[1]}
	}
	if len(parts) != 3 {
		return nil, "", fmt.Errorf("%q is no KIND/NAME", argument)
	}
	resource, err := c.mapper.ResourceFor(schema.GroupVersionResource{Resource: parts[0]})
	if err != nil {
		return nil, "", err
	}
	return c.dynamic.Resource(resource).Namespace(parts[1]), parts[2], nil
}
