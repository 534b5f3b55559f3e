//! What the workload controllers do about pods that are lost, too few, too many or outdated.
//!
//! * [`replicas`]: ReplicaSets and what behaves like them.
//! * [`deployment`]: how a Deployment shifts pods from one ReplicaSet to another.
//! * [`stateful_set`]: pods with a number, in their order.
//! * [`daemon_set`]: a pod a node.
//!
//! What a controller does without a choice it does here at once; between pods that it may choose
//! from it takes [`Step`](crate::Step)s. A controller that is slow changes nothing but the order in
//! which pods come to the scheduler, and all of these are tried anyway.

pub mod daemon_set;
pub mod deployment;
pub mod replicas;
pub mod stateful_set;

use holdfast_cluster::workload::WorkloadKind;
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
    /// A controller that Kubernetes does not ship: it may make another, or not.
    Unknown,
}

impl Reaction {
    /// The reaction of a workload's controller.
    pub fn of(workload: &Workload) -> Self {
        match workload.kind {
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::ReplicationController => Self::ReplaceTerminating,
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
        Reaction::ReplaceTerminating => {
            replace(cluster, placement, lost);
        }
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
        _ => {
            replace(cluster, placement, gone);
        }
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
        _ => {}
    }
}

/// Makes a pod in place of `lost`, if its workload wants more pods than it has.
pub fn replace(
    cluster: &Cluster,
    placement: &mut Placement,
    lost: InstanceId,
) -> Option<InstanceId> {
    let Instance { class, workload, origin, .. } = *placement.instance(lost);
    let wanted = placement.target(workload).desired;
    if i64::from(placement.tally(workload).active) >= wanted {
        return None;
    }
    let class = origin.map_or(class, |pod| cluster.pod(pod).replacement);
    Some(placement.add(cluster, class, workload, origin))
}
