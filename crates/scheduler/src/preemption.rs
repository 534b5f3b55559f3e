//! `DefaultPreemption`: who would have to go so that the pod fits.
//!
//! Models `pkg/scheduler/framework/preemption/preemption.go` and
//! `pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go` (v1.36.3), with every
//! node as a candidate: upstream starts at a random node and may stop early on large clusters.

pub(crate) mod outcomes;

pub use outcomes::Outcomes;

use std::cmp::Reverse;

use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::{InstanceId, NodeId};

use crate::decision::{Decision, Preemption, PreemptionCandidate};
use crate::framework::Cycle;
use crate::go;
use crate::node_info::{NodeInfo, Variant};
use crate::plugin::Plugin;
use crate::plugins::Context;
use crate::reason::{Code, Reason, Rejection};

/// Runs `PostFilter` for a pod that fits nowhere.
pub(crate) fn post_filter(cycle: &Cycle<'_>, decision: &Decision) -> Preemption {
    let context = &cycle.context;
    if !context.spec.preempts {
        return Preemption::NotAllowed;
    }
    if is_under_way(context, decision) {
        return Preemption::AlreadyUnderWay;
    }
    let mut candidates = Vec::new();
    let mut rejections = Vec::new();
    for node in potential_nodes(decision, context) {
        match select_victims(cycle, &NodeInfo::of(context.cluster, context.placement, node)) {
            Ok(candidate) => candidates.push(candidate),
            Err(rejection) => rejections.push((node, rejection)),
        }
    }
    if candidates.is_empty() {
        return Preemption::DoesNotHelp(rejections);
    }
    mark_best(context, &mut candidates);
    Preemption::Helps(candidates)
}

/// Whether pods of lower priority are still ending on the node that is kept free for the pod
/// (`PodEligibleToPreemptOthers`).
fn is_under_way(context: &Context<'_>, decision: &Decision) -> bool {
    let Some(node) = context.placement.instance(context.pod).nominated else { return false };
    if code_of(decision, node) == Some(Code::UnschedulableAndUnresolvable) {
        return false;
    }
    let usage = context.placement.node(node);
    usage.exists
        && usage.pods.iter().any(|&pod| {
            let instance = context.placement.instance(pod);
            instance.terminating && instance.preempted && is_less_important(context, pod)
        })
}

/// What the cycle said of the node, in `PreFilter`, as the node kept free for the pod, or as one of
/// all.
fn code_of(decision: &Decision, node: NodeId) -> Option<Code> {
    if let Some(rejection) = &decision.pre_filter {
        return Some(rejection.code);
    }
    if let Some((_, rejection)) = decision.nominated.as_ref().filter(|(id, _)| *id == node) {
        return Some(rejection.code);
    }
    decision.nodes.iter().find(|(id, _)| *id == node)?.1.code()
}

/// The nodes that might take the pod with fewer pods on them (`NodesForStatusCode`).
pub(crate) fn potential_nodes(decision: &Decision, context: &Context<'_>) -> Vec<NodeId> {
    let exists = |id: &NodeId| context.placement.node(*id).exists;
    let resolvable = |id: &NodeId| code_of(decision, *id) == Some(Code::Unschedulable);
    context.cluster.node_ids().filter(exists).filter(resolvable).collect()
}

pub(crate) fn priority(context: &Context<'_>, pod: InstanceId) -> i32 {
    context.cluster.spec_of(context.placement.instance(pod).class).priority
}

fn is_less_important(context: &Context<'_>, pod: InstanceId) -> bool {
    priority(context, pod) < context.spec.priority
}

/// When the pod started, in seconds. One that has not started comes after all others; upstream
/// takes the moment at which it looks.
pub(crate) fn start_time(context: &Context<'_>, pod: InstanceId) -> i64 {
    let origin = context.placement.instance(pod).origin;
    let own = origin.filter(|origin| InstanceId::from(*origin) == pod);
    own.and_then(|own| context.cluster.pod(own).start_time).unwrap_or(i64::MAX)
}

/// Sorts the most important first: by priority, then by age (`MoreImportantPod`). Ties end as Go's
/// sort leaves them; before it the pods stand in the order in which the scheduler heard of them,
/// here the export's.
fn sort_by_importance(context: &Context<'_>, pods: &mut [InstanceId]) {
    let key = |pod: &InstanceId| (Reverse(priority(context, *pod)), start_time(context, *pod));
    go::sort::slice(pods, |a, b| key(a) < key(b));
}

/// The fewest and least important pods of the node that have to go (`SelectVictimsOnNode`).
fn select_victims(
    cycle: &Cycle<'_>,
    node: &NodeInfo<'_>,
) -> Result<PreemptionCandidate, Rejection> {
    let context = &cycle.context;
    let mut potential = potential_victims(context, node);
    if potential.is_empty() {
        return Err(no_victims());
    }
    let budgets = &context.cluster.objects().budgets;
    let allowed: Vec<i64> = budgets.iter().map(|budget| budget.disruptions_allowed).collect();
    sort_by_importance(context, &mut potential);
    select_in_order(cycle, node, &potential, &allowed)
}

/// The pods of the node that the pod outranks.
pub(crate) fn potential_victims(context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<InstanceId> {
    let less_important = |pod: &InstanceId| is_less_important(context, *pod);
    node.usage.pods.iter().copied().filter(less_important).collect()
}

/// Takes all of `potential`, the most important first, off the node, then puts them back one by
/// one, those that a budget protects first, as long as the pod still fits. `allowed` is what each
/// budget allows.
fn select_in_order(
    cycle: &Cycle<'_>,
    node: &NodeInfo<'_>,
    potential: &[InstanceId],
    allowed: &[i64],
) -> Result<PreemptionCandidate, Rejection> {
    let context = &cycle.context;
    let mut cycle = cycle.clone();
    let mut variant = Variant::of(context.cluster, context.placement, node);
    let mut reasons = Vec::new();
    for &pod in potential {
        cycle.remove(&mut variant, node, pod);
    }
    cycle
        .filter_with_nominated(&variant.info(node), &mut reasons)
        .map_err(|(plugin, code)| Rejection { plugin, code, reasons: reasons.clone() })?;
    let (protected, free) = split_by_budgets(context, potential, allowed);
    let mut victims = Vec::new();
    let mut budget_violations = 0;
    for (at, &pod) in protected.iter().chain(&free).enumerate() {
        cycle.add(&mut variant, node, pod);
        if cycle.filter_with_nominated(&variant.info(node), &mut reasons).is_err() {
            cycle.remove(&mut variant, node, pod);
            victims.push(pod);
            budget_violations += usize::from(at < protected.len());
        }
    }
    if victims.is_empty() {
        // Upstream calls this an error of its own making.
        return Err(Rejection { code: Code::Error, reasons: Vec::new(), ..no_victims() });
    }
    if !protected.is_empty() && !free.is_empty() {
        sort_by_importance(context, &mut victims);
    }
    Ok(PreemptionCandidate { node: node.id, victims, budget_violations, best: false })
}

fn no_victims() -> Rejection {
    Rejection {
        plugin: Plugin::DefaultPreemption,
        code: Code::UnschedulableAndUnresolvable,
        reasons: vec![Reason::NoVictims],
    }
}

/// Pods whose eviction would break a budget, and the others, each in the given order
/// (`filterPodsWithPDBViolation`).
fn split_by_budgets(
    context: &Context<'_>,
    pods: &[InstanceId],
    allowed: &[i64],
) -> (Vec<InstanceId>, Vec<InstanceId>) {
    let budgets = &context.cluster.objects().budgets;
    let mut allowed = allowed.to_vec();
    pods.iter().copied().partition(|&pod| {
        let instance = context.placement.instance(pod);
        let class = context.cluster.class(instance.class);
        let labels = context.cluster.labels(class.labels);
        let own = instance.origin.filter(|origin| InstanceId::from(*origin) == pod);
        let name = own.map(|origin| context.cluster.pod(origin).name);
        let mut violated = false;
        for (budget, allowed) in budgets.iter().zip(&mut allowed) {
            let protects = !labels.is_empty()
                && budget.namespace == class.namespace
                && selects_some(&budget.selector)
                && budget.selector.matches(labels, context.cluster.symbols());
            let disrupted = name.is_some_and(|name| budget.disrupted.contains(&name));
            if protects && !disrupted {
                *allowed -= 1;
                violated |= *allowed < 0;
            }
        }
        violated
    })
}

/// A budget with an empty selector protects nothing here.
fn selects_some(selector: &LabelSelector) -> bool {
    !selector.is_everything()
}

/// Marks the candidates that tie after all five comparisons.
fn mark_best(context: &Context<'_>, candidates: &mut [PreemptionCandidate]) {
    let Some(best) = candidates.iter().map(|candidate| cost(context, candidate)).min() else {
        return;
    };
    for candidate in candidates {
        candidate.best = cost(context, candidate) == best;
    }
}

/// What the five comparisons of `pickOneNodeForPreemption` look at, the lowest being best: budget
/// violations, the highest priority, the sum of priorities, how many victims, and how early the
/// oldest of the most important victims started.
pub(crate) type Cost = (usize, i32, i64, usize, Reverse<Option<i64>>);

pub(crate) fn cost(context: &Context<'_>, candidate: &PreemptionCandidate) -> Cost {
    let victims = &candidate.victims;
    let highest = victims.iter().map(|&pod| priority(context, pod)).max().unwrap_or(i32::MIN);
    let sum: i64 = victims
        .iter()
        .map(|&pod| i64::from(priority(context, pod)) + i64::from(i32::MAX) + 1)
        .fold(0, i64::wrapping_add);
    let most_important = victims.iter().filter(|&&pod| priority(context, pod) == highest);
    let oldest = most_important.map(|&pod| start_time(context, pod)).min();
    (candidate.budget_violations, highest, sum, victims.len(), Reverse(oldest))
}
