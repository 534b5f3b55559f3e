//! A run whose steps are known, told without a clock: what is told of it is numbered instead.

use holdfast_cluster::{NodeId, Placement, Symbol};

use super::{Happening, Story, Teller};
use crate::dynamics::{Dynamics, Step};
use crate::times::Times;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing more happens.
    Quiet,
    /// The last steps come again and again.
    Endless,
    /// It is followed no further, as nothing that comes concerns anybody who is asked about.
    Open,
}

/// What happens from `start` on when these nodes and machines fail and these steps follow, each of
/// which is known to be one that may come. What is told of it comes a second apart, but for pods
/// that are evicted one after another: those are told at once.
pub fn replay(
    dynamics: &Dynamics<'_>,
    start: &Placement,
    (nodes, machines): (&[NodeId], &[Symbol]),
    steps: &[Step],
    ending: Ending,
) -> Story {
    let times = Times::default();
    let mut teller = Teller::new(dynamics, start, &times);
    let mark = teller.story.end.mark();
    if !nodes.is_empty() || !machines.is_empty() {
        teller.tell(Happening::Event(0));
        dynamics.fail_hosts(&mut teller.story.end, nodes, machines);
        teller.note_changes(mark);
    }
    let mut evicts = false;
    for step in steps {
        let goes_on = evicts && matches!(step, Step::Evict { .. });
        evicts = matches!(step, Step::Evict { .. });
        teller.now += i64::from(!goes_on);
        let mark = teller.story.end.mark();
        dynamics.apply(&mut teller.story.end, step);
        teller.tell(Happening::Step(step.clone()));
        teller.note_changes(mark);
    }
    teller.now += 1;
    match ending {
        Ending::Quiet => teller.tell(Happening::Quiet),
        Ending::Endless => teller.tell(Happening::Endless),
        Ending::Open => {}
    }
    teller.story
}
