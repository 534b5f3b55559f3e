//! Pods, and the templates they are made from.

use std::io;

use serde_json::{Value, json};

use super::nodes::{address, priority};
use super::plan::{Kind, Plan, SIDECAR, Workload};
use super::random::Random;
use super::storage::claim_name;
use super::workloads::{owner, selector, template_hash, uid};

/// Names of environment variables, as services have them: how many there are is most of what a
/// container weighs.
const VARIABLES: [&str; 4] = ["LOG_LEVEL", "DATABASE_HOST", "QUEUE_URL", "TRACING_ENDPOINT"];

/// Tolerations that a `DaemonSet`'s pods have, and whether they evict.
const AGENT_TOLERATIONS: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

pub(super) fn emit(plan: &Plan, emit: &mut impl FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    let mut index = 0;
    for (workload, nodes) in plan.placed() {
        // What all pods of a workload share is built once.
        let spec = template_spec(plan, workload);
        for (ordinal, node) in nodes.iter().enumerate() {
            let mut random = Random::of(plan.seed, "pod", index);
            emit(pod(plan, workload, ordinal, *node, spec.clone(), &mut random))?;
            index += 1;
        }
    }
    Ok(())
}

/// The spec in a workload's template.
pub(super) fn template_spec(plan: &Plan, workload: &Workload) -> Value {
    let mut random = Random::of(plan.seed, &workload.name, 3);
    let (cpu, memory) = (workload.cpu_milli, workload.memory_mi);
    let mut containers = vec![container(&mut random, "app", cpu, memory, workload.gpus)];
    if workload.sidecar {
        containers.push(container(&mut random, "proxy", SIDECAR.0, SIDECAR.1, 0));
    }
    let mut spec = json!({
        "containers": containers,
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {"fsGroup": 1000, "runAsNonRoot": true, "runAsUser": 1000},
        "serviceAccount": workload.name,
        "serviceAccountName": workload.name,
        "terminationGracePeriodSeconds": 30,
        "volumes": [
            {"emptyDir": {}, "name": "scratch"},
            {"configMap": {"defaultMode": 420, "name": workload.name}, "name": "config"},
        ],
    });
    if workload.init {
        spec["initContainers"] = json!([container(&mut random, "migrate", 10, 32, 0)]);
    }
    if let Some(class) = workload.priority {
        spec["priorityClassName"] = json!(class);
    }
    add_rules(&mut spec, workload);
    spec
}

fn container(random: &mut Random, name: &str, cpu: u32, memory: u32, gpus: u32) -> Value {
    let mut resources = json!({
        "limits": {"memory": format!("{}Mi", memory * 2)},
        "requests": {"cpu": format!("{cpu}m"), "memory": format!("{memory}Mi")},
    });
    if gpus > 0 {
        resources["limits"]["nvidia.com/gpu"] = json!(gpus.to_string());
        resources["requests"]["nvidia.com/gpu"] = json!(gpus.to_string());
    }
    let probe = |path: &str| {
        json!({
            "failureThreshold": 3,
            "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
            "periodSeconds": 10,
            "successThreshold": 1,
            "timeoutSeconds": 1,
        })
    };
    let image = format!("registry.example.com/team/{}:v1.{}", random.suffix(8), random.below(40));
    json!({
        "env": environment(random),
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "livenessProbe": probe("/healthz"),
        "name": name,
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "readinessProbe": probe("/readyz"),
        "resources": resources,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [
            {"mountPath": "/var/scratch", "name": "scratch"},
            {"mountPath": "/etc/app", "name": "config", "readOnly": true},
        ],
    })
}

fn environment(random: &mut Random) -> Value {
    let named = |name: &str, value: String| json!({"name": name, "value": value});
    let mut variables: Vec<Value> =
        VARIABLES.iter().map(|name| named(name, random.suffix(10))).collect();
    variables.push(json!({
        "name": "POD_NAME",
        "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
    }));
    variables.push(json!({
        "name": "DATABASE_PASSWORD",
        "valueFrom": {"secretKeyRef": {"key": "password", "name": "database"}},
    }));
    Value::Array(variables)
}

/// Affinity, spreading and tolerations.
fn add_rules(spec: &mut Value, workload: &Workload) {
    let rules = workload.rules;
    let own = json!({"matchLabels": selector(workload)});
    if let Some(pool) = rules.only {
        spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({
            "nodeSelectorTerms": [{"matchExpressions": [
                {"key": "example.com/pool", "operator": "In", "values": [pool.name()]},
            ]}],
        });
    }
    if rules.apart {
        spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
            json!([{"labelSelector": own, "topologyKey": "kubernetes.io/hostname"}]);
    }
    if rules.near {
        let selects = json!({"matchExpressions": [
            {"key": "app.kubernetes.io/name", "operator": "Exists"},
        ]});
        let term = json!({"labelSelector": selects, "topologyKey": "topology.kubernetes.io/zone"});
        spec["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
            json!([{"podAffinityTerm": term, "weight": 10}]);
    }
    let spread = |key: &str, when: &str| {
        json!({
            "labelSelector": own,
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": when,
        })
    };
    let zones = rules.zones.then(|| spread("topology.kubernetes.io/zone", "DoNotSchedule"));
    let hosts = rules.hosts.then(|| spread("kubernetes.io/hostname", "ScheduleAnyway"));
    if rules.zones || rules.hosts {
        spec["topologySpreadConstraints"] = zones.into_iter().chain(hosts).collect();
    }
    let taints = rules.only.or(rules.spot.then_some(super::plan::Pool::Spot));
    if let Some((key, value, effect)) = taints.and_then(super::plan::Pool::taint) {
        spec["tolerations"] =
            json!([{"effect": effect, "key": key, "operator": "Equal", "value": value}]);
    }
    if workload.kind == Kind::DaemonSet {
        spec["tolerations"] = json!([{"operator": "Exists"}]);
    }
}

fn pod(
    plan: &Plan,
    workload: &Workload,
    ordinal: usize,
    node: Option<u32>,
    mut spec: Value,
    random: &mut Random,
) -> Value {
    let created = random.time();
    let name = complete_spec(plan, workload, ordinal, node, &mut spec, random);
    let status = match node {
        Some(node) => running(node, &spec, &created, random),
        None => pending(&created),
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(plan, workload, &name, ordinal, &created, random),
        "spec": spec,
        "status": status,
    })
}

/// Fills in what admission, controller and scheduler add to the template; tells the pod's name.
fn complete_spec(
    plan: &Plan,
    workload: &Workload,
    ordinal: usize,
    node: Option<u32>,
    spec: &mut Value,
    random: &mut Random,
) -> String {
    let mut tolerations: Vec<Value> = spec["tolerations"].as_array().cloned().unwrap_or_default();
    let stays = workload.kind == Kind::DaemonSet;
    for (key, effect) in AGENT_TOLERATIONS.iter().take(if stays { 6 } else { 2 }) {
        let mut toleration = json!({"effect": effect, "key": key, "operator": "Exists"});
        if !stays {
            toleration["tolerationSeconds"] = json!(300);
        }
        tolerations.push(toleration);
    }
    spec["tolerations"] = Value::Array(tolerations);
    spec["enableServiceLinks"] = json!(true);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    spec["priority"] = json!(priority(workload.priority));
    add_token(spec, random);
    if let Some(node) = node {
        spec["nodeName"] = json!(plan.nodes[node as usize].name);
    }
    let suffix = Random::pod_suffix(ordinal);
    match workload.kind {
        Kind::Deployment => {
            format!("{}-{}-{}", workload.name, template_hash(plan, workload), suffix)
        }
        Kind::DaemonSet => format!("{}-{suffix}", workload.name),
        Kind::StatefulSet => {
            let claim = json!({"claimName": claim_name(workload, ordinal)});
            let volume = json!({"name": "data", "persistentVolumeClaim": claim});
            push(&mut spec["volumes"], volume);
            let name = format!("{}-{ordinal}", workload.name);
            spec["hostname"] = json!(name);
            spec["subdomain"] = json!(workload.name);
            name
        }
    }
}

/// The service account's token, which admission mounts in every container.
fn add_token(spec: &mut Value, random: &mut Random) {
    let name = format!("kube-api-access-{}", random.suffix(5));
    let mount = json!({
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        "name": name,
        "readOnly": true,
    });
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            push(&mut container["volumeMounts"], mount.clone());
        }
    }
    let token = json!({"expirationSeconds": 3607, "path": "token"});
    let root = json!({"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"});
    let volume = json!({
        "name": name,
        "projected": {
            "defaultMode": 420,
            "sources": [{"serviceAccountToken": token}, {"configMap": root}],
        },
    });
    push(&mut spec["volumes"], volume);
}

fn push(list: &mut Value, item: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(item);
    }
}

fn metadata(
    plan: &Plan,
    workload: &Workload,
    name: &str,
    ordinal: usize,
    created: &str,
    random: &mut Random,
) -> Value {
    let mut labels = selector(workload);
    let hash = template_hash(plan, workload);
    let owner = match workload.kind {
        Kind::Deployment => {
            let name = format!("{}-{hash}", workload.name);
            labels["pod-template-hash"] = json!(hash);
            owner("ReplicaSet", &name, &uid(plan, workload, "ReplicaSet"))
        }
        kind => {
            labels["controller-revision-hash"] = json!(format!("{}-{hash}", workload.name));
            owner(kind.name(), &workload.name, &uid(plan, workload, kind.name()))
        }
    };
    if workload.kind == Kind::StatefulSet {
        labels["statefulset.kubernetes.io/pod-name"] = json!(name);
        labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
    }
    json!({
        "annotations": {
            "example.com/config-checksum": random.hex(64),
            "example.com/scrape": "true",
        },
        "creationTimestamp": created,
        "labels": labels,
        "name": name,
        "namespace": plan.namespaces[workload.namespace as usize],
        "ownerReferences": owner,
        "resourceVersion": random.below(900_000_000).to_string(),
        "uid": random.uid(),
    })
}

fn running(node: u32, spec: &Value, since: &str, random: &mut Random) -> Value {
    let names =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    let condition = |name: &str| {
        json!({
            "lastProbeTime": null,
            "lastTransitionTime": since,
            "status": "True",
            "type": name,
        })
    };
    let address_of_pod =
        format!("10.{}.{}.{}", (node >> 8) & 127, node & 255, random.below(254) + 1);
    let mut status = json!({
        "conditions": names.map(condition),
        "containerStatuses": statuses(&spec["containers"], since, false, random),
        "hostIP": address(node),
        "hostIPs": [{"ip": address(node)}],
        "observedGeneration": 1,
        "phase": "Running",
        "podIP": address_of_pod,
        "podIPs": [{"ip": address_of_pod}],
        "qosClass": "Burstable",
        "startTime": since,
    });
    if spec["initContainers"].is_array() {
        status["initContainerStatuses"] = statuses(&spec["initContainers"], since, true, random);
    }
    status
}

fn statuses(containers: &Value, since: &str, done: bool, random: &mut Random) -> Value {
    let one = |container: &Value| {
        let id = format!("containerd://{}", random.hex(64));
        let state = if done {
            json!({"terminated": {
                "containerID": id,
                "exitCode": 0,
                "finishedAt": since,
                "reason": "Completed",
                "startedAt": since,
            }})
        } else {
            json!({"running": {"startedAt": since}})
        };
        json!({
            "allocatedResources": container["resources"]["requests"],
            "containerID": id,
            "image": container["image"],
            "imageID": format!("registry.example.com/team/image@sha256:{}", random.hex(64)),
            "lastState": {},
            "name": container["name"],
            "ready": true,
            "resources": container["resources"],
            "restartCount": 0,
            "started": !done,
            "state": state,
        })
    };
    containers.as_array().into_iter().flatten().map(one).collect()
}

fn pending(since: &str) -> Value {
    json!({
        "conditions": [{
            "lastProbeTime": null,
            "lastTransitionTime": since,
            "message": "no node is available",
            "reason": "Unschedulable",
            "status": "False",
            "type": "PodScheduled",
        }],
        "phase": "Pending",
        "qosClass": "Burstable",
    })
}
