package main

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
)

// nominator knows the pending pods that came with a status.nominatedNodeName.
// Nobody is nominated during a run: a pod that preempts ends its cycle.
type nominator struct {
	byNode map[string][]fwk.PodInfo
}

func newNominator() *nominator {
	return &nominator{byNode: map[string][]fwk.PodInfo{}}
}

// AddNominatedPod implements fwk.PodNominator.
func (n *nominator) AddNominatedPod(_ klog.Logger, pod fwk.PodInfo, _ *fwk.NominatingInfo) {
	n.DeleteNominatedPodIfExists(pod.GetPod())
	if node := pod.GetPod().Status.NominatedNodeName; node != "" {
		n.byNode[node] = append(n.byNode[node], pod)
	}
}

// DeleteNominatedPodIfExists implements fwk.PodNominator.
func (n *nominator) DeleteNominatedPodIfExists(pod *corev1.Pod) {
	node := pod.Status.NominatedNodeName
	n.byNode[node] = slices.DeleteFunc(n.byNode[node], func(known fwk.PodInfo) bool {
		return known.GetPod().UID == pod.UID
	})
}

// UpdateNominatedPod implements fwk.PodNominator.
func (n *nominator) UpdateNominatedPod(logger klog.Logger, oldPod *corev1.Pod, newPod fwk.PodInfo) {
	n.DeleteNominatedPodIfExists(oldPod)
	n.AddNominatedPod(logger, newPod, nil)
}

// NominatedPodsForNode implements fwk.PodNominator.
func (n *nominator) NominatedPodsForNode(node string) []fwk.PodInfo {
	return n.byNode[node]
}
