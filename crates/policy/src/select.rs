//! Which workloads a requirement is about.

use holdfast_cluster::{Cluster, WorkloadId};
use holdfast_ingest::policy::Selector;

/// Whether all that the selector says is true of a workload.
pub fn selects(selector: &Selector, cluster: &Cluster, id: WorkloadId) -> bool {
    let workload = cluster.workload(id);
    let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|text| text == has);
    is(&selector.name, cluster.text(workload.name))
        && is(&selector.namespace, cluster.text(workload.namespace))
        && is(&selector.kind, workload.kind.name(cluster))
        && selector.pod_labels.iter().all(|(key, value)| has_label(cluster, id, key, value))
}

/// Whether the next pod of a workload has this label.
fn has_label(cluster: &Cluster, id: WorkloadId, key: &str, value: &str) -> bool {
    let labels = cluster.workload(id).template.map(|template| cluster.labels_of(template));
    let found = labels.zip(cluster.find(key)).and_then(|(labels, key)| labels.get(key));
    found.is_some_and(|found| cluster.text(found) == value)
}
