//! Whether a host is up: a node, or a machine that is none.

use holdfast_cluster::{Cluster, NodeId, Placement, Symbol};

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// A node.
    Node(NodeId),
    /// A machine that somebody declared.
    Machine(Symbol),
    /// Something of which only the name is known, or not even that.
    Unknown,
}

/// Whether it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// It is.
    Up,
    /// Nobody knows: the export says that the node is not ready, which says nothing of what else
    /// runs there; or it is being drained, which may end what keeps the copies.
    Unsure,
    /// It failed, is cut off, or was deleted.
    Down,
}

impl Host {
    /// The node or machine of this name.
    pub fn named(cluster: &Cluster, name: Symbol) -> Self {
        let machines = &cluster.objects().assumptions.machines;
        match cluster.node_named(name) {
            Some(node) => Self::Node(node),
            None if machines.iter().any(|machine| machine.name == name) => Self::Machine(name),
            None => Self::Unknown,
        }
    }

    /// The node, where it is one.
    pub fn node(self) -> Option<NodeId> {
        match self {
            Self::Node(node) => Some(node),
            Self::Machine(_) | Self::Unknown => None,
        }
    }

    /// Whether it is up, for what pods keep there.
    pub fn power(self, placement: &Placement) -> Power {
        match self {
            Self::Node(node) if placement.node(node).draining.is_some() => {
                self.power_of_disks(placement).max(Power::Unsure)
            }
            _ => self.power_of_disks(placement),
        }
    }

    /// Whether it is up, for what is kept without the help of any pod: no drain ends that.
    pub fn power_of_disks(self, placement: &Placement) -> Power {
        let node = match self {
            Self::Node(node) => placement.node(node),
            Self::Machine(name) if placement.is_down(name) => return Power::Down,
            Self::Machine(_) => return Power::Up,
            Self::Unknown => return Power::Unsure,
        };
        match () {
            () if !node.exists || node.lost => Power::Down,
            () if node.serves() => Power::Up,
            () => Power::Unsure,
        }
    }
}
