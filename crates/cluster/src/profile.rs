//! How the scheduler of a cluster is configured: its profiles, resolved.
//!
//! Models `KubeSchedulerProfile` of `pkg/scheduler/apis/config/types.go` (v1.36.3) after defaults
//! were merged in and `multiPoint` was expanded: what is left of plugins is who runs at which point
//! and in which order.

use serde::{Deserialize, Serialize};

use crate::affinity::NodeAffinity;
use crate::spread::{SpreadConstraint, WhenUnsatisfiable};
use crate::{Resources, Symbol};

/// A plugin of kube-scheduler 1.36, in the order of the default profile
/// (`pkg/scheduler/apis/config/v1/default_plugins.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Plugin {
    /// Holds back pods that carry scheduling gates.
    SchedulingGates,
    /// Cordoned nodes.
    NodeUnschedulable,
    /// Pods that name their node.
    NodeName,
    /// Taints and tolerations.
    TaintToleration,
    /// Node selector and node affinity.
    NodeAffinity,
    /// Ports of the node.
    NodePorts,
    /// Requests against what is allocatable.
    NodeResourcesFit,
    /// Disks that allow one user.
    VolumeRestrictions,
    /// Attach limits.
    NodeVolumeLimits,
    /// Claims and where their volumes are reachable.
    VolumeBinding,
    /// Zones of volumes.
    VolumeZone,
    /// Topology spread constraints.
    PodTopologySpread,
    /// Affinity between pods.
    InterPodAffinity,
    /// Devices by claim; not modelled beyond pods that use none.
    DynamicResources,
    /// Eviction of less important pods.
    DefaultPreemption,
    /// CPU and memory used evenly.
    NodeResourcesBalancedAllocation,
    /// Images that are there already.
    ImageLocality,
    /// Features of the kubelet.
    NodeDeclaredFeatures,
    /// No plugin: the framework itself, where the nodes that `PreFilter` left over end empty.
    PreFilter,
}

impl Plugin {
    /// Every plugin that has a part in what is modelled.
    pub const ALL: [Self; 18] = [
        Self::SchedulingGates,
        Self::NodeUnschedulable,
        Self::NodeName,
        Self::TaintToleration,
        Self::NodeAffinity,
        Self::NodePorts,
        Self::NodeResourcesFit,
        Self::VolumeRestrictions,
        Self::NodeVolumeLimits,
        Self::VolumeBinding,
        Self::VolumeZone,
        Self::PodTopologySpread,
        Self::InterPodAffinity,
        Self::DynamicResources,
        Self::DefaultPreemption,
        Self::NodeResourcesBalancedAllocation,
        Self::ImageLocality,
        Self::NodeDeclaredFeatures,
    ];

    /// The plugin of this name, if it has a part in what is modelled.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plugin| plugin.name() == name)
    }

    /// Upstream's name (`pkg/scheduler/framework/plugins/names/names.go`).
    pub fn name(self) -> &'static str {
        match self {
            Self::SchedulingGates => "SchedulingGates",
            Self::NodeUnschedulable => "NodeUnschedulable",
            Self::NodeName => "NodeName",
            Self::TaintToleration => "TaintToleration",
            Self::NodeAffinity => "NodeAffinity",
            Self::NodePorts => "NodePorts",
            Self::NodeResourcesFit => "NodeResourcesFit",
            Self::VolumeRestrictions => "VolumeRestrictions",
            Self::NodeVolumeLimits => "NodeVolumeLimits",
            Self::VolumeBinding => "VolumeBinding",
            Self::VolumeZone => "VolumeZone",
            Self::PodTopologySpread => "PodTopologySpread",
            Self::InterPodAffinity => "InterPodAffinity",
            Self::DynamicResources => "DynamicResources",
            Self::DefaultPreemption => "DefaultPreemption",
            Self::NodeResourcesBalancedAllocation => "NodeResourcesBalancedAllocation",
            Self::ImageLocality => "ImageLocality",
            Self::NodeDeclaredFeatures => "NodeDeclaredFeatures",
            Self::PreFilter => "PreFilter",
        }
    }
}

/// Everything that schedules the cluster's pods, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduling {
    /// The profiles, in order. At least one; no two share a name.
    pub profiles: Box<[Profile]>,
    /// Services that have a say, which nobody can ask here.
    pub extenders: Box<[Extender]>,
}

impl Scheduling {
    /// A scheduler with nothing configured, that answers for pods of this scheduler name.
    pub fn standard(name: Symbol) -> Self {
        Self { profiles: [Profile::standard(name)].into(), extenders: [].into() }
    }

    /// The position of the profile that places pods of this scheduler name.
    pub fn position(&self, scheduler_name: Symbol) -> Option<usize> {
        self.profiles.iter().position(|profile| profile.name == scheduler_name)
    }

    /// The profile that places pods of this scheduler name.
    pub fn profile(&self, scheduler_name: Symbol) -> Option<&Profile> {
        self.position(scheduler_name).map(|at| &self.profiles[at])
    }
}

/// A service that filters or scores nodes from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extender {
    /// It is asked about pods that request one of these; about all pods if there are none.
    pub managed: Box<[Symbol]>,
}

/// Which plugins filter and score, in which order, what their scores weigh, and how each goes about
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Pods that ask for this scheduler are placed by it.
    pub name: Symbol,
    /// Pods with scheduling gates are held back (`SchedulingGates` at `preEnqueue`).
    pub holds_gated: bool,
    /// Plugins that look at a pod before nodes are, in order.
    pub pre_filters: Box<[Plugin]>,
    /// Filters, in order: a rejected node is laid to the first that rejects it.
    pub filters: Box<[Plugin]>,
    /// Others may be evicted for a pod (`DefaultPreemption` at `postFilter`).
    pub preempts: bool,
    /// Plugins that may keep out of the scores of a pod that they have nothing to say about.
    pub pre_scores: Box<[Plugin]>,
    /// Scores with their weights, in order.
    pub scores: Box<[(Plugin, i64)]>,
    /// What is asked of nodes besides what the pod asks (`NodeAffinityArgs.addedAffinity`).
    pub added_affinity: NodeAffinity,
    /// `NodeResourcesFitArgs`.
    pub fit: FitArgs,
    /// What `NodeResourcesBalancedAllocation` balances, in order.
    pub balanced: Box<[ResourceName]>,
    /// What pods without spread constraints get (`PodTopologySpreadArgs`).
    pub default_spread: DefaultSpread,
    /// What a required affinity of a running pod adds for the pod it wants
    /// (`InterPodAffinityArgs.hardPodAffinityWeight`).
    pub hard_pod_affinity_weight: i32,
    /// What running pods wish is not asked for pods that wish for nothing
    /// (`InterPodAffinityArgs.ignorePreferredTermsOfExistingPods`).
    pub ignores_wishes_of_others: bool,
    /// How far the search for whom to evict goes at least (`DefaultPreemptionArgs`).
    pub preemption: PreemptionArgs,
    /// Of how many nodes, in percent, enough is known once they fit
    /// (`percentageOfNodesToScore`); 0 lets the number of nodes decide.
    pub percentage_of_nodes: i32,
    /// What makes the profile one that is not modelled.
    pub oddities: Box<[Oddity]>,
}

/// `NodeResourcesFitArgs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitArgs {
    /// How the use of a node is scored.
    pub strategy: Strategy,
    /// What is scored, with its weight, in order.
    pub resources: Box<[(ResourceName, i64)]>,
    /// Extended resources that are not asked for.
    pub ignored: Box<[Symbol]>,
    /// What stands before the slash of further ones.
    pub ignored_groups: Box<[Box<str>]>,
}

/// How the use of a node is scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The emptier, the better.
    LeastAllocated,
    /// The fuller, the better.
    MostAllocated,
    /// As the points say that join use, in percent, to a score out of 100; straight lines between.
    RequestedToCapacityRatio(Box<[(i64, i64)]>),
}

/// A resource that scores look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceName {
    /// `cpu`.
    Cpu,
    /// `memory`.
    Memory,
    /// `ephemeral-storage`.
    EphemeralStorage,
    /// Extended resources, huge pages and the like. Nodes that have none are not scored by it, nor
    /// are pods that ask for none.
    Scalar(Symbol),
}

impl ResourceName {
    /// How much of it there is.
    pub fn of(self, resources: &Resources) -> i64 {
        match self {
            Self::Cpu => resources.cpu_milli,
            Self::Memory => resources.memory,
            Self::EphemeralStorage => resources.ephemeral_storage,
            Self::Scalar(name) => resources.scalar(name),
        }
    }
}

/// What pods without spread constraints get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultSpread {
    /// The system's own constraints (`defaultingType: System`).
    System,
    /// These (`defaultingType: List`); their selectors are found for each pod.
    List(Box<[SpreadConstraint]>),
}

/// `DefaultPreemptionArgs`: the search may stop once it has found so many nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreemptionArgs {
    /// A share of the nodes, in percent.
    pub percentage: i32,
    /// A number of nodes.
    pub absolute: i32,
}

/// Something about a profile that is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A plugin that kube-scheduler does not ship, by name.
    Foreign(Symbol),
    /// A plugin that is turned off at one point and fails at another for it.
    Torn(Plugin),
    /// A check that is turned off, though the kubelet or the volumes insist on it: pods are bound
    /// where they cannot run.
    Unchecked(Plugin),
}

impl Profile {
    /// The default profile of kube-scheduler 1.36 with default feature gates
    /// (`default_plugins.go` and `defaults.go` in `pkg/scheduler/apis/config/v1`).
    pub fn standard(name: Symbol) -> Self {
        Self {
            name,
            holds_gated: true,
            pre_filters: PRE_FILTERS.into(),
            filters: FILTERS.into(),
            preempts: true,
            pre_scores: PRE_SCORES.into(),
            scores: SCORES.into(),
            added_affinity: NodeAffinity::default(),
            fit: FitArgs {
                strategy: Strategy::LeastAllocated,
                resources: [(ResourceName::Cpu, 1), (ResourceName::Memory, 1)].into(),
                ignored: [].into(),
                ignored_groups: [].into(),
            },
            balanced: [ResourceName::Cpu, ResourceName::Memory].into(),
            default_spread: DefaultSpread::System,
            hard_pod_affinity_weight: 1,
            ignores_wishes_of_others: false,
            preemption: PreemptionArgs { percentage: 10, absolute: 100 },
            percentage_of_nodes: 0,
            oddities: [].into(),
        }
    }

    /// Whether pods without constraints of their own may get some that filter nodes.
    pub fn spreads_strictly_by_default(&self) -> bool {
        let strict =
            |one: &SpreadConstraint| one.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
        match &self.default_spread {
            DefaultSpread::System => false,
            DefaultSpread::List(constraints) => constraints.iter().any(strict),
        }
    }

    /// How many nodes are looked for before their scores decide, of so many that may be looked at
    /// (`numFeasibleNodesToFind`, `pkg/scheduler/schedule_one.go`, v1.36.3).
    pub fn nodes_to_find(&self, nodes: usize) -> usize {
        if self.scores.is_empty() {
            // Without scores the first one is as good as any (`findNodesThatPassFilters`).
            return nodes.min(1);
        }
        if nodes < NODES_TO_FIND_MIN {
            return nodes;
        }
        let percentage = match usize::try_from(self.percentage_of_nodes).unwrap_or(0) {
            0 => 50_usize.saturating_sub(nodes / 125).max(PERCENTAGE_MIN),
            percentage => percentage,
        };
        (nodes * percentage / 100).max(NODES_TO_FIND_MIN)
    }

    /// Whether the search for whom to evict may stop before it has looked at all of so many nodes
    /// (`calculateNumCandidates`, `defaultpreemption/default_preemption.go`, v1.36.3).
    pub fn may_preempt_early(&self, nodes: usize) -> bool {
        let PreemptionArgs { percentage, absolute } = self.preemption;
        percentage < 100 && nodes > usize::try_from(absolute).unwrap_or(0)
    }
}

/// `minFeasibleNodesToFind`, `pkg/scheduler/schedule_one.go` (v1.36.3).
const NODES_TO_FIND_MIN: usize = 100;

/// `minFeasibleNodesPercentageToFind`.
const PERCENTAGE_MIN: usize = 5;

const PRE_FILTERS: [Plugin; 11] = [
    Plugin::NodeAffinity,
    Plugin::NodePorts,
    Plugin::NodeResourcesFit,
    Plugin::VolumeRestrictions,
    Plugin::NodeVolumeLimits,
    Plugin::VolumeBinding,
    Plugin::VolumeZone,
    Plugin::PodTopologySpread,
    Plugin::InterPodAffinity,
    Plugin::DynamicResources,
    Plugin::NodeDeclaredFeatures,
];

const FILTERS: [Plugin; 14] = [
    Plugin::NodeUnschedulable,
    Plugin::NodeName,
    Plugin::TaintToleration,
    Plugin::NodeAffinity,
    Plugin::NodePorts,
    Plugin::NodeResourcesFit,
    Plugin::VolumeRestrictions,
    Plugin::NodeVolumeLimits,
    Plugin::VolumeBinding,
    Plugin::VolumeZone,
    Plugin::PodTopologySpread,
    Plugin::InterPodAffinity,
    Plugin::DynamicResources,
    Plugin::NodeDeclaredFeatures,
];

const PRE_SCORES: [Plugin; 7] = [
    Plugin::TaintToleration,
    Plugin::NodeAffinity,
    Plugin::NodeResourcesFit,
    Plugin::VolumeBinding,
    Plugin::PodTopologySpread,
    Plugin::InterPodAffinity,
    Plugin::NodeResourcesBalancedAllocation,
];

const SCORES: [(Plugin, i64); 9] = [
    (Plugin::TaintToleration, 3),
    (Plugin::NodeAffinity, 2),
    (Plugin::NodeResourcesFit, 1),
    (Plugin::VolumeBinding, 1),
    (Plugin::PodTopologySpread, 2),
    (Plugin::InterPodAffinity, 2),
    (Plugin::DynamicResources, 2),
    (Plugin::NodeResourcesBalancedAllocation, 1),
    (Plugin::ImageLocality, 1),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Symbols, well_known::WellKnown};

    fn standard() -> Profile {
        let mut symbols = Symbols::default();
        Profile::standard(WellKnown::intern(&mut symbols).default_scheduler)
    }

    /// The table of upstream's `TestNumFeasibleNodesToFind` (`schedule_one_test.go`, v1.36.3).
    #[test]
    fn looks_for_as_many_nodes_as_upstream_s_own_table() {
        let table = [
            (0, 10, 10),
            (40, 10, 10),
            (0, 1000, 420),
            (40, 1000, 400),
            (0, 6000, 300),
            (40, 6000, 2400),
        ];
        for (percentage_of_nodes, nodes, wanted) in table {
            let profile = Profile { percentage_of_nodes, ..standard() };
            assert_eq!(profile.nodes_to_find(nodes), wanted, "{percentage_of_nodes} % of {nodes}");
        }
        assert_eq!(Profile { scores: [].into(), ..standard() }.nodes_to_find(1000), 1);
    }

    #[test]
    fn names_find_their_plugins() {
        for plugin in Plugin::ALL {
            assert_eq!(Plugin::named(plugin.name()), Some(plugin));
        }
        assert_eq!(Plugin::named("PreFilter"), None);
    }
}
