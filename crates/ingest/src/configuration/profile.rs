//! One profile, from what is written to who runs where and with which arguments.

use holdfast_cluster::Builder;
use holdfast_cluster::profile::{Oddity, Plugin, Profile};

use super::args::{Arguments, Known};
use super::plugins::{self, Assembly, Point};
use super::raw::{RawConfiguration, RawProfile};
use super::{Faults, check_percentage};
use crate::Rule;

/// Reads profiles.
pub(super) struct Reader<'r, 'a> {
    pub(super) raw: &'r RawConfiguration<'a>,
    pub(super) builder: &'r mut Builder,
    pub(super) faults: &'r mut Faults,
}

/// Plugins whose `Filter` fails without their `PreFilter`.
const NEED_PRE_FILTER: [Plugin; 8] = [
    Plugin::NodePorts,
    Plugin::NodeResourcesFit,
    Plugin::VolumeRestrictions,
    Plugin::VolumeBinding,
    Plugin::PodTopologySpread,
    Plugin::InterPodAffinity,
    Plugin::DynamicResources,
    Plugin::NodeDeclaredFeatures,
];

/// Plugins whose `Score` fails without their `PreScore`.
const NEED_PRE_SCORE: [Plugin; 3] =
    [Plugin::TaintToleration, Plugin::PodTopologySpread, Plugin::InterPodAffinity];

/// Filters that say where a pod can run, not where it should: the kubelet refuses pods that were
/// bound without them (`pkg/kubelet/lifecycle/predicate.go`, v1.36.3), taints drive them off again,
/// and volumes that cannot be used keep them from starting.
const INSISTED_ON: [Plugin; 10] = [
    Plugin::NodeName,
    Plugin::TaintToleration,
    Plugin::NodeAffinity,
    Plugin::NodePorts,
    Plugin::NodeResourcesFit,
    Plugin::VolumeRestrictions,
    Plugin::NodeVolumeLimits,
    Plugin::VolumeBinding,
    Plugin::VolumeZone,
    Plugin::DynamicResources,
];

impl Reader<'_, '_> {
    /// The profile at that position.
    pub(super) fn profile(&mut self, raw: &RawProfile<'_>, at: usize) -> Profile {
        let path = format!("profiles[{at}]");
        let assembly = plugins::assemble(&raw.plugins, &path, self.faults);
        let name = match (&raw.scheduler_name, self.raw.profiles.len()) {
            (None, 0 | 1) => self.builder.so_far().known().default_scheduler,
            (name, _) => self.builder.intern(name.as_deref().unwrap_or("")),
        };
        if name == self.builder.so_far().known().empty {
            self.faults.say(&format!("{path}.schedulerName"), "must be said");
        }
        let own = raw.percentage_of_nodes_to_score;
        check_percentage(own, &format!("{path}.percentageOfNodesToScore"), self.faults);
        let percentage = own.or(self.raw.percentage_of_nodes_to_score).unwrap_or(0);
        let mut profile = Profile::standard(name);
        profile.percentage_of_nodes = percentage;
        run(&assembly, &mut profile);
        self.arguments(raw, &path, &assembly, &mut profile);
        profile.oddities = self.oddities(&assembly, &path);
        profile
    }

    fn arguments(
        &mut self,
        raw: &RawProfile<'_>,
        path: &str,
        assembly: &Assembly,
        profile: &mut Profile,
    ) {
        let mut seen = Vec::new();
        for (at, config) in raw.plugin_config.iter().enumerate() {
            let path = format!("{path}.pluginConfig[{at}]");
            if seen.contains(&&*config.name) {
                self.faults.say(&path, format!("{} stands twice", config.name));
            }
            seen.push(&config.name);
            if plugins::REMOVED.contains(&&*config.name) {
                self.faults.say(&path, format!("{} is gone since this version", config.name));
            }
            let Some(known) = Known::named(&config.name) else { continue };
            let path = format!("{path}.args");
            let needed = assembly.needs(&config.name);
            let (builder, faults) = (&mut *self.builder, &mut *self.faults);
            Arguments { builder, faults, path, needed }.read(known, config.args, profile);
        }
        // They take the place of what the arguments say (`buildExtenders`,
        // `pkg/scheduler/scheduler.go`).
        let resources = self.raw.extenders.iter().flat_map(|one| &one.managed_resources);
        let ignored = resources.filter(|one| one.ignored_by_scheduler);
        let ignored: Vec<_> = ignored.map(|one| self.builder.intern(&one.name)).collect();
        if !ignored.is_empty() {
            profile.fit.ignored = ignored.into();
        }
    }

    /// What makes the profile one that is not modelled.
    fn oddities(&mut self, assembly: &Assembly, path: &str) -> Box<[Oddity]> {
        let mut oddities = Vec::new();
        let path = format!("{path}.plugins");
        for name in &assembly.foreign {
            let detail = format!("{name} decides what nobody knows here");
            self.faults.doubt(Rule::ForeignPlugin, &path, detail);
            oddities.push(Oddity::Foreign(self.builder.intern(name)));
        }
        for plugin in Plugin::ALL {
            let runs = |point| assembly.runs(point, plugin.name());
            if is_torn(plugin, runs) {
                let detail = format!("{} fails where a part of it is left out", plugin.name());
                self.faults.doubt(Rule::OddProfile, &path, detail);
                oddities.push(Oddity::Torn(plugin));
            } else if INSISTED_ON.contains(&plugin) && !runs(Point::Filter)
                || plugin == Plugin::SchedulingGates && !runs(Point::PreEnqueue)
                || plugin == Plugin::VolumeBinding
                    && !(runs(Point::Reserve) && runs(Point::PreBind))
            {
                let detail = format!("pods are bound where {} would not let them", plugin.name());
                self.faults.doubt(Rule::OddProfile, &path, detail);
                oddities.push(Oddity::Unchecked(plugin));
            }
        }
        oddities.into()
    }
}

/// Whether a plugin runs at a point where it needs what it would have found out at another.
fn is_torn(plugin: Plugin, runs: impl Fn(Point) -> bool) -> bool {
    let filters = runs(Point::Filter) && !runs(Point::PreFilter);
    let scores = runs(Point::Score) && !runs(Point::PreScore);
    let binds = runs(Point::Reserve) || runs(Point::PreBind) || runs(Point::PostFilter);
    let claims = match plugin {
        Plugin::DynamicResources => !runs(Point::PreFilter) && (binds || runs(Point::Score)),
        Plugin::VolumeBinding => !runs(Point::PreFilter) && binds,
        _ => false,
    };
    NEED_PRE_FILTER.contains(&plugin) && filters
        || NEED_PRE_SCORE.contains(&plugin) && scores
        || claims
}

/// Who runs where, as far as it is modelled.
fn run(assembly: &Assembly, profile: &mut Profile) {
    let at = |point| -> Box<[Plugin]> {
        assembly.at(point).iter().filter_map(|name| Plugin::named(name)).collect()
    };
    profile.holds_gated = at(Point::PreEnqueue).contains(&Plugin::SchedulingGates);
    profile.preempts = at(Point::PostFilter).contains(&Plugin::DefaultPreemption);
    profile.pre_filters = at(Point::PreFilter);
    profile.filters = at(Point::Filter);
    profile.pre_scores = at(Point::PreScore);
    let weigh = |plugin: &Plugin| (*plugin, i64::from(assembly.weight(plugin.name())));
    profile.scores = at(Point::Score).iter().map(weigh).collect();
}
