//! Nodes.

use crate::taint::Taint;
use crate::{Labels, Resources, Symbol};

/// Node labels that say "control plane here": kubeadm, k3s, RKE2 and, before 1.24, everybody.
pub const CONTROL_PLANE_ROLES: [&str; 4] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/etcd",
    "node-role.kubernetes.io/master",
];

/// What a node's `Ready` condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Readiness {
    /// The kubelet says that it is.
    Ready,
    /// The kubelet says that it is not.
    NotReady,
    /// The kubelet says nothing any more.
    Unknown,
    /// The export has no such condition (a manifest, a synthetic node): taken as ready, and said.
    Unstated,
}

impl Readiness {
    /// Whether pods on the node can serve.
    pub fn serves(self) -> bool {
        matches!(self, Self::Ready | Self::Unstated)
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Symbol,
    /// Its labels.
    pub labels: Labels,
    /// Its taints, in the export's order: the first that is not tolerated is the one named.
    pub taints: Box<[Taint]>,
    /// Cordoned.
    pub unschedulable: bool,
    /// What pods may request; `pods` apart.
    pub allocatable: Resources,
    /// How many pods it takes (`status.allocatable.pods`).
    pub pods_allocatable: i64,
    /// What it has in all; `pods` apart.
    pub capacity: Resources,
    /// Its `Ready` condition.
    pub readiness: Readiness,
    /// Images it holds: each name as the kubelet reports it, with its size in bytes, sorted by
    /// symbol.
    pub images: Box<[(Symbol, i64)]>,
    /// Features that the kubelet declares (`status.declaredFeatures`), in its order, which counts.
    pub declared_features: Box<[Symbol]>,
    /// The kubelet's version, as printed.
    pub kubelet_version: Option<Symbol>,
    /// Being deleted.
    pub terminating: bool,
}
