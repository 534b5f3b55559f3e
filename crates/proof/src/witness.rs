//! A run that refutes a claim, replayed before it is reported.

use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::{Dynamics, Situation, Step};
use holdfast_scheduler::{Decision, Scratch};

use crate::scenario::FailureSet;
use crate::start::Start;
use crate::subject::Subject;

/// A run at whose quiet end too few pods serve.
#[derive(Clone, Debug)]
pub struct Witness {
    /// What failed.
    pub set: FailureSet,
    /// What happened then, in order.
    pub steps: Vec<Step>,
    /// Pods of the subject that wait for a node at the end, and what the scheduler says to each.
    pub pending: Vec<(InstanceId, Decision)>,
    /// Pods of the subject that are stuck terminating at the end.
    pub terminating: Vec<InstanceId>,
    /// Pods of the subject that are bound at the end and wait for a volume that another node
    /// holds.
    pub attaching: Vec<InstanceId>,
    /// Pods of the subject that are bound at the end and cannot use a volume, as too few copies of
    /// it are up.
    pub starved: Vec<InstanceId>,
    /// Where everything is at the end, for names and nodes.
    pub end: Placement,
    /// Pods of the subject that serve as soon as the nodes are gone.
    pub ready_at_once: u32,
    /// Pods of the subject that serve at the end.
    pub ready: u32,
    /// How many should.
    pub desired: u32,
}

/// More steps than any quiet end was ever reached in: every pod is bound once, and preemption goes
/// down in priority.
const STEPS_MAX: usize = 100_000;

/// Fails the set and follows `path`, or where there is none the first step that may come next until
/// all is quiet. Every step is checked to be one that may come.
///
/// # Panics
/// When a step of the path could not come or the run does not end quietly: a bug in the search.
pub fn replay(
    dynamics: &Dynamics<'_>,
    start: &Start,
    set: &FailureSet,
    path: Option<&[Step]>,
    subject: (&Subject, u32),
    scratch: &mut Scratch,
) -> Witness {
    let mut placement = start.placement.clone();
    dynamics.fail_hosts(&mut placement, set.nodes(), set.machines());
    let ready_at_once = subject.0.ready(&placement);
    let situation = dynamics.situation(&placement);
    let mut steps = dynamics.evict_unnoticed(&mut placement, &situation);
    match path {
        Some(path) => follow(dynamics, &mut placement, &situation, path, scratch),
        None => steps.extend(first_run(dynamics, &mut placement, &situation, scratch)),
    }
    steps.extend(path.unwrap_or_default().iter().cloned());
    conclude(dynamics, set, subject, steps, (ready_at_once, placement))
}

/// How many pods of the subject serve as soon as the set has failed. The placement is the same
/// afterwards.
pub fn at_once(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    set: &FailureSet,
    subject: &Subject,
) -> u32 {
    let mark = placement.mark();
    dynamics.fail_hosts(placement, set.nodes(), set.machines());
    let ready = subject.ready(placement);
    placement.revert(dynamics.cluster(), mark);
    ready
}

/// Fails the set and follows the pods of the subject alone, which come before all others, where it
/// is known that what the others do changes nothing about it: each finds a node or waits in vain,
/// and nobody is preempted.
pub fn cut_short(
    dynamics: &Dynamics<'_>,
    start: &Start,
    set: &FailureSet,
    subject: (&Subject, u32),
    scratch: &mut Scratch,
) -> Witness {
    let mut placement = start.placement.clone();
    dynamics.fail_hosts(&mut placement, set.nodes(), set.machines());
    let ready_at_once = subject.0.ready(&placement);
    let mut steps = Vec::new();
    if dynamics.control_plane().acts(&placement) {
        let own = |placement: &Placement, pod: &InstanceId| {
            subject.0.members.contains(&placement.instance(*pod).workload)
        };
        let due: Vec<InstanceId> =
            dynamics.evictable(&placement).filter(|pod| own(&placement, pod)).collect();
        for pod in due {
            let step = Step::Evict { pod, replaced: false };
            dynamics.apply(&mut placement, &step);
            steps.push(step);
        }
        let waiting: Vec<InstanceId> =
            placement.pending().iter().copied().filter(|pod| own(&placement, pod)).collect();
        for pod in waiting {
            if !dynamics.is_ours(&placement, pod) {
                continue;
            }
            let nodes = dynamics.scheduler().candidates(&placement, pod, scratch);
            let Some(&node) = nodes.first() else { continue };
            let step = Step::Schedule { pod, node };
            dynamics.apply(&mut placement, &step);
            steps.push(step);
        }
    }
    conclude(dynamics, set, subject, steps, (ready_at_once, placement))
}

/// How the subject stands at the end of a run.
fn conclude(
    dynamics: &Dynamics<'_>,
    set: &FailureSet,
    subject: (&Subject, u32),
    steps: Vec<Step>,
    (ready_at_once, placement): (u32, Placement),
) -> Witness {
    let of_subject =
        |id: &InstanceId| subject.0.members.contains(&placement.instance(*id).workload);
    let pending: Vec<InstanceId> =
        placement.pending().iter().copied().filter(|id| of_subject(id)).collect();
    let terminating =
        placement.instance_ids().filter(|id| of_subject(id) && is_stuck(&placement, *id)).collect();
    let attaching = placement.attaching().iter().copied().filter(|id| of_subject(id)).collect();
    let starved = dynamics.storage().starved(&placement).filter(|id| of_subject(id)).collect();
    let decisions = pending.into_iter().map(|id| (id, dynamics.scheduler().decide(&placement, id)));
    Witness {
        set: set.clone(),
        steps,
        pending: decisions.collect(),
        terminating,
        attaching,
        starved,
        ready_at_once,
        ready: subject.0.ready(&placement),
        desired: subject.1,
        end: placement,
    }
}

fn is_stuck(placement: &Placement, id: InstanceId) -> bool {
    let instance = placement.instance(id);
    instance.terminating && instance.node().is_some()
}

fn follow(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    situation: &Situation,
    path: &[Step],
    scratch: &mut Scratch,
) {
    for step in path {
        let next = dynamics.steps(placement, situation, scratch);
        assert!(
            next.sure.contains(step) || next.possible.contains(step),
            "a witness takes a step that cannot come: {step:?}"
        );
        dynamics.apply(placement, step);
    }
    let quiet = dynamics.steps(placement, situation, scratch).sure.is_empty();
    assert!(quiet, "a witness ends before the cluster is quiet");
}

fn first_run(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    situation: &Situation,
    scratch: &mut Scratch,
) -> Vec<Step> {
    let mut done = Vec::new();
    for _ in 0..STEPS_MAX {
        let next = dynamics.steps(placement, situation, scratch).sure.into_iter().next();
        let Some(step) = next else { return done };
        dynamics.apply(placement, &step);
        done.push(step);
    }
    panic!("a witness does not come to rest within {STEPS_MAX} steps")
}
