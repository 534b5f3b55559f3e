//! Required constraints.
//!
//! Models `filtering.go`. Upstream keeps the two emptiest domains only ("critical paths"); since a
//! dry run changes one domain at a time, the smaller of them is always the true minimum, which is
//! kept here.

use holdfast_cluster::{ClassId, NodeId, Symbol};

use super::constraint::{Constraint, Group, PlanRef, plan_of};
use crate::needs::{Need, Skew};
use crate::node_info::{NodeInfo, snapshot};
use crate::plugin::Plugin;
use crate::plugins::{Context, Verdict};
use crate::reason::{Code, Reason};
use crate::room::{Bond, BondKind, Even};

/// The pods per domain of each required constraint: upstream's `preFilterState`.
#[derive(Clone, Debug)]
pub(crate) struct State<'a> {
    plan: PlanRef<'a>,
    domains: Vec<Domains>,
}

/// The domains of one constraint.
#[derive(Clone, Debug)]
struct Domains {
    /// Pods by domain; `None` where no eligible node is in it.
    counts: Vec<Option<i64>>,
    /// The emptiest domain's pods, zero with fewer domains than asked for.
    minimum: i64,
}

impl<'a> State<'a> {
    /// Counts the pods of every eligible node; `None` without required constraints.
    pub(crate) fn new(context: &Context<'a>) -> Option<Self> {
        let plan = plan_of(context);
        if plan.hard.list.is_empty() {
            return None;
        }
        let topologies = &context.compiled.topologies;
        let mut domains: Vec<Domains> = plan
            .hard
            .list
            .iter()
            .map(|constraint| Domains {
                counts: vec![None; topologies.get(constraint.topology).size],
                minimum: 0,
            })
            .collect();
        let counted = plan.hard.count(context.placement);
        for node in snapshot(context.cluster, context.placement) {
            if !plan.hard.labelled(topologies, node.id) {
                continue;
            }
            for (constraint, domains) in plan.hard.list.iter().zip(&mut domains) {
                let Some(domain) = topologies.get(constraint.topology).domain(node.id) else {
                    continue;
                };
                if constraint.includes(context, &node) {
                    *domains.counts[domain].get_or_insert(0) +=
                        counted[constraint.group][node.id.index()];
                }
            }
        }
        let mut state = Self { plan, domains };
        for at in 0..state.domains.len() {
            state.settle(at);
        }
        Some(state)
    }

    /// Finds the minimum again (`minMatchNum`).
    fn settle(&mut self, at: usize) {
        let counted = self.domains[at].counts.iter().flatten();
        let wanted = usize::try_from(self.plan.hard.list[at].min_domains).unwrap_or(0);
        let (present, minimum) =
            counted.fold((0, i64::MAX), |(present, least), &count| (present + 1, least.min(count)));
        self.domains[at].minimum = if present < wanted { 0 } else { minimum };
    }

    /// Counts a pod more or less on `node` (`updateWithPod`): unlike the first count, one that is
    /// being deleted too.
    pub(crate) fn update(
        &mut self,
        context: &Context<'_>,
        class: ClassId,
        node: &NodeInfo<'_>,
        times: i64,
    ) {
        self.shift(context, (class, times), node, Group::matches);
    }

    /// Counts a pod of `class` more on `node`, as the next cycle would find it.
    pub(crate) fn count_in(&mut self, context: &Context<'_>, class: ClassId, node: &NodeInfo<'_>) {
        self.shift(context, (class, 1), node, Group::counts);
    }

    fn shift(
        &mut self,
        context: &Context<'_>,
        (class, times): (ClassId, i64),
        node: &NodeInfo<'_>,
        means: fn(&Group, ClassId) -> bool,
    ) {
        let topologies = &context.compiled.topologies;
        if context.cluster.class(class).namespace != context.namespace
            || !self.plan.hard.labelled(topologies, node.id)
        {
            return;
        }
        for at in 0..self.domains.len() {
            let constraint = &self.plan.hard.list[at];
            let matches = means(&self.plan.hard.groups[constraint.group], class);
            let Some(domain) = topologies.get(constraint.topology).domain(node.id) else {
                continue;
            };
            if matches && constraint.includes(context, node) {
                *self.domains[at].counts[domain].get_or_insert(0) += times;
                self.settle(at);
            }
        }
    }

    /// Whether pods of `class` are counted.
    pub(crate) fn counts(&self, class: ClassId) -> bool {
        self.plan.hard.groups.iter().any(|group| group.counts(class))
    }

    /// Whether no pod of the cycle's class may ever come to the node: it lacks a label, or a
    /// constraint that does not count the class is broken there.
    pub(crate) fn bars(&self, context: &Context<'_>, node: NodeId) -> bool {
        let topologies = &context.compiled.topologies;
        self.plan.hard.list.iter().zip(&self.domains).any(|(constraint, domains)| {
            let domain = topologies.get(constraint.topology).domain(node);
            let moves = self.plan.hard.groups.iter().any(|group| group.counts(context.class));
            domain.is_none_or(|domain| !moves && domains.excess(constraint, domain) > 0)
        })
    }

    /// How many more of the class each domain may come to hold at most, if all others fill up.
    pub(crate) fn bonds(&self, context: &Context<'_>) -> Vec<Bond> {
        let filters = &context.compiled.profile.filters;
        let all = self.plan.hard.list.iter().zip(&self.domains);
        let counted = all.filter(|(constraint, _)| {
            let group = &self.plan.hard.groups[constraint.group];
            constraint.counts_self
                && group.counts(context.class)
                && filters.contains(&Plugin::PodTopologySpread)
        });
        counted
            .map(|(constraint, domains)| {
                let present = domains.counts.iter().flatten().count();
                let wanted = usize::try_from(constraint.min_domains).unwrap_or(0);
                Bond {
                    kind: BondKind::Spread(Even {
                        held: domains.counts.clone(),
                        max_skew: i64::from(constraint.max_skew),
                        from_zero: present < wanted,
                    }),
                    topology: constraint.topology,
                }
            })
            .collect()
    }

    /// Turns down nodes without a constraint's label, and those where a skew would grow too large.
    pub(crate) fn filter(
        &self,
        context: &Context<'_>,
        node: NodeId,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        let topologies = &context.compiled.topologies;
        for (constraint, domains) in self.plan.hard.list.iter().zip(&self.domains) {
            let Some(domain) = topologies.get(constraint.topology).domain(node) else {
                reasons.push(Reason::SpreadLabelMissing);
                return Err(Code::UnschedulableAndUnresolvable);
            };
            if domains.excess(constraint, domain) > 0 {
                reasons.push(Reason::Spread);
                return Err(Code::Unschedulable);
            }
        }
        Ok(())
    }

    /// The labels that the node lacks, and the constraints that the pod would break there.
    pub(crate) fn needs(&self, context: &Context<'_>, node: NodeId) -> Vec<Need> {
        let Context { cluster, compiled, .. } = *context;
        let mut needs = Vec::new();
        for (at, constraint) in self.plan.hard.list.iter().enumerate() {
            let topology_key = compiled.topologies.key(constraint.topology);
            let topology = compiled.topologies.get(constraint.topology);
            let Some(domain) = topology.domain(node) else {
                needs.push(Need::Topology(topology_key));
                continue;
            };
            let domains = &self.domains[at];
            let excess = domains.excess(constraint, domain);
            if excess <= 0 {
                continue;
            }
            let value = |node| cluster.node(node).labels.get(topology_key);
            needs.push(Need::Skew(Skew {
                constraint: at,
                topology_key,
                domain: value(node).unwrap_or(cluster.known().empty),
                held: domains.counts[domain].unwrap_or(0),
                least: domains.minimum,
                emptiest: self.emptiest(context, at),
                excess,
            }));
        }
        needs
    }

    /// The domain that holds as few pods as the constraint reckons with, the first by name.
    fn emptiest(&self, context: &Context<'_>, at: usize) -> Option<Symbol> {
        let Context { cluster, compiled, .. } = *context;
        let constraint = &self.plan.hard.list[at];
        let key = compiled.topologies.key(constraint.topology);
        let topology = compiled.topologies.get(constraint.topology);
        let domains = &self.domains[at];
        let emptiest = cluster.node_ids().filter(|node| {
            let domain = topology.domain(*node);
            domain.is_some_and(|domain| domains.counts[domain] == Some(domains.minimum))
        });
        let values = emptiest.filter_map(|node| cluster.node(node).labels.get(key));
        values.min_by_key(|value| cluster.text(*value))
    }
}

impl Domains {
    /// How many pods too many a domain would hold with the pod in it.
    fn excess(&self, constraint: &Constraint, domain: usize) -> i64 {
        let held = self.counts[domain].unwrap_or(0);
        held + i64::from(constraint.counts_self) - self.minimum - i64::from(constraint.max_skew)
    }
}
