//! Reads a certificate against a cluster.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, WorkloadId};
use holdfast_failover::{Dynamics, Situation, Step};
use holdfast_scheduler::Scratch;

use crate::claims::{Subject, Subjects};
use crate::closed::{Shown, Walk};
use crate::flaw::{Broken, ClaimName, Flaw, Whose};
use crate::format::{
    self, Certificate, Claim, Closed, Move, Question, Rooms, Run, SCHEMA, State, Summary,
};
use crate::headroom::{Change, Headroom, Premises};
use crate::names::Sorts;
use crate::room::{Hints, Lost};
use crate::run::{Bases, Replay, begin};
use crate::sets::Choices;
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
    lowest: i32,
}

/// A certificate, with its names looked up.
pub struct Reader<'c> {
    pub(crate) dynamics: Dynamics<'c>,
    pub(crate) subjects: Subjects,
    unknown: Unknown,
    claims: Vec<(Claim, Claim)>,
    question: Asked,
    pub(crate) starts: Vec<Start>,
    sorts: Sorts,
    pub(crate) hints: BTreeMap<ClassId, Hints>,
    headroom: Option<Headroom>,
    closed: BTreeMap<(Vec<NodeId>, usize), Vec<State>>,
    pub(crate) moves: Vec<Move>,
}

/// Which failures are asked about.
#[derive(Clone, Debug)]
enum Asked {
    Nodes(usize),
    Set(Vec<NodeId>),
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
            question: asked(cluster, &certificate.question)?,
            starts: Vec::new(),
            sorts: Sorts::default(),
            hints: BTreeMap::new(),
            headroom: None,
            closed: BTreeMap::new(),
            moves: certificate.steps.clone(),
        };
        for rooms in &certificate.rooms {
            reader.add_rooms(rooms)?;
        }
        reader.read_claims(certificate)?;
        reader.read_starts(certificate)?;
        reader.read_headroom(&certificate.headroom)?;
        reader.read_closed(&certificate.sets)?;
        reader.check_all_runs()?;
        Ok(reader)
    }

    fn cluster(&self) -> &'c Cluster {
        self.dynamics.cluster()
    }

    /// A workspace for one thread.
    pub fn workspace(&self) -> Workspace {
        let placements = self.starts.iter().map(|start| start.placement.clone()).collect();
        Workspace { placements, scratch: Scratch::default() }
    }

    /// Every set that is asked about and has to be [checked](Self::check_set), the empty one first:
    /// all but those for which headroom is enough.
    pub fn sets(&self) -> Box<dyn Iterator<Item = Vec<NodeId>> + '_> {
        match &self.question {
            Asked::Nodes(most) => {
                let nodes = self.cluster().nodes().len();
                let most = if self.covers_all() { 0 } else { *most };
                let all = (0..=most).flat_map(move |size| Choices::new(nodes, size));
                Box::new(all.filter(|set| !self.is_covered(set)))
            }
            Asked::Set(set) if set.is_empty() => Box::new(std::iter::once(Vec::new())),
            Asked::Set(set) => Box::new([Vec::new(), set.clone()].into_iter()),
        }
    }

    fn covers_all(&self) -> bool {
        self.headroom.as_ref().is_some_and(Headroom::covers_all)
    }

    fn is_covered(&self, set: &[NodeId]) -> bool {
        let covers = |one: &Headroom| one.covers(&self.dynamics, &self.starts[0], set);
        self.headroom.as_ref().is_some_and(covers)
    }

    /// What is said once so many sets were checked one by one and nothing was wrong.
    pub fn accepted(&self, checked: u64) -> Accepted {
        let sets = match &self.question {
            Asked::Nodes(most) => Choices::count_up_to(self.cluster().nodes().len(), *most),
            Asked::Set(_) => checked,
        };
        let states = self.closed.values().map(|states| states.len() as u64 + 1).sum();
        Accepted { sets, at_once: sets - checked, states }
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
            self.check_runs(&mut bases, at).map_err(|(claim, what)| {
                let root = self.subjects.all[at].root;
                Flaw::Run {
                    whose: Whose { workload: names::workload(self.cluster(), root), claim },
                    what,
                }
            })
        })
    }

    fn check_runs(&self, bases: &mut Bases, at: usize) -> Result<(), (ClaimName, Broken)> {
        let (one, other) = &self.claims[at];
        if let Claim::Refuted { run } = one {
            self.check_at_once(bases, at, run).map_err(|what| (ClaimName::Immediately, what))?;
        }
        if let Claim::Refuted { run } = other {
            self.check_run(bases, at, run).map_err(|what| (ClaimName::Recovered, what))?;
        }
        Ok(())
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
                subject.ready(&start.placement) - known.change(at, &set).ready
            }
            _ => {
                let base = self.replay(&mut Scratch::default()).base(bases, run)?;
                let mark = base.mark();
                self.dynamics.fail(base, &set);
                let ready = subject.ready(base);
                base.revert(self.cluster(), mark);
                ready
            }
        };
        if ready > 0 {
            return Err(Broken::Enough);
        }
        let told = (run.ready, run.wanted) == (0, 1) && run.steps.is_empty();
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
                () if !run.settle.is_empty() || !run.steps.is_empty() => Err(Broken::Needless),
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
        if end.known { Ok(()) } else { self.always_falls_short(base, end.wanted, &set, subject) }
    }

    /// How many pods of a subject serve at every end, and are wanted, where that is known
    /// beforehand.
    fn count(&self, at: usize, set: &[NodeId]) -> Option<(u32, u32)> {
        let (known, start) = (self.headroom.as_ref()?, self.starts.first()?);
        let subject = &self.subjects.all[at];
        let odd = matches!(subject.kind, WorkloadKind::Custom(_));
        let covered = !odd && known.covers(&self.dynamics, start, set);
        let Change { ready, wanted, again } = known.change(at, set);
        let served = subject.ready(&start.placement) - ready + again;
        let wanted = subject.wanted(&start.placement, &[]).saturating_sub(wanted);
        covered.then_some((served, wanted))
    }

    /// The nodes that fail in a run, which must be asked about.
    fn failing(&self, run: &Run) -> Result<Vec<NodeId>, Broken> {
        let set = find_nodes(self.cluster(), &run.fail).ok_or(Broken::Needless)?;
        if self.is_asked(&set) { Ok(set) } else { Err(Broken::Needless) }
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
        failed: &[NodeId],
        subject: &Subject,
    ) -> Result<(), Broken> {
        let start = self.starts.iter().find(|start| start.placement == *rest);
        let start = start.ok_or(Broken::NotKnown)?;
        let key = (failed.to_vec(), start.number);
        let states = self.closed.get(&key).ok_or(Broken::NotKnown)?;
        let cluster = self.cluster();
        let mark = rest.mark();
        self.dynamics.fail(rest, failed);
        let situation = self.dynamics.situation(rest);
        self.dynamics.evict_unnoticed(rest, &situation);
        let mut scratch = Scratch::default();
        let walk = Walk::new(&self.dynamics, &situation, &self.moves, &mut scratch);
        let walked = walk.check(rest, states, &mut |shown| {
            let gap = |pod: &_| self.unknown.of_pod(cluster, shown.placement, *pod).is_open;
            if shown.placement.pending().iter().any(gap) {
                return Err(Broken::NotKnown);
            }
            let enough = subject.ready(shown.placement) >= wanted;
            if shown.steps.sure.is_empty() && enough { Err(Broken::Enough) } else { Ok(()) }
        });
        rest.revert(cluster, mark);
        walked
    }

    fn is_asked(&self, set: &[NodeId]) -> bool {
        match &self.question {
            Asked::Nodes(most) => set.len() <= *most,
            Asked::Set(asked) => set.is_empty() || set == asked,
        }
    }

    /// Walks over the states before anything fails and keeps those at rest.
    fn read_starts(&mut self, certificate: &Certificate) -> Result<(), Flaw> {
        let states = &certificate.starts;
        // Without a proof it does not matter where else the cluster may stand.
        let Certificate { sets, headroom, .. } = certificate;
        let needless = certificate.summary.proved == 0 && sets.is_empty() && headroom.is_empty();
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
        walk.check(&mut placement, states, &mut |shown| {
            // Whoever is placed on the way must be known to be placed so.
            let guesses = shown
                .steps
                .sure
                .iter()
                .any(|step| self.unknown.is_guess(cluster, shown.placement, step));
            if guesses {
                return Err(Broken::NotKnown);
            }
            if shown.steps.sure.is_empty() {
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
        let set = find_nodes(self.cluster(), &closed.fail).ok_or(Broken::Needless)?;
        if !self.starts.iter().any(|start| start.number == closed.from) {
            return Err(Broken::From(closed.from));
        }
        let asked = self.is_asked(&set);
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
    pub fn check_set(&self, workspace: &mut Workspace, failed: &[NodeId]) -> Result<(), Flaw> {
        let Workspace { placements, scratch } = workspace;
        for (start, placement) in self.starts.iter().zip(placements) {
            let mark = placement.mark();
            let case = Case { reader: self, start, failed };
            let checked = case.check(placement, scratch);
            placement.revert(self.cluster(), mark);
            checked.map_err(|(whose, what)| Flaw::Set {
                fail: names::nodes(self.cluster(), failed),
                whose: whose.map(|(at, claim)| {
                    let root = self.subjects.all[at].root;
                    Whose { workload: names::workload(self.cluster(), root), claim }
                }),
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
            position: &|pod| self.subjects.position(pod),
        };
        let headroom = Headroom::read(&premises, written, *most)?;
        for (at, (one, other)) in self.claims.iter().enumerate() {
            let subject = &self.subjects.all[at];
            let (ready, wanted) =
                (subject.ready(&start.placement), subject.wanted(&start.placement, &[]));
            let fails = |nodes: &[NodeId], claim, ready, wanted| Flaw::Set {
                fail: names::nodes(self.cluster(), nodes),
                whose: Some(Whose {
                    workload: names::workload(self.cluster(), subject.root),
                    claim,
                }),
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

fn asked(cluster: &Cluster, question: &Question) -> Result<Asked, Flaw> {
    match question {
        Question::Nodes(most) if *most <= cluster.nodes().len() => Ok(Asked::Nodes(*most)),
        Question::Nodes(_) => Err(Flaw::Question),
        Question::Fail(names) => find_nodes(cluster, names).map(Asked::Set).ok_or(Flaw::Question),
    }
}

/// Nodes by names, which must be sorted and each once.
fn find_nodes(cluster: &Cluster, names: &[String]) -> Option<Vec<NodeId>> {
    let nodes: Option<Vec<NodeId>> =
        names.iter().map(|name| cluster.node_named(cluster.find(name)?)).collect();
    nodes.filter(|nodes| nodes.is_sorted_by(|one, other| one < other))
}

/// One set from one start. What is wrong comes with the subject whose claim it is.
struct Case<'r, 'c> {
    reader: &'r Reader<'c>,
    start: &'r Start,
    failed: &'r [NodeId],
}

type Checked = Result<(), (Option<(usize, ClaimName)>, Broken)>;

/// The recovery of a subject does not follow.
fn broken(at: usize, what: Broken) -> Checked {
    Err((Some((at, ClaimName::Recovered)), what))
}

impl Case<'_, '_> {
    fn subject(&self, at: usize) -> &Subject {
        &self.reader.subjects.all[at]
    }

    fn is_proved(&self, at: usize) -> bool {
        self.reader.claims[at].1 == Claim::Proved
    }

    fn wanted(&self, at: usize) -> u32 {
        self.subject(at).wanted(&self.start.placement, self.failed)
    }

    fn check(&self, placement: &mut Placement, scratch: &mut Scratch) -> Checked {
        let reader = self.reader;
        reader.dynamics.fail(placement, self.failed);
        let shaky = self.shaky(placement);
        let mut touched = self.touched(placement);
        for &at in &touched {
            let ready = self.subject(at).ready(placement);
            let sure = ready - shaky.get(&at).copied().unwrap_or(0).min(ready);
            if reader.claims[at].0 == Claim::Proved && sure == 0 {
                let what = Broken::TooFew { ready, wanted: 1 };
                return Err((Some((at, ClaimName::Immediately)), what));
            }
        }
        touched.retain(|at| self.is_proved(*at));
        let situation = reader.dynamics.situation(placement);
        if !situation.acts {
            return touched.iter().try_for_each(|at| self.serves(*at, placement, &shaky));
        }
        reader.dynamics.evict_unnoticed(placement, &situation);
        let key = (self.failed.to_vec(), self.start.number);
        let mark = placement.mark();
        let closed = reader.closed.get(&key);
        let closed =
            closed.map(|states| self.check_closed(placement, &situation, states, &shaky, scratch));
        match closed {
            Some(Ok(())) => return Ok(()),
            // What is listed must be right, even where rooms would do.
            Some(Err((None, what))) => return Err((None, what)),
            Some(Err(_)) | None => {}
        }
        let Err(flaw) = self.find_rooms(placement, &situation, touched.clone(), &shaky, scratch)
        else {
            return Ok(());
        };
        placement.revert(reader.cluster(), mark);
        if self.is_quiet(placement, &situation, scratch) {
            return self.check_quiet(placement, &touched, &shaky);
        }
        Err(flaw)
    }

    /// Those whose pods the failure may touch at once: all, where nothing fails or volumes are kept
    /// on the nodes.
    fn touched(&self, placement: &Placement) -> BTreeSet<usize> {
        let reader = self.reader;
        if self.failed.is_empty() || !reader.dynamics.storage().is_empty() {
            return (0..reader.subjects.all.len()).collect();
        }
        let pods = self.failed.iter().flat_map(|node| &placement.node(*node).pods);
        let pods = pods.chain(placement.pending());
        pods.filter_map(|pod| reader.subjects.position(placement.instance(*pod))).collect()
    }

    /// How many pods of each subject use volumes of which nobody knows whether enough copies are
    /// up, and how many of those serve.
    fn shaky(&self, placement: &Placement) -> BTreeMap<usize, u32> {
        let mut shaky = BTreeMap::new();
        for pod in self.reader.dynamics.storage().doubtful(placement) {
            let pod = placement.instance(pod);
            if let Some(at) = self.reader.subjects.position(pod) {
                *shaky.entry(at).or_default() += u32::from(pod.ready);
            }
        }
        shaky
    }

    /// Whether as many pods of a subject serve as are wanted, and it is known of all.
    fn serves(&self, at: usize, placement: &Placement, shaky: &BTreeMap<usize, u32>) -> Checked {
        let (ready, wanted) = (self.subject(at).ready(placement), self.wanted(at));
        if shaky.contains_key(&at) {
            return broken(at, Broken::NotKnown);
        }
        if ready < wanted {
            return broken(at, Broken::TooFew { ready, wanted });
        }
        Ok(())
    }

    /// Whether a controller that nobody knows may do something about pods of a subject.
    fn is_odd(&self, at: usize, placement: &Placement) -> bool {
        let lost = || {
            let mut pods = self.failed.iter().flat_map(|node| &placement.node(*node).pods);
            pods.any(|pod| self.reader.subjects.position(placement.instance(*pod)) == Some(at))
        };
        let subject = self.subject(at);
        matches!(subject.kind, WorkloadKind::Custom(_))
            && (subject.terminating(placement) > 0 || subject.pending(placement) > 0 || lost())
    }

    /// Whether all that is proved holds in each quiet state of a closed set.
    fn check_closed(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        states: &[State],
        shaky: &BTreeMap<usize, u32>,
        scratch: &mut Scratch,
    ) -> Checked {
        let reader = self.reader;
        let cluster = reader.cluster();
        let all = 0..reader.subjects.all.len();
        let proved: Vec<usize> = all.filter(|at| self.is_proved(*at)).collect();
        // Whoever waits in some state, and of whom something is not known: the highest priority at
        // which they preempt.
        let mut gap: Option<i32> = None;
        let mut moved: BTreeSet<usize> = self.touched(placement);
        let mut wrong = None;
        let walk = Walk::new(&reader.dynamics, situation, &reader.moves, scratch);
        let walked = walk.check(placement, states, &mut |shown| {
            let now = shown.placement;
            // Whom budgets spare depends on who serves.
            let preempts = shown.steps.sure.iter().any(|s| matches!(s, Step::Preempt { .. }));
            for pod in now.pending() {
                let instance = now.instance(*pod);
                let spec = cluster.spec_of(instance.class);
                moved.extend(reader.subjects.position(instance));
                let guess = reader.unknown.of_pod(cluster, now, *pod).is_open
                    || reader.unknown.scores_of(spec)
                    || preempts && !shaky.is_empty();
                if guess {
                    let rank = if spec.preempts { spec.priority } else { i32::MIN };
                    gap = Some(gap.map_or(rank, |known| known.max(rank)));
                }
            }
            let quiet = shown.steps.sure.is_empty();
            for &at in proved.iter().filter(|_| quiet) {
                let checked = self.serves(at, now, shaky);
                if checked.is_err() {
                    wrong = checked.err();
                    return Err(Broken::NotKnown);
                }
            }
            Ok(())
        });
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        walked.map_err(|what| (None, what))?;
        let weak = |at: &&usize| {
            let outranked = gap.is_some_and(|rank| self.subject(**at).priority < rank);
            let touched = gap.is_some() && moved.contains(*at);
            let odd = matches!(self.subject(**at).kind, WorkloadKind::Custom(_))
                && (moved.contains(*at) || self.is_odd(**at, placement));
            outranked || touched || odd
        };
        match proved.iter().find(weak) {
            Some(at) => broken(*at, Broken::NotKnown),
            None => Ok(()),
        }
    }

    /// Whether nothing happens at all.
    fn is_quiet(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
    ) -> bool {
        let next = self.reader.dynamics.steps(placement, situation, scratch);
        next.sure.is_empty() && next.possible.is_empty() && !next.coarse
    }

    /// Whether all that is proved holds where nothing happens.
    fn check_quiet(
        &self,
        placement: &Placement,
        touched: &BTreeSet<usize>,
        shaky: &BTreeMap<usize, u32>,
    ) -> Checked {
        let reader = self.reader;
        let cluster = reader.cluster();
        let gaps = placement
            .pending()
            .iter()
            .filter(|pod| reader.unknown.of_pod(cluster, placement, **pod).is_open);
        let specs = gaps.map(|pod| cluster.spec_of(placement.instance(*pod).class));
        let rank = specs.filter(|spec| spec.preempts).map(|spec| spec.priority).max();
        for at in (0..reader.subjects.all.len()).filter(|at| self.is_proved(*at)) {
            if rank.is_some_and(|rank| self.subject(at).priority < rank) {
                return broken(at, Broken::NotKnown);
            }
            if touched.contains(&at) {
                self.serves(at, placement, shaky)?;
            }
            if self.is_odd(at, placement) {
                return broken(at, Broken::NotKnown);
            }
        }
        Ok(())
    }

    fn find_rooms(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        mut touched: BTreeSet<usize>,
        shaky: &BTreeMap<usize, u32>,
        scratch: &mut Scratch,
    ) -> Checked {
        let reader = self.reader;
        let cluster = reader.cluster();
        let before: BTreeMap<usize, u32> = (0..reader.subjects.all.len())
            .filter(|at| touched.contains(at))
            .map(|at| (at, self.subject(at).ready(placement)))
            .collect();
        let evicted = reader.dynamics.evict_all(placement, situation);
        let waiting = placement.pending().to_vec();
        let mut lost = Lost {
            hints: &reader.hints,
            ..Lost::new(&reader.dynamics, &reader.unknown, &evicted.uncertain, scratch)
        };
        let rooms = Found::of(&mut lost, placement, &waiting, self.start.lowest);
        let placement = &*placement;
        let position = |pod: &_| reader.subjects.position(placement.instance(*pod));
        let moved = waiting.iter().chain(&evicted.pods).filter_map(position);
        touched.extend(moved.filter(|at| self.is_proved(*at)));
        let doubted: BTreeSet<usize> = evicted.uncertain.iter().filter_map(position).collect();
        let rank = match rooms.loose {
            _ if !self.is_steady(placement) => Some(i32::MAX),
            loose => loose.map(|(rank, _)| rank),
        };
        for at in (0..reader.subjects.all.len()).filter(|_| rank.is_some()) {
            let outranked = rank.is_some_and(|rank| self.subject(at).priority < rank);
            if self.is_proved(at) && outranked {
                let pod = rooms.loose.filter(|(own, _)| Some(*own) == rank);
                let pod = pod.map(|(_, pod)| names::pod(cluster, placement, pod));
                return broken(at, pod.map_or(Broken::Unsteady, Broken::NoRoom));
            }
        }
        for at in touched {
            let back = waiting.iter().filter(|pod| position(pod) == Some(at));
            let back = back.filter(|pod| rank.is_none() && rooms.sure.contains(pod)).count();
            let serving = self.subject(at).ready(placement);
            let serving = serving.min(before.get(&at).copied().unwrap_or(serving));
            let ready = serving + u32::try_from(back).unwrap_or(u32::MAX);
            let wanted = self.wanted(at);
            if shaky.contains_key(&at) || doubted.contains(&at) || self.is_odd(at, placement) {
                return broken(at, Broken::NotKnown);
            }
            if ready < wanted {
                let unsure = |pod: &&InstanceId| !rooms.sure.contains(pod);
                let mut own = waiting.iter().filter(|pod| position(pod) == Some(at));
                let own = own.find(unsure);
                let pod = own.map(|pod| names::pod(cluster, placement, *pod));
                return broken(at, pod.map_or(Broken::TooFew { ready, wanted }, Broken::NoRoom));
            }
        }
        Ok(())
    }

    /// Whether controllers do nothing but make up for pods that are lost, and no pod ends that
    /// might be made again.
    fn is_steady(&self, placement: &Placement) -> bool {
        let ends = placement.terminating().iter().any(|pod| {
            let node = placement.instance(*pod).node();
            node.is_some_and(|node| placement.node(node).reachable)
        });
        self.start.steady && !ends && placement.nominated().is_empty()
    }
}

/// What was found out about pods that wait.
struct Found {
    /// Those that are sure of a place, as long as nobody preempts.
    sure: BTreeSet<InstanceId>,
    /// One that is not and may preempt, of the highest priority, and that: then more pods may
    /// come.
    loose: Option<(i32, InstanceId)>,
}

impl Found {
    fn of(
        lost: &mut Lost<'_, '_>,
        placement: &mut Placement,
        waiting: &[InstanceId],
        lowest: i32,
    ) -> Self {
        let mut found = Self { sure: BTreeSet::new(), loose: None };
        let priority = |placement: &Placement, pod: InstanceId| {
            lost.cluster().spec_of(placement.instance(pod).class).priority
        };
        let lowest = waiting.iter().map(|pod| priority(placement, *pod)).fold(lowest, i32::min);
        let mut known: BTreeMap<(ClassId, WorkloadId), bool> = BTreeMap::new();
        for pod in waiting {
            let instance = *placement.instance(*pod);
            let sort = (instance.class, instance.workload);
            let is_sure = known.get(&sort).copied().unwrap_or_else(|| {
                let is_sure = lost.is_sure(placement, *pod);
                let spec = lost.cluster().spec_of(instance.class);
                let outranks = !is_sure && spec.preempts && lowest < spec.priority;
                if outranks && !lost.is_hopeless(placement, *pod) {
                    found.loose = found.loose.max(Some((spec.priority, *pod)));
                }
                is_sure
            });
            known.insert(sort, is_sure);
            if is_sure {
                found.sure.insert(*pod);
            }
        }
        found
    }
}
