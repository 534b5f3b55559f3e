//! Pods that are still to be evicted, or may never be, and count for topology spread as long as
//! they are not.
//!
//! Evictions are carried out beforehand, and what is sure then is sure once all is quiet. Before,
//! pods that nobody told to go yet count where they are (those that are told are left out,
//! `countPodsMatchSelector`, `podtopologyspread/common.go`, v1.36.3), and a pod that is strictly
//! spread with them may find no node, and preempt others. They only make their own domains fuller:
//! nodes that share none with them take the pod all along if they do in the end, and the emptiest
//! domain is open as ever, whichever it is.

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};

use super::{is_spread_with, strict_spread};

/// A pod whose eviction was carried out beforehand, and the node that it leaves.
pub type Left = (InstanceId, NodeId);

/// Those of the pods that the pending one is strictly spread with.
pub(crate) fn counted(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    left: &[Left],
) -> Vec<Left> {
    let counts = |(other, _): &Left| is_spread_with(cluster, placement, pod, *other);
    left.iter().copied().filter(counts).collect()
}

/// Whether the node is in no domain of theirs by which the pod is strictly spread with them.
pub(crate) fn is_apart(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    left: &[Left],
    node: NodeId,
) -> bool {
    let spec = cluster.spec_of(placement.instance(pod).class);
    left.iter().all(|(other, there)| {
        let labels = cluster.labels_of(placement.instance(*other).class);
        let mut counting = strict_spread(spec)
            .filter(|constraint| constraint.selector.matches(labels, cluster.symbols()));
        counting.all(|constraint| {
            let value = |node: NodeId| cluster.node(node).labels.get(constraint.topology_key);
            value(*there) != value(node)
        })
    })
}

/// These pods with the nodes they are on, or end on.
pub fn of(placement: &Placement, pods: &[InstanceId]) -> Vec<Left> {
    pods.iter().filter_map(|pod| Some((*pod, placement.instance(*pod).node()?))).collect()
}
