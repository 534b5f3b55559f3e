//! Which plugins run at which point, and in which order.
//!
//! Models `mergePlugins` (`pkg/scheduler/apis/config/v1/default_plugins.go`), and
//! `updatePluginList`, `expandMultiPointPlugins` and `getValidScoreWeights`
//! (`pkg/scheduler/framework/runtime/framework.go`, v1.36.3).

use std::collections::BTreeSet;

use super::Faults;
use super::raw::{RawPlugin, RawPluginSet, RawPlugins};

/// Where plugins run. Points that decide nothing about where a pod goes are among them, as a
/// plugin must not stand twice there either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Point {
    PreEnqueue,
    QueueSort,
    PreFilter,
    Filter,
    PostFilter,
    PreScore,
    Score,
    Reserve,
    Permit,
    PreBind,
    Bind,
    PostBind,
    PlacementGenerate,
    PlacementScore,
}

use Point::{
    Bind, Filter, Permit, PlacementGenerate, PlacementScore, PostFilter, PreBind, PreEnqueue,
    PreFilter, PreScore, QueueSort, Reserve, Score,
};

impl Point {
    pub(super) const ALL: [Self; 14] = [
        Self::PreEnqueue,
        Self::QueueSort,
        Self::PreFilter,
        Self::Filter,
        Self::PostFilter,
        Self::PreScore,
        Self::Score,
        Self::Reserve,
        Self::Permit,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
        Self::PlacementGenerate,
        Self::PlacementScore,
    ];

    /// As configurations write it.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::PreEnqueue => "preEnqueue",
            Self::QueueSort => "queueSort",
            Self::PreFilter => "preFilter",
            Self::Filter => "filter",
            Self::PostFilter => "postFilter",
            Self::PreScore => "preScore",
            Self::Score => "score",
            Self::Reserve => "reserve",
            Self::Permit => "permit",
            Self::PreBind => "preBind",
            Self::Bind => "bind",
            Self::PostBind => "postBind",
            Self::PlacementGenerate => "placementGenerate",
            Self::PlacementScore => "placementScore",
        }
    }

    fn of(self, plugins: &RawPlugins) -> &RawPluginSet {
        match self {
            Self::PreEnqueue => &plugins.pre_enqueue,
            Self::QueueSort => &plugins.queue_sort,
            Self::PreFilter => &plugins.pre_filter,
            Self::Filter => &plugins.filter,
            Self::PostFilter => &plugins.post_filter,
            Self::PreScore => &plugins.pre_score,
            Self::Score => &plugins.score,
            Self::Reserve => &plugins.reserve,
            Self::Permit => &plugins.permit,
            Self::PreBind => &plugins.pre_bind,
            Self::Bind => &plugins.bind,
            Self::PostBind => &plugins.post_bind,
            Self::PlacementGenerate => &plugins.placement_generate,
            Self::PlacementScore => &plugins.placement_score,
        }
    }
}

/// The plugins that kube-scheduler ships, with the points where each runs (the interfaces that it
/// implements, `pkg/scheduler/framework/plugins`).
const SHIPPED: [(&str, &[Point]); 23] = [
    ("SchedulingGates", &[PreEnqueue]),
    ("PrioritySort", &[QueueSort]),
    ("NodeUnschedulable", &[Filter]),
    ("NodeName", &[Filter]),
    ("TaintToleration", &[Filter, PreScore, Score]),
    ("NodeAffinity", &[PreFilter, Filter, PreScore, Score]),
    ("NodePorts", &[PreFilter, Filter]),
    ("NodeResourcesFit", &[PreFilter, Filter, PreScore, Score, PlacementScore]),
    ("VolumeRestrictions", &[PreFilter, Filter]),
    ("NodeVolumeLimits", &[PreFilter, Filter]),
    ("VolumeBinding", &[PreFilter, Filter, PreScore, Score, Reserve, PreBind]),
    ("VolumeZone", &[PreFilter, Filter]),
    ("PodTopologySpread", &[PreFilter, Filter, PreScore, Score]),
    ("InterPodAffinity", &[PreFilter, Filter, PreScore, Score]),
    ("DynamicResources", &[PreEnqueue, PreFilter, Filter, PostFilter, Score, Reserve, PreBind]),
    ("DefaultPreemption", &[PreEnqueue, PostFilter]),
    ("NodeResourcesBalancedAllocation", &[PreScore, Score]),
    ("ImageLocality", &[Score]),
    ("DefaultBinder", &[Bind]),
    ("NodeDeclaredFeatures", &[PreFilter, Filter]),
    ("GangScheduling", &[PreEnqueue, Permit]),
    ("TopologyPlacementGenerator", &[PlacementGenerate]),
    ("PodGroupPodsCount", &[PlacementScore]),
];

/// What runs without any configuration, in order, with weights (`getDefaultPlugins`).
const DEFAULTS: [(&str, Option<i32>); 20] = [
    ("SchedulingGates", None),
    ("PrioritySort", None),
    ("NodeUnschedulable", None),
    ("NodeName", None),
    ("TaintToleration", Some(3)),
    ("NodeAffinity", Some(2)),
    ("NodePorts", None),
    ("NodeResourcesFit", Some(1)),
    ("VolumeRestrictions", None),
    ("NodeVolumeLimits", None),
    ("VolumeBinding", None),
    ("VolumeZone", None),
    ("PodTopologySpread", Some(2)),
    ("InterPodAffinity", Some(2)),
    ("DynamicResources", Some(2)),
    ("DefaultPreemption", None),
    ("NodeResourcesBalancedAllocation", Some(1)),
    ("ImageLocality", Some(1)),
    ("DefaultBinder", None),
    ("NodeDeclaredFeatures", None),
];

/// Plugins of before that a configuration must not name (`invalidPluginsByVersion`,
/// `pkg/scheduler/apis/config/validation/validation.go`).
pub(super) const REMOVED: [&str; 4] =
    ["AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits"];

/// Who runs where: by point, in order.
#[derive(Clone, Debug)]
pub(super) struct Assembly {
    points: Vec<(Point, Vec<String>)>,
    weights: Vec<(String, i32)>,
    /// Plugins that are not shipped, where they are turned on.
    pub(super) foreign: BTreeSet<String>,
    named: BTreeSet<String>,
}

impl Assembly {
    /// The plugins of a point.
    pub(super) fn at(&self, point: Point) -> &[String] {
        self.points.iter().find(|(known, _)| *known == point).map_or(&[], |(_, names)| names)
    }

    /// Whether the plugin runs at the point.
    pub(super) fn runs(&self, point: Point, name: &str) -> bool {
        self.at(point).iter().any(|known| known == name)
    }

    /// Whether the plugin is made at all, and so looks at its arguments (`pluginsNeeded`).
    pub(super) fn needs(&self, name: &str) -> bool {
        self.named.contains(name)
    }

    /// What the plugin's score is multiplied by; 1 where nothing is said.
    pub(super) fn weight(&self, name: &str) -> i32 {
        let known = self.weights.iter().find(|(known, _)| known == name);
        known.map_or(1, |(_, weight)| *weight)
    }
}

/// Merges the defaults with what a profile says, and finds out who runs where. `path` leads to the
/// profile.
pub(super) fn assemble(custom: &RawPlugins, path: &str, faults: &mut Faults) -> Assembly {
    let multi_point = merge(&defaults(), &custom.multi_point);
    let nothing = RawPluginSet::default();
    let mut assembly = Assembly {
        points: Vec::new(),
        weights: Vec::new(),
        foreign: BTreeSet::new(),
        named: BTreeSet::new(),
    };
    let path = format!("{path}.plugins");
    note(&multi_point.enabled, &format!("{path}.multiPoint"), &mut assembly, faults);
    for point in Point::ALL {
        let set = merge(&nothing, point.of(custom));
        let place = format!("{path}.{}", point.field());
        note(&set.enabled, &place, &mut assembly, faults);
        check(point, &set.enabled, &place, faults);
        let names = expand(point, &set, &multi_point.enabled, &path, faults);
        assembly.points.push((point, names));
        if point == Score {
            assembly.weights = weights(set.enabled.iter().chain(&multi_point.enabled));
        }
    }
    if assembly.at(QueueSort).len() != 1 {
        let count = assembly.at(QueueSort).len();
        faults.say(&path, format!("one queueSort plugin is needed, not {count}"));
    }
    if assembly.at(Bind).is_empty() {
        faults.say(&path, "at least one bind plugin is needed");
    }
    if assembly.at(PlacementGenerate).len() > 1 {
        faults.say(&path, "at most one placementGenerate plugin is allowed");
    }
    assembly
}

fn defaults() -> RawPluginSet {
    let plugin = |&(name, weight): &(&str, Option<i32>)| RawPlugin { name: name.into(), weight };
    RawPluginSet { enabled: DEFAULTS.iter().map(plugin).collect(), disabled: Vec::new() }
}

/// `mergePluginSet`: a plugin that is turned on again keeps its place, with the new weight.
fn merge(defaults: &RawPluginSet, custom: &RawPluginSet) -> RawPluginSet {
    let disabled: Vec<RawPlugin> =
        custom.disabled.iter().chain(&defaults.disabled).cloned().collect();
    let is_disabled = |name: &str| disabled.iter().any(|one| one.name == name);
    let mut enabled = Vec::new();
    let mut replaced = BTreeSet::new();
    if !is_disabled("*") {
        for default in defaults.enabled.iter().filter(|one| !is_disabled(&one.name)) {
            // Of several the last one counts.
            match custom.enabled.iter().rposition(|one| one.name == default.name) {
                Some(at) => {
                    replaced.insert(at);
                    enabled.push(custom.enabled[at].clone());
                }
                None => enabled.push(default.clone()),
            }
        }
    }
    let others = custom.enabled.iter().enumerate().filter(|(at, _)| !replaced.contains(at));
    enabled.extend(others.map(|(_, plugin)| plugin.clone()));
    RawPluginSet { enabled, disabled }
}

fn points_of(name: &str) -> Option<&'static [Point]> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, points)| *points)
}

/// Takes down who is turned on anywhere.
fn note(enabled: &[RawPlugin], place: &str, assembly: &mut Assembly, faults: &mut Faults) {
    for plugin in enabled {
        if REMOVED.contains(&&*plugin.name) {
            faults.say(place, format!("{} is gone since this version", plugin.name));
        } else if points_of(&plugin.name).is_none() {
            assembly.foreign.insert(plugin.name.clone());
        }
        assembly.named.insert(plugin.name.clone());
    }
}

/// What stands at a point itself must run there, and once (`updatePluginList`).
fn check(point: Point, enabled: &[RawPlugin], place: &str, faults: &mut Faults) {
    for (at, plugin) in enabled.iter().enumerate() {
        let name = &plugin.name;
        if points_of(name).is_some_and(|points| !points.contains(&point)) {
            faults.say(place, format!("{name} does not run at {}", point.field()));
        } else if enabled[..at].iter().any(|before| before.name == *name) {
            faults.say(place, format!("{name} stands twice"));
        }
    }
}

/// `expandMultiPointPlugins`: first those that are set at the point and at `multiPoint`, then those
/// of `multiPoint` alone, then those of the point alone.
fn expand(
    point: Point,
    set: &RawPluginSet,
    multi_point: &[RawPlugin],
    path: &str,
    faults: &mut Faults,
) -> Vec<String> {
    let mut own: Vec<String> = Vec::new();
    for plugin in &set.enabled {
        if !own.contains(&plugin.name) {
            own.push(plugin.name.clone());
        }
    }
    let is_disabled = |name: &str| set.disabled.iter().any(|one| one.name == name);
    if is_disabled("*") {
        return own;
    }
    let mut overridden = BTreeSet::new();
    let mut expanded: Vec<String> = Vec::new();
    for RawPlugin { name, .. } in multi_point {
        let runs_here = points_of(name).is_some_and(|points| points.contains(&point));
        if !runs_here || is_disabled(name) {
            continue;
        }
        if own.contains(name) {
            overridden.insert(name.clone());
        } else if expanded.contains(name) {
            faults.say(&format!("{path}.multiPoint"), format!("{name} stands twice"));
        } else {
            expanded.push(name.clone());
        }
    }
    let (mut all, rest): (Vec<_>, Vec<_>) =
        own.into_iter().partition(|name| overridden.contains(name));
    all.extend(expanded);
    all.extend(rest);
    all
}

/// What stands at the point itself counts before `multiPoint`; 0 is 1.
fn weights<'p>(plugins: impl Iterator<Item = &'p RawPlugin>) -> Vec<(String, i32)> {
    let mut weights: Vec<(String, i32)> = Vec::new();
    for plugin in plugins {
        if !weights.iter().any(|(known, _)| *known == plugin.name) {
            let weight = plugin.weight.filter(|weight| *weight != 0).unwrap_or(1);
            weights.push((plugin.name.clone(), weight));
        }
    }
    weights
}
