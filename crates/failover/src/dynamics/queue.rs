//! What the scheduler does next, for who follows a single run.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use holdfast_cluster::Placement;
use holdfast_scheduler::Scratch;

use super::{Dynamics, Situation, Step, Steps, alike};

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
        let mut queue = placement.pending().to_vec();
        queue.sort_by_key(|pod| (Reverse(self.spec(placement, *pod).priority), *pod));
        let mut tried = BTreeSet::new();
        for pod in queue.into_iter().filter(|_| situation.acts) {
            let kin = alike(self.cluster, placement.instance(pod));
            if tried.insert(kin) && self.is_ours(placement, pod) {
                self.add_choice(placement, situation, scratch, pod, &mut steps);
            }
            if !steps.sure.is_empty() {
                break;
            }
        }
        steps.sure
    }
}
