//! Capacity that is free and that nothing which runs in the cluster can use.
//!
//! Asked of every node by itself: which workloads' pods it would take one more of, as the scheduler
//! filters, strict spread apart; and how much of what is free could be used at most by any number
//! of them. The rest is stranded, at the least: the bound takes one limit at a time, so that what
//! two limits strand together may be more. All of it is counted in whole numbers.
//!
//! Pods that come with their nodes (`DaemonSets`, static pods) and jobs are no takers: a node is
//! not kept for them.

use std::collections::BTreeSet;

use holdfast_cluster::profile::ResourceName;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, NodeId, Placement, PodSpec, WorkloadId};
use holdfast_scheduler::needs::Amount;
use holdfast_scheduler::{Need, Plugin, Scheduler};
use serde::Serialize;

/// What is stranded in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waste {
    /// Every node, by name.
    pub nodes: Vec<NodeWaste>,
    /// Workloads that might take what is free.
    pub takers: Vec<WorkloadId>,
    /// The least that any of them asks for: of CPU, of memory.
    pub smallest: Option<(i64, i64)>,
}

/// What is stranded on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeWaste {
    /// The node.
    pub node: NodeId,
    /// What is free: thousandths of a core, bytes, pods.
    pub free: Amounts,
    /// What of it nothing can use, at the least.
    pub stranded: Amounts,
    /// Why CPU is; absent where none is.
    pub cpu: Option<Reason>,
    /// Why memory is.
    pub memory: Option<Reason>,
    /// How many workloads' pods it takes one more of.
    pub takers: usize,
}

/// Amounts of what every pod takes some of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Pods.
    pub pods: i64,
}

/// Why something that is free cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The node does not serve, or takes no new pods.
    Closed,
    /// Its taints, labels or ports, or who runs there, keep every workload off.
    Barred,
    /// It has as many pods as it takes.
    Pods,
    /// Too little CPU is left beside it.
    Cpu,
    /// Too little memory is left beside it.
    Memory,
    /// Too little of another resource is left beside it.
    Other,
    /// No workload asks for so little: what is left is smaller than the smallest request.
    Fragment,
    /// Some ask for less CPU, others for less memory, and none for little enough of both.
    Mixed,
    /// Nothing runs that would take it.
    NoTakers,
}

/// What one more pod of a workload asks for.
struct Taker {
    class: ClassId,
    workload: WorkloadId,
}

impl Waste {
    /// What is stranded.
    pub fn of(cluster: &Cluster) -> Self {
        let scheduler = Scheduler::new(cluster);
        let mut placement = Placement::of(cluster);
        let mut takers = takers(cluster);
        let mut of_nodes: Vec<Vec<Wish<'_>>> = vec![Vec::new(); cluster.nodes().len()];
        takers.retain(|taker| {
            let mark = placement.mark();
            let pod = placement.add(cluster, taker.class, taker.workload, None);
            let needs = scheduler.needs(&placement, pod);
            placement.revert(cluster, mark);
            let spec = cluster.spec_of(taker.class);
            for (node, needs) in &needs.nodes {
                of_nodes[node.index()].push(Wish::new(spec, needs));
            }
            // What fits nowhere, wherever there is room, takes nothing.
            needs.pod.is_empty()
        });
        let nodes = of_nodes.iter().enumerate().map(|(at, wishes)| {
            Look { cluster, placement: &placement, node: NodeId::at(at) }.waste(wishes)
        });
        let nodes = nodes.collect();
        let workloads: BTreeSet<WorkloadId> =
            takers.iter().map(|taker| cluster.root(taker.workload)).collect();
        let specs = || takers.iter().map(|taker| &cluster.spec_of(taker.class).requests);
        let cpu = specs().map(|requests| requests.cpu_milli).min();
        let memory = specs().map(|requests| requests.memory).min();
        Self { nodes, takers: workloads.into_iter().collect(), smallest: cpu.zip(memory) }
    }
}

/// A pod, and what a node lacks for it.
#[derive(Clone, Debug)]
struct Wish<'a> {
    spec: &'a PodSpec,
    /// More than room: it is not for such pods.
    barred: bool,
    slot: bool,
    cpu: bool,
    memory: bool,
    other: bool,
}

impl<'a> Wish<'a> {
    /// Strict spread is left out: it changes with whoever comes.
    fn new(spec: &'a PodSpec, needs: &[(Plugin, Need)]) -> Self {
        let none =
            Self { spec, barred: false, slot: false, cpu: false, memory: false, other: false };
        needs.iter().fold(none, |wish, (_, need)| match need {
            Need::Skew(_) => wish,
            Need::PodSlot { .. } => Self { slot: true, ..wish },
            Need::Amount(Amount { resource: ResourceName::Cpu, .. }) => Self { cpu: true, ..wish },
            Need::Amount(Amount { resource: ResourceName::Memory, .. }) => {
                Self { memory: true, ..wish }
            }
            Need::Amount(_) => Self { other: true, ..wish },
            _ => Self { barred: true, ..wish },
        })
    }

    fn fits(&self) -> bool {
        !(self.barred || self.slot || self.cpu || self.memory || self.other)
    }
}

/// What there may be one more of: the pods of everything that is kept running, each kind once.
fn takers(cluster: &Cluster) -> Vec<Taker> {
    let mut seen = BTreeSet::new();
    let mut takers = Vec::new();
    for pod in cluster.pods() {
        let root = cluster.workload(cluster.root(pod.workload)).kind;
        let kept = matches!(
            root,
            WorkloadKind::Deployment
                | WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::StatefulSet
                | WorkloadKind::Custom(_)
        );
        if kept && !pod.phase.is_terminal() && seen.insert(pod.replacement) {
            takers.push(Taker { class: pod.replacement, workload: pod.workload });
        }
    }
    takers
}

/// One node.
struct Look<'a> {
    cluster: &'a Cluster,
    placement: &'a Placement,
    node: NodeId,
}

impl Look<'_> {
    fn waste(&self, wishes: &[Wish<'_>]) -> NodeWaste {
        let free = self.free();
        let fitting: Vec<&PodSpec> =
            wishes.iter().filter(|wish| wish.fits()).map(|wish| wish.spec).collect();
        let (cpu, memory) = if fitting.is_empty() {
            let why = self.why_none(wishes);
            ((free.cpu_milli, Some(why)), (free.memory, Some(why)))
        } else {
            let of_cpu = |spec: &PodSpec| (spec.requests.cpu_milli, spec.requests.memory);
            let of_memory = |spec: &PodSpec| (spec.requests.memory, spec.requests.cpu_milli);
            let (cpu, memory) = (free.cpu_milli, free.memory);
            (
                beyond(cpu, (memory, Reason::Memory), free.pods, &fitting, of_cpu),
                beyond(memory, (cpu, Reason::Cpu), free.pods, &fitting, of_memory),
            )
        };
        let pods = if fitting.is_empty() { free.pods } else { 0 };
        NodeWaste {
            node: self.node,
            free,
            stranded: Amounts { cpu_milli: cpu.0, memory: memory.0, pods },
            cpu: cpu.1.filter(|_| cpu.0 > 0),
            memory: memory.1.filter(|_| memory.0 > 0),
            takers: fitting.len(),
        }
    }

    /// What is free; nothing where more is promised than there is.
    fn free(&self) -> Amounts {
        let (node, usage) = (self.cluster.node(self.node), self.placement.node(self.node));
        let free = |of: i64, used: i64| of.saturating_sub(used).max(0);
        let pods = i64::try_from(usage.pods.len()).unwrap_or(i64::MAX);
        Amounts {
            cpu_milli: free(node.allocatable.cpu_milli, usage.requested.cpu_milli),
            memory: free(node.allocatable.memory, usage.requested.memory),
            pods: free(node.pods_allocatable, pods),
        }
    }

    /// Why the node takes no more of anything.
    fn why_none(&self, wishes: &[Wish<'_>]) -> Reason {
        let usage = self.placement.node(self.node);
        if wishes.is_empty() {
            return Reason::NoTakers;
        }
        if !usage.serves() || usage.unschedulable {
            return Reason::Closed;
        }
        let admitted: Vec<&Wish<'_>> = wishes.iter().filter(|wish| !wish.barred).collect();
        if admitted.is_empty() {
            return Reason::Barred;
        }
        if admitted.iter().all(|wish| wish.slot) {
            return Reason::Pods;
        }
        if admitted.iter().any(|wish| !wish.cpu && !wish.memory) {
            return Reason::Other;
        }
        let any = |enough: fn(&Wish<'_>) -> bool| admitted.iter().any(|wish| enough(wish));
        match (any(|wish| !wish.cpu), any(|wish| !wish.memory)) {
            (true, true) => Reason::Mixed,
            (true, false) => Reason::Memory,
            (false, true) => Reason::Cpu,
            (false, false) => Reason::Fragment,
        }
    }
}

/// How much of what is free no number of these pods uses, and why: each takes so much of it, and so
/// much of another resource, of which there is `other` left.
fn beyond(
    free: i64,
    (other, reason): (i64, Reason),
    slots: i64,
    fitting: &[&PodSpec],
    asks: impl Fn(&PodSpec) -> (i64, i64),
) -> (i64, Option<Reason>) {
    let most = fitting.iter().map(|spec| asks(spec).0).max().unwrap_or(0);
    let by_slots = i128::from(most) * i128::from(slots);
    // Of the other resource each unit serves at most as much as the pod with the highest ratio.
    let by_other = fitting.iter().map(|spec| {
        let (own, beside) = asks(spec);
        match (own, beside) {
            (0, _) => 0,
            (_, 0) => i128::MAX,
            _ => i128::from(own) * i128::from(other) / i128::from(beside),
        }
    });
    let by_other = by_other.max().unwrap_or(0);
    let usable = by_slots.min(by_other);
    let stranded = i128::from(free) - usable;
    if stranded <= 0 {
        return (0, None);
    }
    let reason = if most == 0 || by_slots <= by_other { Reason::Pods } else { reason };
    (i64::try_from(stranded).unwrap_or(free), Some(reason))
}
