//! More of everything that can be scaled.

use holdfast_cluster::change::Refused;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Change, Cluster, WorkloadId};

/// How many times as many: a fraction of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// So many.
    pub of: u64,
    /// For so many.
    pub each: u64,
}

/// A cluster in which everything grew that can.
#[derive(Clone, Debug)]
pub struct Grown {
    /// The cluster.
    pub cluster: Cluster,
    /// Workloads that stay as they are, as they cannot be scaled.
    pub left: Vec<WorkloadId>,
}

impl Factor {
    /// So many times as many, rounded up.
    pub fn times(self, count: u32) -> u32 {
        let product = u128::from(count) * u128::from(self.of);
        u32::try_from(product.div_ceil(u128::from(self.each.max(1)))).unwrap_or(u32::MAX)
    }
}

impl Grown {
    /// The cluster with so many times as many replicas, rounded up, of every workload that can be
    /// scaled.
    pub fn of(cluster: &Cluster, factor: Factor) -> Self {
        let scales = |id: &WorkloadId| {
            let workload = cluster.workload(*id);
            let kind = matches!(
                workload.kind,
                WorkloadKind::Deployment
                    | WorkloadKind::StatefulSet
                    | WorkloadKind::ReplicaSet
                    | WorkloadKind::ReplicationController
            );
            kind && workload.owner.is_none() && workload.desired > 0
        };
        let mut changes: Vec<(WorkloadId, Change)> = cluster
            .workload_ids()
            .filter(scales)
            .filter_map(|workload| {
                let before = u32::try_from(cluster.workload(workload).desired).ok()?;
                let replicas = factor.times(before);
                (replicas > before).then_some((workload, Change::Replicas { workload, replicas }))
            })
            .collect();
        let mut left = Vec::new();
        loop {
            let all: Vec<Change> = changes.iter().map(|(_, change)| change.clone()).collect();
            match cluster.changed(&all) {
                Ok(cluster) => return Self { cluster, left },
                Err(why) => {
                    let culprit = workload(why).or(changes.first().map(|(id, _)| *id));
                    let before = changes.len();
                    changes.retain(|(id, _)| Some(*id) != culprit);
                    assert!(changes.len() < before, "each of the changes is refused at most once");
                    left.extend(culprit);
                }
            }
        }
    }
}

/// What cannot be scaled.
fn workload(why: Refused) -> Option<WorkloadId> {
    match why {
        Refused::NoScale(id)
        | Refused::NoTemplate(id)
        | Refused::NotRead(id)
        | Refused::NoPods(id)
        | Refused::Differ(id) => Some(id),
        _ => None,
    }
}
