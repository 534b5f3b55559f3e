//! Every order of everything, as plainly as can be: no canonical states, no grouping, no bound, no
//! undo.
//!
//! Only what the scheduler decides is asked of the product, which the recorder holds against the
//! real one. The controllers are written down here once more, from upstream v1.36.3:
//! `pkg/controller/tainteviction/taint_eviction.go` (`processPodOnNode`),
//! `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (`ComputeZoneState`),
//! `pkg/controller/replicaset/replica_set.go` (`manageReplicas`), `pkg/controller/statefulset`,
//! `pkg/controller/daemon`, `pkg/controller/job`, `pkg/scheduler/framework/preemption/executor.go`
//! (`prepareCandidateAsync`).

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::{LifecycleTaints, Target, Whereabouts};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::workload::{Losses, WorkloadKind};
use holdfast_cluster::{
    ClassId, Cluster, Instance, InstanceId, NodeId, Placement, Symbol, WorkloadId,
};
use holdfast_scheduler::decision::Outcome;
use holdfast_scheduler::{Preemption, Scheduler};
use indexmap::IndexSet;

/// What controllers of kinds that Kubernetes does not ship do about a lost pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Custom {
    Never,
    Always,
    Either,
}

/// What all runs from one state come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    /// The states of rest.
    pub(crate) quiet: Vec<Placement>,
    /// Which pods the scheduler ever placed.
    pub(crate) placed: BTreeSet<(ClassId, WorkloadId)>,
    /// Somebody was preempted.
    pub(crate) preempted: bool,
}

/// All states, those that are the same but for pods that are gone once, and the ways between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) states: Vec<Placement>,
    /// Which of them are at rest.
    pub(crate) quiet: Vec<bool>,
    pub(crate) ways: Vec<Way>,
}

/// A step.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) sure: bool,
    pub(crate) actor: Actor,
}

/// Whose turn it is, and to do what.
pub(crate) type Actor = (&'static str, Option<Instance>);

/// What holds for as long as no node changes.
struct Held {
    acts: bool,
    evictions: Vec<Option<bool>>,
    budgets: Vec<i64>,
    custom: Custom,
}

/// Whose turn it was, by what became of whom. That somebody is to be placed is one turn, whatever
/// comes of it.
fn actor(before: &Placement, after: &Placement) -> Actor {
    let pairs = || before.instances().iter().zip(after.instances());
    let placed = pairs().find(|(was, is)| {
        was.is_pending() && (is.node().is_some() || was.nominated != is.nominated)
    });
    let changed = placed.map(|(was, _)| ("place", was)).or_else(|| {
        pairs().find(|(was, is)| was != is).map(|(was, is)| match () {
            () if is.whereabouts == Whereabouts::Gone => ("end", was),
            () if is.terminating != was.terminating => ("evict", was),
            () => ("attach", was),
        })
    });
    changed.map_or(("clear or idle", None), |(what, was)| (what, Some(*was)))
}

/// More than eight pods, their successors and those of preempted ones come to where runs end.
const INSTANCES_MAX: usize = 48;

pub(crate) struct Oracle<'c> {
    cluster: &'c Cluster,
    scheduler: Scheduler<'c>,
    states_max: usize,
}

impl<'c> Oracle<'c> {
    pub(crate) fn new(cluster: &'c Cluster, states_max: usize) -> Self {
        Self { cluster, scheduler: Scheduler::new(cluster), states_max }
    }

    /// The nodes are gone at once.
    pub(crate) fn fail(&self, placement: &Placement, nodes: &[NodeId]) -> Placement {
        let mut next = placement.clone();
        for &node in nodes {
            next.change_node(self.cluster, node, |flags| {
                flags.reachable = false;
                flags.taints.unreachable = true;
                flags.taints.leaving = false;
            });
        }
        next
    }

    /// The node is heard again; the lifecycle controller has yet to see it.
    pub(crate) fn recover(&self, placement: &Placement, node: NodeId) -> Placement {
        let key = self.cluster.known().unreachable;
        let tainted = self.cluster.node(node).taints.iter().any(|taint| taint.key == key);
        let mut next = placement.clone();
        next.change_node(self.cluster, node, |flags| {
            flags.reachable = true;
            flags.lost = false;
            flags.taints.leaving = true;
            flags.taints.replace = true;
            flags.taints.unreachable |= tainted;
        });
        next
    }

    /// Follows every run; `None` beyond the limit.
    pub(crate) fn run(&self, from: &Placement, custom: Custom) -> Option<Runs> {
        let mut runs = Runs::default();
        let mut seen: IndexSet<(Vec<Instance>, Vec<Target>, Vec<LifecycleTaints>)> =
            IndexSet::new();
        let held = self.held(from, custom);
        let mut stack = vec![self.begun(from, &held)];
        while let Some(placement) = stack.pop() {
            let targets = self.cluster.workload_ids().map(|id| placement.target(id));
            let taints = placement.nodes().iter().map(|node| node.taints).collect();
            if !seen.insert((placement.instances().to_vec(), targets.collect(), taints)) {
                continue;
            }
            // Pods that go round for ever are made anew each time.
            if seen.len() > self.states_max || placement.instances().len() > INSTANCES_MAX {
                return None;
            }
            let (mut sure, mut possible) = self.next(&placement, &held, &mut runs);
            if sure.is_empty() {
                runs.quiet.push(placement);
            }
            stack.append(&mut sure);
            stack.append(&mut possible);
        }
        Some(runs)
    }

    /// Every state that a run comes to, be it again and again; `None` beyond the limit.
    pub(crate) fn graph(&self, from: &Placement, custom: Custom) -> Option<Graph> {
        let (mut graph, mut runs) = (Graph::default(), Runs::default());
        let held = self.held(from, custom);
        let mut numbers: IndexSet<_> = IndexSet::new();
        let first = self.begun(from, &held);
        numbers.insert(self.round_key(&first));
        graph.states.push(first);
        while let Some(placement) = graph.states.get(graph.quiet.len()).cloned() {
            let number = graph.quiet.len();
            let (sure, possible) = self.next(&placement, &held, &mut runs);
            graph.quiet.push(sure.is_empty());
            let all = sure.into_iter().map(|to| (to, true));
            for (to, sure) in all.chain(possible.into_iter().map(|to| (to, false))) {
                let (at, is_new) = numbers.insert_full(self.round_key(&to));
                graph.ways.push(Way { from: number, to: at, sure, actor: actor(&placement, &to) });
                if is_new {
                    graph.states.push(to);
                }
            }
            let live = |it: &&Instance| it.whereabouts != Whereabouts::Gone;
            let many = placement.instances().iter().filter(live).count() > INSTANCES_MAX;
            if graph.states.len() > self.states_max || many {
                return None;
            }
        }
        Some(graph)
    }

    /// What tells states apart where runs go round: pods that were made and are gone do not, nor in
    /// which order the others were made.
    fn round_key(&self, state: &Placement) -> (Vec<Instance>, Vec<Target>, Vec<LifecycleTaints>) {
        let (there, made) = state.instances().split_at(self.cluster.pods().len());
        let live = made.iter().filter(|it| it.whereabouts != Whereabouts::Gone);
        let mut live: Vec<Instance> = live.copied().collect();
        live.sort_by_cached_key(|it| format!("{it:?}"));
        let targets = self.cluster.workload_ids().map(|id| state.target(id)).collect();
        let taints = state.nodes().iter().map(|node| node.taints).collect();
        ([there, &live].concat(), targets, taints)
    }

    fn held(&self, from: &Placement, custom: Custom) -> Held {
        Held {
            acts: self.control_plane_acts(from),
            evictions: self.zones(from),
            budgets: self.allowed(from),
            custom,
        }
    }

    /// StatefulSets make what they lack.
    fn begun(&self, from: &Placement, held: &Held) -> Placement {
        let mut first = from.clone();
        for set in self.cluster.workload_ids() {
            if held.acts && self.cluster.workload(set).kind == WorkloadKind::StatefulSet {
                self.make_numbered(&mut first, set);
            }
        }
        first
    }

    /// What may come next: one of the first for sure, the others perhaps never.
    fn next(
        &self,
        placement: &Placement,
        held: &Held,
        runs: &mut Runs,
    ) -> (Vec<Placement>, Vec<Placement>) {
        let (mut sure, mut possible) = (Vec::new(), Vec::new());
        if held.acts {
            let custom = held.custom;
            self.evictions(placement, &held.evictions, custom, &mut sure, &mut possible);
            self.ends(placement, custom, &mut sure);
            self.attachments(placement, &mut sure);
            self.clearing(placement, &mut sure);
            let lists = (&mut sure, &mut possible);
            self.scheduling(placement, custom, &held.budgets, lists, runs);
        }
        (sure, possible)
    }

    /// `GetMatchingTolerations` and `getMinTolerationTime`: evicted some day, or never.
    fn is_evicted(&self, placement: &Placement, node: NodeId, pod: InstanceId) -> bool {
        let known = self.cluster.known();
        let standing = &placement.node(node).taints;
        if standing.leaving {
            return false;
        }
        let own = self.cluster.node(node).taints.iter().copied();
        let own = own.filter(|taint| !standing.replace || taint.key != known.unreachable);
        let mut taints: Vec<Taint> = own.filter(|t| t.effect == Effect::NoExecute).collect();
        if placement.node(node).taints.unreachable {
            let effect = Effect::NoExecute;
            taints.push(Taint { key: known.unreachable, value: known.empty, effect });
        }
        let tolerations = &self.spec(placement, pod).tolerations;
        let mut limited = false;
        for taint in &taints {
            let bears = |t: &&holdfast_cluster::taint::Toleration| {
                t.tolerates(taint, self.cluster.symbols(), false)
            };
            let Some(first) = tolerations.iter().find(bears) else { return true };
            limited |= first.seconds.is_some();
        }
        limited
    }

    /// For each node: `Some(true)` where evictions are sure, `Some(false)` where they may stop.
    fn zones(&self, placement: &Placement) -> Vec<Option<bool>> {
        let zone = |node: NodeId| self.cluster.node(node).labels.get(self.cluster.known().zone);
        let mut counts: BTreeMap<Option<Symbol>, (usize, usize)> = BTreeMap::new();
        for node in self.cluster.node_ids() {
            let count = counts.entry(zone(node)).or_default();
            if placement.node(node).reachable { count.0 += 1 } else { count.1 += 1 }
        }
        let all_full = counts.values().all(|(ready, _)| *ready == 0);
        let sure = |node| {
            let (ready, silent) = counts[&zone(node)];
            let most = silent * 100 >= (ready + silent) * 55;
            !(all_full || ready > 0 && silent > 2 && most)
        };
        let silent = |node: NodeId| !placement.node(node).reachable;
        self.cluster.node_ids().map(|node| silent(node).then(|| sure(node))).collect()
    }

    fn control_plane_acts(&self, placement: &Placement) -> bool {
        let role = self.cluster.find("node-role.kubernetes.io/control-plane");
        let members: Vec<NodeId> = self
            .cluster
            .node_ids()
            .filter(|node| role.and_then(|r| self.cluster.node(*node).labels.get(r)).is_some())
            .collect();
        let up = members.iter().filter(|node| placement.node(**node).reachable).count();
        members.is_empty() || up > members.len() / 2
    }

    fn evictions(
        &self,
        placement: &Placement,
        evictions: &[Option<bool>],
        custom: Custom,
        sure: &mut Vec<Placement>,
        possible: &mut Vec<Placement>,
    ) {
        for node in self.cluster.node_ids() {
            // Whoever taints a healthy node evicts from it whatever its zone.
            let is_sure = evictions[node.index()].unwrap_or(true);
            for &pod in &placement.node(node).pods {
                if placement.instance(pod).terminating || !self.is_evicted(placement, node, pod) {
                    continue;
                }
                let list = if is_sure { &mut *sure } else { &mut *possible };
                list.extend(self.deleted(placement, pod, custom));
            }
        }
    }

    /// A deletion timestamp, and what the controller does at once.
    fn deleted(&self, placement: &Placement, pod: InstanceId, custom: Custom) -> Vec<Placement> {
        let mut next = placement.clone();
        next.change(self.cluster, pod, |instance| instance.terminating = true);
        match self.kind(placement, pod) {
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::ReplicationController
            | WorkloadKind::CronJob => {
                self.fill_up(&mut next, pod);
                vec![next]
            }
            WorkloadKind::Job => {
                self.lose(&mut next, pod);
                vec![next]
            }
            WorkloadKind::Custom(_) => self.by_custom(next, pod, custom),
            _ => vec![next],
        }
    }

    /// A Job counts what it loses, and gives up beyond its limit: all that runs of it is deleted.
    fn lose(&self, placement: &mut Placement, lost: InstanceId) {
        let job = placement.instance(lost).workload;
        placement.change_target(job, |target| target.lost += 1);
        let Losses::Counted(borne) = self.cluster.workload(job).losses else {
            unreachable!("every Job here has a limit and no policy");
        };
        if i64::from(placement.target(job).lost) <= borne {
            self.fill_up(placement, lost);
            return;
        }
        placement.change_target(job, |target| target.desired = 0);
        for pod in placement.instance_ids() {
            let instance = *placement.instance(pod);
            if instance.workload == job && instance.is_pending() {
                placement.remove(self.cluster, pod);
            } else if instance.workload == job && instance.whereabouts != Whereabouts::Gone {
                placement.change(self.cluster, pod, |instance| instance.terminating = true);
            }
        }
    }

    /// Kubelets that are heard end what is marked for deletion.
    fn ends(&self, placement: &Placement, custom: Custom, sure: &mut Vec<Placement>) {
        for pod in placement.instance_ids() {
            let instance = placement.instance(pod);
            let heard = instance.node().is_some_and(|node| placement.node(node).reachable);
            if !instance.terminating || !heard {
                continue;
            }
            let mut next = placement.clone();
            next.remove(self.cluster, pod);
            match self.kind(placement, pod) {
                WorkloadKind::StatefulSet => {
                    self.make_numbered(&mut next, instance.workload);
                    sure.push(next);
                }
                WorkloadKind::DaemonSet => {
                    if self.daemon_belongs(placement, pod) {
                        self.fill_up(&mut next, pod);
                    }
                    sure.push(next);
                }
                WorkloadKind::Custom(_) => sure.extend(self.by_custom(next, pod, custom)),
                WorkloadKind::StaticPod | WorkloadKind::Pod => sure.push(next),
                _ => {
                    self.fill_up(&mut next, pod);
                    sure.push(next);
                }
            }
        }
    }

    fn by_custom(&self, next: Placement, pod: InstanceId, custom: Custom) -> Vec<Placement> {
        let mut replaced = next.clone();
        self.fill_up(&mut replaced, pod);
        match custom {
            Custom::Never => vec![next],
            Custom::Always => vec![replaced],
            Custom::Either if replaced == next => vec![next],
            Custom::Either => vec![next, replaced],
        }
    }

    /// Makes as many pods as are missing, like the one that was lost.
    fn fill_up(&self, placement: &mut Placement, lost: InstanceId) {
        let Instance { class, workload, origin, .. } = *placement.instance(lost);
        let counts = |instance: &&Instance| {
            instance.workload == workload
                && !instance.terminating
                && instance.whereabouts != Whereabouts::Gone
        };
        let active = placement.instances().iter().filter(counts).count() as i64;
        let class = origin.map_or(class, |pod| self.cluster.pod(pod).replacement);
        let missing = (placement.target(workload).desired - active).max(0);
        // DaemonSets make the very pod that is gone; the others may still be ending.
        let by_name = self.kind(placement, lost) == WorkloadKind::DaemonSet;
        for _ in 0..if by_name { missing.min(1) } else { missing } {
            placement.add(self.cluster, class, workload, origin);
        }
    }

    /// Pods of a StatefulSet have numbers, here the last letter of their names. Those of lower
    /// numbers must be ready first, unless the set makes all at once (`processReplica`).
    fn make_numbered(&self, placement: &mut Placement, set: WorkloadId) {
        let workload = self.cluster.workload(set);
        for pod in self.cluster.pod_ids() {
            if self.cluster.pod(pod).workload != set {
                continue;
            }
            let name = self.cluster.text(self.cluster.pod(pod).name);
            let number = name[name.len() - 1..].parse().expect("few pods");
            let there: Vec<&Instance> = placement
                .instances()
                .iter()
                .filter(|i| i.origin == Some(pod) && i.whereabouts != Whereabouts::Gone)
                .collect();
            let ready = there.iter().any(|instance| instance.ready);
            if there.is_empty() {
                let class = self.cluster.pod(pod).replacement;
                let made = placement.add(self.cluster, class, set, Some(pod));
                placement.change(self.cluster, made, |instance| instance.ordinal = number);
            }
            if !ready && !workload.parallel {
                return;
            }
        }
    }

    /// `NodeShouldRunDaemonPod`, of the node whose pod is gone.
    fn daemon_belongs(&self, placement: &Placement, pod: InstanceId) -> bool {
        let origin = placement.instance(pod).origin.expect("every daemon pod has one");
        let Some(node) = self.cluster.pod(origin).node.and_then(|n| self.cluster.node_named(n))
        else {
            return true;
        };
        let known = self.cluster.known();
        let mut taints: Vec<Taint> = self.cluster.node(node).taints.to_vec();
        if placement.node(node).taints.unreachable {
            for effect in [Effect::NoSchedule, Effect::NoExecute] {
                taints.push(Taint { key: known.unreachable, value: known.empty, effect });
            }
        }
        taints.iter().filter(|taint| taint.effect != Effect::PreferNoSchedule).all(|taint| {
            let tolerations = &self.spec(placement, pod).tolerations;
            tolerations.iter().any(|t| t.tolerates(taint, self.cluster.symbols(), false))
        })
    }

    /// A volume stays attached while a pod that was given it is on its node
    /// (`pkg/controller/volume/attachdetach`).
    fn waits(&self, placement: &Placement, pod: InstanceId) -> bool {
        let claims = |pod: InstanceId| {
            let volumes = &self.spec(placement, pod).volumes;
            let claim = |volume: &PodVolume| match volume {
                PodVolume::Claim { name, .. } => Some(self.cluster.text(*name).to_owned()),
                _ => None,
            };
            let named: BTreeSet<String> = volumes.iter().filter_map(claim).collect();
            named
        };
        let own: BTreeSet<String> =
            claims(pod).into_iter().filter(|claim| claim.starts_with("attached")).collect();
        let home = placement.instance(pod).node();
        placement.instance_ids().any(|id| {
            let other = placement.instance(id);
            other.node().is_some()
                && other.node() != home
                && !other.attaching
                && !own.is_disjoint(&claims(id))
        })
    }

    fn attachments(&self, placement: &Placement, sure: &mut Vec<Placement>) {
        for pod in placement.instance_ids() {
            let instance = placement.instance(pod);
            if instance.attaching && !instance.terminating && !self.waits(placement, pod) {
                let mut next = placement.clone();
                next.change(self.cluster, pod, |instance| instance.attaching = false);
                if self.kind(placement, pod) == WorkloadKind::StatefulSet {
                    self.make_numbered(&mut next, instance.workload);
                }
                sure.push(next);
            }
        }
    }

    /// The taints of nodes that are heard again are taken off.
    fn clearing(&self, placement: &Placement, sure: &mut Vec<Placement>) {
        for node in self.cluster.node_ids() {
            if placement.node(node).taints.leaving {
                let mut next = placement.clone();
                next.change_node(self.cluster, node, |flags| {
                    flags.taints = LifecycleTaints { replace: true, ..LifecycleTaints::default() };
                });
                sure.push(next);
            }
        }
    }

    /// What each budget allows; all of them ask for one healthy pod (`updatePdbStatus`).
    fn allowed(&self, placement: &Placement) -> Vec<i64> {
        let budgets = self.cluster.objects().budgets.iter();
        budgets
            .map(|budget| {
                let healthy = placement.instances().iter().filter(|instance| {
                    let labels = self.cluster.labels_of(instance.class);
                    instance.ready && budget.selector.matches(labels, self.cluster.symbols())
                });
                (healthy.count() as i64 - 1).max(0)
            })
            .collect()
    }

    /// StatefulSets go on as their pods become ready.
    fn bound(&self, mut placement: Placement, pod: InstanceId, node: NodeId) -> Placement {
        placement.bind(self.cluster, pod, node);
        let waits = self.waits(&placement, pod);
        placement.change(self.cluster, pod, |instance| instance.attaching = waits);
        if self.kind(&placement, pod) == WorkloadKind::StatefulSet {
            let set = placement.instance(pod).workload;
            self.make_numbered(&mut placement, set);
        }
        placement
    }

    fn scheduling(
        &self,
        placement: &Placement,
        custom: Custom,
        budgets: &[i64],
        (sure, possible): (&mut Vec<Placement>, &mut Vec<Placement>),
        runs: &mut Runs,
    ) {
        for &pod in placement.pending() {
            let decision = self.scheduler.decide(placement, pod);
            if let Outcome::Scheduled { candidates } = &decision.outcome {
                let instance = placement.instance(pod);
                runs.placed.insert((instance.class, instance.workload));
                let each = candidates.iter();
                sure.extend(each.map(|&node| self.bound(placement.clone(), pod, node)));
            }
            match &decision.preemption {
                Some(Preemption::Helps(_)) => {
                    runs.preempted = true;
                    let allowed = [budgets.to_vec(), self.allowed(placement)];
                    let found = self.scheduler.preemptions(placement, &decision, &allowed);
                    assert!(!found.more, "few pods");
                    for (node, victims) in &found.all {
                        let all = self.preempted(placement, pod, *node, victims, custom);
                        let only_kept = |one: &(NodeId, Vec<InstanceId>)| {
                            placement.instance(pod).nominated == Some(one.0)
                                && self.preempted(placement, pod, one.0, &one.1, custom)
                                    == std::slice::from_ref(placement)
                        };
                        // Upstream goes round between these for ever.
                        let ending = |it: &InstanceId| placement.instance(*it).terminating;
                        let idle = victims.iter().all(ending);
                        if idle && found.all.iter().any(only_kept) {
                            possible.extend(all);
                        } else {
                            sure.extend(all);
                        }
                    }
                }
                Some(Preemption::DoesNotHelp(_)) if placement.instance(pod).nominated.is_some() => {
                    let mut next = placement.clone();
                    next.change(self.cluster, pod, |instance| instance.nominated = None);
                    sure.push(next);
                }
                _ => {}
            }
        }
    }

    /// Victims that are being deleted already are passed over; if all are, so is the rest.
    fn preempted(
        &self,
        placement: &Placement,
        pod: InstanceId,
        node: NodeId,
        victims: &[InstanceId],
        custom: Custom,
    ) -> Vec<Placement> {
        let ending = |victim: &InstanceId| placement.instance(*victim).terminating;
        let alive: Vec<InstanceId> = victims.iter().copied().filter(|v| !ending(v)).collect();
        let mut next = placement.clone();
        if !alive.is_empty() {
            self.outrank(&mut next, pod, node);
        }
        next.change(self.cluster, pod, |instance| instance.nominated = Some(node));
        self.all_deleted(next, &alive, custom)
    }

    fn outrank(&self, next: &mut Placement, pod: InstanceId, node: NodeId) {
        let placement = next.clone();
        let priority = self.spec(&placement, pod).priority;
        for other in placement.instance_ids() {
            let instance = placement.instance(other);
            let lower = self.spec(&placement, other).priority < priority;
            if instance.is_pending() && instance.nominated == Some(node) && lower {
                next.change(self.cluster, other, |instance| instance.nominated = None);
            }
        }
    }

    /// Victims go in any order: what their controllers make is numbered differently, nothing else.
    fn all_deleted(
        &self,
        placement: Placement,
        victims: &[InstanceId],
        custom: Custom,
    ) -> Vec<Placement> {
        let mut all = vec![placement];
        for &victim in victims {
            for next in &mut all {
                next.change(self.cluster, victim, |instance| instance.preempted = true);
            }
            let deleted = |placement: &Placement| self.deleted(placement, victim, custom);
            all = all.iter().flat_map(deleted).collect();
        }
        all
    }

    fn kind(&self, placement: &Placement, pod: InstanceId) -> WorkloadKind {
        self.cluster.workload(placement.instance(pod).workload).kind
    }

    fn spec(&self, placement: &Placement, pod: InstanceId) -> &'c holdfast_cluster::PodSpec {
        self.cluster.spec_of(placement.instance(pod).class)
    }
}
