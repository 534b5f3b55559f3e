package main

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
)

// view is what nodes and pods tell about what is about to happen.
type view struct {
	nodes map[string]*corev1.Node
	pods  []*corev1.Pod
	// up has the nodes whose kubelet is played.
	up map[string]bool
	// volume has the volumes of claims by `NAMESPACE/NAME`, holders the nodes they are attached to.
	volume  map[string]string
	holders map[string][]string
}

func newView(items []any, running map[string]*process) (*view, error) {
	v := &view{
		nodes: map[string]*corev1.Node{}, up: map[string]bool{},
		volume: map[string]string{}, holders: map[string][]string{},
	}
	for name := range running {
		v.up[name] = true
	}
	for _, item := range items {
		o := object(item)
		switch o.GetKind() {
		case "Node":
			node := &corev1.Node{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, node); err != nil {
				return nil, err
			}
			v.nodes[node.Name] = node
		case "Pod":
			pod := &corev1.Pod{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, pod); err != nil {
				return nil, err
			}
			v.pods = append(v.pods, pod)
		case "PersistentVolumeClaim":
			volume, _, err := unstructured.NestedString(o.Object, "spec", "volumeName")
			if err != nil {
				return nil, err
			}
			v.volume[o.GetNamespace()+"/"+o.GetName()] = volume
		case "VolumeAttachment":
			volume, _, err := unstructured.NestedString(o.Object, "spec", "source", "persistentVolumeName")
			if err != nil {
				return nil, err
			}
			node, _, err := unstructured.NestedString(o.Object, "spec", "nodeName")
			if err != nil {
				return nil, err
			}
			v.holders[volume] = append(v.holders[volume], node)
		}
	}
	return v, nil
}

// restless says what is about to happen in a cluster that has been still for so long, or nothing.
func (v *view) restless(still time.Duration) string {
	untainted := 0
	for name, node := range v.nodes {
		ready := readiness(node) == corev1.ConditionTrue
		switch {
		case v.up[name] != ready:
			return fmt.Sprintf("node %s is not yet noticed", name)
		case ready && lost(node):
			return fmt.Sprintf("node %s is still tainted", name)
		case !ready && !evicting(node):
			untainted++
		}
	}
	// Where a zone is disrupted nodes may stay without the taint for good.
	if still < time.Duration(untainted)*perEviction+stillness {
		return "nodes may still be tainted"
	}
	for _, pod := range v.pods {
		if reason := v.unsettled(pod); reason != "" {
			return fmt.Sprintf("pod %s/%s %s", pod.Namespace, pod.Name, reason)
		}
	}
	return ""
}

// unsettled says what is about to happen to a pod that has a node, or nothing.
func (v *view) unsettled(pod *corev1.Pod) string {
	if pod.Spec.NodeName == "" {
		if pod.DeletionTimestamp != nil {
			return "will go"
		}
		return ""
	}
	node := v.nodes[pod.Spec.NodeName]
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	switch {
	case node == nil:
		return "is on a node that is gone"
	case pod.DeletionTimestamp != nil && (v.up[node.Name] || outOfService(node)):
		return "will go"
	case ended:
		return ""
	case v.up[node.Name] && !podReady(pod) && !v.barred(pod):
		return "will be ready"
	case !v.up[node.Name] && pod.DeletionTimestamp == nil && willBeEvicted(pod, node):
		return "will be evicted"
	}
	return ""
}

// barred tells if a pod waits for a volume that another node holds for good: a pod that uses it
// is still there, and is not about to go.
func (v *view) barred(pod *corev1.Pod) bool {
	for volume := range v.volumes(pod) {
		for _, other := range v.pods {
			where := other.Spec.NodeName
			stays := !v.up[where] || other.DeletionTimestamp == nil
			if where != pod.Spec.NodeName && stays && v.volumes(other)[volume] && slices.Contains(v.holders[volume], where) {
				return true
			}
		}
	}
	return false
}

// volumes are those of a pod's claims.
func (v *view) volumes(pod *corev1.Pod) map[string]bool {
	found := map[string]bool{}
	for _, volume := range pod.Spec.Volumes {
		if claim := volume.PersistentVolumeClaim; claim != nil {
			if name := v.volume[pod.Namespace+"/"+claim.ClaimName]; name != "" {
				found[name] = true
			}
		}
	}
	return found
}

// willBeEvicted tells if some NoExecute taint will drive the pod out.
func willBeEvicted(pod *corev1.Pod, node *corev1.Node) bool {
	for at := range node.Spec.Taints {
		taint := &node.Spec.Taints[at]
		if taint.Effect == corev1.TaintEffectNoExecute && !staysDespite(pod, taint) {
			return true
		}
	}
	return false
}

func staysDespite(pod *corev1.Pod, taint *corev1.Taint) bool {
	for at := range pod.Spec.Tolerations {
		t := &pod.Spec.Tolerations[at]
		if t.ToleratesTaint(klog.Background(), taint, false) && (t.TolerationSeconds == nil || *t.TolerationSeconds >= never) {
			return true
		}
	}
	return false
}

func readiness(node *corev1.Node) corev1.ConditionStatus {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status
		}
	}
	return corev1.ConditionUnknown
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// lost tells if the node has a taint that the node controller sets on nodes it does not hear.
func lost(node *corev1.Node) bool {
	return tainted(node, corev1.TaintNodeNotReady, "") || tainted(node, corev1.TaintNodeUnreachable, "")
}

// evicting tells if pods are being driven out because the node is not heard.
func evicting(node *corev1.Node) bool {
	return tainted(node, corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute) ||
		tainted(node, corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute)
}

func outOfService(node *corev1.Node) bool { return tainted(node, corev1.TaintNodeOutOfService, "") }

// tainted tells if a node has a taint of that key, and of that effect if one is named.
func tainted(node *corev1.Node, key string, effect corev1.TaintEffect) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Key == key && (effect == "" || taint.Effect == effect) {
			return true
		}
	}
	return false
}
