//! What the failure of each node loses, and what is made for it.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Sum;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Instance, NodeId, Placement, WorkloadId};
use holdfast_failover::controllers::job;
use holdfast_failover::{Dynamics, Step};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// What all nodes lose.
pub(super) struct Losses {
    /// Pods that are made for lost ones, by class.
    again: IndexMap<ClassId, Again, FxBuildHasher>,
    /// By node, the classes of what is made, and for which subject; `None` where more happens than
    /// is told here.
    of_node: Vec<Option<BTreeSet<Made>>>,
    /// By position of the subject.
    of_subject: BTreeMap<usize, Vec<(NodeId, Change)>>,
}

/// A pod that is made: its class, and the subject's position, if a claim is about it.
pub(super) type Made = (ClassId, Option<usize>);

/// Pods of one class that are made for lost ones.
pub(super) struct Again {
    pub(super) made_by: WorkloadId,
    /// How many each node makes necessary.
    pub(super) nodes: Vec<(NodeId, u32)>,
}

/// What the failure of a node changes of a subject, in pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// They served.
    pub(crate) ready: u32,
    /// They are no longer wanted: they belong to the node.
    pub(crate) wanted: u32,
    /// Others are made for them.
    pub(crate) again: u32,
}

/// Takes in how a pod changes the counts of its subject, whose position comes back.
type Tell<'t> = dyn FnMut(&Instance, &dyn Fn(&mut Change)) -> Option<usize> + 't;

impl Sum for Change {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            ready: sum.ready + one.ready,
            wanted: sum.wanted + one.wanted,
            again: sum.again + one.again,
        })
    }
}

impl Losses {
    /// Fails each node by itself. `placement` is the same afterwards.
    pub(super) fn of(
        dynamics: &Dynamics<'_>,
        placement: &mut Placement,
        position: &dyn Fn(&Instance) -> Option<usize>,
    ) -> Self {
        let mut losses =
            Self { again: IndexMap::default(), of_node: Vec::new(), of_subject: BTreeMap::new() };
        for node in dynamics.cluster().node_ids() {
            let mut changes: BTreeMap<usize, Change> = BTreeMap::new();
            let told = losses.lose(dynamics, placement, node, &mut |pod, change| {
                let at = position(pod)?;
                change(changes.entry(at).or_default());
                Some(at)
            });
            losses.of_node.push(told);
            for (at, change) in changes {
                losses.of_subject.entry(at).or_default().push((node, change));
            }
        }
        losses
    }

    /// Fails a node; the classes of what is made, if that is all that happens.
    fn lose(
        &mut self,
        dynamics: &Dynamics<'_>,
        placement: &mut Placement,
        node: NodeId,
        tell: &mut Tell<'_>,
    ) -> Option<BTreeSet<Made>> {
        let cluster = dynamics.cluster();
        let made_by = |pod: &Instance| cluster.workload(pod.workload);
        let mut foreseen = placement.node(node).serves();
        for pod in &placement.node(node).pods {
            let pod = placement.instance(*pod);
            let follows =
                matches!(made_by(pod).kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod);
            foreseen &= !pod.terminating && !made_by(pod).is_unpredictable();
            tell(pod, &|change| {
                change.ready += u32::from(pod.ready);
                change.wanted += u32::from(follows);
            });
        }
        let (mark, before) = (placement.mark(), placement.instances().len());
        dynamics.fail(placement, &[node]);
        let due: Vec<_> = dynamics.evictable(placement).collect();
        // A Job that gives up makes room where others could take it.
        foreseen &= job::at_stake(cluster, placement, &due).is_empty();
        for pod in due {
            foreseen &= placement.instance(pod).node() == Some(node);
            dynamics.apply(placement, &Step::Evict { pod, replaced: true });
        }
        let mut all = BTreeSet::new();
        for pod in &placement.instances()[before..] {
            foreseen &= pod.is_pending();
            let made = Again { made_by: pod.workload, nodes: Vec::new() };
            let nodes = &mut self.again.entry(pod.class).or_insert(made).nodes;
            match nodes.last_mut() {
                Some((last, count)) if *last == node => *count += 1,
                _ => nodes.push((node, 1)),
            }
            all.insert((pod.class, tell(pod, &|change| change.again += 1)));
        }
        placement.revert(cluster, mark);
        foreseen.then_some(all)
    }

    /// Whether all that happens when a node fails is told, and all that is made for what it loses
    /// is such.
    pub(super) fn all(&self, node: NodeId, such: impl Fn(&Made) -> bool) -> bool {
        self.of_node[node.index()].as_ref().is_some_and(|made| made.iter().all(such))
    }

    /// Who makes pods of a class for lost ones, if anybody does.
    pub(super) fn made_by(&self, class: ClassId) -> Option<WorkloadId> {
        self.again.get(&class).map(|again| again.made_by)
    }

    /// What the failure of each node changes of a subject.
    pub(super) fn of_subject(&self, at: usize) -> &[(NodeId, Change)] {
        self.of_subject.get(&at).map_or(&[], Vec::as_slice)
    }

    /// All classes of which pods are made.
    pub(super) fn classes(&self) -> impl Iterator<Item = (ClassId, &Again)> {
        self.again.iter().map(|(class, again)| (*class, again))
    }
}
