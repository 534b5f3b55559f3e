//! Who may be preempted.
//!
//! The scheduler reads `status.disruptionsAllowed` of every budget
//! (`filterPodsWithPDBViolation`, `pkg/scheduler/framework/plugins/defaultpreemption/
//! default_preemption.go`, v1.36.3), which the disruption controller brings up to date a moment
//! after each change. So both what budgets allowed when all was quiet and what they allow now is
//! tried.

use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_scheduler::preemption::Outcomes;
use holdfast_scheduler::{Decision, Scheduler};

use crate::budgets;

/// When the pod started, as the export tells it; pods that were made since started later than all
/// of these.
pub(crate) fn start_time(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Option<i64> {
    let origin = placement.instance(pod).origin?;
    (InstanceId::from(origin) == pod).then(|| cluster.pod(origin).start_time)?
}

/// Every preemption that may come next for a pod that was decided to fit nowhere. `before` is what
/// each budget allowed when all was quiet.
pub(crate) fn outcomes(
    scheduler: &Scheduler<'_>,
    placement: &Placement,
    before: &[i64],
    decision: &Decision,
) -> Outcomes {
    let standings = budgets::standings(scheduler.cluster(), placement);
    let now: Vec<i64> = standings.into_iter().map(|standing| standing.allowed).collect();
    let mut allowed = vec![before.to_vec()];
    if now != before {
        allowed.push(now);
    }
    scheduler.preemptions(placement, decision, &allowed)
}
