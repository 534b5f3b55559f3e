//! Whether controllers do nothing but make up for pods that are lost.
//!
//! Where a rollout is under way, or a set has not made all its pods, a failure may set it going
//! again: then more pods come, or others go, than those that were lost.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Placement, WorkloadId};
use holdfast_failover::controllers::deployment;

/// Whether that is so of every workload, and no pod waits for a volume or is to be replaced.
pub(crate) fn all(cluster: &Cluster, placement: &Placement) -> bool {
    let outdated = placement
        .instances()
        .iter()
        .any(|pod| pod.outdated && pod.whereabouts != Whereabouts::Gone);
    !outdated
        && placement.attaching().is_empty()
        && cluster.workload_ids().all(|id| is_steady(cluster, placement, id))
}

/// Whether that is so of one.
pub(crate) fn is_steady(cluster: &Cluster, placement: &Placement, id: WorkloadId) -> bool {
    match cluster.workload(id).kind {
        WorkloadKind::Deployment => {
            let in_use = |set: &&WorkloadId| {
                placement.target(**set).desired > 0 || placement.tally(**set).active > 0
            };
            let present = deployment::present_set(cluster, placement, id);
            let mut sets = cluster.owned(id).iter().filter(in_use);
            let only = sets.next();
            sets.next().is_none()
                && (only.is_none() || present.is_none_or(|set| only == Some(&set)))
        }
        WorkloadKind::StatefulSet => {
            let tally = placement.tally(id);
            let made = i64::from(tally.active) + i64::from(tally.terminating);
            made >= placement.target(id).desired
        }
        _ => true,
    }
}
