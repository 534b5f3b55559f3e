//! All states that may come, listed as a certificate lists them.

use holdfast_certificate::format::{Move, State};
use holdfast_certificate::{names, state};
use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::{Dynamics, Phase, Phases, Step};
use holdfast_scheduler::Scratch;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::explore::{Taken, weigh};

/// The steps of a certificate, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves(IndexSet<Move, FxBuildHasher>);

impl Moves {
    /// The number of a step.
    pub(super) fn add(&mut self, cluster: &Cluster, placement: &Placement, step: &Step) -> usize {
        self.0.insert_full(names::step(cluster, placement, step)).0
    }

    /// The number of what lets the next of joined events come.
    fn come(&mut self) -> usize {
        self.0.insert_full(Move::Come).0
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

/// The moment right after one of joined events has come.
pub(super) struct Moment<'m> {
    pub(super) placement: &'m Placement,
    /// The steps to it, the event last.
    pub(super) path: &'m [usize],
    /// None of them is a guess.
    pub(super) known: bool,
    /// Those of the pods that serve which may not have started.
    pub(super) unsure: &'m [InstanceId],
}

/// Whoever looks at the states.
pub(super) trait Look {
    /// Looks at a quiet state, and says whether to go on.
    fn quiet(&mut self, quiet: Quiet<'_>) -> bool;

    /// Looks at a moment.
    fn moment(&mut self, _moment: Moment<'_>) {}
}

impl<F: FnMut(Quiet<'_>) -> bool> Look for F {
    fn quiet(&mut self, quiet: Quiet<'_>) -> bool {
        self(quiet)
    }
}

/// A search that lists states along the way.
pub(super) struct Search<'s, 'c> {
    pub(super) dynamics: &'s Dynamics<'c>,
    /// What holds, and since when.
    pub(super) phases: (Phases<'s, 'c>, Phase),
    pub(super) scratch: &'s mut Scratch,
    pub(super) moves: &'s mut Moves,
    pub(super) budget: usize,
}

/// A state on the way, and what is still to be followed from it.
struct Passed {
    number: usize,
    mark: Mark,
    phase: Phase,
    known: bool,
    next: std::vec::IntoIter<Next>,
}

/// What leads from one state to the next.
enum Next {
    /// A step.
    Step(Taken),
    /// The next of joined events comes.
    Event,
}

impl Search<'_, '_> {
    /// Every state from `placement` on, which is the same afterwards; `None` if there are more than
    /// the budget allows, or more ways than can be listed, or `look` asks for no more.
    pub(super) fn run(
        &mut self,
        placement: &mut Placement,
        look: &mut dyn Look,
    ) -> Option<Vec<State>> {
        let base = placement.mark();
        let listed = self.walk(placement, base, look);
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
            let (number, step) = (*number, self.moves.add(cluster, placement, &next));
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
        let (phases, phase) = &self.phases;
        self.dynamics.steps(placement, phases.situation(*phase), self.scratch).sure
    }

    fn walk(
        &mut self,
        placement: &mut Placement,
        base: Mark,
        look: &mut dyn Look,
    ) -> Option<Vec<State>> {
        let cluster = self.dynamics.cluster();
        let mut seen: IndexSet<(Phase, state::Key), FxBuildHasher> = IndexSet::default();
        let mut states = Vec::new();
        let mut path: Vec<usize> = Vec::new();
        let first = self.phases.1;
        seen.insert((first, state::round_key(cluster, placement, base)));
        let mut way = vec![self.enter(placement, (0, first, true), &path, look)?];
        while let Some(passed) = way.last_mut() {
            let (number, phase, mut known) = (passed.number, passed.phase, passed.known);
            placement.revert(cluster, passed.mark);
            let Some(next) = passed.next.next() else {
                way.pop();
                path.pop();
                continue;
            };
            let phases = &mut self.phases.0;
            let (phase, step) = match next {
                Next::Step(Taken { step, doubt, .. }) => {
                    known &= doubt.is_none();
                    path.push(self.moves.add(cluster, placement, &step));
                    phases.apply(placement, phase, &step);
                    (phase, path[path.len() - 1])
                }
                Next::Event => {
                    path.push(self.moves.come());
                    let unsure = &phases.unsure(placement, phase, base);
                    let next = phases.come(placement, phase).expect("an event is to come");
                    look.moment(Moment { placement, path: &path, known, unsure });
                    (next, path[path.len() - 1])
                }
            };
            if !seen.insert((phase, state::round_key(cluster, placement, base))) {
                path.pop();
                continue;
            }
            if seen.len() > self.budget {
                return None;
            }
            states.push(State(number, step));
            way.push(self.enter(placement, (states.len(), phase, known), &path, look)?);
        }
        Some(states)
    }

    fn enter(
        &mut self,
        placement: &mut Placement,
        (number, phase, known): (usize, Phase, bool),
        path: &[usize],
        look: &mut dyn Look,
    ) -> Option<Passed> {
        let phases = &self.phases.0;
        let steps = self.dynamics.steps(placement, phases.situation(phase), self.scratch);
        let event = phases.next(phase).map(|_| Next::Event);
        if steps.coarse {
            return None;
        }
        let is_quiet = steps.sure.is_empty() && event.is_none();
        if is_quiet && !look.quiet(Quiet { number, placement, path, known }) {
            return None;
        }
        let mut next = weigh(self.dynamics, placement, steps);
        // What is known to be possible goes first, so that most states are come to that way.
        next.sort_by_key(|taken| taken.doubt.is_some());
        let next = event.into_iter().chain(next.into_iter().map(Next::Step));
        let next = next.collect::<Vec<Next>>().into_iter();
        Some(Passed { number, mark: placement.mark(), phase, known, next })
    }
}
