//! Ranges that are wide enough for whatever may happen, where not everything can be tried.
//!
//! A pod is *fixed* as long as nothing that may happen moves it: it is bound, nobody evicts,
//! drains, deletes or replaces it, and nobody who may need its place outranks it. All others
//! *float*: they may be anywhere, wait, or be gone, and so may whatever is made in their stead.
//! Once a pod floats it floats for the rest of the story. Of those that float for the first time
//! some are sure to find a node wherever the others go ([`bound`]): these serve in the end.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::{NodeUse, Whereabouts};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::controllers::{autoscaler, job};
use holdfast_failover::{Dynamics, Event, Evicted, Joined, Step};
use holdfast_scheduler::Scratch;

use crate::bound::{self, Uncertain, leaving};
use crate::doubts::Doubts;
use crate::rest::Rest;
use crate::simulation::{Past, Range, Stage, WorkloadRanges};
use crate::subject::Subject;

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
    /// How many of the pods that float serve in any case, by the workload that people know. None
    /// where something floated before: where that is nobody knows.
    sure: Option<BTreeMap<WorkloadId, u32>>,
}

impl Envelope {
    /// Nothing floats.
    pub(crate) fn is_empty(&self) -> bool {
        !self.open
    }

    /// Where the pods are that float already nobody knows, when the next event comes; nor where
    /// those are that are not the same in all of the states in which it may come.
    pub(crate) fn begin_stage(&mut self, cluster: &Cluster, states: &[Rest]) {
        if self.open {
            self.sure = None;
            self.floating.append(&mut self.astray);
        }
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
        let others = joined.map_or(&[][..], Joined::others);
        let mut last = state.clone();
        for event in others {
            event.join(dynamics, &mut last);
        }
        // Who competes depends on when each of the others comes, and no bound is asked of them all.
        let cover = match others {
            [] => Cover::of(dynamics, doubts, &mut last, scratch),
            _ => Cover::none(),
        };
        let first = !self.open || self.sure.is_some();
        self.open = true;
        self.sure = match self.sure.take() {
            None if first => Some(cover.sure),
            Some(known) => Some(fewest(known, &cover.sure)),
            None => None,
        };
        self.float(dynamics, state, rebuilt, cover.preemption);
        for event in others {
            event.join(dynamics, state);
            if let Event::Rollout(id) | Event::Scale(id, _) = event {
                let cluster = dynamics.cluster();
                let root = |pod: &InstanceId| cluster.root(state.instance(*pod).workload);
                let own = state.instance_ids().take(cluster.pods().len());
                self.floating.extend(own.filter(|pod| root(pod) == cluster.root(*id)));
            }
            self.float(dynamics, state, rebuilt, cover.preemption);
        }
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
        let mark = state.mark();
        if situation.acts {
            dynamics.evict_all(state, &situation);
        }
        let moved: BTreeSet<InstanceId> =
            state.changed_since(mark).into_iter().map(|(id, _)| id).collect();
        state.revert(cluster, mark);
        let own = |id: &InstanceId| id.index() < cluster.pods().len();
        let shaky = dynamics.storage().doubtful(state);
        let starved = dynamics.storage().starved(state).filter(|_| rebuilt);
        let uncertain: Vec<InstanceId> = shaky.into_iter().chain(starved).collect();
        if !uncertain.is_empty() {
            // A node is not enough to serve.
            self.sure = None;
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
        let drained: BTreeSet<InstanceId> = dynamics.drainable(state).collect();
        let floats = |id: &InstanceId| {
            let instance = state.instance(*id);
            moved.contains(id)
                || drained.contains(id)
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
        if let Some(highest) = highest.filter(|_| preemption || self.sure.is_none()) {
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
        let happened = if self.sure.is_some() { past.joined } else { past.events + 1 };
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
        let sure = self.sure.as_ref().and_then(|sure| sure.get(&subject.root)).copied();
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
            1 if self.sure.is_some() && !self.made && self.astray.is_empty() => {
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

/// What is sure of the pods that an event moves.
struct Cover {
    /// How many of them serve in any case, by the workload that people know.
    sure: BTreeMap<WorkloadId, u32>,
    /// Somebody may be preempted.
    preemption: bool,
}

impl Cover {
    /// Nothing is sure.
    fn none() -> Self {
        Self { sure: BTreeMap::new(), preemption: true }
    }

    /// Asks the bound, with everybody moved who may be: all that may be evicted and all that may be
    /// drained, as it is while the drained pods end and when they are gone.
    fn of(
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &mut Placement,
        scratch: &mut Scratch,
    ) -> Self {
        let cluster = dynamics.cluster();
        let nothing = Self::none();
        let situation = dynamics.situation(state);
        let rolling = cluster.workload_ids().any(|id| is_on_the_move(cluster, state, id));
        if !situation.acts || rolling {
            return nothing;
        }
        let mark = state.mark();
        let Evicted { pods: gone, mut uncertain } = dynamics.evict_all(state, &situation);
        // Whoever may stay on a silent node for ever does not serve there.
        let staying: BTreeSet<WorkloadId> =
            uncertain.iter().map(|pod| cluster.root(state.instance(*pod).workload)).collect();
        let drained: Vec<InstanceId> = dynamics.drainable(state).collect();
        let left = leaving::of(state, &[&*gone, &*drained].concat());
        for &pod in &drained {
            dynamics.apply(state, &Step::Drain { pod, replaced: true });
        }
        // Whoever drains may be stopped by a budget, and then the pod stays and counts.
        uncertain.extend(&drained);
        let ending = state.mark();
        let ends: Vec<InstanceId> = state.ending().collect();
        for &pod in &ends {
            dynamics.apply(state, &Step::End { pod, replaced: true });
        }
        // The bound takes every pod for what it is known to be.
        if cluster.workload_ids().any(|id| has_more_to_make(cluster, state, id))
            || !doubts.of_changes(cluster, state).is_empty()
        {
            state.revert(cluster, mark);
            return nothing;
        }
        let excused = |_: &Placement, _| false;
        let (evicted, hopeless) = (&*uncertain, &[][..]);
        let unsure = Uncertain { evicted, gone: &left, hopeless, excused: &excused, known: None };
        let kind = |state: &Placement, pod: InstanceId| {
            let instance = state.instance(pod);
            (instance.class, instance.workload)
        };
        let gone = bound::cover(dynamics, state, scratch, unsure);
        let back: Vec<_> = gone.sure.iter().map(|pod| kind(state, *pod)).collect();
        state.revert(cluster, ending);
        // Whom every node turns down for good once they are gone it turns down before, too.
        let unsure = Uncertain { hopeless: &gone.hopeless, ..unsure };
        let ending = bound::cover(dynamics, state, scratch, unsure);
        let open: BTreeSet<_> = ending.open.iter().map(|pod| kind(state, *pod)).collect();
        let mut sure: BTreeMap<WorkloadId, u32> = BTreeMap::new();
        for (_, workload) in back.into_iter().filter(|kind| !open.contains(kind)) {
            let root = cluster.root(workload);
            // Whether what the export lacks is still there, and makes pods, nobody knows.
            if cluster.workload(root).provenance == Provenance::Read && !staying.contains(&root) {
                *sure.entry(root).or_default() += 1;
            }
        }
        state.revert(cluster, mark);
        Self { sure, preemption: ending.preemption || gone.preemption }
    }
}

/// Whether a pod that is evicted from a silent node may be placed there once more: nobody knows how
/// many are left there in the end.
fn may_return(cluster: &Cluster, instance: &Instance) -> bool {
    let spec = cluster.spec_of(instance.class);
    let known = cluster.known();
    let key = known.unreachable;
    let taint = |effect| Taint { key, value: known.empty, effect };
    let bears = |effect| {
        let taint = taint(effect);
        spec.tolerations.iter().find(move |t| t.tolerates(&taint, cluster.symbols(), false))
    };
    let stays = bears(Effect::NoExecute).is_some_and(|used| used.seconds.is_none());
    bears(Effect::NoSchedule).is_some() && !stays
}

/// The fewer of each.
fn fewest(
    known: BTreeMap<WorkloadId, u32>,
    other: &BTreeMap<WorkloadId, u32>,
) -> BTreeMap<WorkloadId, u32> {
    let fewer = |(id, count): (WorkloadId, u32)| Some((id, count.min(*other.get(&id)?)));
    known.into_iter().filter_map(fewer).collect()
}

/// Whether a set makes further pods once those that it has are ready: nobody has seen these yet.
fn has_more_to_make(cluster: &Cluster, state: &Placement, id: WorkloadId) -> bool {
    let tally = state.tally(id);
    let there = i64::from(tally.active) + i64::from(tally.terminating);
    cluster.workload(id).kind == WorkloadKind::StatefulSet && there < state.target(id).desired
}

/// Whether a controller may delete pods of the workload of its own accord.
fn is_on_the_move(cluster: &Cluster, state: &Placement, id: WorkloadId) -> bool {
    let target = state.target(id);
    let workload = cluster.workload(id);
    let beyond = |pod: &Instance| {
        let number = i64::from(pod.ordinal) - i64::from(workload.first_ordinal);
        pod.workload == id && pod.whereabouts != Whereabouts::Gone && number >= target.desired
    };
    let of_numbers = workload.kind == WorkloadKind::StatefulSet;
    let condemned = workload.provenance == Provenance::Read && state.instances().iter().any(beyond);
    target.rollouts > 0
        || of_numbers && condemned
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
