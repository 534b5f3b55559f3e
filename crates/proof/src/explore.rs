//! Exhaustive search over what may happen: every order, every tie-break, within a budget.
//!
//! States are canonical: a state is the multiset of what changed since the failure, so that orders
//! which end in the same placement are followed once, and pods that nothing can tell apart are not
//! told apart. States and the steps between them are a graph: what refutes is its shortest path to
//! a quiet state that falls short, and its components tell where runs go round for ever.

mod descent;
pub(crate) mod graph;
mod rounds;

use std::collections::{BTreeMap, BTreeSet};

use crate::doubts::Doubts;
use crate::subject::Subjects;
use crate::verdict::Doubt;
use graph::{Graph, Routes, StateId, Way};
use holdfast_cluster::placement::{Mark, Target, Whereabouts};
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement};
use holdfast_failover::{Actor, Assumed, Dynamics, Situation, Step, Steps};
use holdfast_scheduler::Scratch;

pub(crate) use descent::PODS_SMALL;
pub use rounds::Round;

/// What the search found out about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The fewest pods that serve once all is quiet, or while runs go round for ever.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// How many must serve.
    pub needed: u32,
    /// A shortest run that ends with fewer.
    pub violation: Option<Vec<Step>>,
    /// A run that ends with fewer was seen, but nobody knows whether it can happen.
    pub doubtful: Option<Doubt>,
    /// Fewer serve again and again in runs that may never come to rest.
    pub restless: bool,
    /// Such a run of which it is known that it can happen, where it can never end.
    pub round: Option<Round>,
}

/// What a search found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exploration {
    /// By position of the subject.
    pub outcomes: BTreeMap<usize, Outcome>,
    /// How many different states were seen.
    pub states: u64,
    /// How many of them were quiet.
    pub quiet: u64,
    /// There were no more.
    pub complete: bool,
    /// Some run may go round for ever.
    pub endless: bool,
    /// There were more ways to choose whom to delete than were tried.
    pub coarse: bool,
    /// What is not known of the pods that come in place of preempted ones.
    pub doubt: Option<Doubt>,
}

/// Where every search begins, by its number in the graph.
fn start() -> StateId {
    StateId::new(0)
}

/// The search.
pub struct Explorer<'e, 'c> {
    dynamics: &'e Dynamics<'c>,
    subjects: &'e Subjects,
    situation: &'e Situation,
    scratch: &'e mut Scratch,
    /// Where the canonical states are counted from.
    base: Mark,
    budget: usize,
    graph: Graph,
    /// How each state was come to at first, by its number.
    first: Vec<Option<(StateId, Taken)>>,
    /// The states on the way to where the search is.
    way: Vec<StateId>,
    /// Quiet states at which a subject falls short, in the order in which they were found.
    short: BTreeMap<usize, Vec<StateId>>,
    watched: Vec<usize>,
    /// Subjects whose pods are not sure of a node.
    unsure: &'e BTreeSet<usize>,
    /// For subjects that are not watched from the start: what serves and what must serve at the
    /// base.
    baseline: &'e dyn Fn(usize) -> (u32, u32),
    doubts: &'e Doubts,
    found: Exploration,
}

/// One changed pod: class, class of the next, workload, what it was, what it is, which node is kept
/// free for it, its number, and who it is. Or one changed workload, behind all pods.
pub(crate) type Entry = [u32; 8];

impl<'e, 'c> Explorer<'e, 'c> {
    /// A search from the placement's present state, over at most `budget` states. `baseline` gives
    /// what serves now, and what must serve, of a subject; `unsure` are those whose pods may find
    /// no node.
    pub(crate) fn new(
        dynamics: &'e Dynamics<'c>,
        subjects: &'e Subjects,
        situation: &'e Situation,
        scratch: &'e mut Scratch,
        budget: usize,
        baseline: &'e dyn Fn(usize) -> (u32, u32),
        (doubts, unsure): (&'e Doubts, &'e BTreeSet<usize>),
    ) -> Self {
        Self {
            dynamics,
            subjects,
            situation,
            scratch,
            base: Mark::default(),
            budget,
            graph: Graph::default(),
            first: Vec::new(),
            way: Vec::new(),
            short: BTreeMap::new(),
            watched: Vec::new(),
            unsure,
            baseline,
            doubts,
            found: Exploration::default(),
        }
    }

    /// Runs the search, or where that could never be complete the runs that say most. In runs that
    /// never end the `touched` subjects are looked at as well as those that are watched.
    /// `placement` is the same afterwards.
    pub fn run(
        mut self,
        placement: &mut Placement,
        watched: &[usize],
        touched: &[usize],
    ) -> Exploration {
        self.base = placement.mark();
        self.found.complete = true;
        self.watched = watched.to_vec();
        if self.is_too_wide(placement) {
            self.descend(placement);
        } else {
            walk(self.dynamics.cluster(), placement, &mut self);
            self.found.states = self.graph.len() as u64;
            self.refute(placement);
            self.go_round(placement, touched);
        }
        self.found
    }

    /// Takes down what is not known of the pods that come in place of preempted ones.
    fn note_successors(&mut self, placement: &Placement, steps: &Steps) {
        let cluster = self.dynamics.cluster();
        for step in steps.sure.iter().chain(&steps.possible) {
            let Step::Preempt { victims, .. } = step else { continue };
            for victim in victims {
                let doubt = self.doubts.of_successor(cluster, placement, *victim);
                self.found.doubt = self.found.doubt.into_iter().chain(doubt).min();
            }
        }
    }

    /// Takes down how a quiet state leaves the watched subjects and all that changed, and says
    /// which fall short.
    fn record(&mut self, placement: &Placement) -> Vec<usize> {
        self.found.quiet += 1;
        let changed = placement.changed_since(self.base);
        let moved = changed
            .iter()
            .filter_map(|(id, _)| self.subjects.position(placement.instance(*id).workload));
        let mut positions: Vec<usize> = self.watched.iter().copied().chain(moved).collect();
        positions.extend(self.found.outcomes.keys().copied());
        positions.sort_unstable();
        positions.dedup();
        positions.retain(|position| self.falls_short(placement, *position));
        positions
    }

    fn falls_short(&mut self, placement: &Placement, position: usize) -> bool {
        let ready = self.subjects.subjects[position].ready(placement);
        let first = self.found.quiet == 1;
        let outcome = self.found.outcomes.entry(position).or_insert_with(|| {
            let (serving, needed) = (self.baseline)(position);
            // In the quiet states before this one nothing of it had changed.
            let range = if first { (ready, ready) } else { (serving, serving) };
            Outcome::new(range, needed)
        });
        outcome.min = outcome.min.min(ready);
        outcome.max = outcome.max.max(ready);
        ready < outcome.needed
    }

    /// Finds the shortest run against each subject that falls short somewhere.
    fn refute(&mut self, placement: &mut Placement) {
        let short = std::mem::take(&mut self.short);
        if short.is_empty() {
            return;
        }
        let routes = self.graph.routes(start(), |way| way.doubt.is_none());
        for (position, states) in short {
            let far = |state: &StateId| Some((routes.far(*state)?, *state));
            let nearest = states.iter().filter_map(far).min();
            let run = nearest.and_then(|(_, state)| self.run_to(placement, &routes, state));
            let run = run.or_else(|| states.iter().find_map(|state| self.known_run_to(*state)));
            let doubt = self.first_run_to(states[0]).iter().find_map(|taken| taken.doubt);
            let outcome = self.found.outcomes.get_mut(&position).expect("it was recorded");
            outcome.doubtful = doubt.filter(|_| run.is_none());
            outcome.violation = run;
        }
    }

    /// A run over the shortest route to a state. Where the search came no longer way, that is the
    /// one it took.
    fn run_to(
        &mut self,
        placement: &mut Placement,
        routes: &Routes,
        state: StateId,
    ) -> Option<Vec<Step>> {
        let known = self.known_run_to(state);
        if known.as_ref().map(Vec::len) == routes.far(state) {
            return known;
        }
        let run = self.follow_route(placement, &routes.to(state));
        placement.revert(self.dynamics.cluster(), self.base);
        run
    }

    /// How the search came to a state, if nothing on the way is unknown.
    fn known_run_to(&self, state: StateId) -> Option<Vec<Step>> {
        let step = |taken: &Taken| taken.doubt.is_none().then(|| taken.step.clone());
        self.first_run_to(state).into_iter().map(step).collect()
    }

    /// How the search came to a state.
    fn first_run_to(&self, state: StateId) -> Vec<&Taken> {
        let before = |at: &StateId| self.first[at.index()].as_ref();
        let ways = std::iter::successors(before(&state), |(from, _)| before(from));
        let mut run: Vec<&Taken> = ways.map(|(_, taken)| taken).collect();
        run.reverse();
        run
    }

    /// Takes known steps from state to state along a route. Pods that were made on another way go
    /// by other numbers there, so that each step is looked for anew; of steps that nothing can tell
    /// apart it may be another that is offered there, which leads to a state like the next
    /// (`None`).
    fn follow_route(&mut self, placement: &mut Placement, route: &[StateId]) -> Option<Vec<Step>> {
        let cluster = self.dynamics.cluster();
        let mut run = Vec::new();
        for next in route {
            let steps = self.dynamics.steps(placement, self.situation, self.scratch);
            let mut moves = weigh(self.dynamics, placement, steps).into_iter();
            let mut leads = |taken: &Taken| {
                let mark = placement.mark();
                self.dynamics.apply(placement, &taken.step);
                let state = canonical(cluster, placement, self.base, false);
                let leads = self.graph.find(&state) == Some(*next);
                if !leads {
                    placement.revert(cluster, mark);
                }
                leads
            };
            run.push(moves.find(|taken| taken.doubt.is_none() && leads(taken))?.step);
        }
        Some(run)
    }
}

impl Outcome {
    fn new((min, max): (u32, u32), needed: u32) -> Self {
        let (violation, doubtful, restless, round) = (None, None, false, None);
        Self { min, max, needed, violation, doubtful, restless, round }
    }
}

impl Visitor for Explorer<'_, '_> {
    type Move = Taken;

    fn enter(&mut self, placement: &mut Placement, taken: Option<&Taken>) -> Vec<Taken> {
        let state = canonical(self.dynamics.cluster(), placement, self.base, false);
        let from = self.way.last().copied().zip(taken);
        let by = from.map(|(before, taken)| (before, taken.way()));
        let (state, is_new) = self.graph.enter(state, by);
        self.way.push(state);
        if !is_new {
            return Vec::new();
        }
        self.first.push(from.map(|(before, taken)| (before, taken.clone())));
        if self.graph.len() > self.budget || self.way.len() > longest(self.dynamics.cluster()) + 1 {
            self.found.complete = false;
            return Vec::new();
        }
        let steps = self.dynamics.steps(placement, self.situation, self.scratch);
        self.found.coarse |= steps.coarse;
        self.note_successors(placement, &steps);
        if steps.sure.is_empty() {
            for position in self.record(placement) {
                self.short.entry(position).or_default().push(state);
            }
        }
        weigh(self.dynamics, placement, steps)
    }

    fn make(&mut self, placement: &mut Placement, taken: &Taken) {
        self.dynamics.apply(placement, &taken.step);
    }

    fn leave(&mut self) {
        self.way.pop();
    }

    fn is_done(&self) -> bool {
        !self.found.complete
    }
}

/// Steps after which a run is taken to have no end, as pods pile up on a node that nobody hears:
/// many times more than it takes to evict, end, make and place every pod once.
pub(crate) fn longest(cluster: &Cluster) -> usize {
    8 * cluster.pods().len() + 256
}

/// A step of a run, and what is not known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The step.
    pub(crate) step: Step,
    /// It, or another that is, comes next; others may never come.
    pub(crate) sure: bool,
    /// Why nobody knows whether it can happen.
    pub(crate) doubt: Option<Doubt>,
    /// Whose turn it is.
    pub(crate) actor: Actor,
}

impl Taken {
    /// The step as a way of the graph.
    pub(crate) fn way(&self) -> Way {
        Way { sure: self.sure, doubt: self.doubt, actor: self.actor }
    }
}

/// The steps with their doubts.
pub(crate) fn weigh(dynamics: &Dynamics<'_>, placement: &Placement, steps: Steps) -> Vec<Taken> {
    let Steps { sure, possible, unseen, .. } = steps;
    let doubt = |step: &Step| match step {
        Step::Schedule { pod, node } if unseen.contains(&(*pod, *node)) => Some(Doubt::Sampling),
        step => dynamics.assumed(placement, step).map(|assumed| match assumed {
            Assumed::CustomController => Doubt::CustomController,
            Assumed::Job => Doubt::JobPolicy,
            Assumed::Quota => Doubt::Quota,
        }),
    };
    let with = |sure: bool| move |step| (sure, step);
    let all = sure.into_iter().map(with(true)).chain(possible.into_iter().map(with(false)));
    let taken = |(sure, step)| {
        let (doubt, actor) = (doubt(&step), Actor::of(placement, &step));
        Taken { step, sure, doubt, actor }
    };
    all.map(taken).collect()
}

/// Who walks over states.
pub(crate) trait Visitor {
    /// What leads from one state to the next.
    type Move;
    /// Comes to a state by a move, and says how to go on.
    fn enter(&mut self, placement: &mut Placement, by: Option<&Self::Move>) -> Vec<Self::Move>;
    /// Makes a move from the state that was entered last.
    fn make(&mut self, placement: &mut Placement, next: &Self::Move);
    /// Goes back.
    fn leave(&mut self);
    /// Whether enough was seen.
    fn is_done(&self) -> bool;
}

/// Walks over the states that can be reached, in depth. `placement` is the same afterwards. Runs
/// may be as long as they like: nothing here recurs.
pub(crate) fn walk(cluster: &Cluster, placement: &mut Placement, visitor: &mut impl Visitor) {
    let start = placement.mark();
    let mut open = vec![(start, visitor.enter(placement, None).into_iter())];
    while let Some((mark, moves)) = open.last_mut() {
        let next = moves.next().filter(|_| !visitor.is_done());
        let Some(next) = next else {
            placement.revert(cluster, *mark);
            visitor.leave();
            open.pop();
            continue;
        };
        let mark = placement.mark();
        visitor.make(placement, &next);
        open.push((mark, visitor.enter(placement, Some(&next)).into_iter()));
    }
}

/// The canonical form of what changed since `base`. Pods are told apart by their age where it may
/// matter: with `ages` also on nodes that nobody hears, since they may be heard again. Of pods that
/// were made since and are gone it is kept which kinds there were, not how many: no controller, and
/// nobody who decides, looks at them, and what Jobs count stands in their target.
pub(crate) fn canonical(
    cluster: &Cluster,
    placement: &Placement,
    base: Mark,
    ages: bool,
) -> Box<[Entry]> {
    let mut gone = BTreeSet::new();
    let mut entries: Vec<Entry> = placement
        .changed_since(base)
        .into_iter()
        .filter_map(|(id, before)| {
            let now = placement.instance(id);
            if before.is_none() && now.whereabouts == Whereabouts::Gone {
                let next = now.next_class(cluster);
                gone.insert([now.class.0, next.0, now.workload.0, 0, GONE, 0, now.ordinal, 0]);
                return None;
            }
            let before = before.as_ref();
            (before != Some(now)).then(|| {
                let nominated = now.nominated.map_or(0, |node| 1 + node.0);
                let next = now.next_class(cluster);
                let who = before.map_or(0, |was| identity(placement, id, was, ages));
                let before = before.map_or(0, |was| 1 + code(was, false));
                let now_code = code(now, placement.is_to_be_drained(id));
                let number = now.ordinal;
                [now.class.0, next.0, now.workload.0, before, now_code, nominated, number, who]
            })
        })
        .collect();
    entries.extend(gone);
    entries.sort_unstable();
    let nodes = placement.nodes_changed_since(base).into_iter();
    entries.extend(
        nodes.map(|id| [u32::MAX, u32::MAX, id.0, placement.node(id).standing(), 0, 0, 0, 0]),
    );
    entries.extend(placement.retargeted_since(base).into_iter().map(|id| {
        let Target { desired, rollouts, lost } = placement.target(id);
        let desired = desired as u64;
        [u32::MAX, id.0, desired as u32, (desired >> 32) as u32, rollouts, lost, 0, 0]
    }));
    entries.into_boxed_slice()
}

/// Which pod it is, where its age matters: of two pods of a node that can be reached, which differ
/// in nothing else, the older is preempted last.
fn identity(placement: &Placement, id: InstanceId, was: &Instance, ages: bool) -> u32 {
    let heard = was.node().is_some_and(|node| placement.node(node).reachable);
    if heard || ages { 1 + id.0 } else { 0 }
}

/// The place of pods that are gone; by itself it says nothing of how they stood.
const GONE: u32 = 2;

/// Where an instance is and how it stands, as a number.
fn code(instance: &Instance, drained: bool) -> u32 {
    let place = match instance.whereabouts {
        Whereabouts::Pending => 0,
        Whereabouts::Unlisted => 1,
        Whereabouts::Gone => GONE,
        Whereabouts::On(node) => 3 + node.0,
    };
    let flags = [
        drained,
        instance.ready,
        instance.healthy,
        instance.starting,
        instance.attaching,
        instance.starved,
        instance.outdated,
        instance.terminating,
        instance.preempted,
    ];
    flags.into_iter().fold(place, |code, flag| code * 2 + u32::from(flag))
}
