//! Whether nodes can be drained, and what is survived then.
//!
//! Two ways. *By bounds*, for a set whatever the order: let the nodes be empty and cordoned, all
//! that was on them wait, and each set fail that is to be survived. Where every pod that waits then
//! finds a node wherever the others go, and nobody preempts anybody, it does so in every run of
//! drains and the failure after them: who moves in these waits here, room that is there then is
//! there here, and a deleted node is one domain less to be spread over, which only helps where
//! nobody counts domains. Drains end because whenever one was held by a budget all its pods would
//! come to serve again, and it allows an eviction as it does today.
//!
//! *By runs*, for an order: the simulator follows it, and every failure after it, to each rest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, Pod, WorkloadId};
use holdfast_failover::budgets::{self, Refusal, Standing};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_proof::prover::Examination;
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::sequence::Course;
use holdfast_proof::simulation::Stage;
use holdfast_proof::stuck::Stuck;
use holdfast_proof::subject::follows_nodes;
use holdfast_proof::{Domain, Domains, FailureSet, Prover, Sequencer, Settings, Verdict};

use super::sums::Sums;
use super::{Kept, Remover};
use crate::recovery::{Recovered, culprits};

/// Beyond so many pods no run is followed.
const PODS_MAX: usize = 500;

/// So many failures are remembered that bounds did not settle.
const AWKWARD: usize = 4;

/// How far a set was proved to be drainable by bounds.
enum Bounded {
    /// It is, and everything is survived.
    Whole,
    /// Something stands in the way.
    Not(Option<Kept>),
}

/// What answers about nodes that go.
pub(super) struct Judge<'r> {
    remover: &'r Remover<'r>,
    prover: Prover<'r>,
    sequencer: Sequencer<'r>,
    /// What sums say.
    pub(super) sums: Sums<'r>,
    standings: Vec<Standing>,
    /// Classes of pods that do not come and go with nodes.
    movable: BTreeSet<ClassId>,
    /// By position of the subject: it runs in full today.
    full: Vec<bool>,
    /// And comes back today whatever fails that is asked about.
    claimed: Vec<bool>,
    /// Orders of drains that were followed.
    drained: BTreeMap<Vec<NodeId>, Result<(), Kept>>,
    /// Why bounds did not tell that a node can go, when it was tried.
    unbound: BTreeMap<NodeId, Kept>,
    /// Failures that bounds did not settle lately, the last one first.
    awkward: VecDeque<FailureSet>,
    /// How many sets and orders were proved about.
    pub(super) proofs: usize,
}

impl<'r> Judge<'r> {
    pub(super) fn new(remover: &'r Remover<'r>) -> Self {
        let (cluster, settings) = (remover.cluster, remover.asking.settings);
        let prover = Prover::new(cluster, settings);
        let all = 0..prover.subjects().subjects.len();
        let runs = |at: usize| matches!(prover.standing(at).recovered, Verdict::Proved(_));
        let full: Vec<bool> = all.map(runs).collect();
        let mut claimed = full.clone();
        if let Some(question) = remover.question {
            let today = remover.asking.of(cluster, question);
            for (at, subject) in prover.subjects().subjects.iter().enumerate() {
                claimed[at] &= today.is_proved(subject.root);
            }
        }
        let start = &prover.starts().starts[0].placement;
        let subjects = prover.subjects().subjects.iter().enumerate();
        let asked: Vec<_> = subjects
            .filter(|(at, _)| full[*at])
            .map(|(at, subject)| (subject, claimed[at]))
            .collect();
        Self {
            sums: Sums::new(cluster, start, &asked, remover.question),
            standings: budgets::standings(cluster, start),
            movable: movable(cluster),
            sequencer: Sequencer::new(Dynamics::new(cluster), settings),
            drained: BTreeMap::new(),
            unbound: BTreeMap::new(),
            awkward: VecDeque::new(),
            proofs: 0,
            remover,
            prover,
            full,
            claimed,
        }
    }

    pub(super) fn cluster(&self) -> &'r Cluster {
        self.remover.cluster
    }

    pub(super) fn dynamics(&self) -> &Dynamics<'r> {
        self.prover.dynamics()
    }

    /// Where the cluster stands, or may.
    pub(super) fn start(&self) -> &Placement {
        &self.prover.starts().starts[0].placement
    }

    pub(super) fn standing(&self, budget: usize) -> &Standing {
        &self.standings[budget]
    }

    /// Whether a workload's pods belong to one that runs in full today.
    pub(super) fn is_full(&self, workload: WorkloadId) -> bool {
        self.prover.subjects().position(workload).is_some_and(|at| self.full[at])
    }

    /// Whether more may be tried.
    pub(super) fn is_left(&self) -> bool {
        self.proofs < self.remover.proofs
    }

    /// Whether the cluster is small enough for its runs to be followed.
    pub(super) fn may_follow_runs(&self) -> bool {
        self.cluster().pods().len() <= PODS_MAX
    }

    /// Workloads of which nothing is asked, and of which no more is asked than that they run.
    pub(super) fn unasked(&self) -> (Vec<WorkloadId>, Vec<WorkloadId>) {
        let subjects = || self.prover.subjects().subjects.iter().enumerate();
        let short = subjects().filter(|(at, _)| !self.full[*at]).map(|(_, one)| one.root);
        let amiss = subjects().filter(|(at, _)| self.full[*at] && !self.claimed[*at]);
        (short.collect(), amiss.map(|(_, one)| one.root).collect())
    }

    /// The pods that a drain of the node evicts, as it stands.
    pub(super) fn evicted(&self, node: NodeId) -> Vec<InstanceId> {
        let pods = self.start().node(node).pods.iter().copied();
        pods.filter(|pod| !self.start().instance(*pod).terminating && !self.is_fixed(*pod))
            .collect()
    }

    /// Whether the pod comes and goes with its node.
    fn is_fixed(&self, pod: InstanceId) -> bool {
        follows_nodes(self.cluster().workload(self.start().instance(pod).workload).kind)
    }

    /// What is to be survived without some nodes.
    fn failures(&self, gone: &[NodeId]) -> Vec<FailureSet> {
        let Some(question) = self.remover.question else { return Vec::new() };
        let nodes: Vec<NodeId> =
            self.cluster().node_ids().filter(|node| !gone.contains(node)).collect();
        let mut seen = BTreeSet::new();
        let left = question.sets(&nodes).map(|set| {
            let nodes = set.nodes().iter().copied().filter(|node| !gone.contains(node));
            FailureSet::new(nodes.collect())
                .and_machines(set.machines().to_vec())
                .as_domains(set.domains().to_vec())
        });
        left.filter(|set| !set.is_empty())
            .filter(|set| seen.insert((set.nodes().to_vec(), set.machines().to_vec())))
            .collect()
    }

    /// Whether bounds prove a set; where they do not, why the last of its nodes stays.
    pub(super) fn is_bound(&mut self, gone: &[NodeId]) -> bool {
        match self.bounded(gone) {
            Bounded::Whole => true,
            Bounded::Not(why) => {
                let last = gone.last().copied();
                self.unbound.extend(last.zip(why));
                false
            }
        }
    }

    fn bounded(&mut self, gone: &[NodeId]) -> Bounded {
        let lack = self.sums.lack(&gone.iter().copied().collect());
        if let Some(lack) = lack {
            return Bounded::Not(Some(Kept::Sums(lack)));
        }
        if !self.is_calm(gone) {
            return Bounded::Not(None);
        }
        self.proofs += 1;
        let few = Settings { states_per_set: 1, ..self.remover.asking.settings };
        let prover = Prover::drained(self.cluster(), few, self.start(), gone);
        if !prover.starts().starts[0].steady {
            return Bounded::Not(None);
        }
        // What stood in the way of other sets first: it mostly does so again.
        let failures = self.failures(gone);
        let (first, rest): (Vec<_>, Vec<_>) =
            failures.into_iter().partition(|set| self.awkward.contains(set));
        let open = self.open(&prover, &first).or_else(|| self.open(&prover, &rest));
        match open {
            None => Bounded::Whole,
            Some(Open { root, set }) => {
                if !set.is_empty() && !self.awkward.contains(&set) {
                    self.awkward.push_front(set.clone());
                    self.awkward.truncate(AWKWARD);
                }
                Bounded::Not(root.map(|root| self.missed(root, VerdictName::Unknown, &set)))
            }
        }
    }

    /// The first of these failures after which bounds alone do not tell that all is back.
    fn open(&self, prover: &Prover<'_>, failures: &[FailureSet]) -> Option<Open> {
        let all = failures.iter().map(|set| Domain {
            name: String::new(),
            nodes: set.nodes().to_vec(),
            machines: set.machines().to_vec(),
        });
        let question = Question::AnyDomains(Domains { label: None, all: all.collect() }, 1);
        let (mut looked, mut open) = (0_usize, None);
        let mut look = |found: &Examination| {
            // Nothing fails in the first set.
            let asked = if looked == 0 { &self.full } else { &self.claimed };
            let set = looked.checked_sub(1).map(|at| failures[at].clone());
            open = self.unproved(found, asked, set.unwrap_or_default());
            looked += 1;
            open.is_some()
        };
        let summary = (self.remover.asking.sweep)(prover, &question, &mut look);
        let cut = !summary.complete && open.is_none();
        open.or(cut.then(|| Open { root: None, set: FailureSet::default() }))
    }

    /// What bounds alone do not prove of a failure, if there is anything: of the workload of a pod
    /// that may find no node, else of one that is not back.
    fn unproved(&self, found: &Examination, asked: &[bool], set: FailureSet) -> Option<Open> {
        let open = |(at, finding): (&usize, &holdfast_proof::prover::Finding)| {
            let proved = matches!(finding.recovered, Verdict::Proved(_));
            (asked[*at] && !proved).then(|| self.prover.subjects().subjects[*at].root)
        };
        let subject = found.findings.iter().find_map(open);
        let still = found.states == 0 && !found.preemption && found.untouched_doubt.is_none();
        let unsure = found.unsure.map(|workload| self.cluster().root(workload));
        (subject.is_some() || !still).then(|| Open { root: unsure.or(subject), set })
    }

    /// That a workload is not proved after the drains, and this failure.
    fn missed(&self, root: WorkloadId, verdict: VerdictName, set: &FailureSet) -> Kept {
        match self.remover.question.filter(|_| !set.is_empty()) {
            None => Kept::Drained(root, verdict),
            Some(question) => {
                let but_for = Some(culprits(self.cluster(), question, set));
                Kept::After(root, Recovered { verdict, but_for })
            }
        }
    }

    /// Whether the cluster stands still, and what a bound says of failures it says of drains.
    fn is_calm(&self, gone: &[NodeId]) -> bool {
        let starts = self.prover.starts();
        let start = &starts.starts[0];
        let at_rest = starts.starts.len() == 1
            && starts.complete
            && starts.at_rest
            && start.doubt.is_none()
            && start.steady
            && self.prover.dynamics().storage().is_empty();
        let stays = |node: &NodeId| start.placement.node(*node).pods.iter().copied();
        let fixed: Vec<InstanceId> =
            gone.iter().flat_map(stays).filter(|pod| self.is_fixed(*pod)).collect();
        at_rest
            && !self.movable.iter().any(|class| self.counts(*class, &fixed))
            && gone.iter().flat_map(|node| self.evicted(*node)).all(|pod| self.may_go(pod, &fixed))
    }

    /// Whether the pod leaves for good when its node is drained, and budgets let it go as long as
    /// all others serve, some nodes' own pods apart.
    fn may_go(&self, pod: InstanceId, fixed: &[InstanceId]) -> bool {
        let cluster = self.cluster();
        let known = cluster.known();
        let cordon =
            Taint { key: known.unschedulable, value: known.empty, effect: Effect::NoSchedule };
        let next = self.start().instance(pod).next_class(cluster);
        let mut tolerations = cluster.spec_of(next).tolerations.iter();
        if tolerations.any(|one| one.tolerates(&cordon, cluster.symbols(), false)) {
            return false;
        }
        let mut of_pod = self.budgets_of(pod);
        let Some(budget) = of_pod.next() else { return true };
        let counts = |pod: &InstanceId| self.budgets_of(*pod).any(|at| at == budget);
        of_pod.next().is_none() && self.standing(budget).allowed > 0 && !fixed.iter().any(counts)
    }

    /// Whether pods of the class mind that a node is deleted in another way than that it failed:
    /// they count domains, or pods that go with it.
    fn counts(&self, class: ClassId, fixed: &[InstanceId]) -> bool {
        let cluster = self.cluster();
        let (spec, namespace) = (cluster.spec_of(class), cluster.class(class).namespace);
        let classes = || fixed.iter().map(|pod| self.start().instance(*pod).class);
        let spread_with = |constraint: &SpreadConstraint| {
            classes().any(|other| {
                cluster.class(other).namespace == namespace
                    && constraint.selector.matches(cluster.labels_of(other), cluster.symbols())
            })
        };
        let follows = |term: &PodAffinityTerm| {
            classes().map(|other| cluster.class(other)).any(|other| {
                let of_namespace = cluster.namespace_labels(other.namespace);
                let labels = cluster.labels(other.labels);
                term.matches(other.namespace, of_namespace, labels, cluster.symbols())
            })
        };
        let hard =
            |one: &&SpreadConstraint| one.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
        let mut strict = spec.spread.iter().filter(hard);
        strict.any(|one| one.min_domains.is_some() || spread_with(one))
            || spec.pod_affinity.required.iter().any(follows)
    }

    /// Whether an order of drains is safe and what is asked is survived then, in every run.
    pub(super) fn follow(&mut self, order: &[NodeId]) -> Result<(), Kept> {
        if let Some(lack) = self.sums.lack(&order.iter().copied().collect()) {
            return Err(Kept::Sums(lack));
        }
        self.drain(order)?;
        self.survive(order)
    }

    /// Whether an order of drains is safe in every run.
    pub(super) fn drain(&mut self, order: &[NodeId]) -> Result<(), Kept> {
        if let Some(known) = self.drained.get(order) {
            return known.clone();
        }
        self.proofs += 1;
        let known = self.drained_in_turn(order);
        self.drained.insert(order.to_vec(), known.clone());
        known
    }

    fn drained_in_turn(&self, order: &[NodeId]) -> Result<(), Kept> {
        let stages = self.sequencer.stages(&drains(order)).map_err(|_| Kept::NobodyActs)?;
        for (at, node) in order.iter().enumerate() {
            let (drained, deleted) = (2 * at + 1, 2 * at + 2);
            self.is_empty(&stages[drained], *node)?;
            let courses = self.sequencer.courses(&stages[..=deleted]);
            self.all_back(&courses, &self.full, &FailureSet::default())?;
        }
        Ok(())
    }

    /// Whether nothing is left on a drained node that belongs elsewhere.
    fn is_empty(&self, stage: &Stage, node: NodeId) -> Result<(), Kept> {
        let held = stage.stuck.iter().find_map(|stuck| match stuck {
            Stuck::Drain { pod, why, .. } => Some((*pod, *why)),
            Stuck::Rollout(_) | Stuck::Job(_) => None,
        });
        if let Some((pod, Refusal::Budget(_) | Refusal::TwoBudgets(..))) = held {
            let sure = stage.doubts.is_empty() && !stage.restless;
            let verdict = if sure { VerdictName::Refuted } else { VerdictName::Unknown };
            return Err(Kept::Stuck(pod, verdict));
        }
        let pods = &self.start().node(node).pods;
        let fixed = pods.iter().filter(|pod| self.is_fixed(**pod)).count();
        let emptied = stage.pods[node.index()].max as usize <= fixed;
        if emptied { Ok(()) } else { Err(Kept::Unsettled) }
    }

    /// Whether all that is asked about is back in full.
    fn all_back(&self, courses: &[Course], asked: &[bool], set: &FailureSet) -> Result<(), Kept> {
        let open = |at: &usize| asked[*at] && !matches!(courses[*at].recovered, Verdict::Proved(_));
        let refuted = |at: &usize| courses[*at].recovered == Verdict::Refuted;
        let open: Vec<usize> = (0..courses.len()).filter(open).collect();
        let Some(worst) = open.iter().find(|at| refuted(at)).or(open.first()) else {
            return Ok(());
        };
        let verdict = VerdictName::from(&courses[*worst].recovered);
        Err(self.missed(self.sequencer.subjects().subjects[*worst].root, verdict, set))
    }

    /// Whether what is asked is survived once nodes are drained in this order, in every run.
    pub(super) fn survive(&mut self, order: &[NodeId]) -> Result<(), Kept> {
        self.proofs += 1;
        for set in self.failures(order) {
            // What is down already does not fail.
            let heard = |node: &NodeId| self.start().node(*node).reachable;
            let nodes: Vec<NodeId> = set.nodes().iter().copied().filter(heard).collect();
            let failure = match set.machines() {
                [] if nodes.is_empty() => continue,
                [] => Event::Fail(nodes),
                machines => Event::FailMachines(machines.to_vec(), nodes),
            };
            let mut events = drains(order);
            events.push(failure.into());
            let stages = self.sequencer.stages(&events).map_err(|_| Kept::NobodyActs)?;
            self.all_back(&self.sequencer.courses(&stages), &self.claimed, &set)?;
        }
        Ok(())
    }

    /// Why nodes that were tried cannot go.
    pub(super) fn why_not(&mut self, order: &[NodeId]) -> Kept {
        if let Some(lack) = self.sums.lack(&order.iter().copied().collect()) {
            return Kept::Sums(lack);
        }
        if self.may_follow_runs() && self.is_left() {
            return self.follow(order).err().unwrap_or(Kept::Untried);
        }
        let last = order.last().and_then(|node| self.unbound.get(node));
        last.cloned().unwrap_or(Kept::Untried)
    }
}

/// Classes of pods that do not come and go with nodes, and of those made again for them.
fn movable(cluster: &Cluster) -> BTreeSet<ClassId> {
    let moves = |pod: &&Pod| !follows_nodes(cluster.workload(pod.workload).kind);
    cluster.pods().iter().filter(moves).flat_map(|pod| [pod.class, pod.replacement]).collect()
}

/// Something that bounds alone do not prove.
struct Open {
    /// Of which workload, where one can be named.
    root: Option<WorkloadId>,
    /// After which failure.
    set: FailureSet,
}

/// Each node is drained, and then deleted.
fn drains(order: &[NodeId]) -> Vec<Joined> {
    let of = |node: &NodeId| [Event::Drain(vec![*node]), Event::Delete(vec![*node])];
    order.iter().flat_map(of).map(Joined::from).collect()
}
