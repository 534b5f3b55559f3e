//! Which kinds of object an export held, and hence what their absence proves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Kinds that change verdicts and that exports often lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum InputKind {
    /// `v1/Node`.
    Node,
    /// `v1/Pod`.
    Pod,
    /// `v1/Namespace`: namespace selectors read their labels.
    Namespace,
    /// `apps/Deployment`.
    Deployment,
    /// `apps/ReplicaSet`.
    ReplicaSet,
    /// `apps/StatefulSet`.
    StatefulSet,
    /// `apps/DaemonSet`.
    DaemonSet,
    /// `v1/ReplicationController`.
    ReplicationController,
    /// `batch/Job`.
    Job,
    /// `batch/CronJob`.
    CronJob,
    /// `v1/Service`: default spread constraints read their selectors.
    Service,
    /// `policy/PodDisruptionBudget`.
    PodDisruptionBudget,
    /// `v1/PersistentVolume`.
    PersistentVolume,
    /// `v1/PersistentVolumeClaim`.
    PersistentVolumeClaim,
    /// `storage.k8s.io/StorageClass`.
    StorageClass,
    /// `storage.k8s.io/CSINode`: attach limits.
    CsiNode,
    /// `storage.k8s.io/CSIDriver`.
    CsiDriver,
    /// `storage.k8s.io/CSIStorageCapacity`.
    CsiStorageCapacity,
    /// `storage.k8s.io/VolumeAttachment`.
    VolumeAttachment,
    /// `scheduling.k8s.io/PriorityClass`.
    PriorityClass,
    /// `autoscaling/HorizontalPodAutoscaler`.
    HorizontalPodAutoscaler,
}

impl InputKind {
    /// All of them, in order.
    pub const ALL: [Self; 21] = [
        Self::Node,
        Self::Pod,
        Self::Namespace,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicationController,
        Self::Job,
        Self::CronJob,
        Self::Service,
        Self::PodDisruptionBudget,
        Self::PersistentVolume,
        Self::PersistentVolumeClaim,
        Self::StorageClass,
        Self::CsiNode,
        Self::CsiDriver,
        Self::CsiStorageCapacity,
        Self::VolumeAttachment,
        Self::PriorityClass,
        Self::HorizontalPodAutoscaler,
    ];
}

/// The kinds that the export speaks of: an object of the kind was there, or an empty list of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    seen: BTreeSet<InputKind>,
    lost: BTreeSet<InputKind>,
}

impl Coverage {
    /// Notes that the export speaks of `kind`.
    pub fn add(&mut self, kind: InputKind) {
        self.seen.insert(kind);
    }

    /// Notes that objects of `kind` may have been lost with something that could not be read.
    pub fn lose(&mut self, kind: InputKind) {
        self.lost.insert(kind);
    }

    /// Whether silence about an object of this kind means that there is none.
    pub fn has(&self, kind: InputKind) -> bool {
        self.seen.contains(&kind) && !self.lost.contains(&kind)
    }

    /// Whether objects of this kind may have been lost.
    pub fn has_lost(&self, kind: InputKind) -> bool {
        self.lost.contains(&kind)
    }

    /// The kinds seen, in the order of [`InputKind`].
    pub fn iter(&self) -> impl Iterator<Item = InputKind> + '_ {
        self.seen.iter().copied()
    }
}
