//! Who may be preempted.
//!
//! The scheduler reads `status.disruptionsAllowed` of every budget
//! (`filterPodsWithPDBViolation`, `pkg/scheduler/framework/plugins/defaultpreemption/
//! default_preemption.go`, v1.36.3), which the disruption controller brings up to date a moment
//! after each change. So both what budgets allowed when all was quiet and what they allow now is
//! tried.

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_scheduler::preemption::Outcomes;
use holdfast_scheduler::{Decision, Scheduler};

/// When the pod started, as the export tells it; pods that were made since started later than all
/// of these.
pub(crate) fn start_time(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Option<i64> {
    let origin = placement.instance(pod).origin?;
    (InstanceId::from(origin) == pod).then(|| cluster.pod(origin).start_time)?
}

/// Every preemption that may come next for a pod that was decided to fit nowhere. `before` is what
/// each budget allowed when all was quiet, `now` what it allows.
pub(crate) fn outcomes(
    scheduler: &Scheduler<'_>,
    placement: &Placement,
    (before, now): (&[i64], Vec<i64>),
    decision: &Decision,
) -> Outcomes {
    let mut allowed = vec![before.to_vec()];
    if now != before {
        allowed.push(now);
    }
    scheduler.preemptions(placement, decision, &allowed)
}

/// Keeps a node free for a pod that preempts others there. Pods of lower priority lose their claim
/// to it, unless all victims are being deleted already (`prepareCandidateAsync`,
/// `pkg/scheduler/framework/preemption/executor.go`, v1.36.3).
pub(crate) fn nominate(
    cluster: &Cluster,
    placement: &mut Placement,
    pod: InstanceId,
    (node, victims): (NodeId, &[InstanceId]),
) {
    let priority = |placement: &Placement, pod: InstanceId| {
        cluster.spec_of(placement.instance(pod).class).priority
    };
    if !are_ending(placement, victims) {
        let own = priority(placement, pod);
        let outranked: Vec<InstanceId> = placement
            .nominated()
            .iter()
            .copied()
            .filter(|other| placement.instance(*other).nominated == Some(node))
            .filter(|other| priority(placement, *other) < own)
            .collect();
        for other in outranked {
            placement.change(cluster, other, |instance| instance.nominated = None);
        }
    }
    placement.change(cluster, pod, |instance| instance.nominated = Some(node));
}

/// Tells which preemptions of a pod, for which a node may be `kept` free, are idle. Where all
/// victims are being deleted already, as on a node that is not heard, the scheduler comes back to
/// the pod for ever, and nothing changes but which of equal nodes is kept free; keeping the same
/// one is left out.
pub(crate) fn without_effect(
    placement: &Placement,
    kept: Option<NodeId>,
    found: Vec<(NodeId, Vec<InstanceId>)>,
) -> Vec<(NodeId, Vec<InstanceId>, bool)> {
    let stays =
        |node: NodeId, victims: &[InstanceId]| kept == Some(node) && are_ending(placement, victims);
    let again = found.iter().any(|(node, victims)| stays(*node, victims));
    found
        .into_iter()
        .filter(|(node, victims)| !stays(*node, victims))
        .map(|(node, victims)| {
            let idle = again && are_ending(placement, &victims);
            (node, victims, idle)
        })
        .collect()
}

fn are_ending(placement: &Placement, victims: &[InstanceId]) -> bool {
    victims.iter().all(|victim| placement.instance(*victim).terminating)
}
