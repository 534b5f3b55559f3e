//! One scheduling cycle: `PreFilter`, `Filter`, `PreScore`, `Score`, normalization and weights, in
//! the profile's order.
//!
//! Models `pkg/scheduler/framework/runtime/framework.go` and `pkg/scheduler/schedule_one.go`
//! (v1.36.3).

use holdfast_cluster::{ClassId, InstanceId, NodeId};

use crate::node_info::{NodeInfo, Variant};
use crate::plugin::Plugin;
use crate::plugins::node_affinity::Named;
use crate::plugins::{
    Context, Verdict, image_locality, inter_pod_affinity, node_declared_features, node_name,
    node_ports, node_resources_balanced_allocation, node_resources_fit, node_unschedulable,
    node_volume_limits, normalize, pod_topology_spread, volume_binding, volume_restrictions,
    volume_zone,
};
use crate::reason::{Code, Failure, Reason, Rejection, Stage};

/// What the plugins keep from `PreFilter` on: upstream's `CycleState`. A dry run clones it.
#[derive(Clone, Debug)]
pub(crate) struct Cycle<'a> {
    pub(crate) context: Context<'a>,
    restrictions: Option<volume_restrictions::State>,
    binding: Option<volume_binding::State<'a>>,
    zones: Option<volume_zone::State<'a>>,
    spread: Option<pod_topology_spread::FilterState<'a>>,
    affinity: inter_pod_affinity::State<'a>,
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
        let mut cycle = Self {
            restrictions: None,
            binding: None,
            zones: None,
            spread: pod_topology_spread::FilterState::new(&context),
            affinity: inter_pod_affinity::State::new(&context),
            context,
        };
        let eligible = match &context.compiled.node_affinity.of(context.spec_id).named {
            Named::All => Ok(Eligible::All),
            Named::Only(nodes) => Ok(Eligible::Only(nodes, Plugin::NodeAffinity)),
            Named::Conflict => Err((Plugin::NodeAffinity, Reason::NodeAffinityConflict)),
        };
        let eligible = eligible.and_then(|eligible| {
            cycle.look_up_volumes()?;
            pod_topology_spread::pre_filter(&context)
                .map_err(|reason| (Plugin::PodTopologySpread, reason))?;
            inter_pod_affinity::pre_filter(&context)
                .map_err(|reason| (Plugin::InterPodAffinity, reason))?;
            Ok(eligible)
        });
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

    /// `PreFilter` of the volume plugins that are enabled.
    fn look_up_volumes(&mut self) -> Result<(), (Plugin, Reason)> {
        let context = &self.context;
        if context.spec.volumes.is_empty() {
            return Ok(());
        }
        for &plugin in &context.compiled.profile.filters {
            let found = match plugin {
                Plugin::VolumeRestrictions => {
                    volume_restrictions::pre_filter(context).map(|state| self.restrictions = state)
                }
                Plugin::VolumeBinding => {
                    volume_binding::pre_filter(context).map(|state| self.binding = state)
                }
                Plugin::VolumeZone => {
                    volume_zone::pre_filter(context).map(|state| self.zones = state)
                }
                _ => Ok(()),
            };
            found.map_err(|reason| (plugin, reason))?;
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

    fn filter_by(&self, plugin: Plugin, node: &NodeInfo<'_>, reasons: &mut Vec<Reason>) -> Verdict {
        let context = &self.context;
        let Context { cluster, compiled, spec_id, .. } = *context;
        match plugin {
            Plugin::NodeUnschedulable => node_unschedulable::filter(context, node, reasons),
            Plugin::NodeName => node_name::filter(context, node, reasons),
            Plugin::TaintToleration => compiled.taints.of(spec_id).filter(cluster, node, reasons),
            Plugin::NodeAffinity => {
                compiled.node_affinity.of(spec_id).filter(cluster, node.id, reasons)
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

    /// The same, with the pods that the node is kept free for in place and without them
    /// (`RunFilterPluginsWithNominatedPods`).
    pub(crate) fn filter_with_nominated(
        &self,
        node: &NodeInfo<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Result<(), (Plugin, Code)> {
        let nominated = self.nominated(node.id);
        if !nominated.is_empty() {
            let mut cycle = self.clone();
            let Context { cluster, placement, .. } = self.context;
            let mut crowded = Variant::of(cluster, placement, node);
            for pod in nominated {
                cycle.add(&mut crowded, node, pod);
            }
            cycle.filter(&crowded.info(node), reasons)?;
        }
        self.filter(node, reasons)
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

    /// What keeps the feasible nodes from being scored (`RunPreScorePlugins`).
    fn pre_score(&self) -> Result<(), Failure> {
        let Context { compiled, spec_id, spec, .. } = self.context;
        for &(plugin, _) in &compiled.profile.scores {
            let reason = match plugin {
                Plugin::NodeAffinity if !spec.node_affinity.preferred_faults.is_empty() => {
                    Reason::NodePreferenceUnparsable(spec_id)
                }
                Plugin::PodTopologySpread if pod_topology_spread::soft_is_unparsable(spec) => {
                    Reason::SoftSpreadUnparsable(spec_id)
                }
                _ => continue,
            };
            return Err(Failure { stage: Stage::PreScore, plugin, reason });
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
    fn score_by(&self, plugin: Plugin, feasible: &[NodeId], scores: &mut Vec<i64>) -> bool {
        let context = &self.context;
        let Context { cluster, compiled, placement, spec_id, .. } = *context;
        let info = |&node: &NodeId| NodeInfo::of(cluster, placement, node);
        match plugin {
            Plugin::TaintToleration => {
                let tolerance = compiled.taints.of(spec_id);
                scores.extend(feasible.iter().map(|&node| tolerance.score(cluster, node)));
                normalize::scale_by_highest(scores, true);
            }
            Plugin::NodeAffinity => {
                let wish = compiled.node_affinity.of(spec_id);
                if !wish.scores() {
                    return false;
                }
                scores.extend(feasible.iter().map(|&node| wish.score(cluster, node)));
                normalize::scale_by_highest(scores, false);
            }
            Plugin::NodeResourcesFit => {
                let score = |node| node_resources_fit::score(context, &info(node));
                scores.extend(feasible.iter().map(score));
            }
            Plugin::PodTopologySpread => {
                let Some(spread) = pod_topology_spread::ScoreState::new(context, feasible) else {
                    return false;
                };
                scores.extend(feasible.iter().map(|&node| spread.score(context, node)));
                pod_topology_spread::normalize(scores);
            }
            Plugin::InterPodAffinity => {
                if !self.affinity.scores() {
                    return false;
                }
                scores.extend(feasible.iter().map(|&node| self.affinity.score(context, node)));
                inter_pod_affinity::normalize(scores);
            }
            // Not modelled: a pod without claims scores nothing.
            Plugin::DynamicResources => scores.resize(feasible.len(), 0),
            Plugin::NodeResourcesBalancedAllocation => {
                if !node_resources_balanced_allocation::scores(context) {
                    return false;
                }
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
