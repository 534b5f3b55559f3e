//! Ranges that are wide enough for whatever may happen, where not everything can be tried.
//!
//! A pod is *fixed* as long as nothing that may happen moves it: it is bound, nobody evicts,
//! drains, deletes or replaces it, and nobody who may need its place outranks it. All others
//! *float*: they may be anywhere, wait, or be gone, and so may whatever is made in their stead.
//! Once a pod floats it floats for the rest of the story.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::Dynamics;

use crate::simulation::{Range, Stage};
use crate::subject::Subject;

/// The pods of the export that float. Pods that were made since float anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    floating: BTreeSet<InstanceId>,
    /// Something floats, be it pods made since alone.
    open: bool,
}

impl Envelope {
    /// Nothing floats.
    pub(crate) fn is_empty(&self) -> bool {
        !self.open
    }

    /// Adds the pods that may be moved from a state on, right after an event, and those whose volumes
    /// may be usable or not.
    pub(crate) fn widen(&mut self, dynamics: &Dynamics<'_>, state: &mut Placement, rebuilt: bool) {
        let cluster = dynamics.cluster();
        self.open = true;
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
        self.floating.extend(shaky.into_iter().chain(starved).filter(own));
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
        if let Some(highest) = highest {
            floating.extend(state.instance_ids().filter(|id| spec(*id).priority < highest));
        }
        self.floating.extend(floating.into_iter().filter(own));
    }

    /// Makes the ranges of a stage wide enough.
    pub(crate) fn stretch(&self, cluster: &Cluster, subjects: &[Subject], stage: &mut Stage) {
        let state = stage.example.clone();
        let fixed: Vec<bool> = state
            .instance_ids()
            .map(|id| {
                let own = id.index() < cluster.pods().len();
                let there = state.instance(id).whereabouts != Whereabouts::Gone;
                own && there && !self.floating.contains(&id)
            })
            .collect();
        let loose = fixed.iter().filter(|is_fixed| !**is_fixed).count();
        let mut on_nodes = vec![0_u32; stage.pods.len()];
        for id in state.instance_ids().filter(|id| fixed[id.index()]) {
            if let Some(node) = state.instance(id).node() {
                on_nodes[node.index()] += 1;
            }
        }
        for (node, range) in cluster.node_ids().zip(&mut stage.pods) {
            let least = on_nodes[node.index()];
            let most = least.saturating_add(count(loose));
            let takes = u32::try_from(cluster.node(node).pods_allocatable).unwrap_or(u32::MAX);
            let most = if state.node(node).exists { most.min(takes.max(range.max)) } else { 0 };
            *range = Range { min: least.min(range.min), max: most.max(range.max) };
        }
        for (subject, ranges) in subjects.iter().zip(&mut stage.workloads) {
            let own = |id: &InstanceId| subject.members.contains(&state.instance(*id).workload);
            let held = |what: &dyn Fn(InstanceId) -> bool| {
                let all = state.instance_ids().filter(own).filter(|id| fixed[id.index()]);
                count(all.filter(|id| what(*id)).count())
            };
            let floating = state.instance_ids().filter(own).any(|id| !fixed[id.index()]);
            let ready = held(&|id| state.instance(id).ready);
            let wanted = ranges.desired.max;
            if !floating && held(&|_| true) >= wanted {
                continue;
            }
            // Surplus pods of a rollout, and those stuck on silent nodes, come on top.
            let loose = count(state.instance_ids().filter(own).count()).max(wanted);
            ranges.ready = join(ranges.ready, ready, wanted.max(ready));
            ranges.pending = join(ranges.pending, 0, loose);
            ranges.terminating =
                join(ranges.terminating, held(&|id| state.instance(id).terminating), loose);
            ranges.attaching = join(ranges.attaching, 0, loose);
            ranges.starved = join(ranges.starved, 0, loose);
        }
    }
}

/// Whether a controller may delete pods of the workload of its own accord.
fn is_on_the_move(cluster: &Cluster, state: &Placement, id: holdfast_cluster::WorkloadId) -> bool {
    let target = state.target(id);
    let workload = cluster.workload(id);
    target.rollouts > 0
        || workload.rollout > 0 && target.desired > 0
        || i64::from(state.tally(id).active) > target.desired.max(0)
            && matches!(
                workload.kind,
                holdfast_cluster::workload::WorkloadKind::ReplicaSet
                    | holdfast_cluster::workload::WorkloadKind::StatefulSet
                    | holdfast_cluster::workload::WorkloadKind::ReplicationController
            )
}

fn join(range: Range, min: u32, max: u32) -> Range {
    Range { min: range.min.min(min), max: range.max.max(max) }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
