//! Whether a controller does nothing but make up for pods that are lost.
//!
//! Where a rollout is under way, or a set has not made all its pods, a failure may set it going
//! again: then more pods come, or others go, than those that are lost.

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Placement, WorkloadId};

use super::deployment;

/// Whether that is so of a workload's controller, as its pods stand.
pub fn only_makes_up(cluster: &Cluster, placement: &Placement, id: WorkloadId) -> bool {
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
