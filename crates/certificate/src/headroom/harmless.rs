//! Pods that may find no node, and can do nothing about it.
//!
//! A pod preempts on the node it goes to alone, and only pods of lower priority. Where no such pod
//! is on a node that node affinity and taints let it onto, nor can come there, it may wait or not:
//! whoever else comes competes with it as with all others, and loses nothing.

use std::collections::BTreeSet;

use holdfast_cluster::{ClassId, NodeId, Placement};
use holdfast_scheduler::Scratch;

use super::Premises;
use super::losses::Losses;
use crate::room::{Lost, bears_silence};

/// Those among the classes of lost pods, but for those that are sure, that can preempt nobody.
pub(super) fn among(
    premises: &Premises<'_, '_>,
    losses: &Losses,
    placement: &mut Placement,
    scratch: &mut Scratch,
    sure: &BTreeSet<ClassId>,
) -> BTreeSet<ClassId> {
    let cluster = premises.dynamics.cluster();
    let mark = placement.mark();
    // One pod of each class that waits stands for all of them.
    let waiting: Vec<_> = losses
        .classes()
        .map(|(class, again)| (class, placement.add(cluster, class, again.made_by, None)))
        .collect();
    let lost = Lost::new(premises.dynamics, premises.unknown, &[], scratch);
    let priority = |class: ClassId| cluster.spec_of(class).priority;
    let is_below = |node: NodeId, rank: i32| {
        let bound = placement.node(node).pods.iter();
        let mut bound = bound.map(|pod| placement.instance(*pod).class);
        let mut coming = waiting.iter().filter(|(class, _)| priority(*class) < rank);
        bound.any(|class| priority(class) < rank)
            || coming.any(|(_, pod)| lost.may_land(placement, *pod, node))
    };
    let is_harmless = |(class, pod): &(ClassId, _)| {
        let spec = cluster.spec_of(*class);
        let known = premises.dynamics.is_ours(placement, *pod)
            && !premises.unknown.of_pod(cluster, placement, *pod).is_open
            && spec.volumes.is_empty()
            && !bears_silence(cluster, spec)
            && !premises.dynamics.goes_round(*class);
        let mut open = cluster.node_ids().filter(|node| lost.may_land(placement, *pod, *node));
        known && !(spec.preempts && open.any(|node| is_below(node, spec.priority)))
    };
    let unsure = waiting.iter().filter(|(class, _)| !sure.contains(class));
    let harmless = unsure.filter(|one| is_harmless(one)).map(|(class, _)| *class).collect();
    placement.revert(cluster, mark);
    harmless
}
