//! What workloads and the pods of a placement are called towards people.

use holdfast_cluster::{Cluster, InstanceId, Placement, WorkloadId};

use crate::scenario::FailureSet;

/// A workload as `KIND/NAMESPACE/NAME`.
pub(crate) fn of_workload(cluster: &Cluster, id: WorkloadId) -> String {
    let workload = cluster.workload(id);
    let (namespace, name) = (cluster.text(workload.namespace), cluster.text(workload.name));
    format!("{}/{namespace}/{name}", workload.kind.name(cluster))
}

/// What a pod that is yet to be made goes by: the namespace and name of what makes it.
pub(crate) fn of_maker(cluster: &Cluster, id: WorkloadId) -> String {
    let workload = cluster.workload(id);
    format!("{}/{}", cluster.text(workload.namespace), cluster.text(workload.name))
}

/// A pod by namespace and name, and whether it was made since the export: then it goes by the pod
/// whose place it takes, or by its workload.
pub(crate) fn of_pod(cluster: &Cluster, placement: &Placement, id: InstanceId) -> (String, bool) {
    let instance = placement.instance(id);
    let namespace = cluster.text(cluster.class(instance.class).namespace);
    let name = match instance.origin {
        Some(pod) => cluster.pod(pod).name,
        None => cluster.workload(instance.workload).name,
    };
    let made_since = instance.origin.map(InstanceId::from) != Some(id);
    (format!("{namespace}/{}", cluster.text(name)), made_since)
}

/// The nodes of a set, and its machines that are none.
pub(crate) fn machines(cluster: &Cluster, set: &FailureSet) -> Vec<String> {
    let nodes = set.nodes().iter().map(|node| cluster.node_name(*node));
    let machines = set.machines().iter().map(|name| cluster.text(*name));
    nodes.chain(machines).map(str::to_owned).collect()
}
