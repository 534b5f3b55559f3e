//! Every preemption that there may be, where a placement does not tell which.
//!
//! Pods of equal priority that started in the same second, or since the export, are equally
//! important; which of them is spared then follows from the order in which the scheduler heard of
//! them (`MoreImportantPod`, `pkg/scheduler/util/utils.go`, v1.36.3), which nobody knows. And what
//! budgets allow the scheduler hears with a delay. So every order and every state of the budgets is
//! tried, and every node that may then be the best is an outcome.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, InstanceId, NodeId, WorkloadId};

use super::{
    Cost, cost, potential_nodes, potential_victims, priority, split_by_budgets, start_time,
};
use crate::decision::{Decision, PreemptionCandidate};
use crate::framework::Cycle;
use crate::node_info::{NodeInfo, Variant};
use crate::plugins::Context;

/// Orders of the pods of one node that are tried where a budget protects some of them only.
const ORDERS_MAX: usize = 120;

/// Sets of pods put back on one node that are tried.
const KEPT_MAX: usize = 4_096;

/// The preemptions that may come next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Node and victims, by node and by id.
    pub all: Vec<(NodeId, Vec<InstanceId>)>,
    /// There may be others.
    pub more: bool,
}

/// What may be chosen on one node: victims, and what they cost.
type Alternatives = BTreeMap<Vec<InstanceId>, BTreeSet<Cost>>;

/// All that `PostFilter` may do for a pod that fits nowhere, with any of these states of the
/// budgets.
pub(crate) fn outcomes(cycle: &Cycle<'_>, decision: &Decision, allowed: &[Vec<i64>]) -> Outcomes {
    let context = &cycle.context;
    let mut found = Outcomes::default();
    let mut by_node: Vec<(NodeId, Alternatives)> = Vec::new();
    for id in potential_nodes(decision, context) {
        let node = NodeInfo::of(context.cluster, context.placement, id);
        let potential = potential_victims(context, &node);
        let mut alternatives = Alternatives::new();
        for allowed in allowed {
            found.more |= add(cycle, &node, &potential, allowed, &mut alternatives);
        }
        if !alternatives.is_empty() {
            by_node.push((id, alternatives));
        }
    }
    // A node may be chosen if every other may turn out to be no better.
    let dearest = |alternatives: &Alternatives| alternatives.values().flatten().max().copied();
    let bound = by_node.iter().filter_map(|(_, alternatives)| dearest(alternatives)).min();
    for (node, alternatives) in by_node {
        let best = alternatives.into_iter().filter(|(_, costs)| costs.first().copied() <= bound);
        found.all.extend(best.map(|(victims, _)| (node, victims)));
    }
    found
}

/// Adds what may be chosen on a node; whether there may be more.
fn add(
    cycle: &Cycle<'_>,
    node: &NodeInfo<'_>,
    potential: &[InstanceId],
    allowed: &[i64],
    found: &mut Alternatives,
) -> bool {
    if potential.is_empty() {
        return false;
    }
    let context = &cycle.context;
    let (orders, mut more) = orders(context, potential, allowed);
    let mut splits: BTreeSet<(Vec<InstanceId>, Vec<InstanceId>)> = BTreeSet::new();
    for order in &orders {
        let (mut protected, mut free) = split_by_budgets(context, order, allowed);
        protected.sort_unstable();
        free.sort_unstable();
        splits.insert((protected, free));
    }
    for (protected, free) in splits {
        let mut tiers = tiers(context, &protected);
        tiers.extend(self::tiers(context, &free));
        more |= spared(cycle, node, &tiers, |victims| {
            let budget_violations = victims.iter().filter(|pod| protected.contains(pod)).count();
            let candidate = PreemptionCandidate {
                node: node.id,
                victims: victims.to_vec(),
                budget_violations,
                best: false,
            };
            let cost = cost(context, &candidate);
            found.entry(candidate.victims).or_default().insert(cost);
        });
    }
    more
}

/// How important a pod is: pods of one importance come in any order.
fn importance(context: &Context<'_>, pod: InstanceId) -> (Reverse<i32>, i64) {
    (Reverse(priority(context, pod)), start_time(context, pod))
}

/// The pods by importance, the most important first.
fn tiers(context: &Context<'_>, pods: &[InstanceId]) -> Vec<Vec<InstanceId>> {
    let mut tiers: BTreeMap<_, Vec<InstanceId>> = BTreeMap::new();
    for &pod in pods {
        tiers.entry(importance(context, pod)).or_default().push(pod);
    }
    tiers.into_values().collect()
}

/// What nothing can tell apart but a name.
fn kind(context: &Context<'_>, pod: InstanceId) -> (ClassId, WorkloadId, bool) {
    let instance = context.placement.instance(pod);
    (instance.class, instance.workload, instance.terminating)
}

/// Pods that were put back, and those that were not.
struct Split<'a> {
    tier: usize,
    kept: Vec<InstanceId>,
    victims: Vec<InstanceId>,
    cycle: Cycle<'a>,
    variant: Variant,
}

/// Takes all pods off the node, then puts them back tier by tier, those of one tier in any order,
/// as long as the pod still fits. A pod that does not fit in beside others does not fit in beside
/// more, so it is enough to go through the sets of pods that fit. `report` hears of every set of
/// victims; the result says whether there may be more.
fn spared(
    cycle: &Cycle<'_>,
    node: &NodeInfo<'_>,
    tiers: &[Vec<InstanceId>],
    mut report: impl FnMut(&[InstanceId]),
) -> bool {
    let context = &cycle.context;
    let mut cycle = cycle.clone();
    let mut variant = Variant::of(context.cluster, context.placement, node);
    let mut reasons = Vec::new();
    for &pod in tiers.iter().flatten() {
        cycle.remove(&mut variant, node, pod);
    }
    if cycle.filter_with_nominated(&variant.info(node), &mut reasons).is_err() {
        return false;
    }
    let mut seen = BTreeSet::new();
    let (kept, victims) = (Vec::new(), Vec::new());
    let mut open = vec![Split { tier: 0, kept, victims, cycle, variant }];
    while let Some(mut at) = open.pop() {
        let Some(tier) = tiers.get(at.tier) else {
            if !at.victims.is_empty() {
                at.victims.sort_unstable();
                report(&at.victims);
            }
            continue;
        };
        if !seen.insert((at.tier, at.kept.clone())) {
            continue;
        }
        if seen.len() > KEPT_MAX {
            return true;
        }
        let left: Vec<InstanceId> =
            tier.iter().copied().filter(|pod| !at.kept.contains(pod)).collect();
        let mut kinds = BTreeSet::new();
        let before = open.len();
        for &pod in left.iter().filter(|pod| kinds.insert(kind(context, **pod))) {
            at.cycle.add(&mut at.variant, node, pod);
            if at.cycle.filter_with_nominated(&at.variant.info(node), &mut reasons).is_ok() {
                let mut kept = at.kept.clone();
                kept.push(pod);
                kept.sort_unstable();
                let (cycle, variant) = (at.cycle.clone(), at.variant.clone());
                open.push(Split { kept, victims: at.victims.clone(), cycle, variant, ..at });
            }
            at.cycle.remove(&mut at.variant, node, pod);
        }
        if open.len() == before {
            at.victims.extend(left);
            open.push(Split { tier: at.tier + 1, ..at });
        }
    }
    false
}

/// The orders in which the budgets may look at the pods: one alone where order decides nothing.
fn orders(
    context: &Context<'_>,
    pods: &[InstanceId],
    allowed: &[i64],
) -> (Vec<Vec<InstanceId>>, bool) {
    let tiers = tiers(context, pods);
    let one: Vec<InstanceId> = tiers.iter().flatten().copied().collect();
    // Where no budget runs out on the way, or all have from the start, all orders are one.
    let (protected, _) = split_by_budgets(context, &one, allowed);
    let none: Vec<i64> = allowed.iter().map(|_| 0).collect();
    let (ever, _) = split_by_budgets(context, &one, &none);
    if protected.is_empty() || protected.len() == ever.len() {
        return (vec![one], false);
    }
    let mut orders = vec![Vec::new()];
    for tier in tiers {
        let mut longer = Vec::new();
        for order in &orders {
            extend(context, order, &tier, &mut longer);
            if longer.len() > ORDERS_MAX {
                return (vec![one], true);
            }
        }
        orders = longer;
    }
    (orders, false)
}

/// `prefix` followed by every permutation of `rest`.
fn extend(
    context: &Context<'_>,
    prefix: &[InstanceId],
    rest: &[InstanceId],
    found: &mut Vec<Vec<InstanceId>>,
) {
    if rest.is_empty() {
        found.push(prefix.to_vec());
        return;
    }
    let mut seen = BTreeSet::new();
    for (at, &pod) in rest.iter().enumerate() {
        if found.len() > ORDERS_MAX || !seen.insert(kind(context, pod)) {
            continue;
        }
        let mut longer = prefix.to_vec();
        longer.push(pod);
        let mut left = rest.to_vec();
        left.remove(at);
        extend(context, &longer, &left, found);
    }
}
