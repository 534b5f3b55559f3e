//! Objects as API servers print them, translated one at a time.
//!
//! Every kind has its lean type, which reads what decides something and skips the rest unread:
//! Secrets, data of ConfigMaps, environment variables and `last-applied-configuration` never get
//! in. What is read is interned at once; no JSON shape outlives its object.

mod admission;
mod affinity;
mod amounts;
pub(crate) mod context;
mod csi;
pub(crate) mod lean;
mod memo;
pub(crate) mod meta;
mod migration;
mod node;
pub(crate) mod pod;
pub(crate) mod podspec;
pub(crate) mod policy;
mod quota;
mod replicated;
mod requests;
mod selector;
pub(crate) mod storage;
pub(crate) mod table;
mod taint;
pub(crate) mod unread;
mod volumes;
pub(crate) mod workload;

use std::collections::BTreeSet;

use holdfast_cluster::budget::Budget;
use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::quota::Quota;
use holdfast_cluster::service::Service;
use holdfast_cluster::storage::{CephCluster, CephPool, LonghornReplica, LonghornVolume};
use holdfast_cluster::volume::{
    Attachment, CsiDriver, CsiNode, PodVolume, StorageCapacity, StorageClass, Volume,
};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Builder, Labels, Node, Symbol};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use serde::Deserialize;

use self::affinity::Bearer;
use self::context::{Complaint, Context};
use self::memo::{Known, Memo, Resized};
use self::meta::Meta;
use self::pod::{PodEntry, RawPod, RawPodStatus, StrictPod};
use self::podspec::{Draft, Owner, RawPodSpec};
use self::policy::{Autoscaler, PriorityClass, RuntimeClass};
use self::storage::ClaimEntry;
use self::table::{Put, Row, Table, Version};
use self::workload::WorkloadEntry;
use crate::{Diagnostic, ObjectRef, RawObject, Rule, Severity};

/// Everything read so far, before objects are brought together.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) builder: Builder,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) drafts: IndexSet<Draft, FxBuildHasher>,
    pub(crate) nodes: Table<Node>,
    pub(crate) pods: Table<PodEntry>,
    pub(crate) workloads: [Table<WorkloadEntry>; KINDS],
    pub(crate) namespaces: Table<Labels>,
    pub(crate) services: Table<Service>,
    pub(crate) budgets: Table<Budget>,
    pub(crate) quotas: Table<Option<Quota>>,
    pub(crate) claims: Table<ClaimEntry>,
    pub(crate) volumes: Table<Volume>,
    pub(crate) storage_classes: Table<StorageClass>,
    pub(crate) csi_nodes: Table<CsiNode>,
    pub(crate) csi_drivers: Table<CsiDriver>,
    pub(crate) storage_capacities: Table<StorageCapacity>,
    pub(crate) attachments: Table<Attachment>,
    pub(crate) priority_classes: Table<PriorityClass>,
    pub(crate) runtime_classes: Table<RuntimeClass>,
    pub(crate) autoscalers: Table<Autoscaler>,
    pub(crate) longhorn_volumes: Table<LonghornVolume>,
    pub(crate) longhorn_replicas: Table<LonghornReplica>,
    pub(crate) ceph_clusters: Table<CephCluster>,
    pub(crate) ceph_pools: Table<CephPool>,
    /// Versions and kinds that are not read.
    passed_over: BTreeSet<(String, String)>,
    memo: Memo,
    status_key: Vec<u8>,
    complaints: Vec<Complaint>,
    repeated: Repeated,
}

/// Objects that stood more than once, the same each time: told once for all of them.
#[derive(Default)]
struct Repeated {
    count: u64,
    first: Option<Diagnostic>,
}

/// How many kinds of workload Kubernetes ships.
const KINDS: usize = 7;

/// The shipped kinds, in the order in which their workloads are listed.
pub(crate) const WORKLOAD_KINDS: [WorkloadKind; KINDS] = [
    WorkloadKind::Deployment,
    WorkloadKind::ReplicaSet,
    WorkloadKind::ReplicationController,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
    WorkloadKind::CronJob,
    WorkloadKind::Job,
];

/// Every kind that is read, by group and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Node,
    Pod,
    Namespace,
    Service,
    Claim,
    Volume,
    Controller,
    Workload(usize),
    Budget { legacy: bool },
    Quota,
    StorageClass,
    CsiNode,
    CsiDriver,
    StorageCapacity,
    Attachment,
    PriorityClass,
    RuntimeClass,
    Autoscaler,
    LonghornVolume,
    LonghornReplica,
    CephCluster,
    CephPool,
}

/// The kind by its group and name. The group decides: `longhorn.io` has its own `Node`.
pub(crate) fn kind_of(api_version: &str, kind: &str) -> Option<Kind> {
    let at = |wanted| WORKLOAD_KINDS.iter().position(|kind| *kind == wanted).map(Kind::Workload);
    let group = crate::object::group_of(api_version);
    match (group, kind) {
        ("", _) => core_kind(kind),
        ("apps" | "extensions", "Deployment") => at(WorkloadKind::Deployment),
        ("apps" | "extensions", "ReplicaSet") => at(WorkloadKind::ReplicaSet),
        ("apps" | "extensions", "DaemonSet") => at(WorkloadKind::DaemonSet),
        ("apps", "StatefulSet") => at(WorkloadKind::StatefulSet),
        ("batch", "Job") => at(WorkloadKind::Job),
        ("batch", "CronJob") => at(WorkloadKind::CronJob),
        ("policy", "PodDisruptionBudget") => {
            Some(Kind::Budget { legacy: api_version == "policy/v1beta1" })
        }
        ("storage.k8s.io", "StorageClass") => Some(Kind::StorageClass),
        ("storage.k8s.io", "CSINode") => Some(Kind::CsiNode),
        ("storage.k8s.io", "CSIDriver") => Some(Kind::CsiDriver),
        ("storage.k8s.io", "CSIStorageCapacity") => Some(Kind::StorageCapacity),
        ("storage.k8s.io", "VolumeAttachment") => Some(Kind::Attachment),
        ("scheduling.k8s.io", "PriorityClass") => Some(Kind::PriorityClass),
        ("node.k8s.io", "RuntimeClass") => Some(Kind::RuntimeClass),
        ("autoscaling", "HorizontalPodAutoscaler") => Some(Kind::Autoscaler),
        ("longhorn.io", "Volume") => Some(Kind::LonghornVolume),
        ("longhorn.io", "Replica") => Some(Kind::LonghornReplica),
        ("ceph.rook.io", "CephCluster") => Some(Kind::CephCluster),
        ("ceph.rook.io", "CephBlockPool") => Some(Kind::CephPool),
        _ => None,
    }
}

fn core_kind(kind: &str) -> Option<Kind> {
    Some(match kind {
        "Node" => Kind::Node,
        "Pod" => Kind::Pod,
        "Namespace" => Kind::Namespace,
        "Service" => Kind::Service,
        "PersistentVolumeClaim" => Kind::Claim,
        "PersistentVolume" => Kind::Volume,
        "ReplicationController" => Kind::Controller,
        "ResourceQuota" => Kind::Quota,
        _ => return None,
    })
}

/// Kinds as [`holdfast_cluster::coverage::Coverage`] knows them.
pub(crate) fn input_kind(group: &str, kind: &str) -> Option<InputKind> {
    let found = kind_of(&format!("{group}/v1"), kind)?;
    Some(match found {
        Kind::Node => InputKind::Node,
        Kind::Pod => InputKind::Pod,
        Kind::Namespace => InputKind::Namespace,
        Kind::Service => InputKind::Service,
        Kind::Claim => InputKind::PersistentVolumeClaim,
        Kind::Volume => InputKind::PersistentVolume,
        Kind::Controller => InputKind::ReplicationController,
        Kind::Workload(at) => match WORKLOAD_KINDS[at] {
            WorkloadKind::Deployment => InputKind::Deployment,
            WorkloadKind::ReplicaSet => InputKind::ReplicaSet,
            WorkloadKind::StatefulSet => InputKind::StatefulSet,
            WorkloadKind::DaemonSet => InputKind::DaemonSet,
            WorkloadKind::Job => InputKind::Job,
            _ => InputKind::CronJob,
        },
        Kind::Budget { .. } => InputKind::PodDisruptionBudget,
        Kind::StorageClass => InputKind::StorageClass,
        Kind::CsiNode => InputKind::CsiNode,
        Kind::CsiDriver => InputKind::CsiDriver,
        Kind::StorageCapacity => InputKind::CsiStorageCapacity,
        Kind::Attachment => InputKind::VolumeAttachment,
        Kind::PriorityClass => InputKind::PriorityClass,
        Kind::Autoscaler => InputKind::HorizontalPodAutoscaler,
        Kind::Quota
        | Kind::RuntimeClass
        | Kind::LonghornVolume
        | Kind::LonghornReplica
        | Kind::CephCluster
        | Kind::CephPool => return None,
    })
}

/// An object that is translated on its own.
trait Item<'a>: Deserialize<'a> {
    /// What it becomes.
    type Value: PartialEq;

    fn meta(&self) -> Option<&Meta<'_>>;

    fn read(&self, kind: Kind, context: &mut Context<'_>) -> Self::Value;

    /// Where objects of its kind are gathered.
    fn table(kind: Kind, gathered: &mut Gathered) -> &mut Table<Self::Value>;
}

macro_rules! items {
    ($($raw:ty => $value:ty, $table:ident;)*) => {$(
        impl<'a> Item<'a> for $raw {
            type Value = $value;

            fn meta(&self) -> Option<&Meta<'_>> {
                self.metadata.as_ref()
            }

            fn read(&self, _: Kind, context: &mut Context<'_>) -> $value {
                self.read(context)
            }

            fn table(_: Kind, gathered: &mut Gathered) -> &mut Table<$value> {
                &mut gathered.$table
            }
        }
    )*};
}

items! {
    node::RawNode<'a> => Node, nodes;
    policy::RawNamespace<'a> => Labels, namespaces;
    policy::RawService<'a> => Service, services;
    quota::RawQuota<'a> => Option<Quota>, quotas;
    policy::RawPriorityClass<'a> => PriorityClass, priority_classes;
    policy::RawRuntimeClass<'a> => RuntimeClass, runtime_classes;
    policy::RawAutoscaler<'a> => Autoscaler, autoscalers;
    storage::RawClaim<'a> => ClaimEntry, claims;
    storage::RawVolume<'a> => Volume, volumes;
    storage::RawClass<'a> => StorageClass, storage_classes;
    csi::RawCapacity<'a> => StorageCapacity, storage_capacities;
    csi::RawCsiNode<'a> => CsiNode, csi_nodes;
    csi::RawCsiDriver<'a> => CsiDriver, csi_drivers;
    csi::RawAttachment<'a> => Attachment, attachments;
    replicated::RawLonghornVolume<'a> => LonghornVolume, longhorn_volumes;
    replicated::RawReplica<'a> => LonghornReplica, longhorn_replicas;
    replicated::RawCephCluster<'a> => CephCluster, ceph_clusters;
    replicated::RawCephPool<'a> => CephPool, ceph_pools;
}

impl<'a> Item<'a> for policy::RawBudget<'a> {
    type Value = Budget;

    fn meta(&self) -> Option<&Meta<'_>> {
        self.metadata.as_ref()
    }

    fn read(&self, kind: Kind, context: &mut Context<'_>) -> Budget {
        self.read(kind == Kind::Budget { legacy: true }, context)
    }

    fn table(_: Kind, gathered: &mut Gathered) -> &mut Table<Budget> {
        &mut gathered.budgets
    }
}

impl<'a> Item<'a> for workload::RawController<'a> {
    type Value = WorkloadEntry;

    fn meta(&self) -> Option<&Meta<'_>> {
        self.metadata.as_ref()
    }

    fn read(&self, _: Kind, context: &mut Context<'_>) -> WorkloadEntry {
        self.read(context)
    }

    fn table(_: Kind, gathered: &mut Gathered) -> &mut Table<WorkloadEntry> {
        &mut gathered.workloads[CONTROLLERS]
    }
}

impl<'a> Item<'a> for workload::RawWorkload<'a> {
    type Value = WorkloadEntry;

    fn meta(&self) -> Option<&Meta<'_>> {
        self.metadata.as_ref()
    }

    fn read(&self, kind: Kind, context: &mut Context<'_>) -> WorkloadEntry {
        self.read(WORKLOAD_KINDS[place(kind)], context)
    }

    fn table(kind: Kind, gathered: &mut Gathered) -> &mut Table<WorkloadEntry> {
        &mut gathered.workloads[place(kind)]
    }
}

/// Where ReplicationControllers stand among the kinds of workload.
const CONTROLLERS: usize = 2;

/// Where a kind stands among the kinds of workload.
fn place(kind: Kind) -> usize {
    match kind {
        Kind::Workload(at) => at,
        _ => CONTROLLERS,
    }
}

/// What any object tells about itself.
struct Head {
    namespace: Symbol,
    name: Symbol,
    version: Version,
}

impl Gathered {
    /// Reads one object.
    pub(crate) fn read(&mut self, raw: &RawObject<'_>) {
        let Some(kind) = kind_of(&raw.api_version, &raw.kind) else { return self.pass_over(raw) };
        let told = match kind {
            Kind::Pod => self.pod(raw),
            Kind::Node => self.take::<node::RawNode<'_>>(kind, raw),
            Kind::Namespace => self.take::<policy::RawNamespace<'_>>(kind, raw),
            Kind::Service => self.take::<policy::RawService<'_>>(kind, raw),
            Kind::Controller => self.take::<workload::RawController<'_>>(kind, raw),
            Kind::Workload(_) => self.take::<workload::RawWorkload<'_>>(kind, raw),
            Kind::Claim => self.take::<storage::RawClaim<'_>>(kind, raw),
            Kind::Volume => self.take::<storage::RawVolume<'_>>(kind, raw),
            Kind::StorageClass => self.take::<storage::RawClass<'_>>(kind, raw),
            Kind::StorageCapacity => self.take::<csi::RawCapacity<'_>>(kind, raw),
            Kind::CsiNode => self.take::<csi::RawCsiNode<'_>>(kind, raw),
            Kind::CsiDriver => self.take::<csi::RawCsiDriver<'_>>(kind, raw),
            Kind::Attachment => self.take::<csi::RawAttachment<'_>>(kind, raw),
            Kind::Budget { .. } => self.take::<policy::RawBudget<'_>>(kind, raw),
            Kind::Quota => self.take::<quota::RawQuota<'_>>(kind, raw),
            Kind::PriorityClass => self.take::<policy::RawPriorityClass<'_>>(kind, raw),
            Kind::RuntimeClass => self.take::<policy::RawRuntimeClass<'_>>(kind, raw),
            Kind::Autoscaler => self.take::<policy::RawAutoscaler<'_>>(kind, raw),
            Kind::LonghornVolume => self.take::<replicated::RawLonghornVolume<'_>>(kind, raw),
            Kind::LonghornReplica => self.take::<replicated::RawReplica<'_>>(kind, raw),
            Kind::CephCluster => self.take::<replicated::RawCephCluster<'_>>(kind, raw),
            Kind::CephPool => self.take::<replicated::RawCephPool<'_>>(kind, raw),
        };
        if let Err(diagnostic) = told {
            self.diagnostics.push(*diagnostic);
        }
    }

    /// Kinds that decide nothing are left unread; one that does not exist is told once.
    fn pass_over(&mut self, raw: &RawObject<'_>) {
        let kind = (raw.api_version.clone().into_owned(), raw.kind.clone().into_owned());
        if !self.passed_over.contains(&kind) {
            self.diagnostics.extend(unread::unknown_kind(raw, Severity::Warning));
            self.passed_over.insert(kind);
        }
    }

    /// Parses an object, translates it and puts it into its table.
    fn take<'a, I: Item<'a>>(
        &mut self,
        kind: Kind,
        raw: &RawObject<'a>,
    ) -> Result<(), Box<Diagnostic>> {
        let item: I = raw.parse()?;
        let head = self.head(item.meta(), raw)?;
        let value = item.read(kind, &mut self.context());
        if !self.tell_complaints(raw, &head) {
            let row = Row { value, version: head.version, origin: Some(raw.origin()) };
            let put = I::table(kind, self).put((head.namespace, head.name), row);
            self.tell_put(put, raw, &head);
        }
        Ok(())
    }

    fn pod(&mut self, raw: &RawObject<'_>) -> Result<(), Box<Diagnostic>> {
        let item: RawPod<'_> = raw.parse()?;
        let head = self.head(item.metadata.as_ref(), raw)?;
        let mut context = self.context();
        let labels = match &item.metadata {
            Some(meta) => context.labels(&meta.labels),
            None => Labels::default(),
        };
        let labels = context.builder.labels(labels);
        let mut entry = item.entry(labels, &mut context);
        let (known, replacement) = self.spec(raw, &item, &entry)?;
        entry.draft = self.resized(&item, known);
        entry.replacement = replacement.unwrap_or(known.draft);
        if !self.tell_complaints(raw, &head) {
            let row = Row { value: entry, version: head.version, origin: Some(raw.origin()) };
            let put = self.pods.put((head.namespace, head.name), row);
            self.tell_put(put, raw, &head);
        }
        Ok(())
    }

    /// Translates a pod's spec, or finds one like it. Gives the draft of the next pod where it
    /// differs.
    fn spec(
        &mut self,
        raw: &RawObject<'_>,
        item: &RawPod<'_>,
        entry: &PodEntry,
    ) -> Result<(Known, Option<u32>), Box<Diagnostic>> {
        let namespace = item.metadata.as_ref().map_or("default", Meta::namespace);
        if let Some(known) = self.memo.find(&item.spec, namespace, entry.labels) {
            let draft = known.repin(&self.drafts[known.draft as usize], entry.node);
            let number = draft.map_or(known.draft, |draft| self.draft(draft));
            return Ok((Known { draft: number, ..known }, None));
        }
        let json = item.spec.json();
        let strict;
        let spec = if let Ok(spec) = serde_json::from_str::<RawPodSpec<'_>>(&json) {
            Some(spec)
        } else {
            // Parsing the whole object again tells the place.
            strict = raw.parse::<StrictPod<'_>>()?;
            strict.spec
        };
        let spec = spec.unwrap_or_default();
        let labels = self.builder.so_far().labels(entry.labels).clone();
        let bearer = Bearer { namespace: entry.namespace, labels: &labels };
        let name = item.metadata.as_ref().map_or("", |meta| &meta.name);
        let (draft, demand) = spec.translate(Owner { name, bearer }, &mut self.context());
        let ephemeral = draft
            .spec
            .volumes
            .iter()
            .any(|volume| matches!(volume, PodVolume::Claim { ephemeral: true, .. }));
        let number = self.draft(draft.clone());
        if !ephemeral && self.complaints.is_empty() {
            let known = self.memo.keep(&draft, number, demand, entry.node);
            return Ok((known, None));
        }
        let known = self.memo.unkept(number, demand);
        let replacement = ephemeral.then(|| {
            // The next pod has another name, and its claims with it.
            let (next, _) = spec.translate(Owner { name: "", bearer }, &mut self.context());
            self.draft(next)
        });
        Ok((known, replacement))
    }

    /// The draft of a pod as it stands: with what the kubelet has given, where an in-place resize
    /// is under way.
    fn resized(&mut self, item: &RawPod<'_>, known: Known) -> u32 {
        let Some(status) = &item.status else { return known.draft };
        let mut key = std::mem::take(&mut self.status_key);
        key.clear();
        status.given_key(&mut key);
        if key.is_empty() {
            self.status_key = key;
            return known.draft;
        }
        key.extend(known.demand.to_le_bytes());
        let before = self.memo.resized(&key).cloned();
        let resized = before.unwrap_or_else(|| self.resize(status, known, &key));
        self.status_key = key;
        let Some((requests, scored_requests)) = resized else { return known.draft };
        let mut draft = self.drafts[known.draft as usize].clone();
        draft.spec.requests = requests;
        draft.spec.scored_requests = scored_requests;
        self.draft(draft)
    }

    /// What a resource status makes of a demand, where it makes a difference.
    fn resize(&mut self, status: &RawPodStatus<'_>, known: Known, key: &[u8]) -> Resized {
        let mut context = Context { builder: &mut self.builder, complaints: &mut self.complaints };
        let demand = self.memo.demand_at(known.demand);
        let given = status.given(&mut context);
        let as_it_stands = demand.requests(given.as_ref(), &mut context);
        let plain = demand.requests(None, &mut context);
        let resized = (as_it_stands != plain).then_some(as_it_stands);
        if self.complaints.is_empty() {
            self.memo.keep_resized(key, resized.clone());
        }
        resized
    }

    /// Numbers a draft.
    fn draft(&mut self, draft: Draft) -> u32 {
        self.drafts.insert_full(draft).0 as u32
    }

    /// The interner, lent to the translation of one object.
    pub(crate) fn context(&mut self) -> Context<'_> {
        Context { builder: &mut self.builder, complaints: &mut self.complaints }
    }

    fn head(
        &mut self,
        meta: Option<&Meta<'_>>,
        raw: &RawObject<'_>,
    ) -> Result<Head, Box<Diagnostic>> {
        let Some(meta) = meta.filter(|meta| !meta.name.is_empty()) else {
            let detail = meta.map_or("", |_| "metadata.name is missing");
            return Err(Box::new(self.about(Rule::NoName, raw.loss(), raw, None, detail)));
        };
        let mut context = self.context();
        // A cluster's own objects have one name in all of it, whatever a manifest says of a
        // namespace.
        let namespace = if namespaced(&raw.kind) { meta.namespace() } else { "" };
        Ok(Head {
            namespace: context.intern(namespace),
            name: context.intern(&meta.name),
            version: Version {
                uid: context.intern_some(&meta.uid),
                number: meta.resource_version.parse().unwrap_or(0),
            },
        })
    }

    /// Tells what is wrong inside an object. True when it must be left out.
    fn tell_complaints(&mut self, raw: &RawObject<'_>, head: &Head) -> bool {
        let mut left_out = false;
        for complaint in std::mem::take(&mut self.complaints) {
            let lost = matches!(complaint.rule, Rule::BadQuantity | Rule::BadPort);
            let severity = if lost { raw.loss() } else { Severity::Warning };
            left_out |= lost;
            let told = self.about(complaint.rule, severity, raw, Some(head), &complaint.detail);
            self.diagnostics.push(told);
        }
        left_out
    }

    fn tell_put(&mut self, put: Put, raw: &RawObject<'_>, head: &Head) {
        match put {
            Put::New => {}
            // That is what was asked for.
            Put::Differs if raw.is_laid_over() => {}
            Put::Same => {
                self.repeated.count += 1;
                if self.repeated.first.is_none() {
                    let rule = Rule::SameObjectTwice;
                    self.repeated.first =
                        Some(self.about(rule, Severity::Note, raw, Some(head), ""));
                }
            }
            Put::Differs => {
                let detail = "the newest was kept";
                let rule = Rule::ObjectsDiffer;
                let told = self.about(rule, Severity::Warning, raw, Some(head), detail);
                self.diagnostics.push(told);
            }
        }
    }

    /// Tells once of all objects that stood more than once.
    pub(crate) fn tell_repeated(&mut self) {
        if let Some(mut told) = self.repeated.first.take() {
            told.detail = format!("{} objects in all", self.repeated.count);
            self.diagnostics.push(told);
        }
    }

    fn about(
        &self,
        rule: Rule,
        severity: Severity,
        raw: &RawObject<'_>,
        head: Option<&Head>,
        detail: &str,
    ) -> Diagnostic {
        let text = |symbol| self.builder.so_far().text(symbol).to_owned();
        let object = match head {
            Some(head) => ObjectRef {
                kind: raw.kind.clone().into_owned(),
                namespace: namespaced(&raw.kind).then(|| text(head.namespace)),
                name: text(head.name),
            },
            None => raw.reference(),
        };
        let place = Some(raw.place_at(0));
        Diagnostic { rule, severity, place, object: Some(object), detail: detail.to_owned() }
    }
}

/// Whether objects of a kind that is read live in namespaces.
fn namespaced(kind: &str) -> bool {
    !matches!(
        kind,
        "Node"
            | "Namespace"
            | "PersistentVolume"
            | "StorageClass"
            | "CSINode"
            | "CSIDriver"
            | "VolumeAttachment"
            | "PriorityClass"
            | "RuntimeClass"
    )
}
