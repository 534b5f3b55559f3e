//! Small exports, object by object.

use holdfast_cluster::Cluster;
use holdfast_ingest::{Options, Source, load};
use serde_json::{Value, json};

pub(crate) fn cluster(objects: &[Value]) -> Cluster {
    // Where an export holds no Services at all, nobody knows how the scheduler spreads pods.
    let service = json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "other", "namespace": "other" },
        "spec": { "selector": { "app": "other" } } });
    let items: Vec<&Value> = objects.iter().chain([&service]).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string();
    load(vec![Source::named("cluster", list)], &Options::default()).cluster
}

pub(crate) fn spec(cpu: &str, memory: &str, more: &Value) -> Value {
    let requests = json!({ "cpu": cpu, "memory": memory });
    let mut spec = json!({
        "containers": [{ "name": "c", "image": "i", "resources": { "requests": requests } }],
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    spec
}

/// A ReplicaSet with a pod on each of these nodes.
pub(crate) fn workload(name: &str, on: &[&str], spec: &Value) -> Vec<Value> {
    let labels = json!({ "app": name });
    let mut all = vec![json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": { "name": name, "namespace": "default", "uid": name },
        "spec": { "replicas": on.len(), "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": spec } },
    })];
    for (at, node) in on.iter().enumerate() {
        let mut spec = spec.clone();
        spec["nodeName"] = json!(node);
        let owner = json!([{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name,
            "uid": name, "controller": true }]);
        all.push(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("{name}-{at}"), "namespace": "default", "labels": labels,
                "ownerReferences": owner },
            "spec": spec,
            "status": { "phase": "Running",
                "conditions": [{ "type": "Ready", "status": "True" }] },
        }));
    }
    all
}
