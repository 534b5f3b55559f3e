//! Whether controllers do nothing but make up for pods that are lost.
//!
//! Where a rollout is under way, or a set has not made all its pods, a failure may set it going
//! again: then more pods come, or others go, than those that are lost, and no bound counts them.

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::controllers::steady::only_makes_up;

/// Whether that is so of every workload, and no pod may yet end of itself.
pub(crate) fn is_steady(cluster: &Cluster, placement: &Placement) -> bool {
    let outdated =
        |pod: &holdfast_cluster::Instance| pod.outdated && pod.whereabouts != Whereabouts::Gone;
    // A kubelet that is heard but not ready may or may not end a pod.
    let may_end = placement.ending().next().is_some();
    !may_end
        && !placement.instances().iter().any(outdated)
        && cluster
            .workload_ids()
            .all(|id| placement.target(id).rollouts == 0 && only_makes_up(cluster, placement, id))
}
