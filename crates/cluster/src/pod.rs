//! Pods: what is asked for ([`PodSpec`]), what nothing can tell apart ([`PodClass`]), and each one
//! ([`Pod`]).

use serde::{Deserialize, Serialize};

use crate::affinity::{NodeAffinity, PodAffinity};
use crate::spread::SpreadConstraint;
use crate::taint::Toleration;
use crate::volume::PodVolume;
use crate::{ClassId, Labels, LabelsId, Node, Resources, SpecId, Symbol, Symbols, WorkloadId};

/// Everything of a pod's spec that decides where it may run and what happens to it. Pods of one
/// template share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodSpec {
    /// Which scheduler places it.
    pub scheduler_name: Symbol,
    /// Its priority, resolved from its class.
    pub priority: i32,
    /// Whether it may evict others (`preemptionPolicy` is not `Never`).
    pub preempts: bool,
    /// What it requests: containers, init and sidecar containers, pod-level resources and
    /// overhead, as `k8s.io/component-helpers/resource.PodRequests` adds them up.
    pub requests: Resources,
    /// The same with a floor for containers that ask for no CPU or memory (100m, 200Mi), for
    /// scoring.
    pub scored_requests: ScoredRequests,
    /// What `NodeResourcesFit` takes the pod itself to request while it looks for a node: its
    /// containers, with the same floors, and overhead. Upstream's scorer leaves out pod-level
    /// resources there, though the node counts them once the pod is on it (`NewFit` of
    /// `noderesources/fit.go`, v1.36.3).
    pub arriving_requests: ScoredRequests,
    /// Node labels it must find.
    pub node_selector: Labels,
    /// Further wishes about nodes.
    pub node_affinity: NodeAffinity,
    /// Pods it wants near.
    pub pod_affinity: PodAffinity,
    /// Pods it wants far.
    pub pod_anti_affinity: PodAffinity,
    /// Taints it bears, in order: the first that matches an eviction taint gives the time.
    pub tolerations: Box<[Toleration]>,
    /// How its kind is spread.
    pub spread: Box<[SpreadConstraint]>,
    /// Ports it takes on its node, in order of containers.
    pub host_ports: Box<[HostPort]>,
    /// Volumes that limit where it may run.
    pub volumes: Box<[PodVolume]>,
    /// Images of init and ordinary containers (normalized as `ImageLocality` does), a container
    /// each.
    pub images: Box<[Symbol]>,
    /// Images mounted as volumes, normalized likewise: they add to the score of `ImageLocality`.
    pub image_volumes: Box<[Symbol]>,
    /// Scheduling gates that hold it back.
    pub gates: Box<[Symbol]>,
    /// Seconds it is given to end.
    pub grace_seconds: i64,
    /// It shares the node's network.
    pub host_network: bool,
    /// What to do when it ends.
    pub restart_policy: RestartPolicy,
    /// Features of the node's kubelet it needs (`NodeDeclaredFeatures`), sorted.
    pub required_features: Box<[Symbol]>,
    /// Parts of the spec that Holdfast does not model: verdicts that depend on this pod are
    /// UNKNOWN.
    pub unmodelled: Box<[Unmodelled]>,
}

impl PodSpec {
    /// Whether its node selector and the node affinity that it requires let it onto a node
    /// (`GetRequiredNodeAffinity`, `k8s.io/component-helpers/scheduling/corev1/nodeaffinity`,
    /// v0.36.3).
    pub fn selects(&self, node: &Node, symbols: &Symbols) -> bool {
        let labelled = |(key, value)| node.labels.get(key) == Some(value);
        let required = self.node_affinity.required.as_ref();
        self.node_selector.iter().all(labelled)
            && required.is_none_or(|all| all.matches(node.name, &node.labels, symbols))
    }
}

/// CPU and memory with upstream's floors for containers that ask for none, for scoring only
/// (`GetNonzeroRequests`, `pkg/scheduler/util/pod_resources.go`, v1.36.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScoredRequests {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
}

/// Whether ended containers are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RestartPolicy {
    /// Always: a service.
    Always,
    /// When they fail: a job.
    OnFailure,
    /// Never: a job.
    Never,
}

/// The protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// The default.
    Tcp,
    /// User datagrams.
    Udp,
    /// Stream control.
    Sctp,
}

/// A port of the node that a pod takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// The address; `0.0.0.0` (also when empty in the manifest) is every one.
    pub ip: Symbol,
    /// The protocol.
    pub protocol: Protocol,
    /// The number, never zero.
    pub port: i32,
}

/// What a pod uses that Holdfast does not model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Unmodelled {
    /// Devices by claim (`spec.resourceClaims`, dynamic resource allocation).
    ResourceClaims,
    /// It is scheduled as part of a group (`spec.schedulingGroup`, `spec.workloadRef`).
    SchedulingGroup,
    /// Preferred node affinity that does not parse: its scheduling fails wherever two nodes or more
    /// would take it. Decided, and not proved with.
    UnparsableNodePreference,
    /// A spread constraint whose selector does not parse: its scheduling fails, where the
    /// constraint is soft only if two nodes or more would take it. Decided, and not proved
    /// with.
    UnparsableSpread,
    /// A disk that cannot be handed over to the CSI driver that took over its kind: scheduling
    /// fails, its own and that of pods with volumes that look at its node. Decided, and not proved
    /// with.
    UntranslatableDisk,
}

/// Pods that nothing can tell apart: one namespace, the same labels, the same spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PodClass {
    /// The namespace.
    pub namespace: Symbol,
    /// The labels.
    pub labels: LabelsId,
    /// The spec.
    pub spec: SpecId,
}

/// Where a pod is in its life (`status.phase`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not all containers have started.
    Pending,
    /// At least one container runs, or did when the kubelet was last heard.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly, or evicted.
    Failed,
    /// The node cannot be asked.
    Unknown,
}

impl Phase {
    /// Ended for good: the scheduler does not see such pods, and they hold no resources.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// A pod of the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: Symbol,
    /// What it asks for as it stands, in-place resizes included.
    pub class: ClassId,
    /// What a pod made in its stead asks for.
    pub replacement: ClassId,
    /// The node it is bound to, by name: the node itself may not be in the export.
    pub node: Option<Symbol>,
    /// Its phase.
    pub phase: Phase,
    /// Its `Ready` condition is true.
    pub ready: bool,
    /// It has a deletion timestamp.
    pub terminating: bool,
    /// A mirror of a static pod: the kubelet makes it, from a file on its node.
    pub mirror: bool,
    /// What made it.
    pub workload: WorkloadId,
    /// The node kept free for it after preemption.
    pub nominated_node: Option<Symbol>,
    /// `status.startTime`, in seconds since 1970.
    pub start_time: Option<i64>,
    /// `metadata.creationTimestamp`, in seconds since 1970.
    pub created: Option<i64>,
    /// Its uid.
    pub uid: Option<Symbol>,
    /// What its deletion costs (`controller.kubernetes.io/pod-deletion-cost`).
    pub deletion_cost: i32,
    /// It ends because the scheduler evicted it for a more important pod (condition
    /// `DisruptionTarget`, reason `PreemptionByScheduler`).
    pub preempted: bool,
    /// What its `PodScheduled` condition says, where that is false.
    pub scheduling_message: Option<Symbol>,
    /// Made by Holdfast from a workload whose controller had not run yet (a rendered manifest).
    pub expanded: bool,
    /// Its StatefulSet or DaemonSet is to replace it by one of the present template.
    pub outdated: bool,
}
