//! Which lost pods find a node whatever the others do.
//!
//! A pod is sure of a place when the others together cannot block every node it fits on
//! ([`counting`]), or else when some node takes it even with every other pending pod on that same
//! node. This is sound for every filter that more pods can only make stricter:
//!
//! * *resources, ports, pod count*: more pods on the node use more of it;
//! * *required anti-affinity*, both ways: pods on the node stand in every domain the node is in, so
//!   this is the worst the others can do; those that cannot come to the node but stand near it
//!   count as well;
//! * *topology spread* (`DoNotSchedule`): all the others in the node's own domains make its skew
//!   largest, and nobody elsewhere leaves the smallest domain as small as it can be;
//! * *node selectors, taints, names*: do not depend on pods.
//!
//! It is not sound for the first pod of a group with required affinity, which upstream lets in
//! anywhere until there is another elsewhere, nor for claims that are not bound yet, where others
//! may take the volume, or that only one pod or one node may use, nor for a pod that bears silent
//! nodes, where it does not serve: such pods are never covered. Nor does it hold when somebody may
//! be preempted, since victims come back as further pods: then nothing is covered at all, unless
//! `preemption` stays among few. Somebody who is sure of a place once all evictions have come may
//! preempt others before, if he is strictly spread with a pod that is still to be evicted: he must
//! be sure of it until then, too (`leaving`). The same goes for pods that a node lets in and evicts
//! again: where one of those may come, nothing is covered. Several pods may count on one node, as
//! each already leaves room for all.
//!
//! The other way round, a pod is hopeless when every node turns it down for a reason that more pods
//! cannot cure, while no pod is about to leave: only required affinity and spread are ever cured by
//! more pods, and spread not always (`uneven`).

mod crowd;
pub mod leaving;
pub(crate) mod preemption;
pub mod stranded;
mod uneven;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::taint::{Effect, Taint, Toleration};
use holdfast_cluster::volume::{AccessMode, Claim, PodVolume};
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, Plugin, PodSpec, Profile,
};
use holdfast_failover::storage::Standing;
use holdfast_failover::{Dynamics, volumes};
use holdfast_scheduler::decision::{NodeVerdict, Outcome};
use holdfast_scheduler::reason::{Reason, Rejection};
use holdfast_scheduler::{KeepSpread, Preemption, Scratch};

use crate::counting::{self, Adversary, Why};
pub use crowd::Crowd;
pub use leaving::Left;
use leaving::is_apart;
pub use stranded::Stranded;
use stranded::{Domain, is_in};
use uneven::Uneven;

/// How many nodes are tried for a pod before it is left to the search.
const NODES_TRIED: usize = 64;

/// Taints with such keys come and go with a node's condition.
const OF_KUBERNETES: &str = "node.kubernetes.io/";

/// Which pending pods are sure of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Pending pods that are, by id.
    pub sure: Vec<InstanceId>,
    /// Pending pods that are sure to find none, by id.
    pub hopeless: Vec<InstanceId>,
    /// Pending pods that are sure of a place, but cannot use their volumes wherever it is, by id.
    pub idle: Vec<InstanceId>,
    /// Pending pods of which it is sure how many find a place.
    pub crowds: Vec<Crowd>,
    /// The others, by id.
    pub open: Vec<InstanceId>,
    /// Somebody may be preempted: then all pending pods are open, and pods that serve may stop
    /// serving.
    pub preemption: bool,
}

/// What is not known when pods are divided.
#[derive(Clone, Copy)]
pub struct Uncertain<'u> {
    /// Pods whose eviction was carried out but may never come.
    pub evicted: &'u [InstanceId],
    /// All pods whose eviction was carried out. Until theirs comes, if ever, they count for
    /// topology spread, and whoever is strictly spread with one of them may find no node, and
    /// preempt others, though it is sure of one without them.
    pub gone: &'u [Left],
    /// Pods that are known to come nowhere.
    pub hopeless: &'u [InstanceId],
    /// What may be left, besides, of pods that were placed nobody knows where.
    pub stranded: Stranded<'u>,
    /// Whether a pod that seems to find no node may find one after all, for what is not known of
    /// it: then it is a competitor like others.
    pub excused: &'u dyn Fn(&Placement, InstanceId) -> bool,
    /// How many pods there were before anything failed, if whatever came since was made for lost
    /// ones.
    pub known: Option<usize>,
}

impl<'u> Uncertain<'u> {
    /// These were evicted beforehand, of which some may never be; of nobody else it is known
    /// whether and where it is, or whether it comes.
    pub fn of(
        evicted: &'u [InstanceId],
        gone: &'u [Left],
        excused: &'u dyn Fn(&Placement, InstanceId) -> bool,
    ) -> Self {
        let stranded = Stranded::default();
        Self { evicted, gone, hopeless: &[], stranded, excused, known: None }
    }

    /// How many pods there were before anything failed, where every eviction is sure.
    fn since(&self) -> Option<usize> {
        self.known.filter(|_| self.evicted.is_empty())
    }

    /// Those that may keep the pod off nodes as long as they are not evicted, in a way that
    /// matters: for ever, or so that it preempts others.
    pub(crate) fn leaving(
        &self,
        cluster: &Cluster,
        placement: &Placement,
        pod: InstanceId,
    ) -> Vec<Left> {
        let mut counted = leaving::counted(cluster, placement, pod, self.gone);
        if !counted.is_empty() && !may_preempt(cluster, placement, &[pod]) {
            counted.retain(|(other, _)| self.evicted.contains(other));
        }
        counted
    }
}

/// Divides the pending pods of `placement`, which is the same afterwards.
///
/// Evictions that are sure to come have been carried out in `placement` beforehand: once all is
/// quiet they will have been, whatever came first.
pub fn cover(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    uncertain: Uncertain<'_>,
) -> Cover {
    let mut cover = divide(dynamics, placement, scratch, uncertain);
    cover.disperse();
    if may_preempt(dynamics.cluster(), placement, &cover.open) {
        let open = placement.pending().to_vec();
        return Cover { open, preemption: true, ..Cover::default() };
    }
    cover
}

impl Cover {
    /// Takes the pods of crowds for pods like others, of which nothing is sure.
    pub(crate) fn disperse(&mut self) {
        self.open.extend(self.crowds.drain(..).flat_map(|crowd| crowd.pods));
        self.open.sort_unstable();
    }
}

/// Divides the pending pods as if nobody could be preempted.
pub(crate) fn divide(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    uncertain: Uncertain<'_>,
) -> Cover {
    let pending = placement.pending().to_vec();
    let alike = |placement: &Placement, pod: InstanceId| {
        let instance = placement.instance(pod);
        (instance.class, instance.workload, instance.nominated)
    };
    let mut hopeless = BTreeMap::new();
    for &pod in &pending {
        let known = hopeless.entry(alike(placement, pod));
        known.or_insert_with(|| {
            uncertain.hopeless.contains(&pod)
                || !(uncertain.excused)(placement, pod)
                    && is_hopeless(dynamics, placement, pod, uncertain.since())
        });
    }
    let mut cover = Cover::default();
    (cover.hopeless, cover.open) =
        pending.iter().partition(|pod| hopeless[&alike(placement, **pod)]);
    // Pods that never come take nobody's place.
    let coming = std::mem::take(&mut cover.open);
    let anywhere = |_: NodeId| true;
    let mut kin: BTreeMap<_, Vec<InstanceId>> = BTreeMap::new();
    for &pod in &coming {
        kin.entry(alike(placement, pod)).or_default().push(pod);
    }
    for kin in kin.into_values() {
        let pod = kin[0];
        let cluster = dynamics.cluster();
        let leaving = uncertain.leaving(cluster, placement, pod);
        let stranded = uncertain.stranded;
        let rivals = Rivals { coming: &coming, leaving: &leaving, stranded, within: &anywhere };
        let is_sure = is_sure(dynamics, placement, scratch, pod, rivals);
        match (is_sure, usage(dynamics, placement, pod)) {
            (true, Usage::Sure) => cover.sure.extend(kin),
            (true, Usage::Never) => cover.idle.extend(kin),
            (false, Usage::Sure)
                if leaving.is_empty()
                    && stranded.classes.is_empty()
                    && uncertain.evicted.is_empty()
                    && !(uncertain.excused)(placement, pod) =>
            {
                match Crowd::of(dynamics, placement, scratch, &kin, &coming) {
                    Some(crowd) => cover.crowds.push(crowd),
                    None => cover.open.extend(kin),
                }
            }
            _ => cover.open.extend(kin),
        }
    }
    for pods in [&mut cover.sure, &mut cover.idle, &mut cover.open] {
        pods.sort_unstable();
    }
    cover
}

/// Whether somebody is about to leave a node, or a node is kept free for somebody.
fn leaves_somebody(placement: &Placement) -> bool {
    placement.ending().next().is_some() || !placement.nominated().is_empty()
}

/// Whether no run ever places the pod. Where every eviction that a failure brings was carried out
/// and each is sure, `since` tells how many pods there were before it.
pub(crate) fn is_hopeless(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
    since: Option<usize>,
) -> bool {
    if !dynamics.is_ours(placement, pod) || leaves_somebody(placement) {
        return false;
    }
    let cluster = dynamics.cluster();
    let Some(decision) = dynamics.scheduler().refusal(placement, pod) else { return false };
    let lasts = |verdict: &NodeVerdict| match verdict {
        NodeVerdict::Rejected(rejection) => rejection.reasons.iter().all(Reason::is_incurable),
        NodeVerdict::Feasible(_) | NodeVerdict::LeftOut => false,
    };
    let uneven = OnceCell::new();
    let is_uneven = |node: NodeId, known: usize| {
        let uneven = uneven.get_or_init(|| {
            let shut = decision.nodes.iter().filter(|(_, verdict)| lasts(verdict));
            let shut = shut.map(|(node, _)| *node).collect();
            Uneven::of(cluster, placement, pod, known, &shut)
        });
        uneven.keeps_off(cluster, node)
    };
    let is_incurable = |node: NodeId, reason: &Reason| match since {
        Some(known) if *reason == Reason::Spread => is_uneven(node, known),
        _ => reason.is_incurable(),
    };
    // Evictions that do not help now may help once other pods have moved, unless what stands in the
    // way even then is incurable too.
    let in_vain = |(node, rejection): &(NodeId, Rejection)| {
        let lasts = |reason: &Reason| *reason == Reason::NoVictims || is_incurable(*node, reason);
        !rejection.reasons.is_empty() && rejection.reasons.iter().all(lasts)
    };
    let unhelped = match &decision.preemption {
        Some(Preemption::NotAllowed) => true,
        Some(Preemption::DoesNotHelp(tried)) => tried.iter().all(in_vain),
        None => {
            let profile = dynamics.scheduler().profile_of(placement, pod);
            decision.outcome == Outcome::Unschedulable && profile.is_some_and(|p| !p.preempts)
        }
        _ => false,
    };
    let closed = |(node, verdict): &(NodeId, NodeVerdict)| match verdict {
        NodeVerdict::Rejected(rejection) => {
            rejection.reasons.iter().all(|reason| is_incurable(*node, reason))
        }
        NodeVerdict::Feasible(_) | NodeVerdict::LeftOut => false,
    };
    unhelped && decision.pre_filter.is_none() && decision.nodes.iter().all(closed)
}

/// Whether one of `open` could evict anybody: it may preempt, and outranks a bound pod or another
/// pending one.
pub(crate) fn may_preempt(cluster: &Cluster, placement: &Placement, open: &[InstanceId]) -> bool {
    let spec = |pod: InstanceId| cluster.spec_of(placement.instance(pod).class);
    let Some(highest) =
        open.iter().map(|p| spec(*p)).filter(|s| s.preempts).map(|s| s.priority).max()
    else {
        return false;
    };
    placement.instances().iter().any(|instance| {
        let there = instance.node().is_some() || instance.is_pending();
        there && cluster.spec_of(instance.class).priority < highest
    })
}

/// Whether a pod that waits can use its volumes once it is placed, on whatever node that serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usage {
    /// It can.
    Sure,
    /// It cannot: too few copies are up, or a node that nobody hears does not let go.
    Never,
    /// That depends on who else comes.
    Open,
}

fn usage(dynamics: &Dynamics<'_>, placement: &Placement, pod: InstanceId) -> Usage {
    let cluster = dynamics.cluster();
    let standing = dynamics.storage().standing(placement, placement.instance(pod));
    if standing == Standing::Starved || volumes::is_kept_by_silence(cluster, placement, pod) {
        Usage::Never
    } else if volumes::is_shared(cluster, placement, pod) {
        Usage::Open
    } else {
        Usage::Sure
    }
}

/// What a pod is up against that needs a node.
#[derive(Clone, Copy)]
pub(crate) struct Rivals<'r> {
    /// All pods that may come anywhere, the pod itself or not.
    pub(crate) coming: &'r [InstanceId],
    /// Pods that were evicted beforehand and may [hold it up](Uncertain::leaving).
    pub(crate) leaving: &'r [Left],
    /// What may be left of them, or of others.
    pub(crate) stranded: Stranded<'r>,
    /// Which nodes will do.
    pub(crate) within: &'r dyn Fn(NodeId) -> bool,
}

/// Which nodes a pod may count on against its rivals.
struct Counted<'o> {
    cluster: &'o Cluster,
    placement: &'o Placement,
    pod: InstanceId,
    rivals: Rivals<'o>,
    /// Domains that stranded pods may keep it off, but by a lone spread constraint.
    shut: Vec<Domain>,
    /// Those where they count for its spread.
    crowded: Vec<Domain>,
}

impl<'o> Counted<'o> {
    fn on(
        cluster: &'o Cluster,
        placement: &'o Placement,
        pod: InstanceId,
        rivals: Rivals<'o>,
    ) -> Self {
        let class = placement.instance(pod).class;
        let shut = rivals.stranded.shut(cluster, class);
        let crowded = rivals.stranded.crowded(cluster, class);
        Self { cluster, placement, pod, rivals, shut, crowded }
    }

    /// Whether this node is one.
    fn holds(&self, node: NodeId) -> bool {
        let Self { cluster, placement, pod, .. } = *self;
        self.holds_but_for_spread(node)
            && is_apart(cluster, placement, pod, self.rivals.leaving, node)
            && !is_in(cluster, &self.crowded, node)
    }

    /// The same where topology spread is left to the emptiest domain.
    fn holds_but_for_spread(&self, node: NodeId) -> bool {
        (self.rivals.within)(node)
            && !self.rivals.stranded.nodes.contains(&node)
            && !is_in(self.cluster, &self.shut, node)
    }
}

/// Whether the pod finds a node wherever its rivals go.
fn is_sure(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
    rivals: Rivals<'_>,
) -> bool {
    let cluster = dynamics.cluster();
    if is_barred(dynamics, placement, pod, rivals) {
        return false;
    }
    if contest(dynamics, placement, scratch, pod, rivals).is_some() {
        return true;
    }
    let others: Vec<InstanceId> =
        rivals.coming.iter().copied().filter(|other| *other != pod).collect();
    let scheduler = dynamics.scheduler();
    let mut nodes = scheduler.feasible(placement, pod, scratch).to_vec();
    let counted = Counted::on(cluster, placement, pod, rivals);
    nodes.retain(|node| counted.holds(*node));
    let spec = cluster.spec_of(placement.instance(pod).class);
    for node in roomiest(cluster, placement, nodes).into_iter().take(NODES_TRIED) {
        let mark = placement.mark();
        for &other in &others {
            let other_spec = cluster.spec_of(placement.instance(other).class);
            if may_come(dynamics, placement, other, node) || may_keep_off(spec, other_spec) {
                placement.bind(cluster, other, node);
            }
        }
        let fits = scheduler.feasible(placement, pod, scratch).contains(&node);
        placement.revert(cluster, mark);
        if fits {
            return true;
        }
    }
    false
}

/// The same while pods leave nodes, nobody knows which, when: they make no room scarcer, but a
/// domain that is the emptiest one now may not be later, and company may be lost.
pub(crate) fn is_sure_while_others_leave(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
) -> bool {
    let cluster = dynamics.cluster();
    let class = placement.instance(pod).class;
    let spec = cluster.spec_of(class);
    let coming = placement.pending().to_vec();
    let anywhere = |_: NodeId| true;
    let stranded = Stranded::default();
    let rivals = Rivals { coming: &coming, leaving: &[], stranded, within: &anywhere };
    if !spec.pod_affinity.required.is_empty() || is_barred(dynamics, placement, pod, rivals) {
        return false;
    }
    if strict_spread(spec).next().is_none() {
        return is_sure(dynamics, placement, scratch, pod, rivals);
    }
    let others = coming.iter().filter(|other| **other != pod);
    let others: Vec<ClassId> = others.map(|other| placement.instance(*other).class).collect();
    let adversary = Adversary::of(cluster, class, &others);
    let open = open_but_for_spread(dynamics, placement, scratch, pod);
    counting::only_spread(spec).is_some()
        && counting::stays_open(cluster, placement, class, &open, &adversary).is_some()
}

/// Whether bounds tell nothing of the pod, whatever its rivals do.
fn is_barred(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
    rivals: Rivals<'_>,
) -> bool {
    let cluster = dynamics.cluster();
    let goes_round = |pod: &InstanceId| dynamics.goes_round(placement.instance(*pod).class);
    goes_round(&pod)
        || rivals.coming.iter().any(goes_round)
        || !dynamics.is_ours(placement, pod)
        || !is_monotone(cluster, placement, pod)
        || may_go_to_waste(cluster, placement, pod)
        || is_spread_by_default(dynamics, placement, pod)
}

/// Why its rivals cannot block all of the nodes that take the pod.
pub(crate) fn contest(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
    rivals: Rivals<'_>,
) -> Option<Why> {
    let cluster = dynamics.cluster();
    let others = || rivals.coming.iter().filter(|other| **other != pod);
    let class = placement.instance(pod).class;
    let classes: Vec<ClassId> = others().map(|other| placement.instance(*other).class).collect();
    let adversary = Adversary::of(cluster, class, &classes);
    let counted = Counted::on(cluster, placement, pod, rivals);
    // Where nobody who may come is counted, no node is closed by spread that is not now, or was
    // until somebody left.
    if !others().any(|other| is_spread_with(cluster, placement, pod, *other)) {
        let mut open = scheduler_takes(dynamics, placement, scratch, pod);
        open.retain(|node| counted.holds(*node));
        let why = counting::one_stays_open(cluster, placement, &open, &adversary);
        if why.is_some() || (rivals.leaving.is_empty() && rivals.stranded.classes.is_empty()) {
            return why;
        }
    }
    let lone = counting::only_spread(cluster.spec_of(class)).is_some();
    let mut open = open_but_for_spread(dynamics, placement, scratch, pod);
    open.retain(
        |node| {
            if lone { counted.holds_but_for_spread(*node) } else { counted.holds(*node) }
        },
    );
    counting::stays_open(cluster, placement, class, &open, &adversary)
}

/// Whether the pod may be placed on a node that nobody hears, where it does not serve.
fn may_go_to_waste(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let silent = placement.nodes().iter().any(|node| node.exists && !node.serves());
    silent && bears_silence(cluster, placement.instance(pod).class)
}

/// Whether pods of the class may be placed on nodes that nobody hears.
pub(crate) fn bears_silence(cluster: &Cluster, class: ClassId) -> bool {
    let known = cluster.known();
    let spec = cluster.spec_of(class);
    let silence = |key| Taint { key, value: known.empty, effect: Effect::NoSchedule };
    let bears = |taint: Taint| {
        spec.tolerations.iter().any(|t| t.tolerates(&taint, cluster.symbols(), false))
    };
    bears(silence(known.unreachable)) || bears(silence(known.not_ready))
}

/// The pods that may serve, or whose successors may where they are preempted: all but those that
/// are bound to a silent node, unless they may be preempted even there.
pub(crate) fn may_serve<'p>(
    cluster: &'p Cluster,
    placement: &'p Placement,
) -> impl Iterator<Item = &'p Instance> {
    let highest = highest_on_silence(cluster, placement);
    placement.instances().iter().filter(move |instance| {
        let priority = cluster.spec_of(instance.class).priority;
        let outranked = || !instance.terminating && highest.is_some_and(|it| it > priority);
        let may = |node| placement.node(node).reachable || outranked();
        instance.is_pending() || instance.node().is_some_and(may)
    })
}

/// The highest priority of a pod that may preempt others on a silent node: one that waits, or will
/// once those that do preempt it.
fn highest_on_silence(cluster: &Cluster, placement: &Placement) -> Option<i32> {
    let spec = |instance: &Instance| cluster.spec_of(instance.class);
    let pending = placement.instances().iter().filter(|instance| instance.is_pending());
    let highest = pending.map(|instance| spec(instance).priority).max()?;
    let may_come = placement.instances().iter().filter(|instance| {
        let comes = instance.is_pending() || spec(instance).priority < highest;
        comes && spec(instance).preempts && bears_silence(cluster, instance.class)
    });
    may_come.map(|instance| spec(instance).priority).max()
}

/// The nodes that can be reached and take the pod now, those included that only its one strict
/// spread constraint turns down.
fn open_but_for_spread(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
) -> Vec<NodeId> {
    let cluster = dynamics.cluster();
    let serves = |node: &NodeId| placement.node(*node).serves();
    let scheduler = dynamics.scheduler();
    if counting::only_spread(cluster.spec_of(placement.instance(pod).class)).is_none() {
        return scheduler_takes(dynamics, placement, scratch, pod);
    }
    let Some(mut look) = scheduler.look(placement, pod, KeepSpread::No) else {
        return Vec::new();
    };
    cluster.node_ids().filter(serves).filter(|node| look.takes(*node)).collect()
}

/// The nodes that can be reached and take the pod now.
fn scheduler_takes(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
) -> Vec<NodeId> {
    let nodes = dynamics.scheduler().feasible(placement, pod, scratch);
    nodes.iter().copied().filter(|node| placement.node(*node).serves()).collect()
}

/// Whether more pods can only make the pod's filters stricter.
fn is_monotone(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let class = placement.instance(pod).class;
    let spec = cluster.spec_of(class);
    let namespace = cluster.class(class).namespace;
    let claims_are_bound = spec.volumes.iter().all(|volume| match volume {
        PodVolume::Claim { name, .. } => {
            let claim = cluster.objects().claims.get(&(namespace, *name));
            // A claim for one pod only keeps the pod off every node once another has it, wherever
            // that is.
            let alone = |claim: &Claim| claim.access_modes.contains(&AccessMode::ReadWriteOncePod);
            claim.is_some_and(|claim| claim.bound && !alone(claim))
        }
        PodVolume::Ephemeral { .. } => false,
        _ => true,
    });
    claims_are_bound && has_company(cluster, placement, spec)
}

/// Whether some bound pod is what every required affinity term of the spec asks for, and none that
/// any term asks for is about to leave, or there are no such terms. Then the pod is not the first
/// of its group, which upstream lets in anywhere (`satisfyPodAffinity`,
/// `interpodaffinity/filtering.go`, v1.36.3), and what it finds near a node now it finds there in
/// every run, as no bound pod leaves.
fn has_company(cluster: &Cluster, placement: &Placement, spec: &PodSpec) -> bool {
    let terms = &spec.pod_affinity.required;
    let is_meant = |instance: &Instance, term: &PodAffinityTerm| {
        let class = cluster.class(instance.class);
        let of_namespace = cluster.namespace_labels(class.namespace);
        let labels = cluster.labels(class.labels);
        term.matches(class.namespace, of_namespace, labels, cluster.symbols())
    };
    let is_company = |instance: &Instance| {
        let Some(node) = instance.node() else { return false };
        let labels = &cluster.node(node).labels;
        let near = |term: &PodAffinityTerm| labels.get(term.topology_key).is_some();
        placement.node(node).exists
            && terms.iter().all(|term| near(term) && is_meant(instance, term))
    };
    // What a Job deletes that gives up ends where its kubelet is heard.
    let mut leaving = placement.ending().map(|pod| placement.instance(pod));
    terms.is_empty()
        || placement.instances().iter().any(is_company)
            && !leaving.any(|instance| terms.iter().any(|term| is_meant(instance, term)))
}

/// Whether the pod may be kept off a node by the number of pods like `counted`.
pub(crate) fn is_spread_with(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    counted: InstanceId,
) -> bool {
    let (pod, counted) = (placement.instance(pod), placement.instance(counted));
    let labels = cluster.labels_of(counted.class);
    let same_namespace =
        cluster.class(pod.class).namespace == cluster.class(counted.class).namespace;
    let mut constraints = strict_spread(cluster.spec_of(pod.class));
    same_namespace && constraints.any(|c| c.selector.matches(labels, cluster.symbols()))
}

/// Whether the pod, which asks for no spread, may get strict constraints from its profile.
pub(crate) fn is_spread_by_default(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
) -> bool {
    let spec = dynamics.cluster().spec_of(placement.instance(pod).class);
    let profile = dynamics.scheduler().profile_of(placement, pod);
    spec.spread.is_empty() && profile.is_none_or(Profile::spreads_strictly_by_default)
}

/// Whether the pod can ever come to the node: everything about it that pods cannot change.
pub(crate) fn may_land(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
    node: NodeId,
) -> bool {
    let cluster = dynamics.cluster();
    let spec = cluster.spec_of(placement.instance(pod).class);
    let profile = dynamics.scheduler().profile_of(placement, pod);
    if profile.is_some_and(|profile| !profile.filters.contains(&Plugin::NodeAffinity)) {
        return true;
    }
    spec.selects(cluster.node(node), cluster.symbols())
}

/// The same, and the taints that only people put there.
pub(crate) fn may_come(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
    node: NodeId,
) -> bool {
    let cluster = dynamics.cluster();
    let profile = dynamics.scheduler().profile_of(placement, pod);
    let asks = profile.is_some_and(|profile| profile.filters.contains(&Plugin::TaintToleration));
    let spec = cluster.spec_of(placement.instance(pod).class);
    let keeps_off = |taint: &Taint| {
        let lasting = !cluster.text(taint.key).starts_with(OF_KUBERNETES);
        let strict = taint.effect != Effect::PreferNoSchedule;
        let borne = |t: &Toleration| t.tolerates(taint, cluster.symbols(), true);
        lasting && strict && !spec.tolerations.iter().any(borne)
    };
    may_land(dynamics, placement, pod, node)
        && !(asks && cluster.node(node).taints.iter().any(keeps_off))
}

/// Whether a pod may keep another off a node without being there: from another node of the same
/// zone.
pub(crate) fn may_keep_off(spec: &PodSpec, other: &PodSpec) -> bool {
    let anti = |spec: &PodSpec| !spec.pod_anti_affinity.required.is_empty();
    anti(spec) || anti(other) || strict_spread(spec).next().is_some()
}

/// The spread constraints that filter nodes.
pub(crate) fn strict_spread(spec: &PodSpec) -> impl Iterator<Item = &SpreadConstraint> {
    spec.spread.iter().filter(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule)
}

/// The nodes, those with most CPU and memory to spare first.
pub(crate) fn roomiest(
    cluster: &Cluster,
    placement: &Placement,
    mut nodes: Vec<NodeId>,
) -> Vec<NodeId> {
    nodes.sort_by_cached_key(|id| {
        let (node, used) = (cluster.node(*id), &placement.node(*id).requested);
        let share = |free: i64, all: i64| i128::from(free) * 1_000_000 / i128::from(all.max(1));
        let (all, free) = (&node.allocatable, |all: i64, used: i64| all.saturating_sub(used));
        let cpu = share(free(all.cpu_milli, used.cpu_milli), all.cpu_milli);
        let memory = share(free(all.memory, used.memory), all.memory);
        (std::cmp::Reverse(cpu.min(memory)), *id)
    });
    nodes
}
