//! Ranges that are wide enough for whatever may happen, where not everything can be tried.
//!
//! A pod is *fixed* as long as nothing that may happen moves it: it is bound, nobody evicts,
//! drains, deletes or replaces it, and nobody who may need its place outranks it. All others
//! *float*: they may be anywhere, wait, or be gone, and so may whatever is made in their stead.
//! Once a pod floats it floats for the rest of the story. Of those that float some are sure to find
//! a node wherever the others go ([`bound`](crate::bound)): these serve in the end.

mod cover;
mod loose;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::{NodeUse, Whereabouts};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::controllers::{autoscaler, job};
use holdfast_failover::{Dynamics, Event, Joined, eviction};
use holdfast_scheduler::Scratch;

use crate::doubts::Doubts;
use crate::rest::Rest;
use crate::simulation::{Past, Range, Stage, WorkloadRanges};
use crate::subject::Subject;
use cover::{Cover, let_in};
use loose::{Kind, Loose, only_take_away};

/// The pods of the export that float. Pods that were made since float anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    floating: BTreeSet<InstanceId>,
    /// Pods that are not at the same place in all states in which an event came, and otherwise the
    /// same. They stay where they are unless they float.
    astray: BTreeSet<InstanceId>,
    /// Pods were made since the export, which may be elsewhere in other states.
    made: bool,
    /// Something floats, be it pods made since alone.
    open: bool,
    /// Something floated before the stage at hand began.
    later: bool,
    /// Nodes that somebody may be stuck on who was placed nobody knows where.
    silent: BTreeSet<NodeId>,
    /// Who came nowhere before the stage at hand began.
    hopeless: BTreeSet<Kind>,
    /// What is sure of those that float in all states that were looked at; `None` where nothing is.
    cover: Option<Cover>,
    /// A state of the stage at hand was looked at.
    begun: bool,
    /// Pods that nobody knew where they are when the stage at hand began.
    before: BTreeSet<InstanceId>,
    /// Pods of the export that serve right after each event of the stage at hand, if they are where
    /// they are in the export, by number.
    serving: Vec<bool>,
}

impl Envelope {
    /// Nothing floats.
    pub(crate) fn is_empty(&self) -> bool {
        !self.open
    }

    /// Where the pods are that float already nobody knows, when the next event comes; nor where
    /// those are that are not the same in all of the states in which it may come.
    pub(crate) fn begin_stage(&mut self, cluster: &Cluster, states: &[Rest]) {
        self.later = self.open;
        self.hopeless = self.cover.take().map(|cover| cover.hopeless).unwrap_or_default();
        (self.cover, self.begun) = (None, false);
        if self.open {
            self.floating.append(&mut self.astray);
        }
        self.serving = vec![true; cluster.pods().len()];
        self.made = states.iter().any(|(it, _)| it.instances().len() > cluster.pods().len());
        let Some(((first, _), others)) = states.split_first() else { return };
        for (other, _) in others {
            for id in first.instance_ids().take(cluster.pods().len()) {
                let (one, another) = (first.instance(id), other.instance(id));
                let bound = one.node().is_some() && another.node().is_some();
                let moved = Instance { whereabouts: another.whereabouts, ..*one };
                if one != another && bound && moved == *another && !self.open {
                    self.astray.insert(id);
                } else if one != another {
                    self.floating.insert(id);
                }
            }
        }
        self.before = self.floating.union(&self.astray).copied().collect();
    }

    /// How many pods of each subject serve right after each event of the stage, at least, by
    /// position: those that nothing has moved by then. It is about all events `joined` to the first
    /// one, if any are.
    pub(crate) fn holding(
        &self,
        dynamics: &Dynamics<'_>,
        subjects: &[Subject],
        is_joined: bool,
    ) -> Vec<u32> {
        let cluster = dynamics.cluster();
        let moves =
            |id: &InstanceId| self.before.contains(id) || is_joined && self.floating.contains(id);
        let stays = |(at, serves): (usize, &bool)| {
            let stays = *serves && !moves(&InstanceId::at(at));
            stays.then(|| cluster.root(cluster.pods()[at].workload))
        };
        let mut holding: BTreeMap<WorkloadId, u32> = BTreeMap::new();
        // A node is not enough to serve where volumes have copies on others.
        let all = self.serving.iter().enumerate().filter(|_| dynamics.storage().is_empty());
        for root in all.filter_map(stays) {
            *holding.entry(root).or_default() += 1;
        }
        subjects.iter().map(|it| holding.get(&it.root).copied().unwrap_or(0)).collect()
    }

    /// Takes down who serves right after an event.
    fn see(&mut self, state: &Placement) {
        for (serves, id) in self.serving.iter_mut().zip(state.instance_ids()) {
            let instance = state.instance(id);
            let node = instance.node().map(|node| state.node(node));
            *serves &= instance.ready && node.is_some_and(NodeUse::serves);
        }
    }

    /// Adds the pods that may be moved from a state on, right after the first of some events, and
    /// those whose volumes may be usable or not. The others come at any moment; here they come at
    /// once, as whom an event may move follows from the nodes, the workloads and the pods of the
    /// export alone. The state is as they leave it.
    pub(crate) fn widen(
        &mut self,
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &mut Placement,
        joined: Option<&Joined>,
        rebuilt: bool,
        scratch: &mut Scratch,
    ) {
        let cover = match &self.cover {
            // Without those that float all states are the same.
            Some(known) if self.later => known.clone(),
            _ if self.later && self.begun => Cover::none(),
            _ => self.cover(dynamics, doubts, state, (joined, scratch)),
        };
        let preemption = cover.preemption;
        self.cover = match self.cover.take() {
            None if !self.begun => Some(cover),
            known => known.map(|known| known.and(&cover)),
        };
        (self.open, self.begun) = (true, true);
        self.see(state);
        self.float(dynamics, state, rebuilt, preemption);
        for event in joined.map_or(&[][..], Joined::others) {
            event.join(dynamics, state);
            self.see(state);
            if let Event::Rollout(id) | Event::Scale(id, _) = event {
                let cluster = dynamics.cluster();
                let root = |pod: &InstanceId| cluster.root(state.instance(*pod).workload);
                let own = state.instance_ids().take(cluster.pods().len());
                self.floating.extend(own.filter(|pod| root(pod) == cluster.root(*id)));
            }
            self.float(dynamics, state, rebuilt, preemption);
        }
    }

    /// What is sure of whom the events move.
    fn cover(
        &mut self,
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &Placement,
        (joined, scratch): (Option<&Joined>, &mut Scratch),
    ) -> Cover {
        let others = joined.map_or(&[][..], Joined::others);
        let mut last = state.clone();
        let mut moved = BTreeSet::new();
        let mut note = |last: &mut Placement| {
            let silent = |node: &NodeId| last.node(*node).exists && !last.node(*node).reachable;
            self.silent.extend(dynamics.cluster().node_ids().filter(silent));
            if !others.is_empty() {
                moved.extend(movable(dynamics, last));
            }
        };
        note(&mut last);
        for event in others {
            event.join(dynamics, &mut last);
            note(&mut last);
        }
        let cluster = dynamics.cluster();
        let rolls = cluster.workload_ids().any(|id| is_on_the_move(cluster, &last, id));
        if !self.later && others.is_empty() && !rolls {
            return Cover::of(dynamics, doubts, &mut last, scratch, &Loose::default());
        }
        if !others.is_empty() && !only_take_away(joined) {
            return Cover::none();
        }
        let own = cluster.pods().len();
        let floats = |id: InstanceId| id.index() >= own || self.floating.contains(&id);
        let Some(loose) = Loose::lift(dynamics, &mut last, &floats) else { return Cover::none() };
        // Who comes nowhere before the joined events comes nowhere when they have come.
        let mut first = state.clone();
        let all = |id: InstanceId| floats(id) || moved.contains(&id);
        let mut hopeless = match Loose::lift(dynamics, &mut first, &all) {
            Some(_) => {
                let_in(dynamics, &mut first);
                Loose::hopeless(dynamics, &first)
            }
            None => BTreeSet::new(),
        };
        hopeless.retain(|kind| {
            let never = self.hopeless.contains(kind) && !loose.settled.contains(kind);
            never || !loose.kinds.contains(kind)
        });
        let (nodes, joined) = (self.silent.iter().copied().collect(), !others.is_empty());
        let loose = Loose { hopeless, nodes, moved, joined, ..loose };
        Cover::of(dynamics, doubts, &mut last, scratch, &loose)
    }

    /// Adds the pods that may be moved from a state on, right after an event. `preemption` says
    /// that somebody may be preempted.
    fn float(
        &mut self,
        dynamics: &Dynamics<'_>,
        state: &mut Placement,
        rebuilt: bool,
        preemption: bool,
    ) {
        let cluster = dynamics.cluster();
        let situation = dynamics.situation(state);
        let movable = movable(dynamics, state);
        let own = |id: &InstanceId| id.index() < cluster.pods().len();
        let shaky = dynamics.storage().doubtful(state);
        let starved = dynamics.storage().starved(state).filter(|_| rebuilt);
        let uncertain: Vec<InstanceId> = shaky.into_iter().chain(starved).collect();
        if !uncertain.is_empty() {
            // A node is not enough to serve.
            self.cover = None;
        }
        self.floating.extend(uncertain.into_iter().filter(own));
        if !situation.acts {
            return;
        }
        let rolling: BTreeSet<_> = cluster
            .workload_ids()
            .filter(|id| is_on_the_move(cluster, state, *id))
            .map(|id| cluster.root(id))
            .collect();
        let floats = |id: &InstanceId| {
            let instance = state.instance(*id);
            movable.contains(id)
                || instance.is_pending()
                || instance.terminating
                || instance.attaching
                || rolling.contains(&cluster.root(instance.workload))
                || self.floating.contains(id)
        };
        let mut floating: BTreeSet<InstanceId> = state.instance_ids().filter(floats).collect();
        let spec = |id: InstanceId| cluster.spec_of(state.instance(id).class);
        let highest = floating
            .iter()
            .filter(|id| {
                spec(**id).preempts && state.instance(**id).whereabouts != Whereabouts::Gone
            })
            .map(|id| spec(*id).priority)
            .max();
        if let Some(highest) = highest.filter(|_| preemption || self.cover.is_none()) {
            floating.extend(state.instance_ids().filter(|id| spec(*id).priority < highest));
        }
        self.floating.extend(floating.into_iter().filter(own));
    }

    /// Makes the ranges of a stage wide enough.
    pub(crate) fn stretch(
        &self,
        dynamics: &Dynamics<'_>,
        subjects: &[Subject],
        stage: &mut Stage,
        past: Past,
    ) {
        let cluster = dynamics.cluster();
        let example = stage.example.clone();
        // Of those that are elsewhere in other states some may be on a node that does not serve.
        let all_serve = example.nodes().iter().all(NodeUse::serves);
        let fixed: Vec<bool> = example
            .instance_ids()
            .map(|id| {
                let own = id.index() < cluster.pods().len();
                let there = example.instance(id).whereabouts != Whereabouts::Gone;
                let alike = all_serve || !self.astray.contains(&id);
                own && there && alike && !self.floating.contains(&id)
            })
            .collect();
        let acts = dynamics.control_plane().acts(&example);
        let known = Known::new(cluster, &example, &fixed, &self.astray, acts);
        // By each event a pod may have been left on a silent node, and each pod made since may be
        // where it was not in the example. So may it before the first event: nodes may have been
        // silent from the beginning.
        let is_first = !self.later && self.cover.is_some();
        let happened = if is_first { past.joined } else { past.events + 1 };
        let piled = count(happened.max(1));
        for (node, range) in cluster.node_ids().zip(&mut stage.pods) {
            *range = known.pods(node, *range, piled);
        }
        for (subject, ranges) in subjects.iter().zip(&mut stage.workloads) {
            self.stretch_workload(&known, subject, ranges, piled);
        }
    }

    fn stretch_workload(
        &self,
        known: &Known<'_>,
        subject: &Subject,
        ranges: &mut WorkloadRanges,
        piled: u32,
    ) {
        let (cluster, example, fixed) = (known.cluster, known.example, known.fixed);
        let own: Vec<InstanceId> = example
            .instance_ids()
            .filter(|id| subject.members.contains(&example.instance(*id).workload))
            .collect();
        let held = |what: &dyn Fn(InstanceId) -> bool| {
            count(own.iter().filter(|id| fixed[id.index()] && what(**id)).count())
        };
        let floating = own.iter().any(|id| !fixed[id.index()]);
        let ready = held(&|id| example.instance(id).ready);
        let wanted = ranges.desired.max;
        if !floating && held(&|_| true) >= wanted {
            return;
        }
        // Surplus pods of a rollout, and those stuck on silent nodes, come on top. Without anybody
        // who acts they stay: those that were there before each event beside those made since.
        let loose = count(own.len()).max(wanted);
        let all = loose.saturating_mul(piled.saturating_add(1));
        let sure = self.cover.as_ref().and_then(|it| it.sure.get(&subject.root)).copied();
        let least = ready.saturating_add(sure.unwrap_or(0)).min(wanted.max(ready));
        let most = if known.acts { wanted } else { all };
        ranges.ready = join(ranges.ready, least, most.max(ready));
        let short = match known.acts {
            true if least >= wanted => 0,
            true => loose,
            false => all,
        };
        ranges.pending = join(ranges.pending, 0, short);
        ranges.attaching = join(ranges.attaching, 0, short);
        let stuck = |id: &&InstanceId| {
            let node = example.instance(**id).node();
            node.is_none_or(|node| !example.node(node).reachable)
        };
        let back = |id: &InstanceId| may_return(cluster, example.instance(*id));
        // On nodes that are heard pods that are told to go are gone in the end.
        let most = match piled {
            _ if !known.acts => known.silence().max(all),
            _ if own.iter().any(back) => known.silence(),
            // One state tells where all of them are.
            1 if self.cover.is_some() && !self.made && self.astray.is_empty() => {
                count(own.iter().filter(stuck).count())
            }
            _ => loose.saturating_mul(piled).min(known.silence()),
        };
        let held = held(&|id| example.instance(id).terminating);
        ranges.terminating = join(ranges.terminating, held, most.max(held));
        ranges.starved = join(ranges.starved, 0, loose);
    }
}

/// One of the states that a stage may end in, and the pods that are where they are in all of them.
struct Known<'k> {
    cluster: &'k Cluster,
    example: &'k Placement,
    /// By instance.
    fixed: &'k [bool],
    /// How many of these are on each node.
    here: Vec<u32>,
    /// How many pods a node takes, or had from the first.
    room: Vec<u32>,
    /// How many pods are not fixed.
    loose: u32,
    /// Some of them may return to a node that they were evicted from.
    any_returns: bool,
    /// A control plane is left that deletes whom there are too many of.
    acts: bool,
}

impl<'k> Known<'k> {
    fn new(
        cluster: &'k Cluster,
        example: &'k Placement,
        fixed: &'k [bool],
        astray: &BTreeSet<InstanceId>,
        acts: bool,
    ) -> Self {
        let mut here = vec![0_u32; cluster.nodes().len()];
        let mut listed = here.clone();
        let (mut loose, mut any_returns) = (0, false);
        for (id, is_fixed) in example.instance_ids().zip(fixed) {
            let instance = example.instance(id);
            let known = *is_fixed && !astray.contains(&id);
            match instance.node() {
                Some(node) if known => here[node.index()] += 1,
                _ => {}
            }
            loose += u32::from(!known);
            any_returns |= !is_fixed && may_return(cluster, instance);
        }
        let homes = cluster.pods().iter().filter_map(|pod| cluster.node_named(pod.node?));
        for node in homes {
            listed[node.index()] += 1;
        }
        let takes = |id: NodeId| count(cluster.node(id).pods_allocatable.try_into().unwrap_or(0));
        let room = cluster.node_ids().zip(listed).map(|(id, had)| takes(id).max(had)).collect();
        Self { cluster, example, fixed, here, room, loose, any_returns, acts }
    }

    /// How many pods may be on a node.
    fn pods(&self, node: NodeId, range: Range, piled: u32) -> Range {
        let least = self.here[node.index()];
        let usage = self.example.node(node);
        if !usage.exists {
            return Range { min: least.min(range.min), max: range.max };
        }
        let takes = self.room[node.index()];
        let most = if !usage.reachable && self.any_returns {
            takes
        } else {
            least.saturating_add(self.loose.saturating_mul(piled))
        };
        join(range, least, most.min(takes.max(range.max)))
    }

    /// How many pods there may be on silent nodes.
    fn silence(&self) -> u32 {
        let silent = |node: &NodeId| !self.example.node(*node).reachable;
        let nodes = self.cluster.node_ids().filter(silent);
        nodes.map(|node| self.room[node.index()]).fold(0, u32::saturating_add)
    }
}

/// Whether a pod that is evicted from a silent node may be placed there once more: nobody knows how
/// many are left there in the end.
fn may_return(cluster: &Cluster, instance: &Instance) -> bool {
    let spec = cluster.spec_of(instance.class);
    let (key, value) = (cluster.known().unreachable, cluster.known().empty);
    let taint = Taint { key, value, effect: Effect::NoSchedule };
    let comes = spec.tolerations.iter().any(|t| t.tolerates(&taint, cluster.symbols(), false));
    comes && !eviction::is_borne_for_ever(cluster, spec, key)
}

/// The pods that may be evicted or drained from a state on.
fn movable(dynamics: &Dynamics<'_>, state: &mut Placement) -> BTreeSet<InstanceId> {
    let situation = dynamics.situation(state);
    let mark = state.mark();
    if situation.acts {
        dynamics.evict_all(state, &situation);
    }
    let mut movable: BTreeSet<InstanceId> =
        state.changed_since(mark).into_iter().map(|(id, _)| id).collect();
    state.revert(dynamics.cluster(), mark);
    movable.extend(dynamics.drainable(state));
    movable
}

/// Whether a controller may delete pods of the workload of its own accord.
fn is_on_the_move(cluster: &Cluster, state: &Placement, id: WorkloadId) -> bool {
    let target = state.target(id);
    let workload = cluster.workload(id);
    let beyond = |pod: &InstanceId| {
        let pod = state.instance(*pod);
        let number = i64::from(pod.ordinal) - i64::from(workload.first_ordinal);
        pod.whereabouts != Whereabouts::Gone && number >= target.desired
    };
    let of_numbers =
        workload.kind == WorkloadKind::StatefulSet && workload.provenance == Provenance::Read;
    target.rollouts > 0
        || of_numbers && state.of_workload(id).iter().any(beyond)
        || workload.rollout > 0 && target.desired > 0
        || autoscaler::correction(cluster, state, id).is_some()
        || job::may_give_up(cluster, state, id)
        || i64::from(state.tally(id).active) > target.desired.max(0)
            && matches!(
                workload.kind,
                WorkloadKind::ReplicaSet
                    | WorkloadKind::StatefulSet
                    | WorkloadKind::ReplicationController
            )
}

fn join(range: Range, min: u32, max: u32) -> Range {
    Range { min: range.min.min(min), max: range.max.max(max) }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
