//! How pods get back to where their rules want them: the fewest pods to delete, in order.
//!
//! A pod that is deleted is made again, and the scheduler places it; nobody can tell it where. So a
//! step is proposed where it looks as if the scheduler would do what is wanted, and the simulator
//! decides: from every place of rest that the steps before may have led to, every order of ending,
//! making again and scheduling is followed, and every tie. A step is taken only where all of it is
//! known, in each end the new pod serves, nobody else has moved, and the goal is nearer
//! ([`Measure`]). No step breaks a claim: a budget would allow the eviction, and another pod of the
//! workload serves meanwhile.
//!
//! First as many steps are taken as help, one after the other. Then shorter plans are looked for,
//! those that first lead away included, among all deletions in turn, from the least number that
//! [`Measure::bound`] leaves open. A number is the fewest where it is that bound, or where all
//! shorter plans were tried and nothing remained unknown. Steps are counted.

pub mod measure;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::{Dynamics, Event, budgets};
use holdfast_proof::start::Starts;
use holdfast_proof::{Prover, Settings, Simulator};
use holdfast_scheduler::Scratch;

use self::measure::{Goal, Measure, is_movable};

/// Places of rest that are followed at once.
const STATES_MAX: usize = 64;

/// Deletions that seem to help are followed so many at a time, the best first.
const PROPOSALS: usize = 8;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pods that are deleted at most.
    pub moves: usize,
    /// Deletions that are followed.
    pub steps: usize,
}

/// A pod that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The pod.
    pub pod: InstanceId,
    /// Where it is.
    pub from: NodeId,
    /// Where the next one comes to be: one of these.
    pub to: Vec<NodeId>,
    /// How far from the goal the cluster is then, at the most.
    pub distance: i128,
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// The cluster is on the move, and may come to rest in several places.
    Unsettled,
    /// No control plane acts.
    NobodyActs,
}

/// What keeps a pod from being deleted, or a deletion from helping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// A budget allows no eviction.
    Budget,
    /// No other pod of the workload serves.
    Alone,
    /// What follows is not known, or there is too much of it.
    Unknown,
    /// The next pod may wait, or others may move.
    Disturbs,
    /// It may end no nearer to the goal.
    NoHelp,
}

/// The deletions.
#[derive(Clone, Debug)]
pub struct Rebalance<'c> {
    /// How it was measured.
    pub measure: Measure<'c>,
    /// Where the cluster stands.
    pub before: Placement,
    /// Each place where it may stand in the end.
    pub after: Vec<Placement>,
    /// The pods to delete, in order.
    pub moves: Vec<Move>,
    /// The goal is met in the end.
    pub reached: bool,
    /// Fewer moves do not do, as sums tell.
    pub bound: usize,
    /// It was shown that no fewer do.
    pub fewest: bool,
    /// For pods that crowd in the end: what keeps them, each hindrance with how many.
    pub hindered: BTreeMap<Hindrance, usize>,
    /// Deletions that were followed.
    pub steps: usize,
}

/// Looks for the fewest deletions.
pub struct Rebalancer<'c> {
    simulator: Simulator<'c>,
    roots: Vec<WorkloadId>,
    limits: Limits,
    start: Placement,
    /// Pods that may be deleted, those together that nothing tells apart.
    alike: Vec<Vec<InstanceId>>,
    /// Pods whose deletion did not help when it was looked at.
    idle: BTreeSet<InstanceId>,
    steps: usize,
    scratch: Scratch,
}

impl<'c> Rebalancer<'c> {
    /// Looks at the cluster before anything is deleted.
    ///
    /// # Errors
    /// Where it does not rest, or nobody acts.
    pub fn new(cluster: &'c Cluster, settings: Settings, limits: Limits) -> Result<Self, Unsure> {
        let prover = Prover::new(cluster, settings);
        let Starts { starts, complete, at_rest, .. } = prover.starts();
        let [start] = starts.as_slice() else { return Err(Unsure::Unsettled) };
        if !complete || !at_rest || start.doubt.is_some() {
            return Err(Unsure::Unsettled);
        }
        if !prover.dynamics().control_plane().acts(&start.placement) {
            return Err(Unsure::NobodyActs);
        }
        let start = start.placement.clone();
        let simulator = Simulator::new(Dynamics::new(cluster), settings);
        let roots = cluster.workload_ids().map(|id| cluster.root(id)).collect();
        let (idle, scratch) = (BTreeSet::new(), Scratch::default());
        let alike = alike(cluster, &start);
        Ok(Self { simulator, roots, limits, start, alike, idle, steps: 0, scratch })
    }

    fn cluster(&self) -> &'c Cluster {
        self.simulator.dynamics().cluster()
    }

    /// The fewest deletions after which the goal is met, as far as they are found.
    pub fn reach(mut self, goal: Goal) -> Rebalance<'c> {
        let measure = Measure::new(self.cluster(), &self.start, goal);
        let bound = measure.bound(&self.start);
        let (mut moves, mut after) = self.descend(&measure);
        let mut reached = holds(&measure, &after);
        let most = if reached { moves.len() } else { self.limits.moves + 1 };
        let mut fewest = reached && moves.len() == bound;
        if !fewest && self.is_small() {
            let found = self.exhaust(&measure, (bound, most));
            fewest = found.is_ok() && (reached || matches!(found, Ok(Some(_))));
            if let Ok(Some(better)) = found {
                (moves, after) = better;
                reached = true;
            }
        }
        let hindered = self.hindered(&measure, &after);
        Rebalance {
            before: self.start,
            measure,
            after,
            moves,
            reached,
            bound,
            fewest,
            hindered,
            steps: self.steps,
        }
    }

    /// Whether every deletion may be tried.
    fn is_small(&self) -> bool {
        self.alike.iter().map(Vec::len).sum::<usize>() <= self.limits.steps.isqrt()
    }

    /// Takes steps that help for as long as there are any.
    fn descend(&mut self, measure: &Measure<'c>) -> Plan {
        let (mut moves, mut states) = (Vec::new(), vec![self.start.clone()]);
        while moves.len() < self.limits.moves && !holds(measure, &states) {
            let Some((step, next)) = self.next(measure, &states) else { break };
            moves.push(step);
            states = next;
        }
        (moves, states)
    }

    /// The first that turns out to help of the steps that look best, a few at a time.
    fn next(
        &mut self,
        measure: &Measure<'c>,
        states: &[Placement],
    ) -> Option<(Move, Vec<Placement>)> {
        let now = distance(measure, states);
        let mut pods = measure.crowding(&states[0], self.deletable(states).into_iter());
        // Who did not help before is asked last.
        pods.sort_by_key(|pod| self.idle.contains(pod));
        let mut expected = states[0].clone();
        let mut pods = pods.into_iter();
        loop {
            let mut proposals: Vec<(i128, InstanceId)> = Vec::new();
            for pod in pods.by_ref() {
                match self.expect(measure, &mut expected, pod).filter(|gain| *gain > 0) {
                    Some(gain) => proposals.push((-gain, pod)),
                    None => drop(self.idle.insert(pod)),
                }
                if proposals.len() == PROPOSALS {
                    break;
                }
            }
            if proposals.is_empty() {
                return None;
            }
            proposals.sort_unstable();
            for (_, pod) in proposals {
                if self.steps >= self.limits.steps {
                    return None;
                }
                match self.step(measure, states, pod) {
                    Ok(found) if found.0.distance < now => return Some(found),
                    _ => drop(self.idle.insert(pod)),
                }
            }
        }
    }

    /// Pods of the export that are where they were in all states, of those alike the first.
    fn deletable(&self, states: &[Placement]) -> Vec<InstanceId> {
        let still = |id: &&InstanceId| {
            let was = self.start.instance(**id);
            states.iter().all(|state| state.instance(**id) == was)
        };
        self.alike.iter().filter_map(|alike| alike.iter().find(still).copied()).collect()
    }

    /// How much nearer the goal a deletion seems to lead at the worst, if the next pod finds a
    /// node.
    fn expect(
        &mut self,
        measure: &Measure<'c>,
        state: &mut Placement,
        pod: InstanceId,
    ) -> Option<i128> {
        let cluster = self.cluster();
        let was = *state.instance(pod);
        let class = state.instance(pod).next_class(cluster);
        let classes = [was.class, class];
        let before = measure.part(state, classes);
        let mark = state.mark();
        state.remove(cluster, pod);
        let next = state.add(cluster, class, was.workload, was.origin);
        let scheduler = self.simulator.dynamics().scheduler();
        let nodes = scheduler.candidates(state, next, &mut self.scratch).to_vec();
        let mut worst: Option<i128> = None;
        for node in nodes {
            let mark = state.mark();
            state.bind(cluster, next, node);
            worst = worst.max(Some(measure.part(state, classes)));
            state.revert(cluster, mark);
        }
        state.revert(cluster, mark);
        worst.map(|worst| before - worst)
    }

    /// What the deletion of a pod leads to from all of these states.
    fn step(
        &mut self,
        measure: &Measure<'c>,
        states: &[Placement],
        pod: InstanceId,
    ) -> Result<(Move, Vec<Placement>), Hindrance> {
        let origin = self.start.instance(pod).origin.ok_or(Hindrance::Unknown)?;
        let from = self.start.instance(pod).node().ok_or(Hindrance::Unknown)?;
        let mut ends: Vec<Placement> = Vec::new();
        let mut to = Vec::new();
        self.steps += 1;
        for state in states {
            self.may_delete(state, pod)?;
            let event = Event::DeletePod(origin);
            let found = self.simulator.ends(state, &event, &mut self.scratch);
            let found = found.map_err(|_| Hindrance::Unknown)?;
            if !found.exact {
                return Err(Hindrance::Unknown);
            }
            for end in found.states {
                to.push(moved_to(state, &end, pod).ok_or(Hindrance::Disturbs)?);
                if ends.iter().all(|known| known.instances() != end.instances()) {
                    ends.push(end);
                }
            }
            if ends.len() > STATES_MAX {
                return Err(Hindrance::Unknown);
            }
        }
        to.sort_unstable();
        to.dedup();
        let distance = distance(measure, &ends);
        Ok((Move { pod, from, to, distance }, ends))
    }

    /// Whether budgets would let the pod go, and another of its workload serves.
    fn may_delete(&self, state: &Placement, pod: InstanceId) -> Result<(), Hindrance> {
        let cluster = self.cluster();
        budgets::may_evict(cluster, state, pod).map_err(|_| Hindrance::Budget)?;
        let root = self.roots[state.instance(pod).workload.index()];
        let serves = |id: &InstanceId| {
            let other = state.instance(*id);
            other.ready && self.roots[other.workload.index()] == root
        };
        let others = state.instance_ids().filter(|id| *id != pod);
        if others.filter(serves).count() == 0 { Err(Hindrance::Alone) } else { Ok(()) }
    }

    /// The first plan with fewer moves, shortest first; an error where something was left out or
    /// is not known.
    fn exhaust(
        &mut self,
        measure: &Measure<'c>,
        (least, most): (usize, usize),
    ) -> Result<Option<Plan>, Unfinished> {
        for length in least..most {
            let start = vec![self.start.clone()];
            let mut known = true;
            let mut moves = Vec::new();
            if let Some(after) = self.deepen(measure, start, length, &mut moves, &mut known)? {
                return Ok(Some((moves, after)));
            }
            if !known {
                return Err(Unfinished);
            }
        }
        Ok(None)
    }

    /// A plan of so many more moves.
    fn deepen(
        &mut self,
        measure: &Measure<'c>,
        states: Vec<Placement>,
        left: usize,
        moves: &mut Vec<Move>,
        known: &mut bool,
    ) -> Result<Option<Vec<Placement>>, Unfinished> {
        if holds(measure, &states) {
            return Ok(Some(states));
        }
        if states.iter().any(|state| measure.bound(state) > left) || left == 0 {
            return Ok(None);
        }
        for pod in self.deletable(&states) {
            if self.steps >= self.limits.steps {
                return Err(Unfinished);
            }
            match self.step(measure, &states, pod) {
                Ok((step, next)) => {
                    moves.push(step);
                    let found = self.deepen(measure, next, left - 1, moves, known)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                    moves.pop();
                }
                Err(why) => *known &= why != Hindrance::Unknown,
            }
        }
        Ok(None)
    }

    /// What keeps the pods that still crowd.
    fn hindered(
        &mut self,
        measure: &Measure<'c>,
        states: &[Placement],
    ) -> BTreeMap<Hindrance, usize> {
        let mut all = BTreeMap::new();
        if holds(measure, states) {
            return all;
        }
        let now = distance(measure, states);
        let mut expected = states[0].clone();
        for pod in measure.crowding(&states[0], self.deletable(states).into_iter()) {
            if self.expect(measure, &mut expected, pod).is_some_and(|gain| gain <= 0) {
                *all.entry(Hindrance::NoHelp).or_default() += 1;
                continue;
            }
            if self.steps >= self.limits.steps {
                break;
            }
            let why = match self.step(measure, states, pod) {
                Ok((step, _)) if step.distance < now => continue,
                Ok(_) => Hindrance::NoHelp,
                Err(why) => why,
            };
            *all.entry(why).or_default() += 1;
        }
        all
    }
}

/// Pods that may be deleted, those together that nothing tells apart.
fn alike(cluster: &Cluster, start: &Placement) -> Vec<Vec<InstanceId>> {
    let mut all: BTreeMap<_, Vec<InstanceId>> = BTreeMap::new();
    for id in start.instance_ids().filter(|id| is_movable(cluster, start, *id)) {
        let it = start.instance(id);
        let stands =
            [it.ready, it.healthy, it.starting, it.attaching, it.starved, it.settling, it.outdated];
        let next = start.instance(id).next_class(cluster);
        all.entry((it.class, next, it.workload, it.node(), stands)).or_default().push(id);
    }
    all.into_values().collect()
}

/// Moves, and each place where the cluster may stand after them.
type Plan = (Vec<Move>, Vec<Placement>);

/// Not everything was tried.
#[derive(Clone, Copy, Debug)]
struct Unfinished;

/// Whether the goal is met wherever the cluster stands.
fn holds(measure: &Measure<'_>, states: &[Placement]) -> bool {
    states.iter().all(|state| measure.holds(state))
}

/// How far from the goal it is at the most.
fn distance(measure: &Measure<'_>, states: &[Placement]) -> i128 {
    states.iter().map(|state| measure.distance(state)).max().unwrap_or(0)
}

/// The node of the pod that was made for a deleted one, where it serves and all else is as it was.
fn moved_to(before: &Placement, after: &Placement, pod: InstanceId) -> Option<NodeId> {
    let same = |id: &InstanceId| *id == pod || before.instance(*id) == after.instance(*id);
    if !before.instance_ids().all(|id| same(&id)) {
        return None;
    }
    let new = after.instance_ids().skip(before.instances().len());
    let mut living = new
        .map(|id| after.instance(id))
        .chain(std::iter::once(after.instance(pod)))
        .filter(|instance| instance.whereabouts != Whereabouts::Gone);
    let next = living.next().filter(|instance| instance.ready)?;
    if living.next().is_some() { None } else { next.node() }
}
