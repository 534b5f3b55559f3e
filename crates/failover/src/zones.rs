//! What failures mean for the zones of a cluster: whether evictions go on, and how long nodes wait
//! for their turn.
//!
//! The node lifecycle controller puts nodes that are not heard into a queue of their zone, and
//! taints one of it at a time, as a limiter allows (`doNoExecuteTaintingPass`,
//! `setLimiterInZone` and `ReducedQPSFunc` of
//! `pkg/controller/nodelifecycle/node_lifecycle_controller.go`, `Try` and `SwapLimiter` of
//! `scheduler/rate_limited_queue.go` there, v1.36.3). A limiter holds one token. Where it is
//! replaced while somebody waits, the waiting begins anew.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Placement};

use crate::disruption::{LARGE_ZONE, is_disrupted, zone_key};
use crate::times::{Seconds, Time, Times};

/// How often a limiter may be replaced while nodes wait: when the zone is disrupted in part, and
/// when it is as a whole.
const SWAPS: usize = 2;

/// The zones, and which nodes did not serve before anything fails.
#[derive(Clone, Debug)]
pub struct Zones {
    of_node: Vec<usize>,
    /// Nodes of each zone.
    sizes: Vec<usize>,
    /// Nodes of each zone that do not serve before anything fails.
    silent: Vec<usize>,
}

impl Zones {
    /// The zones of a cluster as it stands before nodes fail.
    pub fn of(cluster: &Cluster, placement: &Placement) -> Self {
        let mut zones = BTreeMap::new();
        let (mut sizes, mut silent) = (Vec::new(), Vec::new());
        let of_node = cluster.node_ids().map(|node| {
            let zone = *zones.entry(zone_key(cluster, node)).or_insert_with(|| {
                sizes.push(0);
                silent.push(0);
                sizes.len() - 1
            });
            sizes[zone] += 1;
            silent[zone] += usize::from(!placement.node(node).serves());
            zone
        });
        Self { of_node: of_node.collect(), sizes, silent }
    }

    /// Whether every eviction from these nodes, which serve before, is sure: no zone of theirs is
    /// partly disrupted, and not all are down.
    pub fn evict(&self, nodes: &[NodeId]) -> bool {
        let calm = |node: &NodeId| {
            let zone = self.zone(*node);
            !is_disrupted(self.silent_in(zone, nodes), self.sizes[zone])
        };
        nodes.iter().all(calm)
            && (0..self.sizes.len()).any(|zone| self.silent_in(zone, nodes) < self.sizes[zone])
    }

    /// How long the last of these nodes, which fail together, may wait for its taint once all are
    /// noticed. Evictions from them must be sure.
    pub fn longest_wait(&self, nodes: &[NodeId], times: &Times) -> Seconds {
        let wait = |node: &NodeId| {
            let zone = self.zone(*node);
            let queued = nodes.iter().filter(|other| self.zone(**other) == zone).count();
            let mut interval = times.of(Time::EvictionInterval);
            if !is_disrupted(self.silent_in(zone, nodes), self.sizes[zone]) {
                return interval * (queued as Seconds - 1);
            }
            if self.sizes[zone] > LARGE_ZONE {
                interval = interval.max(times.of(Time::SecondaryEvictionInterval));
            }
            interval * (queued - 1 + SWAPS) as Seconds
        };
        nodes.iter().map(wait).max().unwrap_or(0)
    }

    fn zone(&self, node: NodeId) -> usize {
        self.of_node[node.index()]
    }

    /// How many nodes of a zone do not serve once these have failed.
    fn silent_in(&self, zone: usize, nodes: &[NodeId]) -> usize {
        self.silent[zone] + nodes.iter().filter(|node| self.zone(**node) == zone).count()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use holdfast_ingest::{Options, Source, load};

    use super::*;

    /// Nodes of one zone, and one of another.
    fn zones(nodes: usize) -> Zones {
        let mut text = String::new();
        for at in 0..=nodes {
            let zone = if at == nodes { "b" } else { "a" };
            let _ = write!(
                text,
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"n{at:03}",
                "labels":{{"topology.kubernetes.io/zone":"{zone}"}}}},
                "status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
            );
        }
        let cluster = load(vec![Source::named("export", text)], &Options::default()).cluster;
        Zones::of(&cluster, &Placement::of(&cluster))
    }

    fn first(count: u32) -> Vec<NodeId> {
        (0..count).map(NodeId).collect()
    }

    #[test]
    fn nodes_of_a_zone_are_tainted_one_after_another() {
        let times = Times::default();
        let wait = |nodes: usize, failed: u32| zones(nodes).longest_wait(&first(failed), &times);
        assert_eq!(wait(5, 1), 0);
        assert_eq!(wait(5, 2), 10);
        assert_eq!(wait(1, 1), 0, "a zone of one node, and others are up");
        assert_eq!(wait(2, 2), 10, "two are never too many");
        assert_eq!(wait(3, 3), 40, "stopped, then let go");
        assert_eq!(wait(60, 33), 34 * 100, "slowed down, and the token may be lost twice");
        assert_eq!(zones(1).longest_wait(&[NodeId(0), NodeId(1)], &times), 0, "a queue each");
    }

    #[test]
    fn evictions_stop_in_a_small_zone_that_is_mostly_down() {
        assert!(zones(5).evict(&first(2)));
        assert!(!zones(5).evict(&first(3)));
        assert!(!zones(1).evict(&first(2)), "all are down");
    }
}
