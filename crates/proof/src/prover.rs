//! One failure set at a time: what serves at once, what is sure to come back, what remains to be
//! searched.

mod case;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::{Cluster, NodeId, Placement, WorkloadId};
use holdfast_failover::{Dynamics, Step};
use holdfast_scheduler::Scratch;
use serde::{Deserialize, Serialize};

use crate::doubts::{self, Doubts};
use crate::downtime::{self, Clock, Comeback, Counts, Downtime};
use crate::explore::Outcome;
use crate::headroom::{Headroom, Lost};
use crate::scenario::FailureSet;
use crate::start::{self, Loose, Start, Starts};
use crate::subject::Subjects;
use crate::symmetry::Symmetry;
use crate::verdict::{Doubt, Ground, Verdict};
use crate::witness::{self, Witness};

/// How hard the prover tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many states a failure set may take before its answer is UNKNOWN. Counted, not timed, so
    /// that answers repeat.
    pub states_per_set: usize,
    /// Whether bounds may settle what they can before anything is searched. Without them every
    /// answer is searched for, which tests hold against the bounds.
    pub bounds: bool,
    /// Whether of sets that nothing can tell apart one stands for all.
    pub symmetry: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { states_per_set: 20_000, bounds: true, symmetry: true }
    }
}

/// What a failure set does to one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether at least one pod serves as soon as the nodes are gone.
    pub immediately: Verdict,
    /// Pods that serve then.
    pub ready_at_once: u32,
    /// Surely so many serve then at least, and in some run surely no more; none and any number
    /// where nothing is known.
    pub surely_at_once: (u32, u32),
    /// Whether as many pods as are wanted serve once all is quiet.
    pub recovered: Verdict,
    /// The fewest and the most pods that were seen to serve then.
    pub recovered_range: (u32, u32),
    /// How many are wanted.
    pub desired: u32,
    /// The run that refutes the recovery; `None` means that any run does.
    pub path: Option<Vec<Step>>,
    /// What then happens again and again, where that run never comes to rest.
    pub again: Vec<Step>,
    /// Which start it was found from.
    pub start: usize,
    /// How long that takes.
    pub downtime: Downtime,
}

/// What a failure set does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// What it does to the subjects it touches, by position. All others stand as they stood.
    pub findings: BTreeMap<usize, Finding>,
    /// States that were searched.
    pub states: u64,
    /// Why nothing is known of subjects that are not touched, although they stand as they stood.
    pub untouched_doubt: Option<Doubt>,
    /// Subjects that are not touched, but whose pods may be preempted on the way, by position: in
    /// the end as many serve as before.
    pub disturbed: BTreeSet<usize>,
    /// Somebody may be preempted on the way.
    pub preemption: bool,
    /// The first pod's workload of which bounds do not tell whether it finds a node.
    pub unsure: Option<WorkloadId>,
}

/// Everything that examinations share.
pub struct Prover<'c> {
    dynamics: Dynamics<'c>,
    subjects: Subjects,
    starts: Starts,
    settings: Settings,
    /// Services or ReplicaSets are not in the export, so that the default spread constraints,
    /// which score nodes by them, cannot be told.
    missing_for_scores: Option<InputKind>,
    /// Nodes or pods were lost with a part of the input that could not be read: they may be
    /// anybody's.
    lost: Option<InputKind>,
    doubts: Doubts,
    /// What is known of all sets of up to so many nodes at once.
    most: usize,
    /// It, from each start, once it was asked for.
    headrooms: Vec<OnceLock<Option<Headroom>>>,
    /// The lowest priority among the pods of each subject.
    lowest_priority: Vec<i32>,
    symmetry: OnceLock<Symmetry>,
    /// How long things take.
    clock: Clock,
}

/// What one thread needs to examine failure sets.
pub struct Workspace {
    placements: Vec<Placement>,
    scratch: Scratch,
}

impl Workspace {
    /// Whether every placement is as the prover's starts have it: what an examination changes, it
    /// takes back.
    pub fn is_pristine(&self, prover: &Prover<'_>) -> bool {
        let all = 0..self.placements.len();
        self.placements.iter().eq(all.map(|at| &prover.starts.at(at).placement))
    }
}

impl<'c> Prover<'c> {
    /// Looks at the cluster before anything fails.
    pub fn new(cluster: &'c Cluster, settings: Settings) -> Self {
        Self::begun(cluster, settings, |dynamics, subjects, doubts| {
            let budget = settings.states_per_set;
            start::settle((dynamics, subjects), doubts, budget, &mut Scratch::default())
        })
    }

    /// Looks at a cluster that is at rest as `placement` has it, with nodes drained: cordoned, and
    /// what a drain evicts is gone, whatever budgets say; pods made again for it may be anywhere,
    /// and so may those that waited. Only what bounds prove is proved.
    pub fn drained(
        cluster: &'c Cluster,
        settings: Settings,
        placement: &Placement,
        nodes: &[NodeId],
    ) -> Self {
        Self::begun(cluster, settings, |dynamics, subjects, _| {
            start::drained(dynamics, subjects, placement.clone(), nodes)
        })
    }

    fn begun(
        cluster: &'c Cluster,
        settings: Settings,
        starts: impl FnOnce(&Dynamics<'c>, &Subjects, &Doubts) -> Starts,
    ) -> Self {
        let dynamics = Dynamics::new(cluster);
        let subjects = Subjects::of(cluster, &Placement::of(cluster));
        let coverage = &cluster.objects().coverage;
        let doubts = Doubts::new(cluster);
        let starts = starts(&dynamics, &subjects, &doubts);
        let missing_for_scores = doubts::missing_for_spread(cluster).or(doubts.of_scores);
        let lost =
            [InputKind::Node, InputKind::Pod].into_iter().find(|kind| coverage.has_lost(*kind));
        let lowest_priority = lowest_priorities(cluster, &subjects);
        let clock = Clock::of(&dynamics, &starts.starts[0].placement);
        Self {
            dynamics,
            subjects,
            starts,
            settings,
            missing_for_scores,
            lost,
            doubts,
            most: 0,
            headrooms: Vec::new(),
            lowest_priority,
            symmetry: OnceLock::new(),
            clock,
        }
    }

    /// Works out beforehand what can be said of all sets of up to `most` nodes at once, so that
    /// most of them need no closer look. The answers are the same without.
    pub fn foresee(&mut self, most: usize) {
        let sure = |start: &Start| start.doubt.is_none();
        let alone = self.starts.complete
            && self.starts.starts.len() == 1
            && self.starts.starts.iter().all(sure);
        let known = alone || self.starts.loose.is_some();
        self.most = if known && self.settings.bounds && self.lost.is_none() { most } else { 0 };
        self.headrooms = vec![OnceLock::new(); self.starts.count()];
    }

    /// What was worked out beforehand, where there is but one start.
    pub fn headroom(&self) -> Option<&Headroom> {
        self.headroom_at(0).filter(|_| self.starts.complete)
    }

    fn headroom_at(&self, at: usize) -> Option<&Headroom> {
        let Self { dynamics, subjects, doubts, starts, .. } = self;
        let of = || {
            let pods = starts.loose_at(at).map_or(&[][..], |loose| &loose.pods);
            Headroom::of(dynamics, subjects, doubts, (&starts.at(at).placement, pods), self.most)
        };
        self.headrooms.get(at)?.get_or_init(of).as_ref()
    }

    /// Which nodes nothing can tell apart, as far as that was asked.
    pub fn symmetry(&self) -> &Symmetry {
        self.symmetry.get_or_init(|| {
            if self.settings.symmetry {
                Symmetry::of(&self.dynamics)
            } else {
                Symmetry::none(self.cluster())
            }
        })
    }

    /// The rules.
    pub fn dynamics(&self) -> &Dynamics<'c> {
        &self.dynamics
    }

    /// The cluster.
    pub fn cluster(&self) -> &'c Cluster {
        self.dynamics.cluster()
    }

    /// The workloads.
    pub fn subjects(&self) -> &Subjects {
        &self.subjects
    }

    /// Where the cluster stands before anything fails.
    pub fn starts(&self) -> &Starts {
        &self.starts
    }

    /// Nodes or pods that were lost with a part of the input.
    pub(crate) fn lost(&self) -> Option<InputKind> {
        self.lost
    }

    /// How long things take.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// A workspace for one thread.
    pub fn workspace(&self) -> Workspace {
        let all = 0..self.starts.count();
        let placements = all.map(|at| self.starts.at(at).placement.clone()).collect();
        Workspace { placements, scratch: Scratch::default() }
    }

    /// What the failure of `set` does, from every place the cluster may stand in.
    pub fn examine(&self, workspace: &mut Workspace, set: &FailureSet) -> Examination {
        let Starts { starts, complete, at_rest, loose, .. } = &self.starts;
        if *complete && let Some(foreseen) = self.foreseen(0, set) {
            return foreseen;
        }
        let mut from = |at: &usize| (*at, self.examine_from(*at, workspace, set));
        let found = 0..starts.len();
        if loose.is_none() {
            return self.join(found.map(|at| from(&at)).collect());
        }
        let bound = from(&starts.len());
        // What is refuted from one place of rest is refuted.
        let open = *at_rest && bound.1.leaves_open();
        let of_found: Vec<_> = found.filter(|_| open).map(|at| from(&at)).collect();
        self.join(of_found.into_iter().chain([bound]).collect())
    }

    /// What it does from one of them.
    fn examine_from(&self, at: usize, workspace: &mut Workspace, set: &FailureSet) -> Examination {
        self.foreseen(at, set).unwrap_or_else(|| case::examine(self, at, workspace, set))
    }

    /// What holds of all of these starts, told by their numbers.
    fn join(&self, mut each: Vec<(usize, Examination)>) -> Examination {
        let touched: BTreeSet<usize> =
            each.iter().flat_map(|(_, one)| one.findings.keys().copied()).collect();
        let all = || each.iter().map(|(_, one)| one);
        let mut joined = Examination {
            findings: BTreeMap::new(),
            states: all().map(|one| one.states).sum(),
            untouched_doubt: all().find_map(|one| one.untouched_doubt),
            disturbed: all().flat_map(|one| one.disturbed.iter().copied()).collect(),
            preemption: all().any(|one| one.preemption),
            unsure: all().find_map(|one| one.unsure),
        };
        for position in touched {
            // What one start's failure touches may stand untouched in another's.
            let from = each.iter_mut().map(|(at, one)| {
                one.findings.remove(&position).unwrap_or_else(|| {
                    let mut finding = self.untouched(*at, position);
                    one.untouched_doubt.into_iter().for_each(|doubt| finding.doubt(doubt));
                    if one.disturbed.contains(&position) {
                        finding.downtime = Downtime::disturbed();
                    }
                    finding
                })
            });
            let worst = self.worst(from);
            joined.findings.insert(position, worst);
        }
        if !self.starts.complete && self.starts.loose.is_none() {
            joined.findings.values_mut().for_each(|finding| finding.unsettle(&self.starts));
            joined.untouched_doubt.get_or_insert(self.starts.doubt());
        }
        if !self.starts.at_rest {
            joined.findings.values_mut().for_each(Finding::acquit);
        }
        joined.disturbed.retain(|position| !joined.findings.contains_key(position));
        joined.findings.values_mut().for_each(|finding| {
            self.weaken(finding);
            finding.downtime.heed(&finding.immediately, &finding.recovered);
        });
        joined
    }

    /// What the failure of `set` does from a start, where that is known beforehand.
    fn foreseen(&self, at: usize, set: &FailureSet) -> Option<Examination> {
        let (start, loose) = (self.starts.at(at), self.starts.loose_at(at));
        let headroom = self.headroom_at(at)?;
        let mut touched = headroom.expect(&self.dynamics, &start.placement, set)?;
        for position in loose.into_iter().flat_map(Loose::positions) {
            touched.entry(position).or_default();
        }
        let (noticed, tainted) = self.clock.tainted(set);
        let finding = |(position, lost): (usize, Lost)| {
            let ready_at_once = start.ready[position] - lost.ready;
            let desired = start.desired[position].saturating_sub(lost.wanted);
            let ready = ready_at_once + lost.again;
            let ground = if lost.again > 0 { Ground::Bound } else { Ground::Counted };
            let enough = ready >= desired;
            let mut finding = Finding {
                immediately: counted(ready_at_once >= 1),
                ready_at_once,
                surely_at_once: (ready_at_once, ready_at_once),
                recovered: if enough { Verdict::Proved(ground) } else { Verdict::Refuted },
                recovered_range: (ready, ready),
                desired,
                path: None,
                again: Vec::new(),
                start: at,
                downtime: Downtime::as_it_is(ready, desired),
            };
            if let Some(loose) = loose {
                loose.heed(position, set, true, &mut finding);
            }
            let own = loose.and_then(|loose| loose.borne(position));
            let borne = downtime::range(lost.borne.into_iter().chain(own));
            let mut back = Comeback::undisturbed(noticed, tainted, borne);
            if loose.is_some_and(|loose| loose.is_of(position)) {
                back.soonest = 0;
            }
            let at_rest = finding.recovered_range;
            let counts = Counts { at_once: finding.ready_at_once, at_rest, desired };
            let recovers = matches!(finding.recovered, Verdict::Proved(_));
            finding.downtime = back.downtime(counts, recovers);
            finding.downtime.heed(&finding.immediately, &finding.recovered);
            (position, finding)
        };
        let findings = touched.into_iter().map(finding).collect();
        Some(Examination { findings, ..Examination::default() })
    }

    /// The run that refutes the recovery of a subject, checked step by step, and what is made of it
    /// and of where everything is at its end; where it is known beforehand what the set does, only
    /// the part that concerns the subject.
    pub fn witness<T>(
        &self,
        workspace: &mut Workspace,
        position: usize,
        (set, finding): (&FailureSet, &Finding),
        mut tell: impl FnMut(&Witness, &Placement) -> T,
    ) -> T {
        let subject = [(position, finding.desired)];
        let tell = |_, witness: &Witness, end: &Placement| tell(witness, end);
        let mut told = self.witnesses(workspace, (set, finding), &subject, tell);
        told.pop().expect("there is one subject")
    }

    /// The same of several subjects that one run refutes, each with how many of its pods should
    /// serve; what is told of each comes with its position.
    pub fn witnesses<T>(
        &self,
        workspace: &mut Workspace,
        (set, finding): (&FailureSet, &Finding),
        subjects: &[(usize, u32)],
        mut tell: impl FnMut(usize, &Witness, &Placement) -> T,
    ) -> Vec<T> {
        let Workspace { placements, scratch } = workspace;
        let placement = &mut placements[finding.start];
        let mark = placement.mark();
        let named = |(at, desired): &(usize, u32)| (&self.subjects.subjects[*at], *desired);
        let told = if finding.path.is_some() || !self.is_foreseen_from(finding.start, set) {
            let (dynamics, run) = (&self.dynamics, finding.run());
            let all: Vec<_> = subjects.iter().map(named).collect();
            let each = witness::replay(dynamics, placement, set, run, &all, scratch);
            subjects.iter().zip(&each).map(|((at, _), one)| tell(*at, one, placement)).collect()
        } else {
            let alone = |subject: &(usize, u32)| {
                let own = named(subject);
                let one = witness::cut_short(&self.dynamics, placement, set, own, scratch);
                let told = tell(subject.0, &one, placement);
                placement.revert(self.cluster(), mark);
                told
            };
            subjects.iter().map(alone).collect()
        };
        placement.revert(self.cluster(), mark);
        told
    }

    /// The run that refutes the recovery of a subject, to its quiet end or once round, checked step
    /// by step.
    pub fn whole_run(&self, position: usize, set: &FailureSet, finding: &Finding) -> Witness {
        let mut placement = self.starts.starts[finding.start].placement.clone();
        let subjects = [(&self.subjects.subjects[position], finding.desired)];
        let (run, scratch) = (finding.run(), &mut Scratch::default());
        let mut told =
            witness::replay(&self.dynamics, &mut placement, set, run, &subjects, scratch);
        told.pop().expect("there is one subject")
    }

    /// The fewest pods of a subject that serve as soon as the set has failed.
    pub fn at_once(&self, workspace: &mut Workspace, position: usize, set: &FailureSet) -> u32 {
        let subject = &self.subjects.subjects[position];
        let from = |start| witness::at_once(&self.dynamics, start, set, subject);
        workspace.placements.iter_mut().map(from).min().unwrap_or_default()
    }

    /// Whether what the set does from the only start is known beforehand.
    pub fn is_foreseen(&self, set: &FailureSet) -> bool {
        self.starts.complete && self.is_foreseen_from(0, set)
    }

    /// Whether what it does from a start is.
    pub fn is_foreseen_from(&self, start: usize, set: &FailureSet) -> bool {
        self.foreseen(start, set).is_some()
    }

    /// How a subject stands before anything fails, and after failures that do not touch it.
    pub fn standing(&self, position: usize) -> Finding {
        let starts = 0..self.starts.starts.len();
        let mut worst = self.worst(starts.map(|at| self.untouched(at, position)));
        match &self.starts.loose {
            // Whoever waits for a node that it surely finds has one at rest.
            Some(_) if self.starts.at_rest => {}
            _ if self.starts.complete => {}
            _ => worst.unsettle(&self.starts),
        }
        self.weaken(&mut worst);
        worst.downtime.heed(&worst.immediately, &worst.recovered);
        worst
    }

    /// Nothing is known of anybody where nodes or pods were lost.
    fn weaken(&self, finding: &mut Finding) {
        if let Some(kind) = self.lost {
            finding.immediately = Verdict::Unknown(Doubt::Lost(kind));
            finding.recovered = Verdict::Unknown(Doubt::Lost(kind));
            finding.surely_at_once = (0, u32::MAX);
        }
    }

    /// The worst of the findings about one subject, one for each start. What is refuted from a
    /// start that rests on something unknown is refuted only where every start refutes it.
    fn worst(&self, findings: impl Iterator<Item = Finding>) -> Finding {
        let mut findings: Vec<Finding> = findings.collect();
        let always = |claim: fn(&Finding) -> &Verdict| {
            findings.iter().all(|finding| *claim(finding) == Verdict::Refuted)
        };
        let always_at_once = always(|finding| &finding.immediately);
        let always_in_the_end = always(|finding| &finding.recovered);
        let doubt = |finding: &Finding| self.starts.at(finding.start).doubt;
        for finding in &mut findings {
            let Some(doubt) = doubt(finding) else { continue };
            finding.surely_at_once.1 = u32::MAX;
            if finding.immediately == Verdict::Refuted && !always_at_once {
                finding.immediately = Verdict::Unknown(doubt);
            }
            if finding.recovered == Verdict::Refuted && !always_in_the_end {
                finding.recovered = Verdict::Unknown(doubt);
            }
        }
        // What is told is told of a start that is known, where one says the same.
        findings.sort_by_key(|finding| doubt(finding).is_some());
        let mut findings = findings.into_iter();
        let mut joined = findings.next().expect("there is at least one start");
        findings.for_each(|finding| joined.join(finding));
        // No run begins where pods may be anywhere.
        if self.starts.loose_at(joined.start).is_some() {
            joined.start = 0;
        }
        joined
    }

    /// A subject that a failure leaves as it stood at a start.
    fn untouched(&self, at: usize, position: usize) -> Finding {
        let start = self.starts.at(at);
        let (ready, desired) = (start.ready[position], start.desired[position]);
        as_it_is(ready, desired, at)
    }
}

impl Examination {
    /// Whether something is neither proved nor refuted of whom it touches.
    fn leaves_open(&self) -> bool {
        let open = |finding: &Finding| {
            let each = [&finding.immediately, &finding.recovered];
            each.into_iter().any(|verdict| matches!(verdict, Verdict::Unknown(_)))
        };
        self.untouched_doubt.is_some() || self.findings.values().any(open)
    }
}

impl Finding {
    /// Whether the run that refutes is the same.
    pub(crate) fn runs_like(&self, other: &Self) -> bool {
        (self.start, self.run()) == (other.start, other.run())
    }

    /// The run that refutes, and what then happens again and again.
    fn run(&self) -> Option<(&[Step], &[Step])> {
        Some((self.path.as_deref()?, &self.again))
    }

    /// The worse of two findings about the same subject from different starts.
    fn join(&mut self, other: Self) {
        self.ready_at_once = self.ready_at_once.min(other.ready_at_once);
        let (least, most) = other.surely_at_once;
        self.surely_at_once = (self.surely_at_once.0.min(least), self.surely_at_once.1.min(most));
        let (min, max) = self.recovered_range;
        let (other_min, other_max) = other.recovered_range;
        self.recovered_range = (min.min(other_min), max.max(other_max));
        self.downtime.join(other.downtime);
        if other.immediately.is_worse_than(&self.immediately) {
            self.immediately = other.immediately;
        }
        self.recovered.rest_on(&other.recovered);
        if other.recovered.is_worse_than(&self.recovered) {
            self.recovered = other.recovered;
            self.path = other.path;
            self.again = other.again;
            self.start = other.start;
            self.desired = other.desired;
        }
    }

    /// What was proved from some starts is not proved when there may be others, and what was
    /// refuted from a place where nothing rests is not refuted.
    fn unsettle(&mut self, starts: &Starts) {
        for verdict in [&mut self.immediately, &mut self.recovered] {
            if !starts.at_rest || matches!(verdict, Verdict::Proved(_)) {
                *verdict = Verdict::Unknown(starts.doubt());
            }
        }
        let (_, most) = self.surely_at_once;
        self.surely_at_once = (0, if starts.at_rest { most } else { u32::MAX });
    }

    /// Nothing is refuted where no place of rest is known.
    fn acquit(&mut self) {
        for verdict in [&mut self.immediately, &mut self.recovered] {
            if *verdict == Verdict::Refuted {
                *verdict = Verdict::Unknown(Doubt::Unsettled);
            }
        }
    }

    /// The run that refutes is that to a quiet end, else one that goes round.
    fn run_as(&mut self, outcome: &Outcome) {
        let (path, again) = match (&outcome.violation, &outcome.round) {
            (Some(path), _) => (Some(path.clone()), Vec::new()),
            (None, Some(round)) => (Some(round.prefix.clone()), round.again.clone()),
            (None, None) => (None, Vec::new()),
        };
        (self.path, self.again) = (path, again);
    }

    /// What was proved of the recovery is in doubt after all.
    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        if matches!(self.recovered, Verdict::Proved(_)) {
            self.recovered = Verdict::Unknown(doubt);
        }
    }
}

fn lowest_priorities(cluster: &Cluster, subjects: &Subjects) -> Vec<i32> {
    let mut lowest = vec![i32::MAX; subjects.subjects.len()];
    for pod in cluster.pods() {
        let Some(position) = subjects.position(pod.workload) else { continue };
        for class in [pod.class, pod.replacement] {
            lowest[position] = lowest[position].min(cluster.spec_of(class).priority);
        }
    }
    lowest
}

/// Nothing comes back.
fn as_it_is(ready: u32, desired: u32, start: usize) -> Finding {
    Finding {
        immediately: counted(ready >= 1),
        ready_at_once: ready,
        surely_at_once: (ready, ready),
        recovered: counted(ready >= desired),
        recovered_range: (ready, ready),
        desired,
        path: None,
        again: Vec::new(),
        start,
        downtime: Downtime::as_it_is(ready, desired),
    }
}

fn counted(holds: bool) -> Verdict {
    if holds { Verdict::Proved(Ground::Counted) } else { Verdict::Refuted }
}
