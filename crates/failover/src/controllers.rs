//! What the workload controllers do about pods that are lost, too few, too many or outdated.
//!
//! * [`autoscaler`]: how many pods a workload may want.
//! * [`replicas`]: ReplicaSets and what behaves like them.
//! * [`deployment`]: how a Deployment shifts pods from one ReplicaSet to another.
//! * [`job`]: how many lost pods a Job bears.
//! * [`stateful_set`]: pods with a number, in their order.
//! * [`daemon_set`]: a pod a node.
//! * [`steady`]: which of them do nothing but make up for lost pods.
//!
//! A pod counts for a controller once it has been ready for `minReadySeconds`
//! ([`settling_time`]). In the end every pod that stays ready has been, so this decides when
//! things happen and not what; budgets count pods that are ready.
//!
//! What a controller does without a choice it does here at once; between pods that it may choose
//! from it takes [`Step`](crate::Step)s. A controller that is slow changes nothing but the order in
//! which pods come to the scheduler, and all of these are tried anyway.

pub mod autoscaler;
pub mod daemon_set;
pub mod deployment;
pub mod job;
pub mod replicas;
pub mod stateful_set;
pub mod steady;

use holdfast_cluster::workload::{Losses, WorkloadKind};
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, Workload, WorkloadId};

/// What the controller of a pod does when the pod is being deleted or is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Makes another as soon as this one terminates.
    ReplaceTerminating,
    /// Makes the same one again, once this one is gone for good.
    ReplaceGone,
    /// Nothing makes it again (bare pods), or only its own node does (static pods).
    Nothing,
    /// A controller that Kubernetes does not ship, one that a resource quota may stop, or a Job
    /// that asks how the pod ended: it may make another, or not.
    Unknown,
}

impl Reaction {
    /// The reaction of a workload's controller.
    pub fn of(workload: &Workload) -> Self {
        match workload.kind {
            _ if workload.is_unpredictable() => Self::Unknown,
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::ReplicationController => Self::ReplaceTerminating,
            WorkloadKind::Job if workload.losses == Losses::Unknown => Self::Unknown,
            WorkloadKind::Job | WorkloadKind::CronJob if !workload.replaces_ended => {
                Self::ReplaceTerminating
            }
            WorkloadKind::Job
            | WorkloadKind::CronJob
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet => Self::ReplaceGone,
            WorkloadKind::StaticPod | WorkloadKind::Pod => Self::Nothing,
            WorkloadKind::Custom(_) => Self::Unknown,
        }
    }
}

/// Marks a pod for deletion. It keeps what it holds until it ends; one that was never bound has
/// nothing to end.
pub fn terminate(cluster: &Cluster, placement: &mut Placement, id: InstanceId) {
    if placement.instance(id).is_pending() {
        placement.remove(cluster, id);
    } else {
        placement.change(cluster, id, |instance| instance.terminating = true);
    }
}

/// What follows when a pod was deleted all at once.
pub fn after_loss(cluster: &Cluster, placement: &mut Placement, lost: InstanceId) {
    let workload = placement.instance(lost).workload;
    match Reaction::of(cluster.workload(workload)) {
        // Of a pod that was marked before, the controller has heard then.
        Reaction::ReplaceTerminating if placement.instance(lost).terminating => {
            replace(cluster, placement, lost);
        }
        Reaction::ReplaceTerminating => lose(cluster, placement, lost),
        Reaction::ReplaceGone => make_again(cluster, placement, lost),
        Reaction::Nothing | Reaction::Unknown => {}
    }
    follow_up(cluster, placement, workload);
}

/// Makes the very pod again that is gone for good: StatefulSets and DaemonSets.
pub fn make_again(cluster: &Cluster, placement: &mut Placement, gone: InstanceId) {
    let workload = placement.instance(gone).workload;
    match cluster.workload(workload).kind {
        WorkloadKind::StatefulSet => stateful_set::sync(cluster, placement, workload),
        WorkloadKind::DaemonSet => daemon_set::make_again(cluster, placement, gone),
        _ => lose(cluster, placement, gone),
    }
}

/// What a controller that replaces every pod does about one that it has lost.
pub fn lose(cluster: &Cluster, placement: &mut Placement, lost: InstanceId) {
    let workload = placement.instance(lost).workload;
    if cluster.workload(workload).kind == WorkloadKind::Job {
        job::lose(cluster, placement, lost);
    } else {
        replace(cluster, placement, lost);
    }
}

/// What the controllers above a workload's pods do as these change: a rollout goes on, a
/// StatefulSet makes its next pod.
pub fn follow_up(cluster: &Cluster, placement: &mut Placement, workload: WorkloadId) {
    match cluster.workload(workload).kind {
        WorkloadKind::ReplicaSet => {
            let owner = cluster.workload(workload).owner;
            if let Some(owner) = owner {
                deployment::sync(cluster, placement, owner);
            }
        }
        WorkloadKind::Deployment => deployment::sync(cluster, placement, workload),
        WorkloadKind::StatefulSet => stateful_set::sync(cluster, placement, workload),
        WorkloadKind::DaemonSet => daemon_set::sync(cluster, placement, workload),
        _ => {}
    }
}

/// For how many seconds a pod of the workload must be ready before its controller counts on it. A
/// Deployment hands its own down to its ReplicaSets (`getNewReplicaSet`,
/// `pkg/controller/deployment/sync.go`, v1.36.3).
pub fn settling_time(cluster: &Cluster, workload: WorkloadId) -> i64 {
    let workload = cluster.workload(workload);
    let owner = workload.owner.map_or(0, |owner| cluster.workload(owner).min_ready_seconds);
    workload.min_ready_seconds.max(owner)
}

/// Sets how many pods a workload wants, as `kubectl scale` and autoscalers do.
pub fn scale(cluster: &Cluster, placement: &mut Placement, id: WorkloadId, desired: i64) {
    placement.change_target(id, |target| target.desired = desired);
    let scaled = match cluster.workload(id).kind {
        WorkloadKind::Deployment => deployment::present_set(cluster, placement, id),
        _ => Some(id),
    };
    // While a rollout is under way its own arithmetic shares the pods out.
    if let Some(set) = scaled.filter(|set| cluster.workload(*set).kind != WorkloadKind::StatefulSet)
    {
        placement.change_target(set, |target| target.desired = desired);
        replicas::fill_up(cluster, placement, set);
    }
}

/// Makes a pod in place of `lost`, if its workload wants more pods than it has.
pub fn replace(
    cluster: &Cluster,
    placement: &mut Placement,
    lost: InstanceId,
) -> Option<InstanceId> {
    let Instance { workload, origin, .. } = *placement.instance(lost);
    let wanted = placement.target(workload).desired;
    if i64::from(placement.tally(workload).active) >= wanted {
        return None;
    }
    let class = placement.instance(lost).next_class(cluster);
    Some(placement.add(cluster, class, workload, origin))
}

#[cfg(test)]
mod tests;
