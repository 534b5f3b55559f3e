//! What a map of the cluster shows: numbers where names would be said again and again.

use std::collections::BTreeMap;

use holdfast_cluster::taint::Taint;
use holdfast_cluster::{Cluster, Instance, NodeId, Placement, WorkloadId};
use serde::{Deserialize, Serialize};

use crate::texts::Texts;

/// A cluster as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// By name.
    pub nodes: Vec<NodeView>,
    /// What makes pods, and pods that nothing makes.
    pub workloads: Vec<WorkloadView>,
    /// The pods.
    pub pods: PodsView,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints, `KEY=VALUE:EFFECT`.
    pub taints: Vec<String>,
    /// Nothing new is scheduled there.
    pub cordoned: bool,
    /// Pods on it can serve.
    pub ready: bool,
    /// What pods may request.
    pub allocatable: Amounts,
    /// What its pods request.
    pub requested: Amounts,
    /// What is kept from pods.
    pub reserved: Amounts,
}

/// Amounts of what is counted most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amounts {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Pods.
    pub pods: i64,
}

/// What makes pods, or a pod that nothing makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadView {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many pods are wanted of it, or of what it owns.
    pub desired: i64,
}

impl WorkloadView {
    /// What it goes by: `KIND/NAMESPACE/NAME`.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// The pods, column by column; what is gone is not among them, and its column says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodsView {
    /// Names, without namespaces: those are their workloads'.
    pub names: Texts,
    /// Positions of their workloads.
    pub workloads: Vec<u32>,
    /// Positions of the nodes that they are bound to.
    pub nodes: Vec<Option<u32>>,
    /// How they stand.
    pub states: Vec<PodState>,
}

/// How a pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodState {
    /// It serves.
    Ready,
    /// It is bound, and does not serve.
    NotReady,
    /// It waits for a node.
    Pending,
    /// It is marked for deletion.
    Terminating,
    /// It is deleted, or has ended.
    Gone,
}

impl PodState {
    /// Of a pod in a placement.
    pub fn of(instance: &Instance) -> Self {
        use holdfast_cluster::placement::Whereabouts::{Gone, Pending};
        match instance.whereabouts {
            Gone => Self::Gone,
            _ if instance.terminating => Self::Terminating,
            Pending => Self::Pending,
            _ if instance.ready => Self::Ready,
            _ => Self::NotReady,
        }
    }
}

impl Overview {
    /// Of a cluster, as the export has it.
    pub fn of(cluster: &Cluster) -> Self {
        let placement = Placement::of(cluster);
        let roots = roots(cluster);
        Self {
            nodes: cluster.node_ids().map(|id| node(cluster, &placement, id)).collect(),
            workloads: roots.iter().map(|id| workload(cluster, *id)).collect(),
            pods: pods(cluster, &placement, &roots),
        }
    }
}

/// What nothing else owns, in order of ids: its position stands for it.
pub(crate) fn roots(cluster: &Cluster) -> Vec<WorkloadId> {
    cluster.workload_ids().filter(|id| cluster.root(*id) == *id).collect()
}

/// The position of what a workload belongs to.
pub(crate) fn position(cluster: &Cluster, roots: &[WorkloadId], id: WorkloadId) -> u32 {
    let found = roots.binary_search(&cluster.root(id));
    u32::try_from(found.expect("every root is listed")).expect("ids fit")
}

fn node(cluster: &Cluster, placement: &Placement, id: NodeId) -> NodeView {
    let (node, usage) = (cluster.node(id), placement.node(id));
    let text = |symbol| cluster.text(symbol).to_owned();
    let labels = node.labels.iter().map(|(key, value)| (text(key), text(value)));
    let taint = |taint: &Taint| {
        let (key, value) = (cluster.text(taint.key), cluster.text(taint.value));
        let equals = if value.is_empty() { "" } else { "=" };
        format!("{key}{equals}{value}:{:?}", taint.effect)
    };
    let (own, all, used) = (&node.allocatable, &node.capacity, &usage.requested);
    NodeView {
        name: text(node.name),
        zone: node.labels.get(cluster.known().zone).map(text),
        labels: labels.collect(),
        taints: node.taints.iter().map(taint).collect(),
        cordoned: usage.unschedulable,
        ready: usage.serves(),
        allocatable: Amounts {
            cpu_milli: own.cpu_milli,
            memory: own.memory,
            pods: node.pods_allocatable,
        },
        requested: Amounts {
            cpu_milli: used.cpu_milli,
            memory: used.memory,
            pods: i64::try_from(usage.pods.len()).unwrap_or(i64::MAX),
        },
        reserved: Amounts {
            cpu_milli: (all.cpu_milli - own.cpu_milli).max(0),
            memory: (all.memory - own.memory).max(0),
            pods: 0,
        },
    }
}

fn workload(cluster: &Cluster, id: WorkloadId) -> WorkloadView {
    let workload = cluster.workload(id);
    WorkloadView {
        kind: workload.kind.name(cluster).to_owned(),
        namespace: cluster.text(workload.namespace).to_owned(),
        name: cluster.text(workload.name).to_owned(),
        desired: workload.desired,
    }
}

fn pods(cluster: &Cluster, placement: &Placement, roots: &[WorkloadId]) -> PodsView {
    let mut view = PodsView::default();
    for id in cluster.pod_ids() {
        let instance = placement.instance(id.into());
        view.names.push(cluster.text(cluster.pod(id).name));
        view.workloads.push(position(cluster, roots, instance.workload));
        view.nodes.push(instance.node().map(|node| node.0));
        view.states.push(PodState::of(instance));
    }
    view
}
