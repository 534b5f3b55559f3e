//! The workloads a claim is about.

use std::collections::BTreeMap;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, Placement, WorkloadId};

/// A workload as people know it, with everything that makes its pods: a Deployment and its
/// ReplicaSets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The workload that people know.
    pub root: WorkloadId,
    /// Whatever makes its pods, itself included.
    pub members: Vec<WorkloadId>,
}

/// Why no claim is made about a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// It runs to its end: a Job or a CronJob.
    RunsToItsEnd,
    /// It wants no pods.
    ScaledToZero,
}

/// Every workload of the cluster, those that a claim is about and those that none is about.
#[derive(Clone, Debug, Default)]
pub struct Subjects {
    /// In order of namespace, name and kind.
    pub subjects: Vec<Subject>,
    /// The others.
    pub excluded: Vec<(WorkloadId, Exclusion)>,
    /// Which subject a workload belongs to, by workload.
    of_workload: Vec<Option<usize>>,
}

impl Subjects {
    /// The subjects of a cluster.
    pub fn of(cluster: &Cluster, placement: &Placement) -> Self {
        let mut members: BTreeMap<WorkloadId, Vec<WorkloadId>> = BTreeMap::new();
        for id in cluster.workload_ids() {
            members.entry(cluster.root(id)).or_default().push(id);
        }
        let mut found =
            Self { of_workload: vec![None; cluster.workloads().len()], ..Self::default() };
        for (root, members) in members {
            match exclusion(cluster, placement, root, &members) {
                Some(why) => found.excluded.push((root, why)),
                None => found.subjects.push(Subject { root, members }),
            }
        }
        found.subjects.sort_by_key(|subject| sort_key(cluster, subject.root));
        found.excluded.sort_by_key(|(root, _)| sort_key(cluster, *root));
        for (at, subject) in found.subjects.iter().enumerate() {
            for member in &subject.members {
                found.of_workload[member.index()] = Some(at);
            }
        }
        found
    }

    /// The position of the subject that a workload belongs to.
    pub fn position(&self, workload: WorkloadId) -> Option<usize> {
        self.of_workload[workload.index()]
    }
}

impl Subject {
    /// How many of its pods serve.
    pub fn ready(&self, placement: &Placement) -> u32 {
        self.sum(placement, |tally| tally.ready)
    }

    /// How many of its pods wait for a node.
    pub fn pending(&self, placement: &Placement) -> u32 {
        self.sum(placement, |tally| tally.pending)
    }

    /// Its pods, gone ones included, by workload.
    pub fn instances(&self, placement: &Placement) -> impl Iterator<Item = InstanceId> {
        self.members.iter().flat_map(|member| placement.of_workload(*member))
    }

    /// How many of its pods are to be deleted.
    pub fn terminating(&self, placement: &Placement) -> u32 {
        self.sum(placement, |tally| tally.terminating)
    }

    /// How many pods it wants with the nodes as they are in `placement`: for DaemonSets and static
    /// pods one for each node that can be reached and has one already, else the number that was
    /// asked for.
    pub fn desired(&self, cluster: &Cluster, placement: &Placement) -> u32 {
        let workload = cluster.workload(self.root);
        if !follows_nodes(workload.kind) {
            let desired = placement.target(self.root).desired;
            return u32::try_from(desired.max(0)).unwrap_or(u32::MAX);
        }
        let wanted = self.instances(placement).filter(|id| {
            let instance = placement.instance(*id);
            let node = instance.node().map(|node| placement.node(node));
            instance.is_pending()
                || node.is_some_and(|node| node.reachable && !instance.terminating)
        });
        u32::try_from(wanted.count()).unwrap_or(u32::MAX)
    }

    fn sum(
        &self,
        placement: &Placement,
        pick: fn(holdfast_cluster::placement::Tally) -> u32,
    ) -> u32 {
        self.members.iter().map(|member| pick(placement.tally(*member))).sum()
    }
}

/// Whether the number of pods follows from the nodes.
pub fn follows_nodes(kind: WorkloadKind) -> bool {
    matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod)
}

fn sort_key(cluster: &Cluster, id: WorkloadId) -> (String, String, WorkloadKind) {
    let workload = cluster.workload(id);
    let text = |symbol| cluster.text(symbol).to_owned();
    (text(workload.namespace), text(workload.name), workload.kind)
}

fn exclusion(
    cluster: &Cluster,
    placement: &Placement,
    root: WorkloadId,
    members: &[WorkloadId],
) -> Option<Exclusion> {
    let workload = cluster.workload(root);
    let pods: u32 = members.iter().map(|member| placement.tally(*member).active).sum();
    match workload.kind {
        WorkloadKind::Job | WorkloadKind::CronJob => Some(Exclusion::RunsToItsEnd),
        _ if workload.desired <= 0 && pods == 0 => Some(Exclusion::ScaledToZero),
        WorkloadKind::Pod if pods == 0 => Some(Exclusion::RunsToItsEnd),
        _ => None,
    }
}
