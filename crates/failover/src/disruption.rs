//! When the node lifecycle controller stops evicting.
//!
//! Models `ComputeZoneState`, `handleDisruption`, `setLimiterInZone` and `ReducedQPSFunc` of
//! `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (v1.36.3) with its default settings
//! (`--unhealthy-zone-threshold=0.55`, `--large-cluster-size-threshold=50`). The controller looks
//! every five seconds and nodes that fail together may be seen in different looks, so an eviction
//! that the final state forbids may already have begun: then it is only [`Certainty::Possible`].

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Placement, Symbol};

/// Whether the pods of a node that is not heard are evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// They are, each in its time.
    Sure,
    /// They may be, or the controller may have stopped before.
    Possible,
}

/// What the controller makes of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ZoneState {
    Normal,
    Partial { size: usize },
    Full,
}

/// A zone as `GetZoneKey` names it: region and zone label, either may be missing.
pub(crate) type ZoneKey = (Option<Symbol>, Option<Symbol>);

/// Above this many nodes a partly disrupted zone is only slowed down.
pub(crate) const LARGE_ZONE: usize = 50;

/// For every node whether an eviction from it is sure, once the nodes that `placement` cannot reach
/// are noticed.
pub fn certainties(cluster: &Cluster, placement: &Placement) -> Vec<Certainty> {
    let zones = zone_states(cluster, placement);
    let all_down = zones.values().all(|state| *state == ZoneState::Full);
    cluster
        .node_ids()
        .map(|node| match zones.get(&zone_key(cluster, node)) {
            // Taints of its own evict from a node that serves, whatever its zone.
            _ if placement.node(node).serves() => Certainty::Sure,
            _ if all_down => Certainty::Possible,
            Some(ZoneState::Partial { size }) if *size <= LARGE_ZONE => Certainty::Possible,
            _ => Certainty::Sure,
        })
        .collect()
}

fn zone_states(cluster: &Cluster, placement: &Placement) -> BTreeMap<ZoneKey, ZoneState> {
    let mut counts: BTreeMap<ZoneKey, (usize, usize)> = BTreeMap::new();
    for node in cluster.node_ids().filter(|node| placement.node(*node).exists) {
        let (ready, silent) = counts.entry(zone_key(cluster, node)).or_default();
        *(if placement.node(node).serves() { ready } else { silent }) += 1;
    }
    counts.into_iter().map(|(key, (ready, silent))| (key, state(ready, silent))).collect()
}

/// `ComputeZoneState`: the share is compared in whole numbers, `silent / all >= 0.55`.
fn state(ready: usize, silent: usize) -> ZoneState {
    let size = ready + silent;
    if ready == 0 && silent > 0 {
        ZoneState::Full
    } else if is_disrupted(silent, size) {
        ZoneState::Partial { size }
    } else {
        ZoneState::Normal
    }
}

/// Whether more than two nodes are silent, and as large a part of the zone as it takes.
pub(crate) fn is_disrupted(silent: usize, size: usize) -> bool {
    silent > 2 && silent * 100 >= size * 55
}

pub(crate) fn zone_key(cluster: &Cluster, node: NodeId) -> ZoneKey {
    let labels = &cluster.node(node).labels;
    (labels.get(cluster.known().region), labels.get(cluster.known().zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_partly_disrupted_from_three_nodes_and_55_per_cent_on() {
        assert_eq!(state(3, 2), ZoneState::Normal);
        assert_eq!(state(2, 3), ZoneState::Partial { size: 5 });
        assert_eq!(state(3, 3), ZoneState::Normal);
        assert_eq!(state(0, 1), ZoneState::Full);
        assert_eq!(state(9, 11), ZoneState::Partial { size: 20 }, "11 of 20 is 55 per cent");
    }
}
