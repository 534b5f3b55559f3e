//! Which object of the input is which thing of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, NodeId, PodId, WorkloadId};

use super::{Raw, text_at};
use crate::objects::{Kind, kind_of};
use crate::{Origin, Origins};

/// What an object of the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Node(NodeId),
    /// It goes with a node.
    OfNode(NodeId),
    Pod(PodId),
    Workload(WorkloadId),
    /// A budget, by position.
    Budget(usize),
    /// A version of another object that was not kept.
    Superseded,
    /// Nothing that changes.
    Other,
}

/// Which object is which, by where it was read.
#[derive(Debug)]
pub(super) struct Slots {
    by_origin: BTreeMap<Origin, Slot>,
    /// Namespaces and names of the claims that were read.
    pub(super) claims: BTreeSet<(String, String)>,
    /// Pods that were read.
    pub(super) pods: BTreeSet<PodId>,
}

impl Slots {
    pub(super) fn new(raws: &[Raw], cluster: &Cluster, origins: &Origins) -> Self {
        let kept = kept(cluster, origins);
        let is_kept = |raw: &&Raw| kept.contains_key(&(raw.origin, group(raw)));
        let names: BTreeSet<_> = raws.iter().filter(is_kept).map(name).collect();
        let mut slots =
            Self { by_origin: BTreeMap::new(), claims: BTreeSet::new(), pods: BTreeSet::new() };
        for raw in raws {
            let slot = match kind_of(&raw.api_version, &raw.kind) {
                Some(Kind::Node | Kind::Pod | Kind::Controller | Kind::Workload(_)) => {
                    match kept.get(&(raw.origin, group(raw))) {
                        Some(slot) => *slot,
                        None if names.contains(&name(raw)) => Slot::Superseded,
                        // It could not be read, or decides nothing: an empty ReplicaSet.
                        None => Slot::Other,
                    }
                }
                Some(Kind::Budget { .. }) => budget(raw, cluster),
                Some(Kind::CsiNode) => of_node(text_at(&raw.object, ["metadata", "name"]), cluster),
                Some(Kind::Attachment) => {
                    of_node(text_at(&raw.object, ["spec", "nodeName"]), cluster)
                }
                Some(Kind::Claim) => {
                    let (_, namespace, name) = name(raw);
                    slots.claims.insert((namespace, name));
                    Slot::Other
                }
                _ => Slot::Other,
            };
            if let Slot::Pod(id) = slot {
                slots.pods.insert(id);
            }
            slots.by_origin.insert(raw.origin, slot);
        }
        slots
    }

    pub(super) fn of(&self, raw: &Raw) -> Slot {
        self.by_origin.get(&raw.origin).copied().unwrap_or(Slot::Other)
    }
}

/// Whether an object is a node, a pod or a workload: a bare pod is its own workload, and both were
/// read in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Node,
    Pod,
    Workload,
}

fn group(raw: &Raw) -> Group {
    match kind_of(&raw.api_version, &raw.kind) {
        Some(Kind::Node) => Group::Node,
        Some(Kind::Pod) => Group::Pod,
        _ => Group::Workload,
    }
}

/// The version of each node, pod and workload that was kept.
fn kept(cluster: &Cluster, origins: &Origins) -> BTreeMap<(Origin, Group), Slot> {
    let nodes = cluster.node_ids().filter_map(|id| {
        let origin = origins.node(cluster, id)?;
        Some(((origin, Group::Node), Slot::Node(id)))
    });
    let pods = cluster.pod_ids().filter_map(|id| {
        let origin = origins.pod(id)?;
        Some(((origin, Group::Pod), Slot::Pod(id)))
    });
    let makes = |id: &WorkloadId| {
        !matches!(cluster.workload(*id).kind, WorkloadKind::Pod | WorkloadKind::StaticPod)
    };
    let workloads = cluster.workload_ids().filter(makes).filter_map(|id| {
        let origin = origins.workload(id)?;
        Some(((origin, Group::Workload), Slot::Workload(id)))
    });
    nodes.chain(pods).chain(workloads).collect()
}

/// Kind, namespace and name.
fn name(raw: &Raw) -> (String, String, String) {
    let namespace = match text_at(&raw.object, ["metadata", "namespace"]) {
        _ if raw.kind == "Node" => "",
        "" => "default",
        given => given,
    };
    let name = text_at(&raw.object, ["metadata", "name"]);
    (raw.kind.clone(), namespace.to_owned(), name.to_owned())
}

fn budget(raw: &Raw, cluster: &Cluster) -> Slot {
    let (_, namespace, name) = name(raw);
    let found = cluster.objects().budgets.iter().position(|budget| {
        cluster.text(budget.namespace) == namespace && cluster.text(budget.name) == name
    });
    found.map_or(Slot::Other, Slot::Budget)
}

fn of_node(name: &str, cluster: &Cluster) -> Slot {
    let node = cluster.find(name).and_then(|name| cluster.node_named(name));
    node.map_or(Slot::Other, Slot::OfNode)
}
