//! Nodes and their `CSINode`s, namespaces and priority classes.

use std::io;

use serde_json::{Value, json};

use super::place::{RESERVED, VOLUMES_MAX};
use super::plan::{Node, Plan, Pool};
use super::random::Random;
use super::storage::DRIVER;

/// How many images a node reports; a kubelet stops at 50.
const IMAGES: u32 = 38;

/// What a kubelet says in each condition when all is well.
const CONDITIONS: [(&str, &str, &str, &str); 4] = [
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

pub(super) fn emit(plan: &Plan, emit: &mut impl FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    for (index, node) in (0u32..).zip(&plan.nodes) {
        emit(self::node(plan.seed, index, node))?;
    }
    for node in &plan.nodes {
        emit(csi_node(node))?;
    }
    for name in std::iter::once("default").chain(plan.namespaces.iter().map(String::as_str)) {
        emit(namespace(plan.seed, name))?;
    }
    for (name, value) in [("batch", -10), ("business", 1_000)] {
        emit(priority_class(name, value))?;
    }
    Ok(())
}

/// The priority that a class gives.
pub(super) fn priority(class: Option<&str>) -> i32 {
    match class {
        Some("system-node-critical") => 2_000_001_000,
        Some("business") => 1_000,
        Some("batch") => -10,
        _ => 0,
    }
}

/// The name of a zone.
pub(super) fn zone(index: u32) -> String {
    format!("region-1-zone-{index}")
}

/// The address of a node.
pub(super) fn address(index: u32) -> String {
    format!("10.{}.{}.{}", 128 + (index >> 16), (index >> 8) & 255, index & 255)
}

fn node(seed: u64, index: u32, node: &Node) -> Value {
    let mut random = Random::of(seed, "node", u64::from(index));
    let created = random.time();
    let volume_id = format!("{{\"{DRIVER}\":\"i-{}\"}}", random.hex(17));
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": {
                "csi.volume.kubernetes.io/nodeid": volume_id,
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
            "creationTimestamp": created,
            "labels": labels(node),
            "name": node.name,
            "resourceVersion": random.below(900_000_000).to_string(),
            "uid": random.uid(),
        },
        "spec": spec(&mut random, index, node),
        "status": status(&mut random, index, node),
    })
}

fn labels(node: &Node) -> Value {
    let machine = format!("{}.{}c{}g", node.pool.name(), node.cpus, node.memory_gi);
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "example.com/pool": node.pool.name(),
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": machine,
        "topology.kubernetes.io/region": "region-1",
        "topology.kubernetes.io/zone": zone(node.zone),
    });
    if node.pool == Pool::ControlPlane {
        labels["node-role.kubernetes.io/control-plane"] = json!("");
    }
    labels
}

fn spec(random: &mut Random, index: u32, node: &Node) -> Value {
    let block = format!("10.{}.{}.0/24", (index >> 8) & 127, index & 255);
    let mut spec = json!({
        "podCIDR": block,
        "podCIDRs": [block],
        "providerID": format!("example:///{}/i-{}", zone(node.zone), random.hex(17)),
    });
    if let Some((key, value, effect)) = node.pool.taint() {
        let mut taint = json!({"effect": effect, "key": key});
        if !value.is_empty() {
            taint["value"] = json!(value);
        }
        spec["taints"] = json!([taint]);
    }
    spec
}

fn status(random: &mut Random, index: u32, node: &Node) -> Value {
    let since = random.time();
    let condition = |(name, status, reason, message): (&str, &str, &str, &str)| {
        json!({
            "lastHeartbeatTime": "2026-11-01T12:00:00Z",
            "lastTransitionTime": since,
            "message": message,
            "reason": reason,
            "status": status,
            "type": name,
        })
    };
    json!({
        "addresses": [
            {"address": address(index), "type": "InternalIP"},
            {"address": node.name, "type": "Hostname"},
        ],
        "allocatable": resources(node, RESERVED),
        "capacity": resources(node, (0, 0)),
        "conditions": CONDITIONS.map(condition),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "images": (0..IMAGES).map(|_| image(random)).collect::<Vec<_>>(),
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": random.uid(),
            "containerRuntimeVersion": "containerd://2.1.4",
            "kernelVersion": "6.12.38",
            "kubeProxyVersion": "",
            "kubeletVersion": "v1.36.3",
            "machineID": random.hex(32),
            "operatingSystem": "linux",
            "osImage": "Example Linux 12 (stable)",
            "systemUUID": random.uid(),
        },
    })
}

/// What the node has, less what is kept back: millicores and MiB.
fn resources(node: &Node, (cpu_milli, memory_mi): (u32, u32)) -> Value {
    let cpu = match node.cpus * 1_000 - cpu_milli {
        whole if whole.is_multiple_of(1_000) => (whole / 1_000).to_string(),
        milli => format!("{milli}m"),
    };
    let memory = u64::from(node.memory_gi * 1_024 - memory_mi) * 1_024;
    let mut resources = json!({
        "cpu": cpu,
        "ephemeral-storage": "103079215104",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": format!("{memory}Ki"),
        "pods": node.pods_max.to_string(),
    });
    if node.gpus > 0 {
        resources["nvidia.com/gpu"] = json!(node.gpus.to_string());
    }
    resources
}

fn image(random: &mut Random) -> Value {
    let name = format!("registry.example.com/team/{}", random.suffix(8));
    let tag = format!("{name}:v1.{}", random.below(40));
    let digest = format!("{name}@sha256:{}", random.hex(64));
    json!({"names": [digest, tag], "sizeBytes": 5_000_000 + random.below(900_000_000)})
}

fn csi_node(node: &Node) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {"name": node.name},
        "spec": {"drivers": [{
            "allocatable": {"count": VOLUMES_MAX},
            "name": DRIVER,
            "nodeID": node.name,
            "topologyKeys": ["topology.kubernetes.io/zone"],
        }]},
    })
}

fn namespace(seed: u64, name: &str) -> Value {
    let mut random = Random::of(seed, name, 0);
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "creationTimestamp": random.time(),
            "labels": {"kubernetes.io/metadata.name": name},
            "name": name,
            "uid": random.uid(),
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })
}

fn priority_class(name: &str, value: i32) -> Value {
    json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "preemptionPolicy": "PreemptLowerPriority",
        "value": value,
    })
}
