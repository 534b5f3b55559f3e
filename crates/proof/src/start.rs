//! Where a cluster stands before anything fails.
//!
//! An export taken at rest stands where it is. One with pods that are about to be scheduled (a
//! rendered manifest laid over it, a rollout under way) comes to rest first, and where depends on
//! order and ties.

use holdfast_cluster::Placement;
use holdfast_cluster::placement::Mark;
use holdfast_failover::{Dynamics, Situation};
use holdfast_scheduler::Scratch;

use crate::explore::{Seen, Taken, Visitor, canonical, longest, walk, weigh};
use crate::subject::Subjects;
use crate::verdict::Doubt;

/// A placement at rest, with what it holds.
#[derive(Clone, Debug)]
pub struct Start {
    /// The placement.
    pub placement: Placement,
    /// Pods that serve, by subject.
    pub ready: Vec<u32>,
    /// Pods that are wanted, by subject.
    pub desired: Vec<u32>,
    /// Nobody knows whether the cluster can come to rest there, as steps on the way rest on what
    /// is not known.
    pub doubt: Option<Doubt>,
}

/// The places of rest that were found.
#[derive(Clone, Debug)]
pub struct Starts {
    /// At least one.
    pub starts: Vec<Start>,
    /// There are no others.
    pub complete: bool,
    /// They are places of rest; otherwise the budget ran out before one was found, and the only
    /// start is where the export stands, from which nothing can be said.
    pub at_rest: bool,
}

/// As many places of rest as are kept; a proof needs all of them.
const STARTS_MAX: usize = 16;

/// The places in which the cluster may come to rest, found within `budget` states. A cluster may
/// never come to rest: a pod that a dead node's taints do not keep off comes back there to be
/// evicted once more.
pub fn settle(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    budget: usize,
    scratch: &mut Scratch,
) -> Starts {
    let mut placement = Placement::of(dynamics.cluster());
    let situation = dynamics.situation(&placement);
    dynamics.evict_unnoticed(&mut placement, &situation);
    let mut search = Search {
        dynamics,
        situation,
        scratch,
        budget,
        base: placement.mark(),
        seen: Seen::default(),
        path: Vec::new(),
        coarse: false,
        endless: false,
        found: Vec::new(),
    };
    walk(dynamics.cluster(), dynamics, &mut placement, &mut search);
    let within = search.seen.len() <= budget && search.found.len() <= STARTS_MAX;
    let complete = within && !search.coarse && !search.endless;
    let at_rest = !search.found.is_empty();
    if !at_rest {
        search.found.push((placement, None));
    }
    search.found.truncate(STARTS_MAX);
    let found = search.found.into_iter().map(|(placement, doubt)| {
        let each = || subjects.subjects.iter();
        Start {
            ready: each().map(|subject| subject.ready(&placement)).collect(),
            desired: each()
                .map(|subject| subject.desired(dynamics.cluster(), &placement))
                .collect(),
            placement,
            doubt,
        }
    });
    Starts { starts: found.collect(), complete, at_rest }
}

struct Search<'s, 'c> {
    dynamics: &'s Dynamics<'c>,
    situation: Situation,
    scratch: &'s mut Scratch,
    budget: usize,
    base: Mark,
    /// States that nothing can tell apart are one; without this a cluster that preempts in circles
    /// would never come to an end.
    seen: Seen,
    path: Vec<Option<Doubt>>,
    /// Somebody was preempted, and it might have been others.
    coarse: bool,
    /// A run does not end.
    endless: bool,
    found: Vec<(Placement, Option<Doubt>)>,
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
            let doubt = self.path.iter().flatten().min().copied();
            self.found.push((placement.clone(), doubt));
        }
        weigh(self.dynamics, placement, steps)
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn is_done(&self) -> bool {
        self.endless || self.seen.len() > self.budget || self.found.len() > STARTS_MAX
    }
}
