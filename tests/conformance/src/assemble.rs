//! From parts to a case: names, and what refers to what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What strategies drew, nameless as yet.
pub struct Parts {
    /// Nodes. `null` as the label `kubernetes.io/hostname` keeps it away.
    pub nodes: Vec<Value>,
    /// Pods with a number for `spec.nodeName`: the how manyth node, counted round.
    pub bound: Vec<Value>,
    /// Pods without.
    pub pending: Vec<Value>,
    /// Lists of other objects, which have their names.
    pub objects: Value,
}

/// Namespaces that pods may be in.
pub const NAMESPACES: [&str; 3] = ["default", "prod", "infra"];

/// The objects of a case, in an order that an export could have.
pub fn assemble(parts: Parts) -> Vec<Value> {
    let count = parts.nodes.len();
    let mut objects: Vec<Value> = Vec::new();
    let Value::Array(lists) = parts.objects else { return objects };
    let others = lists.into_iter().flat_map(|list| match list {
        Value::Array(items) => items,
        other => vec![other],
    });
    let mut seen = BTreeSet::new();
    for object in others.filter(Value::is_object) {
        let metadata = &object["metadata"];
        if seen.insert(format!("{} {}/{}", object["kind"], metadata["namespace"], metadata["name"]))
        {
            objects.push(object);
        }
    }
    for (name, team) in NAMESPACES.into_iter().zip(["a", "b", "b"]) {
        if seen.insert(format!("\"Namespace\" null/\"{name}\"")) {
            let labels = json!({"kubernetes.io/metadata.name": name, "team": team});
            let metadata = json!({"name": name, "labels": labels});
            objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
        }
    }
    objects.extend(parts.nodes.into_iter().enumerate().map(|(at, node)| name_node(node, at)));
    for (at, mut pod) in parts.bound.into_iter().enumerate() {
        let drawn = pod["spec"]["nodeName"].as_u64().unwrap_or(0) as usize;
        let node = if drawn >= GONE { "gone".to_owned() } else { node_name(drawn % count.max(1)) };
        pod["spec"]["nodeName"] = json!(node);
        objects.push(name_pod(pod, &format!("b{at:02}"), count));
    }
    for (at, mut pod) in parts.pending.into_iter().enumerate() {
        if let Some(spec) = pod["spec"].as_object_mut() {
            spec.remove("nodeName");
        }
        objects.push(name_pod(pod, &format!("p{at:02}"), count));
    }
    objects
}

/// From this number on, a pod is bound to a node that is not there.
pub const GONE: usize = 1_000;

/// The name of the how manyth node, from 0.
pub fn node_name(at: usize) -> String {
    format!("node-{at:02}")
}

fn name_node(mut node: Value, at: usize) -> Value {
    let name = node_name(at);
    node["apiVersion"] = json!("v1");
    node["kind"] = json!("Node");
    node["metadata"]["name"] = json!(name);
    if let Some(labels) = node["metadata"]["labels"].as_object_mut()
        && !labels.contains_key("no-hostname")
    {
        labels.insert("kubernetes.io/hostname".into(), json!(name));
    }
    node
}

fn name_pod(mut pod: Value, name: &str, nodes: usize) -> Value {
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(name);
    if let Some(at) = pod["status"]["nominatedNodeName"].as_u64() {
        pod["status"]["nominatedNodeName"] = json!(node_name(at as usize % nodes.max(1)));
    }
    for (list, letter) in [("containers", 'c'), ("initContainers", 'i')] {
        let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for (at, container) in containers.into_iter().flatten().enumerate() {
            container["name"] = json!(format!("{letter}{at}"));
            if container.get("image").is_none() {
                container["image"] = json!("app");
            }
        }
    }
    for list in ["containerStatuses", "initContainerStatuses"] {
        let letter = if list == "containerStatuses" { 'c' } else { 'i' };
        let statuses = pod.get_mut("status").and_then(|status| status.get_mut(list));
        for (at, status) in statuses.and_then(Value::as_array_mut).into_iter().flatten().enumerate()
        {
            status["name"] = json!(format!("{letter}{at}"));
        }
    }
    let volumes = pod["spec"].get_mut("volumes").and_then(Value::as_array_mut);
    for (at, volume) in volumes.into_iter().flatten().enumerate() {
        volume["name"] = json!(format!("v{at}"));
    }
    pod
}
