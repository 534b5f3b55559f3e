//! What a failure does, known before it is looked at: which lost pods find a node *whichever*
//! nodes fail, up to so many, and whatever the others do.
//!
//! [`bound`] answers for one failure set. Most pods of a large cluster need no such
//! answer set by set: what any so many nodes can lose at most, wherever it goes, cannot keep them
//! off every node that takes them today. That is worked out once, for [`kin`]: pods that nothing
//! but their name tells apart. A failure set that loses only such kin is decided by counting.
//!
//! Why it holds, for kin `c` and every failure set `F` of at most `K` nodes:
//!
//! * The nodes counted on take `c` before the failure, with everything in place. Fewer pods are on
//!   the nodes that are left after it, until somebody comes; so for filters that more pods can only
//!   make stricter they still take it then, unless they are in `F`. Pods with required affinity,
//!   with volumes, or that bear silent nodes are left out, and those whose strict spread may close
//!   its emptiest domain: where pods are lost a domain may become the emptiest.
//! * Whoever may come is a pod made again for a lost one, or one that may be anywhere: all others
//!   that were pending before wait in vain, for reasons that no failure cures. Of each resource
//!   these together ask for no more than what the `K` nodes lose that lose most of it, of which one
//!   that is lost is a part and not in its own way; and likewise for pods that `c` cannot stand,
//!   where a failed node may also keep what is left of one that was there.
//! * Of the nodes counted on, the adversary takes the `K` most valuable away outright.
//! * What is left is the argument of [`counting`](crate::counting), in each zone by itself where
//!   `c` is strictly spread over zones.
//! * Where everybody who needs a node is sure of one, nobody is ever preempted.
//!
//! What is odd about a cluster (a rollout under way, copies of volumes on nodes, pods about which
//! something is not known) leaves it, or the nodes concerned, to the closer look.

pub mod kin;

use std::collections::BTreeMap;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{InstanceId, NodeId, Placement};
use holdfast_failover::controllers::job;
use holdfast_failover::times::Seconds;
use holdfast_failover::{Dynamics, Step, Zones};

use crate::bound;
use crate::doubts::Doubts;
use crate::downtime;
use crate::scenario::FailureSet;
use crate::subject::{Subjects, follows_nodes};
use kin::{Kins, Prospect, Rivalry};

/// What is known of every set of up to so many nodes.
#[derive(Clone, Debug)]
pub struct Headroom {
    most: usize,
    /// What is known of each kin.
    prospects: Vec<Prospect>,
    kins: Kins,
    rivalry: Rivalry,
    /// What the failure of each node loses, by node.
    losses: Vec<Loss>,
    /// Pods that may be anywhere, by kin.
    at_large: Vec<(usize, u32)>,
    /// How many of them there are, by position of the subject.
    of_large: BTreeMap<usize, u32>,
    /// Nodes that carry a part of the control plane.
    members: Vec<bool>,
    zones: Zones,
}

/// What the failure of one node does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loss {
    /// By position of the subject.
    pub(crate) subjects: Vec<(usize, Lost)>,
    /// Pods that are made again at once, by kin.
    pub(crate) again: Vec<(usize, u32)>,
    /// Something happens that is not foreseen here.
    pub(crate) odd: bool,
}

/// Pods of a subject that a failure takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// They served.
    pub(crate) ready: u32,
    /// They are among those that were wanted.
    pub(crate) wanted: u32,
    /// They are made again at once.
    pub(crate) again: u32,
    /// How long they bear a silent node: the first and the last of those that do not for ever.
    pub(crate) borne: Option<(Seconds, Seconds)>,
}

impl Lost {
    /// Both.
    fn and(&mut self, other: &Self, acts: bool) {
        self.ready += other.ready;
        self.wanted += other.wanted;
        self.again += if acts { other.again } else { 0 };
        self.borne = downtime::range(self.borne.into_iter().chain(other.borne));
    }
}

impl Headroom {
    /// Looks at the cluster at rest, but for these pods, which may be anywhere; `None` where
    /// something about it is odd.
    pub(crate) fn of(
        dynamics: &Dynamics<'_>,
        subjects: &Subjects,
        doubts: &Doubts,
        (start, loose): (&Placement, &[InstanceId]),
        most: usize,
    ) -> Option<Self> {
        let cluster = dynamics.cluster();
        let waits = start.pending().iter().filter(|pod| !loose.contains(pod));
        let vainly = |pod: &InstanceId| waits_in_vain(dynamics, doubts, start, *pod);
        if most == 0 || !is_calm(dynamics, start) || !waits.copied().all(|pod| vainly(&pod)) {
            return None;
        }
        let mut placement = start.clone();
        let mut kins = Kins::default();
        let losses: Vec<Loss> = cluster
            .node_ids()
            .map(|node| lose(dynamics, subjects, &mut placement, &mut kins, node))
            .collect();
        let (at_large, of_large) = at_large(subjects, &placement, &mut kins, loose);
        kins.count(&losses, &at_large);
        let rivalry = Rivalry::of(cluster, &kins, most);
        let prospects = kins.prospects(dynamics, doubts, &mut placement, &rivalry);
        let mut members = vec![false; cluster.nodes().len()];
        dynamics.control_plane().members().for_each(|node| members[node.index()] = true);
        let zones = Zones::of(cluster, start);
        Some(Self { most, prospects, kins, rivalry, losses, at_large, of_large, members, zones })
    }

    /// What the failure of a set, of whose nodes each serves in `placement`, does to each subject
    /// it touches, by position; `None` where that takes a closer look, as with machines that are
    /// no nodes.
    pub(crate) fn expect(
        &self,
        dynamics: &Dynamics<'_>,
        placement: &Placement,
        set: &FailureSet,
    ) -> Option<BTreeMap<usize, Lost>> {
        if !set.machines().is_empty() {
            return None;
        }
        let nodes = set.nodes();
        let acts = !nodes.iter().any(|node| self.members[node.index()])
            || dynamics.control_plane().acts_without(placement, nodes);
        let losses = || nodes.iter().map(|node| &self.losses[node.index()]);
        if nodes.len() > self.most || losses().any(|loss| loss.odd) || !self.zones.evict(nodes) {
            return None;
        }
        let cluster = dynamics.cluster();
        let finds = |(kin, _): &(usize, u32)| match &self.prospects[*kin] {
            Prospect::Sure(_) => true,
            Prospect::Open(open) => open.is_sure(&self.rivalry, cluster, placement, nodes),
            Prospect::Odd => false,
        };
        if acts && !losses().flat_map(|loss| &loss.again).chain(&self.at_large).all(finds) {
            return None;
        }
        let mut touched: BTreeMap<usize, Lost> = BTreeMap::new();
        for (position, lost) in nodes.iter().flat_map(|node| &self.losses[node.index()].subjects) {
            touched.entry(*position).or_default().and(lost, acts);
        }
        for (position, again) in self.of_large.iter().filter(|_| acts) {
            touched.entry(*position).or_default().again += again;
        }
        Some(touched)
    }

    /// The pods that may be lost.
    pub fn kins(&self) -> &Kins {
        &self.kins
    }

    /// What is known of each of them.
    pub fn prospects(&self) -> &[Prospect] {
        &self.prospects
    }
}

/// The kins of pods that may be anywhere, and how many of them each subject has, by position.
fn at_large(
    subjects: &Subjects,
    placement: &Placement,
    kins: &mut Kins,
    loose: &[InstanceId],
) -> (Vec<(usize, u32)>, BTreeMap<usize, u32>) {
    let (mut by_kin, mut by_subject) = (BTreeMap::new(), BTreeMap::new());
    for pod in loose {
        let instance = placement.instance(*pod);
        *by_kin.entry(kins.enter(instance)).or_default() += 1;
        if let Some(position) = subjects.position(instance.workload) {
            *by_subject.entry(position).or_default() += 1;
        }
    }
    (by_kin.into_iter().collect(), by_subject)
}

/// Whether the pod never finds a node as long as pods only come.
fn waits_in_vain(
    dynamics: &Dynamics<'_>,
    doubts: &Doubts,
    placement: &Placement,
    pod: InstanceId,
) -> bool {
    doubts.of_pod(dynamics.cluster(), placement, pod).is_none()
        && bound::is_hopeless(dynamics, placement, pod, None)
}

/// Whether nothing goes on in the cluster but what a failure will bring, and that pods are placed
/// which wait for a node: the control plane acts, no copies of volumes are on nodes, no rollout is
/// under way.
pub(crate) fn is_calm(dynamics: &Dynamics<'_>, placement: &Placement) -> bool {
    let cluster = dynamics.cluster();
    let settled = |id| {
        let (workload, target) = (cluster.workload(id), placement.target(id));
        let tally = placement.tally(id);
        let complete = match workload.kind {
            // What these have is what there is, or what their ReplicaSets say.
            WorkloadKind::Deployment
            | WorkloadKind::DaemonSet
            | WorkloadKind::StaticPod
            | WorkloadKind::Pod
            | WorkloadKind::Job
            | WorkloadKind::CronJob
            | WorkloadKind::Custom(_) => true,
            _ => i64::from(tally.active) == target.desired.max(0),
        };
        // What such a controller has made of a pod that is ending nobody knows.
        let ending = tally.terminating > 0 && workload.is_unpredictable();
        complete && !ending && target.rollouts == 0
    };
    dynamics.control_plane().acts(placement)
        && dynamics.storage().is_empty()
        && placement.attaching().is_empty()
        && placement.nominated().is_empty()
        && placement.instances().iter().all(|instance| !instance.outdated)
        && cluster.workload_ids().all(settled)
        && placement.nodes().iter().all(|node| node.exists)
}

/// Fails a node and sees who goes, and who comes instead. `placement` is the same afterwards.
fn lose(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: &mut Placement,
    kins: &mut Kins,
    node: NodeId,
) -> Loss {
    let cluster = dynamics.cluster();
    let mut of_subject: BTreeMap<usize, Lost> = BTreeMap::new();
    let mut loss = Loss { odd: !placement.node(node).serves(), ..Loss::default() };
    for pod in &placement.node(node).pods {
        let instance = placement.instance(*pod);
        let made_by = cluster.workload(instance.workload);
        loss.odd |= made_by.is_unpredictable() || instance.terminating;
        // One that gives up leaves its nodes, too, and what waited in vain may come there.
        loss.odd |= job::may_give_up(cluster, placement, instance.workload);
        if let Some(position) = subjects.position(instance.workload) {
            let taken = of_subject.entry(position).or_default();
            taken.ready += u32::from(instance.ready);
            taken.wanted += u32::from(follows_nodes(made_by.kind));
        }
    }
    let mark = placement.mark();
    let known = placement.instances().len();
    dynamics.fail(placement, &[node]);
    let due: Vec<_> = dynamics.evictable(placement).collect();
    // A Job that gives up makes room elsewhere, for somebody who waited in vain.
    loss.odd |= !job::at_stake(cluster, placement, &due).is_empty();
    for pod in due {
        loss.odd |= placement.instance(pod).node() != Some(node);
        let borne = downtime::borne(cluster, placement, pod).map(|borne| (borne, borne));
        if let Some(position) = subjects.position(placement.instance(pod).workload) {
            let taken = of_subject.entry(position).or_default();
            taken.borne = downtime::range(taken.borne.into_iter().chain(borne));
        }
        dynamics.apply(placement, &Step::Evict { pod, replaced: true });
    }
    let mut again: BTreeMap<usize, u32> = BTreeMap::new();
    for at in known..placement.instances().len() {
        let instance = &placement.instances()[at];
        loss.odd |= !instance.is_pending();
        *again.entry(kins.enter(instance)).or_default() += 1;
        if let Some(position) = subjects.position(instance.workload) {
            of_subject.entry(position).or_default().again += 1;
        }
    }
    placement.revert(cluster, mark);
    loss.again = again.into_iter().collect();
    loss.subjects = of_subject.into_iter().collect();
    loss
}
