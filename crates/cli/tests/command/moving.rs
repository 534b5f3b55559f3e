//! Clusters in which pods have room to move.

use serde_json::{Value, json};

/// An export of these objects. Where it holds no Services at all, nobody knows how the scheduler
/// spreads pods.
pub(crate) fn cluster(objects: &[Value]) -> String {
    let service = json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "other", "namespace": "other" },
        "spec": { "selector": { "app": "other" } } });
    let items: Vec<&Value> = objects.iter().chain([&service]).collect();
    json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
}

/// A node, in a zone of its own.
pub(crate) fn node(name: &str, cpu: &str) -> Value {
    let room = json!({ "cpu": cpu, "memory": "16Gi", "pods": "110" });
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": {
            "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": name } },
        "status": { "allocatable": room, "capacity": room,
            "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

/// A Deployment with a pod on each of these nodes; `more` is added to the pods' spec.
pub(crate) fn deployment(name: &str, on: &[&str], cpu: &str, more: &Value) -> Vec<Value> {
    let labels = json!({ "app": name });
    let requests = json!({ "cpu": cpu, "memory": "1Gi" });
    let mut spec = json!({
        "containers": [{ "name": "c", "image": "i", "resources": { "requests": requests } }],
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    let template = json!({ "metadata": { "labels": labels }, "spec": spec });
    let selector = json!({ "matchLabels": labels });
    let owner = |kind: &str, name: &str| {
        json!([{ "apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name,
            "controller": true }])
    };
    let set = format!("{name}-1");
    let mut all = vec![
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": "shop", "uid": name },
            "spec": { "replicas": on.len(), "selector": selector, "template": template },
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": { "name": set, "namespace": "shop", "uid": set,
                "ownerReferences": owner("Deployment", name) },
            "spec": { "replicas": on.len(), "selector": selector, "template": template },
        }),
    ];
    for (at, node) in on.iter().enumerate() {
        let mut spec = spec.clone();
        spec["nodeName"] = json!(node);
        all.push(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("{set}-{at}"), "namespace": "shop", "labels": labels,
                "ownerReferences": owner("ReplicaSet", &set) },
            "spec": spec,
            "status": { "phase": "Running",
                "conditions": [{ "type": "Ready", "status": "True" }] },
        }));
    }
    all
}

/// A budget that keeps so many of an app's pods.
pub(crate) fn budget(app: &str, least: u32) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": app, "namespace": "shop" },
        "spec": { "minAvailable": least, "selector": { "matchLabels": { "app": app } } },
    })
}
