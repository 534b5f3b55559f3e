//! How a Deployment shifts its pods from one ReplicaSet to the next.
//!
//! Models `rolloutRolling`, `reconcileNewReplicaSet` and `reconcileOldReplicaSets` of
//! `pkg/controller/deployment/rolling.go`, `rolloutRecreate` of `recreate.go`, and
//! `ResolveFenceposts` of `util/deployment_util.go` (v1.36.3).

use holdfast_cluster::budget::Amount;
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::{Provenance, Strategy};
use holdfast_cluster::{Cluster, Placement, WorkloadId};

use super::replicas;

/// The ReplicaSets of a Deployment.
struct Sets {
    /// The one of its present template.
    new: WorkloadId,
    /// The others, those of earlier rollouts first.
    old: Vec<WorkloadId>,
}

/// Takes every step of a rollout that may be taken as the pods stand. Does nothing for a Deployment
/// whose ReplicaSets are not all known: which of them is the present one then cannot be told.
pub fn sync(cluster: &Cluster, placement: &mut Placement, deployment: WorkloadId) {
    let Some(sets) = sets(cluster, placement, deployment) else { return };
    let Some(strategy) = cluster.workload(deployment).strategy else { return };
    match strategy {
        Strategy::Recreate => recreate(cluster, placement, deployment, &sets),
        Strategy::RollingUpdate { max_unavailable, max_surge } => {
            let desired = placement.target(deployment).desired;
            let fences = fences(max_surge, max_unavailable, desired);
            while roll(cluster, placement, desired, &sets, fences) {}
        }
        Strategy::Ordered { .. } | Strategy::OnDelete => {}
    }
}

/// The ReplicaSet that a Deployment brings its pods to, where that can be told.
pub fn present_set(
    cluster: &Cluster,
    placement: &Placement,
    deployment: WorkloadId,
) -> Option<WorkloadId> {
    sets(cluster, placement, deployment).map(|sets| sets.new)
}

fn sets(cluster: &Cluster, placement: &Placement, deployment: WorkloadId) -> Option<Sets> {
    let rollouts = placement.target(deployment).rollouts;
    let begun = |id: &WorkloadId| cluster.workload(*id).rollout <= rollouts;
    let mut old: Vec<WorkloadId> =
        cluster.owned(deployment).iter().copied().filter(begun).collect();
    old.sort_by_key(|id| (cluster.workload(*id).rollout, cluster.workload(*id).revision));
    let known = |id: &WorkloadId| {
        let set = cluster.workload(*id);
        set.provenance == Provenance::Read || set.rollout > 0
    };
    let told = old.len() < 2 || old.iter().all(known);
    if cluster.workload(deployment).provenance == Provenance::Inferred || !told {
        return None;
    }
    old.pop().map(|new| Sets { new, old })
}

/// How many pods may be added and how many may be missing (`ResolveFenceposts`, `MaxUnavailable`).
pub fn fences(max_surge: Amount, max_unavailable: Amount, desired: i64) -> (i64, i64) {
    let surge = match max_surge {
        Amount::Count(count) => count,
        Amount::Percent(share) => (share * desired + 99).div_euclid(100),
    };
    let unavailable = match max_unavailable {
        Amount::Count(count) => count,
        Amount::Percent(share) => (share * desired).div_euclid(100),
    };
    let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
    (surge, unavailable.min(desired))
}

/// One look of the controller; whether it changed anything.
fn roll(
    cluster: &Cluster,
    placement: &mut Placement,
    desired: i64,
    sets: &Sets,
    (surge, unavailable): (i64, i64),
) -> bool {
    let wanted = |placement: &Placement, id: WorkloadId| placement.target(id).desired;
    let all = |placement: &Placement| {
        sets.old.iter().chain([&sets.new]).map(|id| wanted(placement, *id)).sum::<i64>()
    };
    let new = wanted(placement, sets.new);
    let goal = match new {
        _ if new >= desired => desired,
        _ => new + (desired + surge - all(placement)).clamp(0, desired - new),
    };
    if goal != new {
        scale(cluster, placement, sets.new, goal);
        return true;
    }
    let ready = |placement: &Placement, id: WorkloadId| i64::from(placement.tally(id).available);
    let least = desired - unavailable;
    let unready_new = new - ready(placement, sets.new);
    let mut left = all(placement) - least - unready_new;
    if left <= 0 {
        return false;
    }
    let mut changed = false;
    for &id in &sets.old {
        let unhealthy = (wanted(placement, id) - ready(placement, id)).clamp(0, left);
        if unhealthy > 0 {
            scale(cluster, placement, id, wanted(placement, id) - unhealthy);
            left -= unhealthy;
            changed = true;
        }
    }
    let available: i64 = sets.old.iter().chain([&sets.new]).map(|id| ready(placement, *id)).sum();
    let mut spare = available - least;
    for &id in &sets.old {
        let fewer = spare.min(wanted(placement, id));
        if fewer > 0 {
            scale(cluster, placement, id, wanted(placement, id) - fewer);
            spare -= fewer;
            changed = true;
        }
    }
    changed
}

/// The old pods all go, and only once none of them is left the new ones come. One that is stuck
/// terminating on a silent node holds up the rest.
fn recreate(cluster: &Cluster, placement: &mut Placement, deployment: WorkloadId, sets: &Sets) {
    for &id in &sets.old {
        scale(cluster, placement, id, 0);
    }
    let mut old = sets.old.iter().flat_map(|set| placement.of_workload(*set));
    let waits = old.any(|pod| placement.instance(pod).whereabouts != Whereabouts::Gone);
    if !waits {
        let desired = placement.target(deployment).desired;
        scale(cluster, placement, sets.new, desired);
    }
}

fn scale(cluster: &Cluster, placement: &mut Placement, id: WorkloadId, desired: i64) {
    if placement.target(id).desired != desired {
        placement.change_target(id, |target| target.desired = desired);
        replicas::fill_up(cluster, placement, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_is_rounded_up_and_unavailability_down() {
        let quarter = Amount::Percent(25);
        assert_eq!(fences(quarter, quarter, 2), (1, 0));
        assert_eq!(fences(quarter, quarter, 4), (1, 1));
        assert_eq!(fences(Amount::Count(0), quarter, 2), (0, 1), "one of them must go");
        assert_eq!(fences(Amount::Count(1), Amount::Count(5), 2), (1, 2));
    }
}
