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

use std::collections::BTreeMap;

use holdfast_cluster::spread::WhenUnsatisfiable;
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, PodSpec};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;

/// How many nodes are tried for a pod before it is left to the search.
const NODES_TRIED: usize = 64;

/// Which pending pods are sure of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Pending pods that are, by id.
    pub sure: Vec<InstanceId>,
    /// Pending pods that are not, by id.
    pub open: Vec<InstanceId>,
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
    let mut known: BTreeMap<_, bool> = BTreeMap::new();
    let mut cover = Cover::default();
    for &pod in &pending {
        let instance = placement.instance(pod);
        let alike = (instance.class, instance.workload);
        let spread_matters = !settled && is_spread(dynamics.cluster().spec_of(instance.class));
        let sure = match known.get(&alike) {
            Some(sure) => *sure,
            None => !spread_matters && is_sure(dynamics, placement, scratch, pod, &pending),
        };
        known.insert(alike, sure);
        if sure { cover.sure.push(pod) } else { cover.open.push(pod) }
    }
    if may_preempt(dynamics.cluster(), placement, &cover.open) {
        cover.open = pending;
        cover.sure.clear();
    }
    cover
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
