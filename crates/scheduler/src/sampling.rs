//! Which nodes the scheduler looks at where it does not look at all of them.
//!
//! Models `findNodesThatPassFilters` of `pkg/scheduler/schedule_one.go` and the order of
//! `pkg/scheduler/backend/cache/node_tree.go` (v1.36.3). Upstream goes on from where the last
//! search ended, through nodes that take turns by zone, until it has found enough; the rest of a
//! large cluster is not looked at. Where the last search ended depends on all that was ever
//! scheduled, so that every start is possible. Several threads search at once, so that what they
//! find need not be one stretch: what follows from a stretch is possible, and only what holds for
//! every node that fits is sure.

use holdfast_cluster::{Cluster, NodeId, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Labels of zone and region, the older ones first (`GetZoneKey`,
/// `k8s.io/component-helpers/node/topology/helpers.go`, v0.36.3).
const ZONE: [&str; 2] = ["failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"];
const REGION: [&str; 2] =
    ["failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"];

/// The zone of every node, as the scheduler takes turns by it.
#[derive(Debug)]
pub(crate) struct Zones(Box<[u32]>);

impl Zones {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let mut known = IndexMap::<(Symbol, Symbol), u32, FxBuildHasher>::default();
        let empty = cluster.known().empty;
        let zone = |node: NodeId| {
            let value = |labels: [&str; 2]| {
                let labels = labels.into_iter().filter_map(|label| cluster.find(label));
                let mut values = labels.filter_map(|label| cluster.node(node).labels.get(label));
                values.next().unwrap_or(empty)
            };
            let next = u32::try_from(known.len()).expect("fewer zones than nodes");
            *known.entry((value(REGION), value(ZONE))).or_insert(next)
        };
        Self(cluster.node_ids().map(zone).collect())
    }

    /// The nodes, sorted by name, in the order in which they are looked at: of each zone one, then
    /// of each the next, as long as it has any. Zones come in the order of their first nodes, and
    /// nodes in that of their names, as a scheduler has them that was started after they came.
    pub(crate) fn interleave(&self, nodes: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
        let mut turns = IndexMap::<u32, usize, FxBuildHasher>::default();
        let mut placed: Vec<(usize, usize, NodeId)> = Vec::new();
        for node in nodes {
            let entry = turns.entry(self.0[node.index()]);
            let zone = entry.index();
            let turn = entry.or_default();
            placed.push((*turn, zone, node));
            *turn += 1;
        }
        placed.sort_unstable();
        placed.into_iter().map(|(_, _, node)| node).collect()
    }
}

/// Stretches of `size` of the nodes, from at most `starts` places all around.
pub(crate) fn stretches(
    nodes: &[NodeId],
    size: usize,
    starts: usize,
) -> impl Iterator<Item = Vec<NodeId>> {
    let count = nodes.len().min(starts);
    (0..count).map(move |at| {
        let start = at * nodes.len() / count;
        nodes.iter().cycle().skip(start).take(size).copied().collect()
    })
}

/// Looks at `count` nodes one by one from `start` on, until it has found as many as are `wanted`
/// that fit; tells where the next search starts. Upstream looks on until it finds one too many, and
/// those that do not fit up to there are looked at for good.
pub(crate) fn look_round(
    count: usize,
    (start, wanted): (usize, usize),
    mut fits: impl FnMut(usize) -> bool,
    mut visit: impl FnMut(usize),
) -> usize {
    let mut found = 0;
    let start = if start < count { start } else { start.checked_rem(count).unwrap_or(0) };
    for at in (start..count).chain(0..start) {
        if !fits(at) {
            continue;
        }
        if found == wanted {
            return at;
        }
        visit(at);
        found += 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<NodeId> {
        numbers.into_iter().map(NodeId).collect()
    }

    /// Worked out by hand from `nodeTree.list`: zones of different sizes run out one by one.
    #[test]
    fn zones_take_turns() {
        let zones = Zones([0, 1, 1, 2, 2, 2, 2, 1, 0].into());
        let order = zones.interleave(ids(0..9).into_iter());
        assert_eq!(order, ids([0, 1, 3, 8, 2, 4, 7, 5, 6]));
        let without = zones.interleave(ids([0, 2, 3, 4]).into_iter());
        assert_eq!(without, ids([0, 2, 3, 4]));
    }

    /// Worked out by hand from `findNodesThatPassFilters`, as one thread would take its loop.
    #[test]
    fn a_search_goes_on_where_the_last_one_ended() {
        let fits = [true, false, true, true, false, true];
        let search = |start, wanted| {
            let mut found = Vec::new();
            let next = look_round(6, (start, wanted), |at| fits[at], |at| found.push(at));
            (found, next)
        };
        assert_eq!(search(0, 2), (vec![0, 2], 3));
        assert_eq!(search(3, 2), (vec![3, 5], 0));
        assert_eq!(search(3, 1), (vec![3], 5));
        assert_eq!(search(5, 4), (vec![5, 0, 2, 3], 5), "all of them were looked at");
        assert_eq!(look_round(0, (3, 1), |_| true, |_| {}), 0);
    }

    #[test]
    fn stretches_go_round() {
        let all: Vec<_> = stretches(&ids(0..4), 3, 9).collect();
        assert_eq!(all, [ids([0, 1, 2]), ids([1, 2, 3]), ids([2, 3, 0]), ids([3, 0, 1])]);
        let some: Vec<_> = stretches(&ids(0..4), 3, 2).collect();
        assert_eq!(some, [ids([0, 1, 2]), ids([2, 3, 0])]);
    }
}
