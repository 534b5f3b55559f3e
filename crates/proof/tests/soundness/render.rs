//! Plans as the API server would print them.

use serde_json::{Value, json};

use crate::plan::{
    BudgetPlan, Home, Kind, Near, NodePlan, NodeState, Patience, Plan, PodPlan, Spread, TaintPlan,
    Term, Volume, WorkloadPlan,
};

/// Whoever attaches volumes.
const DRIVER: &str = "disks.example.com";

/// The objects of a plan: nodes first, then workloads with their pods, then the rest.
pub(crate) fn objects(plan: &Plan) -> Vec<Value> {
    let mut objects: Vec<Value> =
        plan.nodes.iter().enumerate().map(|(at, node)| self::node(at, node)).collect();
    for (at, workload) in plan.workloads.iter().enumerate() {
        objects.extend(self::workload(at, workload, plan.nodes.len()));
    }
    objects.extend(plan.budget.iter().map(budget));
    objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
    if plan.service {
        objects.push(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "front", "namespace": "default"},
            "spec": {"selector": {"app": "a0"}},
        }));
    }
    for priority in 1..=2 {
        objects.push(json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": format!("p{priority}")}, "value": priority * 100,
        }));
    }
    objects.push(json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver",
        "metadata": {"name": DRIVER}, "spec": {"attachRequired": true},
    }));
    // An empty list says that there are none of its kind.
    for (version, kind) in [
        ("v1", "Service"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("policy/v1", "PodDisruptionBudget"),
        ("storage.k8s.io/v1", "CSINode"),
    ] {
        objects.push(json!({"apiVersion": version, "kind": format!("{kind}List"), "items": []}));
    }
    objects
}

fn node(at: usize, plan: &NodePlan) -> Value {
    let name = format!("n{at}");
    let mut labels = json!({"kubernetes.io/hostname": name});
    if let Some(zone) = plan.zone {
        labels["topology.kubernetes.io/zone"] = json!(format!("z{zone}"));
    }
    if plan.control_plane {
        labels["node-role.kubernetes.io/control-plane"] = json!("");
    }
    let mut taints = Vec::new();
    if let Some(taint) = plan.taint {
        let effect = match taint {
            TaintPlan::NoSchedule => "NoSchedule",
            TaintPlan::PreferNoSchedule => "PreferNoSchedule",
            TaintPlan::NoExecute => "NoExecute",
        };
        taints.push(json!({"key": "dedicated", "value": "x", "effect": effect}));
    }
    if plan.state == NodeState::Unknown {
        let key = "node.kubernetes.io/unreachable";
        taints.push(json!({"key": key, "effect": "NoSchedule"}));
        taints.push(json!({"key": key, "effect": "NoExecute"}));
    }
    if plan.cordoned {
        taints.push(json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}));
    }
    let room = json!({
        "cpu": format!("{}m", plan.cpu), "memory": "16Gi", "pods": plan.pods.to_string(),
    });
    let ready = if plan.state == NodeState::Ready { "True" } else { "Unknown" };
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints, "unschedulable": plan.cordoned},
        "status": {
            "allocatable": room, "capacity": room,
            "conditions": [{"type": "Ready", "status": ready}],
        },
    })
}

fn workload(at: usize, plan: &WorkloadPlan, nodes: usize) -> Vec<Value> {
    let name = format!("w{at}");
    let count = plan.homes.len();
    let mut objects = Vec::new();
    let set = format!("{name}-5d4f");
    let (owner, pods_of) = match plan.kind {
        Kind::Deployment => {
            objects.push(maker("Deployment", &name, None, plan, count));
            objects.push(maker("ReplicaSet", &set, Some(("Deployment", &name)), plan, count));
            (Some(("apps/v1", "ReplicaSet", set.as_str())), set.as_str())
        }
        Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
            let kind = kind_name(plan.kind);
            objects.push(maker(kind, &name, None, plan, count));
            let group = if plan.kind == Kind::Job { "batch/v1" } else { "apps/v1" };
            (Some((group, kind, name.as_str())), name.as_str())
        }
        Kind::Custom => (Some(("example.com/v1", "Widget", name.as_str())), name.as_str()),
        Kind::Static | Kind::Bare => (None, name.as_str()),
    };
    // Bare and static pods are their own workloads; one a node, as files and ports have it.
    let mut taken = Vec::new();
    for (number, home) in plan.homes.iter().enumerate() {
        let node = home.node.map(|node| node % nodes);
        let own_node = matches!(plan.kind, Kind::DaemonSet | Kind::Static);
        if own_node && (node.is_none() || taken.contains(&node)) {
            continue;
        }
        taken.push(node);
        let pod_name = match (plan.kind, node) {
            (Kind::Static, Some(node)) => format!("{pods_of}-n{node}"),
            _ => format!("{pods_of}-{number}"),
        };
        let mut pod = pod(&pod_name, at, plan, owner, node, *home);
        if let Some(kept) = plan.template.volume.filter(|_| !shares(plan)) {
            let claim = format!("{}-{pod_name}", volume_name(kept));
            pod["spec"]["volumes"] = mounted(kept, &claim);
            objects.extend(volume(kept, &claim, node.unwrap_or(number % nodes)));
        }
        objects.push(pod);
    }
    if let Some(kept) = plan.template.volume.filter(|_| shares(plan)) {
        let home = plan.homes.iter().find_map(|home| home.node).unwrap_or(0) % nodes;
        objects.extend(volume(kept, &format!("{}-{name}", volume_name(kept)), home));
    }
    objects
}

/// Whether all pods mount one volume.
fn shares(plan: &WorkloadPlan) -> bool {
    matches!(plan.kind, Kind::Deployment | Kind::ReplicaSet)
}

/// What claims begin with: an oracle tells them apart by it.
fn volume_name(kept: Volume) -> &'static str {
    match kept {
        Volume::Attached => "attached",
        Volume::Local => "local",
    }
}

fn mounted(kept: Volume, claim: &str) -> Value {
    json!([{"name": volume_name(kept), "persistentVolumeClaim": {"claimName": claim}}])
}

/// A volume, and the claim that is bound to it.
fn volume(kept: Volume, claim: &str, home: usize) -> [Value; 2] {
    let room = json!({"storage": "1Gi"});
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"], "capacity": room, "storageClassName": "",
        "claimRef": {"name": claim, "namespace": "default", "uid": format!("u-{claim}")},
    });
    match kept {
        Volume::Attached => spec["csi"] = json!({"driver": DRIVER, "volumeHandle": claim}),
        Volume::Local => {
            spec["local"] = json!({"path": "/data"});
            spec["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": key(Near::Host), "operator": "In", "values": [format!("n{home}")]},
            ]}]}});
        }
    }
    let name = format!("pv-{claim}");
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": spec, "status": {"phase": "Bound"},
    });
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": claim, "namespace": "default", "uid": format!("u-{claim}"),
            "annotations": {"pv.kubernetes.io/bind-completed": "yes"},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"], "volumeName": name, "storageClassName": "",
            "resources": {"requests": room},
        },
        "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": room},
    });
    [volume, claim]
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Deployment => "Deployment",
        Kind::ReplicaSet => "ReplicaSet",
        Kind::StatefulSet => "StatefulSet",
        Kind::DaemonSet => "DaemonSet",
        Kind::Job => "Job",
        Kind::Static | Kind::Bare => "Pod",
        Kind::Custom => "Widget",
    }
}

fn labels(at: usize, plan: &WorkloadPlan) -> Value {
    json!({"w": at.to_string(), "app": format!("a{}", plan.template.app)})
}

fn maker(
    kind: &str,
    name: &str,
    owner: Option<(&str, &str)>,
    plan: &WorkloadPlan,
    count: usize,
) -> Value {
    let number: usize =
        name.trim_start_matches('w').split('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let labels = labels(number, plan);
    let mut metadata = json!({"name": name, "namespace": "default", "uid": format!("u-{name}")});
    if let Some((kind, name)) = owner {
        metadata["ownerReferences"] = json!([{
            "apiVersion": "apps/v1", "kind": kind, "name": name,
            "uid": format!("u-{name}"), "controller": true,
        }]);
    }
    let mut template = pod_spec(&plan.template, plan.kind);
    if let Some(kept) = plan.template.volume.filter(|_| shares(plan)) {
        template["volumes"] = mounted(kept, &format!("{}-w{number}", volume_name(kept)));
    }
    let mut spec = json!({
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template},
    });
    if let Some(kept) = plan.template.volume.filter(|_| kind == "StatefulSet") {
        spec["volumeClaimTemplates"] = json!([{
            "metadata": {"name": volume_name(kept)},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "storageClassName": "",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }]);
    }
    if kind == "Job" {
        spec["parallelism"] = json!(count);
        spec["completions"] = json!(count);
        spec["backoffLimit"] = json!(if plan.parallel { 0 } else { 6 });
    } else if kind != "DaemonSet" {
        spec["replicas"] = json!(count);
    }
    if kind == "StatefulSet" && plan.parallel {
        spec["podManagementPolicy"] = json!("Parallel");
    }
    let group = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    json!({"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec})
}

fn pod(
    name: &str,
    at: usize,
    plan: &WorkloadPlan,
    owner: Option<(&str, &str, &str)>,
    node: Option<usize>,
    home: Home,
) -> Value {
    let mut metadata = json!({
        "name": name, "namespace": "default", "uid": format!("u-{name}"),
        "labels": labels(at, plan),
    });
    if let Some((group, kind, owner)) = owner {
        metadata["ownerReferences"] = json!([{
            "apiVersion": group, "kind": kind, "name": owner,
            "uid": format!("u-{owner}"), "controller": true,
        }]);
    }
    if plan.kind == Kind::Static {
        metadata["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    }
    if home.terminating {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    }
    let mut spec = pod_spec(&plan.template, plan.kind);
    if let Some(kept) = plan.template.volume.filter(|_| shares(plan)) {
        spec["volumes"] = mounted(kept, &format!("{}-w{at}", volume_name(kept)));
    }
    if let Some(node) = node {
        spec["nodeName"] = json!(format!("n{node}"));
    }
    if let (Kind::DaemonSet, Some(node)) = (plan.kind, node) {
        spec["affinity"]["nodeAffinity"] = json!({
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
                "matchFields": [
                    {"key": "metadata.name", "operator": "In", "values": [format!("n{node}")]},
                ],
            }]},
        });
    }
    let ready = if home.ready && node.is_some() { "True" } else { "False" };
    let phase = if node.is_some() { "Running" } else { "Pending" };
    let mut status = json!({"phase": phase, "conditions": [{"type": "Ready", "status": ready}]});
    if node.is_some() {
        // Some pods started in the same second.
        let number = name.bytes().next_back().map_or(0, |last| last % 8);
        status["startTime"] = json!(format!("2026-01-01T00:0{}:0{number}Z", at % 10));
    }
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status,
    })
}

fn pod_spec(plan: &PodPlan, kind: Kind) -> Value {
    let mut container = json!({
        "name": "c", "image": "i",
        "resources": {"requests": {"cpu": format!("{}m", plan.cpu), "memory": "64Mi"}},
    });
    if plan.port {
        container["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    }
    let mut spec = json!({
        "containers": [container], "tolerations": tolerations(plan, kind),
        "priority": i32::from(plan.priority) * 100,
    });
    if plan.priority > 0 {
        spec["priorityClassName"] = json!(format!("p{}", plan.priority));
    }
    if plan.never_preempts {
        spec["preemptionPolicy"] = json!("Never");
    }
    if let Some(zone) = plan.zone {
        spec["nodeSelector"]["topology.kubernetes.io/zone"] = json!(format!("z{zone}"));
    }
    if let Some(host) = plan.host {
        spec["nodeSelector"]["kubernetes.io/hostname"] = json!(format!("n{host}"));
    }
    let mut affinity = json!({});
    if let Some(wanted) = plan.anti_affinity {
        affinity["podAntiAffinity"] = term(wanted);
    }
    if let Some(wanted) = plan.affinity {
        affinity["podAffinity"] = term(wanted);
    }
    spec["affinity"] = affinity;
    spec["topologySpreadConstraints"] = plan.spread.iter().map(|s| spread(*s)).collect();
    spec
}

fn tolerations(plan: &PodPlan, kind: Kind) -> Vec<Value> {
    let mut list = Vec::new();
    if plan.tolerates_taint {
        list.push(json!({"key": "dedicated", "operator": "Exists"}));
    }
    let keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
    let bear = |list: &mut Vec<Value>, seconds: Option<i64>| {
        for key in keys {
            let mut toleration = json!({"key": key, "operator": "Exists", "effect": "NoExecute"});
            if let Some(seconds) = seconds {
                toleration["tolerationSeconds"] = json!(seconds);
            }
            list.push(toleration);
        }
    };
    match (kind, plan.patience) {
        (Kind::Static, _) | (_, Patience::Everything) => {
            list.push(json!({"operator": "Exists"}));
        }
        (Kind::DaemonSet, _) | (_, Patience::Forever) => bear(&mut list, None),
        (_, Patience::Default) => bear(&mut list, Some(300)),
        (_, Patience::Returning) => {
            bear(&mut list, Some(300));
            let key = "node.kubernetes.io/unreachable";
            list.push(json!({"key": key, "operator": "Exists", "effect": "NoSchedule"}));
        }
        (_, Patience::Visiting) => {
            bear(&mut list, Some(300));
            let visits = json!({
                "key": "dedicated", "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 30,
            });
            list.insert(0, visits);
        }
        (_, Patience::None) => {}
    }
    list
}

fn key(near: Near) -> &'static str {
    match near {
        Near::Host => "kubernetes.io/hostname",
        Near::Zone => "topology.kubernetes.io/zone",
    }
}

fn selector(app: u8) -> Value {
    json!({"matchLabels": {"app": format!("a{app}")}})
}

fn term(plan: Term) -> Value {
    let term = json!({"labelSelector": selector(plan.app), "topologyKey": key(plan.near)});
    if plan.required {
        json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]})
    } else {
        json!({"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 10, "podAffinityTerm": term},
        ]})
    }
}

fn spread(plan: Spread) -> Value {
    let mut spread = json!({
        "maxSkew": plan.skew,
        "topologyKey": key(plan.near),
        "whenUnsatisfiable": if plan.hard { "DoNotSchedule" } else { "ScheduleAnyway" },
        "labelSelector": selector(plan.app),
        "nodeTaintsPolicy": if plan.honor_taints { "Honor" } else { "Ignore" },
    });
    if let Some(domains) = plan.min_domains {
        spread["minDomains"] = json!(domains);
    }
    spread
}

fn budget(plan: &BudgetPlan) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "budget", "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": selector(plan.app)},
        "status": {"disruptionsAllowed": plan.allowed},
    })
}
