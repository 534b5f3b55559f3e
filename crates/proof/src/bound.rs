//! Which lost pods find a node whatever the others do.
//!
//! A pod is sure of a place when some node takes it even with every other pending pod on that same node.
//! This is sound for every filter that more pods can only make stricter:
//!
//! * *resources, ports, pod count*: more pods on the node use more of it;
//! * *required anti-affinity*, both ways: pods on the node stand in every domain the node is in, so this is
//!   the worst the others can do;
//! * *topology spread* (`DoNotSchedule`): all the others in the node's own domains make its skew largest,
//!   and nobody elsewhere leaves the smallest domain as small as it can be;
//! * *node selectors, taints, names*: do not depend on pods.
//!
//! It is not sound for required pod affinity, which more pods elsewhere can break for the first pod of a
//! group, nor for claims that are not bound yet, where others may take the volume: such pods are never
//! covered. Nor does it hold when somebody may be preempted, since victims come back as further pods: then
//! nothing is covered at all. Several pods may count on one node, as each already leaves room for all.
//!
//! The other way round, a pod is hopeless when every node turns it down for a reason that more pods cannot
//! cure, while no pod is about to leave: only required affinity and spread are ever cured by more pods.

use std::collections::BTreeMap;

use holdfast_cluster::spread::WhenUnsatisfiable;
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, PodSpec};
use holdfast_failover::Dynamics;
use holdfast_scheduler::decision::NodeVerdict;
use holdfast_scheduler::reason::Reason;
use holdfast_scheduler::{Preemption, Scratch};

/// How many nodes are tried for a pod before it is left to the search.
const NODES_TRIED: usize = 64;

/// Which pending pods are sure of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Pending pods that are, by id.
    pub sure: Vec<InstanceId>,
    /// Pending pods that are sure to find none, by id.
    pub hopeless: Vec<InstanceId>,
    /// The others, by id.
    pub open: Vec<InstanceId>,
}

/// What can be said of one pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prospect {
    Sure,
    Hopeless,
    Open,
}

/// Divides the pending pods of `placement`, which is the same afterwards.
///
/// `settled` says that no eviction is still to come. Where some are, the pods on silent nodes count for
/// topology spread until they are evicted, so nothing is said of pods that are strictly spread.
pub fn cover(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    settled: bool,
) -> Cover {
    let pending = placement.pending().to_vec();
    let mut known: BTreeMap<_, Prospect> = BTreeMap::new();
    let mut cover = Cover::default();
    for &pod in &pending {
        let instance = placement.instance(pod);
        let alike = (instance.class, instance.workload, instance.nominated);
        let prospect = match known.get(&alike) {
            Some(prospect) => *prospect,
            None => prospect(dynamics, placement, scratch, pod, (&pending, settled)),
        };
        known.insert(alike, prospect);
        match prospect {
            Prospect::Sure => cover.sure.push(pod),
            Prospect::Hopeless => cover.hopeless.push(pod),
            Prospect::Open => cover.open.push(pod),
        }
    }
    if may_preempt(dynamics.cluster(), placement, &cover.open) {
        return Cover { open: pending, ..Cover::default() };
    }
    cover
}

fn prospect(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
    (pending, settled): (&[InstanceId], bool),
) -> Prospect {
    let spec = dynamics.cluster().spec_of(placement.instance(pod).class);
    let spread_is_open = !settled && is_spread(spec);
    if !spread_is_open && is_sure(dynamics, placement, scratch, pod, pending) {
        Prospect::Sure
    } else if is_hopeless(dynamics, placement, pod) {
        Prospect::Hopeless
    } else {
        Prospect::Open
    }
}

/// Whether no run ever places the pod.
fn is_hopeless(dynamics: &Dynamics<'_>, placement: &Placement, pod: InstanceId) -> bool {
    if !dynamics.is_ours(placement, pod) {
        return false;
    }
    let leaving = placement.terminating().iter().any(|pod| {
        let node = placement.instance(*pod).node();
        node.is_some_and(|node| placement.node(node).reachable)
    });
    if leaving || !placement.nominated().is_empty() {
        return false;
    }
    let decision = dynamics.scheduler().decide(placement, pod);
    let unhelped =
        matches!(decision.preemption, Some(Preemption::DoesNotHelp(_) | Preemption::NotAllowed));
    let incurable = |(_, verdict): &(NodeId, NodeVerdict)| match verdict {
        NodeVerdict::Rejected(rejection) => rejection.reasons.iter().all(is_incurable),
        NodeVerdict::Feasible(_) | NodeVerdict::LeftOut => false,
    };
    unhelped && decision.pre_filter.is_none() && decision.nodes.iter().all(incurable)
}

/// Whether more pods cannot make the reason go away.
fn is_incurable(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::NodeCordoned
            | Reason::OtherNodeNamed
            | Reason::UntoleratedTaint(_)
            | Reason::NodeAffinity
            | Reason::PortTaken
            | Reason::TooManyPods
            | Reason::InsufficientCpu
            | Reason::InsufficientMemory
            | Reason::InsufficientEphemeralStorage
            | Reason::Insufficient(_)
            | Reason::PodAntiAffinity
            | Reason::ExistingAntiAffinity
            | Reason::FeatureMissing
            | Reason::VolumeZoneConflict
            | Reason::VolumeNodeAffinity
    )
}

/// Whether one of `open` could evict anybody: it may preempt, and outranks a bound pod or another pending one.
fn may_preempt(cluster: &Cluster, placement: &Placement, open: &[InstanceId]) -> bool {
    let spec = |pod: InstanceId| cluster.spec_of(placement.instance(pod).class);
    let Some(highest) =
        open.iter().map(|p| spec(*p)).filter(|s| s.preempts).map(|s| s.priority).max()
    else {
        return false;
    };
    placement.instances().iter().any(|instance| {
        let there = instance.node().is_some() || instance.is_pending();
        there && cluster.spec_of(instance.class).priority < highest
    })
}

fn is_sure(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    pod: InstanceId,
    pending: &[InstanceId],
) -> bool {
    let cluster = dynamics.cluster();
    if !dynamics.is_ours(placement, pod) || !is_monotone(cluster, placement, pod) {
        return false;
    }
    let scheduler = dynamics.scheduler();
    let nodes: Vec<NodeId> = scheduler.feasible(placement, pod, scratch).to_vec();
    let serving = nodes.into_iter().filter(|node| placement.node(*node).reachable);
    for node in roomiest(cluster, placement, serving.collect()) {
        let mark = placement.mark();
        for &other in pending.iter().filter(|other| **other != pod) {
            let spec = cluster.spec_of(placement.instance(other).class);
            if may_land(cluster, spec, node) {
                placement.bind(cluster, other, node);
            }
        }
        let fits = scheduler.feasible(placement, pod, scratch).contains(&node);
        placement.revert(cluster, mark);
        if fits {
            return true;
        }
    }
    false
}

/// Whether more pods can only make the pod's filters stricter.
fn is_monotone(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> bool {
    let class = placement.instance(pod).class;
    let spec = cluster.spec_of(class);
    let namespace = cluster.class(class).namespace;
    let claims_are_bound = spec.volumes.iter().all(|volume| match volume {
        PodVolume::Claim { name, .. } => {
            cluster.objects().claims.get(&(namespace, *name)).is_some_and(|claim| claim.bound)
        }
        PodVolume::Ephemeral { .. } => false,
        _ => true,
    });
    spec.pod_affinity.required.is_empty() && claims_are_bound
}

/// Whether the pod may be kept off a node by the number of pods like it elsewhere.
fn is_spread(spec: &PodSpec) -> bool {
    spec.spread.iter().any(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule)
}

/// Whether a pod of this spec can ever come to the node: everything about it that pods cannot change.
fn may_land(cluster: &Cluster, spec: &PodSpec, node: NodeId) -> bool {
    let node = cluster.node(node);
    let selected =
        spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    let affine = spec
        .node_affinity
        .required
        .as_ref()
        .is_none_or(|required| required.matches(node.name, &node.labels, cluster.symbols()));
    selected && affine
}

/// The nodes to try, those with most CPU and memory to spare first.
fn roomiest(cluster: &Cluster, placement: &Placement, mut nodes: Vec<NodeId>) -> Vec<NodeId> {
    nodes.sort_by_cached_key(|id| {
        let (node, used) = (cluster.node(*id), &placement.node(*id).requested);
        let share = |free: i64, all: i64| i128::from(free) * 1_000_000 / i128::from(all.max(1));
        let (all, free) = (&node.allocatable, |all: i64, used: i64| all.saturating_sub(used));
        let cpu = share(free(all.cpu_milli, used.cpu_milli), all.cpu_milli);
        let memory = share(free(all.memory, used.memory), all.memory);
        (std::cmp::Reverse(cpu.min(memory)), *id)
    });
    nodes.truncate(NODES_TRIED);
    nodes
}
