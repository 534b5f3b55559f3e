//! Pods that nothing but their name tells apart, and which of them are sure of a node.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, Symbol, WorkloadId,
};
use holdfast_failover::Dynamics;
use holdfast_scheduler::KeepSpread;
use indexmap::IndexSet;

use super::Loss;
use crate::bound;
use crate::counting::{self, Adversary, Budget, Domains, Grains, Resource, Why};
use crate::doubts::Doubts;

/// Pods made again for lost ones: of one class, by one workload.
pub type Kin = (ClassId, WorkloadId);

/// All of them, and where they come from.
#[derive(Clone, Debug, Default)]
pub struct Kins {
    all: IndexSet<Kin>,
    /// How many of each kin every node loses, by kin.
    nodes: Vec<Vec<(NodeId, u32)>>,
    /// How many of each kin may be anywhere, by kin.
    at_large: Vec<u32>,
}

/// As many nodes as are counted on at first; more only where these do not suffice.
const NODES_FIRST: usize = 8;

/// What is known of a kin.
#[derive(Clone, Debug)]
pub enum Prospect {
    /// It finds a node whichever nodes fail.
    Sure(Room),
    /// It depends on which nodes fail.
    Open(Open),
    /// It takes a closer look at whatever it is.
    Odd,
}

/// Why a kin finds a node whichever nodes fail.
#[derive(Clone, Debug)]
pub struct Room {
    /// Nodes that take it before anything fails.
    pub nodes: Vec<NodeId>,
    /// Why the others cannot close those of them that are left.
    pub why: Why,
}

/// What one failure set is held against.
#[derive(Clone, Debug)]
pub struct Open {
    class: ClassId,
    /// The nodes that take it before anything fails.
    nodes: Vec<NodeId>,
    /// What it asks for.
    wanted: Vec<(Resource, i64)>,
    rivals: Vec<Rival>,
}

/// Pods at odds with a kin.
#[derive(Clone, Debug)]
struct Rival {
    /// What each of them closes.
    domains: Domains,
    /// How many of them each node loses.
    by_node: BTreeMap<NodeId, i128>,
    /// How many others there may be.
    at_large: i128,
}

impl Rival {
    /// What they close at most when so many are lost.
    fn close(&self, lost: i128) -> (Domains, usize) {
        (self.domains, usize::try_from(lost + self.at_large).unwrap_or(usize::MAX))
    }
}

impl Open {
    /// Whether it finds a node when these fail.
    pub(super) fn is_sure(
        &self,
        rivalry: &Rivalry,
        cluster: &Cluster,
        placement: &Placement,
        lost: &[NodeId],
    ) -> bool {
        let left: Vec<NodeId> =
            self.nodes.iter().copied().filter(|node| !lost.contains(node)).collect();
        let budgets = self.wanted.iter().map(|(resource, wanted)| {
            let of_node = |node: &NodeId| rivalry.loads[node.index()].get(resource).copied();
            let lost: i128 = lost.iter().filter_map(of_node).sum();
            others(*resource, *wanted, lost + rivalry.at_large(*resource))
        });
        let free = self
            .rivals
            .iter()
            .map(|rival| rival.close(lost.iter().filter_map(|node| rival.by_node.get(node)).sum()));
        let (budgets, grains) = (budgets.collect(), rivalry.grains.clone());
        let adversary = Adversary { budgets, grains, free: free.collect(), away: 0 };
        counting::stays_open(cluster, placement, self.class, &left, &adversary).is_some()
    }
}

impl Kins {
    /// The number of a pod's kin.
    pub(super) fn enter(&mut self, instance: &Instance) -> usize {
        self.all.insert_full((instance.class, instance.workload)).0
    }

    /// Notes where they come from, and how many of which may be anywhere.
    pub(super) fn count(&mut self, losses: &[Loss], at_large: &[(usize, u32)]) {
        self.at_large = vec![0; self.all.len()];
        for (kin, count) in at_large {
            self.at_large[*kin] = *count;
        }
        self.nodes = vec![Vec::new(); self.all.len()];
        for (at, loss) in losses.iter().enumerate() {
            for (kin, count) in &loss.again {
                self.nodes[*kin].push((NodeId::at(at), *count));
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Kin> {
        self.all.iter()
    }

    /// What is known of each, whichever `most` nodes fail.
    pub(super) fn prospects(
        &self,
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        placement: &mut Placement,
        rivalry: &Rivalry,
    ) -> Vec<Prospect> {
        let cluster = dynamics.cluster();
        let serves = |node: &NodeId| placement.node(*node).serves();
        let serving = cluster.node_ids().filter(serves).collect();
        let nodes = bound::roomiest(cluster, placement, serving);
        let kins = self.all.iter();
        kins.map(|(class, workload)| {
            let class = *class;
            if !is_simple(dynamics, class) {
                return Prospect::Odd;
            }
            let rivals = rivalry.rivals(cluster, self, class);
            let adversary = rivalry.against(cluster, class, &rivals);
            let mark = placement.mark();
            let pod = placement.add(cluster, class, *workload, None);
            let known = dynamics.is_ours(placement, pod)
                && !bound::is_spread_by_default(dynamics, placement, pod)
                && doubts.of_pod(cluster, placement, pod).is_none();
            let found = known.then(|| find_nodes(dynamics, placement, pod, &nodes, &adversary));
            placement.revert(cluster, mark);
            match found.flatten() {
                None => Prospect::Odd,
                Some(Ok(room)) => Prospect::Sure(room),
                Some(Err(nodes)) => {
                    let wanted = counting::wanted(cluster, class).collect();
                    Prospect::Open(Open { class, nodes, wanted, rivals })
                }
            }
        })
        .collect()
    }
}

/// Whether what takes pods of the class today takes them after a failure, unless others come first.
/// Strict spread does so only if its emptiest domain is always open: a lost pod may leave a domain
/// emptier than the others than it was before.
fn is_simple(dynamics: &Dynamics<'_>, class: ClassId) -> bool {
    let cluster = dynamics.cluster();
    let spec = cluster.spec_of(class);
    let spread = bound::strict_spread(spec).next().is_none();
    (spread || counting::only_spread(spec).is_some())
        && spec.volumes.is_empty()
        && spec.pod_affinity.required.is_empty()
        && !bound::bears_silence(cluster, class)
        && !dynamics.goes_round(class)
}

/// Looks for nodes that take the pod until they are enough, and tells the prices that show it; else
/// all that there are. `None` if it fits nowhere whatever the node.
fn find_nodes(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
    nodes: &[NodeId],
    adversary: &Adversary,
) -> Option<Result<Room, Vec<NodeId>>> {
    let cluster = dynamics.cluster();
    let class = placement.instance(pod).class;
    let alone = counting::only_spread(cluster.spec_of(class)).is_some();
    let spread = if alone { KeepSpread::No } else { KeepSpread::Yes };
    let mut look = dynamics.scheduler().look(placement, pod, spread)?;
    let mut open = Vec::new();
    let mut enough = NODES_FIRST;
    for &node in nodes {
        if !look.takes(node) {
            continue;
        }
        open.push(node);
        if open.len() == enough {
            let found = counting::stays_open(cluster, placement, class, &open, adversary);
            if let Some(why) = found {
                return Some(Ok(Room { nodes: open, why }));
            }
            enough *= 4;
        }
    }
    Some(match counting::stays_open(cluster, placement, class, &open, adversary) {
        Some(why) => Ok(Room { nodes: open, why }),
        None => Err(open),
    })
}

/// What the pods that may come ask for, and whom they keep off.
#[derive(Clone, Debug)]
pub struct Rivalry {
    most: usize,
    /// What each node loses of each resource, by node.
    loads: Vec<BTreeMap<Resource, i128>>,
    /// What those ask for that may be anywhere.
    at_large: BTreeMap<Resource, i128>,
    /// What any `most` nodes lose of each at most, and these.
    totals: BTreeMap<Resource, i128>,
    /// In which pieces.
    grains: Grains,
    /// Kin that may keep others off by their own doing.
    choosy: Vec<usize>,
    /// Kin by namespace.
    neighbours: BTreeMap<Symbol, Vec<usize>>,
}

impl Rivalry {
    /// The rivalry of the kins when up to `most` nodes fail.
    pub(super) fn of(cluster: &Cluster, kins: &Kins, most: usize) -> Self {
        let mut loads = vec![BTreeMap::new(); cluster.nodes().len()];
        let mut at_large: BTreeMap<Resource, i128> = BTreeMap::new();
        let mut choosy = Vec::new();
        let mut neighbours: BTreeMap<Symbol, Vec<usize>> = BTreeMap::new();
        for (at, (class, _)) in kins.all.iter().enumerate() {
            for (resource, amount) in counting::wanted(cluster, *class) {
                for (node, count) in &kins.nodes[at] {
                    *loads[node.index()].entry(resource).or_default() +=
                        i128::from(amount) * i128::from(*count);
                }
                if kins.at_large[at] > 0 {
                    *at_large.entry(resource).or_default() +=
                        i128::from(amount) * i128::from(kins.at_large[at]);
                }
            }
            neighbours.entry(cluster.class(*class).namespace).or_default().push(at);
            if is_choosy(cluster, *class) {
                choosy.push(at);
            }
        }
        let resources: BTreeSet<Resource> =
            loads.iter().chain([&at_large]).flat_map(|load| load.keys().copied()).collect();
        let classes = kins.all.iter().map(|(class, _)| *class);
        let grains = Grains::of(cluster, resources.iter().copied(), classes);
        let total = |resource: Resource| {
            let of_nodes = loads.iter().filter_map(|load| load.get(&resource).copied());
            let loose = at_large.get(&resource).copied().unwrap_or(0);
            (resource, largest(of_nodes, most) + loose)
        };
        let totals = resources.into_iter().map(total).collect();
        Self { most, loads, at_large, totals, grains, choosy, neighbours }
    }

    /// What those ask for of a resource that may be anywhere.
    fn at_large(&self, resource: Resource) -> i128 {
        self.at_large.get(&resource).copied().unwrap_or(0)
    }

    /// The adversary of pods of a class, whichever nodes fail.
    fn against(&self, cluster: &Cluster, class: ClassId, rivals: &[Rival]) -> Adversary {
        let budgets = counting::wanted(cluster, class).map(|(resource, wanted)| {
            others(resource, wanted, self.totals.get(&resource).copied().unwrap_or(0))
        });
        let free = rivals
            .iter()
            .map(|rival| rival.close(largest(rival.by_node.values().copied(), self.most)));
        let (budgets, grains) = (budgets.collect(), self.grains.clone());
        Adversary { budgets, grains, free: free.collect(), away: self.most }
    }

    /// How many pods at odds with the class each node loses, by what each of them closes.
    fn rivals(&self, cluster: &Cluster, kins: &Kins, class: ClassId) -> Vec<Rival> {
        let mut rivals: BTreeMap<Domains, Rival> = BTreeMap::new();
        for at in self.candidates(cluster, kins, class) {
            for domains in counting::at_odds(cluster, class, kins.all[at].0) {
                let none = || Rival { domains, by_node: BTreeMap::new(), at_large: 0 };
                let rival = rivals.entry(domains).or_insert_with(none);
                for (node, count) in &kins.nodes[at] {
                    *rival.by_node.entry(*node).or_default() += i128::from(*count);
                }
                // One that is made again, and what is left of it where it was.
                rival.at_large += 2 * i128::from(kins.at_large[at]);
            }
        }
        rivals.into_values().collect()
    }

    /// Everybody who may be at odds with the class, and others.
    fn candidates(&self, cluster: &Cluster, kins: &Kins, class: ClassId) -> Vec<usize> {
        let spec = cluster.spec_of(class);
        if !is_choosy(cluster, class) {
            return self.choosy.clone();
        }
        let terms = &spec.pod_anti_affinity.required;
        let anywhere = |term: &PodAffinityTerm| term.namespace_selector != LabelSelector::Nothing;
        if terms.iter().any(anywhere) || !spec.host_ports.is_empty() {
            return (0..kins.all.len()).collect();
        }
        let own = cluster.class(class).namespace;
        let namespaces: BTreeSet<Symbol> =
            terms.iter().flat_map(|term| term.namespaces.iter().copied()).chain([own]).collect();
        let near = namespaces.iter().filter_map(|name| self.neighbours.get(name)).flatten();
        let mut candidates: Vec<usize> = near.chain(&self.choosy).copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

/// Whether required anti-affinity or ports may put the class at odds with others by its own doing.
fn is_choosy(cluster: &Cluster, class: ClassId) -> bool {
    let spec = cluster.spec_of(class);
    !spec.pod_anti_affinity.required.is_empty() || !spec.host_ports.is_empty()
}

/// What the others have of a resource where a pod that wants some of it is lost with so much in
/// all: it does not stand in its own way.
fn others(resource: Resource, wanted: i64, lost: i128) -> Budget {
    Budget { resource, wanted, total: (lost - i128::from(wanted)).max(0) }
}

/// The sum of the largest of these amounts, so many of them.
fn largest(amounts: impl Iterator<Item = i128>, most: usize) -> i128 {
    let mut amounts: Vec<i128> = amounts.collect();
    amounts.sort_unstable_by_key(|amount| Reverse(*amount));
    amounts.into_iter().take(most).sum()
}
