//! Which of the pods that events move are sure to serve in the end, wherever the others go.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::controllers::Reaction;
use holdfast_failover::{Dynamics, Evicted, Situation, Step};
use holdfast_scheduler::Scratch;

use super::is_on_the_move;
use super::loose::{Kind, Loose, kind};
use crate::bound::{self, Left, Stranded, Uncertain, leaving, stranded};
use crate::doubts::Doubts;

/// What is sure of the pods that events move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cover {
    /// How many of them serve in any case, by the workload that people know.
    pub(super) sure: BTreeMap<WorkloadId, u32>,
    /// Somebody may be preempted.
    pub(super) preemption: bool,
    /// Who comes nowhere.
    pub(super) hopeless: BTreeSet<Kind>,
}

impl Cover {
    /// Nothing is sure.
    pub(super) fn none() -> Self {
        Self { preemption: true, ..Self::default() }
    }

    /// What is sure of both states.
    pub(super) fn and(self, other: &Self) -> Self {
        let fewer = |(id, count): (WorkloadId, u32)| Some((id, count.min(*other.sure.get(&id)?)));
        let sure = self.sure.into_iter().filter_map(fewer).collect();
        let hopeless = self.hopeless.intersection(&other.hopeless).copied().collect();
        Self { sure, preemption: self.preemption || other.preemption, hopeless }
    }

    /// Asks the bound, with everybody moved who may be: all that may be evicted and all that may be
    /// drained, as it is while the drained pods end and when they are gone. Those that are loose
    /// wait in `state`, which is left as it is.
    pub(super) fn of(
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &mut Placement,
        scratch: &mut Scratch,
        loose: &Loose,
    ) -> Self {
        let cluster = dynamics.cluster();
        let situation = dynamics.situation(state);
        let moves = |id: &WorkloadId| is_on_the_move(cluster, state, *id);
        let mut moving = cluster.workload_ids().filter(moves).map(|id| cluster.root(id));
        if !situation.acts || !moving.all(|root| loose.rolling.contains(&root)) {
            return Self::none();
        }
        let mark = state.mark();
        let gone = Gone::of(dynamics, state, &situation, loose);
        let cover = gone.ask(dynamics, doubts, state, scratch, loose);
        state.revert(cluster, mark);
        cover.unwrap_or_else(Self::none)
    }
}

/// Pods whose eviction was carried out beforehand.
struct Gone {
    /// Each with the node that it leaves.
    left: Vec<Left>,
    /// Those of them that may stay.
    uncertain: Vec<InstanceId>,
    /// Whose pods may stay on a silent node for ever, where they do not serve.
    staying: BTreeSet<WorkloadId>,
    /// Nodes that failed while somebody may have been placed there, those where somebody may be who
    /// would not be let in, and those that came back and let nobody in yet: none is counted on.
    closed: Vec<NodeId>,
}

impl Gone {
    /// Moves everybody who may be moved.
    fn of(
        dynamics: &Dynamics<'_>,
        state: &mut Placement,
        situation: &Situation,
        loose: &Loose,
    ) -> Self {
        let cluster = dynamics.cluster();
        let Evicted { pods: gone, mut uncertain } = dynamics.evict_all(state, situation);
        let root = |state: &Placement, pod: InstanceId| cluster.root(state.instance(pod).workload);
        let mut staying: BTreeSet<WorkloadId> =
            uncertain.iter().map(|pod| root(state, *pod)).collect();
        let drained: Vec<InstanceId> = dynamics.drainable(state).collect();
        let mut left = leaving::of(state, &[&*gone, &*drained].concat());
        for &pod in &drained {
            dynamics.apply(state, &Step::Drain { pod, replaced: true });
        }
        // Whoever drains may be stopped by a budget, and then the pod stays and counts.
        uncertain.extend(&drained);
        // An event may have moved these that the last one keeps where they are.
        let there = |pod: &&InstanceId| {
            let instance = state.instance(**pod);
            instance.node().is_some() && !instance.terminating
        };
        let others: Vec<InstanceId> = loose.moved.iter().filter(there).copied().collect();
        left.extend(leaving::of(state, &others));
        for &pod in &others {
            let instance = *state.instance(pod);
            let class = instance.next_class(cluster);
            state.add(cluster, class, instance.workload, instance.origin);
            staying.insert(root(state, pod));
        }
        uncertain.extend(others);
        let mut closed = [&*loose.nodes, &*loose.misplaced].concat();
        closed.extend(let_in(dynamics, state));
        Self { left, uncertain, staying, closed }
    }

    /// Asks the bound; `None` where more may come, or something is not known.
    fn ask(
        &self,
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        state: &mut Placement,
        scratch: &mut Scratch,
        loose: &Loose,
    ) -> Option<Cover> {
        let cluster = dynamics.cluster();
        let ending = state.mark();
        let ends: Vec<InstanceId> = state.ending().collect();
        for &pod in &ends {
            dynamics.apply(state, &Step::End { pod, replaced: true });
        }
        // The bound takes every pod for what it is known to be.
        if cluster.workload_ids().any(|id| has_more_to_make(cluster, state, id))
            || !doubts.of_changes(cluster, state).is_empty()
        {
            return None;
        }
        let mut classes: BTreeSet<ClassId> = loose.kinds.iter().map(|(class, _)| *class).collect();
        if loose.joined {
            classes.extend(state.pending().iter().map(|pod| state.instance(*pod).class));
        }
        let classes: Vec<ClassId> = classes.into_iter().collect();
        let excused = |state: &Placement, pod: InstanceId| {
            let kind = kind(state, pod);
            (loose.joined || loose.kinds.contains(&kind)) && !loose.hopeless.contains(&kind)
        };
        let stranded = Stranded { classes: &classes, nodes: &self.closed };
        let unsure = Uncertain::of(&self.uncertain, &self.left, &excused);
        let unsure = Uncertain { stranded, ..unsure };
        let gone = bound::cover(dynamics, state, scratch, unsure);
        let back: Vec<_> = gone.sure.iter().map(|pod| kind(state, *pod)).collect();
        let hopeless = gone.hopeless.iter().map(|pod| kind(state, *pod)).collect();
        state.revert(cluster, ending);
        // Whom every node turns down for good once they are gone it turns down before, too.
        let unsure = Uncertain { hopeless: &gone.hopeless, ..unsure };
        let ending = bound::cover(dynamics, state, scratch, unsure);
        let open: BTreeSet<_> = ending.open.iter().map(|pod| kind(state, *pod)).collect();
        let mut sure: BTreeMap<WorkloadId, u32> = BTreeMap::new();
        for (class, workload) in back.into_iter().filter(|kind| !open.contains(kind)) {
            let root = cluster.root(workload);
            // Whether what the export lacks is still there, and makes pods, nobody knows.
            let read = cluster.workload(root).provenance == Provenance::Read;
            let stuck = loose.any && !comes_back(cluster, (class, workload), &loose.nodes);
            let rolls = loose.rolling.contains(&root);
            if read && !stuck && !rolls && !self.staying.contains(&root) {
                *sure.entry(root).or_default() += 1;
            }
        }
        Some(Cover { sure, preemption: ending.preemption || gone.preemption, hopeless })
    }
}

/// Lets pods onto nodes that came back, and tells which these are.
pub(super) fn let_in(dynamics: &Dynamics<'_>, state: &mut Placement) -> Vec<NodeId> {
    let back = |node: &NodeId| state.node(*node).taints.leaving;
    let nodes: Vec<NodeId> = dynamics.cluster().node_ids().filter(back).collect();
    for &node in &nodes {
        dynamics.apply(state, &Step::Clear { node });
    }
    nodes
}

/// Whether a pod comes back from wherever it was: another is made at once, and where it may have
/// been on one of the nodes, which failed, it leaves that.
fn comes_back(cluster: &Cluster, (class, workload): Kind, nodes: &[NodeId]) -> bool {
    let at_once = Reaction::of(cluster.workload(workload)) == Reaction::ReplaceTerminating;
    at_once && (nodes.is_empty() || stranded::comes_back(cluster, class, workload))
}

/// Whether a set makes further pods once those that it has are ready: nobody has seen these yet.
fn has_more_to_make(cluster: &Cluster, state: &Placement, id: WorkloadId) -> bool {
    let tally = state.tally(id);
    let there = i64::from(tally.active) + i64::from(tally.terminating);
    cluster.workload(id).kind == WorkloadKind::StatefulSet && there < state.target(id).desired
}
