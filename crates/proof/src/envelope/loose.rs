//! Pods that are nobody knows where: those that moved before, or that the first of some joined
//! events moves while the others are yet to come.
//!
//! They are taken to wait for a node, as whoever may be anywhere is no worse than one that may yet
//! go anywhere. What a node keeps of them that fails in the meantime is told apart ([`Stranded`]).
//!
//! [`Stranded`]: crate::bound::Stranded

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::{Provenance, WorkloadKind};
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::controllers::{Reaction, deployment};
use holdfast_failover::disruption::Certainty;
use holdfast_failover::{Dynamics, Event, Joined};

use super::is_on_the_move;
use crate::bound;

/// Pods that nothing but their name tells apart.
pub(super) type Kind = (ClassId, WorkloadId);

/// The kind of a pod.
pub(super) fn kind(state: &Placement, pod: InstanceId) -> Kind {
    let instance = state.instance(pod);
    (instance.class, instance.workload)
}

/// Pods that are nobody knows where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loose {
    /// Somebody may be.
    pub(super) any: bool,
    /// Who these may be.
    pub(super) kinds: BTreeSet<Kind>,
    /// Who of them may still be where the export has them.
    pub(super) settled: BTreeSet<Kind>,
    /// Nodes where the export has one of them that would not be let in again.
    pub(super) misplaced: Vec<NodeId>,
    /// Who comes nowhere, whichever of the joined events have come; all others may.
    pub(super) hopeless: BTreeSet<Kind>,
    /// Nodes that failed while some of them may have been there.
    pub(super) nodes: Vec<NodeId>,
    /// Pods that one of the joined events moves, by what it alone does.
    pub(super) moved: BTreeSet<InstanceId>,
    /// Others may fail to be where they are put when a joined event comes.
    pub(super) joined: bool,
    /// Deployments whose pods give way to others, of both of which there may be as many as are
    /// wanted: how many of them serve is not told.
    pub(super) rolling: BTreeSet<WorkloadId>,
}

impl Loose {
    /// Lets all pods wait that float in `state`, or are of workloads that roll out; `None` where
    /// more of them may be in another state, or where one of them may be stuck for good.
    pub(super) fn lift(
        dynamics: &Dynamics<'_>,
        state: &mut Placement,
        floats: &dyn Fn(InstanceId) -> bool,
    ) -> Option<Self> {
        let cluster = dynamics.cluster();
        let situation = dynamics.situation(state);
        let is_sure = |node: &NodeId| situation.evictions[node.index()] == Certainty::Sure;
        let silent = |node: &NodeId| state.node(*node).exists && !state.node(*node).reachable;
        if !dynamics.storage().is_empty() || !cluster.node_ids().filter(silent).all(|n| is_sure(&n))
        {
            return None;
        }
        let moves = cluster.workload_ids().filter(|id| is_on_the_move(cluster, state, *id));
        let rolling: BTreeSet<WorkloadId> = moves.map(|id| cluster.root(id)).collect();
        if !rolling.iter().all(|root| cluster.workload(*root).kind == WorkloadKind::Deployment) {
            return None;
        }
        let rolls = |id: InstanceId| rolling.contains(&cluster.root(state.instance(id).workload));
        let is_there = |id: InstanceId| state.instance(id).whereabouts != Whereabouts::Gone;
        let all: Vec<InstanceId> = state
            .instance_ids()
            .filter(|id| is_there(*id) && (floats(*id) || rolls(*id)))
            .collect();
        let (mut kinds, mut settled) = (BTreeSet::new(), BTreeSet::new());
        let mut misplaced = Vec::new();
        let mut makers = BTreeSet::new();
        for pod in all {
            let instance = *state.instance(pod);
            let class = instance.next_class(cluster);
            let reaction = Reaction::of(cluster.workload(instance.workload));
            if !is_told(dynamics, instance.workload) {
                return None;
            }
            makers.insert(instance.workload);
            let both = [class, instance.class].map(|class| (class, instance.workload));
            kinds.extend(both);
            if let Some(home) = home(cluster, pod) {
                settled.extend(both);
                if !bound::may_come(dynamics, state, pod, home) {
                    misplaced.push(home);
                }
            }
            if instance.is_pending() {
                continue;
            }
            state.remove(cluster, pod);
            if !instance.terminating || reaction == Reaction::ReplaceGone {
                state.add(cluster, class, instance.workload, instance.origin);
            }
        }
        for (workload, class, wanted) in next(dynamics, state, &rolling, &kinds)? {
            kinds.insert((class, workload));
            for _ in 0..wanted {
                state.add(cluster, class, workload, None);
            }
        }
        let is_whole = |id: &WorkloadId| {
            cluster.workload(*id).kind == WorkloadKind::DaemonSet
                || rolling.contains(&cluster.root(*id))
                || i64::from(state.tally(*id).active) == state.target(*id).desired
        };
        let is_known = makers.iter().all(is_whole);
        let loose = Self { any: true, kinds, settled, misplaced, rolling, ..Self::default() };
        is_known.then_some(loose)
    }

    /// Which pods that wait come nowhere, as long as no pod but those that wait comes, and no node.
    pub(super) fn hopeless(dynamics: &Dynamics<'_>, state: &Placement) -> BTreeSet<Kind> {
        let mut known = BTreeMap::new();
        for pod in state.pending() {
            let entry = known.entry(kind(state, *pod));
            entry.or_insert_with(|| bound::is_hopeless(dynamics, state, *pod, None));
        }
        known.into_iter().filter(|(_, hopeless)| *hopeless).map(|(kind, _)| kind).collect()
    }
}

/// The node where the export has a pod.
fn home(cluster: &Cluster, pod: InstanceId) -> Option<NodeId> {
    let pod = cluster.pods().get(pod.index())?;
    cluster.node_named(pod.node?)
}

/// What pods of Deployments that roll out there may be, of each as many as are wanted: of those of
/// the last template and of those that are to go. `None` where a template is not known.
fn next(
    dynamics: &Dynamics<'_>,
    state: &Placement,
    rolling: &BTreeSet<WorkloadId>,
    kinds: &BTreeSet<Kind>,
) -> Option<Vec<(WorkloadId, ClassId, i64)>> {
    let cluster = dynamics.cluster();
    let mut all = Vec::new();
    for &root in rolling {
        let deployment = cluster.workload(root);
        if deployment.provenance != Provenance::Read || deployment.autoscaled.is_some() {
            return None;
        }
        let set = deployment::present_set(cluster, state, root)?;
        let template = cluster.workload(set).template.or(deployment.template)?;
        let own = kinds.iter().filter(|(_, workload)| cluster.root(*workload) == root);
        let mut of_root: BTreeSet<(WorkloadId, ClassId)> =
            own.map(|(class, workload)| (*workload, *class)).collect();
        of_root.insert((set, template));
        let wanted = state.target(root).desired;
        all.extend(of_root.into_iter().map(|(workload, class)| (workload, class, wanted)));
    }
    Some(all)
}

/// Whether it is known how many pods a controller has, wherever they are.
fn is_told(dynamics: &Dynamics<'_>, id: WorkloadId) -> bool {
    let cluster = dynamics.cluster();
    let workload = cluster.workload(id);
    let lasts = !matches!(workload.kind, WorkloadKind::Job | WorkloadKind::CronJob);
    let again =
        matches!(Reaction::of(workload), Reaction::ReplaceTerminating | Reaction::ReplaceGone);
    lasts && again && cluster.workload(cluster.root(id)).provenance == Provenance::Read
}

/// Whether joined events only ever take nodes away, or let more pods come, so that whoever finds a
/// place in the end finds one before.
pub(super) fn only_take_away(joined: Option<&Joined>) -> bool {
    joined.is_none_or(|joined| {
        joined.events().all(|event| {
            matches!(
                event,
                Event::Fail(_)
                    | Event::FailMachines(..)
                    | Event::Drain(_)
                    | Event::Cordon(_)
                    | Event::Rollout(_)
            )
        })
    })
}
