//! Pods.

use holdfast_cluster::pod::Phase;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{LabelsId, Symbol};
use serde::Deserialize;

use super::amounts::Amounts;
use super::context::Context;
use super::lean::{self, List, Pairs, Text};
use super::memo::SpecPieces;
use super::meta::{self, Meta, OwnerReference};
use super::podspec::RawPodSpec;
use super::requests::{Given, RawResources, RawStatuses};

/// `v1.Pod`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawPod<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    pub(crate) spec: SpecPieces<'a>,
    pub(crate) status: Option<RawPodStatus<'a>>,
}

/// The same with its spec read at once, to tell what is wrong with it, and where.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct StrictPod<'a> {
    pub(crate) spec: Option<RawPodSpec<'a>>,
}

/// `v1.PodStatus`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct RawPodStatus<'a> {
    phase: Text<'a>,
    conditions: List<RawCondition<'a>>,
    start_time: Text<'a>,
    nominated_node_name: Text<'a>,
    container_statuses: RawStatuses<'a>,
    init_container_statuses: RawStatuses<'a>,
    resources: Option<RawResources<'a>>,
    allocated_resources: Pairs<'a>,
}

/// A condition of any object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawCondition<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: Text<'a>,
    pub(crate) status: Text<'a>,
    pub(crate) reason: Text<'a>,
    pub(crate) message: Text<'a>,
}

/// What made a pod, as its owner reference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Maker {
    pub(crate) kind: WorkloadKind,
    pub(crate) name: Symbol,
}

/// A pod before its spec is resolved and its owner found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PodEntry {
    pub(crate) namespace: Symbol,
    pub(crate) name: Symbol,
    pub(crate) labels: LabelsId,
    /// What it asks for as it stands, by number of its draft.
    pub(crate) draft: u32,
    /// What a pod made in its stead asks for.
    pub(crate) replacement: u32,
    pub(crate) node: Option<Symbol>,
    pub(crate) phase: Phase,
    pub(crate) ready: bool,
    pub(crate) terminating: bool,
    pub(crate) mirror: bool,
    pub(crate) maker: Option<Maker>,
    pub(crate) nominated_node: Option<Symbol>,
    pub(crate) start_time: Option<i64>,
    pub(crate) created: Option<i64>,
    pub(crate) uid: Option<Symbol>,
    pub(crate) deletion_cost: i32,
    pub(crate) preempted: bool,
    pub(crate) scheduling_message: Option<Symbol>,
    /// Made by Holdfast.
    pub(crate) expanded: bool,
}

impl PodEntry {
    /// Counts as one of its owner's pods (`IsPodActive`, `pkg/controller/controller_utils.go`).
    pub(crate) fn is_active(&self) -> bool {
        !self.phase.is_terminal() && !self.terminating
    }
}

impl RawPodStatus<'_> {
    fn phase(&self) -> Phase {
        match &*self.phase {
            "Running" => Phase::Running,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            "Unknown" => Phase::Unknown,
            // The API server starts every pod as pending.
            _ => Phase::Pending,
        }
    }

    fn condition(&self, kind: &str) -> Option<&RawCondition<'_>> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }

    /// The text of what the kubelet says it has given; empty where it says nothing.
    pub(crate) fn given_key(&self, key: &mut Vec<u8>) {
        let mut list = |pairs: &Pairs<'_>| {
            for (name, amount) in pairs.iter() {
                for part in [name, amount] {
                    key.extend(part.as_bytes());
                    key.push(0);
                }
            }
            key.push(1);
        };
        let mut said = false;
        for status in self.container_statuses.iter().chain(self.init_container_statuses.iter()) {
            let Some(resources) = &status.resources else { continue };
            list(&Pairs(vec![(status.name.clone(), Text::default())]));
            list(&resources.requests);
            list(&status.allocated_resources);
            said = true;
        }
        if let Some(resources) = &self.resources {
            list(&Pairs::default());
            list(&resources.requests);
            list(&self.allocated_resources);
            said = true;
        }
        if said {
            key.push(u8::from(self.infeasible()));
        }
    }

    fn infeasible(&self) -> bool {
        self.condition("PodResizePending").is_some_and(|c| &*c.reason == "Infeasible")
    }

    /// What the kubelet says it has given, where it says anything.
    pub(crate) fn given(&self, context: &mut Context<'_>) -> Option<Given> {
        let mut given = Given::default();
        given.add(&self.container_statuses, context);
        given.add(&self.init_container_statuses, context);
        given.pod = self.resources.as_ref().map(|resources| {
            let actuated = Amounts::read(&resources.requests, context);
            (actuated, Amounts::read(&self.allocated_resources, context))
        });
        given.infeasible = self.infeasible();
        (!given.containers.is_empty() || given.pod.is_some()).then_some(given)
    }
}

/// What an owner reference says of the maker; `None` for a mirror pod's node.
pub(crate) fn maker(owner: &OwnerReference<'_>, context: &mut Context<'_>) -> Option<Maker> {
    let group = crate::object::group_of(&owner.api_version);
    let kind = match (group, &*owner.kind) {
        ("", "Node") => return None,
        ("", "ReplicationController") => WorkloadKind::ReplicationController,
        ("apps" | "extensions", "ReplicaSet") => WorkloadKind::ReplicaSet,
        ("apps" | "extensions", "Deployment") => WorkloadKind::Deployment,
        ("apps" | "extensions", "DaemonSet") => WorkloadKind::DaemonSet,
        ("apps", "StatefulSet") => WorkloadKind::StatefulSet,
        ("batch", "Job") => WorkloadKind::Job,
        ("batch", "CronJob") => WorkloadKind::CronJob,
        (group, kind) => WorkloadKind::Custom(custom(group, kind, context)),
    };
    Some(Maker { kind, name: context.intern(&owner.name) })
}

/// The name of a foreign kind; one that sounds like a kind of Kubernetes' own gets its group.
fn custom(group: &str, kind: &str, context: &mut Context<'_>) -> Symbol {
    let shipped = [
        "Deployment",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "Pod",
    ];
    if shipped.contains(&kind) {
        context.intern(&format!("{kind}.{group}"))
    } else {
        context.intern(kind)
    }
}

impl RawPod<'_> {
    /// Everything of the pod but its drafts.
    pub(crate) fn entry(&self, labels: LabelsId, context: &mut Context<'_>) -> PodEntry {
        let empty = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&empty);
        let no_status = RawPodStatus::default();
        let status = self.status.as_ref().unwrap_or(&no_status);
        let scheduled = status.condition("PodScheduled").filter(|c| &*c.status == "False");
        let owner = meta.controller();
        let by_node = owner.is_some_and(|owner| &*owner.kind == "Node");
        PodEntry {
            namespace: context.intern(meta.namespace()),
            name: context.intern(&meta.name),
            labels,
            draft: 0,
            replacement: 0,
            node: context.intern_some(&self.spec.node_name),
            phase: status.phase(),
            ready: status.condition("Ready").is_some_and(|c| &*c.status == "True"),
            terminating: meta.terminating(),
            mirror: by_node || meta.annotations.get(lean::MIRROR).is_some(),
            maker: owner.and_then(|owner| maker(owner, context)),
            nominated_node: context.intern_some(&status.nominated_node_name),
            start_time: meta::seconds(&status.start_time),
            created: meta::seconds(&meta.creation_timestamp),
            uid: context.intern_some(&meta.uid),
            deletion_cost: meta.deletion_cost(),
            preempted: status
                .condition("DisruptionTarget")
                .is_some_and(|c| &*c.status == "True" && &*c.reason == "PreemptionByScheduler"),
            scheduling_message: scheduled.and_then(|c| context.intern_some(&c.message)),
            expanded: false,
        }
    }
}
