//! Reads a certificate against a cluster.

use std::collections::BTreeMap;

use holdfast_cluster::{ClassId, Cluster, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;

use crate::case::Case;
use crate::claims::{Subject, Subjects};
use crate::closed::{Shown, Walk};
use crate::course::Through;
use crate::flaw::{Broken, ClaimName, Flaw, Whose};
use crate::format::{
    self, Certificate, Claim, Closed, Course, Move, Passage, Rooms, Run, SCHEMA, State, Summary,
};
use crate::headroom::{Change, Headroom, Premises};
use crate::names::Sorts;
use crate::question::{Asked, Failed};
use crate::room::Hints;
use crate::run::{Bases, Replay, begin};
use crate::unknown::Unknown;
use crate::{Accepted, digest, names, steady};

/// A place where the cluster may stand before anything fails.
pub(crate) struct Start {
    /// Its number in the list of states.
    pub(crate) number: usize,
    pub(crate) placement: Placement,
    /// Nothing can happen there, sure or not.
    pub(crate) is_still: bool,
    /// Controllers do nothing but make up for pods that are lost.
    pub(crate) steady: bool,
    /// The lowest priority among the pods that are bound or wait.
    pub(crate) lowest: i32,
}

/// A certificate, with its names looked up.
pub struct Reader<'c> {
    pub(crate) dynamics: Dynamics<'c>,
    pub(crate) subjects: Subjects,
    pub(crate) unknown: Unknown,
    pub(crate) claims: Vec<(Claim, Claim)>,
    question: Asked,
    pub(crate) starts: Vec<Start>,
    sorts: Sorts,
    pub(crate) hints: BTreeMap<ClassId, Hints>,
    headroom: Option<Headroom>,
    pub(crate) closed: BTreeMap<(Failed, usize), Vec<State>>,
    courses: Vec<Course>,
    pub(crate) moves: Vec<Move>,
}

/// What one thread needs to check sets.
pub struct Workspace {
    placements: Vec<Placement>,
    scratch: Scratch,
}

impl<'c> Reader<'c> {
    /// Looks up everything that a certificate names, and checks what does not depend on the sets
    /// that fail: whom it speaks of, where the cluster may stand, and the runs that refute.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn new(cluster: &'c Cluster, certificate: &Certificate) -> Result<Self, Flaw> {
        if certificate.schema != SCHEMA {
            return Err(Flaw::Schema(certificate.schema.clone()));
        }
        let read = digest::of(cluster);
        if certificate.input != read {
            return Err(Flaw::Input { told: certificate.input.clone(), read });
        }
        let mut reader = Self {
            dynamics: Dynamics::new(cluster),
            subjects: Subjects::of(cluster),
            unknown: Unknown::of(cluster),
            claims: Vec::new(),
            question: Asked::read(cluster, &certificate.question).ok_or(Flaw::Question)?,
            starts: Vec::new(),
            sorts: Sorts::default(),
            hints: BTreeMap::new(),
            headroom: None,
            closed: BTreeMap::new(),
            courses: certificate.courses.clone(),
            moves: certificate.steps.clone(),
        };
        for rooms in &certificate.rooms {
            reader.add_rooms(rooms)?;
        }
        reader.read_claims(certificate)?;
        reader.read_starts(certificate)?;
        reader.read_headroom(&certificate.headroom)?;
        reader.read_closed(&certificate.sets)?;
        if !reader.courses.is_empty() && reader.courses.len() != reader.sequences() {
            return Err(Flaw::Question);
        }
        reader.check_all_runs()?;
        Ok(reader)
    }

    pub(crate) fn cluster(&self) -> &'c Cluster {
        self.dynamics.cluster()
    }

    /// A workspace for one thread.
    pub fn workspace(&self) -> Workspace {
        let placements = self.starts.iter().map(|start| start.placement.clone()).collect();
        Workspace { placements, scratch: Scratch::default() }
    }

    /// Every set that is asked about and has to be [checked](Self::check_set), the empty one first:
    /// all but those for which headroom is enough.
    pub fn sets(&self) -> Box<dyn Iterator<Item = Failed> + '_> {
        if self.headroom.as_ref().is_some_and(Headroom::covers_all) {
            return Box::new(std::iter::once(Failed::default()));
        }
        Box::new(self.question.sets(&self.dynamics).filter(|set| !self.is_covered(set)))
    }

    /// How many sequences of events are asked about, each of which has to be
    /// [checked](Self::check_sequence).
    pub fn sequences(&self) -> usize {
        self.question.sequences().len()
    }

    /// Whether all that is proved follows for the sequence of this number.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check_sequence(&self, at: usize) -> Result<(), Flaw> {
        let mut claims = self.claims.iter().flat_map(|(one, other)| [one, other]);
        if !claims.any(|claim| *claim == Claim::Proved) {
            return Ok(());
        }
        let through = Through { reader: self, events: &self.question.sequences()[at] };
        let stages = self.courses.get(at).map_or(&[][..], |Course(stages)| stages);
        through.check(stages, &mut Scratch::default()).map_err(|(whose, what)| Flaw::Sequence {
            number: at,
            whose: whose.map(|(at, claim)| self.whose(at, claim)),
            what,
        })
    }

    fn whose(&self, at: usize, claim: ClaimName) -> Whose {
        Whose { workload: names::workload(self.cluster(), self.subjects.all[at].root), claim }
    }

    fn is_covered(&self, set: &Failed) -> bool {
        let covers = |one: &Headroom| one.covers(&self.dynamics, &self.starts[0], &set.nodes);
        self.headroom.as_ref().is_some_and(covers)
    }

    /// What is said once so many sets were checked one by one and nothing was wrong.
    pub fn accepted(&self, checked: u64) -> Accepted {
        let sets = self.question.count(self.cluster().nodes().len());
        let closed = self.closed.values();
        let through = self.courses.iter().flat_map(|Course(stages)| stages.iter().flatten());
        let states = closed.chain(through).map(|states| states.len() as u64 + 1).sum();
        let sequences = self.sequences() as u64;
        Accepted { sets, at_once: sets - checked, sequences, states }
    }

    fn read_claims(&mut self, certificate: &Certificate) -> Result<(), Flaw> {
        let cluster = self.cluster();
        let told = certificate
            .workloads
            .iter()
            .map(|workload| format!("{}/{}/{}", workload.kind, workload.namespace, workload.name));
        let known = self.subjects.all.iter().map(|subject| names::workload(cluster, subject.root));
        let (told, known): (Vec<String>, Vec<String>) = (told.collect(), known.collect());
        if told != known {
            let differs = (0..=told.len()).find(|at| told.get(*at) != known.get(*at));
            let differs = differs.and_then(|at| known.get(at).or(told.get(at)));
            return Err(Flaw::Workload(differs.cloned().unwrap_or_default()));
        }
        let claims = certificate.workloads.iter();
        self.claims = claims.map(|one| (one.immediately.clone(), one.recovered.clone())).collect();
        let mut summary = Summary::default();
        for claim in self.claims.iter().flat_map(|(one, other)| [one, other]) {
            match claim {
                Claim::Proved => summary.proved += 1,
                Claim::Refuted { .. } => summary.refuted += 1,
                Claim::Unknown => summary.unknown += 1,
            }
        }
        if summary != certificate.summary {
            return Err(Flaw::Summary);
        }
        if self.unknown.lost && summary.proved + summary.refuted > 0 {
            return Err(Flaw::LostInput);
        }
        Ok(())
    }

    fn check_all_runs(&self) -> Result<(), Flaw> {
        let mut bases = Bases::default();
        if let Some(first) = self.starts.iter().find(|start| start.number == 0) {
            bases.insert(Vec::new(), first.placement.clone());
        }
        (0..self.claims.len()).try_for_each(|at| {
            let checked = self.check_runs(&mut bases, at);
            checked.map_err(|(claim, what)| Flaw::Run { whose: self.whose(at, claim), what })
        })
    }

    fn check_runs(&self, bases: &mut Bases, at: usize) -> Result<(), (ClaimName, Broken)> {
        let (one, other) = &self.claims[at];
        if let Claim::Refuted { run } = one {
            let claim = ClaimName::Immediately;
            let checked = match &run.through {
                Some(passage) => self.check_passage(bases, (at, claim), (run, passage)),
                None => self.check_at_once(bases, at, run),
            };
            checked.map_err(|what| (claim, what))?;
        }
        if let Claim::Refuted { run } = other {
            let claim = ClaimName::Recovered;
            let checked = match &run.through {
                Some(passage) => self.check_passage(bases, (at, claim), (run, passage)),
                None => self.check_run(bases, at, run),
            };
            checked.map_err(|what| (claim, what))?;
        }
        Ok(())
    }

    /// Whether a run through a sequence of events breaks a claim about a subject.
    fn check_passage(
        &self,
        bases: &mut Bases,
        (at, claim): (usize, ClaimName),
        (run, passage): (&Run, &Passage),
    ) -> Result<(), Broken> {
        let events = self.question.sequences().get(passage.sequence).ok_or(Broken::Needless)?;
        let elsewhere = run.fail.is_empty() && run.steps.is_empty() && run.round.is_empty();
        if run.counted || !elsewhere {
            return Err(Broken::Needless);
        }
        let mut scratch = Scratch::default();
        let mut replay = self.replay(&mut scratch);
        let subject = (&self.subjects.all[at], claim);
        Through { reader: self, events }.check_run(&mut replay, bases, subject, (run, passage))
    }

    /// Whether no pod of a subject serves as soon as the nodes of a run are gone.
    fn check_at_once(&self, bases: &mut Bases, at: usize, run: &Run) -> Result<(), Broken> {
        let set = self.failing(run)?;
        if run.counted {
            return Err(Broken::Needless);
        }
        let subject = &self.subjects.all[at];
        let ready = match (&self.headroom, &self.starts[..]) {
            (Some(known), [start]) if run.settle.is_empty() => {
                subject.ready(&start.placement) - known.change(at, &set.nodes).ready
            }
            _ => {
                let base = self.replay(&mut Scratch::default()).base(bases, run)?;
                let mark = base.mark();
                self.dynamics.fail_hosts(base, &set.nodes, &set.machines);
                let ready = subject.ready(base);
                base.revert(self.cluster(), mark);
                ready
            }
        };
        if ready > 0 {
            return Err(Broken::Enough);
        }
        let at_once = run.steps.is_empty() && run.round.is_empty();
        let told = (run.ready, run.wanted) == (0, 1) && at_once;
        if told { Ok(()) } else { Err(Broken::Counts { ready: 0, wanted: 1 }) }
    }

    /// Whether fewer pods of a subject than are wanted serve at the end of a run.
    fn check_run(&self, bases: &mut Bases, at: usize, run: &Run) -> Result<(), Broken> {
        let set = self.failing(run)?;
        let subject = &self.subjects.all[at];
        if run.counted {
            let (ready, wanted) = self.count(at, &set).ok_or(Broken::Uncounted)?;
            let told = (run.ready, run.wanted) == (ready, wanted);
            return match () {
                () if !run.settle.is_empty() || !run.steps.is_empty() || !run.round.is_empty() => {
                    Err(Broken::Needless)
                }
                () if ready >= wanted => Err(Broken::Enough),
                () if !told => Err(Broken::Counts { ready, wanted }),
                () => Ok(()),
            };
        }
        let mut scratch = Scratch::default();
        let mut replay = self.replay(&mut scratch);
        let base = replay.base(bases, run)?;
        let mark = base.mark();
        let end = replay.recovered(base, run, &set, subject);
        base.revert(self.cluster(), mark);
        let end = end?;
        match end.known {
            true => Ok(()),
            false if !run.round.is_empty() => Err(Broken::NotKnown),
            false => self.always_falls_short(base, end.wanted, &set, subject),
        }
    }

    /// How many pods of a subject serve at every end, and are wanted, where that is known
    /// beforehand.
    fn count(&self, at: usize, Failed { nodes, .. }: &Failed) -> Option<(u32, u32)> {
        let (known, start) = (self.headroom.as_ref()?, self.starts.first()?);
        let subject = &self.subjects.all[at];
        let odd = subject.is_unpredictable;
        let covered =
            !odd && known.covers(&self.dynamics, start, nodes) && known.brings_back(at, nodes);
        let Change { ready, wanted, again } = known.change(at, nodes);
        let served = subject.ready(&start.placement) - ready + again;
        let wanted = subject.wanted(&start.placement, &[]).saturating_sub(wanted);
        covered.then_some((served, wanted))
    }

    /// What fails in a run, which must be asked about.
    fn failing(&self, run: &Run) -> Result<Failed, Broken> {
        let set = Failed::find(self.cluster(), &run.fail);
        set.filter(|set| self.question.has(set)).ok_or(Broken::Needless)
    }

    fn replay<'r>(&'r self, scratch: &'r mut Scratch) -> Replay<'r, 'c> {
        let Self { dynamics, unknown, moves, .. } = self;
        Replay { dynamics, unknown, moves, scratch }
    }

    /// Whether every run from where this one began ends with too few pods: then it does not matter
    /// which of them the scheduler takes.
    fn always_falls_short(
        &self,
        rest: &mut Placement,
        wanted: u32,
        failed: &Failed,
        subject: &Subject,
    ) -> Result<(), Broken> {
        let start = self.starts.iter().find(|start| start.placement == *rest);
        let start = start.ok_or(Broken::NotKnown)?;
        let key = (failed.clone(), start.number);
        let states = self.closed.get(&key).ok_or(Broken::NotKnown)?;
        let cluster = self.cluster();
        let mark = rest.mark();
        self.dynamics.fail_hosts(rest, &failed.nodes, &failed.machines);
        let situation = self.dynamics.situation(rest);
        self.dynamics.evict_unnoticed(rest, &situation);
        let mut scratch = Scratch::default();
        let walk = Walk::new(&self.dynamics, &situation, &self.moves, &mut scratch);
        let walked = walk.check(rest, states, &mut |shown: Shown<'_>| {
            if shown.comes_again {
                return Err(Broken::NoRest);
            }
            let gap = |pod: &_| self.unknown.of_pod(cluster, shown.placement, *pod).is_open;
            if shown.placement.pending().iter().any(gap) {
                return Err(Broken::NotKnown);
            }
            let enough = subject.ready(shown.placement) >= wanted;
            if shown.is_quiet() && enough { Err(Broken::Enough) } else { Ok(()) }
        });
        rest.revert(cluster, mark);
        walked
    }

    /// Walks over the states before anything fails and keeps those at rest.
    fn read_starts(&mut self, certificate: &Certificate) -> Result<(), Flaw> {
        let states = &certificate.starts;
        // Without a proof it does not matter where else the cluster may stand.
        let Certificate { sets, headroom, courses, .. } = certificate;
        let evident = sets.is_empty() && headroom.is_empty() && courses.is_empty();
        let needless = certificate.summary.proved == 0 && evident;
        if needless && states.is_empty() {
            return Ok(());
        }
        let cluster = self.cluster();
        let mut placement = begin(&self.dynamics);
        let situation = self.dynamics.situation(&placement);
        self.dynamics.evict_unnoticed(&mut placement, &situation);
        let mut scratch = Scratch::default();
        let mut starts: Vec<Start> = Vec::new();
        let walk = Walk::new(&self.dynamics, &situation, &self.moves, &mut scratch);
        walk.check(&mut placement, states, &mut |shown: Shown<'_>| {
            if shown.comes_again {
                return Err(Broken::NoRest);
            }
            // Whoever is placed on the way must be known to be placed so.
            let guesses = shown
                .steps
                .sure
                .iter()
                .any(|step| self.unknown.is_guess(cluster, shown.placement, step));
            if guesses {
                return Err(Broken::NotKnown);
            }
            if shown.is_quiet() {
                starts.push(Start::new(cluster, &shown));
            }
            Ok(())
        })
        .map_err(Flaw::Start)?;
        if starts.is_empty() {
            return Err(Flaw::Start(Broken::NoRest));
        }
        self.starts = starts;
        Ok(())
    }

    fn read_closed(&mut self, all: &[Closed]) -> Result<(), Flaw> {
        for closed in all {
            self.add_closed(closed).map_err(|what| Flaw::Set {
                fail: closed.fail.clone(),
                whose: None,
                what,
            })?;
        }
        Ok(())
    }

    /// Takes in a closed set of states. Whoever makes a certificate adds what a check misses.
    ///
    /// # Errors
    /// When it is of a failure that is not asked about, or of one that has such a set.
    pub fn add_closed(&mut self, closed: &Closed) -> Result<(), Broken> {
        let set = Failed::find(self.cluster(), &closed.fail).ok_or(Broken::Needless)?;
        if !self.starts.iter().any(|start| start.number == closed.from) {
            return Err(Broken::From(closed.from));
        }
        let asked = self.question.has(&set);
        let before = self.closed.insert((set, closed.from), closed.states.clone());
        if asked && before.is_none() { Ok(()) } else { Err(Broken::Needless) }
    }

    /// Takes in steps that closed sets are made of.
    pub fn set_steps(&mut self, steps: &[Move]) {
        self.moves = steps.to_vec();
    }

    /// Takes in rooms.
    ///
    /// # Errors
    /// When they name something that there is not.
    pub fn add_rooms(&mut self, rooms: &Rooms) -> Result<(), Flaw> {
        let cluster = self.cluster();
        let class = self.sorts.class(cluster, &rooms.like)?;
        self.hints.entry(class).or_default().read(cluster, rooms).map_err(Flaw::Room)
    }

    /// Claims no longer what does not follow.
    pub fn withdraw(&mut self, whose: &Whose) {
        let cluster = self.cluster();
        for (subject, (one, other)) in self.subjects.all.iter().zip(&mut self.claims) {
            if names::workload(cluster, subject.root) == whose.workload {
                match whose.claim {
                    ClaimName::Immediately => *one = Claim::Unknown,
                    ClaimName::Recovered => *other = Claim::Unknown,
                }
            }
        }
    }

    /// Whether all that is proved follows where these nodes fail.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check_set(&self, workspace: &mut Workspace, failed: &Failed) -> Result<(), Flaw> {
        let Workspace { placements, scratch } = workspace;
        for (start, placement) in self.starts.iter().zip(placements) {
            let mark = placement.mark();
            let case = Case { reader: self, start, failed };
            let checked = case.check(placement, scratch);
            placement.revert(self.cluster(), mark);
            checked.map_err(|(whose, what)| Flaw::Set {
                fail: failed.names(self.cluster()),
                whose: whose.map(|(at, claim)| self.whose(at, claim)),
                what,
            })?;
        }
        Ok(())
    }

    /// Takes in what holds whichever nodes fail, and holds the claims against it.
    fn read_headroom(&mut self, written: &[format::Headroom]) -> Result<(), Flaw> {
        if written.is_empty() {
            return Ok(());
        }
        let (Asked::Nodes(most), [start]) = (&self.question, &self.starts[..]) else {
            return Err(Flaw::Headroom(Broken::Needless));
        };
        let premises = Premises {
            dynamics: &self.dynamics,
            unknown: &self.unknown,
            start,
            sorts: &self.sorts,
            is_proved: &|at| self.claims[at].1 == Claim::Proved,
            position: &|pod| self.subjects.position(pod),
        };
        let headroom = Headroom::read(&premises, written, *most)?;
        for (at, (one, other)) in self.claims.iter().enumerate() {
            let subject = &self.subjects.all[at];
            let (ready, wanted) =
                (subject.ready(&start.placement), subject.wanted(&start.placement, &[]));
            let fails = |nodes: &[NodeId], claim, ready, wanted| Flaw::Set {
                fail: names::nodes(self.cluster(), nodes),
                whose: Some(self.whose(at, claim)),
                what: Broken::TooFew { ready, wanted },
            };
            let worst = headroom.worst(at, |lost| i64::from(lost.ready));
            let left = ready - worst.change.ready;
            if *one == Claim::Proved && left == 0 && !worst.nodes.is_empty() {
                return Err(fails(&worst.nodes, ClaimName::Immediately, left, 1));
            }
            let worst = headroom.worst(at, |lost| {
                i64::from(lost.ready) - i64::from(lost.wanted) - i64::from(lost.again)
            });
            let left = ready - worst.change.ready + worst.change.again;
            let wanted = wanted.saturating_sub(worst.change.wanted);
            if *other == Claim::Proved && left < wanted && !worst.nodes.is_empty() {
                return Err(fails(&worst.nodes, ClaimName::Recovered, left, wanted));
            }
        }
        self.headroom = Some(headroom);
        Ok(())
    }
}

impl Start {
    fn new(cluster: &Cluster, shown: &Shown<'_>) -> Self {
        let placement = shown.placement.clone();
        let there = placement.instances().iter();
        let there = there.filter(|pod| pod.is_pending() || pod.node().is_some());
        Self {
            number: shown.number,
            is_still: shown.steps.sure.is_empty() && shown.steps.possible.is_empty(),
            steady: steady::all(cluster, &placement),
            lowest: there.map(|pod| cluster.spec_of(pod.class).priority).min().unwrap_or(i32::MAX),
            placement,
        }
    }
}
