//! What an object means by Holdfast's own reading.

use std::collections::BTreeMap;

use holdfast_cluster::affinity::PodAffinity;
use holdfast_cluster::budget::{Amount, BudgetRule};
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::workload::{Provenance, Workload, WorkloadKind};
use holdfast_cluster::{Cluster, Labels, Node, Pod, Symbol};
use serde_json::{Value, json};

use crate::facts::{Facts, key};

/// The meaning of everything in the cluster.
pub(crate) fn facts(cluster: &Cluster) -> Facts {
    let mut facts = Facts::new();
    let mut state = |key: String, value: Value| {
        assert!(facts.insert(key.clone(), value).is_none(), "{key} stands twice");
    };
    let text = |symbol| cluster.text(symbol);
    for node in cluster.nodes() {
        state(key("Node", "", text(node.name)), self::node(cluster, node));
    }
    for pod in cluster.pods() {
        let namespace = text(cluster.class(pod.class).namespace);
        state(key("Pod", namespace, text(pod.name)), self::pod(cluster, pod));
    }
    // A pod that nothing makes is its own workload, and stands among the pods already.
    let made = |kind| !matches!(kind, WorkloadKind::Pod | WorkloadKind::StaticPod);
    let read = cluster.workloads().iter();
    let read = read.filter(|it| it.provenance == Provenance::Read && made(it.kind));
    for Workload { kind, namespace, name, desired, .. } in read {
        let key = key(&format!("{kind:?}"), text(*namespace), text(*name));
        state(key, json!({ "replicas": desired }));
    }
    objects(cluster, &mut state);
    facts
}

fn objects(cluster: &Cluster, state: &mut impl FnMut(String, Value)) {
    let text = |symbol| cluster.text(symbol);
    let some = |symbol: Option<Symbol>| symbol.map(text);
    let objects = cluster.objects();
    for it in &objects.services {
        let facts = json!({ "selector": labels(cluster, &it.selector) });
        state(key("Service", text(it.namespace), text(it.name)), facts);
    }
    for it in &objects.budgets {
        let rule = match it.rule {
            BudgetRule::MinAvailable(least) => json!(["min", amount(least)]),
            BudgetRule::MaxUnavailable(most) => json!(["max", amount(most)]),
        };
        let facts = json!({ "rule": rule, "allowed": it.disruptions_allowed });
        state(key("PodDisruptionBudget", text(it.namespace), text(it.name)), facts);
    }
    for it in objects.claims.values() {
        let facts = json!({ "volume": some(it.volume), "class": some(it.class) });
        state(key("PersistentVolumeClaim", text(it.namespace), text(it.name)), facts);
    }
    for it in objects.volumes.values() {
        let claim = it.claim.map(|(namespace, name)| [text(namespace), text(name)]);
        state(key("PersistentVolume", "", text(it.name)), json!({ "claim": claim }));
    }
    for it in objects.storage_classes.values() {
        let binding = format!("{:?}", it.binding);
        let facts = json!({ "provisioner": text(it.provisioner), "binding": binding });
        state(key("StorageClass", "", text(it.name)), facts);
    }
    for it in objects.csi_nodes.values() {
        let drivers = it.drivers.iter().map(|driver| {
            let keys: Vec<&str> = driver.topology_keys.iter().map(|key| text(*key)).collect();
            json!([text(driver.driver), driver.attach_limit, keys])
        });
        let facts = json!({ "drivers": drivers.collect::<Vec<_>>() });
        state(key("CSINode", "", text(it.node)), facts);
    }
    for (name, value) in &objects.priority_classes {
        state(key("PriorityClass", "", text(*name)), json!({ "value": value }));
    }
}

fn labels<'c>(cluster: &'c Cluster, labels: &Labels) -> BTreeMap<&'c str, &'c str> {
    labels.iter().map(|(key, value)| (cluster.text(key), cluster.text(value))).collect()
}

/// A text, none where it is empty.
fn given(cluster: &Cluster, symbol: Symbol) -> Option<&str> {
    Some(cluster.text(symbol)).filter(|text| !text.is_empty())
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Count(count) => count.to_string(),
        Amount::Percent(percent) => format!("{percent}%"),
    }
}

fn node(cluster: &Cluster, node: &Node) -> Value {
    let taints = node.taints.iter().map(|taint| {
        let effect = format!("{:?}", taint.effect);
        json!([cluster.text(taint.key), given(cluster, taint.value), effect])
    });
    json!({
        "labels": labels(cluster, &node.labels),
        "unschedulable": node.unschedulable,
        "terminating": node.terminating,
        "taints": taints.collect::<Vec<_>>(),
        "readiness": format!("{:?}", node.readiness),
        "allocatable":
            [node.allocatable.cpu_milli, node.allocatable.memory, node.pods_allocatable],
    })
}

fn pod(cluster: &Cluster, pod: &Pod) -> Value {
    let text = |symbol| cluster.text(symbol);
    let spec = cluster.spec_of(pod.class);
    let tolerations = spec.tolerations.iter().map(|it| {
        json!([
            it.key.map(text),
            format!("{:?}", it.operator),
            given(cluster, it.value),
            it.effect.map(|effect| format!("{effect:?}")),
            it.seconds,
        ])
    });
    let spread = spec.spread.iter();
    let spread = spread.map(|it| json!([text(it.topology_key), it.max_skew, it.min_domains]));
    let ports = spec.host_ports.iter().map(|port| {
        json!([text(port.ip), format!("{:?}", port.protocol).to_uppercase(), port.port])
    });
    let claims = spec.volumes.iter().filter_map(|volume| match volume {
        PodVolume::Claim { name, ephemeral: false, .. } => Some(text(*name)),
        _ => None,
    });
    let keys = |affinity: &PodAffinity| -> Vec<&str> {
        affinity.required.iter().map(|term| text(term.topology_key)).collect()
    };
    json!({
        "labels": labels(cluster, cluster.labels_of(pod.class)),
        "terminating": pod.terminating,
        "node": pod.node.map(text),
        "phase": format!("{:?}", pod.phase),
        "ready": pod.ready,
        "priority": spec.priority,
        "nodeSelector": labels(cluster, &spec.node_selector),
        "tolerations": tolerations.collect::<Vec<_>>(),
        "spread": spread.collect::<Vec<_>>(),
        "affinity": keys(&spec.pod_affinity),
        "antiAffinity": keys(&spec.pod_anti_affinity),
        "ports": ports.collect::<Vec<_>>(),
        "claims": claims.collect::<Vec<_>>(),
        "requests": [spec.requests.cpu_milli, spec.requests.memory],
    })
}
