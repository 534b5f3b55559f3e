//! Machines that fail as a whole: a zone, a rack, whatever a label or a file says.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Symbol};

use crate::scenario::{FailureSet, choices_up_to};

/// Machines that fail as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// What it is called.
    pub name: String,
    /// Its nodes.
    pub nodes: Vec<NodeId>,
    /// Its machines that are no nodes.
    pub machines: Vec<Symbol>,
}

/// All domains that may fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    /// The label whose values they are; absent where a file lists them.
    pub label: Option<String>,
    /// In order of their names. A machine may be in several.
    pub all: Vec<Domain>,
}

impl Domains {
    /// One for each value of a label. Nodes without it are in none.
    pub fn of_label(cluster: &Cluster, label: &str) -> Self {
        let mut nodes: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
        let key = cluster.find(label);
        for node in cluster.node_ids() {
            if let Some(value) = key.and_then(|key| cluster.node(node).labels.get(key)) {
                nodes.entry(cluster.text(value)).or_default().push(node);
            }
        }
        let domain = |(value, nodes): (&str, Vec<NodeId>)| Domain {
            name: value.to_owned(),
            nodes,
            machines: Vec::new(),
        };
        Self { label: Some(label.to_owned()), all: nodes.into_iter().map(domain).collect() }
    }

    /// Every set of at most `most` domains, small sets first; the empty set, which is today, comes
    /// before all.
    pub fn sets_up_to(&self, most: usize) -> impl Iterator<Item = FailureSet> + '_ {
        choices_up_to(self.all.len(), most).map(|chosen| self.together(chosen))
    }

    /// Nodes that are in no domain.
    pub fn without<'c>(&self, cluster: &'c Cluster) -> impl Iterator<Item = NodeId> + use<'_, 'c> {
        let has = |node: &NodeId| self.all.iter().any(|domain| domain.nodes.contains(node));
        cluster.node_ids().filter(move |node| !has(node))
    }

    fn together(&self, chosen: Vec<usize>) -> FailureSet {
        let of = || chosen.iter().map(|at| &self.all[*at]);
        let nodes = of().flat_map(|domain| &domain.nodes).copied().collect();
        let machines = of().flat_map(|domain| &domain.machines).copied().collect();
        FailureSet::new(nodes).and_machines(machines).as_domains(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str, nodes: &[u32]) -> Domain {
        let nodes = nodes.iter().map(|node| NodeId(*node)).collect();
        Domain { name: name.to_owned(), nodes, machines: Vec::new() }
    }

    #[test]
    fn domains_that_share_a_node_lose_it_once() {
        let all = vec![domain("a", &[0, 1]), domain("b", &[1, 2]), domain("c", &[3])];
        let domains = Domains { label: None, all };
        let sets: Vec<FailureSet> = domains.sets_up_to(2).collect();
        let nodes: Vec<Vec<u32>> =
            sets.iter().map(|set| set.nodes().iter().map(|node| node.0).collect()).collect();
        let expected: [&[u32]; 7] =
            [&[], &[0, 1], &[1, 2], &[3], &[0, 1, 2], &[0, 1, 3], &[1, 2, 3]];
        assert_eq!(nodes, expected);
        assert_eq!(sets[4].domains(), [0, 1]);
        assert_eq!(sets[4].size(), 2);
        assert_eq!(sets[0].size(), 0);
    }
}
