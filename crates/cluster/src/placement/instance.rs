//! A pod of a placement: what it is, where, and in which state.

use crate::{ClassId, Cluster, NodeId, PodId, WorkloadId};

/// Where an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whereabouts {
    /// In the scheduling queue.
    Pending,
    /// Bound to a node.
    On(NodeId),
    /// Bound to a node that the export does not hold.
    Unlisted,
    /// Deleted, or ended for good.
    Gone,
}

/// A pod of a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// What it asks for.
    pub class: ClassId,
    /// What made it.
    pub workload: WorkloadId,
    /// The pod of the export that it is, or whose place it takes; `None` for a pod made anew.
    pub origin: Option<PodId>,
    /// Where it is.
    pub whereabouts: Whereabouts,
    /// It serves: healthy, not to be deleted, on a node that serves. Follows from the rest.
    pub ready: bool,
    /// Its containers are ready wherever they can run; a pod that never ran is taken to be so.
    pub healthy: bool,
    /// It is bound, but its containers have yet to start.
    pub starting: bool,
    /// It is bound, but a volume that it needs is still attached to another node.
    pub attaching: bool,
    /// It is bound, but too few copies are up of a volume that it needs.
    pub starved: bool,
    /// It serves, but not yet for as long as its controller asks (`minReadySeconds`).
    pub settling: bool,
    /// Its controller is to replace it by one of the present template.
    pub outdated: bool,
    /// The number of a StatefulSet's pod; zero for all others.
    pub ordinal: u32,
    /// It is to be deleted but still holds what it holds.
    pub terminating: bool,
    /// The scheduler marked it for deletion, to make room for another.
    pub preempted: bool,
    /// While it is pending: the node kept free for it after it preempted others there.
    pub nominated: Option<NodeId>,
}

impl Instance {
    /// What the pod is that is made in its place.
    pub fn next_class(&self, cluster: &Cluster) -> ClassId {
        self.origin.map_or(self.class, |origin| cluster.pod(origin).replacement)
    }

    /// The node it is bound to.
    pub fn node(&self) -> Option<NodeId> {
        match self.whereabouts {
            Whereabouts::On(node) => Some(node),
            _ => None,
        }
    }

    /// Whether its controller counts on it.
    pub fn is_available(&self) -> bool {
        self.ready && !self.settling
    }

    /// Whether it is pending.
    pub fn is_pending(&self) -> bool {
        self.whereabouts == Whereabouts::Pending
    }
}
