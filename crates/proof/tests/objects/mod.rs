//! Small clusters, object by object.

use holdfast_cluster::Cluster;
use holdfast_ingest::{Options, Source, load};
use serde_json::{Value, json};

/// A node that is ready, with 4 CPU and 8 GiB.
pub(crate) fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// A `ReplicaSet` with a pod of this spec on each of these nodes.
pub(crate) fn replica_set(name: &str, nodes: &[&str], spec: &Value) -> Vec<Value> {
    let labels = json!({"app": name});
    let mut objects = vec![json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": nodes.len(), "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    })];
    for (at, node) in nodes.iter().enumerate() {
        let mut bound = spec.clone();
        bound["nodeName"] = json!(node);
        objects.push(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("{name}-{}", at + 1), "namespace": "default", "labels": labels,
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": "u",
                    "controller": true,
                }],
            },
            "spec": bound,
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }));
    }
    objects
}

/// The cluster of these objects, with what default spread looks for, to know that there is none.
pub(crate) fn cluster(mut objects: Vec<Value>) -> Cluster {
    for (group, kind) in
        [("v1", "Service"), ("v1", "ReplicationController"), ("apps/v1", "StatefulSet")]
    {
        objects.push(json!({
            "apiVersion": group, "kind": kind, "metadata": {"name": "none", "namespace": "other"},
            "spec": {"replicas": 0, "selector": {"none": "such"}},
        }));
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    load(vec![Source::named("cluster.json", list.to_string())], &Options::default()).cluster
}
