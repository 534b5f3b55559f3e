//! DaemonSets: a pod a node.
//!
//! Models `podsShouldBeOnNode` and `NodeShouldRunDaemonPod` of
//! `pkg/controller/daemon/daemon_controller.go` and `rollingUpdate` of `update.go` (v1.36.3). Where
//! `maxSurge` is set the next pod of a node is made beside the old one, which goes once the next is
//! available or it is itself not ready any more.

use holdfast_cluster::budget::Amount;
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::taint::{self, Effect};
use holdfast_cluster::workload::{Strategy, WorkloadKind};
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, WorkloadId};

/// Makes the pod of a node again, once the one before it is gone for good, if the node is still
/// there and its taints let the pod be.
pub fn make_again(cluster: &Cluster, placement: &mut Placement, gone: InstanceId) {
    let Instance { workload, origin, .. } = *placement.instance(gone);
    let class = placement.instance(gone).next_class(cluster);
    // While it surges a node may have two.
    let beside = |pod: &Instance| pod.origin == origin && !pod.terminating;
    let alone = origin.is_none() || !pods(placement, workload).any(|(_, pod)| beside(pod));
    let active = i64::from(placement.tally(workload).active) - doubles(placement, workload) as i64;
    let missing = alone && active < placement.target(workload).desired;
    if missing && belongs(cluster, placement, gone) {
        placement.add(cluster, class, workload, origin);
    }
}

/// Whether a pod is to be on the node of this one.
fn belongs(cluster: &Cluster, placement: &Placement, id: InstanceId) -> bool {
    let instance = placement.instance(id);
    let class = instance.next_class(cluster);
    let home = instance.origin.and_then(|pod| cluster.node_named(cluster.pod(pod).node?));
    let spec = cluster.spec_of(class);
    home.is_none_or(|node| {
        let usage = placement.node(node);
        usage.exists
            && taint::standing(cluster.known(), cluster.node(node), usage)
                .filter(|taint| taint.effect != Effect::PreferNoSchedule)
                .all(|taint| {
                    spec.tolerations.iter().any(|t| t.tolerates(&taint, cluster.symbols(), false))
                })
    })
}

/// The pods of a set that are there.
fn pods(placement: &Placement, set: WorkloadId) -> impl Iterator<Item = (InstanceId, &Instance)> {
    let all = placement.of_workload(set).into_iter().map(|id| (id, placement.instance(id)));
    all.filter(|(_, instance)| instance.whereabouts != Whereabouts::Gone)
}

/// Whether the pods of a set are replaced by others beside them.
pub fn surges(cluster: &Cluster, set: WorkloadId) -> bool {
    let workload = cluster.workload(set);
    let Some(Strategy::RollingUpdate { max_surge, .. }) = workload.strategy else { return false };
    let (Amount::Count(most) | Amount::Percent(most)) = max_surge;
    workload.kind == WorkloadKind::DaemonSet && most > 0
}

/// How many pods stand beside those that they are to replace.
pub fn doubles(placement: &Placement, set: WorkloadId) -> usize {
    if placement.target(set).rollouts == 0 {
        return 0;
    }
    pods(placement, set).filter(|(id, old)| next_of(placement, *id, old).is_some()).count()
}

/// How many pods may be made beside old ones: none unless the set surges.
fn surge(cluster: &Cluster, placement: &Placement, set: WorkloadId) -> i64 {
    match cluster.workload(set).strategy {
        Some(Strategy::RollingUpdate { max_surge, .. }) if surges(cluster, set) => {
            let nodes = pods(placement, set).count() - doubles(placement, set);
            share(max_surge, nodes as i64)
        }
        _ => 0,
    }
}

/// A number, or a share of all rounded up.
fn share(amount: Amount, all: i64) -> i64 {
    match amount {
        Amount::Count(count) => count,
        Amount::Percent(share) => (share * all + 99).div_euclid(100),
    }
}

/// The pod that was made beside an outdated one.
fn next_of(placement: &Placement, id: InstanceId, old: &Instance) -> Option<InstanceId> {
    let beside = |(other, next): &(InstanceId, &Instance)| {
        *other != id && next.origin == old.origin && !next.outdated && !next.terminating
    };
    old.outdated.then(|| pods(placement, old.workload).find(beside)).flatten().map(|(id, _)| id)
}

/// What a set that surges does without a choice: old pods go whose next is available or that are
/// not ready beside it, and old ones that are not available get their next at once.
pub fn sync(cluster: &Cluster, placement: &mut Placement, set: WorkloadId) {
    if placement.target(set).rollouts == 0 || !surges(cluster, set) {
        return;
    }
    let old: Vec<InstanceId> = pods(placement, set)
        .filter(|(_, instance)| instance.outdated && !instance.terminating)
        .map(|(id, _)| id)
        .collect();
    for id in old {
        let instance = *placement.instance(id);
        match next_of(placement, id, &instance) {
            Some(next) => {
                if !instance.ready || placement.instance(next).is_available() {
                    super::terminate(cluster, placement, id);
                }
            }
            None if instance.is_available() => {}
            None if belongs(cluster, placement, id) => {
                let class = instance.next_class(cluster);
                placement.add(cluster, class, set, instance.origin);
                // Beside its next an old pod that is not ready has no place.
                if !instance.ready {
                    super::terminate(cluster, placement, id);
                }
            }
            None => super::terminate(cluster, placement, id),
        }
    }
}

/// Replaces an outdated pod: it is deleted, or its next is made beside it.
pub fn renew(cluster: &Cluster, placement: &mut Placement, old: InstanceId) {
    let Instance { workload, origin, .. } = *placement.instance(old);
    if surges(cluster, workload) && belongs(cluster, placement, old) {
        let class = placement.instance(old).next_class(cluster);
        placement.add(cluster, class, workload, origin);
        return;
    }
    super::terminate(cluster, placement, old);
    if placement.instance(old).whereabouts == Whereabouts::Gone {
        make_again(cluster, placement, old);
    }
}

/// The outdated pods of which one is replaced next, none while as many as may be are missing or
/// surge.
pub fn outdated(cluster: &Cluster, placement: &Placement, set: WorkloadId) -> Vec<InstanceId> {
    let workload = cluster.workload(set);
    let Some(Strategy::RollingUpdate { max_unavailable, .. }) = workload.strategy else {
        return Vec::new();
    };
    if workload.kind != WorkloadKind::DaemonSet {
        return Vec::new();
    }
    if surges(cluster, set) {
        return surging(cluster, placement, set);
    }
    let pods: Vec<InstanceId> = pods(placement, set).map(|(id, _)| id).collect();
    let old = |id: &InstanceId| {
        let instance = placement.instance(*id);
        instance.outdated && !instance.terminating
    };
    let unready: Vec<InstanceId> =
        pods.iter().copied().filter(|id| !placement.instance(*id).is_available()).collect();
    // An outdated pod that is not available goes whatever the limit.
    let idle: Vec<InstanceId> = unready.iter().copied().filter(old).collect();
    if !idle.is_empty() {
        return idle;
    }
    let most = share(max_unavailable, pods.len() as i64);
    if unready.len() as i64 >= most.max(1) {
        return Vec::new();
    }
    pods.into_iter().filter(old).collect()
}

/// The available outdated pods beside which the next may be made, none while as many as may surge
/// are not available yet; and those that are to be nowhere, once enough others are available.
fn surging(cluster: &Cluster, placement: &Placement, set: WorkloadId) -> Vec<InstanceId> {
    let next = |id: InstanceId, old: &Instance| next_of(placement, id, old);
    let living = || pods(placement, set).filter(|(_, pod)| !pod.terminating);
    let old = || living().filter(|(_, pod)| pod.outdated);
    let alone = old().filter(|(id, pod)| pod.is_available() && next(*id, pod).is_none());
    let (mut wanted, unwanted): (Vec<InstanceId>, Vec<InstanceId>) =
        alone.map(|(id, _)| id).partition(|id| belongs(cluster, placement, *id));
    let waiting = old().filter(|(id, pod)| {
        next(*id, pod).is_some_and(|next| !placement.instance(next).is_available())
    });
    if waiting.count() as i64 >= surge(cluster, placement, set) {
        wanted.clear();
    }
    // Of a node with two the old one counts.
    let first = || living().filter(|(id, pod)| pod.outdated || !is_double(placement, *id, pod));
    let available = first().filter(|(_, pod)| pod.is_available()).count();
    let places = first().filter(|(id, _)| belongs(cluster, placement, *id)).count();
    if available > places {
        wanted.extend(unwanted);
    }
    wanted
}

/// Whether a pod stands beside an outdated one.
fn is_double(placement: &Placement, id: InstanceId, pod: &Instance) -> bool {
    let beside = |(other, old): (InstanceId, &Instance)| {
        other != id && old.outdated && !old.terminating && old.origin == pod.origin
    };
    pods(placement, pod.workload).any(beside)
}
