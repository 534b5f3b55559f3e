//! Who is scheduled first.
//!
//! Models `PrioritySort` (`pkg/scheduler/framework/plugins/queuesort/priority_sort.go`, v1.36.3):
//! priority, then the order of arrival, which is the order of instances.

use holdfast_cluster::{Cluster, InstanceId, Placement};

/// The pending pods that a profile of the scheduler answers for, the first to be decided first.
/// Gated pods are among them; they come out as gated.
pub fn order(cluster: &Cluster, placement: &Placement) -> Vec<InstanceId> {
    let spec = |id: &InstanceId| cluster.spec_of(placement.instance(*id).class);
    let mut queue: Vec<InstanceId> = placement
        .instance_ids()
        .filter(|id| placement.instance(*id).is_pending())
        .filter(|id| cluster.scheduling().profile(spec(id).scheduler_name).is_some())
        .collect();
    queue.sort_by_key(|id| std::cmp::Reverse(spec(id).priority));
    queue
}
