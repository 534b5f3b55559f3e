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
use holdfast_cluster::{ClassId, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::controllers::Reaction;
use holdfast_failover::disruption::Certainty;
use holdfast_failover::{Dynamics, Event, Joined};

use super::cover::again;
use crate::bound;

/// Pods that nothing but their name tells apart.
pub(super) type Kind = (ClassId, WorkloadId);

/// Pods that are nobody knows where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loose {
    /// Who these may be.
    pub(super) kinds: BTreeSet<Kind>,
    /// Who comes nowhere, whichever of the joined events have come; all others may.
    pub(super) hopeless: BTreeSet<Kind>,
    /// What these pods are.
    pub(super) classes: Vec<ClassId>,
    /// Nodes that failed while some of them may have been there.
    pub(super) nodes: Vec<NodeId>,
    /// Pods that one of the joined events moves, by what it alone does.
    pub(super) moved: BTreeSet<InstanceId>,
    /// Others may fail to be where they are put when a joined event comes.
    pub(super) joined: bool,
}

impl Loose {
    /// Lets all pods wait that float in `state`; `None` where more of them may be in another state,
    /// or where one of them may be stuck for good.
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
        let all: Vec<InstanceId> = state
            .instance_ids()
            .filter(|id| floats(*id) && state.instance(*id).whereabouts != Whereabouts::Gone)
            .collect();
        let (mut classes, mut kinds) = (Vec::new(), BTreeSet::new());
        let mut makers = BTreeSet::new();
        for pod in all {
            let instance = *state.instance(pod);
            let class = again(cluster, state, pod);
            let reaction = Reaction::of(cluster.workload(instance.workload));
            if !is_told(dynamics, instance.workload) {
                return None;
            }
            makers.insert(instance.workload);
            classes.extend([class, instance.class]);
            kinds.extend([class, instance.class].map(|class| (class, instance.workload)));
            if instance.is_pending() {
                continue;
            }
            state.remove(cluster, pod);
            if !instance.terminating || reaction == Reaction::ReplaceGone {
                state.add(cluster, class, instance.workload, instance.origin);
            }
        }
        let is_whole = |id: &WorkloadId| {
            cluster.workload(*id).kind == WorkloadKind::DaemonSet
                || i64::from(state.tally(*id).active) == state.target(*id).desired
        };
        let is_known = makers.iter().all(is_whole);
        is_known.then_some(Self { kinds, classes, ..Self::default() })
    }

    /// Which pods that wait come nowhere, as long as no pod but those that wait comes, and no node.
    pub(super) fn hopeless(dynamics: &Dynamics<'_>, state: &Placement) -> BTreeSet<Kind> {
        let kind = |pod: &InstanceId| {
            let instance = state.instance(*pod);
            (instance.class, instance.workload)
        };
        let mut known = BTreeMap::new();
        for pod in state.pending() {
            let entry = known.entry(kind(pod));
            entry.or_insert_with(|| bound::is_hopeless(dynamics, state, *pod, None));
        }
        known.into_iter().filter(|(_, hopeless)| *hopeless).map(|(kind, _)| kind).collect()
    }
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

/// Whether joined events only ever take nodes away, so that whoever finds a place in the end finds
/// one before.
pub(super) fn only_take_away(joined: Option<&Joined>) -> bool {
    joined.is_none_or(|joined| {
        joined.events().all(|event| {
            matches!(
                event,
                Event::Fail(_) | Event::FailMachines(..) | Event::Drain(_) | Event::Cordon(_)
            )
        })
    })
}
