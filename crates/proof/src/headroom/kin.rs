//! Pods that nothing but their name tells apart, and which of them are sure of a node.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use holdfast_cluster::{ClassId, Cluster, Instance, NodeId, Placement, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_scheduler::KeepSpread;
use indexmap::IndexSet;

use super::Loss;
use crate::bound;
use crate::counting::{self, Adversary, Budget, Domains, Prices, Resource};
use crate::doubts::Doubts;

/// Pods made again for lost ones: of one class, by one workload.
pub type Kin = (ClassId, WorkloadId);

/// All of them, and where they come from.
#[derive(Clone, Debug, Default)]
pub struct Kins {
    kins: IndexSet<Kin>,
    /// How many of each kin every node loses, by kin.
    nodes: Vec<Vec<(NodeId, u32)>>,
}

/// As many nodes as are counted on at first; more only where these do not suffice.
const NODES_FIRST: usize = 8;

impl Kins {
    /// The number of a pod's kin.
    pub(super) fn enter(&mut self, instance: &Instance) -> usize {
        self.kins.insert_full((instance.class, instance.workload)).0
    }

    /// Notes where they come from.
    pub(super) fn count(&mut self, losses: &[Loss]) {
        self.nodes = vec![Vec::new(); self.kins.len()];
        for (at, loss) in losses.iter().enumerate() {
            for (kin, count) in &loss.again {
                self.nodes[*kin].push((NodeId::at(at), *count));
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Kin> {
        self.kins.iter()
    }

    /// Which of them find a node whichever `most` nodes fail, and the prices that show it.
    pub(super) fn sure(
        &self,
        dynamics: &Dynamics<'_>,
        doubts: &Doubts,
        placement: &mut Placement,
        most: usize,
    ) -> Vec<Option<Vec<Prices>>> {
        let cluster = dynamics.cluster();
        let rivalry = Rivalry::of(cluster, self, most);
        let nodes = roomiest(cluster, placement);
        let kins = self.kins.iter();
        kins.map(|kin| {
            let adversary = rivalry.against(self, kin.0);
            is_sure(dynamics, doubts, placement, *kin, &nodes, &adversary)
        })
        .collect()
    }
}

fn is_sure(
    dynamics: &Dynamics<'_>,
    doubts: &Doubts,
    placement: &mut Placement,
    (class, workload): Kin,
    nodes: &[NodeId],
    adversary: &Adversary,
) -> Option<Vec<Prices>> {
    let cluster = dynamics.cluster();
    let spec = cluster.spec_of(class);
    if !spec.volumes.is_empty()
        || !spec.pod_affinity.required.is_empty()
        || bound::bears_silence(cluster, class)
    {
        return None;
    }
    let mark = placement.mark();
    let pod = placement.add(cluster, class, workload, None);
    let simple = dynamics.is_ours(placement, pod)
        && !bound::is_spread_by_default(dynamics, placement, pod)
        && doubts.of_pod(cluster, placement, pod).is_none();
    let found = simple.then(|| open_nodes(dynamics, placement, pod, nodes, adversary)).flatten();
    placement.revert(cluster, mark);
    found
}

/// Looks for nodes that take the pod until they are enough.
fn open_nodes(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: holdfast_cluster::InstanceId,
    nodes: &[NodeId],
    adversary: &Adversary,
) -> Option<Vec<Prices>> {
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
            if found.is_some() {
                return found;
            }
            enough *= 4;
        }
    }
    counting::stays_open(cluster, placement, class, &open, adversary)
}

/// The nodes that serve, those with most CPU and memory to spare first.
fn roomiest(cluster: &Cluster, placement: &Placement) -> Vec<NodeId> {
    let serves = |node: &NodeId| placement.node(*node).serves();
    let mut nodes: Vec<NodeId> = cluster.node_ids().filter(serves).collect();
    nodes.sort_by_cached_key(|id| {
        let (node, used) = (cluster.node(*id), &placement.node(*id).requested);
        let free = |all: i64, used: i64| {
            i128::from(all.saturating_sub(used)) * 1_000_000 / i128::from(all.max(1))
        };
        let cpu = free(node.allocatable.cpu_milli, used.cpu_milli);
        let memory = free(node.allocatable.memory, used.memory);
        (Reverse(cpu.min(memory)), *id)
    });
    nodes
}

/// What the pods that may come ask for together, whichever nodes fail.
struct Rivalry<'c> {
    cluster: &'c Cluster,
    most: usize,
    /// Of each resource that anybody asks for.
    totals: BTreeMap<Resource, i128>,
    /// Kin by class: those who have an opinion of whom they stand, or a port.
    choosy: Vec<(usize, ClassId)>,
}

impl<'c> Rivalry<'c> {
    fn of(cluster: &'c Cluster, kins: &Kins, most: usize) -> Self {
        let mut by_node: BTreeMap<Resource, BTreeMap<NodeId, i128>> = BTreeMap::new();
        for (at, (class, _)) in kins.kins.iter().enumerate() {
            for (resource, amount) in counting::wanted(cluster, *class) {
                let by_node = by_node.entry(resource).or_default();
                for (node, count) in &kins.nodes[at] {
                    *by_node.entry(*node).or_default() += i128::from(amount) * i128::from(*count);
                }
            }
        }
        let totals = by_node
            .into_iter()
            .map(|(resource, by_node)| (resource, largest(by_node.into_values(), most)));
        let numbered = kins.kins.iter().enumerate().map(|(at, (class, _))| (at, *class));
        Self {
            cluster,
            most,
            totals: totals.collect(),
            choosy: numbered.filter(|(_, class)| is_choosy(cluster, *class)).collect(),
        }
    }

    /// The adversary of pods of a class.
    fn against(&self, kins: &Kins, class: ClassId) -> Adversary {
        let budgets = counting::wanted(self.cluster, class).map(|(resource, wanted)| {
            let total = self.totals.get(&resource).copied().unwrap_or(0);
            Budget { resource, wanted, total }
        });
        Adversary { budgets: budgets.collect(), free: self.at_odds(kins, class), away: self.most }
    }

    /// How many domains those at odds with the class may close.
    fn at_odds(&self, kins: &Kins, class: ClassId) -> BTreeMap<Domains, usize> {
        // Who has no opinion himself is at odds with those only who have one.
        let all: Vec<(usize, ClassId)>;
        let others = if is_choosy(self.cluster, class) {
            all = kins.kins.iter().enumerate().map(|(at, (class, _))| (at, *class)).collect();
            &all
        } else {
            &self.choosy
        };
        let mut by_node: BTreeMap<Domains, BTreeMap<NodeId, i128>> = BTreeMap::new();
        for (at, other) in others {
            for domains in counting::at_odds(self.cluster, class, *other) {
                let by_node = by_node.entry(domains).or_default();
                for (node, count) in &kins.nodes[*at] {
                    *by_node.entry(*node).or_default() += i128::from(*count);
                }
            }
        }
        let worst = by_node.into_iter().map(|(domains, by_node)| {
            let lost = largest(by_node.into_values(), self.most);
            (domains, usize::try_from(lost).unwrap_or(usize::MAX))
        });
        worst.collect()
    }
}

/// Whether required anti-affinity, ports or strict spread may put the class at odds with others by
/// its own doing.
fn is_choosy(cluster: &Cluster, class: ClassId) -> bool {
    let spec = cluster.spec_of(class);
    let counts_others = counting::only_spread(spec).is_none() && !spec.spread.is_empty();
    !spec.pod_anti_affinity.required.is_empty() || !spec.host_ports.is_empty() || counts_others
}

/// The sum of the largest of these amounts, so many of them.
fn largest(amounts: impl Iterator<Item = i128>, most: usize) -> i128 {
    let mut amounts: Vec<i128> = amounts.collect();
    amounts.sort_unstable_by_key(|amount| Reverse(*amount));
    amounts.into_iter().take(most).sum()
}
