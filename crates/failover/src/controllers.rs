//! What makes up for a pod that is gone.
//!
//! Models, at v1.36.3: `pkg/controller/replicaset/replica_set.go` (pods with a deletion timestamp
//! no longer count, so the replacement comes as soon as a pod terminates),
//! `pkg/controller/statefulset` (never two pods of one identity), `pkg/controller/daemon` (its pods
//! bear a silent node's taints for ever) and `pkg/controller/job` (`podReplacementPolicy:
//! TerminatingOrFailed`, the default).

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, Workload};

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
            | WorkloadKind::ReplicationController
            | WorkloadKind::Job
            | WorkloadKind::CronJob => Self::ReplaceTerminating,
            WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => Self::ReplaceGone,
            WorkloadKind::StaticPod | WorkloadKind::Pod => Self::Nothing,
            WorkloadKind::Custom(_) => Self::Unknown,
        }
    }
}

/// Marks a pod as terminating. It keeps what it holds: with a silent kubelet nobody ends it.
pub fn terminate(cluster: &Cluster, placement: &mut Placement, id: InstanceId) {
    placement.change(cluster, id, |instance| {
        instance.terminating = true;
        instance.ready = false;
    });
}

/// Makes a pod in place of `lost`, if its workload wants more pods than it has.
pub fn replace(
    cluster: &Cluster,
    placement: &mut Placement,
    lost: InstanceId,
) -> Option<InstanceId> {
    let Instance { class, workload, origin, .. } = *placement.instance(lost);
    let wanted = cluster.workload(workload).desired;
    if i64::from(placement.tally(workload).active) >= wanted {
        return None;
    }
    let class = origin.map_or(class, |pod| cluster.pod(pod).replacement);
    Some(placement.add(cluster, class, workload, origin))
}
