//! States that a run comes by again and again, and never leaves.
//!
//! All states that sure steps lead to are listed, as in a closed set ([`crate::closed`]); in none
//! of them is the cluster at rest, and from each some sure steps lead back to the first. Whoever
//! comes there stays, unless something happens that need not, and comes by the first state again as
//! often as one likes to wait. Of pods that were made and are gone it does not matter how many
//! there were.

use holdfast_cluster::Placement;
use holdfast_cluster::placement::Mark;
use holdfast_failover::{Dynamics, Situation, Steps};
use holdfast_scheduler::Scratch;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::flaw::Broken;
use crate::format::{Move, State};
use crate::names;
use crate::run::is_guess;
use crate::state::{self, Key};
use crate::unknown::Unknown;

/// Walks over the states of a trap.
pub(crate) struct Trap<'t, 'c> {
    pub(crate) dynamics: &'t Dynamics<'c>,
    pub(crate) unknown: &'t Unknown,
    pub(crate) situation: &'t Situation,
    pub(crate) moves: &'t [Move],
    pub(crate) scratch: &'t mut Scratch,
    /// Where states are told apart from.
    pub(crate) base: Mark,
}

/// What was passed so far.
#[derive(Default)]
struct Passed {
    listed: IndexSet<Key, FxBuildHasher>,
    /// From which state which step leads to which.
    ways: Vec<(usize, Move, Key)>,
}

impl Trap<'_, '_> {
    /// Whether the states are one. `placement` is the first of them, before and after.
    pub(crate) fn check(
        &mut self,
        placement: &mut Placement,
        states: &[State],
    ) -> Result<(), Broken> {
        let (cluster, start) = (self.dynamics.cluster(), placement.mark());
        let mut passed = Passed::default();
        let walked = self.walk(placement, states, &mut passed);
        placement.revert(cluster, start);
        walked?;
        let mut ways = Vec::new();
        for (from, step, to) in passed.ways {
            let to = passed.listed.get_index_of(&to);
            ways.push((from, to.ok_or_else(|| Broken::Missing(step.into()))?));
        }
        match first_astray(passed.listed.len(), &ways) {
            Some(state) => Err(Broken::NoReturn(state)),
            None => Ok(()),
        }
    }

    fn walk(
        &mut self,
        placement: &mut Placement,
        states: &[State],
        passed: &mut Passed,
    ) -> Result<(), Broken> {
        let cluster = self.dynamics.cluster();
        let mut way = vec![(0, placement.mark(), self.enter(placement, 0, passed)?)];
        for (at, State(before, step)) in states.iter().enumerate() {
            while way.last().is_some_and(|(number, ..)| number != before) {
                way.pop();
            }
            let (_, mark, steps) = way.last().ok_or(Broken::Order(at + 1))?;
            placement.revert(cluster, *mark);
            let wanted = self.moves.get(*step).ok_or(Broken::Order(at + 1))?;
            let step = names::find(cluster, placement, steps, wanted)
                .ok_or_else(|| Broken::Step(wanted.clone().into()))?;
            self.dynamics.apply(placement, step);
            let steps = self.enter(placement, at + 1, passed)?;
            way.push((at + 1, placement.mark(), steps));
        }
        Ok(())
    }

    /// The sure steps of a state, of which all must be known.
    fn enter(
        &mut self,
        placement: &mut Placement,
        number: usize,
        passed: &mut Passed,
    ) -> Result<Steps, Broken> {
        let cluster = self.dynamics.cluster();
        if !passed.listed.insert(state::round_key(cluster, placement, self.base)) {
            return Err(Broken::Twice(number));
        }
        let mut steps = self.dynamics.steps(placement, self.situation, self.scratch);
        let open = |pod: &_| self.unknown.of_pod(cluster, placement, *pod).is_open;
        if steps.coarse || placement.pending().iter().any(open) {
            return Err(Broken::NotKnown);
        }
        if steps.sure.is_empty() {
            return Err(Broken::NoReturn(number));
        }
        steps.possible.clear();
        let mark = placement.mark();
        for step in &steps.sure {
            let guess = is_guess(self.dynamics, placement, &steps, step)
                || self.unknown.is_guess(cluster, placement, step);
            if guess {
                return Err(Broken::NotKnown);
            }
            let name = names::step(cluster, placement, step);
            self.dynamics.apply(placement, step);
            let key = state::round_key(cluster, placement, self.base);
            placement.revert(cluster, mark);
            passed.ways.push((number, name, key));
        }
        Ok(steps)
    }
}

/// The first of so many states from which no way leads back to the first.
fn first_astray(states: usize, ways: &[(usize, usize)]) -> Option<usize> {
    let mut into = vec![Vec::new(); states];
    for (from, to) in ways {
        into[*to].push(*from);
    }
    let mut returns = vec![false; states];
    returns[0] = true;
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        for from in &into[at] {
            if !std::mem::replace(&mut returns[*from], true) {
                open.push(*from);
            }
        }
    }
    returns.iter().position(|returns| !returns)
}
