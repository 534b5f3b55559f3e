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
    // Together with a server it keeps what was on it from coming back.
    let of = |report: &Value, name: &str| {
        let all = report["workloads"].as_array().unwrap().iter();
        all.clone().find(|it| it["name"] == name).unwrap()["recovered"]["verdict"].clone()
    };
    let both = run(&[&story[..], &["lb-1,k3s1", "-o", "json"]].concat()).ended(1).json();
    let node = run(&[&story[..], &["k3s1", "-o", "json"]].concat()).ended(1).json();
    assert_eq!(both["checked"]["fail"], json!(["k3s1", "lb-1"]));
    assert_eq!((of(&node, "coredns"), of(&both, "coredns")), ("PROVED".into(), "REFUTED".into()));
}

/// What one more node breaks is what `--nodes` says.
#[test]
fn how_many_failures_are_survived() {
    assert_snapshot!(run(&["prove", EDGE, "--tolerance"]).ended(0).transcript());
    let report = run(&["prove", EDGE, "--tolerance", "-o", "json"]).ended(0).json();
    let counted: Vec<Value> = report["tolerance"]["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workload| workload["proved"].clone())
        .collect();
    assert_eq!(report["tolerance"]["upTo"], 3);
    for most in 1..=3 {
        let asked = ["prove", EDGE, "--nodes", &most.to_string(), "-o", "json"];
        let verdicts = verdicts(&run(&asked).json(), "verdict");
        for (verdict, proved) in verdicts.iter().zip(&counted) {
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

/// How each workload comes out: its name, and the verdicts on both claims.
fn claims(report: &Value) -> Vec<[String; 3]> {
    let workloads = report["workloads"].as_array().unwrap().iter();
    workloads
        .map(|one| {
            let name = format!("{}/{}/{}", one["kind"], one["namespace"], one["name"]);
            let verdict = |claim: &str| one[claim]["verdict"].as_str().unwrap().to_owned();
            [name, verdict("immediately"), verdict("recovered")]
        })
        .collect()
}

fn through(sequence: &str, more: &[&str]) -> Value {
    let run = run(&[&["prove", "-o", "json", "--sequence", sequence], more].concat());
    assert_ne!(run.code, Some(2), "{}", run.transcript());
    run.json()
}

/// A sequence of one failure is that failure: never is the one proved and the other refuted.
#[test]
fn a_sequence_of_one_failure_is_that_failure() {
    let mut agreed = 0;
    for (file, nodes) in [
        (EDGE, &["master", "worker-1", "worker-2"][..]),
        (HOMELAB, &["homelab-01", "homelab-02", "homelab-04"]),
        (K3S, &["k3s1", "k3s4"]),
        ("zero-spof/after-ceph.json", &["cloudserver1", "blackboar"]),
    ] {
        for node in nodes {
            let sequence = claims(&through(&format!("fail {node}"), &[file]));
            let set = claims(&run(&["prove", "-o", "json", "--fail", node, file]).json());
            for (one, other) in sequence.iter().zip(&set) {
                assert_eq!(one[0], other[0]);
                for claim in 1..3 {
                    let unknown = one[claim] == "UNKNOWN" || other[claim] == "UNKNOWN";
                    assert!(unknown || one[claim] == other[claim], "{node}: {one:?}, {other:?}");
                    agreed += usize::from(!unknown);
                }
            }
        }
    }
    assert!(agreed > 300, "{agreed} were decided twice");
}

/// Once the node is back everything is back; what it took at once it took all the same.
#[test]
fn what_recovers_is_whole_again() {
    let sequence = "fail worker-1; recover worker-1";
    assert_snapshot!(run(&["prove", EDGE, "--sequence", sequence]).ended(1).transcript());
    let report = through(sequence, &[EDGE]);
    let alone = claims(&run(&["prove", EDGE, "--fail", "worker-1", "-o", "json"]).json());
    for (one, alone) in claims(&report).iter().zip(&alone) {
        assert_eq!(one[1], alone[1], "{one:?}");
        assert_eq!(one[2], "PROVED", "{one:?}");
    }
    assert_eq!(report["checked"]["sequence"], json!(["fail worker-1", "recover worker-1"]));
}

/// Nothing is made again until somebody can be asked to.
#[test]
fn a_load_balancer_that_comes_back_lets_the_rest_come_back() {
    let assumptions = [K3S, "--assumptions", "k3s/assumptions.yaml"];
    let coredns = |sequence: &str| {
        let claims = claims(&through(sequence, &assumptions));
        claims.into_iter().find(|one| one[0].contains("coredns")).unwrap()[2].clone()
    };
    assert_eq!(coredns("fail lb-1; fail k3s1"), "REFUTED");
    assert_eq!(coredns("fail lb-1; fail k3s1; recover lb-1"), "PROVED");
    assert_eq!(coredns("fail k3s1; fail lb-1"), "PROVED", "it came back before");
    // The order matters: of the two one breaks it.
    let orders = ["prove", "--fail", "k3s1,lb-1", "--orders", "-o", "json"];
    let report = run(&[&orders[..], &assumptions].concat()).ended(1).json();
    let workloads = report["workloads"].as_array().unwrap().iter();
    let coredns = workloads.clone().find(|one| one["name"] == "coredns").unwrap();
    assert_eq!(coredns["recovered"]["proved"], 1);
    assert_eq!(coredns["recovered"]["refuted"], 1);
    assert_eq!(coredns["broken"]["sequence"], json!(["fail lb-1", "fail k3s1"]));
    assert_eq!(coredns["broken"]["after"], 2);
    assert_eq!(report["checked"]["sets"], 2);
}

#[test]
fn every_order_of_two_failures() {
    let asked = ["prove", EDGE, "--fail", "worker-1,worker-2", "--orders"];
    assert_snapshot!(run(&asked).ended(1).transcript());
}

#[test]
fn sequences_that_make_no_sense() {
    for (name, arguments) in [
        ("nothing", &["--sequence", " ; "][..]),
        ("slip", &["--sequence", "fail worker-1; fail worker2"]),
        ("no-such-event", &["--sequence", "explode worker-1"]),
        ("healthy", &["--sequence", "fail worker-1; recover worker-2"]),
        ("and-nodes", &["--sequence", "fail worker-1", "--nodes", "2"]),
        ("orders-alone", &["--orders"]),
        ("too-many-orders", &["--orders", "--fail", "a,b,c,d,e,f,g"]),
        ("orders-slip", &["--orders", "--fail", "worker-1,worker2"]),
        ("orders-twice", &["--orders", "--fail", "worker-1,worker-1"]),
    ] {
        let run = run(&[&["prove", EDGE], arguments].concat()).ended(2);
        with_settings!({ snapshot_suffix => name }, {
            assert_snapshot!("sequences_that_make_no_sense", run.transcript());
        });
    }
}
