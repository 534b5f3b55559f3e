//! Random clusters in which rules meet, and how properties are held to them.

use std::cell::Cell;

use holdfast_cluster::Cluster;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use serde_json::{Value, json};

use super::{cluster_by, merge, node, pod, running};

/// Nodes `n0…`, running pods `r0…`, pods `m0…` that nodes are kept free for, and the pending `p`.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) nodes: Vec<Value>,
    pub(crate) runs: Vec<Value>,
    pub(crate) comes: Value,
    /// Claims, volumes and drivers.
    pub(crate) others: Vec<Value>,
}

impl Case {
    /// The cluster of all of it.
    pub(crate) fn cluster(&self) -> Cluster {
        self.cluster_by(None)
    }

    /// The same, scheduled by this configuration.
    pub(crate) fn cluster_by(&self, config: Option<&Value>) -> Cluster {
        let all = self.nodes.iter().chain(&self.runs).chain(&self.others);
        let objects: Vec<Value> = all.chain([&self.comes]).cloned().collect();
        cluster_by(&objects, config)
    }
}

/// Tries a property on random cases, of which `least` in a thousand or more must be to the point:
/// `holds` tells whether a case was. The same cases every time, or with `HOLDFAST_LONG=1` many new
/// ones.
pub(crate) fn hold<S: Strategy>(
    strategy: S,
    least: u32,
    holds: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) {
    let long = std::env::var_os("HOLDFAST_LONG").is_some();
    let cases = if long { 20_000 } else { 400 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = if long {
        TestRunner::new(config)
    } else {
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    };
    let telling = Cell::new(0_u32);
    let result = runner.run(&strategy, |value| -> TestCaseResult {
        telling.set(telling.get() + u32::from(holds(value)?));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let telling = telling.get();
    assert!(telling * 1000 >= least * cases, "{telling} of {cases} cases are to the point");
}

fn any_taint() -> impl Strategy<Value = Value> {
    let effect = prop::sample::select(vec!["NoSchedule", "NoExecute", "PreferNoSchedule"]);
    let value = prop::sample::select(vec!["", "v"]);
    (0..2, value, effect).prop_map(
        |(key, value, effect)| json!({"key": format!("k{key}"), "value": value, "effect": effect}),
    )
}

fn any_node() -> impl Strategy<Value = Value> {
    let labels = (prop::option::weighted(0.8, 0..3), prop::option::of(0..2));
    let taint = prop::option::weighted(0.35, any_taint());
    let sizes = (1..9_i32, 1..6_i32, 2..9_i32, 0..3_i32);
    let effect = prop::sample::select(vec!["NoSchedule", "NoSchedule", "NoExecute"]);
    let cordoned = (prop::bool::weighted(0.15), prop::option::of(effect));
    (labels, taint, sizes, cordoned).prop_map(|((zone, disk), taint, sizes, cordoned)| {
        let mut taints: Vec<Value> = taint.into_iter().collect();
        let (cpu, memory, pods, gpu) = sizes;
        let (cordoned, told) = cordoned;
        if let Some(effect) = told.filter(|_| cordoned) {
            let key = "node.kubernetes.io/unschedulable";
            taints.push(json!({"key": key, "effect": effect}));
        }
        let mut patch = json!({
            "spec": {"taints": taints, "unschedulable": cordoned},
            "status": {"allocatable": {
                "cpu": cpu.to_string(), "memory": format!("{memory}Gi"), "pods": pods.to_string(),
                "example.com/gpu": gpu.to_string(),
            }},
        });
        for (key, value) in [("zone", zone), ("disk", disk)] {
            if let Some(value) = value {
                let label = json!({(key): format!("{key}{value}")});
                merge(&mut patch, &json!({"metadata": {"labels": label}}));
            }
        }
        patch
    })
}

fn any_term() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec!["zone", "kubernetes.io/hostname"]);
    (key, 0..3).prop_map(|(key, app)| {
        json!({"topologyKey": key, "labelSelector": {"matchLabels": {"app": format!("a{app}")}}})
    })
}

fn any_spread(honor: bool) -> impl Strategy<Value = Value> {
    let least = prop::option::weighted(0.2, 1..5);
    let wishes = (1..3, prop::bool::weighted(0.7), least, prop::bool::weighted(0.3));
    (any_term(), wishes).prop_map(move |(mut constraint, (skew, hard, least, minds_taints))| {
        let when = if hard { "DoNotSchedule" } else { "ScheduleAnyway" };
        merge(&mut constraint, &json!({"maxSkew": skew, "whenUnsatisfiable": when}));
        if let Some(least) = least.filter(|_| hard) {
            merge(&mut constraint, &json!({"minDomains": least}));
        }
        if honor && minds_taints {
            merge(&mut constraint, &json!({"nodeTaintsPolicy": "Honor"}));
        }
        constraint
    })
}

/// What a pod asks of its node's labels.
fn any_wish() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec!["In", "NotIn", "Exists", "DoesNotExist"]);
    (operator, 0..2, any::<bool>(), any::<bool>()).prop_map(|(operator, disk, selector, zone)| {
        if selector {
            return json!({"nodeSelector": {"disk": format!("disk{disk}")}});
        }
        let key = if zone { "zone" } else { "disk" };
        let mut expression = json!({"key": key, "operator": operator});
        if operator.ends_with("In") {
            merge(&mut expression, &json!({"values": [format!("{key}{disk}")]}));
        }
        let gpu = json!({"key": "gpu", "operator": "Exists"});
        let terms = json!([{"matchExpressions": [expression]}, {"matchExpressions": [gpu, gpu]}]);
        let required = json!({"nodeSelectorTerms": terms});
        json!({"affinity": {"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": required}}})
    })
}

fn any_port() -> impl Strategy<Value = Value> {
    let ip = prop::sample::select(vec!["", "10.0.0.1", "10.0.0.2"]);
    (ip, 0..2, any::<bool>()).prop_map(|(ip, port, udp)| {
        let protocol = if udp { "UDP" } else { "TCP" };
        let number = 8080 + port;
        json!({"containerPort": number, "hostPort": number, "hostIP": ip, "protocol": protocol})
    })
}

/// A container that asks for something.
fn any_container() -> impl Strategy<Value = Value> {
    let ports = prop::collection::vec(any_port(), 0..2);
    (0..8, 0..3, prop::bool::weighted(0.15), ports).prop_map(|(cpu, memory, gpu, ports)| {
        let mut requests =
            json!({"cpu": format!("{}m", cpu * 250), "memory": format!("{}Mi", memory * 512)});
        if gpu {
            merge(&mut requests, &json!({"example.com/gpu": "1"}));
        }
        let resources = json!({"requests": requests, "limits": {}});
        json!({"name": "c", "image": "i", "ports": ports, "resources": resources})
    })
}

/// Any pod, as a patch; `honor` lets spread constraints mind taints.
pub(crate) fn any_pod(honor: bool) -> impl Strategy<Value = Value> {
    let near = prop::collection::vec(any_term(), 0..2);
    let near = prop::option::weighted(0.2, near);
    let far = prop::option::weighted(0.3, prop::collection::vec(any_term(), 1..3));
    let spread = prop::collection::vec(any_spread(honor), 0..3);
    let wish = prop::option::weighted(0.2, any_wish());
    let shape = (0..3, prop::sample::select(vec![-1, 0, 5, 10]), prop::option::of(0..3));
    (any_container(), near, far, prop::option::weighted(0.4, spread), wish, shape).prop_map(
        |(container, near, far, spread, wish, (app, priority, toleration))| {
            let mut patch = json!({
                "metadata": {"labels": {"app": format!("a{app}")}},
                "spec": {"priority": priority, "containers": [container]},
            });
            for (kind, terms) in [("podAffinity", near), ("podAntiAffinity", far)] {
                if let Some(terms) = terms {
                    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": terms});
                    merge(&mut patch, &json!({"spec": {"affinity": {(kind): required}}}));
                }
            }
            merge(&mut patch, &json!({"spec": {"topologySpreadConstraints": spread}}));
            merge(&mut patch, &json!({"spec": wish.unwrap_or(json!({}))}));
            if let Some(key) = toleration {
                let mut toleration = json!({"key": format!("k{key}"), "operator": "Exists"});
                if key == 2 {
                    let cordon = "node.kubernetes.io/unschedulable";
                    merge(&mut toleration, &json!({"key": cordon, "effect": "NoSchedule"}));
                }
                merge(&mut patch, &json!({"spec": {"tolerations": [toleration]}}));
            }
            patch
        },
    )
}

/// What happens to a pod that runs, or was to run.
fn any_fate() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["runs", "runs", "runs", "runs", "runs", "runs", "ends", "comes"])
}

prop_compose! {
    /// Any cluster; `honor` lets spread constraints mind taints.
    pub(crate) fn any_case(honor: bool)(
        nodes in prop::collection::vec(any_node(), 1..9),
        runs in prop::collection::vec(
            (any_pod(honor), any::<prop::sample::Index>(), any_fate()), 0..24),
        comes in any_pod(honor),
    ) -> Case {
        let name = |at: usize| format!("n{at}");
        let runs = runs.iter().enumerate().map(|(at, (patch, on, fate))| {
            let node = name(on.index(nodes.len()));
            match *fate {
                "comes" => {
                    let mut kept = pod(&format!("m{at}"), patch);
                    merge(&mut kept, &json!({"status": {"nominatedNodeName": node}}));
                    kept
                }
                "ends" => {
                    let mut ends = running(&format!("r{at}"), &node, patch);
                    let when = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
                    merge(&mut ends, &json!({"metadata": when}));
                    ends
                }
                _ => running(&format!("r{at}"), &node, patch),
            }
        });
        let named = nodes.iter().enumerate().map(|(at, patch)| node(&name(at), patch));
        Case {
            nodes: named.collect(), runs: runs.collect(), comes: pod("p", &comes),
            others: Vec::new(),
        }
    }
}

prop_compose! {
    /// The same, with a pod that mounts what may be out of reach.
    pub(crate) fn any_case_with_volumes()(
        mut case in any_case(true),
        claims in prop::collection::vec((0..5, 0..3_i32), 1..3),
        limit in 0..3,
    ) -> Case {
        let mut volumes = Vec::new();
        for (at, (kind, zone)) in claims.iter().enumerate() {
            let name = format!("c{at}");
            case.others.extend(claim(&name, *kind, *zone));
            let claim = json!({"claimName": name});
            volumes.push(json!({"name": name, "persistentVolumeClaim": claim}));
        }
        merge(&mut case.comes, &json!({"spec": {"volumes": volumes}}));
        for node in &case.nodes {
            let allocatable = json!({"count": limit});
            let driver = json!({"name": "d", "nodeID": "x", "topologyKeys": [],
                "allocatable": allocatable});
            case.others.push(json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode",
                "metadata": {"name": node["metadata"]["name"]}, "spec": {"drivers": [driver]}}));
        }
        case
    }
}

/// A claim and its volume, one of several kinds.
fn claim(name: &str, kind: i32, zone: i32) -> Vec<Value> {
    let class = if kind == 3 { "late" } else { "soon" };
    let mut claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default",
            "annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
        "spec": {"volumeName": format!("v-{name}"), "storageClassName": class,
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": "Bound"}});
    let mut volume = json!({"apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": format!("v-{name}"), "labels": {}},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
            "storageClassName": class, "csi": {"driver": "d", "volumeHandle": name},
            "claimRef": {"namespace": "default", "name": name}},
        "status": {"phase": "Bound"}});
    let zone = format!("zone{zone}");
    let term = json!({"key": "zone", "operator": "In", "values": [zone]});
    match kind {
        0 => merge(
            &mut volume,
            &json!({"spec": {"nodeAffinity": {"required":
            {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}}}),
        ),
        1 => merge(
            &mut volume,
            &json!({"metadata": {"labels":
            {"topology.kubernetes.io/zone": zone}}}),
        ),
        2 => return vec![claim],
        3 => {
            merge(
                &mut claim,
                &json!({"metadata": {"annotations": null},
                "spec": {"volumeName": null}, "status": {"phase": "Pending"}}),
            );
            let binding = "WaitForFirstConsumer";
            return vec![
                claim,
                json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                "metadata": {"name": "late"}, "provisioner": "kubernetes.io/no-provisioner",
                "volumeBindingMode": binding}),
            ];
        }
        _ => {}
    }
    vec![claim, volume]
}
