//! What is set outright: strategies, disruption budgets, copies of volumes.

use super::{BudgetChange, CopiesOf, Refused, StrategyChange, Work, own};
use crate::budget::{Amount, Budget, BudgetRule};
use crate::cluster::Objects;
use crate::pod::Pod;
use crate::storage::{Health, LonghornReplica};
use crate::workload::{Provenance, Strategy, WorkloadKind};
use crate::{Symbol, WorkloadId};

impl Work {
    /// Another strategy. A StatefulSet's rolling update has no numbers of its own here.
    pub(super) fn set_strategy(
        &mut self,
        id: WorkloadId,
        change: StrategyChange,
    ) -> Result<(), Refused> {
        let workload = self.cluster().workload(id);
        if workload.provenance == Provenance::Inferred {
            return Err(Refused::NotRead(id));
        }
        let strategy = match (workload.kind, change) {
            (WorkloadKind::StatefulSet, StrategyChange::RollingUpdate { .. }) => {
                Strategy::Ordered { partition: 0 }
            }
            (
                WorkloadKind::Deployment,
                StrategyChange::Recreate | StrategyChange::RollingUpdate { .. },
            )
            | (
                WorkloadKind::DaemonSet,
                StrategyChange::OnDelete | StrategyChange::RollingUpdate { .. },
            )
            | (WorkloadKind::StatefulSet, StrategyChange::OnDelete) => change.into(),
            _ => return Err(Refused::NoStrategy(id)),
        };
        self.builder.workload_mut(id).strategy = Some(strategy);
        Ok(())
    }

    /// Puts a budget in place of one of the same name, with the status that its controller gives
    /// it.
    pub(super) fn put_budget(
        &mut self,
        id: WorkloadId,
        name: &str,
        rule: BudgetChange,
    ) -> Result<(), Refused> {
        let workload = self.cluster().workload(id);
        let (namespace, selector) = (workload.namespace, workload.selector.clone());
        own(&selector).ok_or(Refused::NoSelector(id))?;
        let mut budget = Budget {
            namespace,
            name: self.builder.intern(name),
            selector,
            rule: rule.into(),
            evict_unhealthy: false,
            disruptions_allowed: 0,
            disrupted: [].into(),
        };
        budget.disruptions_allowed = self.allowed(&budget);
        let budgets = &mut self.builder.objects().budgets;
        let key = |known: &Budget| (known.namespace, known.name) == (namespace, budget.name);
        match budgets.iter().position(key) {
            Some(at) => budgets[at] = budget,
            None => budgets.push(budget),
        }
        Ok(())
    }

    /// How many of its pods may be evicted as they stand (`updatePdbStatus`,
    /// `pkg/controller/disruption/disruption.go`, v1.36.3).
    fn allowed(&self, budget: &Budget) -> i64 {
        let cluster = self.cluster();
        let own = cluster.pods().iter().filter(|pod| {
            let class = cluster.class(pod.class);
            class.namespace == budget.namespace
                && !pod.phase.is_terminal()
                && budget.selector.matches(cluster.labels(class.labels), cluster.symbols())
        });
        let own: Vec<&Pod> = own.collect();
        let expected = own.len() as i64;
        let needed = match budget.rule {
            BudgetRule::MinAvailable(Amount::Count(count)) => count,
            BudgetRule::MaxUnavailable(Amount::Count(count)) => (expected - count).max(0),
            BudgetRule::MinAvailable(Amount::Percent(_))
            | BudgetRule::MaxUnavailable(Amount::Percent(_)) => expected,
        };
        let healthy = own.iter().filter(|pod| pod.ready && !pod.terminating).count() as i64;
        if expected == 0 { 0 } else { (healthy - needed).max(0) }
    }

    pub(super) fn drop_budget(&mut self, namespace: Symbol, name: Symbol) -> Result<(), Refused> {
        let budgets = &mut self.builder.objects().budgets;
        let before = budgets.len();
        budgets.retain(|budget| (budget.namespace, budget.name) != (namespace, name));
        if budgets.len() < before { Ok(()) } else { Err(Refused::NoSuchBudget(namespace, name)) }
    }

    /// Sets how many copies there are. Where Longhorn makes another nobody knows.
    pub(super) fn copy(&mut self, of: CopiesOf, replicas: u32) -> Result<(), Refused> {
        let Objects { storage, .. } = self.builder.objects();
        match of {
            CopiesOf::Longhorn(name) => {
                let volume = storage.longhorn_volumes.get_mut(&name);
                let volume = volume.ok_or(Refused::NoSuchCopies)?;
                let more = replicas.saturating_sub(volume.replicas);
                volume.replicas = replicas;
                let made = LonghornReplica { volume: name, node: None, health: Health::Healthy };
                storage.longhorn_replicas.extend((0..more).map(|_| made));
            }
            CopiesOf::CephPool(namespace, name) => {
                let pool = storage.ceph_pools.get_mut(&(namespace, name));
                let pool = pool.filter(|pool| pool.size.is_some()).ok_or(Refused::NoSuchCopies)?;
                pool.size = Some(replicas);
            }
            CopiesOf::Declared(class) => {
                let declared = storage.declared.get_mut(&class).ok_or(Refused::NoSuchCopies)?;
                declared.replicas = Some(replicas);
            }
        }
        Ok(())
    }
}
