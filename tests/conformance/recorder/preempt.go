package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	extenderv1 "k8s.io/kube-scheduler/extender/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
)

// inVain begins what is said where no preemption helps.
const inVain = "preemption: "

// preempt follows Evaluator.Preempt up to the point where it would evict.
func (cy *cycle) preempt(ctx context.Context) error {
	plugin := cy.preemption[cy.pod.Spec.SchedulerName]
	if plugin == nil {
		return nil
	}
	nominated := cy.diagnosis.NodeToStatus.Get(cy.pod.Status.NominatedNodeName)
	if eligible, why := plugin.PodEligibleToPreemptOthers(ctx, cy.pod, nominated); !eligible {
		cy.decision.PreemptionMessage = why
		return nil
	}
	candidates, statuses, err := cy.dryRun(ctx, plugin.Evaluator)
	if len(candidates) > 0 {
		cy.decision.Preemption = describe(ctx, plugin.Evaluator, candidates)
		return nil
	}
	if err != nil {
		cy.decision.PreemptionMessage = inVain + err.Error()
		return nil
	}
	statuses.SetAbsentNodesStatus(fwk.NewStatus(fwk.UnschedulableAndUnresolvable, "Preemption is not helpful for scheduling"))
	fitError := cy.fitError()
	fitError.Diagnosis = framework.Diagnosis{NodeToStatus: statuses}
	cy.decision.PreemptionMessage = inVain + fitError.Error()
	return nil
}

// dryRun looks for victims on every node where evicting could help. Upstream
// starts at a random node and may stop at a share of them.
func (cy *cycle) dryRun(ctx context.Context, evaluator *preemption.Evaluator) ([]preemption.Candidate, *framework.NodeToStatus, error) {
	nodes, err := cy.diagnosis.NodeToStatus.NodesForStatusCode(cy.snapshot, fwk.Unschedulable)
	if err != nil || len(nodes) == 0 {
		return nil, framework.NewDefaultNodeToStatus(), err
	}
	budgets, err := evaluator.PdbLister.List(labels.Everything())
	if err != nil {
		return nil, nil, err
	}
	return evaluator.DryRunPreemption(ctx, cy.state, cy.pod, nodes, budgets, 0, int32(len(nodes)))
}

// describe turns candidates into the trace's form, in the order of node names.
func describe(ctx context.Context, evaluator *preemption.Evaluator, candidates []preemption.Candidate) []preemptionCandidate {
	best := evaluator.SelectCandidate(ctx, candidates)
	described := make([]preemptionCandidate, len(candidates))
	for i, c := range candidates {
		victims := make([]string, len(c.Victims().Pods))
		for j, victim := range c.Victims().Pods {
			victims[j] = podName(victim)
		}
		slices.Sort(victims)
		described[i] = preemptionCandidate{
			Node:          c.Name(),
			Victims:       victims,
			PDBViolations: c.Victims().NumPDBViolations,
			Best:          c.Name() == best.Name() || tied(ctx, evaluator, best, c),
		}
	}
	slices.SortFunc(described, func(a, b preemptionCandidate) int { return cmp.Compare(a.Node, b.Node) })
	return described
}

// tied says whether upstream could as well have selected the other candidate. It
// draws among equals, so that asking it once tells nothing. But start times are
// the last thing it compares and come in whole seconds: a candidate whose
// victims start a nanosecond later wins exactly if it was equal before.
func tied(ctx context.Context, evaluator *preemption.Evaluator, best, other preemption.Candidate) bool {
	later := &nudged{name: other.Name(), victims: extenderv1.Victims{NumPDBViolations: other.Victims().NumPDBViolations}}
	for _, victim := range other.Victims().Pods {
		later.victims.Pods = append(later.victims.Pods, startedLater(victim))
	}
	return evaluator.SelectCandidate(ctx, []preemption.Candidate{best, later}).Name() == other.Name()
}

func startedLater(pod *corev1.Pod) *corev1.Pod {
	later := pod.DeepCopy()
	if start := pod.Status.StartTime; start != nil {
		later.Status.StartTime = &metav1.Time{Time: start.Add(time.Nanosecond)}
	}
	return later
}

type nudged struct {
	name    string
	victims extenderv1.Victims
}

// Name implements preemption.Candidate.
func (n *nudged) Name() string { return n.name }

// Victims implements preemption.Candidate.
func (n *nudged) Victims() *extenderv1.Victims { return &n.victims }
