//! A run that refutes a claim, replayed before it is reported.

use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::{Dynamics, Situation, Step, Stuck};
use holdfast_scheduler::{Decision, Scratch};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::explore::canonical;
use crate::scenario::FailureSet;
use crate::subject::Subject;

/// A run at whose quiet end too few pods serve, or that goes round for ever through such a state.
#[derive(Clone, Debug)]
pub struct Witness {
    /// What failed.
    pub set: FailureSet,
    /// What happened then, in order.
    pub steps: Vec<Step>,
    /// What happens from then on again and again; nothing where all is quiet.
    pub again: Vec<Step>,
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

/// Fails the set and follows a path, and what then comes again and again, or where there is none
/// the first step that may come next until all is quiet or as it was before. Every step is checked
/// to be one that may come. `placement` is at the start, and at the end of the run then, or once
/// round. Tells of each of the subjects how it stands there; each has so many pods that should
/// serve.
///
/// # Panics
/// When a step of the path could not come, or the run neither ends quietly nor comes back to where
/// it was: a bug in the search.
pub fn replay(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    set: &FailureSet,
    path: Option<(&[Step], &[Step])>,
    subjects: &[(&Subject, u32)],
    scratch: &mut Scratch,
) -> Vec<Witness> {
    dynamics.fail_hosts(placement, set.nodes(), set.machines());
    let at_once: Vec<u32> = subjects.iter().map(|(subject, _)| subject.ready(placement)).collect();
    let situation = dynamics.situation(placement);
    let mut steps = dynamics.evict_unnoticed(placement, &situation);
    let (cluster, base) = (dynamics.cluster(), placement.mark());
    let again = if let Some((path, again)) = path {
        follow(dynamics, placement, &situation, path, scratch);
        let quiet = dynamics.steps(placement, &situation, scratch).sure.is_empty();
        assert!(quiet == again.is_empty(), "a witness ends before the cluster is quiet");
        let state = |placement: &Placement| canonical(cluster, placement, base, false);
        let before = state(placement);
        follow(dynamics, placement, &situation, again, scratch);
        assert!(before == state(placement), "what comes again and again leads elsewhere");
        steps.extend(path.iter().cloned());
        again.to_vec()
    } else {
        let (run, again) = first_run(dynamics, placement, &situation, scratch);
        steps.extend(run);
        again
    };
    let tell = |(subject, at_once): (&(&Subject, u32), u32)| {
        let steps = steps.clone();
        let witness = conclude(dynamics, set, *subject, steps, (at_once, placement));
        Witness { again: again.clone(), ..witness }
    };
    subjects.iter().zip(at_once).map(tell).collect()
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
    let ready = fail(dynamics, placement, set, subject);
    placement.revert(dynamics.cluster(), mark);
    ready
}

/// Fails the set; how many pods of the subject serve then.
fn fail(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    set: &FailureSet,
    subject: &Subject,
) -> u32 {
    dynamics.fail_hosts(placement, set.nodes(), set.machines());
    subject.ready(placement)
}

/// Fails the set and follows the pods of the subject alone, which come before all others, where it
/// is known that what the others do changes nothing about it: each finds a node or waits in vain,
/// and nobody is preempted. `placement` is at the start, and at the end of the run then.
pub fn cut_short(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    set: &FailureSet,
    subject: (&Subject, u32),
    scratch: &mut Scratch,
) -> Witness {
    let ready_at_once = fail(dynamics, placement, set, subject.0);
    let mut steps = Vec::new();
    if dynamics.control_plane().acts(placement) {
        let own = |placement: &Placement, pod: &InstanceId| {
            subject.0.members.contains(&placement.instance(*pod).workload)
        };
        let due: Vec<InstanceId> =
            dynamics.evictable(placement).filter(|pod| own(placement, pod)).collect();
        for pod in due {
            let step = Step::Evict { pod, replaced: false };
            dynamics.apply(placement, &step);
            steps.push(step);
        }
        let waiting: Vec<InstanceId> =
            placement.pending().iter().copied().filter(|pod| own(placement, pod)).collect();
        for pod in waiting {
            if !dynamics.is_ours(placement, pod) {
                continue;
            }
            let nodes = dynamics.scheduler().candidates(placement, pod, scratch);
            let Some(&node) = nodes.first() else { continue };
            let step = Step::Schedule { pod, node };
            dynamics.apply(placement, &step);
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
    (ready_at_once, placement): (u32, &Placement),
) -> Witness {
    let of_subject =
        |id: &InstanceId| subject.0.members.contains(&placement.instance(*id).workload);
    let pending: Vec<InstanceId> =
        placement.pending().iter().copied().filter(|id| of_subject(id)).collect();
    let mut terminating: Vec<InstanceId> =
        subject.0.instances(placement).filter(|id| is_stuck(placement, *id)).collect();
    terminating.sort_unstable();
    let attaching = placement.attaching().iter().copied().filter(|id| of_subject(id)).collect();
    let starved = dynamics.storage().starved(placement).filter(|id| of_subject(id)).collect();
    let decisions = pending.into_iter().map(|id| (id, dynamics.scheduler().decide(placement, id)));
    Witness {
        set: set.clone(),
        steps,
        again: Vec::new(),
        pending: decisions.collect(),
        terminating,
        attaching,
        starved,
        ready_at_once,
        ready: subject.0.ready(placement),
        desired: subject.1,
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
        assert!(
            dynamics.may_come(placement, situation, scratch, step),
            "a witness takes a step that cannot come: {step:?}"
        );
        dynamics.apply(placement, step);
    }
}

/// The first step that may come next, and so on; behind it what comes again and again once the
/// cluster is as it was before.
fn first_run(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    situation: &Situation,
    scratch: &mut Scratch,
) -> (Vec<Step>, Vec<Step>) {
    let cluster = dynamics.cluster();
    let base = placement.mark();
    let mut states: IndexMap<_, _, FxBuildHasher> = IndexMap::default();
    let mut done = Vec::new();
    let mut stuck = Stuck::default();
    for at in 0..STEPS_MAX {
        let known = states.insert(canonical(cluster, placement, base, false), at);
        if let Some(before) = known {
            let again = done.split_off(before);
            return (done, again);
        }
        let next = dynamics.some_steps(placement, situation, scratch, |_, _| false, &mut stuck);
        let Some(step) = next.sure.into_iter().next() else { return (done, Vec::new()) };
        dynamics.apply(placement, &step);
        done.push(step);
    }
    panic!("a witness does not come to rest within {STEPS_MAX} steps")
}
