//! How many nodes can go at most, as sums tell.
//!
//! Pods that only some nodes would take, were all that can move gone, ask those nodes for room.
//! What is left of it without the removed nodes, and without what fails besides, must hold them;
//! pods that must be apart, or that are there at all, need as many nodes. Nodes that are taken away
//! only make that worse, so what is too few for a set is so for every larger one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, Plugin, Pod, Profile};
use holdfast_proof::report::Question;
use holdfast_proof::subject::{Subject, follows_nodes};
use holdfast_scheduler::Scheduler;
use holdfast_scheduler::decision::NodeVerdict;

use super::{Lack, Scarce};

/// CPU, memory, pods.
type Amounts = [i128; 3];

const RESOURCES: [Scarce; 3] = [Scarce::Cpu, Scarce::Memory, Scarce::Pods];

/// What must run, and on which nodes it may.
#[derive(Clone, Debug)]
struct Group {
    nodes: BTreeSet<NodeId>,
    needs: Amounts,
    /// What each of its pods asks for, by resource, the most first.
    asks: [Vec<i128>; 3],
    /// So many nodes, at least.
    apart: usize,
    /// It is to hold after failures, too.
    survives: bool,
}

/// Room and what needs it.
#[derive(Clone, Debug)]
pub(super) struct Sums<'r> {
    question: Option<&'r Question>,
    /// By node: what pods that can move may take.
    room: Vec<Amounts>,
    /// And what they take.
    taken: Vec<Amounts>,
    /// By class of pods that must run: the nodes that take them.
    takes: BTreeMap<ClassId, BTreeSet<NodeId>>,
    groups: Vec<Group>,
    nodes: Vec<NodeId>,
}

impl<'r> Sums<'r> {
    /// Sums over the pods of these subjects, each with whether it is to survive.
    pub(super) fn new(
        cluster: &Cluster,
        placement: &Placement,
        subjects: &[(&Subject, bool)],
        question: Option<&'r Question>,
    ) -> Self {
        let empty = emptied(cluster, placement);
        let mut sums = Self {
            question,
            room: cluster.node_ids().map(|id| room(cluster, &empty, placement, id)).collect(),
            taken: cluster.node_ids().map(|id| taken_by_movable(&empty, placement, id)).collect(),
            takes: BTreeMap::new(),
            groups: Vec::new(),
            nodes: cluster.node_ids().collect(),
        };
        let mut pods: Vec<(ClassId, bool)> = Vec::new();
        let mut kinds: Vec<(ClassId, usize, bool)> = Vec::new();
        for (subject, survives) in subjects {
            let own = ready(cluster, placement, subject);
            for (class, on) in &own {
                let takes = sums.takes.entry(*class);
                takes.or_insert_with(|| taken(cluster, &empty, *class)).insert(*on);
                pods.push((*class, *survives));
            }
            if let Some((class, _)) = own.first() {
                let alike = own.iter().all(|(other, _)| other == class);
                let homes: BTreeSet<NodeId> = own.iter().map(|(_, on)| *on).collect();
                // Pods that are on one node in spite of it may stay there.
                let apart = alike && homes.len() == own.len() && is_apart(cluster, *class);
                let apart = if apart { own.len() } else { 1 };
                kinds.push((*class, apart, *survives));
            }
        }
        if is_strict(cluster) {
            sums.group(cluster, &pods, &kinds);
        }
        sums
    }

    /// One group for each set of nodes that some pods are bound to.
    fn group(
        &mut self,
        cluster: &Cluster,
        pods: &[(ClassId, bool)],
        kinds: &[(ClassId, usize, bool)],
    ) {
        let sets: BTreeSet<&BTreeSet<NodeId>> = self.takes.values().collect();
        let mut groups = Vec::new();
        for survives in [false, true].into_iter().filter(|it| !it || self.question.is_some()) {
            for nodes in &sets {
                let within = |class: &ClassId| self.takes[class].is_subset(nodes);
                let meant = |asked: bool| asked || !survives;
                let mut asks = [const { Vec::new() }; 3];
                for (class, _) in pods.iter().filter(|it| within(&it.0) && meant(it.1)) {
                    let asked = &cluster.spec_of(*class).requests;
                    let asked: Amounts = [asked.cpu_milli.into(), asked.memory.into(), 1];
                    (0..3).for_each(|at| asks[at].push(asked[at]));
                }
                for asks in &mut asks {
                    asks.sort_unstable_by_key(|asked| Reverse(*asked));
                }
                let needs = [0, 1, 2].map(|at: usize| asks[at].iter().sum());
                let kinds = kinds.iter().filter(|it| within(&it.0) && meant(it.2));
                let apart = kinds.map(|it| it.1).max().unwrap_or(0);
                if apart > 0 {
                    groups.push(Group { nodes: (*nodes).clone(), needs, asks, apart, survives });
                }
            }
        }
        // Small groups first, which leave most room for others apart from them.
        groups.sort_by_key(|group| group.nodes.len());
        self.groups = groups;
    }

    /// Whether a pod of the class finds a node without this one.
    pub(super) fn takes_elsewhere(&self, class: ClassId, node: NodeId) -> bool {
        self.takes.get(&class).is_none_or(|nodes| nodes.iter().any(|other| *other != node))
    }

    /// What is too scarce without these nodes.
    pub(super) fn lack(&self, gone: &BTreeSet<NodeId>) -> Option<Lack> {
        self.groups.iter().find_map(|group| self.lacks(group, gone))
    }

    fn lacks(&self, group: &Group, gone: &BTreeSet<NodeId>) -> Option<Lack> {
        let left: Vec<NodeId> = group.nodes.difference(gone).copied().collect();
        match self.question.filter(|_| group.survives) {
            None => self.short(group, &left, 0),
            Some(Question::AnyNodes(most)) => self.short(group, &left, *most),
            Some(question) => question.sets(&self.nodes).find_map(|set| {
                let is_left = |node: &&NodeId| !set.nodes().contains(node);
                let left: Vec<NodeId> = left.iter().filter(is_left).copied().collect();
                self.short(group, &left, 0)
            }),
        }
    }

    /// What is too scarce on the nodes that are left once so many of them fail.
    fn short(&self, group: &Group, left: &[NodeId], failing: usize) -> Option<Lack> {
        let serving = left.len().saturating_sub(failing);
        if left.len() < group.apart + failing {
            let (needed, left) = (group.apart as i128, serving as i128);
            return Some(Lack { scarce: Scarce::Nodes, pods: group.apart, needed, left });
        }
        (0..3).find_map(|at| {
            let left = self.sum_without(left, at, failing);
            (left < group.needs[at]).then(|| {
                let (pods, needed) = first_too_many(&group.asks[at], left);
                Lack { scarce: RESOURCES[at], pods, needed, left }
            })
        })
    }

    /// The room on nodes but for those with most of it.
    fn sum_without(&self, nodes: &[NodeId], resource: usize, but_for: usize) -> i128 {
        let mut all: Vec<i128> = nodes.iter().map(|id| self.room[id.index()][resource]).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        all.iter().skip(but_for).sum()
    }

    /// How many of these nodes can go at most.
    pub(super) fn most(&self, candidates: &[NodeId]) -> usize {
        let of = |group: &Group| candidates.iter().filter(|id| group.nodes.contains(id)).count();
        let spare = |group: &Group| of(group) - self.spared(group, candidates);
        let alone = self.groups.iter().map(spare).max().unwrap_or(0);
        let (mut covered, mut together) = (BTreeSet::new(), 0);
        for group in &self.groups {
            if covered.is_disjoint(&group.nodes) {
                covered.extend(group.nodes.iter().copied());
                together += spare(group);
            }
        }
        candidates.len() - alone.max(together)
    }

    /// How many of the nodes the group can spare: each resource by itself, the smallest first.
    fn spared(&self, group: &Group, candidates: &[NodeId]) -> usize {
        let within = candidates.iter().copied().filter(|id| group.nodes.contains(id));
        let within: Vec<NodeId> = within.collect();
        let by = |resource: usize| {
            let mut order = within.clone();
            order.sort_by_key(|id| (self.room[id.index()][resource], *id));
            let fits = |count: &usize| {
                let gone: BTreeSet<NodeId> = order[..*count].iter().copied().collect();
                let lacking = self.lacks_of(group, &gone, resource);
                !lacking
            };
            (0..=order.len()).rev().find(fits).unwrap_or(0)
        };
        (0..3).map(by).min().unwrap_or(0)
    }

    /// Whether this resource, or nodes, are too scarce; which domains fail is left out.
    fn lacks_of(&self, group: &Group, gone: &BTreeSet<NodeId>, resource: usize) -> bool {
        let left: Vec<NodeId> = group.nodes.difference(gone).copied().collect();
        let most = match self.question.filter(|_| group.survives) {
            Some(Question::AnyNodes(most)) => *most,
            _ => 0,
        };
        left.len() < group.apart + most
            || self.sum_without(&left, resource, most) < group.needs[resource]
    }

    /// Puts the nodes first that have least room and least of it taken: the share of all there is,
    /// of what they have and of what moves, each of what it is most.
    pub(super) fn by_room(&self, nodes: &mut [NodeId]) {
        let all = |at: usize| self.room.iter().map(|room| room[at]).sum::<i128>().max(1);
        let all = [all(0), all(1), all(2)];
        nodes.sort_by_key(|id| {
            let share = |amounts: &Amounts| {
                (0..2).map(|at| amounts[at] * 1_000_000 / all[at]).max().unwrap_or(0)
            };
            (share(&self.room[id.index()]) + share(&self.taken[id.index()]), *id)
        });
    }
}

/// The fewest of these that are together more than `left`, and how much they are: each is needed
/// for it, as the largest come first. Together all are more.
fn first_too_many(asks: &[i128], left: i128) -> (usize, i128) {
    let (mut pods, mut needed) = (0, 0);
    for asked in asks {
        if needed > left {
            break;
        }
        (pods, needed) = (pods + 1, needed + asked);
    }
    (pods, needed)
}

/// The placement without pods that can move.
fn emptied(cluster: &Cluster, placement: &Placement) -> Placement {
    let mut empty = placement.clone();
    for id in placement.instance_ids() {
        let instance = placement.instance(id);
        let kind = cluster.workload(instance.workload).kind;
        if instance.node().is_some() && !follows_nodes(kind) {
            empty.remove(cluster, id);
        }
    }
    empty
}

/// What pods that can move may take of a node: what is taken now, where that is more than there is.
fn room(cluster: &Cluster, empty: &Placement, full: &Placement, id: NodeId) -> Amounts {
    let (node, fixed, used) = (cluster.node(id), empty.node(id), full.node(id));
    let left = |all: i64, fixed: i64, used: i64| i128::from(all.max(used)) - i128::from(fixed);
    let pods = |usage: &holdfast_cluster::placement::NodeUse| usage.pods.len() as i64;
    [
        left(node.allocatable.cpu_milli, fixed.requested.cpu_milli, used.requested.cpu_milli),
        left(node.allocatable.memory, fixed.requested.memory, used.requested.memory),
        left(node.pods_allocatable, pods(fixed), pods(used)),
    ]
}

/// What pods that can move take of a node.
fn taken_by_movable(empty: &Placement, full: &Placement, id: NodeId) -> Amounts {
    let (fixed, used) = (empty.node(id), full.node(id));
    let moving = |used: i64, fixed: i64| i128::from(used) - i128::from(fixed);
    [
        moving(used.requested.cpu_milli, fixed.requested.cpu_milli),
        moving(used.requested.memory, fixed.requested.memory),
        moving(used.pods.len() as i64, fixed.pods.len() as i64),
    ]
}

/// The classes of a subject's pods that serve, as they are made again, and where they are.
fn ready(cluster: &Cluster, placement: &Placement, subject: &Subject) -> Vec<(ClassId, NodeId)> {
    if follows_nodes(cluster.workload(subject.root).kind) {
        return Vec::new();
    }
    let pods = subject.instances(placement).collect::<Vec<InstanceId>>();
    let pods = pods.into_iter().map(|id| placement.instance(id)).filter(|pod| pod.ready);
    let class = |pod: &holdfast_cluster::Instance| Some((pod.next_class(cluster), pod.node()?));
    pods.filter_map(class).collect()
}

/// The nodes that take a pod of the class when nobody is in its way, and perhaps more: company that
/// is asked for is not there, spread changes with whoever comes, and volumes are attached until
/// their pods are gone.
fn taken(cluster: &Cluster, empty: &Placement, class: ClassId) -> BTreeSet<NodeId> {
    let scheduler = Scheduler::new(cluster);
    let mut placement = empty.clone();
    let all = || cluster.node_ids().collect();
    let of_class = |pod: &&Pod| pod.replacement == class || pod.class == class;
    let Some(pod) = cluster.pods().iter().find(of_class) else { return all() };
    let pod = placement.add(cluster, class, pod.workload, None);
    let company = &cluster.spec_of(class).pod_affinity;
    if scheduler.profile_of(&placement, pod).is_none() || !company.required.is_empty() {
        return all();
    }
    let decision = scheduler.decide(&placement, pod);
    if decision.nodes.is_empty() {
        return all();
    }
    let passing = |plugin| matches!(plugin, Plugin::PodTopologySpread | Plugin::NodeVolumeLimits);
    let takes = |(node, verdict): &(NodeId, NodeVerdict)| match verdict {
        NodeVerdict::Feasible(_) => Some(*node),
        NodeVerdict::Rejected(why) => passing(why.plugin).then_some(*node),
        NodeVerdict::LeftOut => None,
    };
    decision.nodes.iter().filter_map(takes).collect()
}

/// Whether every scheduler minds room and company.
fn is_strict(cluster: &Cluster) -> bool {
    let minds = |profile: &Profile| {
        [Plugin::NodeResourcesFit, Plugin::InterPodAffinity]
            .iter()
            .all(|plugin| profile.filters.contains(plugin))
    };
    cluster.scheduling().profiles.iter().all(minds)
}

/// Whether no two pods of the class are on one node, by required anti-affinity.
fn is_apart(cluster: &Cluster, class: ClassId) -> bool {
    let of = cluster.class(class);
    let of_namespace = cluster.namespace_labels(of.namespace);
    let labels = cluster.labels(of.labels);
    cluster.spec(of.spec).pod_anti_affinity.required.iter().any(|term| {
        let mut nodes = cluster.nodes().iter();
        nodes.all(|node| node.labels.get(term.topology_key).is_some())
            && term.matches(of.namespace, of_namespace, labels, cluster.symbols())
    })
}

#[cfg(test)]
mod tests {
    use super::first_too_many;

    #[test]
    fn as_few_as_are_too_many() {
        assert_eq!(first_too_many(&[4, 3, 2, 1], 6), (2, 7));
        assert_eq!(first_too_many(&[4, 3, 2, 1], 7), (3, 9), "as much as is left fits");
    }
}
