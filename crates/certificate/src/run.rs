//! Runs that refute, replayed from the export on.

use std::collections::BTreeMap;

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::controllers::steady::only_makes_up;
use holdfast_failover::{Dynamics, Phase, Phases, Situation, Step, Steps};
use holdfast_scheduler::Scratch;

use crate::claims::Subject;
use crate::flaw::Broken;
use crate::format::{Move, Run, State};
use crate::names;
use crate::question::Failed;
use crate::room::Lost;
use crate::trap::Trap;
use crate::unknown::Unknown;

/// What a run is replayed with.
pub(crate) struct Replay<'r, 'c> {
    pub(crate) dynamics: &'r Dynamics<'c>,
    pub(crate) unknown: &'r Unknown,
    pub(crate) moves: &'r [Move],
    pub(crate) scratch: &'r mut Scratch,
}

/// Places of rest before anything fails, by the steps to them.
pub(crate) type Bases = BTreeMap<Vec<usize>, Placement>;

/// Where a run has come to.
pub(crate) struct Followed {
    pub(crate) phase: Phase,
    /// All that happened on the way is known.
    pub(crate) known: bool,
    /// Where an event came last, those of the pods that serve which may not have started.
    pub(crate) unsure: Option<Vec<InstanceId>>,
}

/// How a run ends.
pub(crate) struct End {
    /// Pods that should serve at the end.
    pub(crate) wanted: u32,
    /// The run is real: nothing on the way is a guess.
    pub(crate) known: bool,
}

impl Replay<'_, '_> {
    /// Whether fewer pods than are wanted serve at the quiet end. `placement` is the place of rest
    /// that the run begins from, and its end afterwards.
    pub(crate) fn recovered(
        &mut self,
        placement: &mut Placement,
        run: &Run,
        failed: &Failed,
        subject: &Subject,
    ) -> Result<End, Broken> {
        let wanted = subject.wanted(placement, &failed.nodes);
        let lost = failed.nodes.iter().flat_map(|node| &placement.node(*node).pods);
        let own = |pod: &InstanceId| subject.members.contains(&placement.instance(*pod).workload);
        let lost = lost.copied().any(|pod| own(&pod));
        self.dynamics.fail_hosts(placement, &failed.nodes, &failed.machines);
        let situation = self.dynamics.situation(placement);
        let short = self.most(placement, &situation, subject) < wanted;
        self.dynamics.evict_unnoticed(placement, &situation);
        let base = placement.mark();
        let known = self.follow_in(placement, &situation, &run.steps)?;
        if run.round.is_empty() {
            self.rests(placement, &situation)?;
        } else {
            self.goes_round(placement, (&situation, base), &run.round)?;
        }
        let gap = |pod: &InstanceId| {
            self.unknown.of_pod(self.dynamics.cluster(), placement, *pod).is_open
        };
        let known = known && !placement.pending().iter().any(gap);
        let ready = subject.ready(placement);
        if ready >= wanted {
            return Err(Broken::Enough);
        }
        let odd = subject.is_unpredictable;
        // What its controller does about a pod that is gone nobody knows.
        if odd && (lost || subject.terminating(placement) > 0) {
            return Err(Broken::NotKnown);
        }
        if (run.ready, run.wanted) != (ready, wanted) {
            return Err(Broken::Counts { ready, wanted });
        }
        // Where too few pods could ever serve, it does not matter which run is real.
        let short = short && run.round.is_empty();
        Ok(End { wanted, known: known || short })
    }

    /// The place of rest that a run comes to before anything fails.
    pub(crate) fn base<'b>(
        &mut self,
        bases: &'b mut Bases,
        run: &Run,
    ) -> Result<&'b mut Placement, Broken> {
        if !bases.contains_key(&run.settle) {
            let mut placement = begin(self.dynamics);
            let situation = self.dynamics.situation(&placement);
            self.dynamics.evict_unnoticed(&mut placement, &situation);
            let known = self.follow_in(&mut placement, &situation, &run.settle)?;
            self.rests(&mut placement, &situation)?;
            if !known {
                return Err(Broken::NotKnown);
            }
            bases.insert(run.settle.clone(), placement);
        }
        Ok(bases.get_mut(&run.settle).expect("it is there now"))
    }

    /// Takes the steps while this holds; whether all that happens on the way is known.
    fn follow_in(
        &mut self,
        placement: &mut Placement,
        situation: &Situation,
        steps: &[usize],
    ) -> Result<bool, Broken> {
        let (mut phases, phase) = Phases::single(self.dynamics, situation);
        Ok(self.follow(placement, (&mut phases, phase), steps)?.known)
    }

    /// Takes the steps from where a phase begins, joined events among them.
    pub(crate) fn follow(
        &mut self,
        placement: &mut Placement,
        (phases, first): (&mut Phases<'_, '_>, Phase),
        steps: &[usize],
    ) -> Result<Followed, Broken> {
        let (cluster, base) = (self.dynamics.cluster(), placement.mark());
        let mut now = Followed { phase: first, known: true, unsure: None };
        for at in steps {
            let wanted = self.moves.get(*at).ok_or(Broken::Order(*at))?;
            let none = || Broken::Step(wanted.clone().into());
            if *wanted == Move::Come {
                now.unsure = Some(phases.unsure(placement, now.phase, base));
                now.phase = phases.come(placement, now.phase).ok_or_else(none)?;
                continue;
            }
            let situation = phases.situation(now.phase);
            let next = self.dynamics.steps(placement, situation, self.scratch);
            let step = names::find(cluster, placement, &next, wanted).ok_or_else(none)?;
            now.known &= !is_guess(self.dynamics, placement, &next, step);
            now.known &= !self.unknown.is_guess(cluster, placement, step);
            phases.apply(placement, now.phase, step);
            now.unsure = None;
        }
        Ok(now)
    }

    /// Whether all is quiet.
    pub(crate) fn rests(
        &mut self,
        placement: &mut Placement,
        situation: &Situation,
    ) -> Result<(), Broken> {
        let next = self.dynamics.steps(placement, situation, self.scratch);
        if next.sure.is_empty() { Ok(()) } else { Err(Broken::Unrest) }
    }

    /// Whether a run from here on comes back again and again, whatever happens.
    fn goes_round(
        &mut self,
        placement: &mut Placement,
        (situation, base): (&Situation, Mark),
        states: &[State],
    ) -> Result<(), Broken> {
        let Self { dynamics, unknown, moves, scratch } = self;
        Trap { dynamics, unknown, situation, moves, scratch, base }.check(placement, states)
    }

    /// More pods of a subject than can ever serve: those that nodes that are heard hold, those that
    /// wait and are not turned down for good, and those that are still to be made.
    fn most(&mut self, placement: &mut Placement, situation: &Situation, subject: &Subject) -> u32 {
        let cluster = self.dynamics.cluster();
        let mark = placement.mark();
        if situation.acts {
            self.dynamics.evict_all(placement, situation);
        }
        let lost = Lost::new(self.dynamics, self.unknown, &[], self.scratch);
        let own = placement
            .instance_ids()
            .filter(|id| subject.members.contains(&placement.instance(*id).workload));
        let may_serve = own.filter(|id| {
            let pod = placement.instance(*id);
            let heard = |node| placement.node(node).reachable;
            let waits = pod.is_pending() && situation.acts && !lost.is_hopeless(placement, *id);
            waits || pod.node().is_some_and(heard)
        });
        let may_serve = u32::try_from(may_serve.count()).unwrap_or(u32::MAX);
        let made: i64 = subject
            .members
            .iter()
            .map(|id| {
                let tally = placement.tally(*id);
                i64::from(tally.active) + i64::from(tally.terminating)
            })
            .sum();
        let to_come = placement.target(subject.root).desired.saturating_sub(made).max(0);
        let steady = only_makes_up(cluster, placement, subject.root);
        placement.revert(cluster, mark);
        if !steady {
            return u32::MAX;
        }
        may_serve.saturating_add(u32::try_from(to_come).unwrap_or(u32::MAX))
    }
}

/// Where all runs begin.
pub(crate) fn begin(dynamics: &Dynamics<'_>) -> Placement {
    let mut placement = Placement::of(dynamics.cluster());
    dynamics.begin(&mut placement);
    placement
}

/// Whether nobody knows if the step can come.
pub(crate) fn is_guess(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    steps: &Steps,
    step: &Step,
) -> bool {
    match step {
        Step::Schedule { pod, node } => steps.unseen.contains(&(*pod, *node)),
        step => dynamics.assumed(placement, step).is_some(),
    }
}
