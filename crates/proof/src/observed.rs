//! What was seen of a workload in single states of a story, told apart by whether some run surely
//! comes there.

use std::collections::BTreeSet;

use holdfast_failover::Dynamics;

use crate::rest::Rest;
use crate::simulation::Range;
use crate::subject::Subject;

/// What was seen of one workload at one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Pods that serve right after the event in every state that was found; those of which nobody
    /// knows whether they can use their volumes count among the most alone.
    pub at_once: Range,
    /// Pods that serve right after it in states that some run surely comes to.
    pub surely_at_once: Option<Range>,
    /// Pods that serve once all is quiet in states that some run surely comes to.
    pub surely: Option<Range>,
}

impl Observed {
    /// What serves right after an event.
    pub(crate) fn at_once(
        dynamics: &Dynamics<'_>,
        subjects: &[Subject],
        states: &[Rest],
    ) -> Vec<Self> {
        let shaky: Vec<BTreeSet<_>> = states
            .iter()
            .map(|(state, _)| dynamics.storage().doubtful(state).into_iter().collect())
            .collect();
        let observe = |subject: &Subject| {
            let each = || states.iter().zip(&shaky);
            let doubtful = |(state, doubt): &Rest, shaky: &BTreeSet<_>| {
                let own = shaky.iter().map(|pod| state.instance(*pod)).filter(|instance| {
                    instance.ready && subject.members.contains(&instance.workload)
                });
                let own = u32::try_from(own.count()).unwrap_or(u32::MAX);
                (subject.ready(state), own, doubt.is_none())
            };
            let counts = || each().map(|(rest, shaky)| doubtful(rest, shaky));
            let least = counts().map(|(ready, shaky, _)| ready.saturating_sub(shaky));
            let most = counts().map(|(ready, ..)| ready);
            Self {
                at_once: Range { min: least.min().unwrap_or(0), max: most.max().unwrap_or(0) },
                surely_at_once: range(counts().filter(|it| it.2).map(|it| it.0)),
                surely: None,
            }
        };
        subjects.iter().map(observe).collect()
    }

    /// Adds what serves once all is quiet.
    pub(crate) fn settle(&mut self, subject: &Subject, rests: &[Rest]) {
        let sure = rests.iter().filter(|(_, doubt)| doubt.is_none());
        self.surely = range(sure.map(|(state, _)| subject.ready(state)));
    }
}

fn range(counts: impl Iterator<Item = u32>) -> Option<Range> {
    counts.fold(None, |all: Option<Range>, count| {
        let all = all.unwrap_or(Range { min: count, max: count });
        Some(Range { min: all.min.min(count), max: all.max.max(count) })
    })
}
