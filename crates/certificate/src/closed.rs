//! A set of states that no run leaves.
//!
//! States are listed along the way: each follows one of those that lead to the state listed before
//! it, by a step that can come there. Whatever step can come in a listed state must lead to a
//! listed one, and so must the next of joined events, which may come in each of them. Then every
//! run stays among them, and what holds in each quiet one holds wherever a run comes to rest. A run
//! that never does comes by some of them again and again ([`again`]). Of pods that were made and
//! are gone it does not matter how many there were.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::{Actor, Dynamics, Event, Phase, Phases, Situation, Steps};
use holdfast_scheduler::Scratch;
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use crate::again::{self, Turn, Way};
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
    /// A run may come by the state again and again. Whether it does is known once all are listed:
    /// such a state is shown twice.
    pub(crate) comes_again: bool,
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
    /// The steps between states: from which, to the one that is listed or owed so, and whose they
    /// are.
    ways: Vec<(usize, To, Turn)>,
    base: Mark,
}

/// A state by its number among those that are listed, or among those that were owed.
#[derive(Clone, Copy)]
enum To {
    Listed(usize),
    Owed(usize),
}

/// Whoever enters the listed states one after the other.
type Enter<'e, 'w, 'c> =
    &'e mut dyn FnMut(&mut Walk<'w, 'c>, &mut Placement, (usize, Phase)) -> Result<Passed, Broken>;

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
        let (listed, owed, ways) = (IndexSet::default(), IndexMap::default(), Vec::new());
        let base = Mark::default();
        Self { dynamics, phases, first, moves, scratch, listed, owed, ways, base }
    }

    /// Shows every state to `look`, then once more those that may come again and again. `placement`
    /// is the first of them, before and after.
    pub(crate) fn check(
        mut self,
        placement: &mut Placement,
        states: &[State],
        look: &mut dyn Look,
    ) -> Result<(), Broken> {
        let start = placement.mark();
        self.base = start;
        let walked = self
            .walk(placement, states, &mut |walk, placement, at| walk.enter(placement, at, look));
        placement.revert(self.dynamics.cluster(), start);
        walked?;
        let again = self.again()?;
        if again.is_empty() {
            return Ok(());
        }
        let walked = self.walk(placement, states, &mut |walk, placement, (number, phase)| {
            let (passed, all_came) = walk.pass(placement, (number, phase))?;
            if again.contains(&number) {
                let steps = &passed.steps;
                look.state(Shown { number, placement, steps, comes_again: true, all_came })?;
            }
            Ok(passed)
        });
        placement.revert(self.dynamics.cluster(), start);
        walked
    }

    /// The numbers of the states that a run may come by again and again; every state that is owed
    /// must be listed.
    fn again(&self) -> Result<BTreeSet<usize>, Broken> {
        let paid: Vec<usize> = self
            .owed
            .iter()
            .map(|(key, step)| {
                let at = self.listed.get_index_of(key);
                at.ok_or_else(|| Broken::Missing(step.clone().into()))
            })
            .collect::<Result<_, _>>()?;
        let number = |to: To| match to {
            To::Listed(at) => at,
            To::Owed(at) => paid[at],
        };
        let ways = self.ways.iter().map(|(from, to, turn)| Way {
            from: *from,
            to: number(*to),
            turn: *turn,
        });
        Ok(again::states(self.listed.len(), &ways.collect::<Vec<Way>>()))
    }

    fn walk(
        &mut self,
        placement: &mut Placement,
        states: &[State],
        enter: Enter<'_, 'w, 'c>,
    ) -> Result<(), Broken> {
        let cluster = self.dynamics.cluster();
        let mut way = vec![enter(self, placement, (0, self.first))?];
        for (at, State(before, step)) in states.iter().enumerate() {
            while way.last().is_some_and(|passed| passed.number != *before) {
                way.pop();
            }
            let passed = way.last().ok_or(Broken::Order(at + 1))?;
            placement.revert(cluster, passed.mark);
            let wanted = self.moves.get(*step).ok_or(Broken::Order(at + 1))?;
            let phase = self.take(placement, (passed.phase, &passed.steps), wanted);
            let phase = phase.ok_or_else(|| Broken::Step(wanted.clone().into()))?;
            way.push(enter(self, placement, (at + 1, phase))?);
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
        if !self.listed.insert(self.key(placement, phase)) {
            return Err(Broken::Twice(number));
        }
        let mark = placement.mark();
        let (passed, all_came) = self.pass(placement, (number, phase))?;
        let steps = &passed.steps;
        for (at, step) in steps.sure.iter().chain(&steps.possible).enumerate() {
            let is_sure = at < steps.sure.len();
            let turn = if is_sure { Turn::Of(Actor::of(placement, step)) } else { Turn::Idle };
            self.phases.apply(placement, phase, step);
            let key = self.key(placement, phase);
            placement.revert(cluster, mark);
            self.lead(number, key, turn, || names::step(cluster, placement, step));
        }
        if !all_came {
            let unsure = self.phases.unsure(placement, phase, self.base);
            let next = self.phases.come(placement, phase).expect("an event is to come");
            look.moment(placement, &unsure)?;
            let key = self.key(placement, next);
            placement.revert(cluster, mark);
            self.lead(number, key, Turn::Event, || Move::Come);
        }
        look.state(Shown { number, placement, steps, comes_again: false, all_came })?;
        Ok(passed)
    }

    /// What may come next in a state, and whether the last of joined events has come.
    fn pass(
        &mut self,
        placement: &mut Placement,
        (number, phase): (usize, Phase),
    ) -> Result<(Passed, bool), Broken> {
        let mark = placement.mark();
        let situation = self.phases.situation(phase);
        let steps = self.dynamics.steps(placement, situation, self.scratch);
        if steps.coarse {
            return Err(Broken::Coarse);
        }
        Ok((Passed { number, mark, phase, steps }, self.phases.next(phase).is_none()))
    }

    fn key(&self, placement: &Placement, phase: Phase) -> (Phase, Key) {
        (phase, state::round_key(self.dynamics.cluster(), placement, self.base))
    }

    /// Takes down where a step leads.
    fn lead(&mut self, from: usize, key: (Phase, Key), turn: Turn, step: impl FnOnce() -> Move) {
        let to = self.listed.get_index_of(&key).map_or_else(
            || {
                let entry = self.owed.entry(key);
                let at = entry.index();
                entry.or_insert_with(step);
                To::Owed(at)
            },
            To::Listed,
        );
        self.ways.push((from, to, turn));
    }
}
