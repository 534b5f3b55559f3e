//! Where the scheduler puts everything that waits.
//!
//! Pods of `DaemonSets` come first, then the most important, the largest of them first, and what
//! found no node is tried again after the others: it may have waited for company. That is one of
//! the orders in which a queue may hand them out, and the same one each time.

use holdfast_cluster::{ClassId, Cluster, NodeId, Placement, PodId, WorkloadId};
use holdfast_proof::subject::follows_nodes;
use holdfast_scheduler::{Scheduler, Turn};

/// A cluster in which everything runs that found a node.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The cluster.
    pub cluster: Cluster,
    /// Pods that no node takes.
    pub waiting: Vec<PodId>,
    /// The nodes that were bought, with the position of their offer.
    pub bought: Vec<(usize, NodeId)>,
}

/// Pods that are alike, in the order of their names.
struct Batch {
    first: bool,
    priority: i32,
    size: i128,
    kind: (ClassId, WorkloadId),
    pods: Vec<PodId>,
}

impl Packed {
    /// The cluster once the scheduler has put every pod that waits.
    pub(super) fn of(cluster: &Cluster, bought: Vec<(usize, NodeId)>) -> Self {
        let placement = Placement::of(cluster);
        let mut batches = batches(cluster, &placement);
        let seats = in_batches(cluster, placement, &mut batches);
        let mut waiting: Vec<PodId> = batches.into_iter().flat_map(|batch| batch.pods).collect();
        waiting.sort_unstable();
        Self { cluster: cluster.seated(seats), waiting, bought }
    }
}

/// What waits, in the order in which it is placed.
fn batches(cluster: &Cluster, placement: &Placement) -> Vec<Batch> {
    let waits = |id: &PodId| placement.instance((*id).into()).is_pending();
    let mut waiting: Vec<PodId> = cluster.pod_ids().filter(waits).collect();
    let kind = |id: &PodId| (cluster.pod(*id).class, cluster.pod(*id).workload);
    waiting.sort_by_key(|id| (kind(id), *id));
    let mut all = [1_i128; 2];
    for id in &waiting {
        let requests = &cluster.spec_of(cluster.pod(*id).class).requests;
        all[0] += i128::from(requests.cpu_milli);
        all[1] += i128::from(requests.memory);
    }
    let batch = |pods: &[PodId]| {
        let (class, workload) = kind(&pods[0]);
        let spec = cluster.spec_of(class);
        let asks = [spec.requests.cpu_milli, spec.requests.memory];
        // The larger of both shares of all that is asked for, in parts of one that is large enough.
        let share = |at: usize| i128::from(asks[at]) * (1 << 40) / all[at].max(1);
        Batch {
            first: follows_nodes(cluster.workload(workload).kind),
            priority: spec.priority,
            size: share(0).max(share(1)),
            kind: (class, workload),
            pods: pods.to_vec(),
        }
    };
    let mut batches: Vec<Batch> =
        waiting.chunk_by(|one, other| kind(one) == kind(other)).map(batch).collect();
    batches.sort_by(|one, other| {
        let key = |batch: &Batch| (batch.first, batch.priority, batch.size);
        key(other).cmp(&key(one)).then(one.kind.cmp(&other.kind))
    });
    batches
}

/// Places batch after batch, as often as that places anything; the pods that are left stay in them.
fn in_batches(
    cluster: &Cluster,
    mut placement: Placement,
    batches: &mut Vec<Batch>,
) -> Vec<(PodId, NodeId)> {
    let scheduler = Scheduler::new(cluster);
    let mut turn = Turn::default();
    let mut seats = Vec::new();
    loop {
        let before = seats.len();
        for batch in &mut *batches {
            let mut series = scheduler.series_from(&placement, batch.pods[0].into(), turn);
            let nodes: Vec<NodeId> = series.by_ref().take(batch.pods.len()).collect();
            turn = series.turn();
            for (pod, node) in batch.pods.drain(..nodes.len()).zip(nodes) {
                placement.bind(cluster, pod.into(), node);
                seats.push((pod, node));
            }
        }
        batches.retain(|batch| !batch.pods.is_empty());
        if batches.is_empty() || seats.len() == before {
            return seats;
        }
    }
}
