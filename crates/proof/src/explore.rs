//! Exhaustive search over what may happen: every order, every tie-break, within a budget.
//!
//! States are canonical: a state is the multiset of what changed since the failure, so that orders which end
//! in the same placement are followed once, and pods that nothing can tell apart are not told apart.

use std::collections::BTreeMap;

use holdfast_cluster::placement::{Mark, Whereabouts};
use holdfast_cluster::{Instance, Placement};
use holdfast_failover::{Dynamics, Situation, Step};
use holdfast_scheduler::Scratch;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

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
    /// Somebody was preempted although disruption budgets were at hand, whose state nobody updates.
    pub coarse: bool,
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
    seen: IndexSet<Box<[Entry]>, FxBuildHasher>,
    path: Vec<Step>,
    /// For subjects that are not watched from the start: what serves and what must serve at the base.
    baseline: &'e dyn Fn(usize) -> (u32, u32),
    found: Exploration,
}

/// One changed pod: class, workload, what it was, what it is, which node is kept free for it.
type Entry = [u32; 5];

impl<'e, 'c> Explorer<'e, 'c> {
    /// A search from the placement's present state, over at most `budget` states. `baseline` gives what
    /// serves now, and what must serve, of a subject.
    pub fn new(
        dynamics: &'e Dynamics<'c>,
        subjects: &'e Subjects,
        situation: &'e Situation,
        scratch: &'e mut Scratch,
        budget: usize,
        baseline: &'e dyn Fn(usize) -> (u32, u32),
    ) -> Self {
        Self {
            dynamics,
            subjects,
            situation,
            scratch,
            base: Mark::default(),
            budget,
            seen: IndexSet::default(),
            path: Vec::new(),
            baseline,
            found: Exploration::default(),
        }
    }

    /// Runs the search. `placement` is the same afterwards.
    pub fn run(mut self, placement: &mut Placement, watched: &[usize]) -> Exploration {
        self.base = placement.mark();
        self.found.complete = true;
        self.visit(placement, watched);
        self.found.states = self.seen.len() as u64;
        self.found
    }

    fn visit(&mut self, placement: &mut Placement, watched: &[usize]) {
        if !self.seen.insert(canonical(placement, self.base)) {
            return;
        }
        if self.seen.len() > self.budget {
            self.found.complete = false;
            return;
        }
        let steps = self.dynamics.steps(placement, self.situation, self.scratch);
        self.found.coarse |= steps.coarse;
        if steps.sure.is_empty() {
            self.record(placement, watched);
        }
        for step in steps.sure.into_iter().chain(steps.possible) {
            let mark = placement.mark();
            self.dynamics.apply(placement, &step);
            self.path.push(step);
            self.visit(placement, watched);
            self.path.pop();
            placement.revert(self.dynamics.cluster(), mark);
            if !self.found.complete {
                return;
            }
        }
    }

    /// Takes down how a quiet state leaves the watched subjects and all that changed.
    fn record(&mut self, placement: &Placement, watched: &[usize]) {
        self.found.quiet += 1;
        let changed = placement.changed_since(self.base);
        let moved = changed
            .iter()
            .filter_map(|(id, _)| self.subjects.position(placement.instance(*id).workload));
        let mut positions: Vec<usize> = watched.iter().copied().chain(moved).collect();
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
        let assumed =
            self.path.iter().any(|step| matches!(step, Step::Evict { replaced: true, .. }));
        if assumed {
            outcome.doubtful = Some(Doubt::CustomController);
        } else {
            outcome.violation = Some(self.path.clone());
        }
    }
}

/// The canonical form of what changed since `base`.
fn canonical(placement: &Placement, base: Mark) -> Box<[Entry]> {
    let mut entries: Vec<Entry> = placement
        .changed_since(base)
        .into_iter()
        .filter_map(|(id, before)| {
            let now = placement.instance(id);
            let before = before.as_ref();
            (before != Some(now)).then(|| {
                let nominated = now.nominated.map_or(0, |node| 1 + node.0);
                let before = before.map_or(0, |was| 1 + code(was));
                [now.class.0, now.workload.0, before, code(now), nominated]
            })
        })
        .collect();
    entries.sort_unstable();
    entries.into_boxed_slice()
}

/// Where an instance is and how it stands, as a number.
fn code(instance: &Instance) -> u32 {
    let place = match instance.whereabouts {
        Whereabouts::Pending => 0,
        Whereabouts::Unlisted => 1,
        Whereabouts::Gone => 2,
        Whereabouts::On(node) => 3 + node.0,
    };
    let flags = [instance.ready, instance.terminating, instance.preempted];
    flags.into_iter().fold(place, |code, flag| code * 2 + u32::from(flag))
}
