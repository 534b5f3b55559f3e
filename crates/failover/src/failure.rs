//! Taking nodes away.

use holdfast_cluster::{Cluster, NodeId, Placement};

/// The nodes stop at once: no kubelet is heard, no pod on them serves. The node objects stay, and
/// the node lifecycle controller taints them as unreachable. What Kubernetes does next are the
/// steps of [`Dynamics`](crate::Dynamics).
pub fn fail(cluster: &Cluster, placement: &mut Placement, nodes: &[NodeId]) {
    for &node in nodes {
        placement.change_node(node, |flags| {
            flags.reachable = false;
            flags.taints.unreachable = true;
        });
        for id in placement.node(node).pods.clone() {
            placement.change(cluster, id, |instance| instance.ready = false);
        }
    }
}
