//! Whether nothing goes on before anything fails.

use std::collections::BTreeMap;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, Placement, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;

use crate::reader::Start;
use crate::room::Lost;
use crate::unknown::Unknown;

/// Whether whatever comes after a failure is made for a pod that it loses: the control plane acts,
/// nothing can happen, sets have all their pods, no pod ends or waits for a volume, volumes are not
/// kept on the nodes, and every pod that waits waits in vain whatever fails.
pub(super) fn is_calm(
    dynamics: &Dynamics<'_>,
    unknown: &Unknown,
    start: &Start,
    scratch: &mut Scratch,
) -> bool {
    let (cluster, placement) = (dynamics.cluster(), &start.placement);
    let ends = |pod| {
        let node = placement.instance(pod).node();
        node.is_some_and(|node| placement.node(node).reachable)
    };
    dynamics.control_plane().acts(placement)
        && start.is_still
        && start.steady
        && dynamics.storage().is_empty()
        && placement.nominated().is_empty()
        && !placement.terminating().iter().any(|pod| ends(*pod))
        && placement.nodes().iter().all(|node| node.exists)
        && cluster.workload_ids().all(|id| is_complete(cluster, placement, id))
        && all_in_vain(dynamics, unknown, placement, scratch)
}

/// Whether a workload has the pods it wants, and no rollout is under way. What is not listed has no
/// pods of its own, or makes up for each that it loses, whatever it wants.
fn is_complete(cluster: &Cluster, placement: &Placement, id: WorkloadId) -> bool {
    let target = placement.target(id);
    let complete = match cluster.workload(id).kind {
        WorkloadKind::ReplicaSet
        | WorkloadKind::ReplicationController
        | WorkloadKind::StatefulSet => {
            i64::from(placement.tally(id).active) == target.desired.max(0)
        }
        _ => true,
    };
    complete && target.rollouts == 0
}

/// Whether no failure and no other pod lets any pod that waits onto a node.
fn all_in_vain(
    dynamics: &Dynamics<'_>,
    unknown: &Unknown,
    placement: &Placement,
    scratch: &mut Scratch,
) -> bool {
    let cluster = dynamics.cluster();
    let lost = Lost::new(dynamics, unknown, &[], scratch);
    let mut known: BTreeMap<(ClassId, WorkloadId), bool> = BTreeMap::new();
    placement.pending().iter().all(|pod| {
        let instance = placement.instance(*pod);
        *known.entry((instance.class, instance.workload)).or_insert_with(|| {
            !unknown.of_pod(cluster, placement, *pod).is_open && lost.is_hopeless(placement, *pod)
        })
    })
}
