//! What runs on the machines.

use serde_json::{Value, json};

use crate::shape::{Json, absent, any_of, just, layered, list, number, pick, record, some};

/// Pods of this Job end as soon as they run, see the stages of the Go program.
const COMPLETES: &str = "live.holdfast.dev/completes";

/// What stands for the workload's own name, until [`named`] knows it.
const SELF: &str = "SELF";

/// A Deployment with a bit of everything.
pub(super) fn deployment() -> Json {
    layered(plain("Deployment"), vec![record(vec![("spec", rolling_update(60))])])
}

/// A Deployment whose rollouts may get stuck.
pub(super) fn rolling() -> Json {
    let affinity = some(60, just(apart("kubernetes.io/hostname")));
    let pod = record(vec![("affinity", affinity)]);
    let replicas = record(vec![("replicas", number(2..=5))]);
    let spec = layered(rolling_update(100), vec![replicas]);
    layered(plain("Deployment"), vec![record(vec![("spec", spec), ("pod", pod)])])
}

/// A Deployment with a priority, and pods so large that they are in each other's way.
pub(super) fn ranked() -> Json {
    let pod = record(vec![
        ("priorityClassName", pick(&["low", "low", "middle", "high", "high", "patient"])),
        ("requests", requests(&["1", "1500m", "2", "600m"])),
    ]);
    layered(plain("Deployment"), vec![record(vec![("pod", pod)])])
}

/// A Deployment that is spread over nodes or zones.
pub(super) fn spread() -> Json {
    let when = pick(&["DoNotSchedule", "DoNotSchedule", "ScheduleAnyway"]);
    let policy = || some(25, pick(&["Honor", "Ignore"]));
    let constraint = record(vec![
        ("maxSkew", pick(&[1, 1, 2])),
        ("topologyKey", pick(&["kubernetes.io/hostname", "topology.kubernetes.io/zone"])),
        ("whenUnsatisfiable", when),
        ("labelSelector", just(selector())),
        ("nodeTaintsPolicy", policy()),
        ("nodeAffinityPolicy", policy()),
        ("matchLabelKeys", some(20, just(json!(["pod-template-hash"])))),
    ]);
    let pod = record(vec![
        ("topologySpreadConstraints", list(1..=1, constraint)),
        ("requests", requests(&["100m", "300m", "500m"])),
    ]);
    let spec = record(vec![("replicas", number(2..=6))]);
    layered(plain("Deployment"), vec![record(vec![("spec", spec), ("pod", pod)])])
}

/// A Deployment whose pods have their own mind about silent nodes.
pub(super) fn tolerating() -> Json {
    let silent = |key: &'static str| {
        record(vec![
            ("key", just(key)),
            ("operator", just("Exists")),
            ("effect", just("NoExecute")),
            ("tolerationSeconds", any_of(vec![(3, pick(&[0, 5, 25, 40])), (2, absent())])),
        ])
    };
    let not_ready = "node.kubernetes.io/not-ready";
    let one = list(1..=1, silent("node.kubernetes.io/unreachable"));
    let both =
        crate::shape::sequence(vec![silent("node.kubernetes.io/unreachable"), silent(not_ready)]);
    let everything = just(json!([{"operator": "Exists"}]));
    let tolerations = any_of(vec![(4, one), (2, both), (1, everything)]);
    let pod = record(vec![("tolerations", some(80, tolerations))]);
    layered(plain("Deployment"), vec![record(vec![("pod", pod)])])
}

/// A StatefulSet, ordered or not.
pub(super) fn stateful_set() -> Json {
    let strategy = any_of(vec![
        (3, absent()),
        (1, just(json!({"type": "OnDelete"}))),
        (1, just(json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}))),
    ]);
    let spec = record(vec![
        ("serviceName", just(SELF)),
        ("podManagementPolicy", some(50, just("Parallel"))),
        ("updateStrategy", strategy),
    ]);
    layered(plain("StatefulSet"), vec![record(vec![("spec", spec)])])
}

/// A DaemonSet.
pub(super) fn daemon_set() -> Json {
    let base = record(vec![
        ("kind", just("DaemonSet")),
        ("namespace", some(30, just("kube-system"))),
        ("spec", record(vec![("updateStrategy", some(25, just(json!({"type": "OnDelete"}))))])),
    ]);
    let pod = record(vec![
        ("nodeSelector", some(25, just(json!({"disk": "ssd"})))),
        ("tolerations", some(50, just(json!([{"operator": "Exists", "effect": "NoSchedule"}])))),
        ("priorityClassName", some(50, just("system-node-critical"))),
        ("requests", requests(&["100m", "200m"])),
    ]);
    layered(base, vec![record(vec![("pod", pod)])])
}

/// A Job that ends at once or never.
pub(super) fn job() -> Json {
    let spec = record(vec![
        ("parallelism", number(1..=3)),
        ("completions", number(1..=4)),
        ("podReplacementPolicy", some(30, just("Failed"))),
    ]);
    let pod = record(vec![
        ("restartPolicy", pick(&["Never", "OnFailure"])),
        ("requests", requests(&["300m", "700m"])),
    ]);
    record(vec![
        ("kind", just("Job")),
        ("spec", spec),
        ("pod", pod),
        ("annotations", some(30, just(json!({COMPLETES: "true"})))),
    ])
}

/// A pod that nobody makes again.
pub(super) fn bare_pod() -> Json {
    record(vec![("kind", just("Pod")), ("pod", pod())])
}

/// What Deployments and StatefulSets share.
pub(super) fn plain(kind: &'static str) -> Json {
    record(vec![
        ("kind", just(kind)),
        ("namespace", some(10, just("shop"))),
        ("spec", record(vec![("replicas", pick(&[1, 1, 2, 2, 3, 4]))])),
        ("pod", pod()),
        ("budget", some(35, budget())),
    ])
}

fn pod() -> Json {
    let tolerations = just(json!([{"key": "dedicated", "operator": "Exists"}]));
    let affinity = any_of(vec![
        (3, just(apart("kubernetes.io/hostname"))),
        (1, just(apart("topology.kubernetes.io/zone"))),
        (2, just(preferably_apart())),
        (1, just(together())),
    ]);
    record(vec![
        ("requests", requests(&["100m", "250m", "500m", "1", "1500m"])),
        ("nodeSelector", some(12, just(json!({"disk": "ssd"})))),
        ("tolerations", some(20, tolerations)),
        ("affinity", some(30, affinity)),
        ("priorityClassName", some(30, pick(&["low", "middle", "high"]))),
    ])
}

fn requests(cpu: &[&'static str]) -> Json {
    record(vec![("cpu", pick(cpu)), ("memory", pick(&["128Mi", "256Mi", "1Gi", "2Gi"]))])
}

fn rolling_update(percent: u32) -> Json {
    let amounts = || any_of(vec![(2, pick(&[0, 1])), (1, pick(&["25%", "50%"]))]);
    // Both at zero is no strategy.
    let surge = record(vec![("maxSurge", amounts()), ("maxUnavailable", just(1))]);
    let unavailable = record(vec![("maxSurge", just(1)), ("maxUnavailable", amounts())]);
    let rolling = any_of(vec![(1, surge), (2, unavailable)]);
    let strategy = any_of(vec![
        (4, record(vec![("type", just("RollingUpdate")), ("rollingUpdate", rolling)])),
        (1, just(json!({"type": "Recreate"}))),
    ]);
    record(vec![("strategy", some(percent, strategy))])
}

fn budget() -> Json {
    let bound = any_of(vec![
        (2, record(vec![("minAvailable", pick(&[1, 2]))])),
        (2, record(vec![("maxUnavailable", pick(&[1, 1, 0]))])),
        (1, record(vec![("minAvailable", just("50%"))])),
    ]);
    let unhealthy = some(30, just("AlwaysAllow"));
    layered(bound, vec![record(vec![("unhealthyPodEvictionPolicy", unhealthy)])])
}

fn selector() -> Value {
    json!({"matchLabels": {"app": SELF}})
}

fn apart(topology: &str) -> Value {
    let term = json!({"topologyKey": topology, "labelSelector": selector()});
    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
}

fn preferably_apart() -> Value {
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector()});
    let weighted = json!({"weight": 100, "podAffinityTerm": term});
    json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [weighted]}})
}

/// Beside the first workload, wherever that is.
fn together() -> Value {
    let beside = json!({"matchLabels": {"app": "w0"}});
    let term = json!({"topologyKey": "topology.kubernetes.io/zone", "labelSelector": beside});
    json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
}

/// The classes that workloads name.
pub(super) fn priority_classes() -> Vec<Value> {
    let class = |name: &str, value: i32, policy: &str| {
        json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": name}, "value": value, "preemptionPolicy": policy,
        })
    };
    let shop = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    vec![
        shop,
        class("low", 10, "PreemptLowerPriority"),
        class("middle", 500, "PreemptLowerPriority"),
        class("high", 1000, "PreemptLowerPriority"),
        class("patient", 2000, "Never"),
    ]
}

/// A drawn workload as manifests: itself, and its budget if it has one.
pub(super) fn named(mut drawn: Value, prefix: &str, at: usize) -> Vec<Value> {
    let name = format!("{prefix}{at}");
    let kind = drawn["kind"].as_str().unwrap_or_default().to_owned();
    let namespace = drawn["namespace"].as_str().unwrap_or("default").to_owned();
    let own = |mut value: Value| {
        rename(&mut value, &name);
        value
    };
    let mut template = json!({"metadata": {"labels": {"app": name}}, "spec": pod_spec(&mut drawn)});
    if !drawn["annotations"].is_null() {
        template["metadata"]["annotations"] = drawn["annotations"].take();
    }
    let metadata = json!({"name": name, "namespace": namespace});
    if kind == "Pod" {
        let mut pod = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
        pod["metadata"]["labels"] = template["metadata"]["labels"].take();
        pod["spec"] = template["spec"].take();
        return vec![own(pod)];
    }
    let mut spec = drawn["spec"].take();
    spec["template"] = template;
    let group = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    if kind != "Job" {
        spec["selector"] = selector();
    }
    let mut objects =
        vec![own(json!({"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec}))];
    if !drawn["budget"].is_null() {
        let mut spec = drawn["budget"].take();
        spec["selector"] = selector();
        objects.push(own(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": metadata, "spec": spec,
        })));
    }
    objects.extend(claims(&drawn["claims"], &namespace, &name));
    objects
}

/// The spec of a pod, with its one container.
fn pod_spec(drawn: &mut Value) -> Value {
    let mut spec = drawn["pod"].take();
    let requests = spec.as_object_mut().and_then(|spec| spec.remove("requests"));
    let mut container = json!({"name": "c", "image": "registry.example/app:1"});
    container["resources"] = json!({"requests": requests});
    spec["containers"] = json!([container]);
    spec
}

/// The claims that a workload brings along.
fn claims(drawn: &Value, namespace: &str, name: &str) -> Vec<Value> {
    let claim = |spec: &Value| {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        })
    };
    drawn.as_array().into_iter().flatten().map(claim).collect()
}

/// Puts the name wherever [`SELF`] stands.
fn rename(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text == SELF => name.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, name)),
        Value::Object(fields) => fields.values_mut().for_each(|field| rename(field, name)),
        _ => {}
    }
}
