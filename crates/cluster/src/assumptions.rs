//! What an export cannot show, as somebody wrote it down: hosts that are no nodes, the control
//! plane, and how long things take. Copies of volumes are in [`crate::storage`].

use crate::Symbol;

/// What was declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// Hosts that are no nodes.
    pub machines: Vec<Machine>,
    /// Members of etcd: names of nodes and machines.
    pub etcd: Option<Vec<Symbol>>,
    /// Where API servers run.
    pub api_servers: Option<Vec<Symbol>>,
    /// What stands in front of them.
    pub load_balancer: Option<Vec<Symbol>>,
    /// How long things take, in seconds.
    pub times: Vec<(AssumedTime, i64)>,
}

/// A host that is no node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: Symbol,
    /// Names of the nodes that run on it and fall with it.
    pub nodes: Vec<Symbol>,
}

/// Something whose time can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssumedTime {
    /// `nodeMonitorGracePeriod`.
    NodeMonitorGrace,
    /// `imageStart`.
    ImageStart,
    /// `volumeForceDetach`.
    ForceDetach,
    /// `leaderElection`.
    LeaderElection,
    /// `loadBalancerFailover`.
    LoadBalancer,
}
