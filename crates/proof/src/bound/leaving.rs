//! Pods that are still to be evicted, and count for topology spread until they are.
//!
//! Evictions that are sure to come are carried out beforehand, and what is sure then is sure once
//! all is quiet. Before, pods on dead nodes that nobody told to go yet count where they are
//! (those that are told are left out, `countPodsMatchSelector`, `podtopologyspread/common.go`,
//! v1.36.3), and a pod that is strictly spread with them may find no node, and preempt others. They
//! only make their own domains fuller: nodes that share none with them take the pod all along if
//! they do in the end, and the emptiest domain is open as ever, whichever it is.

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};

use super::{is_spread_with, may_preempt, strict_spread};

/// Those of the pods, which were evicted beforehand, that may make the pending one preempt others
/// before their eviction comes.
pub(crate) fn holding_up(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    gone: &[InstanceId],
) -> Vec<InstanceId> {
    let counts = |other: &InstanceId| is_spread_with(cluster, placement, pod, *other);
    let counted: Vec<InstanceId> = gone.iter().copied().filter(counts).collect();
    if !counted.is_empty() && may_preempt(cluster, placement, &[pod]) { counted } else { vec![] }
}

/// Whether the node is in no domain of theirs by which the pod is strictly spread with them.
pub(crate) fn is_apart(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    leaving: &[InstanceId],
    node: NodeId,
) -> bool {
    let spec = cluster.spec_of(placement.instance(pod).class);
    leaving.iter().all(|other| {
        let instance = placement.instance(*other);
        let labels = cluster.labels_of(instance.class);
        let mut counting = strict_spread(spec)
            .filter(|constraint| constraint.selector.matches(labels, cluster.symbols()));
        let Some(there) = instance.node() else { return false };
        counting.all(|constraint| {
            let value = |node: NodeId| cluster.node(node).labels.get(constraint.topology_key);
            value(there) != value(node)
        })
    })
}
