//! Where a cluster may come to rest: every order and every tie-break is followed until nothing more
//! is sure to happen.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::{Dynamics, Event, Situation, Step};
use holdfast_scheduler::Scratch;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::explore::graph::{Graph, StateId, Way};
use crate::explore::{Entry, Taken, Visitor, canonical, longest, walk, weigh};
use crate::verdict::Doubt;

/// A place of rest, and why nobody knows whether the cluster can come there: what an unknown
/// controller does, which is followed both ways, where that is all.
pub(crate) type Rest = (Placement, Option<Doubt>);

/// The search for places of rest, which may go on from several placements of one cluster.
pub(crate) struct Search<'s, 'c> {
    dynamics: &'s Dynamics<'c>,
    scratch: &'s mut Scratch,
    /// Events that come at any moment, in their order.
    joined: &'s [Event],
    /// What held at the start, and since each event that has come on the way here.
    situations: Vec<Situation>,
    limits: Limits,
    /// Where states are told apart from.
    base: Mark,
    /// What budgets allowed when an event came: later preemptions may go by it.
    allowed: IndexSet<Vec<i64>, FxBuildHasher>,
    /// Anybody may be preempted.
    ranked: bool,
    /// States that nothing can tell apart are one; without this a cluster that preempts in circles
    /// would never come to an end.
    graph: Graph,
    /// Whether some run to a state rests on nothing unknown, by its number. A state is followed
    /// once more when such a run comes late, so that the order of runs decides nothing.
    surely: Vec<bool>,
    path: Vec<Passed>,
    /// There were more ways to choose whom to delete than were tried.
    coarse: bool,
    /// A run has no end, as far as can be seen.
    endless: bool,
    found: Vec<Rest>,
}

/// How a state was come to.
#[derive(Clone, Copy, Debug)]
struct Passed {
    /// Why nobody knows whether the last step can happen.
    doubt: Option<Doubt>,
    /// An event came.
    event: bool,
    /// The state; `None` of what was before the first.
    state: Option<StateId>,
}

/// What leads from one state to the next.
pub(crate) enum Move {
    /// A step.
    Step(Taken),
    /// The next of the joined events comes.
    Event,
}

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// States that it may see.
    pub(crate) states: usize,
    /// Places of rest that it keeps.
    pub(crate) rests: usize,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rests {
    /// The places of rest, each once.
    pub(crate) found: Vec<Rest>,
    /// There are no others.
    pub(crate) complete: bool,
    /// There were more ways to choose whom to delete than were tried.
    pub(crate) coarse: bool,
    /// Some run may go round for ever.
    pub(crate) endless: bool,
    /// States that were seen.
    pub(crate) states: u64,
}

impl<'s, 'c> Search<'s, 'c> {
    /// A search that tells states apart by what changed since `base`.
    pub(crate) fn new(
        dynamics: &'s Dynamics<'c>,
        scratch: &'s mut Scratch,
        base: Mark,
        limits: Limits,
    ) -> Self {
        Self {
            dynamics,
            scratch,
            joined: &[],
            situations: Vec::new(),
            limits,
            base,
            allowed: IndexSet::default(),
            ranked: is_ranked(dynamics.cluster()),
            graph: Graph::default(),
            surely: Vec::new(),
            path: Vec::new(),
            coarse: false,
            endless: false,
            found: Vec::new(),
        }
    }

    /// The same, with events that come at any moment of the runs. A run is at rest only once all of
    /// them have come.
    pub(crate) fn joined(self, joined: &'s [Event]) -> Self {
        Self { joined, ..self }
    }

    /// Follows every run from `placement`, which is the same afterwards. `doubt` says why nobody
    /// knows whether the cluster can stand there.
    pub(crate) fn follow(&mut self, placement: &mut Placement, doubt: Option<Doubt>) {
        self.path = vec![Passed { doubt, event: false, state: None }];
        self.situations.clear();
        let mark = placement.mark();
        self.look(placement);
        walk(self.dynamics.cluster(), placement, self);
        placement.revert(self.dynamics.cluster(), mark);
    }

    /// Takes down what holds since an event has come, and what follows from it unnoticed.
    fn look(&mut self, placement: &mut Placement) {
        let come = self.situations.len();
        let situation = if self.joined.is_empty() {
            self.dynamics.situation(placement)
        } else {
            self.dynamics.situation_awaiting(placement, &self.joined[come..])
        };
        self.dynamics.evict_unnoticed(placement, &situation);
        self.situations.push(situation);
    }

    /// The next of the joined events that has not come.
    fn next_event(&self) -> Option<&'s Event> {
        self.joined.get(self.situations.len() - 1)
    }

    fn situation(&self) -> &Situation {
        self.situations.last().expect("a search begins with what holds")
    }

    /// The canonical form of where a run is: the placement, which events have come, and what
    /// budgets allowed then.
    fn state(&mut self, placement: &Placement) -> Box<[Entry]> {
        let cluster = self.dynamics.cluster();
        let state = canonical(cluster, placement, self.base, self.next_event().is_some());
        // From several places of rest an event finds budgets that allow this or that.
        if self.joined.is_empty() && !self.ranked {
            return state;
        }
        let allowed = if self.ranked { self.situation().allowed.clone() } else { Vec::new() };
        let (allowed, _) = self.allowed.insert_full(allowed);
        let come = self.situations.len();
        let events = [u32::MAX, u32::MAX, u32::MAX, come as u32, allowed as u32, 0, 0, 0];
        state.iter().copied().chain([events]).collect()
    }

    /// What was found from all placements.
    pub(crate) fn finish(mut self) -> Rests {
        let states = self.graph.len();
        let within = states <= self.limits.states && self.found.len() <= self.limits.rests;
        let endless = !self.graph.loops().is_empty();
        self.found.truncate(self.limits.rests);
        Rests {
            found: self.found,
            complete: within && !self.coarse && !self.endless && !endless,
            coarse: self.coarse,
            endless,
            states: states as u64,
        }
    }
}

/// Whether some pods outrank others, and there are budgets that preemption goes by.
fn is_ranked(cluster: &Cluster) -> bool {
    let priorities: BTreeSet<i32> = cluster.specs().map(|spec| spec.priority).collect();
    priorities.len() > 1 && !cluster.objects().budgets.is_empty()
}

impl Visitor for Search<'_, '_> {
    type Move = Move;

    fn enter(&mut self, placement: &mut Placement, by: Option<&Move>) -> Vec<Move> {
        let (doubt, edge) = match by {
            Some(Move::Step(taken)) => (taken.doubt, Some(taken.way())),
            // Nothing leads back to before an event.
            Some(Move::Event) => (None, Some(Way::default())),
            None => (None, None),
        };
        let before = self.path.last().and_then(|way| way.state);
        let state = self.state(placement);
        let (state, is_new) = self.graph.enter(state, before.zip(edge));
        self.path.push(Passed {
            doubt,
            event: matches!(by, Some(Move::Event)),
            state: Some(state),
        });
        let longest = longest(self.dynamics.cluster()) * (1 + self.joined.len());
        self.endless |= self.path.len() > longest;
        let surely = self.path.iter().all(|way| way.doubt.is_none());
        if is_new {
            self.surely.push(surely);
        } else if self.surely[state.index()] || !surely {
            return Vec::new();
        }
        self.surely[state.index()] = surely;
        let situation = self.situations.last().expect("a search begins with what holds");
        let steps = self.dynamics.steps(placement, situation, self.scratch);
        self.coarse |= steps.coarse;
        let next = self.next_event().map(|_| Move::Event);
        if steps.sure.is_empty() && next.is_none() {
            let doubts = self.path.iter().filter_map(|way| way.doubt);
            let doubt = doubts.min_by_key(|doubt| (*doubt == Doubt::CustomController, *doubt));
            self.found.push((placement.clone(), doubt));
        }
        let steps = weigh(self.dynamics, placement, steps).into_iter().map(Move::Step);
        next.into_iter().chain(steps).collect()
    }

    fn make(&mut self, placement: &mut Placement, next: &Move) {
        match next {
            Move::Event => {
                let event = self.next_event().expect("an event is awaited");
                event.join(self.dynamics, placement);
                self.look(placement);
            }
            Move::Step(Taken { step, .. }) => match step {
                Step::Schedule { pod, .. } | Step::Attach { pod }
                    if self.dynamics.is_start_noticed(placement, self.situation(), *pod) =>
                {
                    self.dynamics.apply_unstarted(placement, step);
                }
                _ => self.dynamics.apply(placement, step),
            },
        }
    }

    fn leave(&mut self) {
        if self.path.pop().is_some_and(|way| way.event) {
            self.situations.pop();
        }
    }

    fn is_done(&self) -> bool {
        let full = self.graph.len() > self.limits.states || self.found.len() > self.limits.rests;
        self.endless || full
    }
}
