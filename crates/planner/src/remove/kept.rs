//! Nodes that stay whatever else goes.

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{InstanceId, NodeId};
use holdfast_failover::budgets::{self, Standing};

use super::Kept;
use super::judge::Judge;

impl Judge<'_> {
    /// Why the node stays in any case, if it does.
    pub(super) fn stays(&self, node: NodeId) -> Option<Kept> {
        let control_plane = self.dynamics().control_plane();
        if control_plane.parts_of(node).iter().any(|count| *count > 0) {
            return Some(Kept::ControlPlane);
        }
        if !control_plane.acts(self.start()) {
            return Some(Kept::NobodyActs);
        }
        if !self.start().node(node).serves() {
            return Some(Kept::Silent);
        }
        self.evicted(node).into_iter().find_map(|pod| self.holds(node, pod))
    }

    /// Why a pod holds its node in any case.
    fn holds(&self, node: NodeId, pod: InstanceId) -> Option<Kept> {
        let (cluster, instance) = (self.cluster(), self.start().instance(pod));
        if !instance.ready {
            return None;
        }
        let mut selecting = self.budgets_of(pod);
        if let Some(one) = selecting.next() {
            if let Some(other) = selecting.next() {
                return Some(Kept::TwoBudgets(pod, one, other));
            }
            if self.never_allows(one) {
                return Some(Kept::Budget(pod, one));
            }
        }
        if !self.is_full(instance.workload) {
            return None;
        }
        if cluster.workload(instance.workload).kind == WorkloadKind::Pod {
            return Some(Kept::NothingMakes(pod));
        }
        let next = self.start().instance(pod).next_class(cluster);
        (!self.sums.takes_elsewhere(next, node)).then_some(Kept::Nowhere(pod))
    }

    /// The budgets that select a pod, by position.
    pub(super) fn budgets_of(&self, pod: InstanceId) -> impl Iterator<Item = usize> {
        let (cluster, class) = (self.cluster(), self.start().instance(pod).class);
        let all = cluster.objects().budgets.iter().enumerate();
        all.filter(move |(_, budget)| budgets::selects(cluster, budget, class)).map(|(at, _)| at)
    }

    /// Whether a budget allows nothing even while all of its pods are ready.
    fn never_allows(&self, budget: usize) -> bool {
        let Standing { expected, needed, allowed, .. } = *self.standing(budget);
        allowed == 0 && expected.is_none_or(|expected| needed >= expected)
    }
}
