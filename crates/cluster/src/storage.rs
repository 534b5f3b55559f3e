//! Copies of volumes: what storage that runs on the nodes says of itself, and what somebody
//! declared of it.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::Symbol;

type Map<K, V> = IndexMap<K, V, FxBuildHasher>;

/// What is known of how volumes are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// Longhorn's volumes by name.
    pub longhorn_volumes: Map<Symbol, LonghornVolume>,
    /// Longhorn's replicas.
    pub longhorn_replicas: Vec<LonghornReplica>,
    /// Rook's Ceph clusters by namespace.
    pub ceph_clusters: Map<Symbol, CephCluster>,
    /// Rook's block pools by namespace and name.
    pub ceph_pools: Map<(Symbol, Symbol), CephPool>,
    /// What was declared, by storage class.
    pub declared: Map<Symbol, Declared>,
}

/// A `Volume` of `longhorn.io/v1beta2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LonghornVolume {
    /// Its name: the handle of the CSI volume.
    pub name: Symbol,
    /// `spec.numberOfReplicas`.
    pub replicas: u32,
}

/// A `Replica` of `longhorn.io/v1beta2`: one copy of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LonghornReplica {
    /// The volume.
    pub volume: Symbol,
    /// The name of its node; `None` for one that found none yet.
    pub node: Option<Symbol>,
    /// How it is.
    pub health: Health,
}

/// How a copy is as far as its own storage says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It holds all the data (`spec.healthyAt`).
    Healthy,
    /// It is being rebuilt and does not hold all the data yet.
    Rebuilding,
    /// It failed (`spec.failedAt`).
    Failed,
}

/// A `CephCluster` of `ceph.rook.io/v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CephCluster {
    /// Its namespace: the `clusterID` of its storage classes.
    pub namespace: Symbol,
    /// It runs outside the Kubernetes cluster (`spec.external.enable`).
    pub external: bool,
    /// `spec.mon.count`.
    pub monitors: u32,
}

/// A `CephBlockPool` of `ceph.rook.io/v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CephPool {
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// Copies; `None` where blocks are not copied but erasure coded.
    pub size: Option<u32>,
    /// Copies that must be up for a block to be read or written.
    pub min_size: u32,
    /// Where CRUSH keeps copies apart.
    pub failure_domain: FailureDomain,
}

/// What no two copies share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureDomain {
    /// A value of this node label.
    Label(Symbol),
    /// Something smaller than a node, or that no label tells: copies may share a node.
    Unknown,
}

/// What somebody declared of a storage class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Copies of each volume.
    pub replicas: Option<u32>,
    /// Copies that must be up for a write to be taken.
    pub writable_with: Option<u32>,
    /// Copies that must be up for a read to be answered.
    pub readable_with: Option<u32>,
    /// The node label that keeps copies apart.
    pub failure_domain: Option<Symbol>,
    /// Names of the nodes where copies may be.
    pub nodes: Option<Vec<Symbol>>,
    /// Names of nodes and machines of which more than half must be up.
    pub quorum: Option<Vec<Symbol>>,
}
