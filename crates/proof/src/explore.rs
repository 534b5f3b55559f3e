//! Exhaustive search over what may happen: every order, every tie-break, within a budget.
//!
//! States are canonical: a state is the multiset of what changed since the failure, so that orders
//! which end in the same placement are followed once, and pods that nothing can tell apart are not
//! told apart.

mod descent;

use std::collections::BTreeMap;

use holdfast_cluster::placement::{Mark, Target, Whereabouts};
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement};
use holdfast_failover::{Assumed, Dynamics, Situation, Step, Steps};
use holdfast_scheduler::Scratch;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::doubts::Doubts;
use crate::subject::Subjects;
use crate::verdict::Doubt;

/// What the search found out about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The fewest pods that serve once all is quiet.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// How many must serve.
    pub needed: u32,
    /// A run that ends with fewer.
    pub violation: Option<Vec<Step>>,
    /// A run that ends with fewer was seen, but nobody knows whether it can happen.
    pub doubtful: Option<Doubt>,
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
    /// There were more ways to choose whom to delete than were tried.
    pub coarse: bool,
    /// What is not known of the pods that come in place of preempted ones.
    pub doubt: Option<Doubt>,
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
    seen: Seen,
    watched: Vec<usize>,
    path: Vec<Taken>,
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
    /// what serves now, and what must serve, of a subject.
    pub(crate) fn new(
        dynamics: &'e Dynamics<'c>,
        subjects: &'e Subjects,
        situation: &'e Situation,
        scratch: &'e mut Scratch,
        budget: usize,
        baseline: &'e dyn Fn(usize) -> (u32, u32),
        doubts: &'e Doubts,
    ) -> Self {
        Self {
            dynamics,
            subjects,
            situation,
            scratch,
            base: Mark::default(),
            budget,
            seen: Seen::default(),
            watched: Vec::new(),
            path: Vec::new(),
            baseline,
            doubts,
            found: Exploration::default(),
        }
    }

    /// Runs the search, or where that could never be complete the runs that say most. `placement`
    /// is the same afterwards.
    pub fn run(mut self, placement: &mut Placement, watched: &[usize]) -> Exploration {
        self.base = placement.mark();
        self.found.complete = true;
        self.watched = watched.to_vec();
        if self.is_too_wide(placement) {
            self.descend(placement);
        } else {
            walk(self.dynamics.cluster(), placement, &mut self);
            self.found.states = self.seen.len() as u64;
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

    /// Takes down how a quiet state leaves the watched subjects and all that changed.
    fn record(&mut self, placement: &Placement) {
        self.found.quiet += 1;
        let changed = placement.changed_since(self.base);
        let moved = changed
            .iter()
            .filter_map(|(id, _)| self.subjects.position(placement.instance(*id).workload));
        let mut positions: Vec<usize> = self.watched.iter().copied().chain(moved).collect();
        positions.extend(self.found.outcomes.keys().copied());
        positions.sort_unstable();
        positions.dedup();
        for position in positions {
            self.record_subject(placement, position);
        }
    }

    fn record_subject(&mut self, placement: &Placement, position: usize) {
        let ready = self.subjects.subjects[position].ready(placement);
        let first = self.found.quiet == 1;
        let outcome = self.found.outcomes.entry(position).or_insert_with(|| {
            let (serving, needed) = (self.baseline)(position);
            // In the quiet states before this one nothing of it had changed.
            let (min, max) = if first { (ready, ready) } else { (serving, serving) };
            Outcome { min, max, needed, violation: None, doubtful: None }
        });
        outcome.min = outcome.min.min(ready);
        outcome.max = outcome.max.max(ready);
        if ready >= outcome.needed || outcome.violation.is_some() {
            return;
        }
        match self.path.iter().find_map(|taken| taken.doubt) {
            Some(doubt) => outcome.doubtful = Some(doubt),
            None => {
                outcome.violation =
                    Some(self.path.iter().map(|taken| taken.step.clone()).collect());
            }
        }
    }
}

impl Visitor for Explorer<'_, '_> {
    type Move = Taken;

    fn enter(&mut self, placement: &mut Placement, taken: Option<&Taken>) -> Vec<Taken> {
        self.path.extend(taken.cloned());
        let state = canonical(self.dynamics.cluster(), placement, self.base, false);
        if !self.seen.insert(state, self.path.iter().all(|taken| taken.doubt.is_none())) {
            return Vec::new();
        }
        if self.seen.len() > self.budget || self.path.len() > longest(self.dynamics.cluster()) {
            self.found.complete = false;
            return Vec::new();
        }
        let steps = self.dynamics.steps(placement, self.situation, self.scratch);
        self.found.coarse |= steps.coarse;
        self.note_successors(placement, &steps);
        if steps.sure.is_empty() {
            self.record(placement);
        }
        weigh(self.dynamics, placement, steps)
    }

    fn make(&mut self, placement: &mut Placement, taken: &Taken) {
        self.dynamics.apply(placement, &taken.step);
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn is_done(&self) -> bool {
        !self.found.complete
    }
}

/// Steps after which a run is taken to go round for ever: many times more than it takes to evict,
/// end, make and place every pod once.
pub(crate) fn longest(cluster: &Cluster) -> usize {
    8 * cluster.pods().len() + 64
}

/// The states that were seen, and whether some run to them rests on nothing unknown. A state is
/// followed once more when such a run comes late, so that the order of runs decides nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(IndexMap<Box<[Entry]>, bool, FxBuildHasher>);

impl Seen {
    /// Takes down a state; false if nothing new can follow from it.
    pub(crate) fn insert(&mut self, state: Box<[Entry]>, sure: bool) -> bool {
        match self.0.get_mut(&state) {
            Some(known) if *known || !sure => false,
            Some(known) => {
                *known = true;
                true
            }
            None => self.0.insert(state, sure).is_none(),
        }
    }

    /// How many different ones.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A step of a run, and what is not known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The step.
    pub(crate) step: Step,
    /// Why nobody knows whether it can happen.
    pub(crate) doubt: Option<Doubt>,
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
    let all = sure.into_iter().chain(possible);
    all.map(|step| Taken { doubt: doubt(&step), step }).collect()
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
/// matter: with `ages` also on nodes that nobody hears, since they may be heard again.
pub(crate) fn canonical(
    cluster: &Cluster,
    placement: &Placement,
    base: Mark,
    ages: bool,
) -> Box<[Entry]> {
    let mut entries: Vec<Entry> = placement
        .changed_since(base)
        .into_iter()
        .filter_map(|(id, before)| {
            let now = placement.instance(id);
            let before = before.as_ref();
            (before != Some(now)).then(|| {
                let nominated = now.nominated.map_or(0, |node| 1 + node.0);
                let next = now.origin.map_or(now.class, |pod| cluster.pod(pod).replacement);
                let who = before.map_or(0, |was| identity(placement, id, was, ages));
                let before = before.map_or(0, |was| 1 + code(was, false));
                let now_code = code(now, is_to_be_drained(placement, id));
                let number = now.ordinal;
                [now.class.0, next.0, now.workload.0, before, now_code, nominated, number, who]
            })
        })
        .collect();
    entries.sort_unstable();
    let nodes = placement.nodes_changed_since(base).into_iter();
    entries.extend(nodes.map(|id| [u32::MAX, u32::MAX, id.0, standing(placement, id), 0, 0, 0, 0]));
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

/// Whether whoever drains its node evicts the pod: it was there when the drain began.
fn is_to_be_drained(placement: &Placement, id: InstanceId) -> bool {
    let node = placement.instance(id).node();
    let next = node.and_then(|node| placement.node(node).draining);
    next.is_some_and(|next| id < next)
}

/// How a node stands, as a number.
fn standing(placement: &Placement, id: NodeId) -> u32 {
    let node = placement.node(id);
    let flags = [
        node.exists,
        node.reachable,
        node.healthy,
        node.cut_off,
        node.lost,
        node.resigned,
        node.unschedulable,
        node.draining.is_some(),
        node.taints.leaving,
        node.taints.replace,
        node.taints.not_ready,
        node.taints.unreachable,
        node.taints.out_of_service,
    ];
    flags.into_iter().fold(0, |code, flag| code * 2 + u32::from(flag))
}

/// Where an instance is and how it stands, as a number.
fn code(instance: &Instance, drained: bool) -> u32 {
    let place = match instance.whereabouts {
        Whereabouts::Pending => 0,
        Whereabouts::Unlisted => 1,
        Whereabouts::Gone => 2,
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
