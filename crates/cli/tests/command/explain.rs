//! What `holdfast explain` tells people, to the letter.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::holdfast::{run, run_with};
use crate::sample::list;

fn node(name: &str, zone: &str, spec: &Value, allocatable: &Value) -> Value {
    let labels = json!({"kubernetes.io/hostname": name, "zone": zone});
    let mut whole = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    for (resource, amount) in allocatable.as_object().unwrap() {
        whole[resource] = amount.clone();
    }
    let status = json!({"allocatable": whole, "nodeInfo": {"kubeletVersion": "v1.33.2"}});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
        "spec": spec, "status": status})
}

fn pod(name: &str, on: Option<&str>, cpu: &str, spec: &Value) -> Value {
    let requests = json!({"cpu": cpu, "memory": "256Mi"});
    let port = spec["port"].as_i64();
    let ports = port.map_or(json!([]), |port| json!([{"containerPort": port, "hostPort": port}]));
    let container =
        json!({"name": "c", "image": "i", "resources": {"requests": requests}, "ports": ports});
    let mut whole = json!({"containers": [container], "nodeName": on});
    for (key, value) in spec.as_object().unwrap().iter().filter(|(key, _)| *key != "port") {
        whole[key] = value.clone();
    }
    let app = name.split('-').next();
    json!({"apiVersion": "v1", "kind": "Pod", "spec": whole,
        "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": app}},
        "status": {"phase": if on.is_some() { "Running" } else { "Pending" }}})
}

/// Five nodes, each with an objection of its own.
fn nodes() -> Vec<Value> {
    let none = json!({});
    let taint = |key: &str, value: &str, effect: &str| -> Value {
        json!({"key": key, "value": value, "effect": effect})
    };
    let cordon = taint("node.kubernetes.io/unschedulable", "", "NoSchedule");
    let lost = "node.kubernetes.io/unreachable";
    let lost = [taint(lost, "", "NoSchedule"), taint(lost, "", "NoExecute")];
    vec![
        node("n1", "a", &none, &none),
        node("n2", "b", &json!({"unschedulable": true, "taints": [cordon]}), &none),
        node("n3", "b", &json!({"taints": [taint("dedicated", "db", "NoSchedule")]}), &none),
        node("n4", "c", &json!({"taints": lost}), &none),
        node("n5", "c", &none, &json!({"cpu": "1", "pods": "2"})),
        pod("web-1", Some("n1"), "1500m", &json!({"port": 80})),
        pod("web-2", Some("n1"), "1", &none),
        pod("x", Some("n5"), "500m", &none),
        pod("y", Some("n5"), "100m", &none),
    ]
}

/// A pod that asks for much at once.
fn picky() -> Value {
    let selects = |app: &str| json!({"matchLabels": {"app": app}});
    let term = |key: &str, app: &str| {
        let term = json!({"topologyKey": key, "labelSelector": selects(app)});
        json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]})
    };
    let spread = json!({"maxSkew": 1, "topologyKey": "zone", "labelSelector": selects("web"),
        "whenUnsatisfiable": "DoNotSchedule"});
    let affinity = json!({"podAffinity": term("zone", "db"),
        "podAntiAffinity": term("kubernetes.io/hostname", "web")});
    let spec = json!({"port": 80, "affinity": affinity, "topologySpreadConstraints": [spread]});
    pod("web-3", None, "2", &spec)
}

fn explained(objects: &[Value], arguments: &[&str]) -> String {
    let all = [&["explain", "-"], arguments].concat();
    run_with(list(objects).to_string().as_bytes(), &all).ended(0).stdout
}

#[test]
fn a_pod_that_fits_one_node_of_homelab() {
    let run = run(&["explain", "homelab/cluster.json", "--pod", "databases/postgres-0"]);
    assert_snapshot!(run.ended(0).stdout);
}

#[test]
fn a_pod_that_two_nodes_of_homelab_vie_for() {
    let pod = "kube-system/metrics-server-6fd54757b8-hgs4h";
    assert_snapshot!(run(&["explain", "homelab/cluster.json", "--pod", pod]).ended(0).stdout);
}

#[test]
fn every_filter_says_what_it_lacks() {
    let mut objects = nodes();
    objects.push(picky());
    assert_snapshot!(explained(&objects, &[]));
}

#[test]
fn one_node_alone() {
    let mut objects = nodes();
    objects.push(picky());
    assert_snapshot!(explained(&objects, &["--node", "n5"]));
}

#[test]
fn pods_that_wait_for_more_than_a_node() {
    let mut objects = nodes();
    let claim = json!({"name": "v", "persistentVolumeClaim": {"claimName": "data"}});
    objects.push(pod("lost", None, "500m", &json!({"volumes": [claim]})));
    let gates = json!({"schedulingGates": [{"name": "example.com/quota"}]});
    objects.push(pod("held", None, "500m", &gates));
    objects.push(pod("big", None, "3", &json!({"priority": 1000})));
    assert_snapshot!(explained(&objects, &[]));
}

#[test]
fn like_nodes_share_a_line() {
    let size = |at: usize| json!({"cpu": (1 + at % 3).to_string()});
    let zone = |at: usize| if at.is_multiple_of(2) { "a" } else { "b" };
    let named = |at: usize| node(&format!("n{at:02}"), zone(at), &json!({}), &size(at));
    let mut objects: Vec<Value> = (0..30).map(named).collect();
    let spec = json!({"nodeSelector": {"zone": "a"}});
    objects.extend([pod("web-1", None, "2", &spec), pod("web-2", None, "4", &spec)]);
    assert_snapshot!(explained(&objects, &[]));
}

#[test]
fn words_follow_the_release_and_decisions_do_not() {
    let mut objects = nodes();
    objects.push(picky());
    let told = |arguments: &[&str]| -> Value {
        let json = [arguments, &["-o", "json"]].concat();
        serde_json::from_str(&explained(&objects, &json)).unwrap()
    };
    let (own, newest) = (told(&[]), told(&["--kubernetes-version", "1.36"]));
    let text = |told: &Value| told[0]["nodes"]["n3"]["reasons"][0].as_str().unwrap().to_owned();
    assert_eq!(text(&own), "node(s) had untolerated taint {dedicated: db}");
    assert_eq!(text(&newest), "node(s) had untolerated taint(s)");
    let keys = |told: &Value| told[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&own), ["message", "nodes", "pod", "preemptionMessage", "result"]);
    assert_eq!(keys(&own), keys(&newest));
    let wrong = run(&["explain", "homelab/cluster.json", "--kubernetes-version", "1.29"]).ended(2);
    assert!(wrong.stderr.contains("known are 1.30 to 1.36"), "{}", wrong.stderr);
}
