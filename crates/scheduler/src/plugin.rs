//! The plugins and the profile that orders and weighs them.

/// A plugin of kube-scheduler 1.36, in the order of the default profile
/// (`pkg/scheduler/apis/config/v1/default_plugins.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Which plugins filter and score, in which order, and what their scores weigh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Filters, in order: a rejected node is laid to the first that rejects it.
    pub filters: Box<[Plugin]>,
    /// Scores with their weights, in order.
    pub scores: Box<[(Plugin, i64)]>,
    /// What a required affinity of a running pod adds for the pod it wants
    /// (`InterPodAffinityArgs.hardPodAffinityWeight`).
    pub hard_pod_affinity_weight: i32,
    /// Whether pods without spread constraints get the system's own
    /// (`PodTopologySpreadArgs.defaultingType: System`).
    pub system_default_spreading: bool,
}

impl Default for Profile {
    /// The default profile of kube-scheduler 1.36 with default feature gates
    /// (`default_plugins.go` and `defaults.go` in `pkg/scheduler/apis/config/v1`).
    fn default() -> Self {
        Self {
            filters: [
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
                Plugin::NodeDeclaredFeatures,
            ]
            .into(),
            scores: [
                (Plugin::TaintToleration, 3),
                (Plugin::NodeAffinity, 2),
                (Plugin::NodeResourcesFit, 1),
                (Plugin::PodTopologySpread, 2),
                (Plugin::InterPodAffinity, 2),
                (Plugin::DynamicResources, 2),
                (Plugin::NodeResourcesBalancedAllocation, 1),
                (Plugin::ImageLocality, 1),
            ]
            .into(),
            hard_pod_affinity_weight: 1,
            system_default_spreading: true,
        }
    }
}
