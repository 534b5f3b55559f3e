//! Why a node, or every node, is turned down: data, worded in [`crate::wording`].

use holdfast_cluster::taint::Taint;
use holdfast_cluster::volume::MigrationFault;
use holdfast_cluster::{SpecId, Symbol};

use crate::plugin::Plugin;

/// How final a rejection is (`k8s.io/kube-scheduler/framework/interface.go`, v0.36.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Evicting other pods might help.
    Unschedulable,
    /// Evicting other pods would not help.
    UnschedulableAndUnresolvable,
    /// The scheduling cycle itself fails.
    Error,
}

impl Code {
    /// Upstream's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unschedulable => "Unschedulable",
            Self::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Self::Error => "Error",
        }
    }
}

/// One reason. Upstream's words for it are [`crate::wording::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The node is cordoned.
    NodeCordoned,
    /// The pod names another node.
    OtherNodeNamed,
    /// The first taint that the pod does not tolerate.
    UntoleratedTaint(Taint),
    /// Node selector or required node affinity do not match.
    NodeAffinity,
    /// The node affinity that the scheduler's profile adds does not match.
    AddedNodeAffinity,
    /// Required node affinity names nodes in ways that exclude each other.
    NodeAffinityConflict,
    /// A port of the node is taken.
    PortTaken,
    /// The node has its full number of pods.
    TooManyPods,
    /// Too little CPU.
    InsufficientCpu,
    /// Too little memory.
    InsufficientMemory,
    /// Too little ephemeral storage.
    InsufficientEphemeralStorage,
    /// Too little of an extended resource or of huge pages.
    Insufficient(Symbol),
    /// A required spread constraint would be broken.
    Spread,
    /// The node lacks the label of a required spread constraint.
    SpreadLabelMissing,
    /// No pod that the pod requires is near.
    PodAffinity,
    /// A pod that the pod wants far is near.
    PodAntiAffinity,
    /// A pod that runs wants the pod far.
    ExistingAntiAffinity,
    /// The spec's affinity to or against pods does not parse.
    PodAffinityUnparsable(SpecId),
    /// The spec's preferred node affinity does not parse.
    NodePreferenceUnparsable(SpecId),
    /// A required spread constraint of the spec does not parse.
    HardSpreadUnparsable(SpecId),
    /// A preferred spread constraint of the spec does not parse.
    SoftSpreadUnparsable(SpecId),
    /// The kubelet lacks a feature.
    FeatureMissing,
    /// A disk is in use already in a way that excludes the pod.
    DiskConflict,
    /// A claim for one pod only is in use.
    ClaimInUse,
    /// The driver's attach limit would be exceeded.
    TooManyVolumes,
    /// No volume of the zone or region asked for.
    VolumeZoneConflict,
    /// A bound volume cannot be reached from the node.
    VolumeNodeAffinity,
    /// No volume is there to bind and none can be made.
    NoVolumeToBind,
    /// A volume can be made, but there is not enough space.
    NoStorageSpace,
    /// A bound claim names a volume that does not exist.
    VolumeMissing,
    /// Claims that bind at once are not bound.
    UnboundImmediateClaims,
    /// The claim does not exist.
    ClaimNotFound(Symbol),
    /// The claim is being deleted.
    ClaimTerminating(Symbol),
    /// The claim lost its volume: claim and volume.
    ClaimLost(Symbol, Option<Symbol>),
    /// The claim of a generic ephemeral volume is not there yet: its name.
    EphemeralClaimNotFound(Symbol),
    /// The claim of a generic ephemeral volume belongs to someone else.
    EphemeralClaimForeign {
        /// The namespace of both.
        namespace: Symbol,
        /// The claim.
        claim: Symbol,
        /// The pod, if it has a name.
        pod: Option<Symbol>,
    },
    /// The claim's volume does not exist: claim and volume.
    ClaimVolumeNotFound(Symbol, Symbol),
    /// The cycle fails: a disk that a pod names cannot be handed over to its kind's CSI driver.
    DiskNotMigrated {
        /// The pod's name for it.
        volume: Symbol,
        /// Why not.
        fault: MigrationFault,
    },
    /// The same for a persistent volume.
    VolumeNotMigrated(MigrationFault),
    /// Left out because `PreFilter` of this plugin named other nodes.
    LeftOutBy(Plugin),
    /// Dry run: nothing on the node is less important.
    NoVictims,
    /// Dry run: evictions would not help.
    PreemptionNotHelpful,
}

impl Reason {
    /// Whether it stays for as long as pods only come: more of them cannot make it go away.
    pub fn is_incurable(&self) -> bool {
        matches!(
            self,
            Self::NodeCordoned
                | Self::OtherNodeNamed
                | Self::UntoleratedTaint(_)
                | Self::NodeAffinity
                | Self::AddedNodeAffinity
                | Self::PortTaken
                | Self::TooManyPods
                | Self::InsufficientCpu
                | Self::InsufficientMemory
                | Self::InsufficientEphemeralStorage
                | Self::Insufficient(_)
                | Self::PodAntiAffinity
                | Self::ExistingAntiAffinity
                | Self::SpreadLabelMissing
                | Self::FeatureMissing
                | Self::VolumeZoneConflict
                | Self::VolumeNodeAffinity
        )
    }
}

/// Why a node, or the pod as a whole, is turned down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Who turned it down.
    pub plugin: Plugin,
    /// How final it is.
    pub code: Code,
    /// Why, in upstream's order; scalar resources, which upstream lists in random order, by name.
    pub reasons: Vec<Reason>,
}

/// Where in a cycle a plugin failed (`pkg/scheduler/framework/runtime/framework.go`, v1.36.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Before any node was looked at.
    PreFilter,
    /// While a node was looked at.
    Filter,
    /// Before scoring.
    PreScore,
    /// While a node was scored.
    Score,
}

/// Why a cycle came to no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Failure {
    /// Where it failed.
    pub stage: Stage,
    /// Who failed.
    pub plugin: Plugin,
    /// Why.
    pub reason: Reason,
}
