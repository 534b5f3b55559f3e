//! ReplicaSets that want more pods than they have, or fewer.
//!
//! Models `manageReplicas`, `getPodsToDelete` and `getPodsRankedByRelatedPodsOnSameNode` of
//! `pkg/controller/replicaset/replica_set.go` and `ActivePodsWithRanks` of
//! `pkg/controller/controller_utils.go` (v1.36.3).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement, WorkloadId};

/// Sets of pods that may be deleted together, of which one is: no more are told apart.
const CHOICES_MAX: usize = 256;

/// The sets of pods of which one is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Each by id.
    pub sets: Vec<Vec<InstanceId>>,
    /// There are more.
    pub more: bool,
}

/// Makes the pods that a workload lacks, from its template.
pub fn fill_up(cluster: &Cluster, placement: &mut Placement, workload: WorkloadId) {
    let Some(class) = cluster.workload(workload).template else { return };
    while i64::from(placement.tally(workload).active) < placement.target(workload).desired {
        placement.add(cluster, class, workload, None);
    }
}

/// How many pods too many a workload has.
pub fn surplus(cluster: &Cluster, placement: &Placement, workload: WorkloadId) -> usize {
    let counts = matches!(
        cluster.workload(workload).kind,
        WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController
    );
    let over =
        i64::from(placement.tally(workload).active) - placement.target(workload).desired.max(0);
    if counts { usize::try_from(over).unwrap_or(0) } else { 0 }
}

/// The sets of pods that a ReplicaSet with too many may delete. Pods that are not bound go first,
/// then those that are not ready, then those with more company of their kind on their node. What
/// then decides (when they became ready, restarts, age, at last a random number) is not kept, and
/// so any of them may go.
pub fn choices(cluster: &Cluster, placement: &Placement, workload: WorkloadId) -> Choices {
    let surplus = surplus(cluster, placement, workload);
    if surplus == 0 {
        return Choices::default();
    }
    let company = company(cluster, placement, workload);
    // One that has yet to start may have no container that runs, and then goes before those that
    // are not ready, or be one of them.
    let mut found = first_of(placement, workload, surplus, |instance| {
        (!instance.is_pending(), true, instance.ready, near(instance, &company))
    });
    if active(placement, workload).any(|(_, instance)| instance.starting) {
        let idle = first_of(placement, workload, surplus, |instance| {
            let runs = !instance.starting;
            (!instance.is_pending(), runs, instance.ready, near(instance, &company))
        });
        found.more |= idle.more;
        let new: Vec<_> = idle.sets.into_iter().filter(|set| !found.sets.contains(set)).collect();
        found.sets.extend(new);
    }
    found
}

/// The choices of so many pods by rank.
fn first_of(
    placement: &Placement,
    workload: WorkloadId,
    surplus: usize,
    rank: impl Fn(&Instance) -> Rank,
) -> Choices {
    let mut ranked: Vec<(Rank, InstanceId)> =
        active(placement, workload).map(|(id, instance)| (rank(instance), id)).collect();
    ranked.sort_unstable();
    let last = ranked[surplus - 1].0;
    let sure: Vec<InstanceId> =
        ranked.iter().filter(|(rank, _)| *rank < last).map(|(_, id)| *id).collect();
    let tied: Vec<InstanceId> =
        ranked.iter().filter(|(rank, _)| *rank == last).map(|(_, id)| *id).collect();
    subsets(placement, &sure, &tied, surplus - sure.len())
}

/// Bound or not, with containers that run or not, ready or not, how much company: the lowest goes
/// first.
type Rank = (bool, bool, bool, Reverse<u32>);

fn near(instance: &Instance, company: &BTreeMap<NodeId, u32>) -> Reverse<u32> {
    Reverse(instance.node().and_then(|node| company.get(&node)).copied().unwrap_or(0))
}

/// Pods of a workload that are not to be deleted.
fn active(
    placement: &Placement,
    workload: WorkloadId,
) -> impl Iterator<Item = (InstanceId, &Instance)> {
    let there = move |instance: &Instance| {
        instance.workload == workload
            && !instance.terminating
            && instance.whereabouts != Whereabouts::Gone
    };
    let all = placement.instance_ids().map(|id| (id, placement.instance(id)));
    all.filter(move |(_, instance)| there(instance))
}

/// How many active pods of the same Deployment are on each node.
fn company(
    cluster: &Cluster,
    placement: &Placement,
    workload: WorkloadId,
) -> BTreeMap<NodeId, u32> {
    let owner = cluster.workload(workload).owner;
    let related = |other: WorkloadId| {
        other == workload || owner.is_some() && cluster.workload(other).owner == owner
    };
    let mut company = BTreeMap::new();
    for instance in placement.instances() {
        let node = instance.node().filter(|_| !instance.terminating);
        if let Some(node) = node.filter(|_| related(instance.workload)) {
            *company.entry(node).or_default() += 1;
        }
    }
    company
}

/// Every choice of `count` out of `tied`, with `sure` in each; pods that differ in nothing but
/// their names are not told apart.
fn subsets(
    placement: &Placement,
    sure: &[InstanceId],
    tied: &[InstanceId],
    count: usize,
) -> Choices {
    let mut found = Choices::default();
    let mut seen = BTreeSet::new();
    let mut chosen: Vec<usize> = (0..count).collect();
    loop {
        let kind = |at: &usize| {
            let instance = placement.instance(tied[*at]);
            (instance.class, instance.node(), instance.origin.is_some(), instance.starting)
        };
        let mut kinds: Vec<_> = chosen.iter().map(kind).collect();
        kinds.sort_unstable();
        if seen.insert(kinds) {
            let mut set: Vec<InstanceId> =
                sure.iter().copied().chain(chosen.iter().map(|at| tied[*at])).collect();
            set.sort_unstable();
            found.sets.push(set);
        }
        if found.sets.len() >= CHOICES_MAX {
            found.more = true;
            return found;
        }
        // The next choice in the order of positions.
        let movable = (0..count).rev().find(|at| chosen[*at] + count - at < tied.len());
        let Some(at) = movable else { return found };
        chosen[at] += 1;
        for next in at + 1..count {
            chosen[next] = chosen[next - 1] + 1;
        }
    }
}
