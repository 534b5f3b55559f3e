//! What pods of a placement are called towards people.

use holdfast_cluster::{Cluster, InstanceId, Placement};

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
