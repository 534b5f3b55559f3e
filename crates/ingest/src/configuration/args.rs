//! What plugins are told.
//!
//! Models `pkg/scheduler/apis/config/validation/validation_pluginargs.go` and `v1/defaults.go`, and
//! `decodeNestedObjects` of `k8s.io/kube-scheduler/config/v1/types.go` (v1.36.3).

mod node_affinity;
mod resources;
mod spread;

use holdfast_cluster::Builder;
use holdfast_cluster::profile::{PreemptionArgs, Profile};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Faults;
use super::raw::RawVolumeBindingArgs;
use super::raw::{RawDynamicResourcesArgs, RawInterPodAffinityArgs, RawPreemptionArgs};

/// The plugins that take arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    DefaultPreemption,
    DynamicResources,
    InterPodAffinity,
    NodeAffinity,
    NodeResourcesBalancedAllocation,
    NodeResourcesFit,
    PodTopologySpread,
    VolumeBinding,
}

impl Known {
    const ALL: [Self; 8] = [
        Self::DefaultPreemption,
        Self::DynamicResources,
        Self::InterPodAffinity,
        Self::NodeAffinity,
        Self::NodeResourcesBalancedAllocation,
        Self::NodeResourcesFit,
        Self::PodTopologySpread,
        Self::VolumeBinding,
    ];

    /// The plugin of this name; the arguments of all others are not read.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::DefaultPreemption => "DefaultPreemption",
            Self::DynamicResources => "DynamicResources",
            Self::InterPodAffinity => "InterPodAffinity",
            Self::NodeAffinity => "NodeAffinity",
            Self::NodeResourcesBalancedAllocation => "NodeResourcesBalancedAllocation",
            Self::NodeResourcesFit => "NodeResourcesFit",
            Self::PodTopologySpread => "PodTopologySpread",
            Self::VolumeBinding => "VolumeBinding",
        }
    }
}

/// Reads the arguments of one plugin.
pub(super) struct Arguments<'r> {
    pub(super) builder: &'r mut Builder,
    pub(super) faults: &'r mut Faults,
    /// To the arguments.
    pub(super) path: String,
    /// The plugin runs somewhere.
    pub(super) needed: bool,
}

/// The type that arguments may carry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeMeta {
    api_version: Option<String>,
    kind: Option<String>,
}

impl Arguments<'_> {
    /// Puts the arguments into the profile.
    pub(super) fn read(mut self, plugin: Known, raw: Option<&RawValue>, profile: &mut Profile) {
        // Without any the defaults hold, which the profile has already.
        let Some(raw) = raw else { return };
        if !self.is_of(plugin, raw) {
            return;
        }
        match plugin {
            Known::DefaultPreemption => self.preemption(raw, profile),
            Known::DynamicResources => {
                // How long it may take is not modelled, nor is anything else of it.
                let _: Option<RawDynamicResourcesArgs> = self.parse(raw);
            }
            Known::InterPodAffinity => self.affinity(raw, profile),
            Known::NodeAffinity => self.node_affinity(raw, profile),
            Known::NodeResourcesBalancedAllocation => self.balanced(raw, profile),
            Known::NodeResourcesFit => self.fit(raw, profile),
            Known::PodTopologySpread => self.spread(raw, profile),
            Known::VolumeBinding => self.volumes(raw),
        }
    }

    fn parse<'a, T: Deserialize<'a>>(&mut self, raw: &'a RawValue) -> Option<T> {
        self.faults.parse(raw, &self.path)
    }

    fn say(&mut self, field: &str, detail: impl Into<String>) {
        self.faults.say(&format!("{}.{field}", self.path), detail);
    }

    /// Whether the arguments are those of this plugin.
    fn is_of(&mut self, plugin: Known, raw: &RawValue) -> bool {
        let Some(meta) = self.parse::<TypeMeta>(raw) else { return false };
        let wanted = format!("{}Args", plugin.name());
        let (version, kind) = (meta.api_version.as_deref(), meta.kind.as_deref());
        let fits = kind.is_none_or(|kind| kind.is_empty() || kind == wanted)
            && version.is_none_or(|version| version.is_empty() || version == super::VERSION);
        if !fits {
            let wanted = format!("must be {wanted} of {}", super::VERSION);
            self.faults.say(&self.path, wanted);
        }
        fits
    }

    fn preemption(&mut self, raw: &RawValue, profile: &mut Profile) {
        let Some(args) = self.parse::<RawPreemptionArgs>(raw) else { return };
        let standard = profile.preemption;
        let percentage = args.min_candidate_nodes_percentage.unwrap_or(standard.percentage);
        let absolute = args.min_candidate_nodes_absolute.unwrap_or(standard.absolute);
        if !(0..=100).contains(&percentage) {
            self.say("minCandidateNodesPercentage", "must be from 0 to 100");
        }
        if absolute < 0 {
            self.say("minCandidateNodesAbsolute", "must not be negative");
        }
        if percentage == 0 && absolute == 0 {
            let detail = "must not be zero while minCandidateNodesAbsolute is";
            self.say("minCandidateNodesPercentage", detail);
        }
        profile.preemption = PreemptionArgs { percentage, absolute };
    }

    fn affinity(&mut self, raw: &RawValue, profile: &mut Profile) {
        let Some(args) = self.parse::<RawInterPodAffinityArgs>(raw) else { return };
        let weight = args.hard_pod_affinity_weight.unwrap_or(profile.hard_pod_affinity_weight);
        if !(0..=100).contains(&weight) {
            self.say("hardPodAffinityWeight", "must be from 0 to 100");
        }
        profile.hard_pod_affinity_weight = weight;
        profile.ignores_wishes_of_others = args.ignore_preferred_terms_of_existing_pods;
    }

    /// The feature gate `StorageCapacityScoring`, by which it would score, is off by default.
    fn volumes(&mut self, raw: &RawValue) {
        let Some(args) = self.parse::<RawVolumeBindingArgs>(raw) else { return };
        if args.bind_timeout_seconds.is_some_and(|seconds| seconds < 0) {
            self.say("bindTimeoutSeconds", "must not be negative");
        }
        if args.shape.is_some() {
            self.say("shape", "needs the feature gate StorageCapacityScoring, which is off");
        }
    }
}
