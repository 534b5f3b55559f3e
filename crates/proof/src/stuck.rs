//! What people began and the cluster cannot finish: drains that a budget blocks, rollouts without
//! room.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::{Provenance, Strategy, WorkloadKind};
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_failover::budgets::{self, Refusal};
use holdfast_failover::controllers::{self, job};

/// Something that does not get on once all is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stuck {
    /// A drain: the eviction API does not evict the pod.
    Drain {
        /// The node.
        node: NodeId,
        /// The pod.
        pod: InstanceId,
        /// Why not.
        why: Refusal,
    },
    /// A rollout: pods of the old template are left, or too few of the new one serve.
    Rollout(WorkloadId),
    /// A Job: it lost more pods than it bears, and gave up.
    Job(WorkloadId),
}

/// What is stuck in a place of rest.
pub fn of(dynamics: &Dynamics<'_>, state: &Placement) -> BTreeSet<Stuck> {
    let cluster = dynamics.cluster();
    let drains = dynamics.drainable(state).filter_map(|pod| {
        let why = budgets::may_evict(cluster, state, pod).err()?;
        Some(Stuck::Drain { node: state.instance(pod).node()?, pod, why })
    });
    let rollouts = cluster.workload_ids().filter(|id| is_unfinished(cluster, state, *id));
    let jobs = cluster.workload_ids().filter(|id| job::has_given_up(cluster, state, *id));
    drains.chain(rollouts.map(Stuck::Rollout)).chain(jobs.map(Stuck::Job)).collect()
}

fn is_unfinished(cluster: &Cluster, state: &Placement, id: WorkloadId) -> bool {
    let workload = cluster.workload(id);
    if workload.provenance == Provenance::Inferred || workload.strategy == Some(Strategy::OnDelete)
    {
        return false;
    }
    match workload.kind {
        WorkloadKind::Deployment => {
            let present = controllers::deployment::present_set(cluster, state, id);
            let old = |set: &&WorkloadId| Some(**set) != present && state.target(**set).desired > 0;
            present.is_some() && cluster.owned(id).iter().any(|set| old(&set))
        }
        WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => {
            let pods = state.of_workload(id);
            let mut pods = pods.iter().map(|pod| state.instance(*pod));
            pods.any(|pod| pod.outdated && pod.whereabouts != Whereabouts::Gone)
        }
        _ => false,
    }
}
