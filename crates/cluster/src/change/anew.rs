//! Nodes that are taken away while what ran on them waits to be placed anew.

use std::collections::BTreeSet;

use super::Work;
use crate::pod::Phase;
use crate::workload::WorkloadKind;
use crate::{Cluster, NodeId, Symbol, daemon};

impl Cluster {
    /// The same cluster without these nodes. What ran on them waits for a node and asks for what
    /// a pod in its stead would; pods of `DaemonSets` and static pods are gone with their nodes,
    /// as are pods that were about to end, for which their controllers make others. Ids of
    /// workloads and pods stay what they are.
    #[must_use]
    pub fn vacated(&self, gone: &[NodeId]) -> Self {
        let mut work = Work::new(self);
        let gone: Vec<Symbol> = gone.iter().map(|node| self.node(*node).name).collect();
        work.forget_nodes(&gone);
        let known: BTreeSet<Symbol> = gone.into_iter().collect();
        let of_nodes =
            |kind: WorkloadKind| matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod);
        let mut lost = Vec::new();
        for id in self.pod_ids() {
            let follows = of_nodes(self.workload(self.pod(id).workload).kind);
            // A pod of a DaemonSet that still waits belongs on one node as well.
            let tied = || daemon::pinned_to(self.spec_of(self.pod(id).class));
            let home = self.pod(id).node.or_else(|| tied().filter(|_| follows));
            let pod = work.builder.pod_mut(id);
            if pod.nominated_node.is_some_and(|node| known.contains(&node)) {
                pod.nominated_node = None;
            }
            let there = home.is_some_and(|node| known.contains(&node));
            if !there || pod.phase.is_terminal() {
                continue;
            }
            pod.ready = false;
            if follows || pod.mirror || pod.terminating {
                pod.phase = Phase::Failed;
                lost.push(pod.workload);
            } else {
                pod.node = None;
                pod.phase = Phase::Pending;
                pod.class = pod.replacement;
                pod.outdated = false;
            }
        }
        work.make_up_for(lost);
        work.builder.finish()
    }
}
