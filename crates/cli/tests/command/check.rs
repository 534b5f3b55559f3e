//! The gate: policies of two plans, and policies that make no sense.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, write};

const HEAD: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\n";

fn check(plan: &str, more: &[&str]) -> Run {
    let (policy, cluster) = (format!("policies/{plan}.yaml"), format!("{plan}/cluster.json"));
    run(&[&["check", "--policy", &policy, &cluster], more].concat())
}

pub(crate) fn valid(schema: &str, value: &Value) -> Result<(), String> {
    let path = fixtures().join("../docs/schemas").join(schema);
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    schemas.validate(value, schema).map_err(|error| error.to_string())
}

#[test]
fn a_policy_that_does_not_hold() {
    insta::assert_snapshot!("edge", check("edge", &[]).ended(1).transcript());
    let concise = check("edge", &["-o", "concise"]).ended(1);
    insta::assert_snapshot!("edge-concise", concise.transcript());
    let told = check("edge", &["-o", "json"]).ended(1);
    insta::assert_snapshot!("edge-json", told.transcript());
    check("edge", &["--exit-zero"]).ended(0);
}

#[test]
fn a_policy_that_holds() {
    insta::assert_snapshot!("homelab", check("homelab", &[]).ended(0).transcript());
    assert_eq!(check("homelab", &["-o", "concise"]).ended(0).stdout, "");
}

/// The same change that the plan warns of: a Helm upgrade that resets replicas.
#[test]
fn replicas_that_were_reset_close_the_gate() {
    let reset = ["--set", "deployment/traefik/traefik.spec.replicas=1", "-o", "json"];
    let told = check("homelab", &reset).ended(1).json();
    let findings = told["findings"].as_array().unwrap();
    let ids: Vec<&str> = findings.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["none-left", "not-by-rule", "too-few-ready", "inconclusive"]);
    assert!(findings.iter().all(|one| one["object"]["name"] == "traefik"));
}

#[test]
fn findings_and_policies_follow_their_schemas() {
    for (plan, code) in [("edge", 1), ("homelab", 0)] {
        let mut told = check(plan, &["-o", "json"]).ended(code).json();
        assert_eq!(valid("holdfast.findings.v1.json", &told), Ok(()));
        told["verdict"] = json!("PERHAPS");
        assert!(valid("holdfast.findings.v1.json", &told).is_err(), "the schema says something");
    }
    let mut policy = json!({
        "apiVersion": "holdfast.dev/v1", "kind": "Policy",
        "scenarios": [{ "name": "a", "anyNodes": 2 }, { "name": "b", "fail": ["n1"] },
            { "name": "c", "domains": { "label": "zone", "atMost": 1 } }],
        "requirements": [{ "name": "r", "severity": "warning", "workloads": [{ "kind": "Pod" }, {}],
            "scenarios": ["a", "b", "c"], "minReady": "50%", "maxDowntime": "1m30s" }],
    });
    assert_eq!(valid("policy.v1.json", &policy), Ok(()));
    policy["scenarios"][0]["fail"] = json!(["n1"]);
    assert!(valid("policy.v1.json", &policy).is_err(), "one thing fails a scenario");
}

/// Lines move, and findings stay who they are.
#[test]
fn fingerprints_outlive_moved_lines() {
    let prints = |told: Value| -> Vec<Value> {
        told["findings"].as_array().unwrap().iter().map(|one| one["fingerprint"].clone()).collect()
    };
    let folder = folder("check-moved");
    let read = |path: &str| std::fs::read_to_string(fixtures().join(path)).unwrap();
    write(&folder, "holdfast.yaml", format!("# moved\n\n{}", read("policies/edge.yaml")));
    write(&folder, "cluster.json", format!("\n\n\n{}", read("edge/cluster.json")));
    let moved = run_in(&folder, &["check", "cluster.json", "-o", "json"]).ended(1).json();
    let told = check("edge", &["-o", "json"]).json();
    assert_ne!(moved["findings"][0]["place"]["line"], told["findings"][0]["place"]["line"]);
    let (mut all, moved) = (prints(told), prints(moved));
    assert_eq!(all, moved);
    all.dedup();
    assert_eq!(all.len(), moved.len(), "no two are alike");
}

#[test]
fn the_policy_is_looked_for_upwards() {
    let folder = folder("check-found");
    write(&folder, "a/b/.keep", "");
    let policy = std::fs::read_to_string(fixtures().join("policies/homelab.yaml")).unwrap();
    write(&folder, "a/holdfast.yaml", policy);
    let cluster = fixtures().join("homelab/cluster.json");
    let cluster = cluster.to_str().unwrap();
    run_in(&folder.join("a/b"), &["check", cluster]).ended(0);
}

#[test]
fn what_is_not_known_is_neither_held_nor_failed() {
    let folder = folder("check-open");
    let rest = "scenarios: [{name: one, fail: [worker-1]}]\nrequirements:\n- name: argocd\n  \
                workloads: [{namespace: argocd, name: argocd-server}]\n  scenarios: [one]\n";
    let cluster = fixtures().join("edge/cluster.json");
    let cluster = cluster.to_str().unwrap();
    // Lower priorities may have to go first: it takes 5m39s at least, and nobody knows how long.
    write(&folder, "holdfast.yaml", format!("{HEAD}{rest}  maxDowntime: 30m\n"));
    let open = run_in(&folder, &["check", cluster]).ended(4);
    assert!(open.stdout.contains("error[inconclusive]: argocd/"), "{}", open.stdout);
    write(
        &folder,
        "holdfast.yaml",
        format!("{HEAD}{rest}  severity: warning\n  maxDowntime: 1s\n"),
    );
    let warned = run_in(&folder, &["check", cluster]).ended(0);
    assert!(warned.stdout.contains("warning[down-too-long]: argocd/"), "{}", warned.stdout);
}

/// A policy of one requirement, on plan E.
fn told(name: &str, scenarios: &str, requirement: &str, code: i32) -> String {
    let folder = folder(&format!("check-{name}"));
    let text = format!("{HEAD}scenarios:\n{scenarios}requirements:\n- name: r\n{requirement}");
    write(&folder, "holdfast.yaml", text);
    let cluster = fixtures().join("edge/cluster.json");
    let run = run_in(&folder, &["check", cluster.to_str().unwrap()]).ended(code);
    assert_eq!(run.stdout, "");
    run.stderr
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let rest = "  workloads: [{}]\n  scenarios: [s]\n  recovered: true\n";
    for (name, scenarios, place, said) in [
        ("beyond", "- {name: s, anyNodes: 4}\n", "holdfast.yaml:4:", "anyNodes 4: the cluster has"),
        ("slip", "- {name: s, fail: [worker1]}\n", "holdfast.yaml:4:", "did you mean worker-1?"),
        ("label", "- {name: s, domains: {label: rack}}\n", "holdfast.yaml:4:", "no node has this"),
        (
            "values",
            "- {name: s, domains: {label: kubernetes.io/hostname, atMost: 9}}\n",
            "holdfast.yaml:4:",
            "atMost 9: kubernetes.io/hostname has only 3 values",
        ),
        ("unknown", "- {name: t, anyNodes: 1}\n", "holdfast.yaml:8:", "did you mean t?"),
        ("field", "- {name: s, anyNode: 1}\n", "holdfast.yaml:4:", "unknown field `anyNode`"),
    ] {
        let told = told(name, scenarios, rest, 2);
        assert!(told.contains(place) && told.contains(said), "{name}: {told}");
    }
}

#[test]
fn a_policy_that_matches_nothing_has_nothing_to_check() {
    let nothing = "  workloads: [{namespace: shop}]\n  scenarios: [s]\n  recovered: true\n";
    let told = told("idle", "- {name: s, anyNodes: 1}\n", nothing, 3);
    assert!(told.contains("no requirement of holdfast.yaml selects a workload"), "{told}");
    let missing = run_in(&folder("check-none"), &["check", "cluster.json"]).ended(2);
    assert!(missing.stderr.contains("holdfast.yaml"), "{}", missing.stderr);
    let format = check("edge", &["-o", "csv"]).ended(2);
    assert!(format.stderr.contains("findings are told as"), "{}", format.stderr);
}
