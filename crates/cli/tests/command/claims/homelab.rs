//! Plan H: two replicas, hard anti-affinity, three workers.

use serde_json::{Value, json};

use super::{by_rule, culprits, failing, objects, outcome, pending, scale, verdicts};
use crate::holdfast::{fixtures, report, workload};

const WORKERS: [&str; 3] = ["homelab-02", "homelab-03", "homelab-04"];

/// The workloads that the plan runs twice.
const PAIRS: [&str; 15] = [
    "cert-manager",
    "cert-manager-cainjector",
    "cert-manager-webhook",
    "controller",
    "coredns",
    "csi-attacher",
    "csi-provisioner",
    "csi-resizer",
    "csi-snapshotter",
    "kube-prometheus-stack-grafana",
    "kube-prometheus-stack-kube-state-metrics",
    "kube-prometheus-stack-operator",
    "metrics-server",
    "sealed-secrets-controller",
    "traefik",
];

fn any_node() -> Value {
    report(&fixtures(), &["homelab/cluster.json"], 1)
}

/// The report on an edited export of the plan.
fn edited(test: &str, edit: impl FnOnce(&mut Value), arguments: &[&str], code: i32) -> Value {
    super::edited("homelab", test, edit, arguments, code)
}

#[test]
fn pairs_survive_any_one_node() {
    let report = any_node();
    for name in PAIRS {
        assert_eq!(verdicts(&report, "Deployment", name), "P P", "{name}");
        assert_eq!(workload(&report, "Deployment", name)["readyAtOnce"], 1, "{name}");
    }
}

/// Not only as placed: wherever the rules let the next rollout put them.
#[test]
fn pairs_survive_any_one_node_by_rule() {
    let report = any_node();
    for name in PAIRS {
        let (verdict, most, why) = by_rule(&report, "Deployment", name);
        assert_eq!((verdict.as_str(), most), ("PROVED", json!(1)), "{name}");
        assert_eq!(why, ["apart"], "{name}");
        assert_eq!(workload(&report, "Deployment", name)["byRule"]["lasts"], true, "{name}");
    }
}

/// Longhorn's page has two replicas that nothing keeps apart: they stand apart by luck.
#[test]
fn by_rule_tells_luck_from_rule() {
    let report = any_node();
    let (verdict, most, _) = by_rule(&report, "Deployment", "longhorn-ui");
    assert_eq!((verdict.as_str(), most), ("REFUTED", json!(2)));
    let told = workload(&report, "Deployment", "longhorn-ui");
    assert_eq!(told["verdict"], "PROVED", "what is proved as placed stays so");
    let moved = told["byRule"]["moved"].as_array().unwrap();
    assert_eq!(moved.len(), 1);
    assert_eq!(json!([moved[0]["to"]]), told["byRule"]["fail"]);
}

/// Valkey is kept on one node: there is no placement without it.
#[test]
fn no_placement_serves_what_is_kept_on_a_lost_node() {
    let report = any_node();
    let told = &workload(&report, "Deployment", "valkey")["recovered"]["counterexample"];
    let alone = &told["possible"]["workload"];
    assert_eq!((&alone["answer"], &alone["why"]["reason"]), (&json!("no"), &json!("no-node")));
    assert_eq!(alone["why"]["nodes"].as_array().unwrap().len(), 3);
}

#[test]
fn the_others_do_not() {
    let report = any_node();
    for (kind, name, expected, node) in [
        ("Deployment", "longhorn-driver-deployer", "R P", "homelab-04"),
        ("Deployment", "valkey", "R R", "homelab-04"),
        ("StatefulSet", "postgres", "R R", "homelab-04"),
        ("StatefulSet", "prometheus-kube-prometheus-stack-prometheus", "R R", "homelab-02"),
        ("StatefulSet", "alertmanager-kube-prometheus-stack-alertmanager", "R R", "homelab-03"),
    ] {
        assert_eq!(verdicts(&report, kind, name), expected, "{name}");
        assert_eq!(culprits(&report, kind, name), json!([node]), "{name}");
    }
    assert_eq!(verdicts(&report, "Deployment", "longhorn-ui"), "P P", "as placed");
}

#[test]
fn what_longhorn_does_with_its_own_pods_is_not_known() {
    let report = any_node();
    let workloads = report["workloads"].as_array().unwrap().iter();
    let managers: Vec<&Value> =
        workloads.filter(|workload| workload["kind"] == "InstanceManager").collect();
    assert_eq!(managers.len(), 3);
    for manager in managers {
        assert_eq!(manager["immediately"]["verdict"], "REFUTED");
        assert_eq!(manager["recovered"]["verdict"], "UNKNOWN");
        assert_eq!(manager["recovered"]["doubt"]["reason"], "custom-controller");
    }
}

#[test]
fn every_worker_may_fail_and_the_control_plane_too() {
    for node in WORKERS {
        let report = failing("homelab", node);
        for name in PAIRS {
            assert_eq!(verdicts(&report, "Deployment", name), "P P", "{name}, {node}");
        }
    }
    let report = failing("homelab", "homelab-01");
    for name in PAIRS {
        assert_eq!(outcome(&report, "Deployment", name), "2/2", "{name}");
    }
}

/// The other two rows of the databases: it is homelab-04 alone that they depend on.
#[test]
fn the_databases_depend_on_one_node() {
    let report = failing("homelab", "homelab-02,homelab-03");
    assert_eq!(outcome(&report, "Deployment", "valkey"), "1/1");
    assert_eq!(outcome(&report, "StatefulSet", "postgres"), "1/1");
    let report = any_node();
    let message = "0/4 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, \
                   2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: \
                   0/4 nodes are available: 4 Preemption is not helpful for scheduling.";
    assert_eq!(pending(&report, "Deployment", "valkey"), [message]);
    let postgres = &workload(&report, "StatefulSet", "postgres")["counterexample"];
    assert_eq!(postgres["pending"], json!([]), "a StatefulSet waits for its pod to be gone");
    assert_eq!(postgres["terminating"][0]["pod"], "databases/postgres-0");
}

/// Three replicas all run while every worker does, and two of them after a failure.
#[test]
fn the_third_replica_waits_for_a_worker() {
    let report = edited("three", |export| scale(export, "traefik", 3), &[], 1);
    let traefik = workload(&report, "Deployment", "traefik");
    assert_eq!((&traefik["ready"], &traefik["desired"]), (&json!(3), &json!(3)));
    assert_eq!(verdicts(&report, "Deployment", "traefik"), "P R");
    assert_eq!(traefik["readyAtOnce"], 2, "more than the one that is left of two");
    assert_eq!(outcome(&report, "Deployment", "traefik"), "2 → 2/3");
    let message = "0/4 nodes are available: 2 node(s) didn't match pod anti-affinity rules, \
                   2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: \
                   0/4 nodes are available: 2 No preemption victims found for incoming pod, \
                   2 Preemption is not helpful for scheduling.";
    assert_eq!(pending(&report, "Deployment", "traefik"), [message]);
}

#[test]
fn four_replicas_wait_with_nothing_failed() {
    let report = edited("four", |export| scale(export, "traefik", 4), &[], 1);
    let traefik = workload(&report, "Deployment", "traefik");
    assert_eq!((&traefik["ready"], &traefik["desired"]), (&json!(3), &json!(4)));
    assert_eq!(culprits(&report, "Deployment", "traefik"), json!([]), "already today");
    let pending = pending(&report, "Deployment", "traefik");
    let start = "0/4 nodes are available: 1 node(s) had untolerated taint(s), \
                 3 node(s) didn't match pod anti-affinity rules.";
    assert_eq!(pending.len(), 1);
    assert!(pending[0].starts_with(start), "{pending:?}");
}

/// A second node with their label is no remedy for the databases: the StatefulSet still waits, and
/// the volume of the other stays attached to the node that is silent.
#[test]
fn a_second_labelled_node_does_not_keep_the_databases() {
    let label = |export: &mut Value| {
        for node in objects(export, "Node", "homelab-03") {
            node["metadata"]["labels"]["node-role"] = json!("database");
        }
    };
    let report = edited("labelled", label, &[], 1);
    assert_eq!(verdicts(&report, "Deployment", "valkey"), "R R");
    assert_eq!(verdicts(&report, "StatefulSet", "postgres"), "R R");
}

/// What a Helm upgrade may do, told by the verdict that gets worse.
#[test]
fn a_reset_of_replicas_shows() {
    let reset = |export: &mut Value| {
        scale(export, "traefik", 1);
        let items = export["items"].as_array_mut().unwrap();
        let second = items.iter().rposition(|item| {
            item["kind"] == "Pod"
                && item["metadata"]["name"].as_str().unwrap().starts_with("traefik-")
        });
        items.remove(second.unwrap());
    };
    let report = edited("reset", reset, &[], 1);
    assert_eq!(verdicts(&report, "Deployment", "traefik"), "R P");
}
