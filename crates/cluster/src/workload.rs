//! Workloads: whatever makes pods, and pods that nothing makes.

use crate::budget::Amount;
use crate::selector::LabelSelector;
use crate::{ClassId, Cluster, Symbol, WorkloadId};

/// What kind of thing makes the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// `apps/Deployment`.
    Deployment,
    /// `apps/ReplicaSet`.
    ReplicaSet,
    /// `v1/ReplicationController`.
    ReplicationController,
    /// `apps/StatefulSet`.
    StatefulSet,
    /// `apps/DaemonSet`.
    DaemonSet,
    /// `batch/Job`.
    Job,
    /// `batch/CronJob`.
    CronJob,
    /// Static pods of one name, a file on each of their nodes.
    StaticPod,
    /// A pod that nothing makes.
    Pod,
    /// A kind that Kubernetes does not ship, by its name: who knows what its controller does.
    Custom(Symbol),
}

impl WorkloadKind {
    /// The kind as Kubernetes spells it.
    pub fn name(self, cluster: &Cluster) -> &str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::StaticPod => "StaticPod",
            Self::Pod => "Pod",
            Self::Custom(kind) => cluster.text(kind),
        }
    }
}

/// How a workload replaces its pods when its template changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All old ones end before the first new one starts (Deployments).
    Recreate,
    /// A few at a time (Deployments and DaemonSets).
    RollingUpdate {
        /// How many may be missing.
        max_unavailable: Amount,
        /// How many may be added.
        max_surge: Amount,
    },
    /// One at a time, from the highest number down to this one (StatefulSets).
    Ordered {
        /// Pods of lower numbers stay as they are.
        partition: u32,
    },
    /// When somebody deletes the old pod (StatefulSets and DaemonSets).
    OnDelete,
}

/// What a Job makes of pods that are lost to failures and evictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Losses {
    /// They count as failed: the Job gives up when it loses more than so many (`backoffLimit`).
    Counted(i64),
    /// They do not count (its `podFailurePolicy` ignores disruptions).
    Ignored,
    /// It asks how their containers ended, or counts them index by index.
    Unknown,
}

/// Whether the workload itself was in the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// The object was there, or was made as its controller would make it.
    Read,
    /// It was not: name and kind follow from its pods' owner references, the count from their
    /// number.
    Inferred,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What it is.
    pub kind: WorkloadKind,
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// What made it in turn: the Deployment of a ReplicaSet, the CronJob of a Job.
    pub owner: Option<WorkloadId>,
    /// What made it that makes no pods by itself: an operator's object, by kind and name.
    pub made_by: Option<(WorkloadKind, Symbol)>,
    /// How many pods it wants. For DaemonSets and static pods the number follows from the nodes,
    /// and this is what was counted.
    pub desired: i64,
    /// Its pods, as it would select them.
    pub selector: LabelSelector,
    /// What its next pod asks for, where its template is known. For a StatefulSet without its
    /// pod's ordinal, for a DaemonSet without the node's name.
    pub template: Option<ClassId>,
    /// The priority class of its next pod, where it has one.
    pub priority_class: Option<Symbol>,
    /// How it rolls out, where it does.
    pub strategy: Option<Strategy>,
    /// Which rollout of its Deployment a ReplicaSet belongs to
    /// (`deployment.kubernetes.io/revision`), zero where that is not told.
    pub revision: i64,
    /// A ReplicaSet that is not there yet: the one that the Deployment's so-manieth rollout from
    /// now will make. Zero for all that exist.
    pub rollout: u32,
    /// The number of a StatefulSet's first pod.
    pub first_ordinal: u32,
    /// A StatefulSet that starts its pods all at once (`podManagementPolicy: Parallel`).
    pub parallel: bool,
    /// A Job that makes another pod only once the one before has ended
    /// (`podReplacementPolicy: Failed`).
    pub replaces_ended: bool,
    /// What a Job makes of pods that it loses; other workloads ignore how many these are.
    pub losses: Losses,
    /// The lowest and highest replica count a `HorizontalPodAutoscaler` may set.
    pub autoscaled: Option<(i64, i64)>,
    /// Where the facts come from.
    pub provenance: Provenance,
    /// For how many seconds a pod must be ready before it counts as available to rollouts and to
    /// the order of a StatefulSet (`minReadySeconds`).
    pub min_ready_seconds: i64,
    /// What the deletion of its next pods costs (`controller.kubernetes.io/pod-deletion-cost` of
    /// its template).
    pub deletion_cost: i32,
    /// Suspended, or finished (Jobs, CronJobs).
    pub inactive: bool,
    /// Whether a `ResourceQuota` may keep its pods from being made. [`Builder::finish`] tells.
    ///
    /// [`Builder::finish`]: crate::Builder::finish
    pub rationed: bool,
}

impl Workload {
    /// Whether nobody knows if its pods are made again: by its own controller, or by a quota.
    pub fn is_unpredictable(&self) -> bool {
        match self.kind {
            WorkloadKind::Custom(_) => true,
            WorkloadKind::Pod | WorkloadKind::StaticPod => false,
            _ => self.rationed,
        }
    }
}
