//! The machines.

use serde_json::{Value, json};

use crate::shape::{Json, any_of, just, list, pick, record, some};

/// A node without a name and a zone.
pub(super) fn node() -> Json {
    let resources = record(vec![
        ("cpu", pick(&["4", "4", "2", "8"])),
        ("memory", pick(&["8Gi", "8Gi", "4Gi", "16Gi"])),
        ("pods", pick(&["110", "110", "110", "110", "6"])),
    ]);
    let taint = any_of(vec![
        (3, just(json!({"key": "dedicated", "value": "a", "effect": "NoSchedule"}))),
        (1, just(json!({"key": "old", "effect": "PreferNoSchedule"}))),
    ]);
    record(vec![
        ("disk", pick(&["ssd", "ssd", "hdd"])),
        ("taints", some(12, list(1..=1, taint))),
        ("resources", resources),
    ])
}

/// Nodes `n0`, `n1` and so on, zone by zone in turn.
pub(super) fn named(drawn: Vec<Value>, zones: usize) -> Vec<Value> {
    let named = drawn.into_iter().enumerate().map(|(at, drawn)| {
        let name = format!("n{at}");
        let mut labels = json!({
            "kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux", "disk": drawn["disk"],
        });
        if zones > 0 {
            labels["topology.kubernetes.io/zone"] = json!(format!("z{}", at % zones));
        }
        manifest(&name, &labels, &drawn["taints"], &drawn["resources"])
    });
    named.collect()
}

/// A node as its kubelet registers it.
pub(super) fn manifest(name: &str, labels: &Value, taints: &Value, resources: &Value) -> Value {
    let mut resources = resources.clone();
    resources["ephemeral-storage"] = json!("100Gi");
    // Without it, nothing is attached to a node.
    let annotations = json!({"volumes.kubernetes.io/controller-managed-attach-detach": "true"});
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "spec": {},
        "status": {"capacity": resources, "allocatable": resources},
    });
    if !taints.is_null() {
        node["spec"]["taints"] = taints.clone();
    }
    node
}
