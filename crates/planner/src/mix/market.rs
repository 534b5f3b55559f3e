//! What is for sale and what is wanted, as far as sums can tell.
//!
//! Everything here errs one way: what lets a pod in that no node would take only makes the bound
//! lower. So a rule about other pods that can move is left out, and a pod may be on every node on
//! which it runs.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{
    ClassId, Cluster, NodeId, Placement, Plugin, PodId, Resources, Symbol, WorkloadId,
};
use holdfast_proof::rules::Resource;
use holdfast_proof::subject::{Subjects, follows_nodes};
use holdfast_scheduler::{Need, Needs, Scheduler};
use num_integer::Integer;

use super::bound::{PARTS, Prices, value};

/// One node that can be bought, or nodes alike that are there.
#[derive(Clone, Debug)]
pub(super) struct Bin {
    /// What pods that can move may ask for, by resource.
    pub(super) room: Vec<i128>,
    /// What one costs.
    pub(super) price: i128,
    /// How many there are; `None` is for sale.
    pub(super) there: Option<i128>,
    /// The value of the label by which nodes fail together.
    pub(super) domain: Option<String>,
}

/// Pods that ask for the same and may be in the same places.
#[derive(Clone, Debug)]
pub(super) struct Class {
    /// What each asks for, by resource.
    pub(super) asks: Vec<i128>,
    /// The bins that may hold one.
    pub(super) open: Vec<bool>,
    /// How many there are.
    pub(super) count: i128,
    /// How many of them come back after every failure.
    pub(super) back: i128,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Market {
    /// First what is for sale, in the order of offers, then what is there.
    pub(super) bins: Vec<Bin>,
    /// The pods.
    pub(super) classes: Vec<Class>,
    /// Which class the pods of a kind belong to.
    of_kind: BTreeMap<ClassId, usize>,
    /// Pods that no node takes, whichever is bought: with what each node lacks.
    pub(super) homeless: Vec<(PodId, Needs)>,
    /// Pods that lack something of their own, which no node gives them.
    pub(super) lacking: Vec<(PodId, Needs)>,
}

/// A cluster with one node of each offer, on which only what cannot move runs.
pub(super) struct Site<'a> {
    /// The cluster, `DaemonSets` seated.
    pub(super) cluster: &'a Cluster,
    /// The node of each offer.
    pub(super) nodes: &'a [NodeId],
    /// What each costs.
    pub(super) prices: &'a [i128],
    /// The label by which nodes fail together.
    pub(super) label: Option<&'a str>,
}

impl Market {
    pub(super) fn of(site: &Site<'_>) -> Self {
        let cluster = site.cluster;
        let today = Placement::of(cluster);
        let movable: Vec<PodId> =
            cluster.pod_ids().filter(|id| moves(cluster, &today, *id)).collect();
        let resources = resources(cluster, &movable);
        let mut fixed = today.clone();
        for id in &movable {
            fixed.remove(cluster, (*id).into());
        }
        let mut bins: Vec<Bin> = Vec::new();
        let mut of_node: Vec<usize> = vec![0; cluster.nodes().len()];
        let mut alike: BTreeMap<(Vec<i128>, Option<String>), usize> = BTreeMap::new();
        for (at, node) in site.nodes.iter().enumerate() {
            of_node[node.index()] = at;
            bins.push(bin(site, &resources, (&fixed, &today), *node));
            bins[at].price = site.prices[at];
        }
        for node in cluster.node_ids().filter(|node| !site.nodes.contains(node)) {
            let there = Bin { there: Some(1), ..bin(site, &resources, (&fixed, &today), node) };
            // Whatever one of them takes all of them may hold.
            let key = (there.room.clone(), there.domain.clone());
            let at = *alike.entry(key).or_insert(bins.len());
            match bins.get_mut(at) {
                Some(known) => known.there = known.there.map(|count| count + 1),
                None => bins.push(there),
            }
            of_node[node.index()] = at;
        }
        let mut market = Self {
            bins,
            classes: Vec::new(),
            of_kind: BTreeMap::new(),
            homeless: Vec::new(),
            lacking: Vec::new(),
        };
        market.sort_pods(&Sorting { cluster, today: &today, fixed, resources, movable, of_node });
        market.round();
        market
    }

    /// Leaves out of each room what no pods fill: whoever is there, they ask together for a
    /// multiple of what divides all that any of them asks for.
    fn round(&mut self) {
        for (at, bin) in self.bins.iter_mut().enumerate() {
            for (resource, room) in bin.room.iter_mut().enumerate() {
                let open = self.classes.iter().filter(|class| class.open[at]);
                match open.fold(0, |known, class| known.gcd(&class.asks[resource])) {
                    0 => {}
                    unit => *room -= *room % unit,
                }
            }
        }
    }

    /// Sorts the pods by what they ask for and where they may be.
    fn sort_pods(&mut self, sorting: &Sorting<'_>) {
        let Sorting { cluster, today, resources, movable, of_node, .. } = sorting;
        let scheduler = Scheduler::new(cluster);
        let mut kinds: BTreeMap<ClassId, Vec<PodId>> = BTreeMap::new();
        for id in movable {
            kinds.entry(today.instance((*id).into()).class).or_default().push(*id);
        }
        let mut known: BTreeMap<(Vec<i128>, Vec<bool>), usize> = BTreeMap::new();
        for (kind, pods) in kinds {
            let needs = sorting.needs(&scheduler, kind, pods[0]);
            let mut open = vec![false; self.bins.len()];
            for (node, needs) in &needs.nodes {
                open[of_node[node.index()]] |= !needs.iter().any(|(_, need)| lasts(need));
            }
            for node in pods.iter().filter_map(|id| today.instance((*id).into()).node()) {
                open[of_node[node.index()]] = true;
            }
            if !needs.pod.is_empty() {
                let waits = |id: &&PodId| today.instance((**id).into()).is_pending();
                let lacking = pods.iter().filter(waits).map(|id| (*id, needs.clone()));
                self.lacking.extend(lacking);
                continue;
            }
            if !open.contains(&true) {
                let mut needs = needs;
                for (_, needs) in &mut needs.nodes {
                    needs.retain(|(_, need)| lasts(need));
                }
                self.homeless.push((pods[0], needs));
                continue;
            }
            let asks = asks(cluster, kind, resources);
            let at = *known.entry((asks.clone(), open.clone())).or_insert_with(|| {
                self.classes.push(Class { asks, open, count: 0, back: 0 });
                self.classes.len() - 1
            });
            self.classes[at].count += pods.len() as i128;
            self.of_kind.insert(kind, at);
        }
    }

    /// The same prices, lowered where the room of a node would be worth more than it costs.
    pub(super) fn tamed(&self, prices: &Prices) -> Prices {
        let lowered = |(bin, prices): (&Bin, &Vec<i128>)| {
            let worth = value(&bin.room, prices).filter(|worth| *worth > 0);
            let cost = bin.price.checked_mul(PARTS);
            let (Some(worth), Some(cost)) = (worth, cost) else { return prices.clone() };
            // Both are brought down to numbers that can be multiplied.
            let shift = 128_u32.saturating_sub(worth.leading_zeros()).saturating_sub(40);
            let (worth, cost) = ((worth >> shift) + 1, cost >> shift);
            let lower = |price: &i128| price.checked_mul(cost).map_or(0, |product| product / worth);
            let is_dear = cost < worth && bin.there.is_none();
            if is_dear { prices.iter().map(lower).collect() } else { prices.clone() }
        };
        self.bins.iter().zip(prices).map(lowered).collect()
    }

    /// Says which pods come back after every failure: those of these workloads.
    pub(super) fn come_back(&mut self, cluster: &Cluster, returns: impl Fn(WorkloadId) -> bool) {
        let placement = Placement::of(cluster);
        let subjects = Subjects::of(cluster, &placement);
        self.classes.iter_mut().for_each(|class| class.back = 0);
        for subject in &subjects.subjects {
            let kind = cluster.workload(subject.root).kind;
            if follows_nodes(kind) || !returns(subject.root) {
                continue;
            }
            let living = subject.instances(&placement).filter(|id| {
                let instance = placement.instance(*id);
                (instance.is_pending() || instance.node().is_some()) && !instance.terminating
            });
            let classes: Vec<Option<usize>> =
                living.map(|id| self.of_kind.get(&placement.instance(id).class).copied()).collect();
            // What comes back may be of any of its kinds where they differ: none is counted on.
            let Some(Some(first)) = classes.first().copied() else { continue };
            if classes.iter().any(|class| *class != Some(first)) {
                continue;
            }
            let wanted = i128::from(subject.desired(cluster, &placement));
            self.classes[first].back += wanted.min(classes.len() as i128);
        }
    }
}

/// What pods are sorted by.
struct Sorting<'a> {
    cluster: &'a Cluster,
    today: &'a Placement,
    /// Without anything that can move.
    fixed: Placement,
    resources: Vec<Resource>,
    movable: Vec<PodId>,
    of_node: Vec<usize>,
}

impl Sorting<'_> {
    /// What a pod of the kind lacks on each node where nothing is but what cannot move.
    fn needs(&self, scheduler: &Scheduler<'_>, kind: ClassId, pod: PodId) -> Needs {
        let mut fixed = self.fixed.clone();
        let workload = self.cluster.pod(pod).workload;
        let alone = fixed.add(self.cluster, kind, workload, Some(pod));
        scheduler.needs(&fixed, alone)
    }
}

/// Whether a pod is placed like others: it lives, and its number does not follow from the nodes.
fn moves(cluster: &Cluster, placement: &Placement, id: PodId) -> bool {
    let instance = placement.instance(id.into());
    let lives = instance.is_pending() || instance.node().is_some();
    lives && !instance.terminating && !follows_nodes(cluster.workload(instance.workload).kind)
}

/// The resources that are counted: those that any of the pods asks for.
fn resources(cluster: &Cluster, movable: &[PodId]) -> Vec<Resource> {
    let mut scalars: BTreeSet<Symbol> = BTreeSet::new();
    for id in movable {
        let requests = &cluster.spec_of(cluster.pod(*id).class).requests;
        scalars.extend(
            requests.scalars.iter().filter(|(_, amount)| *amount > 0).map(|(name, _)| *name),
        );
    }
    [Resource::Pods, Resource::Cpu, Resource::Memory, Resource::EphemeralStorage]
        .into_iter()
        .chain(scalars.into_iter().map(Resource::Scalar))
        .collect()
}

/// What a pod of the kind asks for, where its scheduler looks at requests as all do.
fn asks(cluster: &Cluster, kind: ClassId, resources: &[Resource]) -> Vec<i128> {
    let spec = cluster.spec_of(kind);
    let checked = cluster.scheduling().profile(spec.scheduler_name).is_some_and(|profile| {
        profile.filters.contains(&Plugin::NodeResourcesFit)
            && profile.fit.ignored.is_empty()
            && profile.fit.ignored_groups.is_empty()
    });
    let of = |resource: &Resource| i128::from(resource.asked(&spec.requests).max(0));
    resources.iter().map(|resource| if checked { of(resource) } else { 0 }).collect()
}

/// What pods that can move may ask for on a node: what is left of it, or what they ask for today
/// where that is more.
fn bin(
    site: &Site<'_>,
    resources: &[Resource],
    (fixed, today): (&Placement, &Placement),
    id: NodeId,
) -> Bin {
    let node = site.cluster.node(id);
    let amount = |resource: Resource, pods: i64, amounts: &Resources| {
        if resource == Resource::Pods {
            i128::from(pods)
        } else {
            i128::from(resource.asked(amounts))
        }
    };
    let used = |placement: &Placement, resource: Resource| {
        let used = placement.node(id);
        amount(resource, used.pods.len() as i64, &used.requested)
    };
    let room = |resource: &Resource| {
        let all = amount(*resource, node.pods_allocatable, &node.allocatable);
        let moving = used(today, *resource) - used(fixed, *resource);
        (all - used(fixed, *resource)).max(moving).max(0)
    };
    let key = site.label.and_then(|label| site.cluster.find(label));
    let domain = key.and_then(|key| node.labels.get(key));
    Bin {
        room: resources.iter().map(room).collect(),
        price: 0,
        there: None,
        domain: domain.map(|value| site.cluster.text(value).to_owned()),
    }
}

/// Whether a need stays whatever pods that can move do.
fn lasts(need: &Need) -> bool {
    !matches!(
        need,
        Need::Skew(_)
            | Need::Near(_)
            | Need::Attach { .. }
            | Need::Disk(_)
            | Need::Claim(..)
            | Need::KeptFree(_)
    )
}
