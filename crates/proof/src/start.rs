//! Where a cluster stands before anything fails.
//!
//! An export taken at rest stands where it is. One with pods that are about to be scheduled (a
//! rendered manifest laid over it, a rollout under way) comes to rest first, and where depends on
//! order and ties.

mod loose;

use holdfast_cluster::{InstanceId, NodeId, Placement};
use holdfast_failover::{Dynamics, Event, Step};
use holdfast_scheduler::Scratch;

use crate::doubts::Doubts;
use crate::rest::{Limits, Rests, Search};
use crate::steady;
use crate::subject::Subjects;
use crate::verdict::Doubt;
pub use loose::Loose;

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
    /// A failure brings no more pods than those made again for lost ones.
    pub steady: bool,
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
    /// It may never come to rest, as pods go round.
    pub endless: bool,
    /// Where these are not all, what they have in common, if that is known.
    pub loose: Option<Loose>,
}

impl Starts {
    /// The start of this number; behind those found comes what all have in common.
    ///
    /// # Panics
    /// There is none.
    pub fn at(&self, number: usize) -> &Start {
        let loose = || self.loose.as_ref().map(|loose| &loose.start);
        self.starts.get(number).or_else(loose).expect("it is a start")
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.len() + usize::from(self.loose.is_some())
    }

    /// What all have in common, where this is its number.
    pub(crate) fn loose_at(&self, number: usize) -> Option<&Loose> {
        self.loose.as_ref().filter(|_| number == self.starts.len())
    }

    /// Why nothing is known of places of rest that were not found.
    pub fn doubt(&self) -> Doubt {
        if self.endless { Doubt::Endless } else { Doubt::Unsettled }
    }
}

/// As many places of rest as are kept; a proof needs all of them.
const STARTS_MAX: usize = 16;

/// Where not all are kept, so many pods may be in those that are: each of them costs a closer look
/// at every failure that bounds do not decide.
const PODS_KEPT: usize = 1 << 16;

/// The places in which the cluster may come to rest, found within `budget` states. A cluster may
/// never come to rest: a pod that a dead node's taints do not keep off comes back there to be
/// evicted once more.
pub(crate) fn settle(
    (dynamics, subjects): (&Dynamics<'_>, &Subjects),
    doubts: &Doubts,
    budget: usize,
    scratch: &mut Scratch,
) -> Starts {
    let mut placement = Placement::of(dynamics.cluster());
    dynamics.begin(&mut placement);
    let limits = Limits { states: budget, rests: STARTS_MAX };
    let mut search = Search::new(dynamics, scratch, placement.mark(), limits);
    search.follow(&mut placement, None);
    let Rests { mut found, complete, endless, .. } = search.finish();
    let at_rest = !found.is_empty();
    let loose = if complete {
        None
    } else {
        let rest = found.first().map(|(rest, _)| rest);
        Loose::of((dynamics, subjects), doubts, scratch, &placement, rest)
    };
    if loose.is_some() {
        found.truncate((PODS_KEPT / placement.instances().len().max(1)).max(1));
    }
    if !at_rest {
        let situation = dynamics.situation(&placement);
        dynamics.evict_unnoticed(&mut placement, &situation);
        found.push((placement, None));
    }
    let found = found.into_iter();
    let starts = found.map(|(placement, doubt)| start(dynamics, subjects, placement, doubt));
    Starts { starts: starts.collect(), complete, at_rest, endless, loose }
}

/// Where the cluster stands with nodes drained that was at rest at `placement`, and nothing is
/// scheduled since: who waits may be anywhere.
pub(crate) fn drained(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    mut placement: Placement,
    nodes: &[NodeId],
) -> Starts {
    Event::Drain(nodes.to_vec()).apply(dynamics, &mut placement);
    let due: Vec<InstanceId> = dynamics.drainable(&placement).collect();
    for pod in due {
        dynamics.apply(&mut placement, &Step::Drain { pod, replaced: true });
        dynamics.apply(&mut placement, &Step::End { pod, replaced: true });
    }
    let cluster = dynamics.cluster();
    let pods = placement.pending().to_vec();
    let start = start(dynamics, subjects, placement, None);
    let lasts = |pod: &InstanceId| {
        let instance = start.placement.instance(*pod);
        instance.next_class(cluster) == instance.class
    };
    let loose = pods
        .iter()
        .all(lasts)
        .then(|| Loose::waiting(cluster, subjects, start.clone(), pods.clone()));
    Starts { starts: vec![start], complete: false, at_rest: false, endless: false, loose }
}

fn start(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: Placement,
    doubt: Option<Doubt>,
) -> Start {
    let cluster = dynamics.cluster();
    let each = || subjects.subjects.iter();
    Start {
        ready: each().map(|subject| subject.ready(&placement)).collect(),
        desired: each().map(|subject| subject.desired(cluster, &placement)).collect(),
        steady: steady::is_steady(cluster, &placement),
        placement,
        doubt,
    }
}
