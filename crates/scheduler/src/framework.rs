//! One scheduling cycle: `PreFilter`, `Filter`, `PreScore`, `Score`, normalization and weights, in
//! the profile's order.
//!
//! Models `pkg/scheduler/framework/runtime/framework.go` and `pkg/scheduler/schedule_one.go`
//! (v1.36.3).

use std::cell::OnceCell;

use holdfast_cluster::{ClassId, InstanceId, NodeId, Placement};

use crate::needs::Need;
use crate::node_info::{NodeInfo, Variant};
use crate::plugin::Plugin;
use crate::plugins::node_affinity::Named;
use crate::plugins::{
    Context, Verdict, image_locality, inter_pod_affinity, node_declared_features, node_name,
    node_ports, node_resources_balanced_allocation, node_resources_fit, node_unschedulable,
    node_volume_limits, normalize, pod_topology_spread, scheduling_gates, volume_binding,
    volume_restrictions, volume_zone,
};
use crate::reason::{Code, Failure, Reason, Rejection, Stage};
use crate::room::Bond;

/// What the plugins keep from `PreFilter` on: upstream's `CycleState`. A dry run clones it.
#[derive(Clone, Debug)]
pub(crate) struct Cycle<'a> {
    pub(crate) context: Context<'a>,
    restrictions: Option<volume_restrictions::State>,
    binding: Option<volume_binding::State<'a>>,
    zones: Option<volume_zone::State<'a>>,
    spread: Option<pod_topology_spread::FilterState<'a>>,
    affinity: inter_pod_affinity::State<'a>,
    /// What preferred spread counts, once it was asked for.
    soft: OnceCell<Option<pod_topology_spread::Counted<'a>>>,
}

/// Which filters mind where other pods of the same class are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Company {
    pub(crate) spread: bool,
    pub(crate) affinity: bool,
}

impl Company {
    /// Whether the plugin does.
    pub(crate) fn counts_for(self, plugin: Plugin) -> bool {
        match plugin {
            Plugin::PodTopologySpread => self.spread,
            Plugin::InterPodAffinity => self.affinity,
            _ => false,
        }
    }
}

/// What `PreFilter` leaves to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Eligible<'a> {
    /// Every node.
    All,
    /// These, by this plugin.
    Only(&'a [NodeId], Plugin),
}

impl Eligible<'_> {
    /// How many of so many nodes are left.
    pub(crate) fn count(&self, placement: &Placement, nodes: usize) -> usize {
        match self {
            Self::All => nodes,
            Self::Only(left, _) => left.iter().filter(|node| placement.node(**node).exists).count(),
        }
    }

    /// Whether the node is left.
    pub(crate) fn contains(&self, node: NodeId) -> bool {
        match self {
            Self::All => true,
            Self::Only(nodes, _) => nodes.binary_search(&node).is_ok(),
        }
    }
}

impl<'a> Cycle<'a> {
    /// Runs `PreFilter` (`RunPreFilterPlugins`): the state, and which nodes are left to look at, or
    /// why the pod fits nowhere.
    pub(crate) fn pre_filter(context: Context<'a>) -> (Self, Result<Eligible<'a>, Rejection>) {
        Self::pre_filter_with(context, pod_topology_spread::FilterState::new(&context))
    }

    /// The same with no strict spread to be kept.
    pub(crate) fn pre_filter_but_for_spread(
        context: Context<'a>,
    ) -> (Self, Result<Eligible<'a>, Rejection>) {
        Self::pre_filter_with(context, None)
    }

    fn pre_filter_with(
        context: Context<'a>,
        spread: Option<pod_topology_spread::FilterState<'a>>,
    ) -> (Self, Result<Eligible<'a>, Rejection>) {
        let mut cycle = Self {
            restrictions: None,
            binding: None,
            zones: None,
            spread,
            affinity: inter_pod_affinity::State::new(&context),
            soft: OnceCell::new(),
            context,
        };
        let mut eligible = Ok(Eligible::All);
        for &plugin in &context.compiled.profile.pre_filters {
            let looked = match plugin {
                Plugin::NodeAffinity => cycle.named_nodes(),
                Plugin::InterPodAffinity => {
                    inter_pod_affinity::pre_filter(&context).map(|()| Eligible::All)
                }
                Plugin::PodTopologySpread => {
                    pod_topology_spread::pre_filter(&context).map(|()| Eligible::All)
                }
                plugin => cycle.look_up_volumes(plugin).map(|()| Eligible::All),
            };
            match looked {
                Ok(Eligible::All) => {}
                Ok(only) => eligible = Ok(only),
                Err(reason) => {
                    eligible = Err((plugin, reason));
                    break;
                }
            }
        }
        let eligible = eligible.map_err(|(plugin, reason)| Rejection {
            plugin,
            code: match reason {
                Reason::HardSpreadUnparsable(_) => Code::Error,
                // Holds whoever else is evicted.
                _ => Code::UnschedulableAndUnresolvable,
            },
            reasons: vec![reason],
        });
        (cycle, eligible)
    }

    /// A cycle for asking every filter, whatever `PreFilter` says.
    pub(crate) fn for_needs(context: Context<'a>) -> Self {
        let (mut cycle, eligible) = Self::pre_filter(context);
        if eligible.is_err() {
            for &plugin in &context.compiled.profile.pre_filters {
                // What a plugin cannot look up it needs of the pod, not of a node.
                let _ = cycle.look_up_volumes(plugin);
            }
        }
        cycle
    }

    /// The nodes that the pod itself names.
    fn named_nodes(&self) -> Result<Eligible<'a>, Reason> {
        match &self.context.compiled.node_affinity.of(self.context.spec_id).named {
            Named::All => Ok(Eligible::All),
            Named::Only(nodes) => Ok(Eligible::Only(nodes, Plugin::NodeAffinity)),
            Named::Conflict => Err(Reason::NodeAffinityConflict),
        }
    }

    /// `PreFilter` of a volume plugin; nothing for others.
    fn look_up_volumes(&mut self, plugin: Plugin) -> Result<(), Reason> {
        let context = &self.context;
        if context.spec.volumes.is_empty() {
            return Ok(());
        }
        match plugin {
            Plugin::VolumeRestrictions => {
                self.restrictions = volume_restrictions::pre_filter(context)?;
            }
            Plugin::VolumeBinding => self.binding = volume_binding::pre_filter(context)?,
            Plugin::VolumeZone => self.zones = volume_zone::pre_filter(context)?,
            _ => {}
        }
        Ok(())
    }

    /// Runs the filters on a node until one rejects it (`RunFilterPlugins`). `reasons` is emptied,
    /// then holds that filter's.
    pub(crate) fn filter(
        &self,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Result<(), (Plugin, Code)> {
        reasons.clear();
        for &plugin in &self.context.compiled.profile.filters {
            self.filter_by(plugin, node, reasons).map_err(|code| (plugin, code))?;
        }
        Ok(())
    }

    /// Runs some of the filters on a node until one rejects it.
    pub(crate) fn filter_some(
        &self,
        asked: impl Fn(Plugin) -> bool,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Verdict {
        reasons.clear();
        let filters = self.context.compiled.profile.filters.iter().copied();
        filters
            .filter(|plugin| asked(*plugin))
            .try_for_each(|plugin| self.filter_by(plugin, node, reasons))
    }

    /// Which filters mind where other pods of the same class are.
    pub(crate) fn company(&self) -> Company {
        let class = self.context.class;
        Company {
            spread: self.spread.as_ref().is_some_and(|spread| spread.counts(class)),
            affinity: self.affinity.counts(class),
        }
    }

    /// What keeps pods of the same class from each other's domains, and what brings them there.
    pub(crate) fn rules(&self) -> Vec<Bond> {
        let spread = self.spread.iter().flat_map(|spread| spread.bonds(&self.context));
        spread.chain(self.affinity.bonds(&self.context)).collect()
    }

    /// Whether no pod of the same class may ever come to the node, because of who is near already.
    pub(crate) fn bars(&self, node: NodeId) -> bool {
        let filters = &self.context.compiled.profile.filters;
        let spread = filters.contains(&Plugin::PodTopologySpread)
            && self.spread.as_ref().is_some_and(|spread| spread.bars(&self.context, node));
        let affinity =
            filters.contains(&Plugin::InterPodAffinity) && self.affinity.bars(&self.context, node);
        spread || affinity
    }

    /// Counts a pod of the same class on the node, as the next cycle would find it.
    pub(crate) fn count_in(&mut self, node: &NodeInfo<'_>) {
        let class = self.context.class;
        if let Some(spread) = &mut self.spread {
            spread.count_in(&self.context, class, node);
        }
        if let Some(Some(soft)) = self.soft.get_mut() {
            soft.count_in(class, node.id);
        }
        self.affinity.count_in(&self.context, class, node.id);
    }

    fn filter_by(&self, plugin: Plugin, node: &NodeInfo<'_>, reasons: &mut Vec<Reason>) -> Verdict {
        let context = &self.context;
        let Context { cluster, compiled, spec_id, .. } = *context;
        match plugin {
            Plugin::NodeUnschedulable => node_unschedulable::filter(context, node, reasons),
            Plugin::NodeName => node_name::filter(context, node, reasons),
            Plugin::TaintToleration => compiled.taints.of(spec_id).filter(cluster, node, reasons),
            Plugin::NodeAffinity => {
                compiled.node_affinity.filter(cluster, spec_id, node.id, reasons)
            }
            Plugin::NodePorts => node_ports::filter(context, node, reasons),
            Plugin::NodeResourcesFit => node_resources_fit::filter(context, node, reasons),
            Plugin::NodeVolumeLimits => node_volume_limits::filter(context, node, reasons),
            Plugin::VolumeRestrictions => self
                .restrictions
                .as_ref()
                .map_or(Ok(()), |state| state.filter(context, node, reasons)),
            Plugin::VolumeBinding => {
                self.binding.as_ref().map_or(Ok(()), |state| state.filter(cluster, node, reasons))
            }
            Plugin::VolumeZone => {
                self.zones.as_ref().map_or(Ok(()), |state| state.filter(cluster, node, reasons))
            }
            Plugin::PodTopologySpread => {
                self.spread.as_ref().map_or(Ok(()), |state| state.filter(context, node.id, reasons))
            }
            Plugin::InterPodAffinity => self.affinity.filter(context, node, reasons),
            Plugin::NodeDeclaredFeatures => node_declared_features::filter(context, node, reasons),
            _ => Ok(()),
        }
    }

    /// What each filter, were it asked, would need to let the pod onto the node; nothing where all
    /// are content.
    pub(crate) fn needs(&self, node: &NodeInfo<'_>) -> Vec<(Plugin, Need)> {
        let mut needs = self.needs_of(node);
        let nominated = self.nominated(node.id);
        if !nominated.is_empty() {
            let (cycle, crowded) = self.crowd(node, &nominated);
            let crowded = cycle.needs_of(&crowded.info(node));
            // Without those pods it is as if the node were not kept free.
            if let Some((plugin, _)) = crowded.iter().find(|need| !needs.contains(need)) {
                needs.push((*plugin, Need::KeptFree(nominated)));
            }
        }
        needs
    }

    fn needs_of(&self, node: &NodeInfo<'_>) -> Vec<(Plugin, Need)> {
        let filters = self.context.compiled.profile.filters.iter().copied();
        filters
            .chain(self.left_out_by(node.id))
            .flat_map(|plugin| {
                self.needs_by(plugin, node).into_iter().map(move |need| (plugin, need))
            })
            .collect()
    }

    /// Who leaves the node out before it is looked at and does not turn it down again.
    fn left_out_by(&self, node: NodeId) -> Option<Plugin> {
        let (profile, plugin) = (&self.context.compiled.profile, Plugin::NodeAffinity);
        let named = || self.named_nodes().is_ok_and(|named| !named.contains(node));
        let once = profile.pre_filters.contains(&plugin) && !profile.filters.contains(&plugin);
        (once && named()).then_some(plugin)
    }

    fn needs_by(&self, plugin: Plugin, node: &NodeInfo<'_>) -> Vec<Need> {
        let context = &self.context;
        let Context { cluster, compiled, spec_id, .. } = *context;
        match plugin {
            Plugin::NodeUnschedulable => {
                node_unschedulable::needs(context, node).into_iter().collect()
            }
            Plugin::NodeName => node_name::needs(context, node).into_iter().collect(),
            Plugin::TaintToleration => compiled.taints.of(spec_id).needs(cluster, node).collect(),
            Plugin::NodeAffinity => compiled.node_affinity.needs(cluster, spec_id, node.id),
            Plugin::NodePorts => node_ports::needs(context, node),
            Plugin::NodeResourcesFit => node_resources_fit::needs(context, node),
            Plugin::NodeVolumeLimits => node_volume_limits::needs(context, node),
            Plugin::VolumeRestrictions => {
                self.restrictions.iter().flat_map(|state| state.needs(context, node)).collect()
            }
            Plugin::VolumeBinding => {
                self.binding.iter().flat_map(|state| state.needs(cluster, node)).collect()
            }
            Plugin::VolumeZone => {
                self.zones.iter().flat_map(|state| state.needs(cluster, node)).collect()
            }
            Plugin::PodTopologySpread => {
                self.spread.iter().flat_map(|state| state.needs(context, node.id)).collect()
            }
            Plugin::InterPodAffinity => self.affinity.needs(context, node),
            Plugin::NodeDeclaredFeatures => node_declared_features::needs(context, node).collect(),
            _ => Vec::new(),
        }
    }

    /// What the pod needs wherever it goes.
    pub(crate) fn pod_needs(&self) -> Vec<Need> {
        let context = &self.context;
        let compiled = context.compiled;
        let named = &compiled.node_affinity.of(context.spec_id).named;
        let gates = scheduling_gates::pre_enqueue(context).unwrap_or_default();
        let mut needs: Vec<Need> = gates.iter().copied().map(Need::Gate).collect();
        for plugin in &compiled.profile.pre_filters {
            let unparsable = match plugin {
                Plugin::PodTopologySpread => pod_topology_spread::pre_filter(context).err(),
                Plugin::InterPodAffinity => inter_pod_affinity::pre_filter(context).err(),
                _ => None,
            };
            needs.extend(unparsable.map(Need::Mend));
            match plugin {
                Plugin::NodeAffinity if *named == Named::Conflict => {
                    needs.push(Need::AffinityConflict);
                }
                Plugin::VolumeBinding => needs.extend(volume_binding::pod_needs(context)),
                Plugin::VolumeZone => needs.extend(volume_zone::pod_needs(context)),
                _ => {}
            }
        }
        needs
    }

    /// The same, with the pods that the node is kept free for in place and without them
    /// (`RunFilterPluginsWithNominatedPods`).
    pub(crate) fn filter_with_nominated(
        &self,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Result<(), (Plugin, Code)> {
        let nominated = self.nominated(node.id);
        if !nominated.is_empty() {
            let (cycle, crowded) = self.crowd(node, &nominated);
            cycle.filter(&crowded.info(node), reasons)?;
        }
        self.filter(node, reasons)
    }

    /// The node with these pods on it too.
    fn crowd(&self, node: &NodeInfo<'_>, pods: &[InstanceId]) -> (Self, Variant) {
        let mut cycle = self.clone();
        let Context { cluster, placement, .. } = self.context;
        let mut crowded = Variant::of(cluster, placement, node);
        for &pod in pods {
            cycle.add(&mut crowded, node, pod);
        }
        (cycle, crowded)
    }

    /// Pending pods of the same or a higher priority that the node is kept free for.
    fn nominated(&self, node: NodeId) -> Vec<InstanceId> {
        let Context { cluster, placement, spec, pod, .. } = self.context;
        let counts = |other: &InstanceId| {
            let instance = placement.instance(*other);
            *other != pod
                && instance.nominated == Some(node)
                && cluster.spec_of(instance.class).priority >= spec.priority
        };
        placement.nominated().iter().copied().filter(counts).collect()
    }

    /// Puts a pod on the node, for the filters that follow (`AddPod`).
    pub(crate) fn add(&mut self, variant: &mut Variant, node: &NodeInfo<'_>, pod: InstanceId) {
        let class = self.context.placement.instance(pod).class;
        variant.add(self.context.cluster, pod, class);
        self.update(class, node, 1);
    }

    /// Takes a pod off the node (`RemovePod`).
    pub(crate) fn remove(&mut self, variant: &mut Variant, node: &NodeInfo<'_>, pod: InstanceId) {
        let class = self.context.placement.instance(pod).class;
        variant.remove(self.context.cluster, pod, class);
        self.update(class, node, -1);
    }

    fn update(&mut self, class: ClassId, node: &NodeInfo<'_>, times: i64) {
        if let Some(spread) = &mut self.spread {
            spread.update(&self.context, class, node, times);
        }
        if let Some(restrictions) = &mut self.restrictions {
            restrictions.update(&self.context, class, times);
        }
        self.affinity.update(&self.context, class, node.id, times);
    }

    /// What keeps the feasible nodes from being scored (`RunPreScorePlugins`, and `RunScorePlugins`
    /// where the plugin does not look at the pod beforehand).
    pub(crate) fn pre_score(&self) -> Result<(), Failure> {
        let Context { compiled, spec_id, spec, .. } = self.context;
        let profile = &compiled.profile;
        if profile.scores.is_empty() {
            return Ok(());
        }
        let prefers = !spec.node_affinity.preferred_faults.is_empty();
        let preferred = Reason::NodePreferenceUnparsable(spec_id);
        for &plugin in &profile.pre_scores {
            let reason = match plugin {
                Plugin::NodeAffinity if prefers => preferred,
                Plugin::PodTopologySpread if pod_topology_spread::soft_is_unparsable(spec) => {
                    Reason::SoftSpreadUnparsable(spec_id)
                }
                _ => continue,
            };
            return Err(Failure { stage: Stage::PreScore, plugin, reason });
        }
        let plugin = Plugin::NodeAffinity;
        if prefers && profile.scores.iter().any(|(known, _)| *known == plugin) {
            return Err(Failure { stage: Stage::Score, plugin, reason: preferred });
        }
        Ok(())
    }

    /// Scores the feasible nodes, plugin by plugin: `visit` gets each plugin that has something to
    /// say, with a normalized and weighted score a node (`RunScorePlugins`).
    pub(crate) fn score(
        &self,
        feasible: &[NodeId],
        scores: &mut Vec<i64>,
        mut visit: impl FnMut(Plugin, &[i64]),
    ) -> Result<(), Failure> {
        self.pre_score()?;
        for &(plugin, weight) in &self.context.compiled.profile.scores {
            scores.clear();
            if !self.score_by(plugin, feasible, scores) {
                continue;
            }
            for score in scores.iter_mut() {
                *score *= weight;
            }
            visit(plugin, scores);
        }
        Ok(())
    }

    /// Fills in the normalized scores of one plugin; false if it has nothing to say.
    pub(crate) fn score_by(
        &self,
        plugin: Plugin,
        feasible: &[NodeId],
        scores: &mut Vec<i64>,
    ) -> bool {
        let speaks = self.raw_scores(plugin, feasible, scores);
        if speaks {
            normalize_scores(plugin, scores);
        }
        speaks
    }

    /// The same before they are normalized.
    pub(crate) fn raw_scores(
        &self,
        plugin: Plugin,
        feasible: &[NodeId],
        scores: &mut Vec<i64>,
    ) -> bool {
        let context = &self.context;
        let Context { cluster, compiled, placement, spec_id, .. } = *context;
        let info = |&node: &NodeId| NodeInfo::of(cluster, placement, node);
        // Those that do not look at the pod beforehand score it zero where they have no say.
        let may_skip = compiled.profile.pre_scores.contains(&plugin);
        match plugin {
            Plugin::TaintToleration => {
                let tolerance = compiled.taints.of(spec_id);
                scores.extend(feasible.iter().map(|&node| tolerance.score(cluster, node)));
            }
            Plugin::NodeAffinity => {
                let wishes = &compiled.node_affinity;
                if !wishes.scores(spec_id) && may_skip {
                    return false;
                }
                scores.extend(feasible.iter().map(|&node| wishes.score(cluster, spec_id, node)));
            }
            Plugin::NodeResourcesFit => {
                let score = |node| node_resources_fit::score(context, &info(node));
                scores.extend(feasible.iter().map(score));
            }
            Plugin::PodTopologySpread => {
                let counted = self.soft.get_or_init(|| pod_topology_spread::Counted::new(context));
                let Some(counted) = counted else { return false };
                let spread = pod_topology_spread::ScoreState::new(context, counted, feasible);
                scores.extend(feasible.iter().map(|&node| spread.score(context, node)));
            }
            Plugin::InterPodAffinity => {
                if !self.affinity.scores() {
                    return false;
                }
                scores.extend(feasible.iter().map(|&node| self.affinity.score(context, node)));
            }
            // It scores nothing without the feature gate `StorageCapacityScoring`.
            Plugin::VolumeBinding if may_skip => return false,
            // Not modelled: a pod without claims scores nothing.
            Plugin::VolumeBinding | Plugin::DynamicResources => scores.resize(feasible.len(), 0),
            Plugin::NodeResourcesBalancedAllocation
                if !node_resources_balanced_allocation::scores(context) =>
            {
                if may_skip {
                    return false;
                }
                scores.resize(feasible.len(), 0);
            }
            Plugin::NodeResourcesBalancedAllocation => {
                let score = |node| node_resources_balanced_allocation::score(context, &info(node));
                scores.extend(feasible.iter().map(score));
            }
            Plugin::ImageLocality => {
                let images = image_locality::State::new(context);
                scores.extend(feasible.iter().map(|&node| images.score(node)));
            }
            _ => return false,
        }
        true
    }
}

/// Brings the scores of a plugin onto the common scale, where it asks for that.
pub(crate) fn normalize_scores(plugin: Plugin, scores: &mut [i64]) {
    match plugin {
        Plugin::TaintToleration => normalize::scale_by_highest(scores, true),
        Plugin::NodeAffinity => normalize::scale_by_highest(scores, false),
        Plugin::PodTopologySpread => pod_topology_spread::normalize(scores),
        Plugin::InterPodAffinity => inter_pod_affinity::normalize(scores),
        _ => {}
    }
}
