//! A set of states that no run leaves.
//!
//! States are listed along the way: each follows one of those that lead to the state listed before
//! it, by a step that can come there. Whatever step can come in a listed state must lead to a
//! listed one, and so must the next of joined events, which may come in each of them. Then every
//! run stays among them, and what holds in each quiet one holds wherever a run comes to rest.

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::{Dynamics, Event, Phase, Phases, Situation, Steps};
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
    phase: Phase,
    steps: Steps,
}

/// A state as it is shown to whoever asks.
pub(crate) struct Shown<'s> {
    /// Its number in the list.
    pub(crate) number: usize,
    /// The placement.
    pub(crate) placement: &'s Placement,
    /// What may come next, but for events.
    pub(crate) steps: &'s Steps,
    /// No more of joined events is to come.
    all_came: bool,
}

impl Shown<'_> {
    /// The cluster may stay there for ever.
    pub(crate) fn is_quiet(&self) -> bool {
        self.all_came && self.steps.sure.is_empty()
    }
}

/// Whoever asks.
pub(crate) trait Look {
    /// Looks at a listed state.
    fn state(&mut self, shown: Shown<'_>) -> Result<(), Broken>;

    /// Looks at the moment right after one of joined events has come. The `unsure` ones of the
    /// pods that serve may not have started.
    fn moment(&mut self, _placement: &Placement, _unsure: &[InstanceId]) -> Result<(), Broken> {
        Ok(())
    }
}

impl<F: FnMut(Shown<'_>) -> Result<(), Broken>> Look for F {
    fn state(&mut self, shown: Shown<'_>) -> Result<(), Broken> {
        self(shown)
    }
}

/// Walks over listed states and sees to it that no step leads out of them.
pub(crate) struct Walk<'w, 'c> {
    dynamics: &'w Dynamics<'c>,
    phases: Phases<'w, 'c>,
    first: Phase,
    moves: &'w [Move],
    scratch: &'w mut Scratch,
    listed: IndexSet<(Phase, Key), FxBuildHasher>,
    owed: IndexMap<(Phase, Key), Move, FxBuildHasher>,
    base: Mark,
}

impl<'w, 'c> Walk<'w, 'c> {
    /// Over states since which this holds.
    pub(crate) fn new(
        dynamics: &'w Dynamics<'c>,
        situation: &Situation,
        moves: &'w [Move],
        scratch: &'w mut Scratch,
    ) -> Self {
        Self::over(dynamics, Phases::single(dynamics, situation), moves, scratch)
    }

    /// Over states since what just happened in `placement`, of which follows what nobody notices.
    /// Other events join it.
    pub(crate) fn since(
        dynamics: &'w Dynamics<'c>,
        placement: &mut Placement,
        joined: &'w [Event],
        moves: &'w [Move],
        scratch: &'w mut Scratch,
    ) -> Self {
        let mut phases = Phases::new(dynamics, joined);
        let first = phases.begin(placement);
        Self::over(dynamics, (phases, first), moves, scratch)
    }

    fn over(
        dynamics: &'w Dynamics<'c>,
        (phases, first): (Phases<'w, 'c>, Phase),
        moves: &'w [Move],
        scratch: &'w mut Scratch,
    ) -> Self {
        let (listed, owed) = (IndexSet::default(), IndexMap::default());
        Self { dynamics, phases, first, moves, scratch, listed, owed, base: Mark::default() }
    }

    /// Shows every state to `look`. `placement` is the first of them, before and after.
    pub(crate) fn check(
        mut self,
        placement: &mut Placement,
        states: &[State],
        look: &mut dyn Look,
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
        look: &mut dyn Look,
    ) -> Result<(), Broken> {
        let cluster = self.dynamics.cluster();
        let mut way = vec![self.enter(placement, (0, self.first), look)?];
        for (at, State(before, step)) in states.iter().enumerate() {
            while way.last().is_some_and(|passed| passed.number != *before) {
                way.pop();
            }
            let passed = way.last().ok_or(Broken::Order(at + 1))?;
            placement.revert(cluster, passed.mark);
            let wanted = self.moves.get(*step).ok_or(Broken::Order(at + 1))?;
            let phase = self.take(placement, (passed.phase, &passed.steps), wanted);
            let phase = phase.ok_or_else(|| Broken::Step(wanted.clone().into()))?;
            way.push(self.enter(placement, (at + 1, phase), look)?);
        }
        Ok(())
    }

    /// Takes the step of this name, or lets the next event come; the phase then, if it can.
    fn take(
        &mut self,
        placement: &mut Placement,
        (phase, steps): (Phase, &Steps),
        wanted: &Move,
    ) -> Option<Phase> {
        if *wanted == Move::Come {
            return self.phases.come(placement, phase);
        }
        let step = names::find(self.dynamics.cluster(), placement, steps, wanted)?;
        self.phases.apply(placement, phase, step);
        Some(phase)
    }

    fn enter(
        &mut self,
        placement: &mut Placement,
        (number, phase): (usize, Phase),
        look: &mut dyn Look,
    ) -> Result<Passed, Broken> {
        let cluster = self.dynamics.cluster();
        if !self.listed.insert((phase, state::key(cluster, placement, self.base))) {
            return Err(Broken::Twice(number));
        }
        let mark = placement.mark();
        let situation = self.phases.situation(phase);
        let steps = self.dynamics.steps(placement, situation, self.scratch);
        if steps.coarse {
            return Err(Broken::Coarse);
        }
        for step in steps.sure.iter().chain(&steps.possible) {
            self.phases.apply(placement, phase, step);
            let key = (phase, state::key(cluster, placement, self.base));
            placement.revert(cluster, mark);
            if !self.listed.contains(&key) && !self.owed.contains_key(&key) {
                self.owed.insert(key, names::step(cluster, placement, step));
            }
        }
        let all_came = self.phases.next(phase).is_none();
        if !all_came {
            let unsure = self.phases.unsure(placement, phase, self.base);
            let next = self.phases.come(placement, phase).expect("an event is to come");
            look.moment(placement, &unsure)?;
            let key = (next, state::key(cluster, placement, self.base));
            placement.revert(cluster, mark);
            self.owed.entry(key).or_insert(Move::Come);
        }
        look.state(Shown { number, placement, steps: &steps, all_came })?;
        Ok(Passed { number, mark, phase, steps })
    }
}
