//! What was seen of a workload in single states of a story, told apart by whether some run surely
//! comes there.

use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::Dynamics;

use crate::doubts::Doubts;
use crate::rest::Rest;
use crate::simulation::Range;
use crate::subject::Subject;

/// What was seen of one workload at one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Pods that serve right after the event, or each of joined ones, in every state that was
    /// found; those of which nobody knows whether they can use their volumes, or have started
    /// yet, count among the most alone.
    pub at_once: Range,
    /// Pods that serve right after it in states that some run surely comes to.
    pub surely_at_once: Option<Range>,
    /// Pods that serve once all is quiet in states that some run surely comes to.
    pub surely: Option<Range>,
}

/// Looks at single states of one stage.
pub(crate) struct Observer<'o, 'c> {
    pub(crate) dynamics: &'o Dynamics<'c>,
    pub(crate) subjects: &'o [Subject],
    pub(crate) doubts: &'o Doubts,
    /// Volumes may have been made anew elsewhere since nodes were lost.
    pub(crate) rebuilt: bool,
    /// By subject what was seen, the fewest, the most, and where it is sure.
    seen: Vec<(Option<Range>, Option<Range>)>,
}

impl<'o, 'c> Observer<'o, 'c> {
    /// One that has seen nothing yet.
    pub(crate) fn new(
        dynamics: &'o Dynamics<'c>,
        subjects: &'o [Subject],
        doubts: &'o Doubts,
        rebuilt: bool,
    ) -> Self {
        Self { dynamics, subjects, doubts, rebuilt, seen: vec![(None, None); subjects.len()] }
    }

    /// Sees where one of joined events has come, by a run of which all is known or not. `unsure`
    /// are those of the pods that serve which have yet to start in another run.
    pub(crate) fn see_moment(&mut self, state: &Placement, known: bool, unsure: &[InstanceId]) {
        let sure =
            known && self.doubts.of_state(self.dynamics, state, self.rebuilt).next().is_none();
        self.see(state, sure, unsure);
    }

    /// Sees a state right after an event, to which some run surely comes or not.
    pub(crate) fn see(&mut self, state: &Placement, sure: bool, unsure: &[InstanceId]) {
        let mut doubtful = self.dynamics.storage().doubtful(state);
        doubtful.retain(|pod| !unsure.contains(pod));
        for (subject, (all, surely)) in self.subjects.iter().zip(&mut self.seen) {
            let most = subject.ready(state);
            let least = most - serving(state, subject, unsure);
            let sure_of = least - serving(state, subject, &doubtful);
            *all = Some(wider(*all, sure_of, most));
            if sure {
                *surely = Some(wider(*surely, least, most));
            }
        }
    }

    /// What was seen of each subject.
    pub(crate) fn observed(&self) -> Vec<Observed> {
        let nothing = Range { min: 0, max: 0 };
        let observed = |(all, surely): &(Option<Range>, Option<Range>)| Observed {
            at_once: all.unwrap_or(nothing),
            surely_at_once: *surely,
            surely: None,
        };
        self.seen.iter().map(observed).collect()
    }
}

impl Observed {
    /// Adds what serves once all is quiet.
    pub(crate) fn settle(&mut self, subject: &Subject, rests: &[Rest]) {
        let sure = rests.iter().filter(|(_, doubt)| doubt.is_none());
        self.surely = sure
            .map(|(state, _)| subject.ready(state))
            .fold(None, |all, count| Some(wider(all, count, count)));
    }
}

/// How many of these pods serve and are the subject's.
fn serving(state: &Placement, subject: &Subject, pods: &[InstanceId]) -> u32 {
    let own = pods.iter().map(|pod| state.instance(*pod));
    let own = own.filter(|pod| pod.ready && subject.members.contains(&pod.workload));
    u32::try_from(own.count()).unwrap_or(u32::MAX)
}

fn wider(range: Option<Range>, min: u32, max: u32) -> Range {
    range.map_or(Range { min, max }, |all| Range { min: all.min.min(min), max: all.max.max(max) })
}
