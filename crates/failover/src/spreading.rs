//! Whether the order of evictions can be noticed.
//!
//! Topology spread counts the pods of a domain, silent nodes included, and leaves terminating pods
//! out (`pkg/scheduler/framework/plugins/podtopologyspread/common.go`, `countPodsMatchSelector`,
//! v1.36.3). So the moment at which a pod on a silent node begins to terminate shows in the scores
//! and filters of whoever is spread together with it. Nothing else tells a terminating pod on a
//! silent node from one that is not.

use holdfast_cluster::profile::DefaultSpread;
use holdfast_cluster::taint::{self, Effect};
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement, PodSpec};

/// Whether another of the pods in whose place one may have to be scheduled (`movers`) counts `pod`
/// for its spread.
pub(crate) fn is_counted(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    movers: &[InstanceId],
) -> bool {
    let counted = placement.instance(pod);
    let mut others = movers.iter().filter(|other| **other != pod);
    others.any(|other| counts(cluster, placement, placement.instance(*other), counted))
}

/// Whether the spread of `placed` counts `counted`: by its own constraints, or by the default ones,
/// which count the pods that a Service or the same controller selects, by host and by zone. The
/// host is the silent node itself, so that unless its taints let `placed` in, of the defaults only
/// the zone can show. What a profile lists instead may count every pod of the namespace.
fn counts(cluster: &Cluster, placement: &Placement, placed: &Instance, counted: &Instance) -> bool {
    let namespace = cluster.class(placed.class).namespace;
    if namespace != cluster.class(counted.class).namespace {
        return false;
    }
    let labels = cluster.labels_of(counted.class);
    let spec = cluster.spec_of(placed.class);
    if !spec.spread.is_empty() {
        return spec.spread.iter().any(|c| c.selector.matches(labels, cluster.symbols()));
    }
    let profile = cluster.scheduling().profile(spec.scheduler_name);
    if let Some(DefaultSpread::List(constraints)) = profile.map(|p| &p.default_spread) {
        return !constraints.is_empty();
    }
    let shows = counted.node().is_some_and(|node| {
        let zoned = cluster.node(node).labels.get(cluster.known().zone).is_some();
        zoned || is_let_in(cluster, placement, spec, node)
    });
    shows && (placed.workload == counted.workload || share_service(cluster, placed, counted))
}

/// Whether the taints of a node as they stand let pods of the spec in.
fn is_let_in(cluster: &Cluster, placement: &Placement, spec: &PodSpec, node: NodeId) -> bool {
    let mut taints = taint::standing(cluster.known(), cluster.node(node), placement.node(node))
        .filter(|taint| taint.effect != Effect::PreferNoSchedule);
    taints.all(|taint| {
        spec.tolerations.iter().any(|one| one.tolerates(&taint, cluster.symbols(), false))
    })
}

fn share_service(cluster: &Cluster, one: &Instance, other: &Instance) -> bool {
    let namespace = cluster.class(one.class).namespace;
    let (one, other) = (cluster.labels_of(one.class), cluster.labels_of(other.class));
    cluster.objects().services.iter().any(|service| {
        service.namespace == namespace
            && !service.selector.is_empty()
            && service
                .selector
                .iter()
                .all(|(key, value)| one.get(key) == Some(value) && other.get(key) == Some(value))
    })
}
