//! Plan E: tiers of priority and a lifeboat.

use serde_json::{Value, json};

use super::{by_rule, culprits, export, failing, objects, outcome, pending, verdicts};
use crate::holdfast::{fixtures, folder, report, workload, write};

/// By namespace: every workload that is no DaemonSet.
const ALL: [(&str, &str); 20] = [
    ("Deployment", "backend"),
    ("Deployment", "frigate"),
    ("Deployment", "frontend"),
    ("Deployment", "grafana"),
    ("Deployment", "mosquitto"),
    ("Deployment", "node-red"),
    ("Deployment", "controller-manager"),
    ("Deployment", "events-webhook"),
    ("StatefulSet", "argocd-application-controller"),
    ("Deployment", "argocd-applicationset-controller"),
    ("Deployment", "argocd-dex-server"),
    ("Deployment", "argocd-notifications-controller"),
    ("Deployment", "argocd-redis"),
    ("Deployment", "argocd-repo-server"),
    ("Deployment", "argocd-server"),
    ("Deployment", "coredns"),
    ("Deployment", "local-path-provisioner"),
    ("Deployment", "metrics-server"),
    ("StatefulSet", "loki"),
    ("StatefulSet", "prometheus"),
];

/// The Deployments of `ArgoCD` that run on a worker in Green.
const LIFEBOAT: [&str; 5] = [
    "argocd-applicationset-controller",
    "argocd-dex-server",
    "argocd-notifications-controller",
    "argocd-repo-server",
    "argocd-server",
];

fn any_node() -> Value {
    report(&fixtures(), &["edge/cluster.json"], 1)
}

/// Two and three replicas that stand apart, and need not.
#[test]
fn by_rule_one_worker_may_hold_all() {
    let report = any_node();
    for (name, replicas) in [("backend", 2), ("frontend", 3)] {
        let (verdict, most, _) = by_rule(&report, "Deployment", name);
        assert_eq!((verdict.as_str(), most), ("REFUTED", json!(replicas)), "{name}");
        assert_eq!(verdicts(&report, "Deployment", name), "P R", "{name}");
    }
    let (verdict, _, why) = by_rule(&report, "DaemonSet", "alloy");
    assert_eq!((verdict.as_str(), why), ("PROVED", vec!["follows-nodes".to_owned()]));
}

/// What worker-2 has left is less than all the pods ask for that may go nowhere else; each of them
/// alone would find room.
#[test]
fn one_worker_is_too_small_for_everybody() {
    let report = any_node();
    let told = &workload(&report, "Deployment", "frontend")["recovered"]["counterexample"];
    let (everybody, alone) = (&told["possible"]["everybody"], &told["possible"]["workload"]);
    assert_eq!(alone["answer"], "yes");
    let why = &everybody["why"];
    assert_eq!((&why["reason"], &why["resource"]), (&json!("sum"), &json!("cpu")));
    assert_eq!(why["nodes"], json!(["worker-2"]));
    let [needed, available] = ["needed", "available"].map(|side| why[side].as_i64().unwrap());
    assert!(needed > available, "{needed} > {available}");
}

/// Each claim tells its own smallest set.
#[test]
fn each_claim_has_its_own_counterexample() {
    let report = report(&fixtures(), &["--nodes", "2", "edge/cluster.json"], 1);
    let told = workload(&report, "Deployment", "backend");
    assert_eq!(told["recovered"]["counterexample"]["fail"], json!(["worker-1"]));
    let at_once = &told["immediately"]["counterexample"];
    assert_eq!(*at_once, json!({"fail": ["worker-1", "worker-2"], "readyAtOnce": 0}));
    assert_eq!(told["counterexample"], told["recovered"]["counterexample"]);
}

/// The last table of the fixture's README.
#[test]
fn any_single_failure() {
    let report = any_node();
    for (kind, name, expected, node) in [
        ("Deployment", "coredns", "R R", "master"),
        ("Deployment", "metrics-server", "R R", "master"),
        ("Deployment", "local-path-provisioner", "R R", "master"),
        ("StatefulSet", "argocd-application-controller", "R R", "master"),
        ("Deployment", "argocd-redis", "R R", "master"),
        ("Deployment", "argocd-repo-server", "R P", "worker-1"),
        ("Deployment", "argocd-server", "R P", "worker-1"),
        ("Deployment", "controller-manager", "R P", "worker-1"),
        ("StatefulSet", "prometheus", "R R", "worker-1"),
        ("StatefulSet", "loki", "R R", "worker-2"),
        ("Deployment", "frontend", "P R", "worker-1"),
        ("Deployment", "backend", "P R", "worker-1"),
        ("Deployment", "frigate", "R R", "worker-1"),
        ("Deployment", "node-red", "R R", "worker-2"),
        ("Deployment", "grafana", "R R", "worker-2"),
        ("Deployment", "mosquitto", "R R", "worker-1"),
    ] {
        assert_eq!(verdicts(&report, kind, name), expected, "{name}");
        assert_eq!(culprits(&report, kind, name), json!([node]), "{name}");
    }
}

const WORKER_2: [&str; 4] = [
    "argocd-applicationset-controller",
    "argocd-notifications-controller",
    "argocd-dex-server",
    "events-webhook",
];

#[test]
fn what_comes_back_from_worker_2_is_proved() {
    let report = any_node();
    for name in WORKER_2 {
        assert_eq!(verdicts(&report, "Deployment", name), "R P", "{name}");
    }
}

#[test]
fn the_master_fails() {
    let report = failing("edge", "master");
    for (kind, name, expected) in [
        ("Deployment", "coredns", "0 → 0/1"),
        ("StatefulSet", "argocd-application-controller", "0 → 0/1"),
        ("Deployment", "argocd-redis", "0 → 0/1"),
        ("Deployment", "argocd-server", "1/1"),
        ("StatefulSet", "prometheus", "1/1"),
        ("StatefulSet", "loki", "1/1"),
        ("Deployment", "frontend", "3/3"),
        ("Deployment", "backend", "2/2"),
        ("Deployment", "mosquitto", "1/1"),
        ("Deployment", "events-webhook", "1/1"),
    ] {
        assert_eq!(outcome(&report, kind, name), expected, "{name}");
    }
}

#[test]
fn yellow_by_worker_1() {
    let report = failing("edge", "worker-1");
    for (kind, name, expected) in [
        ("Deployment", "coredns", "1/1"),
        ("StatefulSet", "loki", "1/1"),
        ("StatefulSet", "prometheus", "0 → 0/1"),
        ("Deployment", "argocd-repo-server", "0 → 1/1"),
        ("Deployment", "argocd-server", "0 → 1/1"),
        ("Deployment", "controller-manager", "0 → 1/1"),
        ("Deployment", "frontend", "2 → 2/3"),
        ("Deployment", "backend", "1 → 1/2"),
        ("Deployment", "frigate", "0 → 0/1"),
        ("Deployment", "mosquitto", "0 → 0/1"),
        ("Deployment", "node-red", "1/1"),
        ("Deployment", "grafana", "1/1"),
    ] {
        assert_eq!(outcome(&report, kind, name), expected, "{name}");
    }
    let prometheus = &workload(&report, "StatefulSet", "prometheus")["counterexample"];
    assert_eq!(prometheus["terminating"][0]["pod"], "monitoring/prometheus-0");
}

#[test]
fn yellow_by_worker_2() {
    let report = failing("edge", "worker-2");
    for (kind, name, expected) in [
        ("StatefulSet", "prometheus", "1/1"),
        ("StatefulSet", "loki", "0 → 0/1"),
        ("Deployment", "frigate", "1/1"),
        ("Deployment", "frontend", "1 → 1/3"),
        ("Deployment", "backend", "1 → 1/2"),
        ("Deployment", "node-red", "0 → 0/1"),
        ("Deployment", "grafana", "0 → 0/1"),
        ("Deployment", "mosquitto", "1 → 0/1"),
    ] {
        assert_eq!(outcome(&report, kind, name), expected, "{name}");
    }
}

/// Its own node is healthy: events-webhook needs its room, and its replacement does not fit.
#[test]
fn mosquitto_falls_to_the_failure_of_another_node() {
    let report = failing("edge", "worker-2");
    assert_eq!(outcome(&report, "Deployment", "mosquitto"), "1 → 0/1");
    let steps = &workload(&report, "Deployment", "mosquitto")["counterexample"]["steps"];
    let preempted = steps.as_array().unwrap().iter().find(|step| step["action"] == "preempt");
    let by = preempted.expect("it is preempted")["pod"].as_str().unwrap();
    assert!(by.starts_with("argo-events/events-webhook-"), "{by}");
}

#[test]
fn red() {
    let report = failing("edge", "worker-1,worker-2");
    for name in LIFEBOAT {
        assert_eq!(outcome(&report, "Deployment", name), "0 → 1/1", "{name}");
        assert_eq!(verdicts(&report, "Deployment", name), "R P", "{name}");
    }
    assert_eq!(outcome(&report, "StatefulSet", "argocd-application-controller"), "1/1");
    assert_eq!(outcome(&report, "Deployment", "argocd-redis"), "1/1");
    let message = "0/3 nodes are available: 3 node(s) had untolerated taint(s). no new claims to \
                   deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful \
                   for scheduling.";
    for name in ["controller-manager", "events-webhook"] {
        assert_eq!(outcome(&report, "Deployment", name), "0 → 0/1", "{name}");
        assert_eq!(pending(&report, "Deployment", name), [message], "{name}");
    }
    for (name, pod) in [("prometheus", "monitoring/prometheus-0"), ("loki", "monitoring/loki-0")] {
        let found = &workload(&report, "StatefulSet", name)["counterexample"];
        assert_eq!(found["terminating"][0]["pod"], pod, "stuck while the node object stays");
        assert_eq!(found["pending"], json!([]), "{name}");
    }
}

#[test]
fn black() {
    let report = failing("edge", "master,worker-1,worker-2");
    for (kind, name) in ALL {
        let found = &workload(&report, kind, name)["counterexample"];
        assert_eq!((&found["readyAtOnce"], &found["ready"]), (&json!(0), &json!(0)), "{name}");
    }
}

/// A remedy that the fixture's README names: as a Deployment, Prometheus is replaced.
#[test]
fn prometheus_as_a_deployment_reaches_the_lifeboat() {
    let mut export = export("edge");
    for set in objects(&mut export, "StatefulSet", "prometheus") {
        set["kind"] = json!("Deployment");
        let spec = set["spec"].as_object_mut().unwrap();
        for field in ["serviceName", "podManagementPolicy", "updateStrategy"] {
            spec.remove(field);
        }
    }
    let items = export["items"].as_array_mut().unwrap();
    items.retain(|item| item["metadata"]["name"] != "prometheus-0");
    let folder = folder("edge-prometheus");
    write(&folder, "cluster.json", export.to_string());
    let report = report(&folder, &["cluster.json", "--fail", "worker-1,worker-2"], 1);
    assert_eq!(workload(&report, "Deployment", "prometheus")["recovered"]["verdict"], "PROVED");
}
