//! Runs that go round for ever.
//!
//! A pod that a node's `NoExecute` taint lets in for a while is evicted, made again, and comes back
//! (`tolerationSeconds`). Such a run is never quiet: a workload is back where it serves as asked in
//! every state that the run may come by again and again.
//!
//! Whether a run goes round for ever or leaves by another way is often a question of chance. What
//! is told as a refutation never leaves: no sure way leads out of the component, and each of its
//! states may come again from each other. Everything else that may go round is left open.

use std::collections::BTreeMap;

use holdfast_cluster::Placement;
use holdfast_failover::Step;

use super::graph::StateId;
use super::{Explorer, Outcome, Taken, Visitor, canonical, start, walk, weigh};

/// A run that comes back to where it was, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The steps to where it begins to go round.
    pub prefix: Vec<Step>,
    /// The steps round, again and again; at least one.
    pub again: Vec<Step>,
}

/// How few pods of a subject serve somewhere.
#[derive(Clone, Copy, Debug)]
struct Seen {
    min: u32,
    max: u32,
    /// The nearest state of a trap in which the fewest serve: how many, how far, and which.
    trapped: Option<(u32, usize, StateId)>,
}

/// Looks again at the states in which runs may go round.
struct Patrol<'x, 'e, 'c> {
    explorer: &'x mut Explorer<'e, 'c>,
    /// What may come again and again, by the number of the state.
    marked: Vec<Option<Marked>>,
    passed: Vec<bool>,
    positions: Vec<usize>,
    seen: BTreeMap<usize, Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marked {
    /// A run may be there again and again.
    Loop,
    /// A run that comes there may not leave, and comes back; the shortest has so many steps.
    Trap(usize),
}

impl Explorer<'_, '_> {
    /// Takes down how runs that never end leave the subjects that were recorded, the watched and
    /// the `touched`.
    pub(super) fn go_round(&mut self, placement: &mut Placement, touched: &[usize]) {
        let mut marked = vec![None; self.graph.len()];
        for state in self.graph.loops().into_iter().flatten() {
            marked[state.index()] = Some(Marked::Loop);
        }
        if marked.iter().all(Option::is_none) {
            return;
        }
        self.found.endless = true;
        if !self.found.complete {
            return;
        }
        let surely = self.graph.routes(start(), |way| way.doubt.is_none());
        for state in self.graph.traps().into_iter().flatten() {
            if let Some(far) = surely.far(state) {
                marked[state.index()] = Some(Marked::Trap(far));
            }
        }
        let mut positions = [&*self.watched, touched].concat();
        positions.extend(self.found.outcomes.keys());
        positions.sort_unstable();
        positions.dedup();
        let passed = vec![false; self.graph.len()];
        let cluster = self.dynamics.cluster();
        let mut patrol =
            Patrol { explorer: self, marked, passed, positions, seen: BTreeMap::new() };
        walk(cluster, placement, &mut patrol);
        for (position, seen) in patrol.seen {
            let needed = (self.baseline)(position).1;
            let trapped = seen.trapped.filter(|(ready, ..)| *ready < needed && !self.found.coarse);
            let round = trapped.and_then(|(.., state)| self.round(placement, state));
            let range = (seen.min, seen.max);
            let outcomes = &mut self.found.outcomes;
            let outcome = outcomes.entry(position).or_insert_with(|| Outcome::new(range, needed));
            outcome.min = outcome.min.min(seen.min);
            outcome.max = outcome.max.max(seen.max);
            outcome.restless = seen.min < needed;
            outcome.round = round;
        }
    }

    /// The shortest run to a state of a trap, and round back to it.
    fn round(&mut self, placement: &mut Placement, state: StateId) -> Option<Round> {
        let routes = self.graph.routes(start(), |way| way.doubt.is_none());
        let prefix = self.follow_route(placement, &routes.to(state));
        let round = self.graph.round(state);
        let again = prefix.is_some().then(|| self.follow_route(placement, &round)).flatten();
        placement.revert(self.dynamics.cluster(), self.base);
        Some(Round { prefix: prefix?, again: again? })
    }
}

impl Visitor for Patrol<'_, '_, '_> {
    type Move = Taken;

    fn enter(&mut self, placement: &mut Placement, _: Option<&Taken>) -> Vec<Taken> {
        let Explorer { dynamics, situation, scratch, graph, subjects, base, .. } = self.explorer;
        let state = graph.find(&canonical(dynamics.cluster(), placement, *base, false));
        let state = state.expect("the search came by here");
        if std::mem::replace(&mut self.passed[state.index()], true) {
            return Vec::new();
        }
        if let Some(marked) = self.marked[state.index()] {
            for &position in &self.positions {
                let ready = subjects.subjects[position].ready(placement);
                let trapped = match marked {
                    Marked::Trap(far) => Some((ready, far, state)),
                    Marked::Loop => None,
                };
                let seen =
                    self.seen.entry(position).or_insert(Seen { min: ready, max: ready, trapped });
                seen.min = seen.min.min(ready);
                seen.max = seen.max.max(ready);
                seen.trapped = seen.trapped.into_iter().chain(trapped).min();
            }
        }
        let steps = dynamics.steps(placement, situation, scratch);
        weigh(dynamics, placement, steps)
    }

    fn make(&mut self, placement: &mut Placement, taken: &Taken) {
        self.explorer.dynamics.apply(placement, &taken.step);
    }

    fn leave(&mut self) {}

    fn is_done(&self) -> bool {
        false
    }
}
