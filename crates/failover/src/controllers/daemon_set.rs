//! DaemonSets: a pod a node.
//!
//! Models `podsShouldBeOnNode` and `NodeShouldRunDaemonPod` of
//! `pkg/controller/daemon/daemon_controller.go` and `rollingUpdate` of `update.go` (v1.36.3), the
//! latter without surge: where `maxSurge` is set, the pods of a node are replaced one after another
//! all the same.

use holdfast_cluster::budget::Amount;
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::taint::{self, Effect};
use holdfast_cluster::workload::{Strategy, WorkloadKind};
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, WorkloadId};

/// Makes the pod of a node again, once the one before it is gone for good, if the node is still
/// there and its taints let the pod be.
pub fn make_again(cluster: &Cluster, placement: &mut Placement, gone: InstanceId) {
    let Instance { class, workload, origin, .. } = *placement.instance(gone);
    let class = origin.map_or(class, |pod| cluster.pod(pod).replacement);
    let home = origin.and_then(|pod| cluster.node_named(cluster.pod(pod).node?));
    let spec = cluster.spec_of(class);
    let belongs = home.is_none_or(|node| {
        let usage = placement.node(node);
        usage.exists
            && taint::standing(cluster.known(), cluster.node(node), usage)
                .filter(|taint| taint.effect != Effect::PreferNoSchedule)
                .all(|taint| {
                    spec.tolerations.iter().any(|t| t.tolerates(&taint, cluster.symbols(), false))
                })
    });
    let missing = i64::from(placement.tally(workload).active) < placement.target(workload).desired;
    if belongs && missing {
        placement.add(cluster, class, workload, origin);
    }
}

/// The outdated pods of which one is deleted next, none while as many as may be are missing.
pub fn outdated(cluster: &Cluster, placement: &Placement, set: WorkloadId) -> Vec<InstanceId> {
    let workload = cluster.workload(set);
    let Some(Strategy::RollingUpdate { max_unavailable, .. }) = workload.strategy else {
        return Vec::new();
    };
    if workload.kind != WorkloadKind::DaemonSet {
        return Vec::new();
    }
    let of_set = placement.instance_ids().filter(|id| {
        let instance = placement.instance(*id);
        instance.workload == set && instance.whereabouts != Whereabouts::Gone
    });
    let pods: Vec<InstanceId> = of_set.collect();
    let old = |id: &InstanceId| {
        let instance = placement.instance(*id);
        instance.outdated && !instance.terminating
    };
    let unready: Vec<InstanceId> =
        pods.iter().copied().filter(|id| !placement.instance(*id).ready).collect();
    // An outdated pod that is not ready goes whatever the limit.
    let idle: Vec<InstanceId> = unready.iter().copied().filter(old).collect();
    if !idle.is_empty() {
        return idle;
    }
    let most = match max_unavailable {
        Amount::Count(count) => count,
        Amount::Percent(share) => (share * pods.len() as i64 + 99).div_euclid(100),
    };
    if unready.len() as i64 >= most.max(1) {
        return Vec::new();
    }
    pods.into_iter().filter(old).collect()
}
