//! What may happen next, and what it changes.

mod effects;
mod queue;

use std::collections::BTreeSet;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, PodSpec, Symbol, WorkloadId,
};
use holdfast_scheduler::{Choice, Preemption, Scheduler, Scratch};
use serde::{Deserialize, Serialize};

use crate::awaited::Awaited;
use crate::budgets::{self, Selected};
use crate::control_plane::ControlPlane;
use crate::controllers::{self, Reaction, autoscaler, daemon_set, job, replicas, stateful_set};
use crate::disruption::{self, Certainty};
use crate::eviction::{self, Delay};
use crate::movers::Movers;
use crate::spreading::Spreading;
use crate::storage::Storage;
use crate::{nodes, noticing, preemption, volumes};

/// From how many starts a search through some of the nodes is tried.
const STARTS: usize = 4;

/// Something that the control plane does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// A pod on a silent node is marked for deletion, and its controller reacts.
    Evict {
        /// The pod.
        pod: InstanceId,
        /// Whether another is made whatever is known of the controller; follows from the kind
        /// otherwise.
        replaced: bool,
    },
    /// The scheduler binds a pod.
    Schedule {
        /// The pod.
        pod: InstanceId,
        /// Its node.
        node: NodeId,
    },
    /// The scheduler marks pods of lower priority for deletion, and keeps their node free for the
    /// pod.
    Preempt {
        /// The pod.
        pod: InstanceId,
        /// The node.
        node: NodeId,
        /// Who has to go, by id.
        victims: Vec<InstanceId>,
    },
    /// A pod that is marked for deletion ends, as its kubelet sees to it, and its controller
    /// reacts.
    End {
        /// The pod.
        pod: InstanceId,
        /// Whether another is made whatever is known of the controller; follows from the kind
        /// otherwise.
        replaced: bool,
    },
    /// No node is kept free for a pod any more, as it does not fit there after all.
    GiveUp {
        /// The pod.
        pod: InstanceId,
    },
    /// The eviction API marks a pod for deletion for whoever drains its node, and its controller
    /// reacts.
    Drain {
        /// The pod.
        pod: InstanceId,
        /// Whether another is made whatever is known of the controller; follows from the kind
        /// otherwise.
        replaced: bool,
    },
    /// A ReplicaSet deletes the pods it has too many.
    ScaleDown {
        /// The pods, by id; at least one.
        pods: Vec<InstanceId>,
    },
    /// A DaemonSet deletes an outdated pod, to make it again, or makes the next beside it
    /// (`maxSurge`).
    Renew {
        /// The pod.
        pod: InstanceId,
    },
    /// An autoscaler brings a count back into its bounds.
    Autoscale {
        /// What it scales.
        workload: WorkloadId,
        /// How many pods it is to want.
        desired: i64,
    },
    /// The taints of a node that came back are taken off. Pods may be scheduled before.
    Clear {
        /// The node.
        node: NodeId,
    },
    /// A volume that a pod waited for is attached, and the pod starts.
    Attach {
        /// The pod.
        pod: InstanceId,
    },
    /// A pod that was bound has started, and serves.
    Start {
        /// The pod.
        pod: InstanceId,
    },
}

impl Step {
    /// The pod it happens to, or the first of them; `None` where it happens to a node or to a
    /// workload.
    pub fn pod(&self) -> Option<InstanceId> {
        Some(match self {
            Self::Evict { pod, .. }
            | Self::Schedule { pod, .. }
            | Self::Preempt { pod, .. }
            | Self::End { pod, .. }
            | Self::GiveUp { pod }
            | Self::Drain { pod, .. }
            | Self::Renew { pod }
            | Self::Attach { pod }
            | Self::Start { pod } => *pod,
            Self::ScaleDown { pods } => pods[0],
            Self::Autoscale { .. } | Self::Clear { .. } => return None,
        })
    }
}

/// A controller of which it is not known what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumed {
    /// One that Kubernetes does not ship.
    CustomController,
    /// A Job's, which asks how the pod's containers ended.
    Job,
    /// One whose pods a resource quota may refuse.
    Quota,
}

/// The steps that may come next, one of each kind that nothing can tell apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// One of these comes next, if there are any.
    pub sure: Vec<Step>,
    /// One of these may come next, or never.
    pub possible: Vec<Step>,
    /// There are others of which this list does not tell: too many pods of a node are equally
    /// important for every choice of victims to be tried, or too many pods equally fit to be
    /// deleted.
    pub coarse: bool,
    /// Which of the steps that schedule are not known to be possible: the scheduler looks at some
    /// of the nodes only, and from no start that was tried it finds the node best.
    pub unseen: BTreeSet<(InstanceId, NodeId)>,
}

/// What [`Dynamics::evict_all`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evicted {
    /// The pods, by node and id; behind them those of Jobs that may give up.
    pub pods: Vec<InstanceId>,
    /// The pods that may as well stay where they are.
    pub uncertain: Vec<InstanceId>,
}

/// What holds for as long as no node changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Situation {
    /// A control plane acts.
    pub acts: bool,
    /// For every node whether evictions from it are sure.
    pub evictions: Vec<Certainty>,
    /// What each budget allowed when all was quiet: the scheduler may not have heard of changes
    /// since.
    pub allowed: Vec<i64>,
    /// More events may come, or have come, before all is quiet; `None` where there is one alone.
    pub awaited: Option<Awaited>,
}

/// The rules by which a placement changes.
pub struct Dynamics<'c> {
    cluster: &'c Cluster,
    scheduler: Scheduler<'c>,
    control_plane: ControlPlane,
    storage: Storage,
    selected: Selected,
    spreading: Spreading,
    /// Whether pods may be evicted again from where they are placed, by class.
    going_round: Box<[bool]>,
}

/// Pods that are told apart only by their name.
type Alike = (ClassId, ClassId, WorkloadId, Option<NodeId>, Option<NodeId>, bool);

/// Pods that found no node when they were tried: what nobody tells apart from them finds none, as
/// long as nothing changes.
#[derive(Clone, Debug, Default)]
pub struct Stuck(BTreeSet<Alike>);

impl<'c> Dynamics<'c> {
    /// The rules for `cluster`, scheduled as it is configured.
    pub fn new(cluster: &'c Cluster) -> Self {
        Self {
            cluster,
            scheduler: Scheduler::new(cluster),
            control_plane: ControlPlane::of(cluster),
            storage: Storage::of(cluster),
            selected: Selected::of(cluster),
            spreading: Spreading::of(cluster),
            going_round: eviction::going_round(cluster),
        }
    }

    /// Whether pods of a class may be placed where taints of the node itself evict them again, and
    /// so go round for ever.
    pub fn goes_round(&self, class: ClassId) -> bool {
        self.going_round[class.index()]
    }

    /// The cluster.
    pub fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// The scheduler.
    pub fn scheduler(&self) -> &Scheduler<'c> {
        &self.scheduler
    }

    /// The control plane.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// The volumes that are kept on the nodes.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The nodes stop at once, and what they keep with them.
    pub fn fail(&self, placement: &mut Placement, silent: &[NodeId]) {
        self.fail_hosts(placement, silent, &[]);
    }

    /// The same with machines that are no nodes.
    pub fn fail_hosts(&self, placement: &mut Placement, silent: &[NodeId], machines: &[Symbol]) {
        self.silence(placement, silent, machines);
        self.storage.refresh(self.cluster, placement);
    }

    /// The same, but for what pods elsewhere make of lost copies of their volumes.
    pub fn silence(&self, placement: &mut Placement, silent: &[NodeId], machines: &[Symbol]) {
        for machine in machines {
            placement.set_down(*machine, true);
        }
        nodes::fail(self.cluster, placement, silent);
    }

    /// What holds with the nodes as they are.
    pub fn situation(&self, placement: &Placement) -> Situation {
        Situation {
            acts: self.control_plane.acts(placement),
            evictions: disruption::certainties(self.cluster, placement),
            allowed: self.allowed(placement),
            awaited: None,
        }
    }

    fn allowed(&self, placement: &Placement) -> Vec<i64> {
        let standings = self.selected.standings(self.cluster, placement);
        standings.into_iter().map(|standing| standing.allowed).collect()
    }

    /// What the controllers do of themselves before anything happens: rollouts go on that were
    /// under way, StatefulSets make the pods they lack.
    pub fn begin(&self, placement: &mut Placement) {
        volumes::wait(self.cluster, placement);
        if self.control_plane.acts(placement) {
            for id in self.cluster.workload_ids() {
                if self.cluster.workload(id).kind == WorkloadKind::StatefulSet {
                    stateful_set::hold_back(self.cluster, placement, id);
                }
                controllers::follow_up(self.cluster, placement, id);
            }
        }
    }

    /// Carries out the evictions that are sure to come and whose order nobody can notice, and says
    /// which. What is left over is among the [`Dynamics::steps`].
    pub fn evict_unnoticed(&self, placement: &mut Placement, situation: &Situation) -> Vec<Step> {
        let mut done = Vec::new();
        if !situation.acts {
            return done;
        }
        let due: Vec<InstanceId> = self.evictable(placement).collect();
        let bystanders = self.bystanders(placement, situation);
        let movers = Movers::of(self.cluster, placement, due.iter().chain(&bystanders.movers));
        let nodes = due.iter().filter_map(|pod| placement.instance(*pod).node());
        let outranking = noticing::outranking(self.cluster, placement, nodes, &movers);
        for &pod in &due {
            let sure = certainty(placement, situation, pod) == Certainty::Sure;
            let known = self.is_plain(placement, pod);
            let outranked = placement.instance(pod).node().is_some_and(|node| {
                let highest = outranking.get(&node);
                highest.is_some_and(|highest| *highest > self.spec(placement, pod).priority)
            });
            // Who serves until then counts for budgets and for the pods that come after it.
            let noticed = placement.instance(pod).ready
                || outranked
                || self.spreading.is_counted(self.cluster, placement, pod, &movers)
                || !self.goes_unseen(placement, situation, &bystanders, pod);
            if sure && known && !noticed {
                let step = Step::Evict { pod, replaced: false };
                self.apply(placement, &step);
                done.push(step);
            }
        }
        done
    }

    /// What may come next, where nothing else can tell when it came. The placement is quiet where
    /// no step is sure.
    pub fn steps(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
    ) -> Steps {
        match self.unnoticed(placement, situation) {
            Some(step) => Steps { sure: vec![step], ..Steps::default() },
            None => self.every_step(placement, situation, scratch),
        }
    }

    /// What may come next, whoever can tell.
    pub fn every_step(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
    ) -> Steps {
        let mut steps = self.unscheduled(placement, situation);
        if situation.acts {
            self.add_scheduling(placement, situation, scratch, &mut steps);
        }
        steps
    }

    /// Some of what may come next, for who follows a single run: what takes no scheduler, and only
    /// where nothing of that is sure what becomes of the first of the pending pods that gets on,
    /// those last that are `late`, and behind them those that were `stuck` when they were tried,
    /// which is taken down. The placement is quiet where no step is sure.
    pub fn some_steps(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
        late: impl Fn(&Placement, InstanceId) -> bool,
        stuck: &mut Stuck,
    ) -> Steps {
        if let Some(step) = self.unnoticed(placement, situation) {
            return Steps { sure: vec![step], ..Steps::default() };
        }
        let mut steps = self.unscheduled(placement, situation);
        if !situation.acts {
            return steps;
        }
        let kin = |placement: &Placement, pod| alike(self.cluster, placement.instance(pod));
        let mut pending = placement.pending().to_vec();
        pending.sort_by_cached_key(|pod| {
            (stuck.0.contains(&kin(placement, *pod)), late(placement, *pod))
        });
        self.add_first(placement, situation, scratch, (pending, &mut steps), |kin| {
            stuck.0.insert(kin);
        });
        steps
    }

    /// Adds what becomes of the first of these pods of which anything surely does, one of a kind
    /// being tried, unless something is sure already. Those that were `stuck` are told.
    fn add_first(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
        (queue, steps): (Vec<InstanceId>, &mut Steps),
        mut stuck: impl FnMut(Alike),
    ) {
        let mut tried = BTreeSet::new();
        for pod in queue {
            if !steps.sure.is_empty() {
                break;
            }
            let kin = alike(self.cluster, placement.instance(pod));
            if self.is_ours(placement, pod) && tried.insert(kin) {
                self.add_choice(placement, situation, scratch, pod, steps);
                if steps.sure.is_empty() {
                    stuck(kin);
                }
            }
        }
    }

    /// Whether the step may come next.
    pub fn may_come(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
        step: &Step,
    ) -> bool {
        if let Some(first) = self.unnoticed(placement, situation) {
            return first == *step;
        }
        let mut steps = Steps::default();
        match *step {
            Step::Schedule { pod, .. } | Step::Preempt { pod, .. } | Step::GiveUp { pod } => {
                let waits = placement.pending().contains(&pod);
                if situation.acts && waits && self.is_ours(placement, pod) {
                    self.add_choice(placement, situation, scratch, pod, &mut steps);
                }
            }
            _ => steps = self.unscheduled(placement, situation),
        }
        steps.sure.contains(step) || steps.possible.contains(step)
    }

    /// What may come next without the scheduler.
    pub fn unscheduled(&self, placement: &Placement, situation: &Situation) -> Steps {
        let mut steps = Steps::default();
        if situation.acts {
            self.add_evictions(placement, situation, &mut steps);
            self.add_ends(placement, &mut steps);
            self.add_drains(placement, &mut steps);
            self.add_deletions(placement, &mut steps);
            self.add_attachments(placement, &mut steps);
            self.add_starts(placement, &mut steps);
            let back = |node: &NodeId| placement.node(*node).taints.leaving;
            let clear = |node| Step::Clear { node };
            steps.sure.extend(self.cluster.node_ids().filter(back).map(clear));
        }
        steps
    }

    /// Carries out every eviction that may still come, with every pod made again that may be: the
    /// most competition there can be for the places left.
    pub fn evict_all(&self, placement: &mut Placement, situation: &Situation) -> Evicted {
        let mut due: Vec<InstanceId> = self.evictable(placement).collect();
        let mut uncertain: Vec<InstanceId> = due
            .iter()
            .copied()
            .filter(|pod| certainty(placement, situation, *pod) == Certainty::Possible)
            .collect();
        let given_up = job::at_stake(self.cluster, placement, &due);
        uncertain.extend(&given_up);
        due.extend(given_up);
        for pod in &due {
            self.apply(placement, &Step::Evict { pod: *pod, replaced: true });
        }
        Evicted { pods: due, uncertain }
    }

    /// Whether the scheduler places the pod as soon as it can: no gate holds it and one of its
    /// profiles is asked for.
    pub fn is_ours(&self, placement: &Placement, pod: InstanceId) -> bool {
        let gated = !self.spec(placement, pod).gates.is_empty();
        !gated && self.scheduler.profile_of(placement, pod).is_some()
    }

    fn add_evictions(&self, placement: &Placement, situation: &Situation, steps: &mut Steps) {
        let mut seen: BTreeSet<Alike> = BTreeSet::new();
        for pod in self.evictable(placement) {
            if !seen.insert(alike(self.cluster, placement.instance(pod))) {
                continue;
            }
            let sure = certainty(placement, situation, pod) == Certainty::Sure;
            let list = if sure { &mut steps.sure } else { &mut steps.possible };
            list.push(Step::Evict { pod, replaced: false });
            if self.reaction(placement, pod) == Reaction::Unknown {
                list.push(Step::Evict { pod, replaced: true });
            }
        }
    }

    /// Pods that are marked for deletion end where somebody hears of it.
    fn add_ends(&self, placement: &Placement, steps: &mut Steps) {
        let mut seen: BTreeSet<(Alike, Option<i64>)> = BTreeSet::new();
        for pod in placement.ending() {
            // Until they have ended their age decides who else is preempted.
            let age = preemption::start_time(self.cluster, placement, pod);
            if !seen.insert((alike(self.cluster, placement.instance(pod)), age)) {
                continue;
            }
            // A kubelet that is heard but not ready may be unable to end anything.
            let node = placement.instance(pod).node();
            let healthy = node.is_none_or(|node| placement.node(node).healthy);
            let list = if healthy { &mut steps.sure } else { &mut steps.possible };
            list.push(Step::End { pod, replaced: false });
            if self.reaction(placement, pod) == Reaction::Unknown {
                list.push(Step::End { pod, replaced: true });
            }
        }
    }

    /// A step of a drain whose moment nobody can notice, and that may therefore come first.
    fn unnoticed(&self, placement: &Placement, situation: &Situation) -> Option<Step> {
        if !situation.acts || placement.nodes().iter().all(|node| node.draining.is_none()) {
            return None;
        }
        // The pods of an ordered set are made again one after another: it matters which goes first.
        let known = |pod: &InstanceId| {
            let id = placement.instance(*pod).workload;
            let workload = self.cluster.workload(id);
            let numbered = workload.kind == WorkloadKind::StatefulSet && !workload.parallel;
            let several = numbered && placement.target(id).desired > 1;
            self.is_plain(placement, *pod) && !several
        };
        let due: Vec<InstanceId> =
            self.drainable(placement).chain(self.evictable(placement)).collect();
        let bystanders = self.bystanders(placement, situation);
        let movers = Movers::of(self.cluster, placement, due.iter().chain(&bystanders.movers));
        let unseen = |pod: &InstanceId| self.goes_unseen(placement, situation, &bystanders, *pod);
        let ends = placement.ending().filter(known).filter(unseen).filter(|pod| {
            let node = placement.instance(*pod).node();
            node.is_some_and(|node| {
                placement.node(node).draining.is_some() && placement.node(node).healthy
            })
        });
        let mut ends =
            ends.filter(|pod| !noticing::is_end_noticed(self.cluster, placement, *pod, &movers));
        if let Some(pod) = ends.next() {
            return Some(Step::End { pod, replaced: false });
        }
        let mut drains = self.drainable(placement).filter(known).filter(unseen).filter(|pod| {
            !noticing::is_start_noticed(self.cluster, &self.spreading, placement, *pod, &movers)
        });
        drains.next().map(|pod| Step::Drain { pod, replaced: false })
    }

    /// Pods are evicted from draining nodes as the budgets allow.
    fn add_drains(&self, placement: &Placement, steps: &mut Steps) {
        let mut seen: BTreeSet<Alike> = BTreeSet::new();
        for pod in self.drainable(placement) {
            // Budgets hold nobody who has not started (`canIgnorePDB`,
            // `pkg/registry/core/pod/storage/eviction.go`, v1.36.3).
            let allowed = placement.instance(pod).starting
                || budgets::may_evict(self.cluster, placement, pod).is_ok();
            if !allowed || !seen.insert(alike(self.cluster, placement.instance(pod))) {
                continue;
            }
            steps.sure.push(Step::Drain { pod, replaced: false });
            if self.reaction(placement, pod) == Reaction::Unknown {
                steps.sure.push(Step::Drain { pod, replaced: true });
            }
        }
    }

    /// Pods on draining nodes that `kubectl drain` evicts: those it found there, but for pods of
    /// DaemonSets and static pods.
    pub fn drainable<'p>(
        &'p self,
        placement: &'p Placement,
    ) -> impl Iterator<Item = InstanceId> + 'p {
        let nodes = placement.nodes().iter().filter(|node| node.draining.is_some());
        nodes.flat_map(move |node| {
            node.pods.iter().copied().filter(move |pod| {
                let instance = placement.instance(*pod);
                let kind = self.cluster.workload(instance.workload).kind;
                node.draining.is_some_and(|next| *pod < next)
                    && !instance.terminating
                    && !matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod)
            })
        })
    }

    /// Autoscalers set counts, and controllers delete pods: ReplicaSets those they have too many,
    /// DaemonSets outdated ones.
    fn add_deletions(&self, placement: &Placement, steps: &mut Steps) {
        for id in self.cluster.workload_ids() {
            if let Some(desired) = autoscaler::correction(self.cluster, placement, id) {
                steps.sure.push(Step::Autoscale { workload: id, desired });
            }
            if replicas::surplus(self.cluster, placement, id) > 0 {
                let choices = replicas::choices(self.cluster, placement, id);
                steps.coarse |= choices.more;
                steps.sure.extend(choices.sets.into_iter().map(|pods| Step::ScaleDown { pods }));
            }
            if placement.target(id).rollouts > 0 {
                let outdated = daemon_set::outdated(self.cluster, placement, id);
                steps.sure.extend(outdated.into_iter().map(|pod| Step::Renew { pod }));
            }
        }
    }

    /// Pods that waited for a volume get it once no other node holds it.
    fn add_attachments(&self, placement: &Placement, steps: &mut Steps) {
        let free = |pod: &InstanceId| !volumes::must_wait(self.cluster, placement, *pod);
        let waiting = placement.attaching().iter().copied();
        let alive = waiting.filter(|pod| !placement.instance(*pod).terminating);
        steps.sure.extend(alive.filter(free).map(|pod| Step::Attach { pod }));
    }

    /// Pods that are bound start where their kubelet is at work.
    fn add_starts(&self, placement: &Placement, steps: &mut Steps) {
        let starts = |pod: &InstanceId| {
            let instance = placement.instance(*pod);
            let serves = instance.node().is_some_and(|node| placement.node(node).serves());
            serves && !instance.terminating && !instance.attaching
        };
        let mut seen: BTreeSet<Alike> = BTreeSet::new();
        for pod in placement.starting().iter().copied().filter(starts) {
            if seen.insert(alike(self.cluster, placement.instance(pod))) {
                steps.sure.push(Step::Start { pod });
            }
        }
    }

    fn add_scheduling(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
        steps: &mut Steps,
    ) {
        let mut seen: BTreeSet<Alike> = BTreeSet::new();
        for at in 0..placement.pending().len() {
            let pod = placement.pending()[at];
            if !seen.insert(alike(self.cluster, placement.instance(pod)))
                || !self.is_ours(placement, pod)
            {
                continue;
            }
            self.add_choice(placement, situation, scratch, pod, steps);
        }
    }

    /// Where a pending pod may go, or whom it may preempt.
    fn add_choice(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
        pod: InstanceId,
        steps: &mut Steps,
    ) {
        let choice = self.scheduler.choose(placement, pod, STARTS, scratch);
        let nodes = choice.nodes();
        steps.sure.extend(nodes.iter().map(|&node| Step::Schedule { pod, node }));
        if let Choice::Sampled { any, reachable, .. } = choice {
            let unseen = any.iter().filter(|node| reachable.binary_search(node).is_err());
            steps.unseen.extend(unseen.map(|node| (pod, *node)));
        }
        if nodes.is_empty() {
            self.add_preemption(placement, situation, pod, steps);
        }
    }

    fn add_preemption(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        pod: InstanceId,
        steps: &mut Steps,
    ) {
        let spec = self.spec(placement, pod);
        let nominated = placement.instance(pod).nominated.is_some();
        if !nominated && (!spec.preempts || !self.outranks_any(placement, spec.priority)) {
            return;
        }
        let decision = self.scheduler.decide(placement, pod);
        let Some(found) = &decision.preemption else {
            // Without anybody to preempt by, no node is kept free either
            // (`schedulingAlgorithm`, `pkg/scheduler/schedule_one.go`, v1.36.3).
            let profile = self.scheduler.profile_of(placement, pod);
            if nominated && profile.is_some_and(|profile| !profile.preempts) {
                steps.sure.push(Step::GiveUp { pod });
            }
            return;
        };
        if nominated && matches!(found, Preemption::DoesNotHelp(_)) {
            steps.sure.push(Step::GiveUp { pod });
        }
        if !matches!(found, Preemption::Helps(_)) {
            return;
        }
        let allowed = (situation.allowed.as_slice(), self.allowed(placement));
        let found = preemption::outcomes(&self.scheduler, placement, allowed, &decision);
        steps.coarse |= found.more;
        let profile = self.scheduler.profile_of(placement, pod);
        let nodes = placement.nodes().iter().filter(|node| node.exists).count();
        // The search may have stopped before it came to the best node.
        steps.coarse |= profile.is_some_and(|profile| profile.may_preempt_early(nodes));
        let kept = placement.instance(pod).nominated;
        for (node, victims, idle) in preemption::without_effect(placement, kept, found.all) {
            let list = if idle { &mut steps.possible } else { &mut steps.sure };
            list.push(Step::Preempt { pod, node, victims });
        }
    }

    /// Whether any bound pod has a lower priority: without one there is nobody to preempt.
    fn outranks_any(&self, placement: &Placement, priority: i32) -> bool {
        placement.instances().iter().any(|instance| {
            instance.node().is_some() && self.cluster.spec_of(instance.class).priority < priority
        })
    }

    /// Pods on tainted nodes that will not be borne there for ever.
    pub fn evictable(&self, placement: &Placement) -> impl Iterator<Item = InstanceId> {
        let evicting = self.cluster.node_ids().filter(|node| {
            let usage = placement.node(*node);
            usage.exists
                && !usage.taints.leaving
                && eviction::evicting_taints(self.cluster, placement, *node).next().is_some()
        });
        evicting.flat_map(move |node| {
            placement.node(node).pods.iter().copied().filter(move |pod| {
                let instance = placement.instance(*pod);
                let spec = self.cluster.spec_of(instance.class);
                let delay = eviction::delay(self.cluster, placement, node, spec);
                !instance.terminating && matches!(delay, Some(Delay::After(_)))
            })
        })
    }

    /// What a step rests on that a controller does and nobody knows: that it makes another pod, or
    /// that it does not.
    pub fn assumed(&self, placement: &Placement, step: &Step) -> Option<Assumed> {
        let of = |pod: &InstanceId| {
            let workload = self.cluster.workload(placement.instance(*pod).workload);
            let assumed = match workload.kind {
                _ if workload.rationed => Assumed::Quota,
                WorkloadKind::Job => Assumed::Job,
                _ => Assumed::CustomController,
            };
            (self.reaction(placement, *pod) == Reaction::Unknown).then_some(assumed)
        };
        match step {
            Step::Evict { pod, .. } | Step::End { pod, .. } | Step::Drain { pod, .. } => of(pod),
            Step::Preempt { victims, .. } => victims.iter().filter_map(of).max(),
            Step::Schedule { .. }
            | Step::GiveUp { .. }
            | Step::ScaleDown { .. }
            | Step::Renew { .. }
            | Step::Autoscale { .. }
            | Step::Clear { .. }
            | Step::Attach { .. }
            | Step::Start { .. } => None,
        }
    }

    /// Whether it can be told what becomes of a pod's workload when the pod is lost, and whether
    /// that is the same in any order.
    fn is_plain(&self, placement: &Placement, pod: InstanceId) -> bool {
        let workload = placement.instance(pod).workload;
        self.reaction(placement, pod) != Reaction::Unknown
            && !job::may_give_up(self.cluster, placement, workload)
    }

    fn reaction(&self, placement: &Placement, pod: InstanceId) -> Reaction {
        Reaction::of(self.cluster.workload(placement.instance(pod).workload))
    }

    fn spec(&self, placement: &Placement, pod: InstanceId) -> &'c PodSpec {
        self.cluster.spec_of(placement.instance(pod).class)
    }
}

fn alike(cluster: &Cluster, instance: &Instance) -> Alike {
    let Instance { class, workload, nominated, starting, .. } = *instance;
    (class, instance.next_class(cluster), workload, instance.node(), nominated, starting)
}

fn certainty(placement: &Placement, situation: &Situation, pod: InstanceId) -> Certainty {
    let node = placement.instance(pod).node().expect("an evictable pod is on a node");
    situation.evictions[node.index()]
}
