//! Pods that run where they were put, and what keeps copies of a pod that nothing keeps.

use super::Work;
use crate::pod::Phase;
use crate::selector::LabelSelector;
use crate::workload::{Losses, Provenance, Workload, WorkloadKind};
use crate::{ClassId, Cluster, NodeId, PodId, WorkloadId};

impl Cluster {
    /// The same cluster, in which these pods run on these nodes and are ready. Ids stay what they
    /// are.
    #[must_use]
    pub fn seated(&self, seats: impl IntoIterator<Item = (PodId, NodeId)>) -> Self {
        let mut work = Work::new(self);
        for (pod, node) in seats {
            let node = self.node(node).name;
            let pod = work.builder.pod_mut(pod);
            pod.node = Some(node);
            pod.nominated_node = None;
            pod.phase = Phase::Running;
            pod.ready = true;
            pod.expanded = false;
        }
        work.builder.finish()
    }

    /// The same cluster with a ReplicaSet besides, which wants no pods yet and makes them of this
    /// class. Nothing else is its: it selects no pods, so that the scheduler spreads its own as it
    /// does pods that nothing made.
    pub fn with_keeper(&self, name: &str, class: ClassId) -> (Self, WorkloadId) {
        let mut work = Work::new(self);
        let name = work.builder.intern(name);
        let id = work.builder.workload(Workload {
            kind: WorkloadKind::ReplicaSet,
            namespace: self.class(class).namespace,
            name,
            owner: None,
            made_by: None,
            desired: 0,
            selector: LabelSelector::Nothing,
            template: Some(class),
            priority_class: None,
            strategy: None,
            revision: 0,
            rollout: 0,
            first_ordinal: 0,
            parallel: false,
            replaces_ended: false,
            losses: Losses::Ignored,
            autoscaled: None,
            provenance: Provenance::Read,
            min_ready_seconds: 0,
            deletion_cost: 0,
            inactive: false,
            rationed: false,
        });
        (work.builder.finish(), id)
    }
}
