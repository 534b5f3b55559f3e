//! Where a cluster may come to rest: every order and every tie-break is followed until nothing more
//! is sure to happen.

use holdfast_cluster::Placement;
use holdfast_cluster::placement::Mark;
use holdfast_failover::{Dynamics, Situation};
use holdfast_scheduler::Scratch;

use crate::explore::{Seen, Taken, Visitor, canonical, longest, walk, weigh};
use crate::verdict::Doubt;

/// A place of rest, and why nobody knows whether the cluster can come there: what an unknown
/// controller does, which is followed both ways, where that is all.
pub(crate) type Rest = (Placement, Option<Doubt>);

/// The search for places of rest, which may go on from several placements of one cluster.
pub(crate) struct Search<'s, 'c> {
    dynamics: &'s Dynamics<'c>,
    scratch: &'s mut Scratch,
    situation: Situation,
    limits: Limits,
    /// Where states are told apart from.
    base: Mark,
    /// States that nothing can tell apart are one; without this a cluster that preempts in circles
    /// would never come to an end.
    seen: Seen,
    path: Vec<Option<Doubt>>,
    /// There were more ways to choose whom to delete than were tried.
    coarse: bool,
    /// A run does not end.
    endless: bool,
    found: Vec<Rest>,
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
        let situation = Situation::default();
        Self {
            dynamics,
            scratch,
            situation,
            limits,
            base,
            seen: Seen::default(),
            path: Vec::new(),
            coarse: false,
            endless: false,
            found: Vec::new(),
        }
    }

    /// Follows every run from `placement`, which is the same afterwards. `doubt` says why nobody
    /// knows whether the cluster can stand there.
    pub(crate) fn follow(&mut self, placement: &mut Placement, doubt: Option<Doubt>) {
        self.situation = self.dynamics.situation(placement);
        self.path = vec![doubt];
        let mark = placement.mark();
        self.dynamics.evict_unnoticed(placement, &self.situation);
        walk(self.dynamics.cluster(), self.dynamics, placement, self);
        placement.revert(self.dynamics.cluster(), mark);
    }

    /// What was found from all placements.
    pub(crate) fn finish(mut self) -> Rests {
        let within = self.seen.len() <= self.limits.states && self.found.len() <= self.limits.rests;
        self.found.truncate(self.limits.rests);
        Rests {
            found: self.found,
            complete: within && !self.coarse && !self.endless,
            coarse: self.coarse,
            states: self.seen.len() as u64,
        }
    }
}

impl Visitor for Search<'_, '_> {
    fn enter(&mut self, placement: &mut Placement, taken: Option<&Taken>) -> Vec<Taken> {
        self.path.push(taken.and_then(|taken| taken.doubt));
        self.endless |= self.path.len() > longest(self.dynamics.cluster());
        let state = canonical(self.dynamics.cluster(), placement, self.base);
        if !self.seen.insert(state, self.path.iter().all(Option::is_none)) {
            return Vec::new();
        }
        let steps = self.dynamics.steps(placement, &self.situation, self.scratch);
        self.coarse |= steps.coarse;
        if steps.sure.is_empty() {
            let doubts = self.path.iter().flatten().copied();
            let doubt = doubts.min_by_key(|doubt| (*doubt == Doubt::CustomController, *doubt));
            self.found.push((placement.clone(), doubt));
        }
        weigh(self.dynamics, placement, steps)
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn is_done(&self) -> bool {
        let full = self.seen.len() > self.limits.states || self.found.len() > self.limits.rests;
        self.endless || full
    }
}
