//! Volumes: what pods mount, and the objects behind it.
//!
//! Models the parts of `k8s.io/api/core/v1` and `storage/v1` (v0.36.3) that scheduling and failover
//! read.

use crate::Symbol;
use crate::selector::{LabelSelector, NodeSelector};

/// One volume of a pod, as far as it limits where the pod may run. Volumes made from the API or the
/// node's own scratch space (configMap, secret, projected, emptyDir, downwardAPI, image) limit
/// nothing and are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PodVolume {
    /// A `PersistentVolumeClaim` of the pod's namespace, by name; for a generic ephemeral volume
    /// the claim that carries the pod's and the volume's name.
    Claim {
        /// The claim's name.
        name: Symbol,
        /// Mounted read-only by this pod.
        read_only: bool,
        /// Made for this pod alone (`volumes[].ephemeral`).
        ephemeral: bool,
    },
    /// A generic ephemeral volume of a template: the claim's name follows from the pod's, once it
    /// has one.
    Ephemeral {
        /// The volume's name in the template.
        volume: Symbol,
    },
    /// A disk named outright, which some kinds allow on one node, or one writer, only.
    Direct {
        /// Which kind of disk.
        kind: DirectVolumeKind,
        /// What identifies it: PD name, EBS volume id, disk name, `iqn`, or pool, image and
        /// monitors.
        identity: Box<[Symbol]>,
        /// Mounted read-only by this pod.
        read_only: bool,
        /// What the CSI driver that took over its kind calls it, and the pod.
        migrated: Option<(Migrated, Symbol)>,
    },
    /// An inline CSI volume: counts against the driver's attach limit.
    InlineCsi {
        /// The driver.
        driver: Symbol,
    },
    /// A directory of the node: the data stays behind when the pod moves.
    HostPath,
}

/// Kinds of disk that a pod may name without a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DirectVolumeKind {
    /// GCE persistent disk.
    GcePersistentDisk,
    /// AWS elastic block store.
    AwsElasticBlockStore,
    /// iSCSI target.
    Iscsi,
    /// Ceph block device.
    Rbd,
    /// Azure disk.
    AzureDisk,
    /// NFS export: nothing has to attach it to a node.
    Nfs,
    /// Any other network storage: limits nothing in the scheduler.
    Other,
}

/// A disk of a kind once built in, as the CSI driver that took over the kind has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Migrated {
    /// The plugin that the driver replaced.
    pub plugin: Symbol,
    /// The driver.
    pub driver: Symbol,
    /// The driver's name for the disk, or why there is none.
    pub handle: Result<Symbol, MigrationFault>,
}

/// Why a disk cannot be handed over to a CSI driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MigrationFault {
    /// A regional GCE disk whose zones, as its label names them, are not zones of one region.
    Zones(Symbol),
    /// An Azure disk of this kind, which is not the managed one.
    AzureKind(Symbol),
    /// An `aws://` URL without a volume's id.
    AwsDisk(Symbol),
}

/// How a volume may be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessMode {
    /// Writable on one node.
    ReadWriteOnce,
    /// Readable on many.
    ReadOnlyMany,
    /// Writable on many.
    ReadWriteMany,
    /// Writable by one pod.
    ReadWriteOncePod,
}

/// A `PersistentVolumeClaim`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// The volume it is bound to (or asks for), if any.
    pub volume: Option<Symbol>,
    /// Whether `status.phase` is `Bound` (and the bind annotation is there, as the scheduler
    /// asks).
    pub bound: bool,
    /// `status.phase` is `Lost`.
    pub lost: bool,
    /// Its storage class.
    pub class: Option<Symbol>,
    /// How it may be mounted.
    pub access_modes: Box<[AccessMode]>,
    /// Bytes asked for.
    pub request: i64,
    /// Which volumes it accepts when it looks for one.
    pub selector: Option<LabelSelector>,
    /// Being deleted.
    pub terminating: bool,
    /// The node a provisioner was told to use (`volume.kubernetes.io/selected-node`).
    pub selected_node: Option<Symbol>,
    /// The uid of its controller: for a generic ephemeral volume, the pod it was made for.
    pub owner_uid: Option<Symbol>,
    /// Block or file system.
    pub block: bool,
}

/// A `PersistentVolume`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: Symbol,
    /// Its labels: the zone and region ones limit where it is used (`VolumeZone`), all are matched
    /// by claims.
    pub labels: crate::Labels,
    /// Bytes.
    pub capacity: i64,
    /// How it may be mounted.
    pub access_modes: Box<[AccessMode]>,
    /// Its storage class.
    pub class: Option<Symbol>,
    /// The claim it is reserved for or bound to: namespace and name.
    pub claim: Option<(Symbol, Symbol)>,
    /// `status.phase` is `Available`.
    pub available: bool,
    /// Where it can be used.
    pub node_affinity: Option<NodeSelector>,
    /// What it is made of.
    pub source: VolumeSource,
    /// What the CSI driver that took over its kind makes of it, and where that can be used.
    pub migrated: Option<(Migrated, Option<NodeSelector>)>,
    /// Being deleted.
    pub terminating: bool,
    /// Block or file system.
    pub block: bool,
}

/// What a persistent volume is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeSource {
    /// A CSI volume.
    Csi {
        /// The driver.
        driver: Symbol,
        /// The driver's name for it.
        handle: Symbol,
    },
    /// A disk or directory of one node (`local`, `hostPath`).
    Node,
    /// A disk of a kind once built in, now migrated to a CSI driver.
    Direct(DirectVolumeKind),
}

/// When a storage class binds its claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingMode {
    /// As soon as the claim exists.
    Immediate,
    /// When a pod that uses it is scheduled.
    WaitForFirstConsumer,
}

/// A `StorageClass`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageClass {
    /// Its name.
    pub name: Symbol,
    /// Who makes its volumes.
    pub provisioner: Symbol,
    /// Against whose limit a volume counts that is still to be made: the provisioner, or the driver
    /// that took over from one that was built in. `None` where one could, yet the scheduler does
    /// not take it to have done so (`GetCSINameFromInTreeName`, `translate.go` of
    /// `k8s.io/csi-translation-lib` v0.36.3, and `isCSIMigrationOn`, `nodevolumelimits/utils.go`
    /// v1.36.3).
    pub driver: Option<Symbol>,
    /// When it binds.
    pub binding: BindingMode,
    /// Where it may make volumes; none is everywhere.
    pub allowed_topologies: Option<NodeSelector>,
    /// The class of claims that name none.
    pub default: bool,
    /// Where Rook's driver makes its volumes: the namespace of the `CephCluster` (`clusterID`) and
    /// the pool.
    pub pool: Option<(Symbol, Symbol)>,
}

/// What a `CSINode` says of one driver on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiNodeDriver {
    /// The driver.
    pub driver: Symbol,
    /// How many volumes it can attach; `None` is without limit.
    pub attach_limit: Option<i64>,
    /// Node labels by which it tells where volumes are reachable.
    pub topology_keys: Box<[Symbol]>,
}

/// A `CSINode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiNode {
    /// The node's name.
    pub node: Symbol,
    /// Its drivers.
    pub drivers: Box<[CsiNodeDriver]>,
    /// In-tree plugins that are migrated on this node
    /// (`storage.alpha.kubernetes.io/migrated-plugins`).
    pub migrated_plugins: Box<[Symbol]>,
}

/// A `CSIDriver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiDriver {
    /// Its name.
    pub name: Symbol,
    /// Whether the scheduler looks at its `CSIStorageCapacity` objects.
    pub storage_capacity: bool,
    /// Volumes must be attached before they are mounted; others count against no limit.
    pub attach_required: bool,
}

/// A `CSIStorageCapacity`: what a driver can still make, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageCapacity {
    /// The class it is said for.
    pub class: Symbol,
    /// The nodes it is said for; `None` says it for none.
    pub topology: Option<LabelSelector>,
    /// Bytes in all.
    pub capacity: Option<i64>,
    /// Bytes of the largest single volume.
    pub maximum_volume_size: Option<i64>,
}

/// A `VolumeAttachment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The driver.
    pub attacher: Symbol,
    /// The node's name.
    pub node: Symbol,
    /// The persistent volume, where it is one.
    pub volume: Option<Symbol>,
}
