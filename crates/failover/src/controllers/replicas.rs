//! ReplicaSets that want more pods than they have, or fewer.
//!
//! Models `manageReplicas`, `getPodsToDelete` and `getPodsRankedByRelatedPodsOnSameNode` of
//! `pkg/controller/replicaset/replica_set.go` and `ActivePodsWithRanks` of
//! `pkg/controller/controller_utils.go` (v1.36.3).

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::pod::Phase;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, Instance, InstanceId, NodeId, Placement, WorkloadId};

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
/// then those that are not ready, those that have not started, those whose deletion costs less
/// (`controller.kubernetes.io/pod-deletion-cost`), and those with more company of their kind on
/// their node. What then decides (when they became ready in powers of two, as it is when the
/// controller looks; restarts; age; a random number) is not kept, and so any of them may go.
pub fn choices(cluster: &Cluster, placement: &Placement, workload: WorkloadId) -> Choices {
    let surplus = surplus(cluster, placement, workload);
    if surplus == 0 {
        return Choices::default();
    }
    let company = company(cluster, placement, workload);
    let costs = Costs::of(cluster, workload);
    let mut groups: BTreeMap<Kind, Vec<InstanceId>> = BTreeMap::new();
    for (id, instance) in active(placement, workload) {
        let near = instance.node().and_then(|node| company.get(&node)).copied().unwrap_or(0);
        let rank = Rank {
            bound: !instance.is_pending(),
            ready: instance.ready,
            phase: phase(cluster, id, instance),
            cost: costs.cost(cluster, id, instance),
            near: Reverse(near),
        };
        let kind =
            (rank, instance.class, instance.node(), instance.origin.is_some(), instance.starting);
        groups.entry(kind).or_default().push(id);
    }
    let groups: Vec<Group> =
        groups.into_iter().map(|((rank, ..), pods)| Group { rank, pods }).collect();
    Picker::new(&groups, surplus).pick()
}

/// What decides who goes, as far as it is known; the lowest goes first (`ActivePodsWithRanks`).
/// Whoever is ready has started, so that it does not matter which of the two is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    bound: bool,
    ready: bool,
    /// `podPhaseToOrdinal`, where it is known.
    phase: Option<u8>,
    /// Where it is known.
    cost: Option<i32>,
    near: Reverse<u32>,
}

impl Rank {
    /// Whether a pod goes before another, whatever is not known of them.
    fn is_surely_before(&self, other: &Self) -> bool {
        let known = (self.bound, self.ready).cmp(&(other.bound, other.ready));
        let phases = || self.phase.zip(other.phase).map(|(own, other)| own.cmp(&other));
        let costs = || self.cost.zip(other.cost).map(|(own, other)| own.cmp(&other));
        let order = match known {
            Ordering::Equal => match phases() {
                Some(Ordering::Equal) => match costs() {
                    Some(Ordering::Equal) => Some(self.near.cmp(&other.near)),
                    decided => decided,
                },
                decided => decided,
            },
            decided => Some(decided),
        };
        order == Some(Ordering::Less)
    }
}

/// How far a pod has started: `Pending`, `Unknown`, `Running`; `None` where that is not known. A
/// pod that was bound since has started unless something keeps it from it; of one that is about to
/// nobody knows whether a container of it runs.
fn phase(cluster: &Cluster, id: InstanceId, instance: &Instance) -> Option<u8> {
    if instance.attaching || instance.is_pending() {
        return Some(0);
    }
    let own = instance.origin.filter(|pod| InstanceId::from(*pod) == id);
    let read = own.map(|pod| cluster.pod(pod)).filter(|pod| pod.node.is_some());
    match read.map(|pod| pod.phase) {
        _ if instance.ready => Some(2),
        Some(Phase::Running) => Some(2),
        Some(Phase::Unknown) => Some(1),
        Some(Phase::Pending) if !instance.healthy => Some(0),
        _ => (instance.healthy && !instance.starved && !instance.starting).then_some(2),
    }
}

/// What the deletion of pods costs.
struct Costs {
    /// Of pods made anew: the template's, unless somebody sets other costs on the pods themselves.
    anew: Option<i32>,
}

impl Costs {
    fn of(cluster: &Cluster, workload: WorkloadId) -> Self {
        let of_template = cluster.workload(workload).deletion_cost;
        let mut own = cluster.pods().iter().filter(|pod| pod.workload == workload);
        let anew = own.all(|pod| pod.deletion_cost == of_template).then_some(of_template);
        Self { anew }
    }

    fn cost(&self, cluster: &Cluster, id: InstanceId, instance: &Instance) -> Option<i32> {
        match instance.origin.filter(|pod| InstanceId::from(*pod) == id) {
            Some(pod) => Some(cluster.pod(pod).deletion_cost),
            None => self.anew,
        }
    }
}

/// Pods of a workload that are not to be deleted.
fn active(
    placement: &Placement,
    workload: WorkloadId,
) -> impl Iterator<Item = (InstanceId, &Instance)> {
    let all = placement.of_workload(workload).into_iter().map(|id| (id, placement.instance(id)));
    all.filter(|(_, instance)| !instance.terminating && instance.whereabouts != Whereabouts::Gone)
}

/// How many active pods of the same Deployment are on each node.
fn company(
    cluster: &Cluster,
    placement: &Placement,
    workload: WorkloadId,
) -> BTreeMap<NodeId, u32> {
    let alone = [workload];
    let owner = cluster.workload(workload).owner;
    let related = owner.map_or(&alone[..], |owner| cluster.owned(owner));
    let mut company = BTreeMap::new();
    for id in related.iter().flat_map(|set| placement.of_workload(*set)) {
        let instance = placement.instance(id);
        if let Some(node) = instance.node().filter(|_| !instance.terminating) {
            *company.entry(node).or_default() += 1;
        }
    }
    company
}

/// Pods that differ in nothing but their names are not told apart.
type Kind = (Rank, ClassId, Option<NodeId>, bool, bool);

struct Group {
    rank: Rank,
    pods: Vec<InstanceId>,
}

/// Finds every way to take `count` pods of groups such that nobody stays who surely goes before one
/// that is taken.
struct Picker<'g> {
    groups: &'g [Group],
    count: usize,
    /// The fewest and the most of each group that may be taken.
    limits: Vec<(usize, usize)>,
    taken: Vec<usize>,
    found: Choices,
}

impl<'g> Picker<'g> {
    fn new(groups: &'g [Group], count: usize) -> Self {
        let all: usize = groups.iter().map(|group| group.pods.len()).sum();
        let sizes = |asked: &dyn Fn(&Group) -> bool| -> usize {
            groups.iter().filter(|group| asked(group)).map(|group| group.pods.len()).sum()
        };
        let limits = groups.iter().map(|group| {
            let size = group.pods.len();
            let before = sizes(&|other| other.rank.is_surely_before(&group.rank));
            let after = sizes(&|other| group.rank.is_surely_before(&other.rank));
            let instead = all - after - size;
            (count.saturating_sub(instead).min(size), count.saturating_sub(before).min(size))
        });
        Self {
            groups,
            count,
            limits: limits.collect(),
            taken: Vec::new(),
            found: Choices::default(),
        }
    }

    fn pick(mut self) -> Choices {
        self.go_on(self.count);
        self.found
    }

    /// Takes pods of the next group, and of those behind it, `left` in all.
    fn go_on(&mut self, left: usize) {
        let at = self.taken.len();
        let Some(&(least, most)) = self.limits.get(at) else {
            self.put();
            return;
        };
        let behind = &self.limits[at + 1..];
        let fewest: usize = behind.iter().map(|(least, _)| least).sum();
        let most_behind: usize = behind.iter().map(|(_, most)| most).sum();
        let least = least.max(left.saturating_sub(most_behind));
        let most = most.min(left.saturating_sub(fewest));
        for count in (least..=most).rev() {
            if self.found.more {
                return;
            }
            self.taken.push(count);
            self.go_on(left - count);
            self.taken.pop();
        }
    }

    fn put(&mut self) {
        let of_group = || self.groups.iter().zip(&self.taken);
        let stays = |(group, taken): (&Group, &usize)| *taken < group.pods.len();
        let skipped = of_group().filter(|(_, taken)| **taken > 0).any(|(group, _)| {
            of_group()
                .filter(|other| stays(*other))
                .any(|(other, _)| other.rank.is_surely_before(&group.rank))
        });
        if skipped {
            return;
        }
        if self.found.sets.len() >= CHOICES_MAX {
            self.found.more = true;
            return;
        }
        let mut set: Vec<InstanceId> =
            of_group().flat_map(|(group, taken)| group.pods[..*taken].iter().copied()).collect();
        set.sort_unstable();
        self.found.sets.push(set);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use holdfast_ingest::{Options, Source, load};

    use super::*;

    /// A pod of the ReplicaSet: its node, its phase, whether it is ready, what its deletion costs.
    type Row<'r> = (&'r str, &'r str, bool, i32);

    /// The names of the pods that go first when a ReplicaSet of these pods, `0`, `1` and so on, is
    /// to have so many.
    fn deleted(pods: &[Row<'_>], wanted: usize) -> Vec<Vec<String>> {
        let mut text = format!(
            r#"{{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{{"name":"web"}},"spec":{{
            "replicas":{wanted},"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{
            "metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c"}}]}}}}}}}}"#
        );
        for node in ["a", "b", "c"] {
            let _ = write!(
                text,
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{node}"}},
                "status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
            );
        }
        for (number, (node, phase, ready, cost)) in pods.iter().enumerate() {
            let ready = if *ready { "True" } else { "False" };
            let _ = write!(
                text,
                r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{number}",
                "labels":{{"app":"web"}},
                "annotations":{{"controller.kubernetes.io/pod-deletion-cost":"{cost}"}},
                "ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web",
                "controller":true}}]}},"spec":{{"nodeName":"{node}","containers":[{{"name":"c"}}]}},
                "status":{{"phase":"{phase}","conditions":[{{"type":"Ready",
                "status":"{ready}"}}]}}}}"#
            );
        }
        let cluster = load(vec![Source::named("export", text)], &Options::default()).cluster;
        let placement = Placement::of(&cluster);
        let set = cluster.pod(cluster.pod_ids().next().unwrap()).workload;
        let choices = choices(&cluster, &placement, set);
        assert!(!choices.more);
        let name = |id: &InstanceId| {
            let origin = placement.instance(*id).origin.unwrap();
            cluster.text(cluster.pod(origin).name).to_owned()
        };
        let mut sets: Vec<Vec<String>> =
            choices.sets.iter().map(|set| set.iter().map(name).collect()).collect();
        sets.sort_unstable();
        sets
    }

    const RUNS: &str = "Running";

    #[test]
    fn who_goes_first() {
        let unbound = [("a", RUNS, true, 0), ("", "Pending", false, 9)];
        assert_eq!(deleted(&unbound, 1), [["1"]]);
        let unready = [("a", RUNS, true, 0), ("b", RUNS, false, 9)];
        assert_eq!(deleted(&unready, 1), [["1"]]);
        let starts = [("a", RUNS, false, 0), ("a", RUNS, false, 0), ("b", "Pending", false, 9)];
        assert_eq!(
            deleted(&starts, 2),
            [["2"]],
            "what has not started goes before what costs less"
        );
        let dear = [("a", RUNS, true, 5), ("a", RUNS, true, 5), ("b", RUNS, true, -1)];
        assert_eq!(deleted(&dear, 2), [["2"]], "cost goes before company");
        let company = [("a", RUNS, true, 0), ("b", RUNS, true, 0), ("b", RUNS, true, 0)];
        assert_eq!(deleted(&company, 2), [["1"]], "those of b cannot be told apart");
        let alike = [("a", RUNS, true, 0), ("b", RUNS, true, 0), ("c", RUNS, true, 0)];
        assert_eq!(deleted(&alike, 1), [["0", "1"], ["0", "2"], ["1", "2"]]);
    }

    /// Pods that nothing can tell apart are one choice, however many there are.
    #[test]
    fn many_pods_without_a_node() {
        let pods = [("", "Pending", false, 0); 60];
        assert_eq!(deleted(&pods, 30).len(), 1);
    }
}
