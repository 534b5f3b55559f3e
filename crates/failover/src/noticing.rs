//! Whether anybody notices when a pod on a node that takes no others begins to end, or ends.
//!
//! A drained node is cordoned, so no pod comes there whatever its pods do. Seen from other nodes a
//! pod on it counts for topology spread until it is marked for deletion, for affinity between pods
//! until it is gone, and for budgets as long as it is ready. Where none of that concerns a pod that
//! may have to be scheduled, it does not matter when the pod goes, and one order stands for all.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement};

use crate::movers::Movers;
use crate::spreading::Spreading;
use crate::{budgets, spreading};

/// Whether the moment at which the pod is marked for deletion can be noticed.
pub(crate) fn is_start_noticed(
    cluster: &Cluster,
    spreading: &Spreading,
    placement: &Placement,
    pod: InstanceId,
    movers: &Movers,
) -> bool {
    let instance = placement.instance(pod);
    let budgets = &cluster.objects().budgets;
    budgets.iter().any(|budget| budgets::selects(cluster, budget, instance.class))
        || spreading.is_counted(cluster, placement, pod, movers)
        || is_end_noticed(cluster, placement, pod, movers)
}

/// Below which priority pods may be preempted on each of these nodes and on those that nobody
/// hears, by who bears such a node; nodes where nobody may be are left out. It is noticed when
/// these pods are marked for deletion: a victim that was marked before holds back nobody from
/// preempting elsewhere, one that the scheduler marks does (`PodEligibleToPreemptOthers`,
/// `pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go`, v1.36.3).
pub(crate) fn outranking(
    cluster: &Cluster,
    placement: &Placement,
    nodes: impl Iterator<Item = NodeId>,
    movers: &Movers,
) -> BTreeMap<NodeId, i32> {
    let is_unheard =
        |node: &NodeId| placement.node(*node).exists && !placement.node(*node).reachable;
    let nodes: BTreeSet<NodeId> = cluster.node_ids().filter(is_unheard).chain(nodes).collect();
    let first = highest(cluster, placement, &nodes, movers.without_preemption_unheard());
    if first.is_empty() {
        return first;
    }
    // Whoever is preempted on one of them may come to another.
    highest(cluster, placement, &nodes, movers.iter())
}

/// The highest priority of those who may preempt on each of the nodes, where any may.
fn highest(
    cluster: &Cluster,
    placement: &Placement,
    nodes: &BTreeSet<NodeId>,
    movers: impl Iterator<Item = InstanceId>,
) -> BTreeMap<NodeId, i32> {
    let mut highest = BTreeMap::new();
    for spec in movers.map(|pod| cluster.spec_of(placement.instance(pod).class)) {
        for &node in nodes.iter().filter(|_| spec.preempts) {
            let comes = spec.selects(cluster.node(node), cluster.symbols())
                && spreading::is_let_in(cluster, placement, spec, node);
            if comes {
                let known = highest.entry(node).or_insert(spec.priority);
                *known = spec.priority.max(*known);
            }
        }
    }
    highest
}

/// Whether the moment at which the pod is gone can be noticed.
pub(crate) fn is_end_noticed(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    movers: &Movers,
) -> bool {
    let node = placement.instance(pod).node();
    let open = node.is_none_or(|node| !placement.node(node).unschedulable);
    let tolerates = |other: InstanceId| {
        let spec = cluster.spec_of(placement.instance(other).class);
        spec.tolerations
            .iter()
            .any(|t| t.key.is_none_or(|key| key == cluster.known().unschedulable))
    };
    let one = placement.instance(pod);
    let related = |other: InstanceId| {
        node.is_none_or(|node| are_related(cluster, node, one, placement.instance(other)))
    };
    open || movers.iter().any(|other| tolerates(other) || related(other))
}

/// Whether either of two pods speaks of the other in its affinity, be it a wish or a demand, so
/// that it can be felt away from `node`, where the first of them is.
fn are_related(cluster: &Cluster, node: NodeId, one: &Instance, other: &Instance) -> bool {
    let speaks = |speaker: &Instance, meant: &Instance| {
        let spec = cluster.spec_of(speaker.class);
        // The first of a group may go anywhere: whether there is another counts wherever it is.
        spec.pod_affinity.required.iter().any(|term| means(cluster, term, meant))
            || [&spec.pod_affinity, &spec.pod_anti_affinity].into_iter().any(|affinity| {
                let required = affinity.required.iter();
                let mut terms = required.chain(affinity.preferred.iter().map(|(_, term)| term));
                terms.any(|term| reaches_beyond(cluster, node, term) && means(cluster, term, meant))
            })
    };
    speaks(one, other) || speaks(other, one)
}

/// Whether another node is in the node's domain.
fn reaches_beyond(cluster: &Cluster, node: NodeId, term: &PodAffinityTerm) -> bool {
    let domain = |node: NodeId| cluster.node(node).labels.get(term.topology_key);
    domain(node).is_some_and(|value| {
        cluster.node_ids().any(|other| other != node && domain(other) == Some(value))
    })
}

fn means(cluster: &Cluster, term: &PodAffinityTerm, meant: &Instance) -> bool {
    let class = *cluster.class(meant.class);
    let namespace_labels = cluster.namespace_labels(class.namespace);
    let labels = cluster.labels(class.labels);
    term.matches(class.namespace, namespace_labels, labels, cluster.symbols())
}
