//! What the scheduler does next, for who follows a single run.

use std::cmp::Reverse;

use holdfast_cluster::Placement;
use holdfast_scheduler::Scratch;

use super::{Dynamics, Situation, Step, Steps};

impl Dynamics<'_> {
    /// What becomes of the first pod in the scheduler's queue of which anything does: the most
    /// important comes first, and of those the one that was there first.
    pub fn first_scheduled(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
    ) -> Vec<Step> {
        let mut steps = Steps::default();
        if situation.acts {
            let mut queue = placement.pending().to_vec();
            queue.sort_by_key(|pod| (Reverse(self.spec(placement, *pod).priority), *pod));
            self.add_first(placement, situation, scratch, (queue, &mut steps), |_| {});
        }
        steps.sure
    }
}
