//! Who runs where, right now: cheap to change, cheaper to take back.
//!
//! A placement starts as the export has it. Every change is written to an undo log, so that a
//! search forks by [`Placement::mark`], edits, and returns by [`Placement::revert`] to the
//! bit-identical state. Pods of a placement are *instances*: those of the export keep their number,
//! replacements are added behind them.

use std::collections::BTreeSet;

use crate::node::Readiness;
use crate::pod::{Phase, ScoredRequests};
use crate::workload::WorkloadKind;
use crate::{ClassId, Cluster, InstanceId, NodeId, Pod, PodId, Resources, Symbol, WorkloadId};

mod instance;
mod siblings;

pub use instance::{Instance, Whereabouts};
use siblings::Siblings;

/// Taints that the node lifecycle controller puts on nodes, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LifecycleTaints {
    /// The node is heard again, and they are about to be taken off.
    pub leaving: bool,
    /// They stand instead of the export's taints of these kinds; otherwise beside them.
    pub replace: bool,
    /// `node.kubernetes.io/not-ready`, both `NoSchedule` and `NoExecute`.
    pub not_ready: bool,
    /// `node.kubernetes.io/unreachable`, both `NoSchedule` and `NoExecute`.
    pub unreachable: bool,
    /// `node.kubernetes.io/out-of-service:NoExecute`.
    pub out_of_service: bool,
}

/// What changes of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeUse {
    /// The node object exists.
    pub exists: bool,
    /// Its kubelet is heard.
    pub reachable: bool,
    /// Its kubelet says that it is ready, or said so when it was last heard.
    pub healthy: bool,
    /// It runs on, although nobody hears it: a partition.
    pub cut_off: bool,
    /// It failed or was cut off since the export: whatever ran there is gone for all others. Of
    /// one that was silent before nobody knows.
    pub lost: bool,
    /// It was a member of the control plane and is none any more.
    pub resigned: bool,
    /// Cordoned.
    pub unschedulable: bool,
    /// Somebody drains it (`kubectl drain`): evicts the pods it had then, those before this one.
    pub draining: Option<InstanceId>,
    /// Taints on top of the export's, or instead of them.
    pub taints: LifecycleTaints,
    /// What its pods request, terminating ones included; no zero scalars.
    pub requested: Resources,
    /// The same with the floors used for scoring.
    pub scored: ScoredRequests,
    /// Its pods, by id.
    pub pods: Vec<InstanceId>,
}

impl NodeUse {
    /// Whether pods on it can serve.
    pub fn serves(&self) -> bool {
        self.exists && self.reachable && self.healthy
    }

    /// All that may be so of it and may change but for its pods, as a number.
    pub fn standing(&self) -> u32 {
        let flags = [
            self.exists,
            self.reachable,
            self.healthy,
            self.cut_off,
            self.lost,
            self.resigned,
            self.unschedulable,
            self.draining.is_some(),
            self.taints.leaving,
            self.taints.replace,
            self.taints.not_ready,
            self.taints.unreachable,
            self.taints.out_of_service,
        ];
        flags.into_iter().fold(0, |bits, flag| bits * 2 + u32::from(flag))
    }
}

/// How many pods of a workload are in which state. Gone ones count nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    /// They serve.
    pub ready: u32,
    /// They serve, and for long enough.
    pub available: u32,
    /// They wait for a node.
    pub pending: u32,
    /// They are to be deleted.
    pub terminating: u32,
    /// They are not to be deleted: what a controller counts against its desired number.
    pub active: u32,
}

impl Tally {
    fn count(&mut self, instance: &Instance, by: u32) {
        if instance.whereabouts == Whereabouts::Gone {
            return;
        }
        let add = |counter: &mut u32, holds: bool| {
            if holds {
                *counter = counter.wrapping_add(by);
            }
        };
        add(&mut self.ready, instance.ready);
        add(&mut self.available, instance.is_available());
        add(&mut self.pending, instance.is_pending());
        add(&mut self.terminating, instance.terminating);
        add(&mut self.active, !instance.terminating);
    }
}

/// What is taken back by a revert.
#[derive(Clone, Debug)]
enum Edit {
    Added,
    Instance(InstanceId, Instance),
    Node(NodeId, NodeFlags),
    Target(WorkloadId, Target),
    Machine(Symbol),
}

/// What the controller of a workload goes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// How many pods it wants. For DaemonSets and static pods the number follows from the nodes.
    pub desired: i64,
    /// How many rollouts of it have begun since the export.
    pub rollouts: u32,
    /// How many pods a Job that counts them has lost since the export.
    pub lost: u32,
}

/// The part of [`NodeUse`] that is set outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFlags {
    /// The node object exists.
    pub exists: bool,
    /// Its kubelet is heard.
    pub reachable: bool,
    /// Its kubelet says that it is ready, or said so when it was last heard.
    pub healthy: bool,
    /// It runs on, although nobody hears it: a partition.
    pub cut_off: bool,
    /// It failed or was cut off since the export: whatever ran there is gone for all others. Of
    /// one that was silent before nobody knows.
    pub lost: bool,
    /// It was a member of the control plane and is none any more.
    pub resigned: bool,
    /// Cordoned.
    pub unschedulable: bool,
    /// Somebody drains it (`kubectl drain`): evicts the pods it had then, those before this one.
    pub draining: Option<InstanceId>,
    /// Taints on top of the export's, or instead of them.
    pub taints: LifecycleTaints,
}

/// A place in the undo log; by default its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark(usize);

/// Who runs where.
#[derive(Clone, Debug)]
pub struct Placement {
    instances: Vec<Instance>,
    by_class: Siblings,
    by_workload: Siblings,
    nodes: Vec<NodeUse>,
    /// Pending instances, by id.
    pending: Vec<InstanceId>,
    /// Pending instances that have a node kept free for them, by id.
    nominated: Vec<InstanceId>,
    /// Bound instances that are to be deleted, by id.
    terminating: Vec<InstanceId>,
    /// Bound instances that have yet to start, by id.
    starting: Vec<InstanceId>,
    /// Bound instances that wait for a volume, by id.
    attaching: Vec<InstanceId>,
    /// By workload.
    tallies: Vec<Tally>,
    /// What each controller goes for, by workload.
    targets: Vec<Target>,
    /// Machines that are down, which are no nodes.
    down: BTreeSet<Symbol>,
    log: Vec<Edit>,
}

/// Two placements are equal when the same pods are in the same places; how they came there does not
/// matter.
impl PartialEq for Placement {
    fn eq(&self, other: &Self) -> bool {
        self.instances == other.instances
            && self.nodes == other.nodes
            && self.pending == other.pending
            && self.nominated == other.nominated
            && self.terminating == other.terminating
            && self.starting == other.starting
            && self.attaching == other.attaching
            && self.tallies == other.tallies
            && self.targets == other.targets
            && self.down == other.down
    }
}

impl Placement {
    /// The placement that the export describes.
    pub fn of(cluster: &Cluster) -> Self {
        let nodes = cluster
            .nodes()
            .iter()
            .map(|node| NodeUse {
                exists: true,
                reachable: node.readiness != Readiness::Unknown,
                healthy: node.readiness.serves(),
                cut_off: false,
                resigned: false,
                lost: false,
                unschedulable: node.unschedulable,
                draining: None,
                taints: LifecycleTaints::default(),
                requested: Resources::default(),
                scored: ScoredRequests::default(),
                pods: Vec::new(),
            })
            .collect();
        let mut placement = Self {
            instances: Vec::new(),
            by_class: Siblings::new(cluster.classes().len()),
            by_workload: Siblings::new(cluster.workloads().len()),
            nodes,
            pending: Vec::new(),
            nominated: Vec::new(),
            terminating: Vec::new(),
            starting: Vec::new(),
            attaching: Vec::new(),
            tallies: vec![Tally::default(); cluster.workloads().len()],
            targets: cluster
                .workloads()
                .iter()
                .map(|workload| Target { desired: workload.desired, rollouts: 0, lost: 0 })
                .collect(),
            down: BTreeSet::new(),
            log: Vec::new(),
        };
        for id in cluster.pod_ids() {
            placement.seat(cluster, id);
        }
        placement
    }

    /// Adds a pod of the export, with its number.
    fn seat(&mut self, cluster: &Cluster, id: PodId) {
        let pod = cluster.pod(id);
        let node = pod.node.map(|name| cluster.node_named(name));
        let whereabouts = match node {
            _ if pod.phase.is_terminal() => Whereabouts::Gone,
            // The scheduler skips pending pods that are being deleted; nothing of them remains.
            None if pod.terminating => Whereabouts::Gone,
            None => Whereabouts::Pending,
            Some(None) => Whereabouts::Unlisted,
            Some(Some(node)) => Whereabouts::On(node),
        };
        let healthy = match whereabouts {
            // Whoever runs on a node that does not serve is said not to be ready, whatever it is.
            Whereabouts::On(node) if !self.node(node).serves() => pod.phase == Phase::Running,
            Whereabouts::On(_) | Whereabouts::Unlisted => pod.ready,
            Whereabouts::Pending | Whereabouts::Gone => true,
        };
        let mut instance = Instance {
            class: pod.class,
            workload: pod.workload,
            origin: Some(id),
            whereabouts,
            ready: false,
            healthy,
            starting: false,
            attaching: false,
            starved: false,
            settling: false,
            outdated: pod.outdated,
            ordinal: ordinal(cluster, pod),
            terminating: pod.terminating,
            preempted: pod.preempted,
            nominated: pod.nominated_node.and_then(|name| cluster.node_named(name)),
        };
        instance.ready = self.serves(&instance);
        // What a DaemonSet replaces it replaces in a rollout.
        if pod.outdated && cluster.workload(pod.workload).kind == WorkloadKind::DaemonSet {
            self.targets[pod.workload.index()].rollouts = 1;
        }
        self.push(instance);
        self.enter(cluster, id.into());
    }

    fn push(&mut self, instance: Instance) {
        self.by_class.push(instance.class.index());
        self.by_workload.push(instance.workload.index());
        self.instances.push(instance);
    }

    fn pop(&mut self) {
        let last = self.instances.pop().expect("an instance was added");
        self.by_class.pop(last.class.index());
        self.by_workload.pop(last.workload.index());
    }

    /// All instances, gone ones included, by id.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The ids of all instances.
    pub fn instance_ids(&self) -> impl DoubleEndedIterator<Item = InstanceId> + use<> {
        (0..self.instances.len()).map(InstanceId::at)
    }

    /// One instance.
    pub fn instance(&self, id: InstanceId) -> &Instance {
        &self.instances[id.index()]
    }

    /// The instances of a class, gone ones included, the last one first.
    pub fn of_class(&self, class: ClassId) -> impl Iterator<Item = InstanceId> + '_ {
        self.by_class.of(class.index())
    }

    /// The instances of a workload itself, gone ones included, by id.
    pub fn of_workload(&self, workload: WorkloadId) -> Vec<InstanceId> {
        let mut all: Vec<InstanceId> = self.by_workload.of(workload.index()).collect();
        all.reverse();
        all
    }

    /// One node's use.
    pub fn node(&self, id: NodeId) -> &NodeUse {
        &self.nodes[id.index()]
    }

    /// The use of every node, by id.
    pub fn nodes(&self) -> &[NodeUse] {
        &self.nodes
    }

    /// Pending instances, by id.
    pub fn pending(&self) -> &[InstanceId] {
        &self.pending
    }

    /// Pending instances that have a node kept free for them, by id.
    pub fn nominated(&self) -> &[InstanceId] {
        &self.nominated
    }

    /// Bound instances that are to be deleted, by id.
    pub fn terminating(&self) -> &[InstanceId] {
        &self.terminating
    }

    /// Those of them whose kubelet can be reached, so that they end, by id.
    pub fn ending(&self) -> impl Iterator<Item = InstanceId> {
        self.terminating.iter().copied().filter(|pod| {
            let node = self.instance(*pod).node();
            node.is_some_and(|node| self.node(node).reachable)
        })
    }

    /// Bound instances that have yet to start, by id.
    pub fn starting(&self) -> &[InstanceId] {
        &self.starting
    }

    /// Bound instances that wait for a volume, by id.
    pub fn attaching(&self) -> &[InstanceId] {
        &self.attaching
    }

    /// What the controller of a workload goes for.
    pub fn target(&self, workload: WorkloadId) -> Target {
        self.targets[workload.index()]
    }

    /// Scales a workload or begins a rollout.
    pub fn change_target(&mut self, workload: WorkloadId, change: impl FnOnce(&mut Target)) {
        let target = &mut self.targets[workload.index()];
        let before = *target;
        change(target);
        if before != *target {
            self.log.push(Edit::Target(workload, before));
        }
    }

    /// Whether a machine, which is no node, is down.
    pub fn is_down(&self, machine: Symbol) -> bool {
        self.down.contains(&machine)
    }

    /// A machine that is no node fails, or comes back.
    pub fn set_down(&mut self, machine: Symbol, down: bool) {
        if self.is_down(machine) != down {
            self.log.push(Edit::Machine(machine));
            self.turn(machine);
        }
    }

    fn turn(&mut self, machine: Symbol) {
        if !self.down.remove(&machine) {
            self.down.insert(machine);
        }
    }

    /// Whether the instance serves.
    fn serves(&self, instance: &Instance) -> bool {
        let waits = instance.starting || instance.attaching || instance.starved;
        let at_work = instance.healthy && !instance.terminating && !waits;
        match instance.whereabouts {
            Whereabouts::On(node) => at_work && self.node(node).serves(),
            Whereabouts::Unlisted => at_work,
            Whereabouts::Pending | Whereabouts::Gone => false,
        }
    }

    /// How a workload's own pods stand. Pods of a Deployment count for its ReplicaSets.
    pub fn tally(&self, workload: WorkloadId) -> Tally {
        self.tallies[workload.index()]
    }

    /// The place to come back to.
    pub fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Takes back every change since `mark`.
    ///
    /// # Panics
    /// When the mark lies ahead: it was taken back before.
    pub fn revert(&mut self, cluster: &Cluster, mark: Mark) {
        assert!(mark.0 <= self.log.len(), "the mark was taken back before");
        while self.log.len() > mark.0 {
            match self.log.pop().expect("the log is longer than the mark") {
                Edit::Added => {
                    let last = InstanceId::at(self.instances.len() - 1);
                    self.leave(cluster, last);
                    self.pop();
                }
                Edit::Instance(id, before) => self.replace(cluster, id, before),
                Edit::Node(id, before) => self.set_flags(id, before),
                Edit::Target(workload, before) => self.targets[workload.index()] = before,
                Edit::Machine(name) => self.turn(name),
            }
        }
    }

    /// Adds a pending instance.
    pub fn add(
        &mut self,
        cluster: &Cluster,
        class: ClassId,
        workload: WorkloadId,
        origin: Option<PodId>,
    ) -> InstanceId {
        self.push(Instance {
            class,
            workload,
            origin,
            whereabouts: Whereabouts::Pending,
            ready: false,
            healthy: true,
            starting: false,
            attaching: false,
            starved: false,
            settling: false,
            outdated: false,
            ordinal: 0,
            terminating: false,
            preempted: false,
            nominated: None,
        });
        self.log.push(Edit::Added);
        let id = InstanceId::at(self.instances.len() - 1);
        self.enter(cluster, id);
        id
    }

    /// Changes an instance; resources, pod lists and whether it serves follow.
    pub fn change(
        &mut self,
        cluster: &Cluster,
        id: InstanceId,
        change: impl FnOnce(&mut Instance),
    ) {
        let before = *self.instance(id);
        let mut after = before;
        change(&mut after);
        after.ready = self.serves(&after);
        debug_assert!(
            (before.class, before.workload) == (after.class, after.workload),
            "a pod stays what it is, and whose"
        );
        if after != before {
            self.log.push(Edit::Instance(id, before));
            self.replace(cluster, id, after);
        }
    }

    /// Binds a pending instance to `node`, where it is taken to become ready if the node serves.
    pub fn bind(&mut self, cluster: &Cluster, id: InstanceId, node: NodeId) {
        self.change(cluster, id, |instance| {
            debug_assert!(instance.is_pending(), "only a pending pod is bound");
            instance.whereabouts = Whereabouts::On(node);
            instance.nominated = None;
        });
    }

    /// The instances that were added or changed since `mark`, each once, by id, with what they were
    /// at the mark (`None` for those added since). One that was changed back is still among
    /// them.
    pub fn changed_since(&self, mark: Mark) -> Vec<(InstanceId, Option<Instance>)> {
        let mut added = self.instances.len();
        let mut changed: Vec<(InstanceId, Option<Instance>)> = Vec::new();
        // Backwards, so that the first record of an instance, which holds its state at the mark,
        // comes last.
        for edit in self.log[mark.0..].iter().rev() {
            match edit {
                Edit::Added => added -= 1,
                Edit::Instance(id, before) => changed.push((*id, Some(*before))),
                Edit::Node(..) | Edit::Target(..) | Edit::Machine(_) => {}
            }
        }
        changed.retain(|(id, _)| id.index() < added);
        changed.reverse();
        changed.sort_by_key(|(id, _)| *id);
        changed.dedup_by_key(|(id, _)| *id);
        changed.extend((added..self.instances.len()).map(|at| (InstanceId::at(at), None)));
        changed
    }

    /// The workloads whose target was changed since `mark`, each once, by id. One that was changed
    /// back is still among them.
    pub fn retargeted_since(&self, mark: Mark) -> Vec<WorkloadId> {
        let of_workload = |edit: &Edit| match edit {
            Edit::Target(workload, _) => Some(*workload),
            _ => None,
        };
        let mut workloads: Vec<WorkloadId> =
            self.log[mark.0..].iter().filter_map(of_workload).collect();
        workloads.sort_unstable();
        workloads.dedup();
        workloads
    }

    /// The nodes that were changed since `mark`, each once, by id. One that was changed back is
    /// still among them.
    pub fn nodes_changed_since(&self, mark: Mark) -> Vec<NodeId> {
        let of_node = |edit: &Edit| match edit {
            Edit::Node(node, _) => Some(*node),
            _ => None,
        };
        let mut nodes: Vec<NodeId> = self.log[mark.0..].iter().filter_map(of_node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Whether whoever drains its node evicts the pod: it was there when the drain began.
    pub fn is_to_be_drained(&self, id: InstanceId) -> bool {
        let node = self.instance(id).node();
        node.and_then(|node| self.node(node).draining).is_some_and(|next| id < next)
    }

    /// Deletes an instance at once.
    pub fn remove(&mut self, cluster: &Cluster, id: InstanceId) {
        self.change(cluster, id, |instance| instance.whereabouts = Whereabouts::Gone);
    }

    /// Changes a node's flags; whether its pods serve follows.
    pub fn change_node(
        &mut self,
        cluster: &Cluster,
        id: NodeId,
        change: impl FnOnce(&mut NodeFlags),
    ) {
        let before = self.flags(id);
        let mut after = before;
        change(&mut after);
        if after != before {
            self.log.push(Edit::Node(id, before));
            self.set_flags(id, after);
            for pod in self.node(id).pods.clone() {
                self.change(cluster, pod, |_| {});
            }
        }
    }

    fn flags(&self, id: NodeId) -> NodeFlags {
        let node = &self.nodes[id.index()];
        NodeFlags {
            exists: node.exists,
            reachable: node.reachable,
            healthy: node.healthy,
            cut_off: node.cut_off,
            resigned: node.resigned,
            lost: node.lost,
            unschedulable: node.unschedulable,
            draining: node.draining,
            taints: node.taints,
        }
    }

    fn set_flags(&mut self, id: NodeId, flags: NodeFlags) {
        let node = &mut self.nodes[id.index()];
        node.exists = flags.exists;
        node.reachable = flags.reachable;
        node.healthy = flags.healthy;
        node.cut_off = flags.cut_off;
        node.resigned = flags.resigned;
        node.lost = flags.lost;
        node.unschedulable = flags.unschedulable;
        node.draining = flags.draining;
        node.taints = flags.taints;
    }

    fn replace(&mut self, cluster: &Cluster, id: InstanceId, after: Instance) {
        self.leave(cluster, id);
        self.instances[id.index()] = after;
        self.enter(cluster, id);
    }

    /// Counts an instance in, wherever it is.
    fn enter(&mut self, cluster: &Cluster, id: InstanceId) {
        let instance = self.instances[id.index()];
        self.tallies[instance.workload.index()].count(&instance, 1);
        match instance.whereabouts {
            Whereabouts::On(node) => {
                self.take_up(cluster, node, id);
                if instance.terminating {
                    insert(&mut self.terminating, id);
                }
                if instance.starting {
                    insert(&mut self.starting, id);
                }
                if instance.attaching {
                    insert(&mut self.attaching, id);
                }
            }
            Whereabouts::Pending => {
                insert(&mut self.pending, id);
                if instance.nominated.is_some() {
                    insert(&mut self.nominated, id);
                }
            }
            Whereabouts::Unlisted | Whereabouts::Gone => {}
        }
    }

    /// Counts an instance out again.
    fn leave(&mut self, cluster: &Cluster, id: InstanceId) {
        let instance = self.instances[id.index()];
        self.tallies[instance.workload.index()].count(&instance, 1_u32.wrapping_neg());
        match instance.whereabouts {
            Whereabouts::On(node) => {
                self.give_back(cluster, node, id);
                remove(&mut self.terminating, id);
                remove(&mut self.starting, id);
                remove(&mut self.attaching, id);
            }
            Whereabouts::Pending => {
                remove(&mut self.pending, id);
                remove(&mut self.nominated, id);
            }
            Whereabouts::Unlisted | Whereabouts::Gone => {}
        }
    }

    fn take_up(&mut self, cluster: &Cluster, node: NodeId, id: InstanceId) {
        let spec = cluster.spec_of(self.instances[id.index()].class);
        let node = &mut self.nodes[node.index()];
        node.requested.add(&spec.requests);
        node.requested.scalars.retain(|(_, amount)| *amount != 0);
        node.scored.cpu_milli = node.scored.cpu_milli.wrapping_add(spec.scored_requests.cpu_milli);
        node.scored.memory = node.scored.memory.wrapping_add(spec.scored_requests.memory);
        insert(&mut node.pods, id);
    }

    fn give_back(&mut self, cluster: &Cluster, node: NodeId, id: InstanceId) {
        let spec = cluster.spec_of(self.instances[id.index()].class);
        let node = &mut self.nodes[node.index()];
        node.requested.subtract(&spec.requests);
        node.requested.scalars.retain(|(_, amount)| *amount != 0);
        node.scored.cpu_milli = node.scored.cpu_milli.wrapping_sub(spec.scored_requests.cpu_milli);
        node.scored.memory = node.scored.memory.wrapping_sub(spec.scored_requests.memory);
        remove(&mut node.pods, id);
    }
}

/// Inserts into a sorted list. Sorted lists make equal placements bit-identical, however they came
/// about.
fn insert(list: &mut Vec<InstanceId>, id: InstanceId) {
    if let Err(at) = list.binary_search(&id) {
        list.insert(at, id);
    }
}

/// Removes from a sorted list.
fn remove(list: &mut Vec<InstanceId>, id: InstanceId) {
    if let Ok(at) = list.binary_search(&id) {
        list.remove(at);
    }
}

/// The number of a StatefulSet's pod, the end of its name (`getParentNameAndOrdinal`,
/// `pkg/controller/statefulset/stateful_set_utils.go`, v1.36.3).
fn ordinal(cluster: &Cluster, pod: &Pod) -> u32 {
    let of_set = cluster.workload(pod.workload).kind == WorkloadKind::StatefulSet;
    let number = || cluster.text(pod.name).rsplit_once('-')?.1.parse().ok();
    if of_set { number().unwrap_or(0) } else { 0 }
}

#[cfg(test)]
mod tests;
