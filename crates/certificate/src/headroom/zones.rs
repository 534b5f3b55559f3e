//! After which failures evictions are sure: the node lifecycle controller stops them where a zone
//! is partly disrupted, and where all are down (see [`holdfast_failover::disruption`]).

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Placement};

/// The zones, and how many of their nodes serve.
pub(super) struct Zones {
    of_node: Vec<usize>,
    zones: Vec<Zone>,
}

#[derive(Clone, Copy, Default)]
struct Zone {
    size: usize,
    silent: usize,
}

impl Zone {
    /// Whether it is not partly disrupted once so many more of its nodes are silent: up to two, or
    /// less than 55 per cent.
    fn is_calm(self, more: usize) -> bool {
        let silent = self.silent + more;
        silent <= 2 || silent * 100 < self.size * 55
    }
}

impl Zones {
    pub(super) fn of(cluster: &Cluster, placement: &Placement) -> Self {
        let mut known = BTreeMap::new();
        let mut zones: Vec<Zone> = Vec::new();
        let zone = |node: NodeId| {
            let labels = &cluster.node(node).labels;
            let key = (labels.get(cluster.known().region), labels.get(cluster.known().zone));
            let at = *known.entry(key).or_insert_with(|| {
                zones.push(Zone::default());
                zones.len() - 1
            });
            zones[at].size += 1;
            zones[at].silent += usize::from(!placement.node(node).serves());
            at
        };
        let of_node = cluster.node_ids().map(zone).collect();
        Self { of_node, zones }
    }

    /// Whether the pods of these nodes, which serve before, are sure to be evicted.
    pub(super) fn evict(&self, failed: &[NodeId]) -> bool {
        let zone = |node: &NodeId| self.of_node[node.index()];
        let lost = |at: usize| failed.iter().filter(|node| zone(node) == at).count();
        let is_up = |at: usize| self.zones[at].silent + lost(at) < self.zones[at].size;
        failed.iter().map(zone).all(|at| self.zones[at].is_calm(lost(at)))
            && (0..self.zones.len()).any(is_up)
    }

    /// Whether that is so whichever nodes fail, up to so many.
    pub(super) fn always_evict(&self, most: usize) -> bool {
        let serving = |zone: &Zone| zone.size - zone.silent;
        let calm = |zone: &Zone| (0..=most.min(serving(zone))).all(|more| zone.is_calm(more));
        self.zones.iter().all(calm) && self.zones.iter().map(serving).sum::<usize>() > most
    }
}
