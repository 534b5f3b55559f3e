//! Volumes that pin pods to nodes and zones.

use serde_json::{Value, json};

use super::workloads::plain;
use crate::shape::{Json, any_of, just, layered, pick, record};

/// The driver of volumes that are attached to one node at a time.
const DRIVER: &str = "csi.example";

/// A workload with claims on volumes that are where they are.
pub(super) fn claiming() -> Json {
    workload(pick(&["local", "local", "zonal"]))
}

/// A workload with claims on volumes that are attached to nodes.
pub(super) fn attaching() -> Json {
    workload(just("attached"))
}

/// A StatefulSet with a claim for each pod, or a Deployment with one for all.
fn workload(class: Json) -> Json {
    let mode = any_of(vec![(3, just("ReadWriteOnce")), (1, just("ReadWriteOncePod"))]);
    let claim = record(vec![
        ("storageClassName", class),
        ("accessModes", mode_list(mode)),
        ("resources", just(json!({"requests": {"storage": "1Gi"}}))),
    ]);
    any_of(vec![(3, templated(claim.clone())), (2, shared(claim))])
}

fn mode_list(mode: Json) -> Json {
    crate::shape::list(1..=1, mode)
}

fn templated(claim: Json) -> Json {
    let template = record(vec![("metadata", just(json!({"name": "data"}))), ("spec", claim)]);
    let spec = record(vec![
        ("serviceName", just("SELF")),
        ("podManagementPolicy", pick(&["OrderedReady", "Parallel"])),
        ("volumeClaimTemplates", crate::shape::list(1..=1, template)),
    ]);
    layered(plain("StatefulSet"), vec![record(vec![("spec", spec)])])
}

fn shared(claim: Json) -> Json {
    let volume = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "SELF"}}]);
    let spec = record(vec![("replicas", pick(&[1, 1, 2])), ("strategy", pick_strategy())]);
    let drawn = record(vec![
        ("spec", spec),
        ("pod", record(vec![("volumes", just(volume))])),
        ("claims", crate::shape::list(1..=1, claim)),
    ]);
    layered(plain("Deployment"), vec![drawn])
}

fn pick_strategy() -> Json {
    any_of(vec![(1, just(json!({"type": "Recreate"}))), (1, just(Value::Null))])
}

/// Volumes that can be attached to any node, as many as a node can have two times over.
pub(super) fn attached_volumes(nodes: &[Value]) -> Vec<Value> {
    let mut objects = vec![
        class("attached"),
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": DRIVER},
            "spec": {"attachRequired": true},
        }),
    ];
    for node in nodes {
        let name = &node["metadata"]["name"];
        let driver = json!({"name": DRIVER, "nodeID": name, "allocatable": {"count": 4}});
        objects.push(json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": name},
            "spec": {"drivers": [driver]},
        }));
    }
    for number in 0..8 {
        let mode = if number < 6 { "Once" } else { "OncePod" };
        let name = format!("disk-{number}");
        let source = json!({"csi": {"driver": DRIVER, "volumeHandle": name}});
        objects.push(volume(&name, "attached", mode, source, None));
    }
    objects
}

/// Local volumes on every node, some of every zone besides, and the classes they are of.
pub(super) fn pinned_volumes(nodes: &[Value]) -> Vec<Value> {
    let mut objects: Vec<Value> = ["local", "zonal"].map(class).into();
    for node in nodes {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        // A volume that may be ReadWriteOncePod may be nothing else.
        for (number, mode) in ["Once", "Once", "OncePod"].iter().enumerate() {
            let source = json!({"local": {"path": "/data/disk"}});
            let local = format!("local-{name}-{number}");
            let place = Some(("kubernetes.io/hostname", name));
            objects.push(volume(&local, "local", mode, source, place));
        }
        if let Some(zone) = node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str() {
            let place = Some(("topology.kubernetes.io/zone", zone));
            for mode in ["Once", "OncePod"] {
                let source = json!({"nfs": {"server": "nas.example", "path": "/data"}});
                let zonal = format!("zonal-{name}-{}", mode.to_lowercase());
                objects.push(volume(&zonal, "zonal", mode, source, place));
            }
        }
    }
    objects
}

fn class(name: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    })
}

/// A volume, and the label and value of the nodes that can have it if not all can.
fn volume(
    name: &str,
    class: &str,
    mode: &str,
    source: Value,
    place: Option<(&str, &str)>,
) -> Value {
    let mut spec = source;
    if let Some((label, value)) = place {
        let expression = json!({"key": label, "operator": "In", "values": [value]});
        spec["nodeAffinity"] =
            json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}});
    }
    spec["capacity"] = json!({"storage": "10Gi"});
    spec["accessModes"] = json!([format!("ReadWrite{mode}")]);
    spec["storageClassName"] = json!(class);
    spec["persistentVolumeReclaimPolicy"] = json!("Retain");
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": name}, "spec": spec,
    })
}
