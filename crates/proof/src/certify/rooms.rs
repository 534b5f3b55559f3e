//! Rooms for lost pods: nodes that take them even with all others, and prices that the others
//! cannot pay.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_certificate::format::{self, Prices};
use holdfast_certificate::names;
use holdfast_certificate::prices::Resource;
use holdfast_cluster::{ClassId, InstanceId, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;

use crate::bound;

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
    /// What each sort of pods goes by.
    sorts: BTreeMap<ClassId, String>,
    found: BTreeMap<ClassId, (Vec<NodeId>, Vec<Prices>)>,
    /// What was tried for the set at hand, by class.
    tried: BTreeSet<(ClassId, u8)>,
}

impl<'r, 'c> Rooms<'r, 'c> {
    pub(super) fn new(dynamics: &'r Dynamics<'c>) -> Self {
        let sorts = names::sorts(dynamics.cluster()).into_iter();
        // Of several names of one sort the first stays.
        let mut by_class = BTreeMap::new();
        for (name, class) in sorts {
            by_class.entry(class).or_insert(name);
        }
        Self { dynamics, sorts: by_class, found: BTreeMap::new(), tried: BTreeSet::new() }
    }

    /// The rooms as a certificate has them.
    pub(super) fn list(&self) -> Vec<format::Rooms> {
        let cluster = self.dynamics.cluster();
        let rooms = self.found.iter().filter_map(|(class, (nodes, prices))| {
            let like = self.sorts.get(class)?.clone();
            let (nodes, prices) = (names::nodes(cluster, nodes), prices.clone());
            Some(format::Rooms { like, nodes, prices })
        });
        rooms.collect()
    }

    /// Begins with another set.
    pub(super) fn begin(&mut self) {
        self.tried.clear();
    }

    /// Adds a room for the pod of this name, which a failure leaves waiting: prices first, then a
    /// node. Whether there is a new one.
    pub(super) fn add(
        &mut self,
        placement: &mut Placement,
        failed: &[NodeId],
        name: &str,
        scratch: &mut Scratch,
    ) -> bool {
        let dynamics = self.dynamics;
        dynamics.fail(placement, failed);
        let situation = dynamics.situation(placement);
        if !situation.acts {
            return false;
        }
        dynamics.evict_unnoticed(placement, &situation);
        dynamics.evict_all(placement, &situation);
        let waiting = placement.pending().to_vec();
        let named = |pod: &&InstanceId| names::pod(dynamics.cluster(), placement, **pod) == name;
        let Some(pod) = waiting.iter().find(named) else { return false };
        let class = placement.instance(*pod).class;
        // Those that no run places take nobody's place.
        let mut known = BTreeMap::new();
        let hopeless = |pod: &InstanceId| {
            let class = placement.instance(*pod).class;
            *known.entry(class).or_insert_with(|| bound::is_hopeless(dynamics, placement, *pod))
        };
        let pod = *pod;
        let hopeless: Vec<bool> = waiting.iter().map(hopeless).collect();
        let coming = waiting.iter().zip(hopeless).filter(|(_, hopeless)| !hopeless);
        let waiting: Vec<InstanceId> = coming.map(|(pod, _)| *pod).collect();
        self.sorts.contains_key(&class)
            && (self.tried.insert((class, 0)) && self.add_prices(placement, pod, &waiting)
                || self.tried.insert((class, 1))
                    && self.add_node(placement, pod, &waiting, scratch))
    }

    /// Prices by which every resource is worth as much as the others have of it.
    fn add_prices(
        &mut self,
        placement: &Placement,
        pod: InstanceId,
        waiting: &[InstanceId],
    ) -> bool {
        let cluster = self.dynamics.cluster();
        let class = placement.instance(pod).class;
        if !cluster.spec_of(class).volumes.is_empty() {
            return false;
        }
        let others = waiting.iter().filter(|other| **other != pod);
        let others: Vec<ClassId> = others.map(|other| placement.instance(*other).class).collect();
        let prices: Prices = Resource::asked(cluster.spec_of(class))
            .map(|resource| {
                let share = SHARE / resource.total(cluster, &others).max(1);
                (resource.name(cluster).to_owned(), u64::try_from(share).unwrap_or(0))
            })
            .collect();
        let (_, known) = self.found.entry(class).or_default();
        let new = known.len() < PRICES_KEPT && !known.contains(&prices);
        if new {
            known.push(prices);
        }
        new
    }

    /// A node that takes the pod even with all others on it.
    fn add_node(
        &mut self,
        placement: &mut Placement,
        pod: InstanceId,
        waiting: &[InstanceId],
        scratch: &mut Scratch,
    ) -> bool {
        let cluster = self.dynamics.cluster();
        let scheduler = self.dynamics.scheduler();
        let class = placement.instance(pod).class;
        let (known, _) = self.found.entry(class).or_default();
        if known.len() >= NODES_KEPT {
            return false;
        }
        let mut nodes = scheduler.feasible(placement, pod, scratch).to_vec();
        nodes.retain(|node| placement.node(*node).serves() && !known.contains(node));
        let left = |node: &NodeId| {
            let (all, used) = (&cluster.node(*node).allocatable, &placement.node(*node).requested);
            let left = |all: i64, used: i64| i128::from(all) - i128::from(used);
            left(all.cpu_milli, used.cpu_milli) * i128::from(all.memory.max(1))
                + left(all.memory, used.memory) * i128::from(all.cpu_milli.max(1))
        };
        nodes.sort_by_cached_key(|node| (std::cmp::Reverse(left(node)), *node));
        for node in nodes.into_iter().take(NODES_TRIED) {
            let mark = placement.mark();
            for &other in waiting.iter().filter(|other| **other != pod) {
                let theirs = cluster.spec_of(placement.instance(other).class);
                if bound::may_land(self.dynamics, placement, other, node)
                    || bound::may_keep_off(cluster.spec_of(class), theirs)
                {
                    placement.bind(cluster, other, node);
                }
            }
            let takes = scheduler.feasible(placement, pod, scratch).contains(&node);
            placement.revert(cluster, mark);
            if takes {
                known.push(node);
                return true;
            }
        }
        false
    }
}
