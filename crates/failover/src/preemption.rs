//! When a placement does not tell whom a preemption hits.
//!
//! `SelectVictimsOnNode` spares the more important pods of a node: higher priority first, then
//! those that started earlier, and where both are equal whoever the sort of Go leaves in front,
//! which follows from the order in which the scheduler heard of them
//! (`pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go` and `pkg/scheduler/
//! util/utils.go`, v1.36.3). A placement keeps neither when nor in which order pods came.
//! Budgets come before all that, and the disruption controller (`pkg/controller/disruption`)
//! changes what they allow as soon as pods are lost.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, Placement};

/// When the pod started, as the export tells it; pods that were made since started later than all
/// of these.
pub(crate) fn start_time(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Option<i64> {
    let origin = placement.instance(pod).origin?;
    (InstanceId::from(origin) == pod).then(|| cluster.pod(origin).start_time)?
}

/// Whether the victims of a pod of this priority may be others than the placement tells.
pub(crate) fn is_coarse(cluster: &Cluster, placement: &Placement, priority: i32) -> bool {
    placement.nodes().iter().any(|node| {
        let lower =
            |pod: &InstanceId| cluster.spec_of(placement.instance(*pod).class).priority < priority;
        let potential: Vec<InstanceId> = node.pods.iter().copied().filter(lower).collect();
        potential.iter().any(|pod| is_protected(cluster, placement, *pod))
            || have_ties(cluster, placement, &potential)
    })
}

/// Whether a disruption budget selects the pod.
fn is_protected(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let class = placement.instance(pod).class;
    let namespace = cluster.class(class).namespace;
    cluster.objects().budgets.iter().any(|budget| {
        budget.namespace == namespace
            && budget.selector.matches(cluster.labels_of(class), cluster.symbols())
    })
}

/// Whether two different pods are equally important.
fn have_ties(cluster: &Cluster, placement: &Placement, pods: &[InstanceId]) -> bool {
    let mut known = BTreeMap::new();
    pods.iter().any(|&pod| {
        let instance = placement.instance(pod);
        let rank = (cluster.spec_of(instance.class).priority, start_time(cluster, placement, pod));
        let kind = (instance.class, instance.workload, instance.terminating);
        *known.entry(rank).or_insert(kind) != kind
    })
}
