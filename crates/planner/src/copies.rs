//! More of what runs: the cluster with so many copies of a workload's pods besides.

use holdfast_cluster::change::Refused;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Change, ClassId, Cluster, NodeId, Placement, PodId, WorkloadId};
use holdfast_scheduler::{Scheduler, Scratch, Turn};

/// What there is to be more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A pod: of the workload that keeps it, or else of its own kind.
    Pod(PodId),
    /// A workload.
    Workload(WorkloadId),
}

/// Why there can be no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCopies {
    /// It has one pod on each node that it belongs on.
    OnePerNode(WorkloadId),
    /// A rollout is under way, and nobody knows which template the next pod is made from.
    RollingOut(WorkloadId),
    /// It has no pod, and no template that tells what its next one asks for.
    NoTemplate(WorkloadId),
    /// It cannot be scaled.
    Refused(Refused),
}

/// A workload that may have more pods.
#[derive(Clone, Debug)]
pub struct Copies {
    cluster: Cluster,
    workload: WorkloadId,
    /// What was named.
    of: WorkloadId,
    before: u32,
}

impl Copies {
    /// Copies of a sample. What nothing scales, a bare pod or a Job, is copied as a ReplicaSet
    /// would keep it.
    ///
    /// # Errors
    /// When there can be no more of it.
    pub fn of(cluster: &Cluster, sample: Sample) -> Result<Self, NoCopies> {
        let named = match sample {
            Sample::Pod(pod) => cluster.root(cluster.pod(pod).workload),
            Sample::Workload(id) => cluster.root(id),
        };
        let workload = cluster.workload(named);
        match workload.kind {
            WorkloadKind::DaemonSet | WorkloadKind::StaticPod => {
                return Err(NoCopies::OnePerNode(named));
            }
            WorkloadKind::Deployment
            | WorkloadKind::StatefulSet
            | WorkloadKind::ReplicaSet
            | WorkloadKind::ReplicationController => {
                let before = u32::try_from(workload.desired).unwrap_or(0);
                let copies = Self { cluster: cluster.clone(), workload: named, of: named, before };
                // Whatever keeps it from being scaled is known before anything is placed.
                return copies.with(1).map(|_| copies);
            }
            WorkloadKind::Pod
            | WorkloadKind::Job
            | WorkloadKind::CronJob
            | WorkloadKind::Custom(_) => {}
        }
        let class = class_of(cluster, named, sample).ok_or(NoCopies::NoTemplate(named))?;
        let (cluster, keeper) = cluster.with_keeper(cluster.text(workload.name), class);
        Ok(Self { cluster, workload: keeper, of: named, before: 0 })
    }

    /// The cluster without any copies.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What has more pods.
    pub fn workload(&self) -> WorkloadId {
        self.workload
    }

    /// What was named: another workload, where a ReplicaSet is to keep its copies.
    pub fn named(&self) -> WorkloadId {
        self.of
    }

    /// Whether each copy asks for something of its own: a StatefulSet's for its own claims.
    pub(crate) fn are_numbered(&self) -> bool {
        self.cluster.workload(self.workload).kind == WorkloadKind::StatefulSet
    }

    /// The cluster with so many copies, which wait for a node.
    ///
    /// # Errors
    /// When they cannot be told.
    pub fn with(&self, more: u32) -> Result<(Cluster, Vec<PodId>), NoCopies> {
        let replicas = self.before.saturating_add(more);
        let change = Change::Replicas { workload: self.workload, replicas };
        let changed = self.cluster.changed(&[change]).map_err(NoCopies::Refused)?;
        let new: Vec<PodId> =
            (self.cluster.pods().len()..changed.pods().len()).map(PodId::at).collect();
        if new.len() == more as usize {
            Ok((changed, new))
        } else {
            Err(NoCopies::RollingOut(self.workload))
        }
    }

    /// The cluster with copies that run on these nodes, in the order in which they came.
    ///
    /// # Panics
    /// When there can be no copies, which was looked at when this was made.
    pub fn on(&self, seats: &[NodeId]) -> Cluster {
        let more = u32::try_from(seats.len()).expect("fewer copies than pods may have");
        let (cluster, pods) = self.with(more).expect("one copy can be told");
        cluster.seated(pods.into_iter().zip(seats.iter().copied()))
    }
}

/// What a copy of a pod that nothing scales asks for.
fn class_of(cluster: &Cluster, named: WorkloadId, sample: Sample) -> Option<ClassId> {
    if let Sample::Pod(pod) = sample {
        return Some(cluster.pod(pod).replacement);
    }
    let of_it = |pod: &&holdfast_cluster::Pod| cluster.root(pod.workload) == named;
    let mut owned = cluster.owned(named).iter().rev().chain([&named]);
    let template = owned.find_map(|id| cluster.workload(*id).template);
    cluster.pods().iter().find(of_it).map(|pod| pod.replacement).or(template)
}

/// These pods one after the other, each with the node that the scheduler puts it on, nodes that tie
/// by name, if any takes it.
pub(crate) fn in_turn(
    cluster: &Cluster,
    pods: impl IntoIterator<Item = PodId>,
) -> impl Iterator<Item = (PodId, Option<NodeId>)> {
    let (scheduler, mut placement) = (Scheduler::new(cluster), Placement::of(cluster));
    let (mut turn, mut scratch) = (Turn::default(), Scratch::default());
    pods.into_iter().map(move |pod| {
        let node = scheduler.pick(&placement, pod.into(), &mut turn, &mut scratch);
        if let Some(node) = node {
            placement.bind(cluster, pod.into(), node);
        }
        (pod, node)
    })
}
