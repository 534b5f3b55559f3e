//! Preferred constraints.
//!
//! Models `scoring.go`; the floats are Go's `float64`, operation for operation.

use holdfast_cluster::{ClassId, NodeId};

use super::constraint::{PlanRef, plan_of};
use crate::go;
use crate::node_info::snapshot;
use crate::plugins::{Context, MAX_NODE_SCORE};

/// How many pods of each node each preferred constraint counts, which nodes are scored or not.
#[derive(Clone, Debug)]
pub(crate) struct Counted<'a> {
    plan: PlanRef<'a>,
    /// By group of pods and node: how many there are.
    pods: Vec<Vec<i64>>,
}

impl<'a> Counted<'a> {
    /// Counts; `None` without preferred constraints.
    pub(crate) fn new(context: &Context<'a>) -> Option<Self> {
        let plan = plan_of(context);
        if plan.soft.list.is_empty() {
            return None;
        }
        let pods = plan.soft.count(context.placement);
        Some(Self { plan, pods })
    }

    /// Counts a pod of `class` more on `node`.
    pub(crate) fn count_in(&mut self, class: ClassId, node: NodeId) {
        for (group, pods) in self.plan.soft.groups.iter().zip(&mut self.pods) {
            pods[node.index()] += i64::from(group.counts(class));
        }
    }
}

/// The pods per domain of each preferred constraint: upstream's `preScoreState`.
#[derive(Clone, Debug)]
pub(crate) struct State<'s, 'a> {
    plan: &'s PlanRef<'a>,
    counted: &'s [Vec<i64>],
    /// By constraint: pods by domain, `None` where no feasible node is in it. Empty by hostname.
    counts: Vec<Vec<Option<i64>>>,
    /// By constraint: what a pod counts, more where there are more domains.
    weights: Vec<f64>,
}

/// The raw score of a node without all the labels: it ends at zero.
pub(crate) const IGNORED: i64 = -1;

impl<'s, 'a> State<'s, 'a> {
    /// Adds up the pods of every eligible node in domains that feasible nodes are in.
    pub(crate) fn new(
        context: &Context<'a>,
        counted: &'s Counted<'a>,
        feasible: &[NodeId],
    ) -> Self {
        let Counted { plan, pods } = counted;
        let mut state = Self { plan, counted: pods, counts: Vec::new(), weights: Vec::new() };
        state.open(context, feasible);
        state.count(context);
        state
    }

    /// Opens the domains of the feasible nodes (`initPreScoreState`).
    fn open(&mut self, context: &Context<'_>, feasible: &[NodeId]) {
        let topologies = &context.compiled.topologies;
        let scored: Vec<NodeId> =
            feasible.iter().copied().filter(|&node| !self.ignores(context, node)).collect();
        for constraint in &self.plan.soft.list {
            let topology = topologies.get(constraint.topology);
            let mut counts = Vec::new();
            let mut size = scored.len();
            if !constraint.by_hostname {
                counts = vec![None; topology.size + 1];
                for &node in &scored {
                    counts[topology.domain_or_empty(node)] = Some(0);
                }
                size = counts.iter().flatten().count();
            }
            self.counts.push(counts);
            self.weights.push(normalizing_weight(size));
        }
    }

    fn count(&mut self, context: &Context<'_>) {
        let soft = &self.plan.soft;
        if soft.list.iter().all(|constraint| constraint.by_hostname) {
            return;
        }
        let topologies = &context.compiled.topologies;
        for node in snapshot(context.cluster, context.placement) {
            if self.plan.needs_all_labels && !soft.labelled(topologies, node.id) {
                continue;
            }
            for (constraint, counts) in soft.list.iter().zip(&mut self.counts) {
                if constraint.by_hostname || !constraint.includes(context, &node) {
                    continue;
                }
                let domain = topologies.get(constraint.topology).domain_or_empty(node.id);
                if let Some(count) = &mut counts[domain] {
                    *count += self.counted[constraint.group][node.id.index()];
                }
            }
        }
    }

    fn ignores(&self, context: &Context<'_>, node: NodeId) -> bool {
        self.plan.needs_all_labels && !self.plan.soft.labelled(&context.compiled.topologies, node)
    }

    /// How full the node's domains are, [`IGNORED`] without all the labels.
    #[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
    pub(crate) fn score(&self, context: &Context<'_>, node: NodeId) -> i64 {
        if self.ignores(context, node) {
            return IGNORED;
        }
        let mut score = 0.0;
        for (at, constraint) in self.plan.soft.list.iter().enumerate() {
            let topology = context.compiled.topologies.get(constraint.topology);
            let Some(domain) = topology.domain(node) else { continue };
            let count = if constraint.by_hostname {
                self.counted[constraint.group][node.index()]
            } else {
                self.counts[at][domain].unwrap_or(0)
            };
            score += count as f64 * self.weights[at] + f64::from(constraint.max_skew - 1);
        }
        score.round() as i64
    }
}

/// Scales so that the emptiest domain is best.
pub(crate) fn normalize(scores: &mut [i64]) {
    let counted = || scores.iter().copied().filter(|score| *score != IGNORED);
    let lowest = counted().min().unwrap_or(i64::MAX);
    let highest = counted().max().unwrap_or(0).max(0);
    for score in scores {
        *score = if *score == IGNORED {
            0
        } else if highest == 0 {
            MAX_NODE_SCORE
        } else {
            MAX_NODE_SCORE.wrapping_mul(highest + lowest - *score) / highest
        };
    }
}

/// What a pod counts in a topology of so many domains (`topologyNormalizingWeight`).
#[expect(clippy::cast_precision_loss, reason = "fewer domains than nodes")]
fn normalizing_weight(size: usize) -> f64 {
    go::log((size + 2) as f64)
}
