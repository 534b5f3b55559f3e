//! Events that come while the one before them is still getting on.
//!
//! Where every order is followed, a step whose moment nobody can notice is taken first, and one
//! order stands for all ([`Dynamics::evict_unnoticed`] and what is like it). An event that may come
//! at any moment may notice more than the steps do: on which nodes pods are, whether they are ready
//! yet, how far a rollout is. What it may notice is left in every order.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, WorkloadId};

use crate::controllers::{Reaction, autoscaler, replicas};
use crate::disruption::{self, Certainty};
use crate::dynamics::{Dynamics, Situation};
use crate::event::Event;

/// What is known of the events that are still to come while steps are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Awaited {
    /// There are any.
    pub any: bool,
    /// The nodes they name: whatever is there may be touched.
    nodes: BTreeSet<NodeId>,
    /// They may touch anything.
    anything: bool,
    /// For every node whether evictions from it stay sure, whichever of them has come.
    evictions: Vec<Certainty>,
    /// Workloads that changed of themselves when the first of the events that are told together
    /// had come: when their pods start is noticed for as long as any is to come.
    watched: BTreeSet<WorkloadId>,
}

impl Awaited {
    /// What follows from the events, in this order, for what happens before the last of them.
    pub(crate) fn of(dynamics: &Dynamics<'_>, placement: &Placement, events: &[Event]) -> Self {
        let cluster = dynamics.cluster();
        let mut later = placement.clone();
        let mut awaited = Self {
            any: !events.is_empty(),
            nodes: events.iter().flat_map(Event::nodes).copied().collect(),
            anything: events.iter().any(|event| !stays_on_its_nodes(event)),
            evictions: disruption::certainties(cluster, placement),
            watched: changing(cluster, placement),
        };
        for event in events {
            event.join(dynamics, &mut later);
            awaited.anything |= !dynamics.control_plane().acts(&later);
            let certainties = disruption::certainties(cluster, &later);
            for (known, then) in awaited.evictions.iter_mut().zip(certainties) {
                if then == Certainty::Possible {
                    *known = then;
                }
            }
        }
        awaited
    }

    /// The same once one more event has come since `before`. What was noticed until then still is,
    /// so that whether anybody notices when a pod starts does not change before the last event.
    pub(crate) fn since(self, before: &Self) -> Self {
        let (anything, watched) = (self.anything || before.anything, before.watched.clone());
        Self { anything, watched, ..self }
    }

    /// Whether the node's pods may be told to go at any moment, for all that these events care.
    fn spares(&self, node: NodeId) -> bool {
        !self.anything
            && !self.nodes.contains(&node)
            && self.evictions.get(node.index()) != Some(&Certainty::Possible)
    }
}

/// Whether an event changes its nodes alone, and what is on them.
fn stays_on_its_nodes(event: &Event) -> bool {
    match event {
        Event::Fail(_)
        | Event::FailMachines(..)
        | Event::Delete(_)
        | Event::OutOfService(_)
        | Event::Cordon(_)
        | Event::Uncordon(_)
        | Event::RemoveMember(_)
        | Event::Drain(_) => true,
        Event::Recover(_)
        | Event::RecoverMachines(..)
        | Event::Partition(_)
        | Event::Heal
        | Event::Rollout(_)
        | Event::Scale(..)
        | Event::DeletePod(_) => false,
    }
}

/// Whom the moment of a step may concern besides those that the steps themselves move.
pub(crate) struct Bystanders {
    /// Pods that may have to be scheduled one day, or pods like them.
    pub(crate) movers: Vec<InstanceId>,
    /// Workloads that change of themselves: what their pods do is noticed.
    changing: BTreeSet<WorkloadId>,
    /// Some of the pods to come are like none that is there.
    strangers: bool,
}

impl Bystanders {
    /// Nobody, as all was quiet before the one event that came.
    pub(crate) fn none() -> Self {
        Self { movers: Vec::new(), changing: BTreeSet::new(), strangers: false }
    }

    /// Those that there are in the middle of things.
    pub(crate) fn of(cluster: &Cluster, placement: &Placement, awaited: &Awaited) -> Self {
        let changing = changing(cluster, placement);
        let root = |pod: &InstanceId| cluster.root(placement.instance(*pod).workload);
        let movers: Vec<InstanceId> = placement
            .instance_ids()
            .filter(|pod| {
                let node = placement.instance(*pod).node();
                node.is_some_and(|node| awaited.nodes.contains(&node))
                    || changing.contains(&root(pod))
            })
            .collect();
        let known: BTreeSet<_> = movers.iter().map(|pod| placement.instance(*pod).class).collect();
        let strangers = cluster.workload_ids().any(|id| {
            let template = cluster.workload(id).template;
            changing.contains(&cluster.root(id))
                && makes_from_template(cluster, placement, id)
                && template.is_none_or(|class| !known.contains(&class))
        });
        Self { movers, changing, strangers }
    }
}

impl Dynamics<'_> {
    /// What holds with the nodes as they are, while these events are still to come at any moment.
    /// Where none is to come any more those that have may still be getting on together.
    pub fn situation_awaiting(&self, placement: &Placement, events: &[Event]) -> Situation {
        let awaited = Some(Awaited::of(self, placement, events));
        Situation { awaited, ..self.situation(placement) }
    }

    /// Those who may notice a step besides the others that are due.
    pub(crate) fn bystanders(&self, placement: &Placement, situation: &Situation) -> Bystanders {
        let of = |awaited| Bystanders::of(self.cluster(), placement, awaited);
        situation.awaited.as_ref().map_or_else(Bystanders::none, of)
    }

    /// Whether neither an event that is still to come nor a workload that changes of itself notices
    /// when the pod is told to go.
    pub(crate) fn goes_unseen(
        &self,
        placement: &Placement,
        situation: &Situation,
        bystanders: &Bystanders,
        pod: InstanceId,
    ) -> bool {
        let Some(awaited) = &situation.awaited else { return true };
        let instance = placement.instance(pod);
        let workload = self.cluster().workload(instance.workload);
        !bystanders.strangers
            && Reaction::of(workload) == Reaction::ReplaceTerminating
            && !bystanders.changing.contains(&self.cluster().root(instance.workload))
            && instance.node().is_some_and(|node| awaited.spares(node))
    }

    /// Whether it matters when a pod that is bound starts: a controller, a budget or an event that
    /// is still to come may look at it before.
    pub fn is_start_noticed(
        &self,
        placement: &Placement,
        situation: &Situation,
        pod: InstanceId,
    ) -> bool {
        let Some(awaited) = situation.awaited.as_ref().filter(|awaited| awaited.any) else {
            return false;
        };
        let cluster = self.cluster();
        let instance = placement.instance(pod);
        let root = cluster.root(instance.workload);
        let mut budgets = cluster.objects().budgets.iter();
        awaited.anything
            || Reaction::of(cluster.workload(instance.workload)) != Reaction::ReplaceTerminating
            || budgets.any(|budget| crate::budgets::selects(cluster, budget, instance.class))
            || awaited.watched.contains(&root)
            || changing(cluster, placement).contains(&root)
    }
}

/// Workloads, as people know them, that roll out, have too many pods, or make theirs one after
/// another.
fn changing(cluster: &Cluster, placement: &Placement) -> BTreeSet<WorkloadId> {
    let mut changing = BTreeSet::new();
    for id in cluster.workload_ids() {
        let workload = cluster.workload(id);
        let root = cluster.root(id);
        let target = placement.target(id);
        let active = i64::from(placement.tally(id).active);
        let changes = match workload.kind {
            WorkloadKind::Deployment => target.rollouts > 0 || sets_in_use(cluster, placement, id),
            WorkloadKind::StatefulSet => active != target.desired.max(0),
            _ => replicas::surplus(cluster, placement, id) > 0,
        };
        let corrected = autoscaler::correction(cluster, placement, id).is_some();
        if changes || corrected || workload.rollout > 0 && target.desired > 0 {
            changing.insert(root);
        }
    }
    for instance in placement.instances() {
        if instance.outdated && instance.whereabouts != Whereabouts::Gone {
            changing.insert(cluster.root(instance.workload));
        }
    }
    changing
}

/// Whether pods may come that are not made in another's place: all but those of a StatefulSet whose
/// numbers are all there.
fn makes_from_template(cluster: &Cluster, placement: &Placement, id: WorkloadId) -> bool {
    let tally = placement.tally(id);
    let there = i64::from(tally.active) + i64::from(tally.terminating);
    let complete = there >= placement.target(id).desired;
    cluster.workload(id).kind != WorkloadKind::StatefulSet || !complete
}

/// Whether more than one ReplicaSet of a Deployment has pods, or wants any.
fn sets_in_use(cluster: &Cluster, placement: &Placement, deployment: WorkloadId) -> bool {
    let in_use =
        |id: &&WorkloadId| placement.target(**id).desired > 0 || placement.tally(**id).active > 0;
    cluster.owned(deployment).iter().filter(in_use).count() > 1
}
