//! The gate: policies of two plans, and policies that make no sense.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, write};

const HEAD: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\n";

pub(crate) fn check(plan: &str, more: &[&str]) -> Run {
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

/// The policy of a plan, to be laid elsewhere.
fn policy(plan: &str) -> String {
    let text = std::fs::read_to_string(fixtures().join(format!("policies/{plan}.yaml"))).unwrap();
    text.replace("../", &format!("{}/", fixtures().display()))
}

/// What the plans say, and what is true of it.
#[test]
fn a_policy_per_plan() {
    for (plan, cluster, code) in [
        ("zero-spof", "zero-spof/after-longhorn.json", 1),
        ("k3s", "k3s/after.json", 1),
        ("data-platform", "data-platform/option-a.json", 0),
    ] {
        let policy = format!("policies/{plan}.yaml");
        let told = run(&["check", "--policy", &policy, cluster]).ended(code);
        insta::assert_snapshot!(format!("plan-{plan}"), told.transcript());
    }
}

/// What must be so as the cluster stands, and is not.
#[test]
fn what_workloads_must_look_like() {
    let folder = folder("check-form");
    let cluster = fixtures().join("homelab/cluster.json").display().to_string();
    let judge = |form: &str, change: &str| {
        let text =
            format!("{HEAD}requirements:\n- name: r\n  workloads: [{{name: traefik}}]\n  {form}\n");
        write(&folder, "holdfast.yaml", text);
        let mut told = vec!["check", cluster.as_str(), "-o", "json"];
        if !change.is_empty() {
            told.extend(["--set", change]);
        }
        let report = run_in(&folder, &told).json();
        assert_eq!(valid("holdfast.findings.v1.json", &report), Ok(()));
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let terms = "deployment/traefik/traefik.spec.template.spec.affinity.podAntiAffinity.\
                 requiredDuringSchedulingIgnoredDuringExecution[0]";
    for (form, change, expected) in [
        ("carries: { antiAffinity: true }", String::new(), ""),
        ("carries: { antiAffinity: true }", format!("{terms}.topologyKey=rack"), "must-carry"),
        (
            "carries: { antiAffinity: true }",
            format!("{terms}.labelSelector.matchLabels={{\"a\":\"b\"}}"),
            "must-carry",
        ),
        ("carries: { budget: true }", String::new(), ""),
        (
            "carries: { budget: true }",
            "poddisruptionbudget/traefik/traefik.spec.selector.matchLabels={\"a\":\"b\"}"
                .to_owned(),
            "must-carry",
        ),
        ("carries: { replicas: 2 }", String::new(), ""),
        ("carries: { replicas: 3 }", String::new(), "must-carry"),
        ("carries: { strategy: RollingUpdate }", String::new(), "must-carry"),
        ("spreadOver: { label: kubernetes.io/hostname, atLeast: 3 }", String::new(), ""),
        ("spreadOver: { label: kubernetes.io/os, atLeast: 2 }", String::new(), "spread-too-thin"),
        ("maxPodsPerNode: 1", String::new(), ""),
        ("noSinglePointOfFailure: true", String::new(), ""),
        (
            "noSinglePointOfFailure: true",
            "deployment/traefik/traefik.replicas=1".to_owned(),
            "none-left",
        ),
    ] {
        assert_eq!(judge(form, &change), expected, "{form} {change}");
    }
    let many = "maxPodsPerNode: 1\n  carries: { replicas: 4 }";
    let dense = format!("{terms}.topologyKey=rack");
    let told = judge(many, &dense);
    assert_eq!(told, "must-carry", "{told}");
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
    assert_eq!(ids, ["must-carry", "none-left", "not-by-rule", "too-few-ready", "inconclusive"]);
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
    let policy = policy("edge");
    write(&folder, "holdfast.yaml", format!("# moved\n\n{policy}"));
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
    write(&folder, "a/holdfast.yaml", policy("homelab"));
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
        (
            "state",
            "- {name: s, anyNodes: 1, expect: gren}\nstates: [{name: green}]\n",
            "holdfast.yaml:4:",
            "did you mean green?",
        ),
        (
            "states",
            "- {name: s, anyNodes: 1}\nstates: [{name: green}, {name: green}]\n",
            "holdfast.yaml:5:",
            "state green is there twice",
        ),
        (
            "events",
            "- {name: s, sequence: fail worker1}\n",
            "holdfast.yaml:4:",
            "did you mean worker-1?",
        ),
        (
            "file",
            "- {name: s, domains: {file: nowhere.yaml}}\n",
            "holdfast.yaml:4:",
            "nowhere.yaml",
        ),
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
    let format = check("edge", &["-o", "ndjson"]).ended(2);
    assert!(format.stderr.contains("ndjson is the format of explain"), "{}", format.stderr);
}
