//! Whether a lost pod is sure of a place, whatever the others do.
//!
//! It is, once all is quiet, where some node must be open to it in the end: a node that takes it
//! even with all others on it that may come there, or one of several that the others cannot pay to
//! close ([`crate::prices`]). More pods must only ever make it harder for the pod, and nothing that
//! it needs may be lost to others elsewhere: see [`Lost::is_plain`], rule by rule.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::spread::SpreadConstraint;
use holdfast_cluster::taint::{self, Effect, Taint};
use holdfast_cluster::volume::{AccessMode, PodVolume};
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, Plugin, PodSpec, WorkloadId,
};
use holdfast_failover::storage::Standing;
use holdfast_failover::{Dynamics, volumes};
use holdfast_scheduler::decision::{NodeVerdict, Outcome};
use holdfast_scheduler::reason::{Reason, Rejection};
use holdfast_scheduler::{KeepSpread, Preemption, Scratch};

use crate::format;
use crate::prices::{self, Contest, Others, Prices, counts, lone_spread, strict_spread};
use crate::skew::Skew;
use crate::unknown::Unknown;

/// Whether a pod finds a place whatever the others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// That is not known.
    None,
    /// It does, once every eviction has come.
    InTheEnd,
    /// It does, whenever it looks for one.
    Always,
}

/// Rooms for pods of one sort.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) prices: Vec<Prices>,
    /// Whole nodes may be tried.
    pub(crate) whole: bool,
}

impl Hints {
    /// What was written down of one sort of pods; an error names what there is not.
    pub(crate) fn read(&mut self, cluster: &Cluster, rooms: &format::Rooms) -> Result<(), String> {
        for name in &rooms.nodes {
            let node = cluster.find(name).and_then(|name| cluster.node_named(name));
            self.nodes.push(node.ok_or_else(|| name.clone())?);
        }
        for prices in &rooms.prices {
            self.prices.push(prices::read(cluster, prices)?);
        }
        self.whole |= rooms.whole;
        Ok(())
    }
}

/// All pods that were lost and wait for a node, every eviction that may come carried out.
pub(crate) struct Lost<'l, 'c> {
    pub(crate) dynamics: &'l Dynamics<'c>,
    pub(crate) unknown: &'l Unknown,
    pub(crate) hints: &'l BTreeMap<ClassId, Hints>,
    /// Pods whose eviction may never come.
    pub(crate) uncertain: &'l [InstanceId],
    /// All pods whose eviction was carried out.
    pub(crate) evicted: &'l [InstanceId],
    pub(crate) scratch: &'l mut Scratch,
    /// How many pods there were before anything failed, where every eviction is sure and whoever
    /// came since was made for a lost pod.
    pub(crate) since: Option<usize>,
    /// Those that wait and may come, once that was asked.
    pub(crate) coming: Option<Vec<InstanceId>>,
}

static NO_HINTS: BTreeMap<ClassId, Hints> = BTreeMap::new();

impl<'l, 'c> Lost<'l, 'c> {
    /// Without anything written down.
    pub(crate) fn new(
        dynamics: &'l Dynamics<'c>,
        unknown: &'l Unknown,
        uncertain: &'l [InstanceId],
        scratch: &'l mut Scratch,
    ) -> Self {
        let hints = &NO_HINTS;
        let (since, coming) = (None, None);
        Self { dynamics, unknown, hints, uncertain, evicted: &[], scratch, since, coming }
    }

    pub(crate) fn cluster(&self) -> &'c Cluster {
        self.dynamics.cluster()
    }

    /// Whether the pod is sure to be bound to a node that serves, and to serve there.
    pub(crate) fn room(&mut self, placement: &mut Placement, pod: InstanceId) -> Room {
        let Some(hints) = self.hints.get(&placement.instance(pod).class) else {
            return Room::None;
        };
        if !self.is_plain(placement, pod) {
            return Room::None;
        }
        let leaving = self.leaving(placement, pod);
        if self.has_room_for(placement, pod, hints, &leaving) {
            return Room::Always;
        }
        // Those that may stay for ever count for ever.
        let stays = self.uncertain.iter().any(|other| leaving.contains(other));
        let in_the_end =
            !stays && !leaving.is_empty() && self.has_room_for(placement, pod, hints, &[]);
        if in_the_end { Room::InTheEnd } else { Room::None }
    }

    /// Pods that are still to be evicted and until then count for the pod, which is strictly spread
    /// with them.
    fn leaving(&self, placement: &Placement, pod: InstanceId) -> Vec<InstanceId> {
        let cluster = self.cluster();
        let class = placement.instance(pod).class;
        let counted = |other: &InstanceId| {
            let other = placement.instance(*other).class;
            let mut constraints = strict_spread(cluster.spec_of(class));
            constraints.any(|constraint| counts(cluster, constraint, class, other))
        };
        self.evicted.iter().copied().filter(counted).collect()
    }

    /// Whether the node is in no domain by which the pod is strictly spread with one of those that
    /// leave: then it takes the pod before if it does afterwards.
    fn is_apart(
        &self,
        placement: &Placement,
        pod: InstanceId,
        leaving: &[InstanceId],
        node: NodeId,
    ) -> bool {
        let cluster = self.cluster();
        let class = placement.instance(pod).class;
        leaving.iter().all(|other| {
            let other = placement.instance(*other);
            let Some(theirs) = other.node() else { return false };
            let mut counting = strict_spread(cluster.spec_of(class))
                .filter(|constraint| counts(cluster, constraint, class, other.class));
            let value = |node: NodeId, key| cluster.node(node).labels.get(key);
            counting.all(|one| value(theirs, one.topology_key) != value(node, one.topology_key))
        })
    }

    /// Whether the pod has room against those that wait, or those of them that may come at all.
    fn has_room_for(
        &mut self,
        placement: &mut Placement,
        pod: InstanceId,
        hints: &Hints,
        leaving: &[InstanceId],
    ) -> bool {
        let waiting = placement.pending().to_vec();
        if self.has_room(placement, pod, hints, (&waiting, leaving)) {
            return true;
        }
        // Those that no run places take nobody's place.
        let coming = self.coming(placement);
        coming.len() < waiting.len() && self.has_room(placement, pod, hints, (&coming, leaving))
    }

    /// Those that wait and are not hopeless.
    fn coming(&mut self, placement: &Placement) -> Vec<InstanceId> {
        if let Some(coming) = &self.coming {
            return coming.clone();
        }
        let mut known: BTreeMap<(ClassId, WorkloadId), bool> = BTreeMap::new();
        let mut coming = placement.pending().to_vec();
        coming.retain(|pod| {
            let instance = placement.instance(*pod);
            let hopeless = known.entry((instance.class, instance.workload)).or_insert_with(|| {
                let nodes = self.dynamics.scheduler().feasible(placement, *pod, self.scratch);
                nodes.is_empty() && self.is_hopeless(placement, *pod)
            });
            !*hopeless
        });
        self.coming.insert(coming).clone()
    }

    /// Whether prices, whole nodes or a node written down make the pod sure of a place against
    /// these, which come, and as long as those are there, which leave.
    fn has_room(
        &mut self,
        placement: &mut Placement,
        pod: InstanceId,
        hints: &Hints,
        (coming, leaving): (&[InstanceId], &[InstanceId]),
    ) -> bool {
        let takes = |lost: &mut Self, placement: &mut Placement, node: &NodeId| {
            lost.is_apart(placement, pod, leaving, *node)
                && lost.takes(placement, pod, *node, coming)
        };
        self.is_won(placement, pod, hints, (coming, leaving))
            || hints.nodes.iter().any(|node| takes(self, placement, node))
    }

    /// Whether the others cannot pay at one of the lists of prices, or close whole nodes.
    fn is_won(
        &mut self,
        placement: &Placement,
        pod: InstanceId,
        hints: &Hints,
        (coming, leaving): (&[InstanceId], &[InstanceId]),
    ) -> bool {
        let cluster = self.cluster();
        let class = placement.instance(pod).class;
        if hints.prices.is_empty() && !hints.whole {
            return false;
        }
        let others = coming.iter().filter(|other| **other != pod);
        let others: Vec<ClassId> = others.map(|pod| placement.instance(*pod).class).collect();
        let spec = cluster.spec_of(class);
        let counts = |one| others.iter().any(|other| counts(cluster, one, class, *other));
        let is_counted = strict_spread(spec).any(counts);
        let others = Others::of(cluster, class, &others);
        let mut is_won = |lone: Option<&SpreadConstraint>| {
            let mut open = self.open(placement, pod, lone.is_some());
            // Whichever domain is the emptiest is open, whoever is still there.
            open.retain(|node| lone.is_some() || self.is_apart(placement, pod, leaving, *node));
            let contest = Contest { cluster, placement, class, lone, open: &open, others: &others };
            contest.is_won(&hints.prices, hints.whole)
        };
        let lone = lone_spread(spec);
        let by_itself = !(is_counted && lone.is_some()) && is_won(None);
        by_itself || lone.is_some() && (is_counted || !leaving.is_empty()) && is_won(lone)
    }

    /// Whether a node takes the pod even with all others on it that may come there.
    fn takes(
        &mut self,
        placement: &mut Placement,
        pod: InstanceId,
        node: NodeId,
        coming: &[InstanceId],
    ) -> bool {
        if !placement.node(node).serves() {
            return false;
        }
        let cluster = self.cluster();
        let spec = cluster.spec_of(placement.instance(pod).class);
        let mark = placement.mark();
        for &other in coming.iter().filter(|other| **other != pod) {
            let theirs = cluster.spec_of(placement.instance(other).class);
            let apart = spec.pod_anti_affinity.required.is_empty()
                && theirs.pod_anti_affinity.required.is_empty()
                && strict_spread(spec).next().is_none();
            if !apart || self.may_land(placement, other, node) {
                placement.bind(cluster, other, node);
            }
        }
        let taken = self.dynamics.scheduler().feasible(placement, pod, self.scratch);
        let taken = taken.contains(&node);
        placement.revert(cluster, mark);
        taken
    }

    /// Whether a pod's node selector and affinity let it onto a node.
    fn may_come(&self, placement: &Placement, pod: InstanceId, node: NodeId) -> bool {
        let cluster = self.cluster();
        let spec = cluster.spec_of(placement.instance(pod).class);
        let profile = self.dynamics.scheduler().profile_of(placement, pod);
        let asks = profile.is_none_or(|profile| profile.filters.contains(&Plugin::NodeAffinity));
        // A scheduler that is not known may look at neither.
        profile.is_none() || !asks || spec.selects(cluster.node(node), cluster.symbols())
    }

    /// Whether node affinity and taints let a pod onto a node.
    pub(crate) fn may_land(&self, placement: &Placement, pod: InstanceId, node: NodeId) -> bool {
        let cluster = self.cluster();
        let spec = cluster.spec_of(placement.instance(pod).class);
        let profile = self.dynamics.scheduler().profile_of(placement, pod);
        let asks = profile.is_some_and(|own| own.filters.contains(&Plugin::TaintToleration));
        let bears = |taint: &Taint| {
            spec.tolerations.iter().any(|one| one.tolerates(taint, cluster.symbols(), false))
        };
        let there = placement.node(node);
        let mut taints = taint::standing(cluster.known(), cluster.node(node), there)
            .filter(|taint| taint.effect != Effect::PreferNoSchedule);
        self.may_come(placement, pod, node) && !(asks && taints.any(|taint| !bears(&taint)))
    }

    /// The nodes that serve and take the pod now, or turn it down for its lone spread alone.
    fn open(&mut self, placement: &Placement, pod: InstanceId, unspread: bool) -> Vec<NodeId> {
        let cluster = self.cluster();
        let serves = |node: &NodeId| placement.node(*node).serves();
        let scheduler = self.dynamics.scheduler();
        if !unspread {
            let nodes = scheduler.feasible(placement, pod, self.scratch);
            return nodes.iter().copied().filter(serves).collect();
        }
        let Some(mut look) = scheduler.look(placement, pod, KeepSpread::No) else {
            return Vec::new();
        };
        cluster.node_ids().filter(serves).filter(|node| look.takes(*node)).collect()
    }

    /// Whether more pods only make it harder for the pod, and nothing else keeps it from serving:
    ///
    /// * its scheduler is ours, and nothing about it is unknown;
    /// * its claims are bound, for any number of pods, and no other pod holds their volumes;
    /// * enough copies of its volumes are up;
    /// * if it needs others near it, they are bound already;
    /// * it bears no node that nobody hears, where it would not serve, and none that evicts it
    ///   again;
    /// * it is spread by its own constraints alone.
    pub(crate) fn is_plain(&self, placement: &Placement, pod: InstanceId) -> bool {
        let cluster = self.cluster();
        let class = placement.instance(pod).class;
        let spec = cluster.spec_of(class);
        let profile = self.dynamics.scheduler().profile_of(placement, pod);
        let by_default = spec.spread.is_empty()
            && profile.is_none_or(holdfast_cluster::Profile::spreads_strictly_by_default);
        self.dynamics.is_ours(placement, pod)
            && !self.unknown.of_pod(cluster, placement, pod).is_open
            && has_volumes(cluster, class)
            && !volumes::is_shared(cluster, placement, pod)
            && self.dynamics.storage().standing(placement, placement.instance(pod))
                == Standing::Usable
            && has_company(cluster, placement, spec)
            && !goes_to_waste(cluster, placement, spec)
            && !self.dynamics.goes_round(class)
            && !by_default
    }

    /// Whether no run ever places the pod: every node turns it down for a reason that more pods
    /// cannot cure while nobody leaves, or for a skew that no run evens out, and preemption cannot
    /// help either.
    pub(crate) fn is_hopeless(&self, placement: &Placement, pod: InstanceId) -> bool {
        if !self.dynamics.is_ours(placement, pod)
            || self.unknown.of_pod(self.cluster(), placement, pod).excuses
            || placement.ending().next().is_some()
            || !placement.nominated().is_empty()
        {
            return false;
        }
        let Some(decision) = self.dynamics.scheduler().refusal(placement, pod) else {
            return false;
        };
        let profile = self.dynamics.scheduler().profile_of(placement, pod);
        let skew = OnceCell::new();
        let skewed = |node: NodeId, known: usize| {
            let skew = skew.get_or_init(|| {
                let never = |(_, verdict): &&(NodeId, NodeVerdict)| match verdict {
                    NodeVerdict::Rejected(why) => why.reasons.iter().all(Reason::is_incurable),
                    NodeVerdict::Feasible(_) | NodeVerdict::LeftOut => false,
                };
                let never = decision.nodes.iter().filter(never).map(|(node, _)| *node);
                Skew::of(self.cluster(), placement, (pod, &never.collect()), known)
            });
            skew.keeps_off(node)
        };
        let incurable = |node: NodeId, reason: &Reason| match self.since {
            Some(known) if *reason == Reason::Spread => skewed(node, known),
            _ => reason.is_incurable(),
        };
        let vain = |(node, rejection): &(NodeId, Rejection)| {
            let lasts = |one: &Reason| *one == Reason::NoVictims || incurable(*node, one);
            !rejection.reasons.is_empty() && rejection.reasons.iter().all(lasts)
        };
        let unhelped = match &decision.preemption {
            Some(Preemption::NotAllowed) => true,
            Some(Preemption::DoesNotHelp(tried)) => tried.iter().all(vain),
            Some(Preemption::Helps(_) | Preemption::AlreadyUnderWay) => false,
            None => {
                decision.outcome == Outcome::Unschedulable
                    && profile.is_some_and(|profile| !profile.preempts)
            }
        };
        let turned_down = |(node, verdict): &(NodeId, NodeVerdict)| match verdict {
            NodeVerdict::Rejected(rejection) => {
                rejection.reasons.iter().all(|reason| incurable(*node, reason))
            }
            NodeVerdict::Feasible(_) | NodeVerdict::LeftOut => false,
        };
        unhelped && decision.pre_filter.is_none() && decision.nodes.iter().all(turned_down)
    }
}

/// Whether every claim of the pod is bound, and any number of pods may use its volume.
fn has_volumes(cluster: &Cluster, class: ClassId) -> bool {
    let namespace = cluster.class(class).namespace;
    cluster.spec_of(class).volumes.iter().all(|volume| match volume {
        PodVolume::Claim { name, .. } => {
            let claim = cluster.objects().claims.get(&(namespace, *name));
            claim.is_some_and(|claim| {
                claim.bound && !claim.access_modes.contains(&AccessMode::ReadWriteOncePod)
            })
        }
        PodVolume::Ephemeral { .. } => false,
        PodVolume::Direct { .. } | PodVolume::InlineCsi { .. } | PodVolume::HostPath => true,
    })
}

/// Whether one bound pod is what all required affinity terms ask for, so that the pod is not the
/// first of its group, which may go anywhere until another is elsewhere, and none that a term asks
/// for is about to end.
fn has_company(cluster: &Cluster, placement: &Placement, spec: &PodSpec) -> bool {
    let terms = &spec.pod_affinity.required;
    let is_meant = |other: &Instance, term: &PodAffinityTerm| {
        let namespace = cluster.class(other.class).namespace;
        let of_namespace = cluster.namespace_labels(namespace);
        term.matches(namespace, of_namespace, cluster.labels_of(other.class), cluster.symbols())
    };
    let is_company = |other: &Instance| {
        let Some(node) = other.node().filter(|node| placement.node(*node).exists) else {
            return false;
        };
        let labels = &cluster.node(node).labels;
        let near = |term: &PodAffinityTerm| labels.get(term.topology_key).is_some();
        terms.iter().all(|term| near(term) && is_meant(other, term))
    };
    let ends = |other: &Instance| {
        let heard = other.node().is_some_and(|node| placement.node(node).reachable);
        other.terminating && heard && terms.iter().any(|term| is_meant(other, term))
    };
    let all = placement.instances();
    terms.is_empty() || all.iter().any(is_company) && !all.iter().any(ends)
}

/// Whether the pod may be placed on a node that does not serve.
fn goes_to_waste(cluster: &Cluster, placement: &Placement, spec: &PodSpec) -> bool {
    placement.nodes().iter().any(|node| node.exists && !node.serves())
        && bears_silence(cluster, spec)
}

/// Whether the pod bears nodes that do not serve.
pub(crate) fn bears_silence(cluster: &Cluster, spec: &PodSpec) -> bool {
    let known = cluster.known();
    let bears = |key| {
        let taint = Taint { key, value: known.empty, effect: Effect::NoSchedule };
        spec.tolerations.iter().any(|one| one.tolerates(&taint, cluster.symbols(), false))
    };
    bears(known.unreachable) || bears(known.not_ready)
}
