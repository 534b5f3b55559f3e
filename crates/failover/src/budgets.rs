//! What disruption budgets allow.
//!
//! Models `trySync`, `getExpectedPodCount`, `getExpectedScale` and `countHealthyPods` of
//! `pkg/controller/disruption/disruption.go`, and `Create` and `checkAndDecrement` of
//! `pkg/registry/core/pod/storage/eviction.go` (v1.36.3).

use std::collections::BTreeMap;

use holdfast_cluster::budget::{Amount, Budget, BudgetRule};
use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, Instance, InstanceId, Placement, Symbol, WorkloadId};

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Pods that are ready and not to be deleted.
    pub healthy: i64,
    /// How many there ought to be; `None` where that cannot be told.
    pub expected: Option<i64>,
    /// How many must be.
    pub needed: i64,
    /// How many more may be evicted (`status.disruptionsAllowed`).
    pub allowed: i64,
}

/// Why the eviction API refuses to evict a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// This budget, by position, allows no more.
    Budget(usize),
    /// More than one budget selects the pod, which the API does not support.
    TwoBudgets(usize, usize),
}

/// The classes of pods that each budget speaks of, which no placement changes.
#[derive(Clone, Debug)]
pub struct Selected(Vec<Vec<ClassId>>);

impl Selected {
    /// Those of a cluster's budgets, in their order.
    pub fn of(cluster: &Cluster) -> Self {
        let budgets = &cluster.objects().budgets;
        if budgets.is_empty() {
            return Self(Vec::new());
        }
        let mut classes: BTreeMap<Symbol, Vec<ClassId>> = BTreeMap::new();
        for (at, class) in cluster.classes().enumerate() {
            classes.entry(class.namespace).or_default().push(ClassId::at(at));
        }
        let selected = |budget: &Budget| {
            let near = classes.get(&budget.namespace).into_iter().flatten().copied();
            among(cluster, budget, near)
        };
        Self(budgets.iter().map(selected).collect())
    }

    /// How every budget stands once the disruption controller has seen `placement`, in their order.
    pub fn standings(&self, cluster: &Cluster, placement: &Placement) -> Vec<Standing> {
        let budgets = cluster.objects().budgets.iter().zip(&self.0);
        budgets.map(|(budget, classes)| standing(cluster, placement, budget, classes)).collect()
    }
}

/// The classes among these that a budget selects.
fn among(
    cluster: &Cluster,
    budget: &Budget,
    classes: impl Iterator<Item = ClassId>,
) -> Vec<ClassId> {
    classes.filter(|class| selects(cluster, budget, *class)).collect()
}

/// How every budget stands once the disruption controller has seen `placement`, in their order.
pub fn standings(cluster: &Cluster, placement: &Placement) -> Vec<Standing> {
    Selected::of(cluster).standings(cluster, placement)
}

fn standing(
    cluster: &Cluster,
    placement: &Placement,
    budget: &Budget,
    classes: &[ClassId],
) -> Standing {
    let living = |instance: &&Instance| instance.whereabouts != Whereabouts::Gone;
    let pods: Vec<&Instance> = classes
        .iter()
        .flat_map(|class| placement.of_class(*class))
        .map(|id| placement.instance(id))
        .filter(living)
        .collect();
    let healthy = pods.iter().filter(|instance| instance.ready).count() as i64;
    let count = pods.len() as i64;
    let scale = || expected_scale(cluster, placement, &pods);
    let (expected, needed) = match budget.rule {
        BudgetRule::MinAvailable(Amount::Count(least)) => (Some(count), least),
        BudgetRule::MinAvailable(Amount::Percent(share)) => {
            let expected = scale();
            (expected, part(share, expected.unwrap_or(0)))
        }
        BudgetRule::MaxUnavailable(most) => {
            let expected = scale();
            let all = expected.unwrap_or(0);
            let most = match most {
                Amount::Count(most) => most,
                Amount::Percent(share) => part(share, all),
            };
            (expected, (all - most).max(0))
        }
    };
    // Where the number of pods cannot be told the controller allows nothing (`failSafe`).
    let allowed = match expected {
        Some(expected) if expected > 0 => (healthy - needed).max(0),
        _ => 0,
    };
    Standing { healthy, expected, needed, allowed }
}

/// A share of `all`, rounded up.
fn part(share: i64, all: i64) -> i64 {
    (share * all + 99).div_euclid(100)
}

/// The sum of what the controllers of the pods want; `None` where the scale of one cannot be told.
/// Pods without a controller add nothing.
fn expected_scale(cluster: &Cluster, placement: &Placement, pods: &[&Instance]) -> Option<i64> {
    let mut controllers: Vec<WorkloadId> = Vec::new();
    for instance in pods {
        match cluster.workload(instance.workload).kind {
            WorkloadKind::Pod => {}
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::ReplicationController
            | WorkloadKind::StatefulSet => controllers.push(scaled(cluster, instance.workload)),
            // The controller looks for a scale subresource, which these do not have; a custom one
            // may, and its scale is then the number of pods it wants.
            WorkloadKind::DaemonSet
            | WorkloadKind::Job
            | WorkloadKind::CronJob
            | WorkloadKind::StaticPod => return None,
            WorkloadKind::Custom(_) => controllers.push(instance.workload),
        }
    }
    controllers.sort_unstable();
    controllers.dedup();
    Some(controllers.into_iter().map(|id| placement.target(id).desired).sum())
}

/// Whose scale counts: a ReplicaSet's Deployment, else the workload's own.
fn scaled(cluster: &Cluster, id: WorkloadId) -> WorkloadId {
    let owner = cluster.workload(id).owner;
    let is_deployment = |id: &WorkloadId| cluster.workload(*id).kind == WorkloadKind::Deployment;
    owner.filter(is_deployment).unwrap_or(id)
}

/// Whether the budget speaks of the pod; an empty selector speaks of every pod of the namespace.
pub fn selects(cluster: &Cluster, budget: &Budget, class: ClassId) -> bool {
    cluster.class(class).namespace == budget.namespace
        && budget.selector.matches(cluster.labels_of(class), cluster.symbols())
}

/// Whether the eviction API evicts the pod now, and if not, why.
///
/// # Errors
/// The budget that stands in the way.
pub fn may_evict(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> Result<(), Refusal> {
    let instance = placement.instance(pod);
    let budgets = &cluster.objects().budgets;
    let mut of_pod =
        (0..budgets.len()).filter(|at| selects(cluster, &budgets[*at], instance.class));
    let Some(at) = of_pod.next() else { return Ok(()) };
    if instance.terminating || instance.is_pending() {
        return Ok(());
    }
    if let Some(other) = of_pod.next() {
        return Err(Refusal::TwoBudgets(at, other));
    }
    let classes = (0..cluster.classes().len()).map(ClassId::at);
    let classes = among(cluster, &budgets[at], classes);
    let Standing { healthy, needed, allowed, .. } =
        standing(cluster, placement, &budgets[at], &classes);
    let unhealthy_goes = budgets[at].evict_unhealthy || healthy >= needed && needed > 0;
    if allowed > 0 || !instance.ready && unhealthy_goes { Ok(()) } else { Err(Refusal::Budget(at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up() {
        assert_eq!(part(50, 3), 2);
        assert_eq!(part(100, 3), 3);
        assert_eq!(part(0, 3), 0);
        assert_eq!(part(25, 4), 1);
        assert_eq!(part(1, 200), 2);
    }
}
