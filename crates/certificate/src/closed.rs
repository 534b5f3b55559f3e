//! A set of states that no run leaves.
//!
//! States are listed along the way: each follows one of those that lead to the state listed before
//! it, by a step that can come there. Whatever step can come in a listed state must lead to a
//! listed one. Then every run stays among them, and what holds in each quiet one holds wherever a
//! run comes to rest.

use holdfast_cluster::Placement;
use holdfast_cluster::placement::Mark;
use holdfast_failover::{Dynamics, Situation, Steps};
use holdfast_scheduler::Scratch;
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use crate::flaw::Broken;
use crate::format::{Move, State};
use crate::names;
use crate::state::{self, Key};

/// A state on the way to the one that is looked at.
struct Passed {
    number: usize,
    mark: Mark,
    steps: Steps,
}

/// A state as it is shown to whoever asks.
pub(crate) struct Shown<'s> {
    /// Its number in the list.
    pub(crate) number: usize,
    /// The placement.
    pub(crate) placement: &'s Placement,
    /// What may come next.
    pub(crate) steps: &'s Steps,
}

/// Walks over listed states and sees to it that no step leads out of them.
pub(crate) struct Walk<'w, 'c> {
    pub(crate) dynamics: &'w Dynamics<'c>,
    pub(crate) situation: &'w Situation,
    pub(crate) moves: &'w [Move],
    pub(crate) scratch: &'w mut Scratch,
    listed: IndexSet<Key, FxBuildHasher>,
    owed: IndexMap<Key, Move, FxBuildHasher>,
    base: Mark,
}

impl<'w, 'c> Walk<'w, 'c> {
    pub(crate) fn new(
        dynamics: &'w Dynamics<'c>,
        situation: &'w Situation,
        moves: &'w [Move],
        scratch: &'w mut Scratch,
    ) -> Self {
        let (listed, owed) = (IndexSet::default(), IndexMap::default());
        Self { dynamics, situation, moves, scratch, listed, owed, base: Mark::default() }
    }

    /// Shows every state to `look`. `placement` is the first of them, before and after.
    pub(crate) fn check(
        mut self,
        placement: &mut Placement,
        states: &[State],
        look: &mut dyn FnMut(Shown<'_>) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let start = placement.mark();
        self.base = start;
        let walked = self.walk(placement, states, look);
        placement.revert(self.dynamics.cluster(), start);
        walked?;
        match self.owed.into_iter().find(|(key, _)| !self.listed.contains(key)) {
            Some((_, step)) => Err(Broken::Missing(step.into())),
            None => Ok(()),
        }
    }

    fn walk(
        &mut self,
        placement: &mut Placement,
        states: &[State],
        look: &mut dyn FnMut(Shown<'_>) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let cluster = self.dynamics.cluster();
        let mut way = vec![self.enter(placement, 0, look)?];
        for (at, State(before, step)) in states.iter().enumerate() {
            while way.last().is_some_and(|passed| passed.number != *before) {
                way.pop();
            }
            let passed = way.last().ok_or(Broken::Order(at + 1))?;
            placement.revert(cluster, passed.mark);
            let wanted = self.moves.get(*step).ok_or(Broken::Order(at + 1))?;
            let step = names::find(cluster, placement, &passed.steps, wanted)
                .ok_or_else(|| Broken::Step(wanted.clone().into()))?;
            self.dynamics.apply(placement, step);
            way.push(self.enter(placement, at + 1, look)?);
        }
        Ok(())
    }

    fn enter(
        &mut self,
        placement: &mut Placement,
        number: usize,
        look: &mut dyn FnMut(Shown<'_>) -> Result<(), Broken>,
    ) -> Result<Passed, Broken> {
        let cluster = self.dynamics.cluster();
        if !self.listed.insert(state::key(cluster, placement, self.base)) {
            return Err(Broken::Twice(number));
        }
        let mark = placement.mark();
        let steps = self.dynamics.steps(placement, self.situation, self.scratch);
        if steps.coarse {
            return Err(Broken::Coarse);
        }
        for step in steps.sure.iter().chain(&steps.possible) {
            let by = |placement: &Placement| {
                names::step(cluster, placement, step).ok_or(Broken::Foreign)
            };
            self.dynamics.apply(placement, step);
            let key = state::key(cluster, placement, self.base);
            placement.revert(cluster, mark);
            if !self.listed.contains(&key) && !self.owed.contains_key(&key) {
                self.owed.insert(key, by(placement)?);
            }
        }
        look(Shown { number, placement, steps: &steps })?;
        Ok(Passed { number, mark, steps })
    }
}
