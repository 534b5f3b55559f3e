package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// What a step has the scheduler do. In all others only the cluster changes.
const (
	doSchedule = "schedule" // the pod, on that node of those with the highest score
	doPreempt  = "preempt"  // the victims on that node, for the pod
	doGiveUp   = "give-up"  // the pod loses the node that was kept free for it
	doRest     = "rest"     // whoever waits waits in vain
)

// step is one thing that happens in a run. What it takes of the scheduler comes
// first, what the rest of Kubernetes does about it after.
type step struct {
	Do      string   `json:"do"`
	Pod     string   `json:"pod"`
	Node    string   `json:"node"`
	Victims []string `json:"victims"`
	// Put are objects as they are from then on: nodes, budgets and new pods.
	Put []json.RawMessage `json:"put"`
	// Marked pods are to be deleted, those that are gone have been.
	Marked []string `json:"marked"`
	Gone   []string `json:"gone"`
}

// play is a case that goes on: one scheduler sees all of it.
type play struct {
	*cluster
	scheme    *runtime.Scheme
	pods      map[string]*corev1.Pod
	decisions []decision
}

func (r *recorder) stage(c *cluster, objects []object) *play {
	pods := map[string]*corev1.Pod{}
	for _, o := range objects {
		if pod, ok := o.Object.(*corev1.Pod); ok {
			pods[podName(pod)] = pod
		}
	}
	return &play{cluster: c, scheme: r.scheme, pods: pods, decisions: []decision{}}
}

// follow takes the steps in turn, up to the first that the scheduler does not take.
func (p *play) follow(ctx context.Context, steps []step) error {
	for i, s := range steps {
		taken, err := p.schedule(ctx, s)
		if err == nil && taken {
			err = p.change(s)
		}
		if err != nil {
			return fmt.Errorf("run[%d]: %w", i, err)
		}
		if !taken {
			return nil
		}
	}
	return nil
}

// ends is where the pods are that are not about to be deleted, and "" for those that wait.
func (p *play) ends() map[string]string {
	ends := map[string]string{}
	for name, pod := range p.pods {
		if pod.DeletionTimestamp == nil {
			ends[name] = pod.Spec.NodeName
		}
	}
	return ends
}

// schedule lets the scheduler decide, and says whether it may do what the step has it do.
func (p *play) schedule(ctx context.Context, s step) (bool, error) {
	if s.Do == doRest {
		for _, pod := range p.queue() {
			if err := p.decided(p.decide(ctx, pod)); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if s.Do != doSchedule && s.Do != doPreempt && s.Do != doGiveUp {
		return true, nil
	}
	pod := p.pods[s.Pod]
	if pod == nil || bound(pod) {
		return false, fmt.Errorf("%s does not wait", s.Pod)
	}
	if err := p.moveLast(s.Victims); err != nil {
		return false, err
	}
	d := p.steer(ctx, pod, s.Node)
	if err := p.decided(d); err != nil {
		return false, err
	}
	switch s.Do {
	case doSchedule:
		return d.Result == resultScheduled && d.Node == s.Node, p.bind(d)
	case doPreempt:
		return p.preempts(d, s)
	default:
		return d.Result == resultUnschedulable && p.pods[s.Pod].Status.NominatedNodeName == "", nil
	}
}

// decided takes a decision down. Where preemption was tried in vain, no node is kept free any more.
func (p *play) decided(d decision) error {
	p.decisions = append(p.decisions, d)
	if strings.HasPrefix(d.PreemptionMessage, inVain) {
		return p.nominate(p.pods[d.Pod], "")
	}
	return nil
}

// moveLast puts pods behind all others of their nodes. Of pods that are alike in priority and age
// those that come last are the victims; a scheduler that was restarted has heard of them in any
// order.
func (p *play) moveLast(names []string) error {
	logger := klog.Background()
	for _, name := range names {
		if err := p.cache.RemovePod(logger, p.pods[name]); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := p.cache.AddPod(logger, p.pods[name]); err != nil {
			return err
		}
	}
	return nil
}

// bind takes down what a binding in the API server would tell the scheduler.
func (p *play) bind(d decision) error {
	if d.Result != resultScheduled {
		return nil
	}
	pod := p.pods[d.Pod].DeepCopy()
	pod.Spec.NodeName = d.Node
	pod.Status.NominatedNodeName = ""
	pod.Status.StartTime = &notStarted
	if err := p.cache.AddPod(klog.Background(), pod); err != nil {
		return err
	}
	return p.tell(pod)
}

// preempts follows prepareCandidateAsync in pkg/scheduler/framework/preemption/executor.go, if the
// scheduler may pick those victims, and says whether it may.
func (p *play) preempts(d decision, s step) (bool, error) {
	picked := slices.ContainsFunc(d.Preemption, func(c preemptionCandidate) bool {
		return c.Best && c.Node == s.Node && slices.Equal(c.Victims, slices.Sorted(slices.Values(s.Victims)))
	})
	if !picked {
		return false, nil
	}
	// Those that are being deleted already are passed over.
	victims := slices.DeleteFunc(slices.Clone(s.Victims), func(name string) bool {
		return p.pods[name].DeletionTimestamp != nil
	})
	for _, name := range victims {
		victim := p.pods[name].DeepCopy()
		victim.Status.Conditions = append(victim.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler})
		if err := p.update(victim); err != nil {
			return false, err
		}
	}
	if len(victims) > 0 {
		if err := p.outrank(s.Pod, s.Node); err != nil {
			return false, err
		}
	}
	return true, p.nominate(p.pods[s.Pod], s.Node)
}

// outrank has pods of lower priority lose the node that was kept free for them.
func (p *play) outrank(name, node string) error {
	priority := corev1helpers.PodPriority(p.pods[name])
	for _, other := range slices.Clone(p.nominator.NominatedPodsForNode(node)) {
		if corev1helpers.PodPriority(other.GetPod()) < priority {
			if err := p.nominate(other.GetPod(), ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// nominate keeps a node free for a pod that waits, or none.
func (p *play) nominate(pod *corev1.Pod, node string) error {
	// The nominator finds a pod by the node it was nominated to.
	p.nominator.DeleteNominatedPodIfExists(pod)
	pod = pod.DeepCopy()
	pod.Status.NominatedNodeName = node
	if err := p.update(pod); err != nil {
		return err
	}
	info, err := framework.NewPodInfo(pod)
	if err == nil {
		p.nominator.AddNominatedPod(klog.Background(), info, nil)
	}
	return err
}

// change is what becomes of the cluster in a step, by others than the scheduler.
func (p *play) change(s step) error {
	for _, name := range s.Marked {
		pod := p.pods[name].DeepCopy()
		pod.DeletionTimestamp = &notStarted
		if err := p.update(pod); err != nil {
			return err
		}
	}
	for _, name := range s.Gone {
		if err := p.remove(p.pods[name]); err != nil {
			return err
		}
	}
	for _, manifest := range s.Put {
		if err := p.put(manifest); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) put(manifest json.RawMessage) error {
	o, err := readObject(p.scheme, manifest)
	if err != nil || o == nil {
		return fmt.Errorf("put: %v", err)
	}
	switch typed := o.Object.(type) {
	case *corev1.Node:
		old, err := p.informers.Core().V1().Nodes().Lister().Get(typed.Name)
		if err != nil {
			return err
		}
		p.cache.UpdateNode(klog.Background(), old, typed)
	case *corev1.Pod:
		return p.update(typed)
	case *policyv1.PodDisruptionBudget:
	default:
		return fmt.Errorf("put: %T is not followed", typed)
	}
	return p.inform(*o)
}

// update has a pod be as it is from now on, a new one included.
func (p *play) update(pod *corev1.Pod) error {
	old := p.pods[podName(pod)]
	if bound(pod) {
		if err := p.cache.UpdatePod(klog.Background(), old, pod); err != nil {
			return err
		}
	}
	return p.tell(pod)
}

func (p *play) remove(pod *corev1.Pod) error {
	delete(p.pods, podName(pod))
	p.pending = slices.DeleteFunc(p.pending, func(known *corev1.Pod) bool { return known.UID == pod.UID })
	p.nominator.DeleteNominatedPodIfExists(pod)
	if bound(pod) {
		if err := p.cache.RemovePod(klog.Background(), pod); err != nil {
			return err
		}
	}
	return p.informers.Core().V1().Pods().Informer().GetIndexer().Delete(pod)
}

// tell takes a pod down where it is looked up: in the queue, and in the informer.
func (p *play) tell(pod *corev1.Pod) error {
	p.pods[podName(pod)] = pod
	at := slices.IndexFunc(p.pending, func(known *corev1.Pod) bool { return known.UID == pod.UID })
	switch {
	case bound(pod) && at >= 0:
		p.pending = slices.Delete(p.pending, at, at+1)
	case !bound(pod) && at >= 0:
		p.pending[at] = pod
	case !bound(pod):
		p.pending = append(p.pending, pod)
	}
	return p.informers.Core().V1().Pods().Informer().GetIndexer().Update(pod)
}
