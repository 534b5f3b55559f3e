//! Affinity of a pod to nodes and to other pods.
//!
//! Models `AffinityTerm` of `k8s.io/kube-scheduler/framework/types.go` (v0.36.3): selectors are
//! compiled, the namespaces a term names are explicit, and `matchLabelKeys` have been merged into
//! the selector, as the API server does on creation.

use crate::fault::Fault;
use crate::selector::{LabelSelector, NodeSelector, NodeSelectorTerm};
use crate::{Labels, Symbol, Symbols};

/// What a pod asks of its node's labels, besides `nodeSelector`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeAffinity {
    /// Must hold when the pod is scheduled.
    pub required: Option<NodeSelector>,
    /// Adds its weight to the score of matching nodes.
    pub preferred: Box<[(i32, NodeSelectorTerm)]>,
    /// Why the preferred terms do not parse: scoring fails then.
    pub preferred_faults: Box<[Fault]>,
}

/// What a pod asks of the pods near its node. Where one term does not parse, all of its list count
/// for nothing (`PodInfo.Update`, `pkg/scheduler/framework/types.go`, v1.36.3), and the pod itself
/// is not scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodAffinity {
    /// Must hold when the pod is scheduled.
    pub required: Box<[PodAffinityTerm]>,
    /// Adds its weight per matching pod.
    pub preferred: Box<[(i32, PodAffinityTerm)]>,
    /// Why the required terms do not parse; there are none then.
    pub required_faults: Box<[Fault]>,
    /// Why the preferred terms do not parse; there are none then.
    pub preferred_faults: Box<[Fault]>,
}

/// Pods chosen by namespace and label, in the same topology domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodAffinityTerm {
    /// Namespaces named outright, sorted. Where the manifest names none and has no namespace
    /// selector this is the pod's own namespace.
    pub namespaces: Box<[Symbol]>,
    /// Namespaces chosen by label; [`LabelSelector::Nothing`] where there is no such selector.
    pub namespace_selector: LabelSelector,
    /// The pods' labels.
    pub selector: LabelSelector,
    /// The node label whose value is the domain.
    pub topology_key: Symbol,
}

impl PodAffinityTerm {
    /// Whether a pod of this namespace and these labels is meant.
    pub fn matches(
        &self,
        namespace: Symbol,
        namespace_labels: &Labels,
        labels: &Labels,
        symbols: &Symbols,
    ) -> bool {
        let namespace_matches = self.namespaces.contains(&namespace)
            || self.namespace_selector.matches(namespace_labels, symbols);
        namespace_matches && self.selector.matches(labels, symbols)
    }
}
