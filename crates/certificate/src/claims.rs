//! The workloads that a certificate must speak of.

use std::collections::BTreeMap;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, NodeId, Placement, WorkloadId};

/// A workload as people know it, with all that makes its pods.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) root: WorkloadId,
    pub(crate) kind: WorkloadKind,
    pub(crate) members: Vec<WorkloadId>,
    /// Nobody knows whether its pods are made again.
    pub(crate) is_unpredictable: bool,
    /// The lowest priority among its pods and those made in their stead.
    pub(crate) priority: i32,
}

/// All of them, by namespace, name and kind, and whose each workload is.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    pub(crate) all: Vec<Subject>,
    of: Vec<Option<usize>>,
}

impl Subjects {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let placement = Placement::of(cluster);
        let mut families: BTreeMap<_, Vec<WorkloadId>> = BTreeMap::new();
        for id in cluster.workload_ids() {
            let root = cluster.workload(cluster.root(id));
            let (namespace, name) = (cluster.text(root.namespace), cluster.text(root.name));
            families.entry((namespace, name, root.kind, cluster.root(id))).or_default().push(id);
        }
        let mut subjects = Self { all: Vec::new(), of: vec![None; cluster.workloads().len()] };
        for ((.., kind, root), members) in families {
            let pods: u32 = members.iter().map(|id| placement.tally(*id).active).sum();
            let ends = matches!(kind, WorkloadKind::Job | WorkloadKind::CronJob);
            // A bare pod is one that is wanted, until it has ended.
            let wanted = cluster.workload(root).desired > 0 && kind != WorkloadKind::Pod;
            if ends || !wanted && pods == 0 {
                continue;
            }
            for id in &members {
                subjects.of[id.index()] = Some(subjects.all.len());
            }
            let priority = i32::MAX;
            let is_unpredictable = cluster.workload(root).is_unpredictable();
            subjects.all.push(Subject { root, kind, members, is_unpredictable, priority });
        }
        for pod in cluster.pods() {
            let Some(at) = subjects.of[pod.workload.index()] else { continue };
            for class in [pod.class, pod.replacement] {
                let lowest = &mut subjects.all[at].priority;
                *lowest = cluster.spec_of(class).priority.min(*lowest);
            }
        }
        subjects
    }

    /// Whose a pod is, if any claim is about it.
    pub(crate) fn position(&self, pod: &Instance) -> Option<usize> {
        self.of[pod.workload.index()]
    }
}

impl Subject {
    /// Whether each of its pods belongs to a node.
    pub(crate) fn follows_nodes(&self) -> bool {
        matches!(self.kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod)
    }

    /// How many of its pods serve.
    pub(crate) fn ready(&self, placement: &Placement) -> u32 {
        self.members.iter().map(|id| placement.tally(*id).ready).sum()
    }

    /// How many of its pods wait for a node.
    pub(crate) fn pending(&self, placement: &Placement) -> u32 {
        self.members.iter().map(|id| placement.tally(*id).pending).sum()
    }

    /// How many of its pods are to be deleted.
    pub(crate) fn terminating(&self, placement: &Placement) -> u32 {
        self.members.iter().map(|id| placement.tally(*id).terminating).sum()
    }

    /// How many pods it wants once `failed` are gone of where it stood at rest: what was asked for,
    /// or where a pod belongs to its node, as many as have theirs left.
    pub(crate) fn wanted(&self, rest: &Placement, failed: &[NodeId]) -> u32 {
        if !self.follows_nodes() {
            return u32::try_from(rest.target(self.root).desired.max(0)).unwrap_or(u32::MAX);
        }
        let counts = |pod: &&Instance| {
            let at_home = |node: NodeId| {
                // A node that did not serve keeps its pods wanted, whatever else fails.
                let lost = failed.contains(&node) && rest.node(node).serves();
                rest.node(node).reachable && !pod.terminating && !lost
            };
            self.members.contains(&pod.workload)
                && (pod.is_pending() || pod.node().is_some_and(at_home))
        };
        u32::try_from(rest.instances().iter().filter(counts).count()).unwrap_or(u32::MAX)
    }
}
