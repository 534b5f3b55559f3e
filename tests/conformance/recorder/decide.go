package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// preFilterPlugin stands in the trace for whichever plugin's PreFilter narrowed
// the nodes: the scheduler keeps no status for the ones left out.
const preFilterPlugin = "PreFilter"

// cluster is one case: its objects, and the scheduler that decides over them.
type cluster struct {
	*store
	frameworks profile.Map
	preemption map[string]*defaultpreemption.DefaultPreemption
	pending    []*corev1.Pod
}

func (r *recorder) newCluster(ctx context.Context, objects []object) (*cluster, error) {
	s, err := r.newStore(ctx, objects)
	if err != nil {
		return nil, err
	}
	c := &cluster{store: s}
	if c.frameworks, c.preemption, err = r.profiles(ctx, s); err != nil {
		return nil, err
	}
	for _, o := range objects {
		if pod, ok := o.Object.(*corev1.Pod); ok && !bound(pod) {
			c.pending = append(c.pending, pod)
		}
	}
	return c, nil
}

// queue lists the pods to decide, in order. Pods of other schedulers never get
// into the queue, and pods under deletion are dropped as they leave it.
func (c *cluster) queue() []*corev1.Pod {
	queue := slices.DeleteFunc(slices.Clone(c.pending), func(pod *corev1.Pod) bool {
		return !c.frameworks.HandlesSchedulerName(pod.Spec.SchedulerName) || pod.DeletionTimestamp != nil
	})
	slices.SortStableFunc(queue, func(a, b *corev1.Pod) int {
		return cmp.Compare(corev1helpers.PodPriority(b), corev1helpers.PodPriority(a))
	})
	return queue
}

// cycle is one pod's turn, with what has been found out so far.
type cycle struct {
	*cluster
	framework framework.Framework
	state     fwk.CycleState
	pod       *corev1.Pod
	// wanted is taken where several nodes are at the top.
	wanted    string
	diagnosis framework.Diagnosis
	decision  decision
}

// decide is the scheduling cycle of upstream's schedule_one.go, step for step,
// with everything it learns on the way written down.
func (c *cluster) decide(ctx context.Context, pod *corev1.Pod) decision {
	return c.steer(ctx, pod, "")
}

// steer is decide with a tie-break: wanted is taken if it is one of those at the top.
func (c *cluster) steer(ctx context.Context, pod *corev1.Pod, wanted string) decision {
	cy := &cycle{
		cluster:   c,
		framework: c.frameworks[pod.Spec.SchedulerName],
		state:     framework.NewCycleState(),
		pod:       pod,
		wanted:    wanted,
		diagnosis: framework.Diagnosis{NodeToStatus: framework.NewDefaultNodeToStatus()},
		decision:  decision{Pod: podName(pod)},
	}
	cy.state.Write(framework.PodsToActivateKey, framework.NewPodsToActivate())
	if err := cy.run(ctx); err != nil {
		return decision{Pod: podName(pod), Result: resultError, Message: err.Error()}
	}
	return cy.decision
}

func (cy *cycle) run(ctx context.Context) error {
	if gated, err := cy.preEnqueue(ctx); gated || err != nil {
		return err
	}
	if err := cy.updateSnapshot(ctx); err != nil {
		return err
	}
	if cy.snapshot.NumNodesInPlacement() == 0 {
		cy.decision.Result = resultUnschedulable
		cy.decision.Message = scheduler.ErrNoNodesAvailable.Error()
		return nil
	}
	feasible, err := cy.findFeasible(ctx)
	if err != nil {
		return err
	}
	if len(feasible) == 0 {
		cy.reject()
		return cy.preempt(ctx)
	}
	if err := cy.choose(ctx, feasible); err != nil {
		return err
	}
	return cy.assume(ctx)
}

// preEnqueue says whether a gate keeps the pod out of the queue.
func (cy *cycle) preEnqueue(ctx context.Context) (bool, error) {
	for _, plugin := range cy.framework.PreEnqueuePlugins() {
		status := plugin.PreEnqueue(ctx, cy.pod)
		if status.Code() == fwk.Error {
			return false, status.AsError()
		}
		if !status.IsSuccess() {
			cy.decision.Result = resultGated
			cy.decision.Message = status.Message()
			return true, nil
		}
	}
	return false, nil
}

// findFeasible follows findNodesThatFitPod, less sampling, batching hints and
// extenders.
func (cy *cycle) findFeasible(ctx context.Context) ([]fwk.NodeInfo, error) {
	nodes, err := cy.snapshot.ListNodesInPlacement()
	if err != nil {
		return nil, err
	}
	narrowed, status, narrowedBy := cy.framework.RunPreFilterPlugins(ctx, cy.state, cy.pod)
	if !status.IsSuccess() {
		return nil, cy.rejectOutright(status, narrowedBy)
	}
	if nominated := cy.pod.Status.NominatedNodeName; nominated != "" {
		if node, err := cy.snapshot.GetNodeInPlacement(nominated); err == nil {
			// A nominated node that still fits is taken without a look at others.
			feasible, err := cy.filter(ctx, []fwk.NodeInfo{node})
			if err == nil && len(feasible) > 0 {
				return feasible, nil
			}
		}
	}
	if !narrowed.AllNodes() {
		kept := slices.DeleteFunc(slices.Clone(nodes), func(node fwk.NodeInfo) bool {
			return !narrowed.NodeNames.Has(node.Node().Name)
		})
		cy.leaveOut(nodes, narrowed.NodeNames)
		cy.diagnosis.NodeToStatus.SetAbsentNodesStatus(fwk.NewStatus(fwk.UnschedulableAndUnresolvable,
			fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(narrowedBy))))
		nodes = kept
	}
	return cy.filter(ctx, nodes)
}

// rejectOutright notes that PreFilter turned the pod down on every node.
func (cy *cycle) rejectOutright(status *fwk.Status, narrowedBy sets.Set[string]) error {
	if !status.IsRejected() {
		return status.AsError()
	}
	plugin := status.Plugin()
	if plugin == "" && len(narrowedBy) > 0 {
		// Several plugins narrowed the nodes to none; the status names nobody.
		plugin = preFilterPlugin
	}
	cy.diagnosis.NodeToStatus.SetAbsentNodesStatus(status)
	cy.diagnosis.PreFilterMsg = status.Message()
	rejected := newRejection(plugin, status)
	cy.decision.PreFilter = &rejected
	return nil
}

// leaveOut notes the nodes that PreFilter's result did not name.
func (cy *cycle) leaveOut(nodes []fwk.NodeInfo, kept sets.Set[string]) {
	for _, node := range nodes {
		if name := node.Node().Name; !kept.Has(name) {
			cy.note(name, nodeVerdict{rejection: rejection{
				Plugin: preFilterPlugin, Code: fwk.UnschedulableAndUnresolvable.String()}})
		}
	}
}

func (cy *cycle) filter(ctx context.Context, nodes []fwk.NodeInfo) ([]fwk.NodeInfo, error) {
	var feasible []fwk.NodeInfo
	for _, node := range nodes {
		name := node.Node().Name
		status := cy.framework.RunFilterPluginsWithNominatedPods(ctx, cy.state, cy.pod, node)
		if status.Code() == fwk.Error {
			return nil, status.AsError()
		}
		if status.IsSuccess() {
			feasible = append(feasible, node)
			cy.note(name, nodeVerdict{})
			continue
		}
		cy.diagnosis.NodeToStatus.Set(name, status)
		cy.note(name, nodeVerdict{rejection: newRejection(status.Plugin(), status)})
	}
	return feasible, nil
}

func (cy *cycle) note(node string, verdict nodeVerdict) {
	if cy.decision.Nodes == nil {
		cy.decision.Nodes = map[string]nodeVerdict{}
	}
	cy.decision.Nodes[node] = verdict
}

func (cy *cycle) reject() {
	cy.decision.Result = resultUnschedulable
	cy.decision.Message = cy.fitError().Error()
}

func (cy *cycle) fitError() *framework.FitError {
	return &framework.FitError{
		Pod:         cy.pod,
		NumAllNodes: cy.snapshot.NumNodesInPlacement(),
		Diagnosis:   cy.diagnosis,
	}
}

// choose scores the feasible nodes and takes, of those at the top, the one that is
// wanted or the name that sorts first; upstream takes any (selectHost).
func (cy *cycle) choose(ctx context.Context, feasible []fwk.NodeInfo) error {
	cy.decision.Result = resultScheduled
	if len(feasible) == 1 {
		cy.decision.Candidates = []string{feasible[0].Node().Name}
		cy.decision.Node = cy.decision.Candidates[0]
		return nil
	}
	scores, err := cy.score(ctx, feasible)
	if err != nil {
		return err
	}
	best := slices.MaxFunc(scores, func(a, b fwk.NodePluginScores) int {
		return cmp.Compare(a.TotalScore, b.TotalScore)
	}).TotalScore
	for _, node := range scores {
		verdict := nodeVerdict{Scores: map[string]int64{}, Total: &node.TotalScore}
		for _, score := range node.Scores {
			verdict.Scores[score.Name] = score.Score
		}
		cy.note(node.Name, verdict)
		if node.TotalScore == best {
			cy.decision.Candidates = append(cy.decision.Candidates, node.Name)
		}
	}
	slices.Sort(cy.decision.Candidates)
	cy.decision.Node = cy.decision.Candidates[0]
	if slices.Contains(cy.decision.Candidates, cy.wanted) {
		cy.decision.Node = cy.wanted
	}
	return nil
}

func (cy *cycle) score(ctx context.Context, feasible []fwk.NodeInfo) ([]fwk.NodePluginScores, error) {
	if !cy.framework.HasScorePlugins() {
		scores := make([]fwk.NodePluginScores, len(feasible))
		for i, node := range feasible {
			scores[i] = fwk.NodePluginScores{Name: node.Node().Name, TotalScore: 1}
		}
		return scores, nil
	}
	if status := cy.framework.RunPreScorePlugins(ctx, cy.state, cy.pod, feasible); !status.IsSuccess() {
		return nil, status.AsError()
	}
	scores, status := cy.framework.RunScorePlugins(ctx, cy.state, cy.pod, feasible)
	if !status.IsSuccess() {
		return nil, status.AsError()
	}
	return scores, nil
}

// assume puts the pod on its node for the cycles that follow, and lets plugins
// reserve what goes with it: the volumes, above all. One that refuses has the
// scheduler speak of that node alone.
func (cy *cycle) assume(ctx context.Context) error {
	assumed := cy.pod.DeepCopy()
	assumed.Spec.NodeName = cy.decision.Node
	logger := klog.FromContext(ctx)
	if err := cy.cache.AssumePod(logger, assumed); err != nil {
		return err
	}
	cy.nominator.DeleteNominatedPodIfExists(assumed)
	status := cy.framework.RunReservePluginsReserve(ctx, cy.state, assumed, cy.decision.Node)
	if status.IsSuccess() {
		return nil
	}
	cy.framework.RunReservePluginsUnreserve(ctx, cy.state, assumed, cy.decision.Node)
	if err := cy.cache.ForgetPod(logger, assumed); err != nil {
		return err
	}
	if !status.IsRejected() {
		return status.AsError()
	}
	cy.diagnosis.NodeToStatus = framework.NewDefaultNodeToStatus()
	cy.diagnosis.NodeToStatus.Set(cy.decision.Node, status)
	refusal := framework.FitError{Pod: cy.pod, NumAllNodes: 1, Diagnosis: cy.diagnosis}
	cy.decision = decision{Pod: cy.decision.Pod, Result: resultUnschedulable, Message: refusal.Error()}
	return nil
}
