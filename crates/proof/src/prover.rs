//! One failure set at a time: what serves at once, what is sure to come back, what remains to be
//! searched.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::storage::Standing;
use holdfast_failover::{Dynamics, Situation, Step};
use holdfast_scheduler::Scratch;

use crate::bound;
use crate::doubts::{self, Doubts};
use crate::explore::{Exploration, Explorer, Outcome};
use crate::headroom::{Headroom, Lost};
use crate::scenario::FailureSet;
use crate::start::{self, Start, Starts};
use crate::subject::{Subjects, follows_nodes};
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
}

impl Default for Settings {
    fn default() -> Self {
        Self { states_per_set: 20_000, bounds: true }
    }
}

/// What a failure set does to one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether at least one pod serves as soon as the nodes are gone.
    pub immediately: Verdict,
    /// Pods that serve then.
    pub ready_at_once: u32,
    /// Whether as many pods as are wanted serve once all is quiet.
    pub recovered: Verdict,
    /// The fewest and the most pods that were seen to serve then.
    pub recovered_range: (u32, u32),
    /// How many are wanted.
    pub desired: u32,
    /// The run that refutes the recovery; `None` means that any run does.
    pub path: Option<Vec<Step>>,
    /// Which start it was found from.
    pub start: usize,
}

/// What a failure set does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// What it does to the subjects it touches, by position. All others stand as they stood.
    pub findings: BTreeMap<usize, Finding>,
    /// States that were searched.
    pub states: u64,
    /// Why nothing is known of subjects that are not touched, although they stand as they stood.
    pub untouched_doubt: Option<Doubt>,
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
    /// What is known of all small failure sets at once.
    headroom: Option<Headroom>,
    /// The lowest priority among the pods of each subject.
    lowest_priority: Vec<i32>,
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
        let starts = prover.starts.starts.iter().map(|start| &start.placement);
        self.placements.iter().eq(starts)
    }
}

impl<'c> Prover<'c> {
    /// Looks at the cluster before anything fails.
    pub fn new(cluster: &'c Cluster, settings: Settings) -> Self {
        let dynamics = Dynamics::new(cluster);
        let subjects = Subjects::of(cluster, &Placement::of(cluster));
        let mut scratch = Scratch::default();
        let starts = start::settle(&dynamics, &subjects, settings.states_per_set, &mut scratch);
        let coverage = &cluster.objects().coverage;
        let doubts = Doubts::new(cluster);
        let missing_for_scores = doubts::missing_for_spread(cluster).or(doubts.of_scores);
        let lost =
            [InputKind::Node, InputKind::Pod].into_iter().find(|kind| coverage.has_lost(*kind));
        let lowest_priority = lowest_priorities(cluster, &subjects);
        Self {
            dynamics,
            subjects,
            starts,
            settings,
            missing_for_scores,
            lost,
            doubts,
            headroom: None,
            lowest_priority,
        }
    }

    /// Works out beforehand what can be said of all sets of up to `most` nodes at once, so that
    /// most of them need no closer look. The answers are the same without.
    pub fn foresee(&mut self, most: usize) {
        let [start] = self.starts.starts.as_slice() else { return };
        if self.settings.bounds && self.starts.complete && self.lost.is_none() {
            let Self { dynamics, subjects, doubts, .. } = self;
            self.headroom = Headroom::of(dynamics, subjects, doubts, start, most);
        }
    }

    /// What was worked out beforehand.
    pub fn headroom(&self) -> Option<&Headroom> {
        self.headroom.as_ref()
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

    /// The settings.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// A workspace for one thread.
    pub fn workspace(&self) -> Workspace {
        let placements = self.starts.starts.iter().map(|start| start.placement.clone()).collect();
        Workspace { placements, scratch: Scratch::default() }
    }

    /// What the failure of `set` does, from every place the cluster may stand in.
    pub fn examine(&self, workspace: &mut Workspace, set: &FailureSet) -> Examination {
        if let Some(foreseen) = self.foreseen(set) {
            return foreseen;
        }
        let mut each: Vec<Examination> =
            (0..self.starts.starts.len()).map(|at| self.examine_from(at, workspace, set)).collect();
        let touched: BTreeSet<usize> =
            each.iter().flat_map(|one| one.findings.keys().copied()).collect();
        let mut joined = Examination {
            findings: BTreeMap::new(),
            states: each.iter().map(|one| one.states).sum(),
            untouched_doubt: each.iter().find_map(|one| one.untouched_doubt),
        };
        for position in touched {
            // What one start's failure touches may stand untouched in another's.
            let from = each.iter_mut().enumerate().map(|(at, one)| {
                one.findings.remove(&position).unwrap_or_else(|| {
                    let mut finding = self.untouched(at, position);
                    one.untouched_doubt.into_iter().for_each(|doubt| finding.doubt(doubt));
                    finding
                })
            });
            let worst = self.worst(from);
            joined.findings.insert(position, worst);
        }
        if !self.starts.complete {
            let at_rest = self.starts.at_rest;
            joined.findings.values_mut().for_each(|finding| finding.unsettle(at_rest));
            joined.untouched_doubt.get_or_insert(Doubt::Unsettled);
        }
        joined.findings.values_mut().for_each(|finding| self.weaken(finding));
        joined
    }

    /// What the failure of `set` does, where that is known beforehand.
    fn foreseen(&self, set: &FailureSet) -> Option<Examination> {
        let start = &self.starts.starts[0];
        let headroom = self.headroom.as_ref()?;
        let touched = headroom.expect(&self.dynamics, &start.placement, set)?;
        let finding = |(position, lost): (usize, Lost)| {
            let ready_at_once = start.ready[position] - lost.ready;
            let desired = start.desired[position].saturating_sub(lost.wanted);
            let ready = ready_at_once + lost.again;
            let ground = if lost.again > 0 { Ground::Bound } else { Ground::Counted };
            let enough = ready >= desired;
            let finding = Finding {
                immediately: counted(ready_at_once >= 1),
                ready_at_once,
                recovered: if enough { Verdict::Proved(ground) } else { Verdict::Refuted },
                recovered_range: (ready, ready),
                desired,
                path: None,
                start: 0,
            };
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
        tell: impl FnOnce(&Witness, &Placement) -> T,
    ) -> T {
        let subject = (&self.subjects.subjects[position], finding.desired);
        let Workspace { placements, scratch } = workspace;
        let placement = &mut placements[finding.start];
        let mark = placement.mark();
        let witness = if finding.path.is_some() || !self.is_foreseen(set) {
            let path = finding.path.as_deref();
            witness::replay(&self.dynamics, placement, set, path, subject, scratch)
        } else {
            witness::cut_short(&self.dynamics, placement, set, subject, scratch)
        };
        let told = tell(&witness, placement);
        placement.revert(self.cluster(), mark);
        told
    }

    /// The run that refutes the recovery of a subject, to its quiet end, checked step by step.
    pub fn whole_run(&self, position: usize, set: &FailureSet, finding: &Finding) -> Witness {
        let mut placement = self.starts.starts[finding.start].placement.clone();
        let subject = (&self.subjects.subjects[position], finding.desired);
        let (path, scratch) = (finding.path.as_deref(), &mut Scratch::default());
        witness::replay(&self.dynamics, &mut placement, set, path, subject, scratch)
    }

    /// The fewest pods of a subject that serve as soon as the set has failed.
    pub fn at_once(&self, workspace: &mut Workspace, position: usize, set: &FailureSet) -> u32 {
        let subject = &self.subjects.subjects[position];
        let from = |start| witness::at_once(&self.dynamics, start, set, subject);
        workspace.placements.iter_mut().map(from).min().unwrap_or_default()
    }

    /// Whether what the set does is known beforehand.
    pub fn is_foreseen(&self, set: &FailureSet) -> bool {
        let placement = &self.starts.starts[0].placement;
        let expect = |headroom: &Headroom| headroom.expect(&self.dynamics, placement, set);
        self.headroom.as_ref().and_then(expect).is_some()
    }

    /// How a subject stands before anything fails, and after failures that do not touch it.
    pub fn standing(&self, position: usize) -> Finding {
        let starts = 0..self.starts.starts.len();
        let mut worst = self.worst(starts.map(|at| self.untouched(at, position)));
        if !self.starts.complete {
            worst.unsettle(self.starts.at_rest);
        }
        self.weaken(&mut worst);
        worst
    }

    /// Nothing is known of anybody where nodes or pods were lost.
    fn weaken(&self, finding: &mut Finding) {
        if let Some(kind) = self.lost {
            finding.immediately = Verdict::Unknown(Doubt::Lost(kind));
            finding.recovered = Verdict::Unknown(Doubt::Lost(kind));
        }
    }

    /// The worst of the findings about one subject, one for each start. What is refuted from a
    /// start that rests on something unknown is refuted only where every start refutes it.
    fn worst(&self, findings: impl Iterator<Item = Finding>) -> Finding {
        let mut all_refuted = true;
        let mut joined: Option<Finding> = None;
        let mut doubtful: Option<(Finding, Doubt)> = None;
        for finding in findings {
            let refuted = finding.recovered == Verdict::Refuted;
            all_refuted &= refuted;
            match self.starts.starts[finding.start].doubt {
                Some(doubt) if refuted => match &mut doubtful {
                    Some((known, _)) => known.join(finding),
                    None => doubtful = Some((finding, doubt)),
                },
                _ => match &mut joined {
                    Some(known) => known.join(finding),
                    None => joined = Some(finding),
                },
            }
        }
        if let Some((mut finding, doubt)) = doubtful {
            if !all_refuted {
                finding.recovered = Verdict::Unknown(doubt);
            }
            match &mut joined {
                Some(known) => known.join(finding),
                None => joined = Some(finding),
            }
        }
        joined.expect("there is at least one start")
    }

    /// A subject that a failure leaves as it stood at a start.
    fn untouched(&self, at: usize, position: usize) -> Finding {
        let start = &self.starts.starts[at];
        let (ready, desired) = (start.ready[position], start.desired[position]);
        Finding {
            immediately: counted(ready >= 1),
            ready_at_once: ready,
            recovered: counted(ready >= desired),
            recovered_range: (ready, ready),
            desired,
            path: None,
            start: at,
        }
    }

    fn examine_from(&self, at: usize, workspace: &mut Workspace, set: &FailureSet) -> Examination {
        let Workspace { placements, scratch } = workspace;
        let placement = &mut placements[at];
        let mark = placement.mark();
        let mut case = Case {
            prover: self,
            start: &self.starts.starts[at],
            at,
            set,
            placement,
            scratch,
            lost: BTreeSet::new(),
            preemption: false,
            most: BTreeMap::new(),
            doubtful: Vec::new(),
            shaky: Vec::new(),
            shaky_next: BTreeSet::new(),
            scored: false,
            examination: Examination::default(),
        };
        case.examine();
        let examination = case.examination;
        placement.revert(self.cluster(), mark);
        examination
    }
}

impl Finding {
    /// The worse of two findings about the same subject from different starts.
    fn join(&mut self, other: Self) {
        self.ready_at_once = self.ready_at_once.min(other.ready_at_once);
        let (min, max) = self.recovered_range;
        let (other_min, other_max) = other.recovered_range;
        self.recovered_range = (min.min(other_min), max.max(other_max));
        if other.immediately.is_worse_than(&self.immediately) {
            self.immediately = other.immediately;
        }
        if other.recovered.is_worse_than(&self.recovered) {
            self.recovered = other.recovered;
            self.path = other.path;
            self.start = other.start;
            self.desired = other.desired;
        }
    }

    /// What was proved from some starts is not proved when there may be others, and what was
    /// refuted from a place where nothing rests is not refuted.
    fn unsettle(&mut self, at_rest: bool) {
        for verdict in [&mut self.immediately, &mut self.recovered] {
            if !at_rest || matches!(verdict, Verdict::Proved(_)) {
                *verdict = Verdict::Unknown(Doubt::Unsettled);
            }
        }
    }

    /// What was proved of the recovery is in doubt after all.
    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        if matches!(self.recovered, Verdict::Proved(_)) {
            self.recovered = Verdict::Unknown(doubt);
        }
    }
}

/// What is not known of a pod.
struct Doubtful {
    /// Its subject, if a claim is made about it.
    position: Option<usize>,
    doubt: Doubt,
    /// The pod may come back although it seems that it cannot.
    excuses: bool,
}

/// One failure set from one start.
struct Case<'a, 'c> {
    prover: &'a Prover<'c>,
    start: &'a Start,
    at: usize,
    set: &'a FailureSet,
    placement: &'a mut Placement,
    scratch: &'a mut Scratch,
    /// Subjects with pods on the failed nodes.
    lost: BTreeSet<usize>,
    /// Somebody may be preempted.
    preemption: bool,
    /// More pods than can ever serve, by position of the subject, where somebody may be preempted.
    most: BTreeMap<usize, u32>,
    /// Pods that need a node and of which something is not known.
    doubtful: Vec<Doubtful>,
    /// Pods of which nobody knows whether they can use their volumes.
    shaky: Vec<InstanceId>,
    /// Subjects whose next pods are like that.
    shaky_next: BTreeSet<usize>,
    /// Some pod that needs a node is spread by default, which only scores.
    scored: bool,
    examination: Examination,
}

impl Case<'_, '_> {
    fn examine(&mut self) {
        let dynamics = &self.prover.dynamics;
        dynamics.fail_hosts(self.placement, self.set.nodes(), self.set.machines());
        self.shaky = dynamics.storage().doubtful(self.placement);
        let lost = self.lost_by_subject();
        self.lost = lost.keys().copied().collect();
        for (position, lost) in lost {
            let finding = self.at_once(position, lost);
            self.examination.findings.insert(position, finding);
        }
        let situation = dynamics.situation(self.placement);
        dynamics.evict_unnoticed(self.placement, &situation);
        self.touch_pending();
        self.collect_doubts(&situation);
        let open = if situation.acts { self.settle_by_bound(&situation) } else { None };
        if let Some(open) = open {
            self.search(&situation, &open);
        }
        self.note_doubts();
        self.note_shaky();
    }

    /// How many pods each touched subject has on the failed nodes.
    fn lost_by_subject(&self) -> BTreeMap<usize, u32> {
        let mut lost = BTreeMap::new();
        for node in self.set.nodes() {
            let was_heard = self.start.placement.node(*node).serves();
            for pod in &self.placement.node(*node).pods {
                let instance = self.placement.instance(*pod);
                if let Some(position) = self.prover.subjects.position(instance.workload) {
                    // Pods on a node that was silent before are not among those that were wanted.
                    let counted = !instance.terminating && was_heard;
                    *lost.entry(position).or_default() += u32::from(counted);
                }
            }
        }
        let starved = self.prover.dynamics.storage().starved(self.placement);
        for pod in starved.chain(self.shaky.iter().copied()) {
            let workload = self.placement.instance(pod).workload;
            if let Some(position) = self.prover.subjects.position(workload) {
                lost.entry(position).or_default();
            }
        }
        lost
    }

    /// What serves once the nodes are gone and before anything is done about it. The recovery is
    /// taken to be just that until more is known.
    fn at_once(&self, position: usize, lost: u32) -> Finding {
        let subject = &self.prover.subjects.subjects[position];
        let ready = subject.ready(self.placement);
        let kind = self.prover.cluster().workload(subject.root).kind;
        let wanted = self.start.desired[position];
        let desired = if follows_nodes(kind) { wanted.saturating_sub(lost) } else { wanted };
        Finding {
            immediately: counted(ready >= 1),
            ready_at_once: ready,
            recovered: counted(ready >= desired),
            recovered_range: (ready, ready),
            desired,
            path: None,
            start: self.at,
        }
    }

    /// Adds the subjects of pods that wait for a node: whether they find one may have changed.
    fn touch_pending(&mut self) {
        for pod in self.placement.pending() {
            let workload = self.placement.instance(*pod).workload;
            let Some(position) = self.prover.subjects.position(workload) else { continue };
            if !self.examination.findings.contains_key(&position) {
                let finding = self.at_once(position, 0);
                self.examination.findings.insert(position, finding);
            }
        }
    }

    /// Settles the subjects whose pods are all sure of a place, and returns the others; `None` if
    /// there is nothing to search for. With none left there still is where somebody may be
    /// preempted: by a Job's pod, say, about which nobody makes a claim.
    fn settle_by_bound(&mut self, situation: &Situation) -> Option<Vec<usize>> {
        let prover = self.prover;
        let touched: Vec<usize> = self.examination.findings.keys().copied().collect();
        let next = prover.dynamics.steps(self.placement, situation, self.scratch);
        if next.sure.is_empty() && next.possible.is_empty() {
            return None;
        }
        if !prover.settings.bounds || !self.start.steady {
            self.preemption = true;
            return Some(touched);
        }
        // The worst the others can do is to come back as well, every one of them.
        let mark = self.placement.mark();
        let evicted = prover.dynamics.evict_all(self.placement, situation);
        let excused = |placement: &Placement, pod| {
            let doubt = prover.doubts.of_pod(prover.cluster(), placement, pod);
            doubt.is_some_and(|doubt| !doubts::is_no_excuse(doubt))
        };
        let uncertain = bound::Uncertain { evicted: &evicted.uncertain, excused: &excused };
        let cover = bound::cover(&prover.dynamics, self.placement, self.scratch, uncertain);
        let uncertain = cover.open.iter().chain(&evicted.uncertain);
        let mut open: Vec<usize> = uncertain
            .filter_map(|pod| prover.subjects.position(self.placement.instance(*pod).workload))
            .collect();
        self.preemption = cover.preemption;
        if cover.preemption {
            self.most = touched.iter().map(|at| (*at, self.most_ready(*at))).collect();
            // Even subjects with nothing pending may lose pods that still serve.
            open.extend(&touched);
        }
        open.sort_unstable();
        open.dedup();
        for position in touched.iter().filter(|position| open.binary_search(position).is_err()) {
            let of_subject = |pod: &&InstanceId| {
                prover.subjects.position(self.placement.instance(**pod).workload) == Some(*position)
            };
            let back = cover.sure.iter().filter(of_subject).count();
            let finding = self.examination.findings.get_mut(position).expect("it is touched");
            let ready = finding.ready_at_once + u32::try_from(back).unwrap_or(u32::MAX);
            finding.recovered_range = (ready, ready);
            let ground = if back > 0 { Ground::Bound } else { Ground::Counted };
            finding.recovered =
                if ready >= finding.desired { Verdict::Proved(ground) } else { Verdict::Refuted };
        }
        self.placement.revert(prover.cluster(), mark);
        let left: Vec<usize> =
            touched.into_iter().filter(|position| open.binary_search(position).is_ok()).collect();
        (!left.is_empty() || cover.preemption).then_some(left)
    }

    /// More pods of a subject than can ever serve, once every eviction was carried out: all but
    /// those that are bound to a silent node. One that does not serve now may be preempted, and its
    /// successor serve.
    fn most_ready(&self, position: usize) -> u32 {
        let prover = self.prover;
        let may_serve = self.placement.instances().iter().filter(|instance| {
            let heard = |node| self.placement.node(node).reachable;
            (instance.is_pending() || instance.node().is_some_and(heard))
                && prover.subjects.position(instance.workload) == Some(position)
        });
        u32::try_from(may_serve.count()).unwrap_or(u32::MAX)
    }

    /// Tries every order and tie-break for the subjects in `open`, and whoever else is moved on the
    /// way.
    fn search(&mut self, situation: &Situation, open: &[usize]) {
        let prover = self.prover;
        let desired: BTreeMap<usize, u32> =
            self.examination.findings.iter().map(|(at, finding)| (*at, finding.desired)).collect();
        let serving: Vec<u32> =
            prover.subjects.subjects.iter().map(|subject| subject.ready(self.placement)).collect();
        let baseline = |position: usize| {
            let needed = desired.get(&position).copied();
            (serving[position], needed.unwrap_or(self.start.desired[position]))
        };
        // Whoever serves too little as it is must be seen in every place of rest, moved or not.
        let short = (0..serving.len()).filter(|position| {
            let (serving, needed) = baseline(*position);
            self.preemption && serving < needed
        });
        let watched: Vec<usize> = open.iter().copied().chain(short).collect();
        let explorer = Explorer::new(
            &prover.dynamics,
            &prover.subjects,
            situation,
            self.scratch,
            prover.settings.states_per_set,
            &baseline,
            &prover.doubts,
        );
        let exploration = explorer.run(self.placement, &watched);
        self.examination.states = exploration.states;
        let settled = |position: &usize| desired.contains_key(position) && !open.contains(position);
        for position in open {
            self.judge(*position, exploration.outcomes.get(position), &exploration);
        }
        for (position, outcome) in &exploration.outcomes {
            if !open.contains(position) && !settled(position) {
                self.judge(*position, Some(outcome), &exploration);
            }
        }
        if self.preemption && !exploration.complete {
            self.doubt_outranked(Doubt::Budget);
        } else if exploration.coarse {
            // Those who were never moved may be the victims instead.
            self.doubt_outranked(Doubt::Choices);
        }
    }

    /// Casts doubt on subjects that no run touched and that somebody who may need a node outranks.
    fn doubt_outranked(&mut self, doubt: Doubt) {
        let cluster = self.prover.cluster();
        let may_come = self.placement.instances().iter().filter(|instance| {
            let silent = |node| !self.placement.node(node).reachable;
            instance.is_pending() || instance.node().is_some_and(silent)
        });
        let Some(highest) = may_come.map(|i| cluster.spec_of(i.class).priority).max() else {
            return;
        };
        for position in 0..self.prover.subjects.subjects.len() {
            let outranked = self.prover.lowest_priority[position] < highest;
            if outranked && !self.examination.findings.contains_key(&position) {
                let mut finding = self.at_once(position, 0);
                finding.doubt(doubt);
                self.examination.findings.insert(position, finding);
            }
        }
    }

    /// Turns what the search saw of a subject into a verdict.
    fn judge(&mut self, position: usize, outcome: Option<&Outcome>, search: &Exploration) {
        if !self.examination.findings.contains_key(&position) {
            let finding = self.at_once(position, 0);
            self.examination.findings.insert(position, finding);
        }
        let (of_pods, of_scores) = self.search_doubts();
        let of_pods = of_pods.into_iter().chain(search.doubt).min();
        let finding = self.examination.findings.get_mut(&position).expect("it was just added");
        let Some(outcome) = outcome else {
            finding.recovered = Verdict::Unknown(Doubt::Budget);
            return;
        };
        finding.recovered_range = (outcome.min, outcome.max);
        let falls_short = outcome.violation.is_some() || outcome.doubtful.is_some();
        // Where every run falls short it does not matter which of them are real.
        let always =
            falls_short && search.complete && !search.coarse && outcome.max < outcome.needed;
        // Nor where there are too few pods that could ever serve, as long as the runs come to rest.
        let most = self.most.get(&position).copied().unwrap_or(u32::MAX);
        let never = most < outcome.needed && search.complete && search.quiet > 0;
        let doubt = outcome.doubtful.or(of_pods).or(of_scores);
        finding.recovered = match (outcome.violation.is_some(), doubt) {
            _ if (always || never) && of_pods.is_none() => Verdict::Refuted,
            (true, _) if of_pods.is_none() && of_scores.is_none() => Verdict::Refuted,
            (false, None) if !search.complete => Verdict::Unknown(Doubt::Budget),
            (false, None) if search.coarse => Verdict::Unknown(Doubt::Choices),
            (_, Some(doubt)) => Verdict::Unknown(doubt),
            (_, None) => Verdict::Proved(Ground::Explored),
        };
        finding.path.clone_from(&outcome.violation);
    }

    /// What keeps a search from speaking for all runs, or its runs from being real: what is not
    /// known of pods that need a node, and of scores.
    fn search_doubts(&self) -> (Option<Doubt>, Option<Doubt>) {
        let of_pods = self.doubtful.iter().map(|doubtful| doubtful.doubt).min();
        let missing = self.prover.missing_for_scores.filter(|_| self.scored).map(Doubt::Missing);
        (of_pods, missing)
    }

    /// Takes down what is not known of the pods that need a node, those about to be evicted
    /// included.
    fn collect_doubts(&mut self, situation: &Situation) {
        let prover = self.prover;
        let cluster = prover.cluster();
        let mark = self.placement.mark();
        if situation.acts {
            prover.dynamics.evict_all(self.placement, situation);
        }
        let pending = self.placement.pending().to_vec();
        let calm = !bound::may_preempt(cluster, self.placement, &pending);
        for &pod in &pending {
            let instance = self.placement.instance(pod);
            let position = prover.subjects.position(instance.workload);
            self.scored |= cluster.spec_of(instance.class).spread.is_empty();
            let standing = prover.dynamics.storage().standing(self.placement, instance);
            self.shaky_next.extend(position.filter(|_| standing == Standing::Unknown));
            let Some(doubt) = prover.doubts.of_pod(cluster, self.placement, pod) else { continue };
            let hopeless = calm
                && doubts::is_no_excuse(doubt)
                && bound::is_hopeless(&prover.dynamics, self.placement, pod);
            self.doubtful.push(Doubtful { position, doubt, excuses: !hopeless });
        }
        self.placement.revert(cluster, mark);
    }

    /// What nobody can know of a touched subject, whatever was counted: what a custom controller
    /// does, where another scheduler puts a pod, where a missing volume lets it go.
    fn note_doubts(&mut self) {
        let prover = self.prover;
        for (position, finding) in &mut self.examination.findings {
            let of_subject = || self.doubtful.iter().filter(|one| one.position == Some(*position));
            if let Some(doubt) = of_subject().map(|one| one.doubt).min() {
                let might_serve = of_subject().filter(|one| one.excuses).count();
                let most = u64::from(finding.recovered_range.1) + might_serve as u64;
                if finding.recovered != Verdict::Refuted || most >= u64::from(finding.desired) {
                    finding.recovered = Verdict::Unknown(doubt);
                }
            }
            let subject = &prover.subjects.subjects[*position];
            let kind = prover.cluster().workload(subject.root).kind;
            // What it does about pods that are gone, or may yet be preempted.
            let acts = self.preemption
                || self.lost.contains(position)
                || subject.terminating(self.placement) > 0;
            if acts && matches!(kind, WorkloadKind::Custom(_)) {
                finding.recovered = Verdict::Unknown(Doubt::CustomController);
            }
        }
    }
}

impl Case<'_, '_> {
    /// What was counted as serving may not, where nobody knows whether enough copies of a volume
    /// are up. Whoever falls short with all of them falls short without.
    fn note_shaky(&mut self) {
        let Self { prover, placement, shaky, shaky_next, examination, .. } = self;
        let doubt = Verdict::Unknown(Doubt::VolumeCopies);
        for (position, finding) in &mut examination.findings {
            let of_subject = |pod: &&InstanceId| {
                let workload = placement.instance(**pod).workload;
                prover.subjects.position(workload) == Some(*position)
            };
            let own: Vec<&InstanceId> = shaky.iter().filter(of_subject).collect();
            if own.is_empty() && !shaky_next.contains(position) {
                continue;
            }
            let serving = own.iter().filter(|pod| placement.instance(***pod).ready).count();
            if serving > 0
                && finding.ready_at_once as usize <= serving
                && finding.immediately != Verdict::Refuted
            {
                finding.immediately = doubt.clone();
            }
            let (min, max) = finding.recovered_range;
            let fewer = u32::try_from(own.len().max(1)).unwrap_or(u32::MAX);
            finding.recovered_range = (min.saturating_sub(fewer), max);
            finding.doubt(Doubt::VolumeCopies);
        }
        // Whom budgets spare depends on who serves.
        if self.preemption && !self.shaky.is_empty() {
            let findings = self.examination.findings.values_mut();
            findings.for_each(|finding| finding.doubt(Doubt::VolumeCopies));
            self.doubt_outranked(Doubt::VolumeCopies);
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

fn counted(holds: bool) -> Verdict {
    if holds { Verdict::Proved(Ground::Counted) } else { Verdict::Refuted }
}
