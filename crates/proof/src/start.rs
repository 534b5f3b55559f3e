//! Where a cluster stands before anything fails.
//!
//! An export taken at rest stands where it is. One with pods that are about to be scheduled (a rendered
//! manifest laid over it, a rollout under way) comes to rest first, and where depends on order and ties.

use holdfast_cluster::Placement;
use holdfast_failover::{Dynamics, Situation};
use holdfast_scheduler::Scratch;

use crate::subject::Subjects;

/// A placement at rest, with what it holds.
#[derive(Clone, Debug)]
pub struct Start {
    /// The placement.
    pub placement: Placement,
    /// Pods that serve, by subject.
    pub ready: Vec<u32>,
    /// Pods that are wanted, by subject.
    pub desired: Vec<u32>,
}

/// The places of rest that were found.
#[derive(Clone, Debug)]
pub struct Starts {
    /// At least one.
    pub starts: Vec<Start>,
    /// There are no others.
    pub complete: bool,
}

/// As many places of rest as are kept; a proof needs all of them.
const STARTS_MAX: usize = 16;

/// The places in which the cluster may come to rest, found within `budget` states. Those at which the budget
/// ran out are at hand at least: then the answer is not complete.
pub fn settle(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    budget: usize,
    scratch: &mut Scratch,
) -> Starts {
    let mut placement = Placement::of(dynamics.cluster());
    let situation = dynamics.situation(&placement);
    dynamics.evict_unnoticed(&mut placement, &situation);
    let mut search = Search { dynamics, situation, scratch, budget, found: Vec::new(), seen: 0 };
    search.visit(&mut placement);
    let complete = search.seen <= budget && search.found.len() <= STARTS_MAX;
    search.found.truncate(STARTS_MAX);
    let found = search.found.into_iter().map(|placement| {
        let each = || subjects.subjects.iter();
        Start {
            ready: each().map(|subject| subject.ready(&placement)).collect(),
            desired: each()
                .map(|subject| subject.desired(dynamics.cluster(), &placement))
                .collect(),
            placement,
        }
    });
    Starts { starts: found.collect(), complete }
}

struct Search<'s, 'c> {
    dynamics: &'s Dynamics<'c>,
    situation: Situation,
    scratch: &'s mut Scratch,
    budget: usize,
    found: Vec<Placement>,
    seen: usize,
}

impl Search<'_, '_> {
    fn visit(&mut self, placement: &mut Placement) {
        self.seen += 1;
        let steps = self.dynamics.steps(placement, &self.situation, self.scratch);
        if steps.sure.is_empty() && !self.found.contains(placement) {
            self.found.push(placement.clone());
        }
        for step in steps.sure.into_iter().chain(steps.possible) {
            let mark = placement.mark();
            self.dynamics.apply(placement, &step);
            self.visit(placement);
            placement.revert(self.dynamics.cluster(), mark);
            // One place of rest is needed even beyond the budget.
            let enough = self.seen > self.budget && !self.found.is_empty();
            if enough || self.found.len() > STARTS_MAX {
                return;
            }
        }
    }
}
