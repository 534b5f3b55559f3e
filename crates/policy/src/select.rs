//! Which workloads a requirement is about.

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, WorkloadId};
use holdfast_ingest::policy::{Owner, Selector};

/// Whether all that the selector says is true of a workload.
pub fn selects(selector: &Selector, cluster: &Cluster, id: WorkloadId) -> bool {
    let workload = cluster.workload(id);
    let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|text| text == has);
    is(&selector.name, cluster.text(workload.name))
        && is(&selector.namespace, cluster.text(workload.namespace))
        && is(&selector.kind, workload.kind.name(cluster))
        && is(&selector.priority_class, priority_class(cluster, id))
        && is_owned(&selector.owner, cluster, id)
        && selector.pod_labels.iter().all(|(key, value)| has_label(cluster, id, key, value))
}

/// The priority class of a workload's next pod; no class has an empty name.
fn priority_class(cluster: &Cluster, id: WorkloadId) -> &str {
    cluster.workload(id).priority_class.map_or("", |class| cluster.text(class))
}

/// Whether an operator's object made a workload, or its pods themselves.
fn is_owned(owner: &Owner, cluster: &Cluster, id: WorkloadId) -> bool {
    if *owner == Owner::default() {
        return true;
    }
    let workload = cluster.workload(id);
    let itself = matches!(workload.kind, WorkloadKind::Custom(_));
    let made_by = workload.made_by.or(itself.then_some((workload.kind, workload.name)));
    made_by.is_some_and(|(kind, name)| {
        let is = |wanted: &Option<String>, has| wanted.as_deref().is_none_or(|text| text == has);
        is(&owner.kind, kind.name(cluster)) && is(&owner.name, cluster.text(name))
    })
}

/// Whether the next pod of a workload has this label.
fn has_label(cluster: &Cluster, id: WorkloadId, key: &str, value: &str) -> bool {
    let labels = cluster.workload(id).template.map(|template| cluster.labels_of(template));
    let found = labels.zip(cluster.find(key)).and_then(|(labels, key)| labels.get(key));
    found.is_some_and(|found| cluster.text(found) == value)
}
