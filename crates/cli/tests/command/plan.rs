//! Repairs of the plans: each is what an operator of that plan would do, and applying it to the
//! export and proving again gives PROVED.

use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, workload, write};

fn repair(arguments: &[&str]) -> Run {
    run(&[&["plan", "repair"], arguments].concat())
}

fn repaired(plan: &str) -> Value {
    repair(&["-o", "json", plan]).ended(1).json()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What-if flags that apply a remedy, with its patches as a manifest.
fn flags(remedy: &Value) -> (Vec<String>, Vec<Value>) {
    let mut flags = Vec::new();
    for change in remedy["changes"].as_array().unwrap() {
        let node = change["node"].as_str().unwrap_or_default();
        match text(&change["change"]) {
            "add-node" => flags.push(format!("--add-node={node}={}", text(&change["like"]))),
            "label" => {
                let key = text(&change["key"]).replace('.', r"\.");
                let value = json!(change["value"]);
                flags.push(format!("--set=node/{node}.metadata.labels.{key}={value}"));
            }
            _ => {}
        }
    }
    let patches = remedy["patches"].as_array().unwrap().iter();
    let manifest = |patch: &Value| {
        let mut object = patch.get("patch")?.clone();
        object["apiVersion"] = "apps/v1".into();
        object["kind"] = patch["kind"].clone();
        object["metadata"] = json!({ "name": patch["name"], "namespace": patch["namespace"] });
        Some(object)
    };
    (flags, patches.filter_map(manifest).collect())
}

/// Applies the first remedy of every workload by itself, and proves again.
#[track_caller]
fn holds(plan: &str, least: usize) {
    let found = repaired(plan);
    let folder = folder(&format!("repair-{}", plan.replace(['/', '.'], "-")));
    let cluster = fixtures().join(plan);
    let mut applied = 0;
    for one in found["workloads"].as_array().unwrap() {
        let Some(remedy) = one["remedies"].get(0) else { continue };
        let (flags, manifests) = flags(remedy);
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": manifests });
        write(&folder, "patch.json", list.to_string());
        let mut arguments =
            vec!["prove", "-o", "json", cluster.to_str().unwrap(), "--overlay", "patch.json"];
        arguments.extend(flags.iter().map(String::as_str));
        let report = run_in(&folder, &arguments).json();
        let after = workload(&report, text(&one["kind"]), text(&one["name"]));
        for claim in remedy["proves"].as_array().unwrap() {
            assert_eq!(after[text(claim)]["verdict"], "PROVED", "{remedy}");
        }
        applied += 1;
    }
    assert!(applied >= least, "{applied} remedies of {plan}");
}

#[test]
fn the_only_plain_worker_of_k3s_is_relieved() {
    let found = repaired("k3s/after.json");
    let gitea = workload(&found, "Deployment", "gitea");
    let changes = &gitea["remedies"][0]["changes"];
    assert_eq!((&changes[0]["change"], &changes[0]["to"]), (&json!("replicas"), &json!(2)));
    assert_eq!(changes[1]["key"], "node-role.kubernetes.io/control-plane");
    let gpu = workload(&found, "Deployment", "ollama");
    assert_eq!(
        gpu["remedies"],
        json!([]),
        "there is one GPU, and no node like its own is a worker"
    );
    holds("k3s/after.json", 10);
}

#[test]
fn the_edge_gets_a_worker_where_nothing_less_helps() {
    let found = repaired("edge/cluster.json");
    let backend = workload(&found, "Deployment", "backend");
    assert_eq!(backend["remedies"][0]["changes"][0]["change"], "add-node");
    let prometheus = workload(&found, "StatefulSet", "prometheus");
    let partly = &prometheus["remedies"][0];
    assert_eq!(partly["proves"], json!(["immediately"]));
    assert_eq!(partly["leaves"], json!(["recovered"]), "its pod is stuck while the node stays");
    holds("edge/cluster.json", 10);
}

#[test]
fn the_data_platform_needs_another_node_of_its_tier() {
    holds("data-platform/option-a.json", 4);
}

#[test]
fn nothing_to_repair_is_no_failure() {
    let folder = folder("repair-nothing");
    write(&folder, "cluster.json", crate::sample::text());
    let survives = ["plan", "repair", "cluster.json", "--fail", "oak-1"];
    let run = run_in(&folder, &survives);
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.transcript());
    let wrong = run_in(&folder, &["plan", "repair", "cluster.json", "--remedies", "0"]).ended(2);
    assert!(wrong.stderr.contains("--remedies must be at least one"), "{}", wrong.stderr);
}

#[test]
fn repair_k3s() {
    insta::assert_snapshot!(repair(&["k3s/after.json", "--remedies", "1"]).transcript());
}

#[test]
fn repair_data_platform() {
    insta::assert_snapshot!(repair(&["data-platform/option-a.json"]).transcript());
}
