//! All states that may come, listed as a certificate lists them.

use holdfast_certificate::format::{Move, State};
use holdfast_certificate::{names, state};
use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::{Dynamics, Situation, Step};
use holdfast_scheduler::Scratch;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::explore::{Taken, weigh};

/// The steps of a certificate, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves(IndexSet<Move, FxBuildHasher>);

impl Moves {
    /// The number of a step; `None` for one that cannot be told by names.
    pub(super) fn add(
        &mut self,
        cluster: &Cluster,
        placement: &Placement,
        step: &Step,
    ) -> Option<usize> {
        Some(self.0.insert_full(names::step(cluster, placement, step)?).0)
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<Move> {
        self.0.iter().cloned().collect()
    }
}

/// A quiet state.
pub(super) struct Quiet<'q> {
    pub(super) number: usize,
    pub(super) placement: &'q Placement,
    /// The steps to it.
    pub(super) path: &'q [usize],
    /// None of them is a guess.
    pub(super) known: bool,
}

/// A search that lists states along the way.
pub(super) struct Search<'s, 'c> {
    pub(super) dynamics: &'s Dynamics<'c>,
    pub(super) situation: &'s Situation,
    pub(super) scratch: &'s mut Scratch,
    pub(super) moves: &'s mut Moves,
    pub(super) budget: usize,
}

/// A state on the way, and the steps from it that are still to be taken.
struct Passed {
    number: usize,
    mark: Mark,
    known: bool,
    next: std::vec::IntoIter<Taken>,
}

impl Search<'_, '_> {
    /// Every state from `placement` on, which is the same afterwards; `None` if there are more than
    /// the budget allows, or more ways than can be listed, or `quiet` asks for no more.
    pub(super) fn run(
        &mut self,
        placement: &mut Placement,
        quiet: &mut dyn FnMut(Quiet<'_>) -> bool,
    ) -> Option<Vec<State>> {
        let base = placement.mark();
        let listed = self.walk(placement, base, quiet);
        placement.revert(self.dynamics.cluster(), base);
        listed
    }

    /// Every state that sure steps lead to from `placement` on, by what changed since `base`, as
    /// far as it matters to a run that goes round; `None` if there are too many, or one at rest.
    pub(super) fn round(&mut self, placement: &mut Placement, base: Mark) -> Option<Vec<State>> {
        let cluster = self.dynamics.cluster();
        let start = placement.mark();
        let mut seen: IndexSet<state::Key, FxBuildHasher> = IndexSet::default();
        seen.insert(state::round_key(cluster, placement, base));
        let mut states = Vec::new();
        let mut way = vec![(0, start, self.sure(placement))];
        while let Some((number, mark, next)) = way.last_mut() {
            placement.revert(cluster, *mark);
            let Some(next) = next.pop() else {
                way.pop();
                continue;
            };
            let (number, step) = (*number, self.moves.add(cluster, placement, &next)?);
            self.dynamics.apply(placement, &next);
            if !seen.insert(state::round_key(cluster, placement, base)) {
                continue;
            }
            if seen.len() > self.budget {
                return None;
            }
            states.push(State(number, step));
            way.push((states.len(), placement.mark(), self.sure(placement)));
        }
        placement.revert(cluster, start);
        Some(states)
    }

    fn sure(&mut self, placement: &mut Placement) -> Vec<Step> {
        self.dynamics.steps(placement, self.situation, self.scratch).sure
    }

    fn walk(
        &mut self,
        placement: &mut Placement,
        base: Mark,
        quiet: &mut dyn FnMut(Quiet<'_>) -> bool,
    ) -> Option<Vec<State>> {
        let cluster = self.dynamics.cluster();
        let mut seen: IndexSet<state::Key, FxBuildHasher> = IndexSet::default();
        let mut states = Vec::new();
        let mut path: Vec<usize> = Vec::new();
        seen.insert(state::key(cluster, placement, base));
        let mut way = vec![self.enter(placement, 0, true, &path, quiet)?];
        while let Some(passed) = way.last_mut() {
            let (number, known) = (passed.number, passed.known);
            placement.revert(cluster, passed.mark);
            let Some(taken) = passed.next.next() else {
                way.pop();
                path.pop();
                continue;
            };
            let step = self.moves.add(cluster, placement, &taken.step)?;
            self.dynamics.apply(placement, &taken.step);
            if !seen.insert(state::key(cluster, placement, base)) {
                continue;
            }
            if seen.len() > self.budget {
                return None;
            }
            states.push(State(number, step));
            path.push(step);
            let known = known && taken.doubt.is_none();
            way.push(self.enter(placement, states.len(), known, &path, quiet)?);
        }
        Some(states)
    }

    fn enter(
        &mut self,
        placement: &mut Placement,
        number: usize,
        known: bool,
        path: &[usize],
        quiet: &mut dyn FnMut(Quiet<'_>) -> bool,
    ) -> Option<Passed> {
        let steps = self.dynamics.steps(placement, self.situation, self.scratch);
        if steps.coarse {
            return None;
        }
        if steps.sure.is_empty() && !quiet(Quiet { number, placement, path, known }) {
            return None;
        }
        let mut next = weigh(self.dynamics, placement, steps);
        // What is known to be possible goes first, so that most states are come to that way.
        next.sort_by_key(|taken| taken.doubt.is_some());
        Some(Passed { number, mark: placement.mark(), known, next: next.into_iter() })
    }
}
