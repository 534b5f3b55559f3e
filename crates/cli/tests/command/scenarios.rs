//! What fails together: domains by label and by file, machines that are no nodes.

use std::path::Path;

use insta::{assert_snapshot, with_settings};
use serde_json::{Value, json};

use crate::holdfast::{folder, run, write};

const HOMELAB: &str = "homelab/cluster.json";
const EDGE: &str = "edge/cluster.json";
const K3S: &str = "k3s/after.json";

/// A file of domains, by name.
fn domains(folder: &Path, text: &str) -> String {
    let header = "apiVersion: holdfast.dev/v1\nkind: Domains\n";
    write(folder, "domains.yaml", format!("{header}{text}"));
    folder.join("domains.yaml").to_str().unwrap().to_owned()
}

fn verdicts(report: &Value, claim: &str) -> Vec<Value> {
    let workloads = report["workloads"].as_array().unwrap();
    workloads.iter().map(|workload| workload[claim].clone()).collect()
}

#[test]
fn a_label_fails_value_by_value() {
    let label = "node-role";
    assert_snapshot!(run(&["prove", HOMELAB, "--domain", label]).ended(1).transcript());
    // One value, on one node: the same as that node alone.
    let by_label = run(&["prove", HOMELAB, "--domain", label, "-o", "json"]).ended(1).json();
    let by_name = run(&["prove", HOMELAB, "--fail", "homelab-04", "-o", "json"]).ended(1).json();
    for claim in ["immediately", "recovered", "verdict"] {
        let of = |report: &Value| -> Vec<Value> {
            let all = verdicts(report, claim);
            let verdict = |one: &Value| one.get("verdict").unwrap_or(one).clone();
            all.iter().map(verdict).collect()
        };
        assert_eq!(of(&by_label), of(&by_name), "{claim}");
    }
    let expected = json!({
        "label": "node-role", "most": 1, "of": 1,
        "without": ["homelab-01", "homelab-02", "homelab-03"]
    });
    assert_eq!(by_label["checked"]["domains"], expected);
    let postgres = by_label["workloads"].as_array().unwrap().iter();
    let postgres = postgres.clone().find(|it| it["name"] == "postgres").unwrap();
    assert_eq!(postgres["counterexample"]["domains"], json!(["node-role=database"]));
    assert_eq!(postgres["counterexample"]["fail"], json!(["homelab-04"]));
}

/// All nodes of the edge are of one type: when it fails nothing is left but what runs nowhere else.
#[test]
fn a_label_that_all_nodes_share_takes_all() {
    let label = "node.kubernetes.io/instance-type";
    let report = run(&["prove", EDGE, "--domain", label, "-o", "json"]).ended(1).json();
    assert_eq!(report["summary"]["survive"], 0);
    assert_eq!(report["checked"]["sets"], 1);
    assert_eq!(report["checked"]["domains"]["without"], json!([]));
}

/// A domain for each node: any two of them are any two nodes.
#[test]
fn domains_of_one_node_are_nodes() {
    let folder = folder("domains-of-one-node");
    let each = "domains:\n  a: [master]\n  b: [worker-1]\n  c: [worker-2]\n";
    let file = domains(&folder, each);
    let by_file = ["prove", EDGE, "--domain-file", &file, "--domains", "2", "-o", "json"];
    let by_file = run(&by_file).ended(1).json();
    let by_node = run(&["prove", EDGE, "--nodes", "2", "-o", "json"]).ended(1).json();
    assert_eq!(by_file["summary"], by_node["summary"]);
    assert_eq!(by_file["checked"]["sets"], 6);
    for claim in ["immediately", "recovered"] {
        let counts = |report: &Value| -> Vec<Value> {
            let all = verdicts(report, claim);
            all.iter().map(|it| json!([it["proved"], it["refuted"], it["unknown"]])).collect()
        };
        assert_eq!(counts(&by_file), counts(&by_node), "{claim}");
    }
}

#[test]
fn a_node_in_two_domains_fails_with_either() {
    let folder = folder("domains-that-share");
    let text = "domains:\n  power: [homelab-01, homelab-02]\n  switch: [homelab-02, homelab-03]\n";
    let file = domains(&folder, text);
    let human = run(&["prove", HOMELAB, "--domain-file", &file]).ended(1);
    assert_snapshot!(human.transcript());
    let both = ["prove", HOMELAB, "--domain-file", &file, "--domains", "2", "-o", "json"];
    assert_eq!(run(&both).ended(1).json()["checked"]["sets"], 3);
}

#[test]
fn domains_that_make_no_sense() {
    let folder = folder("domains-wrong");
    let unknown = domains(&folder, "domains:\n  power:\n    - homelab-01\n    - homelab-9\n");
    let told = run(&["prove", HOMELAB, "--domain-file", &unknown]).ended(2);
    assert!(told.stderr.contains("domains.yaml:6:"), "{}", told.transcript());
    assert!(told.stderr.contains("\"homelab-9\" of power is no node"), "{}", told.transcript());
    write(&folder, "other.yaml", "apiVersion: v1\nkind: Node\n");
    let other = folder.join("other.yaml");
    let told = run(&["prove", HOMELAB, "--domain-file", other.to_str().unwrap()]).ended(2);
    assert!(told.stderr.contains("not holdfast.dev/v1 Domains"), "{}", told.transcript());
    for (name, arguments) in [
        ("slip", &["--domain", "node-rol"][..]),
        ("empty", &["--domain", ""]),
        ("beyond", &["--domain", "node-role", "--domains", "2"]),
        ("zero", &["--domain", "node-role", "--domains", "0"]),
        ("alone", &["--domains", "2"]),
        ("and-fail", &["--domain", "node-role", "--fail", "homelab-01"]),
        ("and-nodes", &["--domain", "node-role", "--nodes", "2"]),
        ("up-to-beyond", &["--tolerance", "--up-to", "5"]),
        ("up-to-zero", &["--tolerance", "--up-to", "0"]),
        ("no-budget", &["--domain", "node-role", "--budget", "0"]),
    ] {
        let run = run(&[&["prove", HOMELAB], arguments].concat()).ended(2);
        with_settings!({ snapshot_suffix => name }, {
            assert_snapshot!("domains_that_make_no_sense", run.transcript());
        });
    }
}

/// Without its only load balancer nothing is done any more, and nothing that runs stops.
#[test]
fn a_machine_that_is_no_node_fails() {
    let story = ["prove", K3S, "--assumptions", "k3s/assumptions.yaml", "--fail"];
    let lost = run(&[&story[..], &["lb-1", "-o", "json"]].concat()).ended(1).json();
    assert_eq!(lost["checked"]["fail"], json!(["lb-1"]));
    assert_eq!(lost["checked"]["sets"], 1);
    let workloads = lost["workloads"].as_array().unwrap();
    for workload in workloads {
        // What falls short did so before.
        let ready = workload["ready"].as_u64();
        assert_eq!(workload["readyAtOnce"].as_u64(), ready, "{workload}");
        let short = ready < workload["desired"].as_u64();
        assert_eq!(workload["recovered"]["verdict"] == "REFUTED", short, "{workload}");
    }
    // Together with a worker it keeps what was on it from coming back.
    let of = |report: &Value, name: &str| {
        let all = report["workloads"].as_array().unwrap().iter();
        all.clone().find(|it| it["name"] == name).unwrap()["recovered"]["verdict"].clone()
    };
    let both = run(&[&story[..], &["lb-1,k3s4", "-o", "json"]].concat()).ended(1).json();
    let node = run(&[&story[..], &["k3s4", "-o", "json"]].concat()).ended(1).json();
    assert_eq!(both["checked"]["fail"], json!(["k3s4", "lb-1"]));
    assert_eq!((of(&node, "web"), of(&both, "web")), ("PROVED".into(), "REFUTED".into()));
}

/// What one more node breaks is what `--nodes` says.
#[test]
fn how_many_failures_are_survived() {
    assert_snapshot!(run(&["prove", EDGE, "--tolerance"]).ended(0).transcript());
    let report = run(&["prove", EDGE, "--tolerance", "-o", "json"]).ended(0).json();
    let survived: Vec<Value> = report["tolerance"]["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workload| workload["proved"].clone())
        .collect();
    assert_eq!(report["tolerance"]["upTo"], 3);
    for most in 1..=3 {
        let asked = ["prove", EDGE, "--nodes", &most.to_string(), "-o", "json"];
        let verdicts = verdicts(&run(&asked).json(), "verdict");
        for (verdict, proved) in verdicts.iter().zip(&survived) {
            let survives = proved.as_u64().is_some_and(|proved| proved >= most);
            assert_eq!(verdict == "PROVED", survives, "{most} nodes");
        }
    }
}

#[test]
fn how_many_domains_are_survived() {
    let folder = folder("domains-survived");
    let text = "domains:\n  power: [homelab-01, homelab-02]\n  switch: [homelab-02, homelab-03]\n";
    let file = domains(&folder, text);
    let run = run(&["prove", HOMELAB, "--tolerance", "--domain-file", &file]);
    assert_snapshot!(run.transcript());
}
