//! Pods that nothing but their name tells apart and that cannot stand each other, more of them than
//! there are places.
//!
//! None of them is sure of a node, as the others may have the last one. But how many of them are
//! placed in the end may be known all the same:
//!
//! * *At most* one in each domain of their required anti-affinity that has a node which is not
//!   closed for good, or on each such node where they ask for a port of it.
//! * *At least* so many: if fewer were placed at a quiet end, one that still waits would stand
//!   against one less than so many of its like, and all others. If these cannot keep it off every
//!   node, the end is not quiet.
//!
//! Until so many are placed each that is tried finds a node. From then on one of its like is in
//! every domain, and no pod preempts its like; so nobody preempts anybody if all other nodes turn
//! these pods down whatever they hold.

use std::collections::BTreeSet;

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, Plugin};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;
use holdfast_scheduler::decision::NodeVerdict;
use holdfast_scheduler::reason::{Code, Reason, Rejection};

use super::{Rivals, Stranded, is_sure, leaves_somebody};

/// Pods of which some find a node and the others none, whichever these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// All of them, by id.
    pub pods: Vec<InstanceId>,
    /// How many find a node.
    pub places: usize,
    /// None of them ever preempts anybody.
    pub peaceful: bool,
}

impl Crowd {
    /// The crowd of `kin`, pending pods of one class and workload; `None` where they may all find a
    /// node, or where it is not known how many do. `coming` are all pods that may come.
    pub(super) fn of(
        dynamics: &Dynamics<'_>,
        placement: &mut Placement,
        scratch: &mut Scratch,
        kin: &[InstanceId],
        coming: &[InstanceId],
    ) -> Option<Self> {
        let first = *kin.first()?;
        let workload = dynamics.cluster().workload(placement.instance(first).workload);
        // Such a set may not make the next pod before the last one serves.
        if workload.kind == WorkloadKind::StatefulSet && !workload.parallel {
            return None;
        }
        let (places, peaceful) = at_most(dynamics, placement, first)?;
        if places == 0 || places >= kin.len() {
            return None;
        }
        let beyond = &kin[places..];
        let coming: Vec<InstanceId> =
            coming.iter().copied().filter(|pod| !beyond.contains(pod)).collect();
        let stranded = Stranded::default();
        let rivals = Rivals { coming: &coming, leaving: &[], stranded, within: &|_| true };
        let is_sure = is_sure(dynamics, placement, scratch, first, rivals);
        is_sure.then(|| Self { pods: kin.to_vec(), places, peaceful })
    }
}

/// How many pods like this one, which waits, can be placed beside each other, if they cannot stand
/// each other and nobody leaves, and whether all nodes where none of them can be turn them down
/// whatever they hold.
fn at_most(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
    pod: InstanceId,
) -> Option<(usize, bool)> {
    let cluster = dynamics.cluster();
    if !dynamics.is_ours(placement, pod) || leaves_somebody(placement) {
        return None;
    }
    let profile = dynamics.scheduler().profile_of(placement, pod)?;
    let spec = cluster.spec_of(placement.instance(pod).class);
    let asks = |plugin| profile.filters.contains(&plugin);
    let ports = !spec.host_ports.is_empty() && asks(Plugin::NodePorts);
    let apart =
        || spec.pod_anti_affinity.required.iter().filter(|_| asks(Plugin::InterPodAffinity));
    if !ports && apart().next().is_none() {
        return None;
    }
    let decision = dynamics.scheduler().decide(placement, pod);
    let mut open = Vec::new();
    let mut peaceful = true;
    for (node, verdict) in &decision.nodes {
        match verdict {
            NodeVerdict::Rejected(why) if why.reasons.iter().any(Reason::is_incurable) => {
                peaceful &= is_fixed(why);
            }
            _ => open.push(*node),
        }
    }
    let by_port = ports.then_some(open.len());
    let by_term = apart().filter_map(|term| domains(cluster, placement, (pod, term), &open));
    Some((by_port.into_iter().chain(by_term).min()?, peaceful))
}

/// Whether a node is turned down for what no pod has to do with.
fn is_fixed(why: &Rejection) -> bool {
    why.code == Code::UnschedulableAndUnresolvable && why.reasons.iter().all(Reason::is_incurable)
}

/// In how many domains of a term the nodes are; `None` where the pod does not mind its like, or a
/// node is in no domain, where it never does.
fn domains(
    cluster: &Cluster,
    placement: &Placement,
    (pod, term): (InstanceId, &PodAffinityTerm),
    nodes: &[NodeId],
) -> Option<usize> {
    let class = cluster.class(placement.instance(pod).class);
    let of_namespace = cluster.namespace_labels(class.namespace);
    let labels = cluster.labels(class.labels);
    if !term.matches(class.namespace, of_namespace, labels, cluster.symbols()) {
        return None;
    }
    let value = |node: &NodeId| cluster.node(*node).labels.get(term.topology_key);
    let values: BTreeSet<_> = nodes.iter().map(value).collect::<Option<_>>()?;
    Some(values.len())
}
