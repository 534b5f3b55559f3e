//! A node as filters and scores see it.

use holdfast_cluster::placement::{Instance, NodeUse, Placement};
use holdfast_cluster::pod::HostPort;
use holdfast_cluster::{ClassId, Cluster, InstanceId, Node, NodeId};

/// A node and what runs on it: upstream's `NodeInfo` (`pkg/scheduler/framework/types.go`). What
/// runs on it may be the placement's or, in a preemption dry run, a variant of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeInfo<'a> {
    /// The node's id.
    pub(crate) id: NodeId,
    /// The node.
    pub(crate) node: &'a Node,
    /// What runs on it.
    pub(crate) usage: &'a NodeUse,
    /// The ports that are taken, where they are not simply those of its pods.
    pub(crate) ports: Option<&'a [HostPort]>,
}

impl<'a> NodeInfo<'a> {
    /// The node as the placement has it.
    pub(crate) fn of(cluster: &'a Cluster, placement: &'a Placement, id: NodeId) -> Self {
        Self { id, node: cluster.node(id), usage: placement.node(id), ports: None }
    }

    /// Whether other pods run on it than the placement says.
    pub(crate) fn is_variant(&self) -> bool {
        self.ports.is_some()
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

/// Every pod of a class on a node that exists, with its node.
pub(crate) fn residents(
    placement: &Placement,
    class: ClassId,
) -> impl Iterator<Item = (&Instance, NodeId)> {
    placement.of_class(class).filter_map(|id| {
        let instance = placement.instance(id);
        let node = instance.node()?;
        placement.node(node).exists.then_some((instance, node))
    })
}

/// A node that a dry run takes pods off and puts them back on.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    usage: NodeUse,
    /// A set, as upstream's: where two pods came to share a port, taking off one of them frees it.
    ports: Vec<HostPort>,
}

impl Variant {
    /// The node as it is.
    pub(crate) fn of(cluster: &Cluster, placement: &Placement, node: &NodeInfo<'_>) -> Self {
        let usage = node.usage.clone();
        if let Some(ports) = node.ports {
            return Self { usage, ports: ports.to_vec() };
        }
        let spec = |pod: &InstanceId| cluster.spec_of(placement.instance(*pod).class);
        let mut ports: Vec<HostPort> =
            usage.pods.iter().flat_map(|pod| spec(pod).host_ports.iter().copied()).collect();
        ports.sort_unstable();
        ports.dedup();
        Self { usage, ports }
    }

    /// The node with its pods changed.
    pub(crate) fn info<'a>(&'a self, node: &NodeInfo<'a>) -> NodeInfo<'a> {
        NodeInfo { usage: &self.usage, ports: Some(&self.ports), ..*node }
    }

    /// Puts a pod on the node, as the placement itself would.
    pub(crate) fn add(&mut self, cluster: &Cluster, pod: InstanceId, class: ClassId) {
        let spec = cluster.spec_of(class);
        let Self { usage, ports } = self;
        usage.requested.add(&spec.requests);
        usage.scored.cpu_milli =
            usage.scored.cpu_milli.wrapping_add(spec.scored_requests.cpu_milli);
        usage.scored.memory = usage.scored.memory.wrapping_add(spec.scored_requests.memory);
        if let Err(at) = usage.pods.binary_search(&pod) {
            usage.pods.insert(at, pod);
        }
        for port in &spec.host_ports {
            if let Err(at) = ports.binary_search(port) {
                ports.insert(at, *port);
            }
        }
    }

    /// Takes a pod off the node, as the placement itself would.
    pub(crate) fn remove(&mut self, cluster: &Cluster, pod: InstanceId, class: ClassId) {
        let spec = cluster.spec_of(class);
        let Self { usage, ports } = self;
        usage.requested.subtract(&spec.requests);
        usage.scored.cpu_milli =
            usage.scored.cpu_milli.wrapping_sub(spec.scored_requests.cpu_milli);
        usage.scored.memory = usage.scored.memory.wrapping_sub(spec.scored_requests.memory);
        if let Ok(at) = usage.pods.binary_search(&pod) {
            usage.pods.remove(at);
        }
        ports.retain(|port| !spec.host_ports.contains(port));
    }
}
