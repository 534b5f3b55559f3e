//! What rollouts come to: whether they get on, and whether they leave a pod in between.

use holdfast_cluster::workload::{Strategy, WorkloadKind};
use holdfast_failover::controllers::deployment;

use super::{Claim, Cluster, Fault, Rollouts, Stuck, Why, WorkloadId};

/// Whether the rollout of a workload does not get on.
pub(super) fn stuck(rollouts: Rollouts<'_>, root: WorkloadId) -> Option<Fault> {
    let stage = rollouts.stage;
    if stage.stuck.contains(&Stuck::Rollout(root)) {
        let subjects = rollouts.simulator.subjects();
        let at = subjects.iter().position(|subject| subject.root == root)?;
        let messages = stage.workloads[at].messages.iter().cloned().collect();
        return Some(Fault::RolloutStuck { messages });
    }
    let why = || Why::of(if stage.restless { "endless" } else { "budget" });
    (!stage.exact && !rollouts.end)
        .then(|| Fault::Inconclusive { claim: Claim::RollsOut, why: why() })
}

/// A rollout by the new strategy leaves no pod for a while, where one by the old strategy leaves
/// some.
pub(super) fn outage(
    (before, was): (&Cluster, WorkloadId),
    (after, is): (&Cluster, WorkloadId),
) -> Option<Fault> {
    let left = left(after, is)?;
    let desired = u32::try_from(after.workload(is).desired).unwrap_or(0);
    let did = self::left(before, was).is_some_and(|left| left > 0);
    (left == 0 && desired > 0 && did).then_some(Fault::RolloutOutage { desired })
}

/// How many pods the controller leaves in any rollout, while all goes well; `None` where it does
/// not replace them.
fn left(cluster: &Cluster, id: WorkloadId) -> Option<i64> {
    let workload = cluster.workload(id);
    let desired = workload.desired;
    match (workload.kind, workload.strategy?) {
        (WorkloadKind::Deployment, Strategy::Recreate) => Some(0),
        (WorkloadKind::Deployment, Strategy::RollingUpdate { max_unavailable, max_surge }) => {
            let (_, missing) = deployment::fences(max_surge, max_unavailable, desired);
            Some(desired - missing)
        }
        (WorkloadKind::StatefulSet, Strategy::Ordered { .. }) => Some((desired - 1).max(0)),
        _ => None,
    }
}
