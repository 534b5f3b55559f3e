//! What somebody declared of hosts that are no nodes, and of the control plane.

use crate::Symbol;

/// What the export cannot show, as somebody wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machines {
    /// Hosts that are no nodes.
    pub machines: Vec<Machine>,
    /// Members of etcd: names of nodes and machines.
    pub etcd: Option<Vec<Symbol>>,
    /// Where API servers run.
    pub api_servers: Option<Vec<Symbol>>,
    /// What stands in front of them.
    pub load_balancer: Option<Vec<Symbol>>,
}

/// A host that is no node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: Symbol,
    /// Names of the nodes that run on it and fall with it.
    pub nodes: Vec<Symbol>,
}
