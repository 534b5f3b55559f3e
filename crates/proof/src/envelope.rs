//! Ranges that are wide enough for whatever may happen, where not everything can be tried.
//!
//! A pod is *fixed* as long as nothing that may happen moves it: it is bound, nobody evicts,
//! drains, deletes or replaces it, and nobody who may need its place outranks it. All others
//! *float*: they may be anywhere, wait, or be gone, and so may whatever is made in their stead.
//! Once a pod floats it floats for the rest of the story. Of those that float for the first time
//! some are sure to find a node wherever the others go ([`bound`]): these serve in the end.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{Cluster, InstanceId, Placement, WorkloadId};
use holdfast_failover::controllers::{autoscaler, job};
use holdfast_failover::{Dynamics, Step};
use holdfast_scheduler::Scratch;

use crate::bound::{self, Uncertain};
use crate::doubts::Doubts;
use crate::simulation::{Range, Stage};
use crate::subject::Subject;

/// The pods of the export that float. Pods that were made since float anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    floating: BTreeSet<InstanceId>,
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

    /// Adds the pods that may be moved from a state on, right after an event, and those whose
    /// volumes may be usable or not.
    pub(crate) fn widen(
        &mut self,
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &mut Placement,
        rebuilt: bool,
        scratch: &mut Scratch,
    ) {
        let cluster = dynamics.cluster();
        let first = !self.open || self.sure.is_some();
        self.open = true;
        let situation = dynamics.situation(state);
        let cover = Cover::of(dynamics, doubts, state, scratch);
        self.sure = match self.sure.take() {
            None if first => Some(cover.sure),
            Some(known) => Some(fewest(known, &cover.sure)),
            None => None,
        };
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
        let floats = |id: &InstanceId| {
            let instance = state.instance(*id);
            let draining = instance.node().is_some_and(|node| state.node(node).draining.is_some());
            moved.contains(id)
                || instance.is_pending()
                || instance.terminating
                || instance.attaching
                || draining
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
        if let Some(highest) = highest.filter(|_| cover.preemption || self.sure.is_none()) {
            floating.extend(state.instance_ids().filter(|id| spec(*id).priority < highest));
        }
        self.floating.extend(floating.into_iter().filter(own));
    }

    /// Makes the ranges of a stage wide enough.
    pub(crate) fn stretch(&self, cluster: &Cluster, subjects: &[Subject], stage: &mut Stage) {
        let example = stage.example.clone();
        let fixed: Vec<bool> = example
            .instance_ids()
            .map(|id| {
                let own = id.index() < cluster.pods().len();
                let there = example.instance(id).whereabouts != Whereabouts::Gone;
                own && there && !self.floating.contains(&id)
            })
            .collect();
        let loose = fixed.iter().filter(|is_fixed| !**is_fixed).count();
        let mut on_nodes = vec![0_u32; stage.pods.len()];
        for id in example.instance_ids().filter(|id| fixed[id.index()]) {
            if let Some(node) = example.instance(id).node() {
                on_nodes[node.index()] += 1;
            }
        }
        for (node, range) in cluster.node_ids().zip(&mut stage.pods) {
            let least = on_nodes[node.index()];
            let most = least.saturating_add(count(loose));
            let takes = u32::try_from(cluster.node(node).pods_allocatable).unwrap_or(u32::MAX);
            let most = if example.node(node).exists { most.min(takes.max(range.max)) } else { 0 };
            *range = Range { min: least.min(range.min), max: most.max(range.max) };
        }
        for (subject, ranges) in subjects.iter().zip(&mut stage.workloads) {
            let own = |id: &InstanceId| subject.members.contains(&example.instance(*id).workload);
            let held = |what: &dyn Fn(InstanceId) -> bool| {
                let all = example.instance_ids().filter(own).filter(|id| fixed[id.index()]);
                count(all.filter(|id| what(*id)).count())
            };
            let floating = example.instance_ids().filter(own).any(|id| !fixed[id.index()]);
            let ready = held(&|id| example.instance(id).ready);
            let wanted = ranges.desired.max;
            if !floating && held(&|_| true) >= wanted {
                continue;
            }
            // Surplus pods of a rollout, and those stuck on silent nodes, come on top.
            let loose = count(example.instance_ids().filter(own).count()).max(wanted);
            let sure = self.sure.as_ref().and_then(|sure| sure.get(&subject.root)).copied();
            let least = ready.saturating_add(sure.unwrap_or(0)).min(wanted.max(ready));
            ranges.ready = join(ranges.ready, least, wanted.max(ready));
            let short = if least >= wanted { 0 } else { loose };
            ranges.pending = join(ranges.pending, 0, short);
            ranges.attaching = join(ranges.attaching, 0, short);
            let stuck = |id: InstanceId| {
                let node = example.instance(id).node();
                node.is_none_or(|node| !example.node(node).reachable)
            };
            let ending = example.instance_ids().filter(own).filter(|id| stuck(*id)).count();
            let most = if self.sure.is_some() { count(ending) } else { loose };
            let held = held(&|id| example.instance(id).terminating);
            ranges.terminating = join(ranges.terminating, held, most.max(held));
            ranges.starved = join(ranges.starved, 0, loose);
        }
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
    /// Asks the bound, with everybody moved who may be: all that may be evicted and all that may be
    /// drained, as it is while the drained pods end and when they are gone.
    fn of(
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &mut Placement,
        scratch: &mut Scratch,
    ) -> Self {
        let cluster = dynamics.cluster();
        let nothing = Self { sure: BTreeMap::new(), preemption: true };
        let situation = dynamics.situation(state);
        let rolling = cluster.workload_ids().any(|id| is_on_the_move(cluster, state, id));
        if !situation.acts || rolling {
            return nothing;
        }
        let mark = state.mark();
        let mut uncertain = dynamics.evict_all(state, &situation).uncertain;
        let drained: Vec<InstanceId> = dynamics.drainable(state).collect();
        for &pod in &drained {
            dynamics.apply(state, &Step::Drain { pod, replaced: true });
        }
        // Whoever drains may be stopped by a budget, and then the pod stays and counts.
        uncertain.extend(&drained);
        // Where anything is not known of anybody the bound is not used, below.
        let excused = |_: &Placement, _| false;
        let unsure = Uncertain { evicted: &uncertain, excused: &excused };
        let ending = bound::cover(dynamics, state, scratch, unsure);
        let kind = |state: &Placement, pod: InstanceId| {
            let instance = state.instance(pod);
            (instance.class, instance.workload)
        };
        let open: BTreeSet<_> = ending.open.iter().map(|pod| kind(state, *pod)).collect();
        for &pod in &drained {
            dynamics.apply(state, &Step::End { pod, replaced: true });
        }
        // The bound takes every pod for what it is known to be.
        if !doubts.of_changes(cluster, state).is_empty() {
            state.revert(cluster, mark);
            return nothing;
        }
        let gone = bound::cover(dynamics, state, scratch, unsure);
        let mut sure: BTreeMap<WorkloadId, u32> = BTreeMap::new();
        for &pod in gone.sure.iter().filter(|pod| !open.contains(&kind(state, **pod))) {
            let root = cluster.root(state.instance(pod).workload);
            // Whether what the export lacks is still there, and makes pods, nobody knows.
            if cluster.workload(root).provenance == Provenance::Read {
                *sure.entry(root).or_default() += 1;
            }
        }
        state.revert(cluster, mark);
        Self { sure, preemption: ending.preemption || gone.preemption }
    }
}

/// The fewer of each.
fn fewest(
    known: BTreeMap<WorkloadId, u32>,
    other: &BTreeMap<WorkloadId, u32>,
) -> BTreeMap<WorkloadId, u32> {
    let fewer = |(id, count): (WorkloadId, u32)| Some((id, count.min(*other.get(&id)?)));
    known.into_iter().filter_map(fewer).collect()
}

/// Whether a controller may delete pods of the workload of its own accord.
fn is_on_the_move(cluster: &Cluster, state: &Placement, id: WorkloadId) -> bool {
    let target = state.target(id);
    let workload = cluster.workload(id);
    target.rollouts > 0
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
