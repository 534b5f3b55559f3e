//! Whether controllers do nothing but make up for pods that are lost.
//!
//! Where a rollout is under way, or a set has not made all its pods, a failure may set it going
//! again: then more pods come, or others go, than those that were lost.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::controllers::steady::only_makes_up;

/// Whether that is so of every workload, and no pod waits for a volume or is to be replaced.
pub(crate) fn all(cluster: &Cluster, placement: &Placement) -> bool {
    let outdated = placement
        .instances()
        .iter()
        .any(|pod| pod.outdated && pod.whereabouts != Whereabouts::Gone);
    !outdated
        && placement.attaching().is_empty()
        && cluster.workload_ids().all(|id| only_makes_up(cluster, placement, id))
}
