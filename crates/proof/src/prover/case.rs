//! One failure set from one start.

mod comeback;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{InstanceId, Placement, WorkloadId};
use holdfast_failover::Situation;
use holdfast_failover::storage::Standing;
use holdfast_scheduler::Scratch;

use super::{Examination, Finding, Prover, Workspace, as_it_is};
use crate::bound::{self, leaving, preemption::contain};
use crate::doubts;
use crate::explore::{Exploration, Explorer, Outcome};
use crate::scenario::FailureSet;
use crate::start::{Loose, Start};
use crate::subject::follows_nodes;
use crate::verdict::{Doubt, Ground, Verdict};

/// What the failure of `set` does from the start at this position.
pub(super) fn examine(
    prover: &Prover<'_>,
    at: usize,
    workspace: &mut Workspace,
    set: &FailureSet,
) -> Examination {
    let Workspace { placements, scratch } = workspace;
    let placement = &mut placements[at];
    let mark = placement.mark();
    let mut case = Case {
        prover,
        start: prover.starts.at(at),
        loose: prover.starts.loose_at(at),
        at,
        set,
        placement,
        scratch,
        lost: BTreeSet::new(),
        preemption: Preemption::Nobody,
        preempted: BTreeSet::new(),
        unsure: BTreeSet::new(),
        searched: BTreeSet::new(),
        comers: Comers::default(),
        most: BTreeMap::new(),
        doubtful: Vec::new(),
        shaky: Vec::new(),
        shaky_next: BTreeSet::new(),
        scored: false,
        examination: Examination::default(),
    };
    case.examine();
    let mut examination = case.examination;
    examination.preemption = case.preemption != Preemption::Nobody;
    placement.revert(prover.cluster(), mark);
    examination
}

/// What is not known of a pod.
struct Doubtful {
    /// Its subject, if a claim is made about it.
    position: Option<usize>,
    doubt: Doubt,
    /// The pod may come back although it seems that it cannot.
    excuses: bool,
}

/// Pods that need a node once every eviction was carried out.
#[derive(Clone, Debug, Default)]
struct Comers {
    number: usize,
    /// Subjects of those that may be turned down until the last eviction, though they are sure of
    /// a node then, by position.
    waiting: BTreeSet<usize>,
    /// The highest priority of those that preempt.
    highest: Option<i32>,
    /// Some eviction may never come.
    uncertain: bool,
    /// Some of them may be placed on nodes that nobody hears.
    returning: bool,
}

/// Who may be preempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preemption {
    /// Nobody.
    Nobody,
    /// Pods of the subjects that are left open, and others that are sure of another place.
    Few,
    /// Anybody.
    Anybody,
}

/// One failure set from one start.
struct Case<'a, 'c> {
    prover: &'a Prover<'c>,
    start: &'a Start,
    /// Pods that may be anywhere, if any may.
    loose: Option<&'a Loose>,
    at: usize,
    set: &'a FailureSet,
    placement: &'a mut Placement,
    scratch: &'a mut Scratch,
    /// Subjects with pods on the failed nodes.
    lost: BTreeSet<usize>,
    preemption: Preemption,
    /// Whose pods that may be, where it is known.
    preempted: BTreeSet<WorkloadId>,
    /// Subjects whose pods are not sure of a node, before anybody is preempted, by position.
    unsure: BTreeSet<usize>,
    /// Subjects of which a search told what becomes of them, by position.
    searched: BTreeSet<usize>,
    /// Pods that need a node.
    comers: Comers,
    /// More pods than can ever serve, by position of the subject, where one may be preempted.
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
        match open {
            Some(open) if self.loose.is_some() => self.leave_open(&open),
            Some(open) => self.search(&situation, &open),
            None => {}
        }
        self.note_doubts();
        self.note_shaky();
        if let Some(loose) = self.loose {
            let sure = Loose::evicts(self.set, &situation.evictions);
            for (position, finding) in &mut self.examination.findings {
                loose.heed(*position, self.set, sure, finding);
            }
        }
        self.note_downtimes();
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
        as_it_is(ready, desired, self.at)
    }

    /// Adds the subjects of pods that wait for a node: whether they find one may have changed.
    fn touch_pending(&mut self) {
        self.touch(&self.positions(self.placement.pending().iter()));
    }

    /// Adds subjects as they stand.
    fn touch(&mut self, positions: &BTreeSet<usize>) {
        for position in positions {
            if !self.examination.findings.contains_key(position) {
                let finding = self.at_once(*position, 0);
                self.examination.findings.insert(*position, finding);
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
            self.preemption = Preemption::Anybody;
            self.unsure.extend(&touched);
            return Some(touched);
        }
        // The worst the others can do is to come back as well, every one of them.
        let mark = self.placement.mark();
        let evicted = prover.dynamics.evict_all(self.placement, situation);
        let excused = |placement: &Placement, pod| {
            let doubt = prover.doubts.of_pod(prover.cluster(), placement, pod);
            doubt.is_some_and(|doubt| !doubts::is_no_excuse(doubt))
        };
        let gone = leaving::of(self.placement, &evicted.pods);
        let known = Some(self.start.placement.instances().len());
        let known = known.filter(|_| self.loose.is_none());
        let classes = self.loose.map_or(&[][..], |loose| &loose.classes);
        let stranded = bound::Stranded { classes, nodes: self.set.nodes() };
        let uncertain = bound::Uncertain::of(&evicted.uncertain, &gone, &excused);
        let uncertain = bound::Uncertain { stranded, known, ..uncertain };
        let mut cover = bound::divide(&prover.dynamics, self.placement, self.scratch, uncertain);
        let crowded = cover.crowds.iter().filter(|crowd| !crowd.peaceful).flat_map(|it| &it.pods);
        let open: Vec<InstanceId> = cover.open.iter().chain(crowded).copied().collect();
        self.unsure = self.positions(open.iter().chain(&evicted.uncertain));
        self.examination.unsure = open.first().map(|pod| self.placement.instance(*pod).workload);
        let few = bound::may_preempt(prover.cluster(), self.placement, &open).then(|| {
            cover.disperse();
            let divided = (&cover, uncertain);
            contain(&prover.dynamics, self.placement, self.scratch, divided, &prover.doubts)
        });
        let (open, sure) = match few {
            None => {
                let placed = |crowd: &bound::Crowd| crowd.pods[..crowd.places].to_vec();
                cover.sure.extend(cover.crowds.iter().flat_map(placed));
                (self.positions(cover.open.iter().chain(&evicted.uncertain)), cover.sure)
            }
            Some(Some(few)) => {
                self.preemption = Preemption::Few;
                self.preempted = few.disturbed;
                (self.positions(few.unsure.iter().chain(&few.threatened)), few.sure)
            }
            Some(None) => {
                self.preemption = Preemption::Anybody;
                // Even subjects with nothing pending may lose pods that still serve.
                let pending = self.placement.pending().iter().chain(&evicted.uncertain);
                let pending = self.positions(pending);
                (touched.iter().copied().chain(pending).collect(), Vec::new())
            }
        };
        if self.preemption != Preemption::Nobody {
            self.most = open.iter().map(|at| (*at, self.most_ready(*at))).collect();
        }
        for position in touched.iter().filter(|position| !open.contains(position)) {
            self.bring_back(*position, &sure);
        }
        self.placement.revert(prover.cluster(), mark);
        if self.preemption == Preemption::Few {
            self.touch(&open);
        }
        let findings = &self.examination.findings;
        let left: Vec<usize> = open.into_iter().filter(|at| findings.contains_key(at)).collect();
        (!left.is_empty() || self.preemption == Preemption::Anybody).then_some(left)
    }

    /// Settles a subject of which those among these pods come back, and no others.
    fn bring_back(&mut self, position: usize, sure: &[InstanceId]) {
        let of_subject = |pod: &&InstanceId| {
            let workload = self.placement.instance(**pod).workload;
            self.prover.subjects.position(workload) == Some(position)
        };
        let back = sure.iter().filter(of_subject).count();
        let finding = self.examination.findings.get_mut(&position).expect("it is touched");
        let ready = finding.ready_at_once + u32::try_from(back).unwrap_or(u32::MAX);
        finding.recovered_range = (ready, ready);
        let ground = if back > 0 { Ground::Bound } else { Ground::Counted };
        finding.recovered =
            if ready >= finding.desired { Verdict::Proved(ground) } else { Verdict::Refuted };
    }

    /// The subjects of these pods.
    fn positions<'p>(&self, pods: impl Iterator<Item = &'p InstanceId>) -> BTreeSet<usize> {
        let of_pod = |pod: &InstanceId| self.placement.instance(*pod).workload;
        pods.filter_map(|pod| self.prover.subjects.position(of_pod(pod))).collect()
    }

    /// More pods of a subject than can ever serve, once every eviction was carried out.
    fn most_ready(&self, position: usize) -> u32 {
        let prover = self.prover;
        let may_serve = bound::may_serve(prover.cluster(), self.placement);
        let own = may_serve.filter(|it| prover.subjects.position(it.workload) == Some(position));
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }

    /// Where some pods may be anywhere no run is followed.
    fn leave_open(&mut self, open: &[usize]) {
        let doubt = Doubt::Unsettled;
        for position in open {
            if let Some(finding) = self.examination.findings.get_mut(position) {
                finding.recovered = Verdict::Unknown(doubt);
            }
        }
        if self.preemption == Preemption::Anybody {
            self.examination.findings.values_mut().for_each(|finding| finding.doubt(doubt));
            self.examination.untouched_doubt = Some(doubt);
        }
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
            self.preemption == Preemption::Anybody && serving < needed
        });
        let watched: Vec<usize> = open.iter().copied().chain(short).collect();
        let explorer = Explorer::new(
            &prover.dynamics,
            &prover.subjects,
            situation,
            self.scratch,
            prover.settings.states_per_set,
            &baseline,
            (&prover.doubts, &self.unsure),
        );
        let touched: Vec<usize> = desired.keys().copied().collect();
        let exploration = explorer.run(self.placement, &watched, &touched);
        self.examination.states = exploration.states;
        let settled = |position: &usize| desired.contains_key(position) && !open.contains(position);
        for position in open {
            self.judge(*position, exploration.outcomes.get(position), &exploration);
        }
        self.unsettle(&exploration);
        if self.preemption == Preemption::Few {
            // All others are sure of what they have, or of as much elsewhere.
            return;
        }
        for (position, outcome) in &exploration.outcomes {
            if !open.contains(position) && !settled(position) {
                self.judge(*position, Some(outcome), &exploration);
            }
        }
        if self.preemption == Preemption::Anybody && !exploration.complete {
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
        self.searched.insert(position);
        if !self.examination.findings.contains_key(&position) {
            let finding = self.at_once(position, 0);
            self.examination.findings.insert(position, finding);
        }
        let (of_pods, of_scores) = self.search_doubts();
        let of_pods = of_pods.into_iter().chain(search.doubt).min();
        let finding = self.examination.findings.get_mut(&position).expect("it was just added");
        let Some(outcome) = outcome else {
            let doubt = if search.endless { Doubt::Endless } else { Doubt::Budget };
            finding.recovered = Verdict::Unknown(doubt);
            return;
        };
        finding.recovered_range = (outcome.min, outcome.max);
        let falls_short =
            outcome.violation.is_some() || outcome.doubtful.is_some() || outcome.restless;
        // Where every run falls short it does not matter which of them are real.
        let always =
            falls_short && search.complete && !search.coarse && outcome.max < outcome.needed;
        // Nor where there are too few pods that could ever serve, as long as the runs come to rest.
        let most = self.most.get(&position).copied().unwrap_or(u32::MAX);
        let never = most < outcome.needed && search.complete && search.quiet > 0;
        let restless = outcome.restless.then_some(Doubt::Endless);
        let doubt = outcome.doubtful.or(of_pods).or(of_scores).or(restless);
        let run = outcome.violation.is_some() || outcome.round.is_some();
        finding.recovered = match (run, doubt) {
            _ if (always || never) && of_pods.is_none() => Verdict::Refuted,
            (true, _) if of_pods.is_none() && of_scores.is_none() => Verdict::Refuted,
            (false, None) if !search.complete => Verdict::Unknown(Doubt::Budget),
            (false, None) if search.coarse => Verdict::Unknown(Doubt::Choices),
            (_, Some(doubt)) => Verdict::Unknown(doubt),
            (_, None) => Verdict::Proved(Ground::Explored),
        };
        finding.run_as(outcome);
    }

    /// What was settled for the time when all is quiet is looked at again where runs may never be.
    fn unsettle(&mut self, search: &Exploration) {
        for (position, outcome) in &search.outcomes {
            let Some(finding) = self.examination.findings.get_mut(position) else { continue };
            if !outcome.restless || !matches!(finding.recovered, Verdict::Proved(_)) {
                continue;
            }
            finding.recovered_range = (outcome.min, outcome.max);
            finding.doubt(Doubt::Endless);
        }
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
            let evicted = prover.dynamics.evict_all(self.placement, situation);
            self.comers.uncertain = !evicted.uncertain.is_empty();
        }
        let pending = self.placement.pending().to_vec();
        self.comers.number = pending.len();
        let calm = !bound::may_preempt(cluster, self.placement, &pending);
        for &pod in &pending {
            let instance = self.placement.instance(pod);
            let position = prover.subjects.position(instance.workload);
            let spec = cluster.spec_of(instance.class);
            self.comers.waiting.extend(position.filter(|_| self.may_wait(pod)));
            self.comers.returning |= bound::bears_silence(cluster, instance.class);
            self.comers.highest = self.comers.highest.max(spec.preempts.then_some(spec.priority));
            self.scored |= spec.spread.is_empty();
            let standing = prover.dynamics.storage().standing(self.placement, instance);
            self.shaky_next.extend(position.filter(|_| standing == Standing::Unknown));
            let Some(doubt) = prover.doubts.of_pod(cluster, self.placement, pod) else { continue };
            let hopeless = calm
                && doubts::is_no_excuse(doubt)
                && bound::is_hopeless(&prover.dynamics, self.placement, pod, None);
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
            let root = prover.cluster().workload(subject.root);
            // What it does about pods that are gone, or may yet be preempted.
            let acts = self.preemption == Preemption::Anybody
                || self.most.contains_key(position)
                || self.lost.contains(position)
                || subject.terminating(self.placement) > 0;
            let doubt = Doubt::of_maker(root).filter(|_| acts);
            finding.recovered = doubt.map_or(finding.recovered.clone(), Verdict::Unknown);
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
            let shaky = u32::try_from(serving).unwrap_or(u32::MAX);
            finding.surely_at_once.0 = finding.surely_at_once.0.saturating_sub(shaky);
            let (min, max) = finding.recovered_range;
            let fewer = u32::try_from(own.len().max(1)).unwrap_or(u32::MAX);
            finding.recovered_range = (min.saturating_sub(fewer), max);
            finding.doubt(Doubt::VolumeCopies);
        }
        // Whom budgets spare depends on who serves.
        if self.preemption == Preemption::Anybody && !self.shaky.is_empty() {
            let findings = self.examination.findings.values_mut();
            findings.for_each(|finding| finding.doubt(Doubt::VolumeCopies));
            self.doubt_outranked(Doubt::VolumeCopies);
        }
    }
}
