//! How long runs take, against the bounds: the story that `simulate` tells, and runs on a clock of
//! their own, in which every order, tie and time is thrown.

use std::collections::BTreeMap;

use holdfast_cluster::{InstanceId, NodeId, Placement};
use holdfast_failover::eviction::{self, Delay};
use holdfast_failover::story;
use holdfast_failover::times::{Seconds, TRIED_AGAIN};
use holdfast_failover::{Event, Joined, Situation, Step, Time, Times};
use holdfast_proof::downtime::{Downtime, Most, Span};
use holdfast_proof::prover::Examination;
use holdfast_proof::subject::follows_nodes;
use holdfast_proof::{FailureSet, Prover, Subject};
use holdfast_scheduler::Scratch;
use proptest::test_runner::TestCaseError;

use crate::check::Tally;

/// Runs that are thrown for each failure and start.
const RUNS: u64 = 3;
/// A run with more steps does not come to rest.
const STEPS_MAX: usize = 400;

/// How long too few pods served: in all, and until the last time that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measured {
    in_all: Seconds,
    /// `None` where it never does.
    ended: Option<Seconds>,
}

/// Every run that is played takes as long as the bounds say.
pub(crate) fn bounds_hold(
    prover: &Prover<'_>,
    set: &FailureSet,
    examination: &Examination,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let starts = prover.starts();
    if !starts.complete {
        return Ok(());
    }
    for start in &starts.starts {
        let runs = (0..RUNS).map(|seed| Run::play(prover, &start.placement, set, seed));
        let mut runs: Vec<Counts> = runs.collect();
        // A story that never ends is long.
        if ends(prover, examination) {
            runs.push(told(prover, &start.placement, set));
        }
        for (position, subject) in prover.subjects().subjects.iter().enumerate() {
            let finding = examination.findings.get(&position);
            let desired = finding.map_or(start.desired[position], |finding| finding.desired);
            let Some(bounds) = bounds(prover, examination, position) else { continue };
            for counts in &runs {
                let counts = |needed| measure(counts, subject, needed);
                for (what, span, measured) in [
                    ("outage", bounds.outage, counts(1)),
                    ("shortage", bounds.shortage, counts(desired)),
                ] {
                    tally.timed += u64::from(matches!(span.most, Most::Within(_)));
                    if let Err(why) = holds(span, measured) {
                        let name = prover.cluster().workload(subject.root).name;
                        let name = prover.cluster().text(name);
                        return Err(TestCaseError::fail(format!(
                            "{what} of {name} at {set:?}: {measured:?} is {why} {span:?}"
                        )));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether anything is claimed to end.
fn ends(prover: &Prover<'_>, examination: &Examination) -> bool {
    let mut subjects = 0..prover.subjects().subjects.len();
    subjects.any(|position| {
        let bounds = bounds(prover, examination, position);
        bounds.is_some_and(|bounds| matches!(bounds.shortage.most, Most::Within(_)))
    })
}

/// What is claimed of a subject; `None` where several starts want different numbers of pods, as
/// they may where these follow the nodes.
fn bounds(prover: &Prover<'_>, examination: &Examination, position: usize) -> Option<Downtime> {
    let (cluster, starts) = (prover.cluster(), &prover.starts().starts);
    let kind = cluster.workload(prover.subjects().subjects[position].root).kind;
    if starts.len() > 1 && follows_nodes(kind) {
        return None;
    }
    if let Some(finding) = examination.findings.get(&position) {
        return Some(finding.downtime);
    }
    let untouched = examination.untouched_doubt.is_none();
    let calm = !examination.disturbed.contains(&position);
    (untouched && calm).then(|| prover.standing(position).downtime)
}

fn holds(span: Span, measured: Measured) -> Result<(), &'static str> {
    let start = Time::ImageStart.default_seconds();
    match (span.least, measured.ended) {
        (None, Some(_)) => return Err("not for ever as"),
        (Some(least), Some(_)) if measured.in_all < least => return Err("shorter than"),
        _ => {}
    }
    let most = match span.most {
        Most::Never => 0,
        Most::Within(latest) => latest.total() + start,
        Most::Unknown(_) | Most::ForEver => return Ok(()),
    };
    if measured.ended.is_none_or(|ended| ended > most) {
        return Err("longer than");
    }
    Ok(())
}

/// How many pods of each workload serve from a moment on.
type Counts = Vec<(Seconds, Vec<u32>)>;

fn measure(counts: &Counts, subject: &Subject, needed: u32) -> Measured {
    let mut measured = Measured { in_all: 0, ended: Some(0) };
    let mut below: Option<Seconds> = None;
    for (at, ready) in counts {
        let short = subject.members.iter().map(|id| ready[id.index()]).sum::<u32>() < needed;
        match below {
            None if short => below = Some(*at),
            Some(since) if !short => {
                measured.in_all += at - since;
                measured.ended = Some(*at);
                below = None;
            }
            _ => {}
        }
    }
    if below.is_some() {
        measured.ended = None;
    }
    measured
}

/// What `simulate` tells.
fn told(prover: &Prover<'_>, start: &Placement, set: &FailureSet) -> Counts {
    let events = [Joined::from(Event::Fail(set.nodes().to_vec()))];
    let story =
        story::tell(prover.dynamics(), start, &events, &Times::of_cluster(prover.cluster()));
    let mut moments: Vec<Seconds> = story.serving.iter().flatten().map(|one| one.at).collect();
    moments.sort_unstable();
    moments.dedup();
    let ready = |at: Seconds| -> Vec<u32> {
        let last = |changes: &Vec<story::Serving>| {
            changes.iter().rev().find(|change| change.at <= at).map_or(0, |change| change.ready)
        };
        story.serving.iter().map(last).collect()
    };
    moments.into_iter().map(|at| (at, ready(at))).collect()
}

/// A run whose times and turns are thrown.
struct Run<'r, 'c> {
    prover: &'r Prover<'c>,
    dice: Dice,
    now: Seconds,
    placement: Placement,
    situation: Situation,
    tainted: BTreeMap<NodeId, Seconds>,
    /// When pods that were turned down are tried again.
    tried: BTreeMap<InstanceId, Seconds>,
    /// When pods that were bound serve, and those that are to end have ended.
    started: BTreeMap<InstanceId, Seconds>,
    ended: BTreeMap<InstanceId, Seconds>,
}

impl<'r, 'c> Run<'r, 'c> {
    fn play(prover: &'r Prover<'c>, start: &Placement, set: &FailureSet, seed: u64) -> Counts {
        let mut placement = start.clone();
        prover.dynamics().fail(&mut placement, set.nodes());
        let situation = prover.dynamics().situation(&placement);
        let mut run = Self {
            prover,
            dice: Dice(seed),
            now: 0,
            placement,
            situation,
            tainted: BTreeMap::new(),
            tried: BTreeMap::new(),
            started: BTreeMap::new(),
            ended: BTreeMap::new(),
        };
        run.taint(set);
        let mut counts = vec![(0, run.counts())];
        for _ in 0..STEPS_MAX {
            let Some((due, step)) = run.next() else { break };
            run.now = run.now.max(due);
            run.take(&step);
            counts.push((run.now, run.counts()));
        }
        counts
    }

    fn take(&mut self, step: &Step) {
        self.prover.dynamics().apply_unstarted(&mut self.placement, step);
        if let Step::Schedule { pod, .. } | Step::Attach { pod } = step {
            self.started.insert(*pod, self.now + Time::ImageStart.default_seconds());
        }
        for pod in self.placement.terminating().to_vec() {
            let spec = self.prover.cluster().spec_of(self.placement.instance(pod).class);
            let ended = self.now + self.dice.between(0, spec.grace_seconds);
            self.ended.entry(pod).or_insert(ended);
        }
    }

    fn counts(&self) -> Vec<u32> {
        let ids = self.prover.cluster().workload_ids();
        ids.map(|id| self.placement.tally(id).ready).collect()
    }

    /// Nodes are noticed at any time that may be, and tainted one after another in each zone.
    fn taint(&mut self, set: &FailureSet) {
        let cluster = self.prover.cluster();
        let times = Times::of_cluster(cluster);
        let (soonest, latest) = times.noticing();
        let mut noticed: Vec<(Seconds, NodeId)> =
            set.nodes().iter().map(|node| (self.dice.between(soonest, latest), *node)).collect();
        noticed.sort_unstable();
        let mut free: BTreeMap<_, Seconds> = BTreeMap::new();
        for (at, node) in noticed {
            let labels = &cluster.node(node).labels;
            let zone = (labels.get(cluster.known().region), labels.get(cluster.known().zone));
            let from = free.entry(zone).or_insert(at);
            let at = at.max(*from);
            *from = at + times.of(Time::EvictionInterval);
            self.tainted.insert(node, at);
        }
    }

    /// Of what is due first any step.
    fn next(&mut self) -> Option<(Seconds, Step)> {
        let steps = self.prover.dynamics().every_step(
            &mut self.placement,
            &self.situation,
            &mut Scratch::default(),
        );
        self.turn_down(&steps.sure);
        let due: Vec<(Seconds, Step)> =
            steps.sure.into_iter().map(|step| (self.due(&step).max(self.now), step)).collect();
        let first = due.iter().map(|(due, _)| *due).min()?;
        let mut choice: Vec<_> = due.into_iter().filter(|(due, _)| *due == first).collect();
        let chosen = self.dice.below(choice.len());
        Some(choice.swap_remove(chosen))
    }

    /// Pods that wait in vain are tried again at some time.
    fn turn_down(&mut self, steps: &[Step]) {
        let mut waiting = self.placement.pending().to_vec();
        waiting.retain(|pod| !steps.iter().any(|step| self.is_alike(step.pod(), *pod)));
        for pod in waiting {
            let next = self.tried.get(&pod).copied().unwrap_or(self.now);
            if next <= self.now {
                let again = self.now + self.dice.between(1, TRIED_AGAIN);
                self.tried.insert(pod, again);
            }
        }
    }

    /// Of pods that nothing tells apart one is told.
    fn is_alike(&self, told: Option<InstanceId>, pod: InstanceId) -> bool {
        let of = |pod: InstanceId| {
            let instance = self.placement.instance(pod);
            (instance.class, instance.workload, instance.node(), instance.nominated)
        };
        told.is_some_and(|told| of(told) == of(pod))
    }

    fn due(&mut self, step: &Step) -> Seconds {
        let Some(pod) = step.pod() else { return self.now };
        let instance = *self.placement.instance(pod);
        let cluster = self.prover.cluster();
        let spec = cluster.spec_of(instance.class);
        match step {
            Step::Evict { .. } => {
                let node = instance.node().expect("it is bound");
                let from = self.tainted.get(&node).copied().unwrap_or(0);
                match eviction::delay(cluster, &self.placement, node, spec) {
                    Some(Delay::After(seconds)) => from + seconds,
                    _ => self.now,
                }
            }
            Step::Start { .. } => self.started.get(&pod).copied().unwrap_or(self.now),
            Step::End { .. } => self.ended.get(&pod).copied().unwrap_or(self.now),
            Step::Schedule { .. } | Step::Preempt { .. } | Step::GiveUp { .. } => {
                while let Some(tried) = self.tried.get_mut(&pod).filter(|tried| **tried < self.now)
                {
                    *tried += self.dice.between(1, TRIED_AGAIN);
                }
                self.tried.get(&pod).copied().unwrap_or(self.now)
            }
            _ => self.now,
        }
    }
}

/// Numbers by chance, the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.throw() % end.max(1) as u64).expect("it is small")
    }

    fn between(&mut self, least: Seconds, most: Seconds) -> Seconds {
        let width = usize::try_from(most - least + 1).expect("it is not negative");
        least + Seconds::try_from(self.below(width)).expect("it is small")
    }
}
