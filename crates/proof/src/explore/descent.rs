//! Single runs, where there are more states than the budget allows.
//!
//! A pod that is due to be evicted is still there, waits, or was placed on one of several nodes,
//! whatever the others are at: the states multiply. Where they come to more than the budget the
//! search is not complete, and wherever it stops is chance. Instead the runs that say most are
//! followed to their end: in one the pods that nobody is sure of come last, and the others crowd
//! the nodes that would take them; in the other they come first.

use std::collections::BTreeSet;

use holdfast_cluster::{InstanceId, NodeId, Placement};
use holdfast_failover::{Step, Steps, Stuck};

use super::{Explorer, Taken, longest, weigh};

/// In clusters of up to so many pods a state costs little, and the search may find its own end.
pub(crate) const PODS_SMALL: usize = 200;

/// By how much the estimate falls short: other nodes become best as pods come and go.
const MARGIN: usize = 64;

/// Who comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// Everybody but the pods in question, onto the nodes that would take these.
    Others,
    /// The pods in question.
    Watched,
}

impl Explorer<'_, '_> {
    /// Whether there are more states than the budget allows, as far as the nodes tell that would
    /// take the pods that are due to be evicted now. `placement` is the same afterwards.
    pub(super) fn is_too_wide(&mut self, placement: &mut Placement) -> bool {
        let mark = placement.mark();
        let before = placement.instances().len();
        if before <= PODS_SMALL {
            return false;
        }
        self.dynamics.evict_all(placement, self.situation);
        let mut known = BTreeSet::new();
        let mut states = 1_usize;
        for id in (before..placement.instances().len()).map(InstanceId::at) {
            let instance = placement.instance(id);
            if known.insert((instance.class, instance.workload)) && instance.is_pending() {
                let scheduler = self.dynamics.scheduler();
                let nodes = scheduler.candidates(placement, id, self.scratch).len();
                states = states.saturating_mul(2 + nodes);
            }
        }
        placement.revert(self.dynamics.cluster(), mark);
        states > self.budget / MARGIN
    }

    /// Follows both runs. `placement` is the same afterwards.
    pub(super) fn descend(&mut self, placement: &mut Placement) {
        let mark = placement.mark();
        self.found.complete = false;
        for first in [First::Others, First::Watched] {
            if let Some(run) = self.follow(placement, first) {
                self.end(placement, &run);
            }
            placement.revert(self.dynamics.cluster(), mark);
        }
    }

    /// Takes down the end of a run.
    fn end(&mut self, placement: &Placement, run: &[Taken]) {
        for position in self.record(placement) {
            let outcome = self.found.outcomes.get_mut(&position).expect("it was recorded");
            if outcome.violation.is_some() {
                continue;
            }
            match run.iter().find_map(|taken| taken.doubt) {
                Some(doubt) => outcome.doubtful = Some(doubt),
                None => {
                    outcome.violation = Some(run.iter().map(|taken| taken.step.clone()).collect());
                }
            }
        }
    }

    /// One run to its quiet end; `None` where it comes to none within the budget.
    fn follow(&mut self, placement: &mut Placement, first: First) -> Option<Vec<Taken>> {
        let mut run = Vec::new();
        let mut stuck = Stuck::default();
        for _ in 0..longest(self.dynamics.cluster()) {
            if self.found.states >= self.budget as u64 {
                return None;
            }
            let steps = self.some_steps(placement, first, &mut stuck);
            self.found.coarse |= steps.coarse;
            self.note_successors(placement, &steps);
            self.found.states += 1;
            if steps.sure.is_empty() {
                return Some(run);
            }
            let wanted = match (first, steps.sure.len()) {
                (First::Others, 2..) => self.wanted_nodes(placement),
                _ => BTreeSet::new(),
            };
            let moves = weigh(self.dynamics, placement, steps).into_iter();
            let crowds = |taken: &Taken| match taken.step {
                Step::Schedule { node, .. } => wanted.contains(&node),
                _ => false,
            };
            let next = moves.min_by_key(|taken| (taken.doubt.is_some(), !crowds(taken)));
            let next = next?;
            self.dynamics.apply(placement, &next.step);
            run.push(next);
        }
        None
    }

    fn some_steps(&mut self, placement: &mut Placement, first: First, stuck: &mut Stuck) -> Steps {
        let (subjects, unsure) = (self.subjects, self.unsure);
        let late = |placement: &Placement, pod| {
            let position = subjects.position(placement.instance(pod).workload);
            let in_question = position.is_some_and(|position| unsure.contains(&position));
            in_question == (first == First::Others)
        };
        self.dynamics.some_steps(placement, self.situation, self.scratch, late, stuck)
    }

    /// The nodes that take the pods in question now.
    fn wanted_nodes(&mut self, placement: &Placement) -> BTreeSet<NodeId> {
        let mut known = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        for &pod in placement.pending() {
            let instance = placement.instance(pod);
            if self.is_unsure(placement, pod) && known.insert(instance.class) {
                let scheduler = self.dynamics.scheduler();
                wanted.extend(scheduler.feasible(placement, pod, self.scratch));
            }
        }
        wanted
    }

    fn is_unsure(&self, placement: &Placement, pod: InstanceId) -> bool {
        let position = self.subjects.position(placement.instance(pod).workload);
        position.is_some_and(|position| self.unsure.contains(&position))
    }
}
