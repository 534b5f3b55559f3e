//! Pods, steps and sorts of pods by name.
//!
//! A pod of the export goes by `NAMESPACE/NAME`. One made since goes by the pod whose place it
//! takes with `~1` for the first such, `~2` for the second; one that takes nobody's place by
//! `KIND/NAMESPACE/NAME` of its workload, numbered likewise.
//!
//! A sort of pods, all those that ask for the same, goes by one that stands for it: `next:` and a
//! pod of the export for what is made in its stead, `pod:` for the pod as it stands, `template:`
//! and a workload for what that makes next.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, Pod, WorkloadId};
use holdfast_failover::{Step, Steps};

use crate::flaw::Flaw;
use crate::format::Move;

/// The name of a pod.
pub fn pod(cluster: &Cluster, placement: &Placement, id: InstanceId) -> String {
    let instance = placement.instance(id);
    let name = match instance.origin {
        Some(origin) => of_pod(cluster, cluster.pod(origin)),
        None => workload(cluster, instance.workload),
    };
    let first = cluster.pods().len();
    if id.index() < first {
        return name;
    }
    let alike = |other: InstanceId| {
        let other = placement.instance(other);
        other.origin == instance.origin
            && (other.origin.is_some() || other.workload == instance.workload)
    };
    let number = (first..=id.index()).filter(|at| alike(InstanceId::at(*at))).count();
    format!("{name}~{number}")
}

pub(crate) fn of_pod(cluster: &Cluster, pod: &Pod) -> String {
    let namespace = cluster.class(pod.class).namespace;
    format!("{}/{}", cluster.text(namespace), cluster.text(pod.name))
}

/// The kind of a workload.
pub fn kind(cluster: &Cluster, id: WorkloadId) -> String {
    match cluster.workload(id).kind {
        WorkloadKind::Custom(kind) => cluster.text(kind).to_owned(),
        kind => format!("{kind:?}"),
    }
}

/// A workload as `KIND/NAMESPACE/NAME`.
pub fn workload(cluster: &Cluster, id: WorkloadId) -> String {
    let workload = cluster.workload(id);
    let (namespace, name) = (cluster.text(workload.namespace), cluster.text(workload.name));
    format!("{}/{namespace}/{name}", kind(cluster, id))
}

/// The names of nodes.
pub fn nodes(cluster: &Cluster, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|node| cluster.node_name(*node).to_owned()).collect()
}

/// A step by names.
pub fn step(cluster: &Cluster, placement: &Placement, step: &Step) -> Move {
    let name = |id: &InstanceId| pod(cluster, placement, *id);
    let names = |ids: &[InstanceId]| ids.iter().map(name).collect();
    let node = |id: NodeId| cluster.node_name(id).to_owned();
    match step {
        Step::Evict { pod, replaced } => Move::Evict { pod: name(pod), replaced: *replaced },
        Step::Schedule { pod, node: at } => Move::Schedule { pod: name(pod), node: node(*at) },
        Step::Preempt { pod, node: at, victims } => {
            Move::Preempt { pod: name(pod), node: node(*at), victims: names(victims) }
        }
        Step::End { pod, replaced } => Move::End { pod: name(pod), replaced: *replaced },
        Step::GiveUp { pod } => Move::GiveUp { pod: name(pod) },
        Step::ScaleDown { pods } => Move::ScaleDown { pods: names(pods) },
        Step::Renew { pod } => Move::Renew { pod: name(pod) },
        Step::Attach { pod } => Move::Attach { pod: name(pod) },
        Step::Autoscale { workload: id, desired } => {
            Move::Autoscale { workload: workload(cluster, *id), desired: *desired }
        }
        Step::Drain { pod, replaced } => Move::Drain { pod: name(pod), replaced: *replaced },
        Step::Clear { node: at } => Move::Clear { node: node(*at) },
        Step::Start { pod } => Move::Start { pod: name(pod) },
    }
}

/// The step of this name among those that may come next.
pub fn find<'s>(
    cluster: &Cluster,
    placement: &Placement,
    steps: &'s Steps,
    wanted: &Move,
) -> Option<&'s Step> {
    let mut all = steps.sure.iter().chain(&steps.possible);
    // Names are made only where kind and node are the same.
    all.find(|one| {
        let near = match (one, wanted) {
            (Step::Schedule { node, .. }, Move::Schedule { node: name, .. })
            | (Step::Preempt { node, .. }, Move::Preempt { node: name, .. }) => {
                cluster.node_name(*node) == name
            }
            (Step::Schedule { .. } | Step::Preempt { .. }, _)
            | (_, Move::Schedule { .. } | Move::Preempt { .. }) => false,
            _ => true,
        };
        near && step(cluster, placement, one) == *wanted
    })
}

/// The sorts of pods that have a name, looked up once somebody asks.
#[derive(Default)]
pub(crate) struct Sorts(OnceLock<BTreeMap<String, ClassId>>);

impl Sorts {
    /// The class of a sort.
    pub(crate) fn class(&self, cluster: &Cluster, name: &str) -> Result<ClassId, Flaw> {
        let known = self.0.get_or_init(|| sorts(cluster));
        known.get(name).copied().ok_or_else(|| Flaw::Room(name.to_owned()))
    }
}

/// The sorts of pods that have a name, by name.
pub fn sorts(cluster: &Cluster) -> BTreeMap<String, ClassId> {
    let pods = cluster.pods().iter();
    let next = pods.clone().map(|pod| (format!("next:{}", of_pod(cluster, pod)), pod.replacement));
    let now = pods.map(|pod| (format!("pod:{}", of_pod(cluster, pod)), pod.class));
    let templates = cluster.workload_ids().filter_map(|id| {
        let template = cluster.workload(id).template?;
        Some((format!("template:{}", workload(cluster, id)), template))
    });
    next.chain(now).chain(templates).collect()
}
