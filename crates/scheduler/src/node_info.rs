//! A node as filters and scores see it.

use holdfast_cluster::placement::{NodeUse, Placement};
use holdfast_cluster::{ClassId, Cluster, InstanceId, Node, NodeId};

/// A node and what runs on it: upstream's `NodeInfo` (`pkg/scheduler/framework/types.go`). What runs on it may
/// be the placement's or, in a preemption dry run, a variant of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeInfo<'a> {
    /// The node's id.
    pub(crate) id: NodeId,
    /// The node.
    pub(crate) node: &'a Node,
    /// What runs on it.
    pub(crate) usage: &'a NodeUse,
}

impl<'a> NodeInfo<'a> {
    /// The node as the placement has it.
    pub(crate) fn of(cluster: &'a Cluster, placement: &'a Placement, id: NodeId) -> Self {
        Self { id, node: cluster.node(id), usage: placement.node(id) }
    }
}

/// The nodes that exist, in order of their names: the scheduler's snapshot.
pub(crate) fn snapshot<'a>(
    cluster: &'a Cluster,
    placement: &'a Placement,
) -> impl Iterator<Item = NodeInfo<'a>> {
    cluster
        .node_ids()
        .map(move |id| NodeInfo::of(cluster, placement, id))
        .filter(|info| info.usage.exists)
}

/// Puts a pod on a node, as the placement itself would.
pub(crate) fn add(cluster: &Cluster, usage: &mut NodeUse, pod: InstanceId, class: ClassId) {
    let spec = cluster.spec_of(class);
    usage.requested.add(&spec.requests);
    usage.scored.cpu_milli = usage.scored.cpu_milli.wrapping_add(spec.scored_requests.cpu_milli);
    usage.scored.memory = usage.scored.memory.wrapping_add(spec.scored_requests.memory);
    if let Err(at) = usage.pods.binary_search(&pod) {
        usage.pods.insert(at, pod);
    }
}

/// Takes a pod off a node, as the placement itself would.
pub(crate) fn remove(cluster: &Cluster, usage: &mut NodeUse, pod: InstanceId, class: ClassId) {
    let spec = cluster.spec_of(class);
    usage.requested.subtract(&spec.requests);
    usage.scored.cpu_milli = usage.scored.cpu_milli.wrapping_sub(spec.scored_requests.cpu_milli);
    usage.scored.memory = usage.scored.memory.wrapping_sub(spec.scored_requests.memory);
    if let Ok(at) = usage.pods.binary_search(&pod) {
        usage.pods.remove(at);
    }
}
