//! Rooms for lost pods: nodes that take them even with all others, and prices that the others
//! cannot pay.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_certificate::format::{self, Prices};
use holdfast_certificate::prices::Resource;
use holdfast_certificate::{Failed, names};
use holdfast_cluster::{ClassId, InstanceId, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;

use super::Sorts;
use crate::bound::{self, Rivals, Uncertain, leaving};

/// What one whole share of a resource costs: prices stay exact in readers that hold numbers as
/// floats, and shares of many gigabytes are still told apart.
const SHARE: i128 = 1 << 50;

/// How many nodes are written down for pods of one sort, and how many are tried for each set.
const NODES_KEPT: usize = 32;
const NODES_TRIED: usize = 64;

/// How many lists of prices are written down for pods of one sort.
const PRICES_KEPT: usize = 4;

/// Rooms by what pods ask for.
pub(super) struct Rooms<'r, 'c> {
    dynamics: &'r Dynamics<'c>,
    found: BTreeMap<ClassId, Found>,
    /// What was tried for the set at hand, by class.
    tried: BTreeSet<(ClassId, u8)>,
}

/// What was found for pods of a class.
#[derive(Default)]
struct Found {
    nodes: Vec<NodeId>,
    prices: Vec<Prices>,
    whole: bool,
}

impl<'r, 'c> Rooms<'r, 'c> {
    pub(super) fn new(dynamics: &'r Dynamics<'c>) -> Self {
        Self { dynamics, found: BTreeMap::new(), tried: BTreeSet::new() }
    }

    /// The rooms as a certificate has them.
    pub(super) fn list(&self, sorts: &Sorts) -> Vec<format::Rooms> {
        let cluster = self.dynamics.cluster();
        let rooms = self.found.iter().filter_map(|(class, Found { nodes, prices, whole })| {
            let like = sorts.get(class)?.clone();
            let (nodes, prices) = (names::nodes(cluster, nodes), prices.clone());
            Some(format::Rooms { like, nodes, prices, whole: *whole })
        });
        rooms.collect()
    }

    /// Begins with another set.
    pub(super) fn begin(&mut self) {
        self.tried.clear();
    }

    /// Adds a room for the pod of this name, which a failure leaves waiting, if there is a new one:
    /// prices first, then that whole nodes may be tried, then a node.
    pub(super) fn add(
        &mut self,
        sorts: &Sorts,
        placement: &mut Placement,
        failed: &Failed,
        name: &str,
        scratch: &mut Scratch,
    ) -> Option<format::Rooms> {
        let dynamics = self.dynamics;
        let known = placement.instances().len();
        dynamics.fail_hosts(placement, &failed.nodes, &failed.machines);
        let situation = dynamics.situation(placement);
        if !situation.acts {
            return None;
        }
        dynamics.evict_unnoticed(placement, &situation);
        let evicted = dynamics.evict_all(placement, &situation);
        let since = evicted.uncertain.is_empty().then_some(known);
        let waiting = placement.pending().to_vec();
        let named = |pod: &&InstanceId| names::pod(dynamics.cluster(), placement, **pod) == name;
        let pod = *waiting.iter().find(named)?;
        let class = placement.instance(pod).class;
        let like = sorts.get(&class)?.clone();
        // Those that no run places take nobody's place.
        let mut alike = BTreeMap::new();
        let hopeless = |pod: &InstanceId| {
            let class = placement.instance(*pod).class;
            let of_class = alike.entry(class);
            *of_class.or_insert_with(|| bound::is_hopeless(dynamics, placement, *pod, since))
        };
        let hopeless: Vec<bool> = waiting.iter().map(hopeless).collect();
        let coming = waiting.iter().zip(hopeless).filter(|(_, hopeless)| !hopeless);
        let waiting: Vec<InstanceId> = coming.map(|(pod, _)| *pod).collect();
        let gone = leaving::of(placement, &evicted.pods);
        let uncertain = Uncertain::of(&evicted.uncertain, &gone, &|_, _| false);
        let leaving = uncertain.leaving(dynamics.cluster(), placement, pod);
        let stranded = uncertain.stranded;
        let rivals = Rivals { coming: &waiting, leaving: &leaving, stranded, within: &|_| true };
        let prices =
            self.tried.insert((class, 0)).then(|| self.add_prices(placement, pod, &waiting));
        if let Some(prices) = prices.flatten() {
            return Some(format::Rooms { like, prices: vec![prices], ..format::Rooms::default() });
        }
        if self.tried.insert((class, 1)) && self.add_whole(placement, pod, rivals, scratch) {
            return Some(format::Rooms { like, whole: true, ..format::Rooms::default() });
        }
        let node =
            self.tried.insert((class, 2)).then(|| self.add_node(placement, pod, rivals, scratch));
        let nodes = names::nodes(dynamics.cluster(), &[node.flatten()?]);
        Some(format::Rooms { like, nodes, ..format::Rooms::default() })
    }

    /// Prices by which every resource is worth as much as the others have of it.
    fn add_prices(
        &mut self,
        placement: &Placement,
        pod: InstanceId,
        waiting: &[InstanceId],
    ) -> Option<Prices> {
        let cluster = self.dynamics.cluster();
        let class = placement.instance(pod).class;
        let others = waiting.iter().filter(|other| **other != pod);
        let others: Vec<ClassId> = others.map(|other| placement.instance(*other).class).collect();
        let prices: Prices = Resource::asked(cluster.spec_of(class))
            .map(|resource| {
                let share = SHARE / resource.total(cluster, &others).max(1);
                (resource.name(cluster).to_owned(), u64::try_from(share).unwrap_or(0))
            })
            .collect();
        let known = &mut self.found.entry(class).or_default().prices;
        if known.len() >= PRICES_KEPT || known.contains(&prices) {
            return None;
        }
        known.push(prices.clone());
        Some(prices)
    }

    /// That it may be tried whether the others can close whole nodes, where they cannot.
    fn add_whole(
        &mut self,
        placement: &Placement,
        pod: InstanceId,
        rivals: Rivals<'_>,
        scratch: &mut Scratch,
    ) -> bool {
        let class = placement.instance(pod).class;
        let known = self.found.entry(class).or_default();
        if known.whole || !self.dynamics.cluster().spec_of(class).volumes.is_empty() {
            return false;
        }
        let why = bound::contest(self.dynamics, placement, scratch, pod, rivals);
        known.whole = why.is_some_and(|why| why.whole);
        known.whole
    }

    /// A node that takes the pod even with all others on it.
    fn add_node(
        &mut self,
        placement: &mut Placement,
        pod: InstanceId,
        rivals: Rivals<'_>,
        scratch: &mut Scratch,
    ) -> Option<NodeId> {
        let cluster = self.dynamics.cluster();
        let scheduler = self.dynamics.scheduler();
        let class = placement.instance(pod).class;
        let known = &mut self.found.entry(class).or_default().nodes;
        if known.len() >= NODES_KEPT {
            return None;
        }
        let mut nodes = scheduler.feasible(placement, pod, scratch).to_vec();
        nodes.retain(|node| placement.node(*node).serves() && !known.contains(node));
        nodes.retain(|node| leaving::is_apart(cluster, placement, pod, rivals.leaving, *node));
        let left = |node: &NodeId| {
            let (all, used) = (&cluster.node(*node).allocatable, &placement.node(*node).requested);
            let left = |all: i64, used: i64| i128::from(all) - i128::from(used);
            left(all.cpu_milli, used.cpu_milli) * i128::from(all.memory.max(1))
                + left(all.memory, used.memory) * i128::from(all.cpu_milli.max(1))
        };
        nodes.sort_by_cached_key(|node| (std::cmp::Reverse(left(node)), *node));
        for node in nodes.into_iter().take(NODES_TRIED) {
            let mark = placement.mark();
            for &other in rivals.coming.iter().filter(|other| **other != pod) {
                let theirs = cluster.spec_of(placement.instance(other).class);
                if bound::may_come(self.dynamics, placement, other, node)
                    || bound::may_keep_off(cluster.spec_of(class), theirs)
                {
                    placement.bind(cluster, other, node);
                }
            }
            let takes = scheduler.feasible(placement, pod, scratch).contains(&node);
            placement.revert(cluster, mark);
            if takes {
                known.push(node);
                return Some(node);
            }
        }
        None
    }
}
