//! A placement that serves everybody: best fit, the largest first, and whoever is in the way moves
//! on.
//!
//! Whoever serves stays at first, so that few are moved; where that fails everybody is taken up and
//! put anew. A pod that no node takes asks what stands in its way on each; where that is pods that
//! can move, the cheapest of them are put back into the queue. Who was put back before is dearer,
//! so that no two chase each other for ever. All of it is decided by the scheduler's own filters,
//! and what is found is put together once more from the start.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, InstanceId, NodeId, Placement, Resources};
use holdfast_failover::eviction;
use holdfast_scheduler::{Need, Scheduler, Scratch};

use super::demand::Demand;
use super::model::Model;
use super::{Arrangement, Gap};
use crate::rules::Resource;
use crate::seat::{self, Seat};

/// How many nodes are tried for a pod that others have to make room for.
const NODES_TRIED: usize = 6;

/// How many pods make room for one.
const VICTIMS_MAX: usize = 4;

/// Looks for a placement, with at most so many moves beyond one for each pod.
pub(super) fn seek(
    scheduler: &Scheduler<'_>,
    placement: &mut Placement,
    demand: &Demand,
    model: &Model<'_>,
    moves: usize,
) -> Result<Arrangement, Gap> {
    let mut gap = Gap::Budget;
    for anew in [false, true] {
        let mark = placement.mark();
        let mut seeker = Seeker::new(scheduler, placement, demand, model, moves, anew);
        let found = seeker.run();
        let (seats, left_out) = (seeker.seats(), seeker.left_out.clone());
        placement.revert(scheduler.cluster(), mark);
        if !found {
            continue;
        }
        match confirm(scheduler, placement, demand, &seats, left_out) {
            Ok(arrangement) => return Ok(arrangement),
            Err(found) => gap = found,
        }
    }
    Err(gap)
}

/// Puts together a placement that was found by numbers alone: items and nodes, by position.
pub(super) fn realize(
    scheduler: &Scheduler<'_>,
    placement: &mut Placement,
    demand: &Demand,
    model: &Model<'_>,
    nodes: &[(usize, usize)],
) -> Option<Arrangement> {
    if nodes.len() < demand.items.len() {
        return None;
    }
    let moved = nodes.iter().filter(|(item, node)| model.homes[*item] != Some(*node));
    let seat = |(item, node): &(usize, usize)| demand.items[*item].at(model.nodes[*node]);
    let seats: Vec<Seat> = moved.map(seat).collect();
    let bound = |id: &&InstanceId| placement.instance(**id).node().is_some();
    let left_out = demand.optional.iter().filter(bound).copied().collect();
    confirm(scheduler, placement, demand, &seats, left_out).ok()
}

/// Puts the placement together from what is there, which is the same afterwards.
fn confirm(
    scheduler: &Scheduler<'_>,
    placement: &mut Placement,
    demand: &Demand,
    seats: &[Seat],
    left_out: Vec<InstanceId>,
) -> Result<Arrangement, Gap> {
    let moved: BTreeSet<Option<InstanceId>> = seats.iter().map(|seat| seat.from).collect();
    let doubtful = demand
        .items
        .iter()
        .filter(|item| item.wanted.pod.is_none() || moved.contains(&item.wanted.pod));
    if let Some(doubt) = doubtful.filter_map(|item| item.doubt).min() {
        return Err(Gap::Doubt(doubt));
    }
    let mark = placement.mark();
    let order = seat::put(scheduler, placement, seats, &left_out);
    placement.revert(scheduler.cluster(), mark);
    order.map(|moved| Arrangement { moved, left_out }).ok_or(Gap::Budget)
}

/// Someone who can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mover {
    Item(usize),
    Optional,
}

struct Seeker<'a, 'c> {
    scheduler: &'a Scheduler<'c>,
    placement: &'a mut Placement,
    demand: &'a Demand,
    scratch: Scratch,
    /// Who can move, by the pod that stands for it now.
    movers: BTreeMap<InstanceId, Mover>,
    /// By item: the pod that stands for it.
    pods: Vec<InstanceId>,
    sizes: Vec<u64>,
    /// How often each item was put back.
    returns: Vec<u64>,
    queue: BTreeSet<(Reverse<u64>, usize)>,
    left_out: Vec<InstanceId>,
    moves: usize,
}

impl<'a, 'c> Seeker<'a, 'c> {
    fn new(
        scheduler: &'a Scheduler<'c>,
        placement: &'a mut Placement,
        demand: &'a Demand,
        model: &Model<'_>,
        moves: usize,
        anew: bool,
    ) -> Self {
        let mut seeker = Self {
            movers: BTreeMap::new(),
            pods: Vec::new(),
            sizes: sizes(model, demand),
            returns: vec![0; demand.items.len()],
            queue: BTreeSet::new(),
            left_out: Vec::new(),
            moves: moves + demand.items.len(),
            scratch: Scratch::default(),
            scheduler,
            placement,
            demand,
        };
        for id in &demand.optional {
            match seeker.placement.instance(*id).node() {
                Some(node) if seeker.placement.node(node).serves() => {
                    seeker.movers.insert(*id, Mover::Optional);
                }
                Some(_) => seeker.leave_out(*id),
                None => {}
            }
        }
        for (at, item) in demand.items.iter().enumerate() {
            let stays = item.wanted.pod.filter(|_| item.home.is_some());
            seeker.pods.push(stays.or(item.wanted.pod).unwrap_or(InstanceId(u32::MAX)));
            match stays {
                Some(pod) if !anew => {
                    seeker.movers.insert(pod, Mover::Item(at));
                }
                _ => seeker.lift(at),
            }
        }
        seeker
    }

    fn leave_out(&mut self, id: InstanceId) {
        self.placement.remove(self.scheduler.cluster(), id);
        self.movers.remove(&id);
        self.left_out.push(id);
    }

    /// Takes an item from where it is, and puts a new pod for it into the queue.
    fn lift(&mut self, at: usize) {
        let cluster = self.scheduler.cluster();
        if self.pods[at] != InstanceId(u32::MAX) {
            self.placement.remove(cluster, self.pods[at]);
            self.movers.remove(&self.pods[at]);
        }
        let seat = self.demand.items[at].at(NodeId(0));
        self.pods[at] = seat::make(cluster, self.placement, &seat);
        self.queue.insert((Reverse(self.sizes[at]), at));
    }

    /// Empties the queue; false where some pod finds no place, or the moves run out.
    fn run(&mut self) -> bool {
        let mut stuck: Vec<(Reverse<u64>, usize)> = Vec::new();
        let mut progress = false;
        loop {
            let Some((rank, at)) = self.queue.pop_first() else {
                if stuck.is_empty() || !progress {
                    return stuck.is_empty();
                }
                // Somebody may need the company of others who have come since.
                self.queue.extend(stuck.drain(..));
                progress = false;
                continue;
            };
            if self.moves == 0 {
                return false;
            }
            self.moves -= 1;
            if self.place(at) || self.make_room(at) {
                progress = true;
            } else {
                stuck.push((rank, at));
            }
        }
    }

    /// Puts the item where it leaves least.
    fn place(&mut self, at: usize) -> bool {
        let pod = self.pods[at];
        let fits = self.scheduler.feasible(self.placement, pod, &mut self.scratch);
        let fits = fits.to_vec();
        let keeping = fits.into_iter().filter(|node| self.keeps(*node, pod));
        let Some(node) = keeping.min_by_key(|node| (self.spare(*node), *node)) else {
            return false;
        };
        self.seat(at, node);
        true
    }

    /// Whether the pod serves on the node, and none of the node's taints evicts it.
    fn keeps(&self, node: NodeId, pod: InstanceId) -> bool {
        let cluster = self.scheduler.cluster();
        let spec = cluster.spec_of(self.placement.instance(pod).class);
        let evicts = eviction::cause(cluster, self.placement, node, spec).is_some();
        self.placement.node(node).serves() && !evicts
    }

    fn seat(&mut self, at: usize, node: NodeId) {
        self.placement.bind(self.scheduler.cluster(), self.pods[at], node);
        self.movers.insert(self.pods[at], Mover::Item(at));
    }

    /// How much of a node is free: the shares of its CPU and memory, added up.
    fn spare(&self, node: NodeId) -> i128 {
        let (all, used) =
            (&self.scheduler.cluster().node(node).allocatable, self.placement.node(node));
        let share = |all: i64, used: i64| {
            (i128::from(all) - i128::from(used)) * (1 << 20) / i128::from(all.max(1))
        };
        share(all.cpu_milli, used.requested.cpu_milli) + share(all.memory, used.requested.memory)
    }

    /// Moves on whoever is in the way, on the node where that costs least.
    fn make_room(&mut self, at: usize) -> bool {
        let needs = self.scheduler.needs(self.placement, self.pods[at]);
        if !needs.pod.is_empty() {
            return false;
        }
        let mut ways: Vec<(u64, NodeId, Vec<InstanceId>)> = Vec::new();
        for (node, needs) in &needs.nodes {
            if self.keeps(*node, self.pods[at])
                && let Some(victims) = self.victims(*node, needs)
            {
                let cost = victims.iter().map(|id| self.cost(*id)).sum();
                ways.push((cost, *node, victims));
            }
        }
        ways.sort();
        ways.into_iter()
            .take(NODES_TRIED)
            .any(|(_, node, victims)| self.try_room(at, node, &victims))
    }

    fn try_room(&mut self, at: usize, node: NodeId, victims: &[InstanceId]) -> bool {
        let cluster = self.scheduler.cluster();
        let mark = self.placement.mark();
        for id in victims {
            self.placement.remove(cluster, *id);
        }
        let fits = self.scheduler.feasible(self.placement, self.pods[at], &mut self.scratch);
        let fits = fits.contains(&node);
        self.placement.revert(cluster, mark);
        if !fits {
            return false;
        }
        let items: Vec<(InstanceId, Mover)> =
            victims.iter().map(|id| (*id, self.movers[id])).collect();
        for (id, mover) in items {
            match mover {
                Mover::Optional => self.leave_out(id),
                Mover::Item(other) => {
                    self.returns[other] += 1;
                    self.lift(other);
                }
            }
        }
        self.seat(at, node);
        true
    }

    fn cost(&self, id: InstanceId) -> u64 {
        match self.movers[&id] {
            Mover::Optional => 1,
            Mover::Item(at) => (self.sizes[at] + 1).saturating_mul(1 + 2 * self.returns[at]),
        }
    }

    /// Who would have to leave for the needs to be met; `None` where that is not for pods to do.
    fn victims(
        &self,
        node: NodeId,
        needs: &[(holdfast_scheduler::Plugin, Need)],
    ) -> Option<Vec<InstanceId>> {
        let mut victims: BTreeSet<InstanceId> = BTreeSet::new();
        let mut missing: Vec<(holdfast_cluster::profile::ResourceName, i64)> = Vec::new();
        let mut slots = 0_usize;
        for (_, need) in needs {
            match need {
                Need::Port(_, pod) => {
                    victims.insert(*pod);
                }
                Need::Disk(pods)
                | Need::Claim(_, pods)
                | Need::Away(_, pods)
                | Need::Repelled(_, pods) => {
                    victims.extend(pods);
                }
                Need::PodSlot { running, limit } => {
                    slots = usize::try_from((running + 1 - limit).max(0)).unwrap_or(usize::MAX);
                }
                Need::Amount(amount) => missing.push((amount.resource, amount.missing())),
                _ => return None,
            }
        }
        if !victims.iter().all(|id| self.movers.contains_key(id)) {
            return None;
        }
        let spec = |id: &InstanceId| {
            let class = self.placement.instance(*id).class;
            &self.scheduler.cluster().spec_of(class).requests
        };
        let enough = |gone: &BTreeSet<InstanceId>| {
            let here: Vec<&Resources> = gone
                .iter()
                .filter(|id| self.placement.instance(**id).node() == Some(node))
                .map(spec)
                .collect();
            here.len() >= slots
                && missing.iter().all(|(resource, missing)| {
                    here.iter().map(|one| resource.of(one)).sum::<i64>() >= *missing
                })
        };
        let mut others: Vec<InstanceId> = self.placement.node(node).pods.clone();
        others.retain(|id| self.movers.contains_key(id) && !victims.contains(id));
        others.sort_by_key(|id| (self.cost(*id), *id));
        let one = others.iter().find(|id| {
            let mut with = victims.clone();
            with.insert(**id);
            enough(&with)
        });
        if enough(&victims) {
            return Some(victims.into_iter().collect());
        }
        if let Some(id) = one {
            victims.insert(*id);
            return Some(victims.into_iter().collect());
        }
        for id in others.into_iter().take(VICTIMS_MAX) {
            victims.insert(id);
            if enough(&victims) {
                return Some(victims.into_iter().collect());
            }
        }
        None
    }

    /// Everybody who is not where it was.
    fn seats(&self) -> Vec<Seat> {
        let items = self.demand.items.iter().zip(&self.pods);
        items
            .filter(|(item, pod)| item.wanted.pod != Some(**pod))
            .filter_map(|(item, pod)| Some(item.at(self.placement.instance(*pod).node()?)))
            .collect()
    }
}

/// How large each item is: the largest share that it takes of what any node has left.
fn sizes(model: &Model<'_>, demand: &Demand) -> Vec<u64> {
    let mut most: BTreeMap<Resource, i64> = BTreeMap::new();
    let mut known: BTreeMap<ClassId, u64> = BTreeMap::new();
    let mut size = |class: ClassId| {
        let asks = model.rules.asks(model.cluster().spec_of(class)).into_iter();
        let share = |(resource, asks): (Resource, i64)| {
            let left = || model.nodes.iter().map(|node| model.rules.left(resource, *node)).max();
            let most = *most.entry(resource).or_insert_with(|| left().unwrap_or(1).max(1));
            i128::from(asks) * (1 << 20) / i128::from(most)
        };
        u64::try_from(asks.map(share).max().unwrap_or(0)).unwrap_or(u64::MAX)
    };
    let classes = demand.items.iter().map(|item| item.wanted.class);
    classes.map(|class| *known.entry(class).or_insert_with(|| size(class))).collect()
}
