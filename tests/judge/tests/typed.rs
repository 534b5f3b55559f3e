//! What an object means by the types of `k8s-openapi`.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{
    Node, PersistentVolume, PersistentVolumeClaim, Pod, PodAffinityTerm, Service, Taint, Toleration,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::{CSINode, StorageClass};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::facts::key;
use crate::quantity::{milli, units};

type List = BTreeMap<String, Quantity>;

/// An object's name among the facts, and what it means.
pub(crate) type Fact = (String, Value);

/// What the judge makes of an object: nothing of kinds that are not judged, an error where it
/// cannot read the object.
pub(crate) fn fact(object: &Value) -> Option<Result<Fact, serde_json::Error>> {
    let version = object["apiVersion"].as_str()?;
    Some(match (version, object["kind"].as_str()?) {
        ("v1", "Node") => read(object, node),
        ("v1", "Pod") => read(object, pod),
        ("v1", "Service") => read(object, service),
        ("v1", "PersistentVolume") => read(object, volume),
        ("v1", "PersistentVolumeClaim") => read(object, claim),
        ("apps/v1", "Deployment") => read(object, |it: &Deployment| {
            replicas("Deployment", &it.metadata, it.spec.as_ref().and_then(|spec| spec.replicas))
        }),
        ("apps/v1", "ReplicaSet") => read(object, |it: &ReplicaSet| {
            replicas("ReplicaSet", &it.metadata, it.spec.as_ref().and_then(|spec| spec.replicas))
        }),
        ("apps/v1", "StatefulSet") => read(object, |it: &StatefulSet| {
            replicas("StatefulSet", &it.metadata, it.spec.as_ref().and_then(|spec| spec.replicas))
        }),
        // How many pods a DaemonSet wants follows from the nodes; the judge counts none.
        ("apps/v1", "DaemonSet") => {
            read(object, |it: &DaemonSet| (named("DaemonSet", &it.metadata), json!({})))
        }
        ("policy/v1", "PodDisruptionBudget") => read(object, budget),
        ("scheduling.k8s.io/v1", "PriorityClass") => read(object, |it: &PriorityClass| {
            (global("PriorityClass", &it.metadata), json!({ "value": it.value.unwrap_or(0) }))
        }),
        ("storage.k8s.io/v1", "StorageClass") => read(object, storage_class),
        ("storage.k8s.io/v1", "CSINode") => read(object, csi_node),
        _ => return None,
    })
}

fn read<T: DeserializeOwned>(
    object: &Value,
    meaning: impl Fn(&T) -> Fact,
) -> Result<Fact, serde_json::Error> {
    T::deserialize(object).map(|typed| meaning(&typed))
}

fn named(kind: &str, meta: &ObjectMeta) -> String {
    let namespace = meta.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    key(kind, namespace.unwrap_or("default"), meta.name.as_deref().unwrap_or(""))
}

fn global(kind: &str, meta: &ObjectMeta) -> String {
    key(kind, "", meta.name.as_deref().unwrap_or(""))
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn node(node: &Node) -> Fact {
    let mut facts = Map::new();
    let spec = node.spec.clone().unwrap_or_default();
    let status = node.status.clone().unwrap_or_default();
    facts.insert("labels".into(), json!(node.metadata.labels.clone().unwrap_or_default()));
    facts.insert("unschedulable".into(), json!(spec.unschedulable == Some(true)));
    facts.insert("terminating".into(), json!(node.metadata.deletion_timestamp.is_some()));
    let taint = |taint: &Taint| json!([taint.key, given(taint.value.as_ref()), taint.effect]);
    let taints: Vec<Value> = spec.taints.iter().flatten().map(taint).collect();
    facts.insert("taints".into(), json!(taints));
    let ready = status.conditions.iter().flatten().find(|it| it.type_ == "Ready");
    let readiness = ready.map_or("Unstated", |it| match &*it.status {
        "True" => "Ready",
        "False" => "NotReady",
        _ => "Unknown",
    });
    facts.insert("readiness".into(), json!(readiness));
    // Without allocatable, capacity stands for it (`SetDefaults_NodeStatus`).
    let allocatable = status.allocatable.or(status.capacity).unwrap_or_default();
    let amount = |name: &str| allocatable.get(name).map_or(Some(0), |amount| milli(&amount.0));
    if let (Some(cpu), Some(memory), Some(pods)) = (amount("cpu"), amount("memory"), amount("pods"))
    {
        let amounts = [cpu, units(memory), units(pods)].map(|amount| amount as i64);
        facts.insert("allocatable".into(), json!(amounts));
    }
    (global("Node", &node.metadata), Value::Object(facts))
}

fn pod(pod: &Pod) -> Fact {
    let mut facts = Map::new();
    let mut state = |name: &str, value: Value| facts.insert(name.into(), value);
    let spec = pod.spec.clone().unwrap_or_default();
    let status = pod.status.clone().unwrap_or_default();
    state("labels", json!(pod.metadata.labels.clone().unwrap_or_default()));
    state("terminating", json!(pod.metadata.deletion_timestamp.is_some()));
    state("node", json!(given(spec.node_name.as_ref())));
    // The API server starts every pod as pending.
    state("phase", json!(given(status.phase.as_ref()).unwrap_or("Pending")));
    let ready = status.conditions.iter().flatten().find(|it| it.type_ == "Ready");
    state("ready", json!(ready.is_some_and(|it| it.status == "True")));
    // Without one, admission gives it: that is no matter of reading.
    if let Some(priority) = spec.priority {
        state("priority", json!(priority));
    }
    state("nodeSelector", json!(spec.node_selector.clone().unwrap_or_default()));
    let tolerations: Vec<Value> = spec.tolerations.iter().flatten().map(toleration).collect();
    state("tolerations", json!(tolerations));
    let spread = spec.topology_spread_constraints.iter().flatten();
    let spread: Vec<Value> =
        spread.map(|it| json!([it.topology_key, it.max_skew, it.min_domains])).collect();
    state("spread", json!(spread));
    let affinity = spec.affinity.clone().unwrap_or_default();
    let to_pods = affinity.pod_affinity.unwrap_or_default();
    let against = affinity.pod_anti_affinity.unwrap_or_default();
    let keys = |terms: &Option<Vec<PodAffinityTerm>>| -> Vec<String> {
        terms.iter().flatten().map(|term| term.topology_key.clone()).collect()
    };
    state("affinity", json!(keys(&to_pods.required_during_scheduling_ignored_during_execution)));
    state(
        "antiAffinity",
        json!(keys(&against.required_during_scheduling_ignored_during_execution)),
    );
    state("ports", json!(host_ports(pod)));
    let claims = spec.volumes.iter().flatten().filter_map(|volume| {
        volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.clone())
    });
    state("claims", json!(claims.collect::<Vec<_>>()));
    let classes = spec.runtime_class_name.is_none();
    let plain = classes && !resized(pod) && spec.resources.is_none();
    let no_init = spec.init_containers.iter().flatten().next().is_none();
    if let Some(requests) = requests(pod).filter(|_| plain && no_init) {
        state("requests", json!(requests));
    }
    (named("Pod", &pod.metadata), Value::Object(facts))
}

fn toleration(it: &Toleration) -> Value {
    json!([
        given(it.key.as_ref()),
        given(it.operator.as_ref()).unwrap_or("Equal"),
        given(it.value.as_ref()),
        given(it.effect.as_ref()),
        // A time of zero or less is at once.
        it.toleration_seconds.map(|seconds| seconds.max(0)),
    ])
}

/// Sidecars first, then containers; on the host's network every port is the host's.
fn host_ports(pod: &Pod) -> Vec<Value> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|it| it.restart_policy.as_deref() == Some("Always"));
    let ports = sidecars.chain(&spec.containers).flat_map(|it| it.ports.iter().flatten());
    let host_network = spec.host_network == Some(true);
    let read = ports.filter_map(|port| {
        let number = port.host_port.filter(|number| *number != 0);
        let number =
            number.or((host_network && port.container_port != 0).then_some(port.container_port))?;
        let protocol = given(port.protocol.as_ref()).unwrap_or("TCP");
        Some(json!([given(port.host_ip.as_ref()).unwrap_or("0.0.0.0"), protocol, number]))
    });
    read.collect()
}

/// Whether the kubelet gives other amounts than the spec says, which then count besides.
fn resized(pod: &Pod) -> bool {
    let Some(status) = &pod.status else { return false };
    if status.resources.is_some() || status.allocated_resources.is_some() {
        return true;
    }
    let asked = |name: &str| {
        let mut containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        let container = containers.find(|container| container.name == name);
        container.and_then(|it| it.resources.as_ref()).and_then(|it| it.requests.as_ref())
    };
    status.container_statuses.iter().flatten().any(|it| {
        let actual = it.resources.as_ref().and_then(|resources| resources.requests.as_ref());
        let allocated = it.allocated_resources.as_ref();
        [actual, allocated].iter().any(|given| given.is_some() && *given != asked(&it.name))
    })
}

/// CPU in thousandths and memory in bytes of all containers and the overhead. What has a limit
/// alone requests the limit (`SetDefaults_Pod`).
fn requests(pod: &Pod) -> Option<[i64; 2]> {
    let none = List::new();
    let spec = pod.spec.as_ref()?;
    let mut sums = [0_i128; 2];
    for (sum, name) in sums.iter_mut().zip(["cpu", "memory"]) {
        for container in &spec.containers {
            let resources = container.resources.clone().unwrap_or_default();
            let requests = resources.requests.unwrap_or_default();
            let limits = resources.limits.unwrap_or_default();
            if let Some(amount) = requests.get(name).or(limits.get(name)) {
                *sum += milli(&amount.0)?;
            }
        }
        if let Some(amount) = spec.overhead.as_ref().unwrap_or(&none).get(name) {
            *sum += milli(&amount.0)?;
        }
    }
    Some([sums[0] as i64, units(sums[1]) as i64])
}

fn replicas(kind: &str, meta: &ObjectMeta, replicas: Option<i32>) -> Fact {
    (named(kind, meta), json!({ "replicas": replicas.unwrap_or(1) }))
}

fn service(it: &Service) -> Fact {
    let selector = it.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default();
    (named("Service", &it.metadata), json!({ "selector": selector }))
}

fn amount(amount: &IntOrString) -> Value {
    match amount {
        IntOrString::Int(count) => json!(count.to_string()),
        IntOrString::String(text) => json!(text),
    }
}

fn budget(it: &PodDisruptionBudget) -> Fact {
    let spec = it.spec.clone().unwrap_or_default();
    let status = it.status.clone().unwrap_or_default();
    let rule = match (&spec.max_unavailable, &spec.min_available) {
        (Some(most), _) => json!(["max", amount(most)]),
        (None, Some(least)) => json!(["min", amount(least)]),
        (None, None) => json!(["min", "0"]),
    };
    let facts = json!({ "rule": rule, "allowed": status.disruptions_allowed });
    (named("PodDisruptionBudget", &it.metadata), facts)
}

fn volume(it: &PersistentVolume) -> Fact {
    let spec = it.spec.clone().unwrap_or_default();
    let claim = spec.claim_ref.map(|claim| [claim.namespace, claim.name]);
    (global("PersistentVolume", &it.metadata), json!({ "claim": claim }))
}

fn claim(it: &PersistentVolumeClaim) -> Fact {
    let spec = it.spec.clone().unwrap_or_default();
    let mut facts = json!({ "volume": given(spec.volume_name.as_ref()) });
    let beta = "volume.beta.kubernetes.io/storage-class";
    let old = it.metadata.annotations.as_ref().and_then(|notes| notes.get(beta));
    // Without one, admission gives the default class: that is no matter of reading.
    if let Some(class) = old.or(spec.storage_class_name.as_ref()) {
        facts["class"] = json!(given(Some(class)));
    }
    (named("PersistentVolumeClaim", &it.metadata), facts)
}

fn storage_class(it: &StorageClass) -> Fact {
    let binding = given(it.volume_binding_mode.as_ref()).unwrap_or("Immediate");
    let facts = json!({ "provisioner": it.provisioner, "binding": binding });
    (global("StorageClass", &it.metadata), facts)
}

fn csi_node(it: &CSINode) -> Fact {
    let drivers = it.spec.drivers.iter().map(|driver| {
        let limit = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count);
        json!([driver.name, limit, driver.topology_keys.clone().unwrap_or_default()])
    });
    (global("CSINode", &it.metadata), json!({ "drivers": drivers.collect::<Vec<_>>() }))
}
