//! Topology spread constraints of a pod.
//!
//! Models `TopologySpreadConstraint` of `k8s.io/api/core/v1/types.go` (v0.36.3).

use crate::Symbol;
use crate::fault::Fault;
use crate::selector::LabelSelector;

/// What happens when the skew would grow too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhenUnsatisfiable {
    /// The node is filtered out.
    DoNotSchedule,
    /// The node scores lower.
    ScheduleAnyway,
}

/// Whether nodes that the pod cannot use count as domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InclusionPolicy {
    /// Only nodes the pod can use.
    Honor,
    /// All nodes.
    Ignore,
}

/// Pods of one kind are spread evenly over the values of a node label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpreadConstraint {
    /// How many more pods than the emptiest domain a domain may hold.
    pub max_skew: i32,
    /// The node label whose values are the domains.
    pub topology_key: Symbol,
    /// Filter or preference.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Which pods are counted, in the pod's own namespace. `matchLabelKeys` have been merged in.
    pub selector: LabelSelector,
    /// Why the selector does not parse: scheduling fails then.
    pub faults: Box<[Fault]>,
    /// With fewer domains than this the emptiest counts as zero.
    pub min_domains: Option<i32>,
    /// Whether `nodeSelector` and node affinity limit the domains.
    pub node_affinity_policy: InclusionPolicy,
    /// Whether taints limit the domains.
    pub node_taints_policy: InclusionPolicy,
}
