//! Jobs: how many lost pods they bear.
//!
//! Models `isPodFailed` and the failure scenarios of `syncJob` of
//! `pkg/controller/job/job_controller.go` (v1.36.3). A pod that is deleted before it has ended
//! counts as failed, evicted or not, from when it is marked for deletion, or where the Job replaces
//! only what has ended, from when it has. A Job that has lost more than its `backoffLimit` gives
//! up: what still runs of it is deleted, and nothing made again. Back-off between pods
//! (10 s and more) shifts only when they come.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::{Losses, WorkloadKind};
use holdfast_cluster::{Cluster, InstanceId, Placement, WorkloadId};

use super::{replace, terminate};

/// What a Job does about a pod that it has lost: it makes another, or gives up.
pub fn lose(cluster: &Cluster, placement: &mut Placement, lost: InstanceId) {
    let job = placement.instance(lost).workload;
    if counted(cluster, job).is_some() {
        placement.change_target(job, |target| target.lost += 1);
    }
    if has_given_up(cluster, placement, job) {
        give_up(cluster, placement, job);
    } else {
        replace(cluster, placement, lost);
    }
}

/// Whether it has lost more pods than it bears.
pub fn has_given_up(cluster: &Cluster, placement: &Placement, job: WorkloadId) -> bool {
    let lost = i64::from(placement.target(job).lost);
    counted(cluster, job).is_some_and(|borne| lost > borne.max(0))
}

/// Whether the loss of all pods that it has could be more than it bears. Its pods are then deleted
/// together, if in some order only.
pub fn may_give_up(cluster: &Cluster, placement: &Placement, job: WorkloadId) -> bool {
    if cluster.workload(job).kind != WorkloadKind::Job {
        return false;
    }
    let at_stake = i64::from(placement.target(job).lost) + i64::from(placement.tally(job).active);
    match cluster.workload(job).losses {
        Losses::Counted(borne) => at_stake > borne && at_stake > 0,
        Losses::Ignored => false,
        Losses::Unknown => placement.tally(job).active > 0,
    }
}

/// The bound pods that Jobs may delete which give up: those of Jobs of which pods are `due` or end,
/// and that may bear no more.
pub fn at_stake(cluster: &Cluster, placement: &Placement, due: &[InstanceId]) -> Vec<InstanceId> {
    let loses = |job: WorkloadId| {
        due.iter()
            .chain(placement.terminating())
            .any(|pod| placement.instance(*pod).workload == job)
    };
    let jobs: BTreeSet<WorkloadId> = cluster
        .workload_ids()
        .filter(|id| may_give_up(cluster, placement, *id) && loses(*id))
        .collect();
    let of_jobs = jobs.into_iter().flat_map(|job| placement.of_workload(job));
    let mut others: Vec<InstanceId> = of_jobs
        .filter(|id| {
            let instance = placement.instance(*id);
            instance.node().is_some() && !instance.terminating && !due.contains(id)
        })
        .collect();
    others.sort_unstable();
    others
}

/// How many losses it bears, where it counts them.
fn counted(cluster: &Cluster, job: WorkloadId) -> Option<i64> {
    let workload = cluster.workload(job);
    match workload.losses {
        Losses::Counted(borne) if workload.kind == WorkloadKind::Job => Some(borne),
        _ => None,
    }
}

fn give_up(cluster: &Cluster, placement: &mut Placement, job: WorkloadId) {
    placement.change_target(job, |target| target.desired = 0);
    for id in placement.of_workload(job) {
        let instance = placement.instance(id);
        if instance.whereabouts != Whereabouts::Gone && !instance.terminating {
            terminate(cluster, placement, id);
        }
    }
}
