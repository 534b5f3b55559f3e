//! Whether anybody is left who evicts, re-creates and schedules.
//!
//! A control plane whose members are nodes of the cluster acts only while a majority of them is up
//! (etcd's quorum). Where no node of the export is a member the control plane is somewhere else (a
//! managed service) and taken to be up.

use holdfast_cluster::{Cluster, NodeId, Placement};

/// The nodes that carry the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlane {
    members: Vec<NodeId>,
}

/// Node labels that say "control plane here": kubeadm, k3s, RKE2 and, before 1.24, everybody.
const ROLES: [&str; 4] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/etcd",
    "node-role.kubernetes.io/master",
];

/// Static pods that say the same where the labels are missing.
const STATIC_PODS: [&str; 2] = ["etcd", "kube-apiserver"];

impl ControlPlane {
    /// The members that the export shows: nodes with an `etcd` role where there are such, else
    /// nodes with any control-plane role, else nodes that run etcd or the API server as static
    /// pods.
    pub fn of(cluster: &Cluster) -> Self {
        let with = |roles: &[&str]| -> Vec<NodeId> {
            let roles: Vec<_> = roles.iter().filter_map(|role| cluster.find(role)).collect();
            let is_member = |node: &NodeId| {
                roles.iter().any(|role| cluster.node(*node).labels.get(*role).is_some())
            };
            cluster.node_ids().filter(is_member).collect()
        };
        let etcd = with(&ROLES[2..3]);
        let labelled = if etcd.is_empty() { with(&ROLES) } else { etcd };
        let members = if labelled.is_empty() { static_members(cluster) } else { labelled };
        Self { members }
    }

    /// The nodes that carry it; none means that it is outside.
    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// Whether it acts: more than half of its members can be reached, or it is outside.
    pub fn acts(&self, placement: &Placement) -> bool {
        let up = self.members.iter().filter(|node| is_up(placement, **node)).count();
        self.members.is_empty() || up * 2 > self.members.len()
    }
}

fn is_up(placement: &Placement, node: NodeId) -> bool {
    let node = placement.node(node);
    node.exists && node.reachable
}

fn static_members(cluster: &Cluster) -> Vec<NodeId> {
    let mut members: Vec<NodeId> = cluster
        .pods()
        .iter()
        .filter(|pod| pod.mirror)
        .filter(|pod| STATIC_PODS.contains(&cluster.text(cluster.workload(pod.workload).name)))
        .filter_map(|pod| cluster.node_named(pod.node?))
        .collect();
    members.sort_unstable();
    members.dedup();
    members
}
