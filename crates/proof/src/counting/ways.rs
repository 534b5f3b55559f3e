//! How a node is blocked with resources.

use holdfast_cluster::{Cluster, NodeId, Placement};

use super::{Adversary, Budget};

/// A way to block a node: by one of the budgets, and what that takes of each.
pub(super) struct Way {
    pub(super) by: usize,
    pub(super) takes: Vec<i128>,
}

/// The ways that the adversary can pay for, as long as it has spent nothing.
pub(super) fn of(
    cluster: &Cluster,
    placement: &Placement,
    node: NodeId,
    adversary: &Adversary,
) -> Vec<Way> {
    let Adversary { budgets, grains, .. } = adversary;
    let way = |by: usize| {
        let resource = budgets[by].resource;
        let least = budgets[by].needed(cluster, placement, node);
        let whole = grains.whole(resource, least);
        let takes = |other: &Budget| match other.resource {
            other if other == resource => whole,
            other => grains.beside(resource, whole, other),
        };
        let takes: Vec<i128> = budgets.iter().map(takes).collect();
        let has = takes.iter().zip(budgets).all(|(takes, budget)| *takes <= budget.total);
        has.then_some(Way { by, takes })
    };
    (0..budgets.len()).filter_map(way).collect()
}
