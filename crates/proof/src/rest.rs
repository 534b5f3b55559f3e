//! Where a cluster may come to rest: every order and every tie-break is followed until nothing more
//! is sure to happen.

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::{Dynamics, Event, Phase, Phases};
use holdfast_scheduler::Scratch;

use crate::explore::graph::{Graph, StateId, Way};
use crate::explore::{Entry, Taken, Visitor, canonical, longest, walk, weigh};
use crate::observed::{Observed, Observer};
use crate::verdict::Doubt;

/// A place of rest, and why nobody knows whether the cluster can come there: what an unknown
/// controller does, which is followed both ways, where that is all.
pub(crate) type Rest = (Placement, Option<Doubt>);

/// The search for places of rest, which may go on from several placements of one cluster.
pub(crate) struct Search<'s, 'c> {
    dynamics: &'s Dynamics<'c>,
    scratch: &'s mut Scratch,
    /// How many events come at any moment.
    joined: usize,
    /// Who looks at the moments at which they come.
    observer: Option<Observer<'s, 'c>>,
    phases: Phases<'s, 'c>,
    /// The phase of the state that is entered next.
    phase: Option<Phase>,
    limits: Limits,
    /// Where states are told apart from.
    base: Mark,
    /// Where the runs that are followed begin.
    start: Mark,
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
    /// The state and its phase; `None` of what was before the first.
    state: Option<(StateId, Phase)>,
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
    /// What was seen by who looked at the moments at which events came.
    pub(crate) observed: Vec<Observed>,
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
            joined: 0,
            observer: None,
            phases: Phases::new(dynamics, &[]),
            phase: None,
            limits,
            base,
            start: base,
            graph: Graph::default(),
            surely: Vec::new(),
            path: Vec::new(),
            coarse: false,
            endless: false,
            found: Vec::new(),
        }
    }

    /// The same, with events that come at any moment of the runs, and who looks at these moments. A
    /// run is at rest only once all of them have come.
    pub(crate) fn joined(self, joined: &'s [Event], observer: Observer<'s, 'c>) -> Self {
        let phases = Phases::new(self.dynamics, joined);
        Self { joined: joined.len(), observer: Some(observer), phases, ..self }
    }

    /// Follows every run from `placement`, which is the same afterwards. `doubt` says why nobody
    /// knows whether the cluster can stand there.
    pub(crate) fn follow(&mut self, placement: &mut Placement, doubt: Option<Doubt>) {
        self.path = vec![Passed { doubt, state: None }];
        self.start = placement.mark();
        self.phase = Some(self.phases.begin(placement));
        walk(self.dynamics.cluster(), placement, self);
        placement.revert(self.dynamics.cluster(), self.start);
    }

    /// The phase of the state that was entered last.
    fn now(&self) -> Phase {
        let state = self.path.last().and_then(|passed| passed.state);
        state.expect("a state was entered").1
    }

    /// The canonical form of where a run is: the placement and the phase.
    fn state(&self, placement: &Placement, phase: Phase) -> Box<[Entry]> {
        let cluster = self.dynamics.cluster();
        let awaits = self.phases.next(phase).is_some();
        let state = canonical(cluster, placement, self.base, awaits);
        if !self.phases.matter() {
            return state;
        }
        let number = phase.number();
        let mut entries = vec![[u32::MAX, u32::MAX, u32::MAX, number, 0, 0, 0, 0]];
        if awaits {
            // What began to serve since an event came may have been there before it in other runs.
            let unsure = self.phases.unsure(placement, phase, self.start).into_iter();
            entries.extend(unsure.map(|pod| {
                let pod = placement.instance(pod);
                let node = pod.node().map_or(0, |node| 1 + node.0);
                [u32::MAX, u32::MAX, u32::MAX - 1, pod.class.0, pod.workload.0, node, 0, 0]
            }));
            entries.sort_unstable();
        }
        state.iter().copied().chain(entries).collect()
    }

    /// Looks at the moment at which an event has come. The `unsure` ones may not have started.
    fn observe(&mut self, placement: &Placement, unsure: &[InstanceId]) {
        let known = self.path.iter().all(|passed| passed.doubt.is_none());
        if let Some(observer) = &mut self.observer {
            observer.see_moment(placement, known, unsure);
        }
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
            observed: self.observer.map_or_else(Vec::new, |observer| observer.observed()),
        }
    }
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
        let before = self.path.last().and_then(|passed| passed.state);
        let phase = self.phase.expect("a search begins with a phase");
        let state = self.state(placement, phase);
        let (state, is_new) = self.graph.enter(state, before.map(|(it, _)| it).zip(edge));
        self.path.push(Passed { doubt, state: Some((state, phase)) });
        let longest = longest(self.dynamics.cluster()) * (1 + self.joined);
        self.endless |= self.path.len() > longest;
        let surely = self.path.iter().all(|passed| passed.doubt.is_none());
        if is_new {
            self.surely.push(surely);
        } else if self.surely[state.index()] || !surely {
            return Vec::new();
        }
        self.surely[state.index()] = surely;
        let steps = self.dynamics.steps(placement, self.phases.situation(phase), self.scratch);
        self.coarse |= steps.coarse;
        let next = self.phases.next(phase).map(|_| Move::Event);
        if steps.sure.is_empty() && next.is_none() {
            let doubts = self.path.iter().filter_map(|passed| passed.doubt);
            let doubt = doubts.min_by_key(|doubt| (*doubt == Doubt::CustomController, *doubt));
            self.found.push((placement.clone(), doubt));
        }
        let mut steps = weigh(self.dynamics, placement, steps);
        // Where not all are followed, those that are known tell more.
        steps.sort_by_key(|step| step.doubt.is_some());
        next.into_iter().chain(steps.into_iter().map(Move::Step)).collect()
    }

    fn make(&mut self, placement: &mut Placement, next: &Move) {
        let phase = self.now();
        self.phase = match next {
            Move::Event => {
                let unsure = self.phases.unsure(placement, phase, self.start);
                let next = self.phases.come(placement, phase);
                self.observe(placement, &unsure);
                next
            }
            Move::Step(taken) => {
                self.phases.apply(placement, phase, &taken.step);
                Some(phase)
            }
        };
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn is_done(&self) -> bool {
        let full = self.graph.len() > self.limits.states || self.found.len() > self.limits.rests;
        self.endless || full
    }
}
