//! What any so many nodes can lose at most, and so may come against a pod.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::{ClassId, Cluster, NodeId, PodSpec, Symbol};

use super::losses::{Again, Losses};
use crate::prices::{Others, Resource, closes};
use crate::purse::Purse;

/// All that may be lost.
pub(super) struct Rivals<'r> {
    cluster: &'r Cluster,
    most: usize,
    lost: Vec<(ClassId, &'r Again)>,
    /// What any `most` nodes lose of each resource at most.
    totals: BTreeMap<Resource, i128>,
    purse: Purse,
    /// Positions of those that may keep others off by what they ask for themselves.
    repelling: Vec<usize>,
    /// Positions by namespace.
    of_namespace: BTreeMap<Symbol, Vec<usize>>,
}

impl<'r> Rivals<'r> {
    pub(super) fn of(cluster: &'r Cluster, losses: &'r Losses, most: usize) -> Self {
        let lost: Vec<(ClassId, &Again)> = losses.classes().collect();
        let mut loads: BTreeMap<Resource, BTreeMap<NodeId, i128>> = BTreeMap::new();
        let mut of_namespace: BTreeMap<Symbol, Vec<usize>> = BTreeMap::new();
        for (at, (class, again)) in lost.iter().enumerate() {
            of_namespace.entry(cluster.class(*class).namespace).or_default().push(at);
            let spec = cluster.spec_of(*class);
            for resource in Resource::asked(spec) {
                let load = loads.entry(resource).or_default();
                for (node, count) in &again.nodes {
                    *load.entry(*node).or_default() +=
                        resource.of(&spec.requests, 1) * i128::from(*count);
                }
            }
        }
        let total = |(resource, load): (Resource, BTreeMap<NodeId, i128>)| {
            (resource, largest(load.into_values(), most))
        };
        let repels = |at: &usize| repels(cluster.spec_of(lost[*at].0));
        let repelling = (0..lost.len()).filter(repels).collect();
        let totals = loads.into_iter().map(total).collect();
        let classes: Vec<ClassId> = lost.iter().map(|(class, _)| *class).collect();
        let purse = Purse::of(cluster, &classes);
        Self { cluster, most, lost, totals, purse, repelling, of_namespace }
    }

    /// What may come against a pod of a class that is lost, which is not its own rival; the nodes
    /// that fail are closed without paying.
    pub(super) fn against(&self, class: ClassId) -> Others {
        let mut closed: BTreeMap<Option<Symbol>, BTreeMap<NodeId, i128>> = BTreeMap::new();
        for at in self.at_odds(class) {
            let (other, again) = self.lost[at];
            for key in closes(self.cluster, class, other) {
                let by_node = closed.entry(key).or_default();
                for (node, count) in &again.nodes {
                    *by_node.entry(*node).or_default() += i128::from(*count);
                }
            }
        }
        let count = |by_node: BTreeMap<NodeId, i128>| {
            usize::try_from(largest(by_node.into_values(), self.most)).unwrap_or(usize::MAX)
        };
        let mut gifts: BTreeMap<Option<Symbol>, usize> =
            closed.into_iter().map(|(key, by_node)| (key, count(by_node))).collect();
        let nodes = gifts.entry(None).or_default();
        *nodes = nodes.saturating_add(self.most);
        let spec = self.cluster.spec_of(class);
        let owned = |resource: Resource| {
            let lost = self.totals.get(&resource).copied().unwrap_or(0);
            (resource, (lost - resource.of(&spec.requests, 1)).max(0))
        };
        let owned = Resource::asked(spec).map(owned).collect();
        Others { owned, purse: self.purse.clone(), gifts }
    }

    /// Those that may be at odds with a class, and others: all that repel by themselves, and those
    /// in the namespaces that it speaks of.
    fn at_odds(&self, class: ClassId) -> BTreeSet<usize> {
        let terms = &self.cluster.spec_of(class).pod_anti_affinity.required;
        if terms.iter().any(|term| term.namespace_selector != LabelSelector::Nothing) {
            return (0..self.lost.len()).collect();
        }
        let named = terms.iter().flat_map(|term| &term.namespaces);
        let there = named.filter_map(|name| self.of_namespace.get(name)).flatten();
        there.chain(&self.repelling).copied().collect()
    }
}

/// Whether what a pod asks for itself may keep others off.
fn repels(spec: &PodSpec) -> bool {
    !spec.pod_anti_affinity.required.is_empty() || !spec.host_ports.is_empty()
}

/// The sum of the largest of these, so many of them.
fn largest(amounts: impl Iterator<Item = i128>, most: usize) -> i128 {
    let mut amounts: Vec<i128> = amounts.collect();
    amounts.sort_unstable();
    amounts.iter().rev().take(most).sum()
}
