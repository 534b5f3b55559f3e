//! The five published plans, small: their nodes, and the workloads that claims are about.

use serde_json::{Value, json};

use super::Story;
use super::nodes::manifest;

/// A story for each plan.
pub fn plans() -> Vec<Story> {
    vec![edge(), homelab(), k3s(), zero(), data()]
}

fn story(name: &str, objects: Vec<Value>, steps: &Value) -> Story {
    let steps = steps.as_array().cloned().unwrap_or_default();
    let steps = steps.iter().map(|step| json!({"do": step[0], "args": step[1]}));
    Story { name: format!("plan-{name}"), objects, steps: steps.collect() }
}

fn node(name: &str, cpu: &str, memory: &str, labels: &Value, taints: &Value) -> Value {
    let mut own = json!({"kubernetes.io/hostname": name});
    for (key, value) in labels.as_object().into_iter().flatten() {
        own[key] = value.clone();
    }
    manifest(name, &own, taints, &json!({"cpu": cpu, "memory": memory, "pods": "110"}))
}

fn plain(name: &str, cpu: &str, memory: &str) -> Value {
    node(name, cpu, memory, &Value::Null, &Value::Null)
}

fn control_plane() -> Value {
    json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
}

fn class(name: &str, value: i32) -> Value {
    json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": name}, "value": value,
    })
}

/// A workload whose pod spec is `pod` and what is laid over its own spec.
fn workload(kind: &str, name: &str, cpu: &str, memory: &str, pod: &Value, over: &Value) -> Value {
    let requests = json!({"cpu": cpu, "memory": memory});
    let mut container = json!({"name": "c", "image": "registry.example/app:1"});
    container["resources"]["requests"] = requests;
    let mut spec = pod.clone();
    spec["containers"] = json!([container]);
    let labels = json!({"app": name});
    let mut own = json!({
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": spec},
    });
    if kind == "StatefulSet" {
        own["serviceName"] = json!(name);
    }
    for (key, value) in over.as_object().into_iter().flatten() {
        own[key] = value.clone();
    }
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "default"},
        "spec": own,
    })
}

fn deployment(name: &str, replicas: u32, cpu: &str, memory: &str, pod: &Value) -> Value {
    workload("Deployment", name, cpu, memory, pod, &json!({"replicas": replicas}))
}

fn budget(name: &str, available: u32) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"minAvailable": available, "selector": {"matchLabels": {"app": name}}},
    })
}

fn apart(name: &str) -> Value {
    let selector = json!({"matchLabels": {"app": name}});
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector});
    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
}

fn rather_apart_from(name: &str) -> Value {
    let selector = json!({"matchLabels": {"app": name}});
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector});
    let weighted = json!({"weight": 100, "podAffinityTerm": term});
    json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [weighted]}})
}

/// E: a tainted master as a lifeboat for two tiers.
fn edge() -> Story {
    let taint = json!([
        {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"},
    ]);
    let boat = json!([{"key": "CriticalAddonsOnly", "operator": "Exists"}]);
    let one = json!({"replicas": 1});
    let (infra, watch, apps) = ("platform-infrastructure", "platform-observability", "apps");
    let objects = vec![
        class(infra, 1_000_000),
        class(watch, 900_000),
        class(apps, 1000),
        node("master", "4", "8Gi", &Value::Null, &taint),
        plain("worker-1", "4", "8Gi"),
        plain("worker-2", "4", "8Gi"),
        deployment(
            "argocd",
            1,
            "1",
            "1Gi",
            &json!({"priorityClassName": infra, "tolerations": boat}),
        ),
        deployment("argo-events", 1, "500m", "512Mi", &json!({"priorityClassName": infra})),
        workload(
            "StatefulSet",
            "prometheus",
            "1500m",
            "3Gi",
            &json!({
                "priorityClassName": watch, "tolerations": boat,
                "affinity": rather_apart_from("loki"),
            }),
            &one,
        ),
        workload(
            "StatefulSet",
            "loki",
            "1",
            "2Gi",
            &json!({"priorityClassName": watch, "affinity": rather_apart_from("prometheus")}),
            &one,
        ),
        deployment("shop", 5, "500m", "512Mi", &json!({"priorityClassName": apps})),
    ];
    let steps = json!([
        ["fail", ["worker-1"]],
        ["out-of-service", ["worker-1"]],
        ["fail", ["worker-2"]],
        ["fail", ["master"]],
        ["recover", ["worker-2"]],
    ]);
    story("edge", objects, &steps)
}

/// H: two replicas and hard anti-affinity on three workers.
fn homelab() -> Story {
    let database = json!({"node-role": "database"});
    let mut objects = vec![
        plain("homelab-02", "4", "8Gi"),
        plain("homelab-03", "4", "8Gi"),
        node("homelab-04", "4", "8Gi", &database, &Value::Null),
    ];
    for name in ["coredns", "traefik", "cert-manager", "grafana"] {
        let pod = json!({"affinity": apart(name)});
        let over = json!({"replicas": 2, "strategy": {"type": "Recreate"}});
        objects.push(workload("Deployment", name, "200m", "256Mi", &pod, &over));
    }
    // One as Helm would reset it.
    let pod = json!({"affinity": apart("metrics-server")});
    let rolling = json!({"maxSurge": 1, "maxUnavailable": 0});
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": rolling});
    let over = json!({"replicas": 3, "strategy": strategy});
    objects.push(workload("Deployment", "metrics-server", "200m", "256Mi", &pod, &over));
    let speaker = json!({});
    objects.push(workload("DaemonSet", "speaker", "50m", "64Mi", &speaker, &json!({})));
    for name in ["prometheus", "alertmanager"] {
        let one = json!({"replicas": 1});
        objects.push(workload("StatefulSet", name, "500m", "1Gi", &json!({}), &one));
    }
    let selector = json!({"nodeSelector": database});
    objects.push(deployment("postgres", 1, "500m", "1Gi", &selector));
    let steps = json!([
        ["rollout", ["deployment/metrics-server"]],
        ["fail", ["homelab-03"]],
        ["scale", ["deployment/traefik", "3"]],
        ["rollout", ["deployment/coredns"]],
        ["recover", ["homelab-03"]],
        ["fail", ["homelab-04"]],
    ]);
    story("homelab", objects, &steps)
}

/// K: three tainted control-plane nodes, and one small worker for what does not tolerate the taint.
fn k3s() -> Story {
    let gpu = json!({"gpu": "true"});
    let taint = control_plane();
    let tolerates = json!([{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]);
    let objects = vec![
        node("k3s1", "7", "30Gi", &Value::Null, &taint),
        node("k3s2", "7", "14Gi", &Value::Null, &taint),
        node("k3s3", "7", "30Gi", &gpu, &taint),
        plain("k3s4", "4", "8Gi"),
        deployment("web", 2, "500m", "512Mi", &json!({})),
        deployment("api", 2, "1", "1Gi", &json!({})),
        deployment("queue", 1, "1", "2Gi", &json!({})),
        deployment("train", 1, "2", "8Gi", &json!({"nodeSelector": gpu, "tolerations": tolerates})),
        workload(
            "StatefulSet",
            "registry",
            "500m",
            "1Gi",
            &json!({"tolerations": tolerates}),
            &json!({"replicas": 1}),
        ),
        deployment("traefik", 2, "200m", "256Mi", &json!({"tolerations": tolerates})),
    ];
    let steps = json!([
        ["fail", ["k3s3"]],
        ["recover", ["k3s3"]],
        ["drain", ["k3s4"]],
        ["uncordon", ["k3s4"]],
        ["fail", ["k3s4"]],
        ["forget", ["k3s4"]],
    ]);
    story("k3s", objects, &steps)
}

/// Z: five nodes, anti-affine services with budgets, one of them as large as its replica count.
fn zero() -> Story {
    let mut objects = vec![node("micklethefickle", "4", "8Gi", &Value::Null, &control_plane())];
    for name in ["cloudserver1", "cloudserver2", "cloudserver3", "blackboar"] {
        objects.push(plain(name, "4", "8Gi"));
    }
    for (name, available) in [("coredns", 2), ("ingress", 3)] {
        objects.push(deployment(name, 3, "300m", "256Mi", &json!({"affinity": apart(name)})));
        objects.push(budget(name, available));
    }
    objects.push(deployment("web", 4, "1", "1Gi", &json!({})));
    objects.push(budget("web", 3));
    let over = json!({"replicas": 3, "podManagementPolicy": "Parallel"});
    let pod = json!({"affinity": apart("database")});
    objects.push(workload("StatefulSet", "database", "1", "2Gi", &pod, &over));
    objects.push(budget("database", 2));
    objects.push(workload("DaemonSet", "longhorn", "100m", "128Mi", &json!({}), &json!({})));
    let steps = json!([
        ["drain", ["cloudserver1"]],
        ["uncordon", ["cloudserver1"]],
        ["fail", ["cloudserver2"]],
        ["drain", ["cloudserver3"]],
        ["fail", ["blackboar"]],
        ["recover", ["cloudserver2", "blackboar"]],
    ]);
    story("zero", objects, &steps)
}

/// D: three control-plane nodes, one for infrastructure and one for work; two are drained away.
fn data() -> Story {
    let role = |role: &str| json!({"role": role});
    let taint = control_plane();
    let mut objects: Vec<Value> = ["cp-1", "cp-2", "cp-3"]
        .map(|name| node(name, "2", "4Gi", &role("control-plane"), &taint))
        .into();
    let dedicated = json!([{"key": "role", "value": "infrastructure", "effect": "NoSchedule"}]);
    objects.push(node("infra", "4", "8Gi", &role("infrastructure"), &dedicated));
    objects.push(node("work", "8", "16Gi", &role("workload"), &Value::Null));
    let infra = json!({
        "nodeSelector": role("infrastructure"),
        "tolerations": [{"key": "role", "operator": "Exists"}],
    });
    let on_control_plane = json!({
        "nodeSelector": role("control-plane"), "affinity": apart("operator"),
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
    });
    let two = json!({"replicas": 2});
    objects.extend([
        deployment("operator", 3, "200m", "256Mi", &on_control_plane),
        budget("operator", 2),
        deployment("monitoring", 1, "1", "2Gi", &infra),
        deployment("ingress", 2, "500m", "512Mi", &infra),
        workload("StatefulSet", "kafka", "1500m", "3Gi", &json!({}), &two),
        deployment("spark", 3, "1", "2Gi", &json!({})),
    ]);
    let steps = json!([
        ["drain", ["cp-3"]],
        ["forget", ["cp-3"]],
        ["drain", ["cp-2"]],
        ["forget", ["cp-2"]],
        ["fail", ["work"]],
        ["recover", ["work"]],
    ]);
    story("data", objects, &steps)
}
