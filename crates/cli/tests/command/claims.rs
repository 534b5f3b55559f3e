//! What the plans claim, row by row, as far as `prove` decides it today.
//!
//! The expected verdicts are those of the plans' READMEs below `fixtures`.

pub(crate) mod data_platform;
mod edge;
mod homelab;
mod k3s;
mod zero_spof;

use serde_json::{Value, json};

use crate::holdfast::{fixtures, folder, report, run_in, workload, write};

/// The two claims of a workload, as letters: `P`roved, `R`efuted, `U`nknown.
#[track_caller]
fn verdicts(report: &Value, kind: &str, name: &str) -> String {
    let workload = workload(report, kind, name);
    let letter = |claim: &str| workload[claim]["verdict"].as_str().unwrap()[..1].to_owned();
    format!("{} {}", letter("immediately"), letter("recovered"))
}

/// *Immediately by rule* of a workload: the verdict, how many pods the nodes hold at most, and the
/// reasons.
#[track_caller]
fn by_rule(report: &Value, kind: &str, name: &str) -> (String, Value, Vec<String>) {
    let told = &workload(report, kind, name)["byRule"];
    let reasons = told["why"].as_array().unwrap().iter();
    let reasons = reasons.map(|why| why["reason"].as_str().unwrap().to_owned());
    (told["verdict"].as_str().unwrap().to_owned(), told["holdsAtMost"].clone(), reasons.collect())
}

/// The nodes of a workload's smallest counterexample.
#[track_caller]
fn culprits(report: &Value, kind: &str, name: &str) -> Value {
    workload(report, kind, name)["counterexample"]["fail"].clone()
}

/// What a set of failed nodes leaves of a workload: `2 → 1/2` ready at once, ready at rest and
/// wanted. `3/3` where every claim holds and nothing more is told.
#[track_caller]
fn outcome(report: &Value, kind: &str, name: &str) -> String {
    let workload = workload(report, kind, name);
    match workload.get("counterexample") {
        Some(found) => {
            format!("{} → {}/{}", found["readyAtOnce"], found["ready"], found["desired"])
        }
        None => format!("{}/{}", workload["readyAtOnce"], workload["desired"]),
    }
}

/// The words of the scheduler on the pods of a workload that are left Pending.
#[track_caller]
fn pending(report: &Value, kind: &str, name: &str) -> Vec<String> {
    let pods = workload(report, kind, name)["counterexample"]["pending"].as_array().unwrap();
    pods.iter().map(|pod| pod["message"].as_str().unwrap().to_owned()).collect()
}

/// The file of a plan, or of one of its steps: `k3s/after`.
pub(crate) fn file(plan: &str) -> String {
    if plan.contains('/') { format!("{plan}.json") } else { format!("{plan}/cluster.json") }
}

/// The report on the failure of any one node.
fn any_node(plan: &str) -> Value {
    report(&fixtures(), &[&file(plan)], 1)
}

/// The report on the failure of these nodes together.
fn failing(plan: &str, nodes: &str) -> Value {
    report(&fixtures(), &[&file(plan), "--fail", nodes], 1)
}

/// How a plan stands at the start and after each event, with what its assumptions declare.
fn story(plan: &str, events: &[&str]) -> Vec<Value> {
    let (name, _) = plan.split_once('/').unwrap_or((plan, ""));
    let (file, assumptions) = (file(plan), format!("{name}/assumptions.yaml"));
    let mut arguments = vec!["simulate", &file, "--assumptions", &assumptions, "-o", "json"];
    arguments.extend(events.iter().flat_map(|event| ["--event", event]));
    let outcome = run_in(&fixtures(), &arguments).json();
    outcome["steps"].as_array().expect("an outcome").clone()
}

/// The objects of a plan's export.
pub(crate) fn export(plan: &str) -> Value {
    let text = std::fs::read_to_string(fixtures().join(file(plan))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The report on an edited export of a plan.
fn edited(
    plan: &str,
    test: &str,
    edit: impl FnOnce(&mut Value),
    arguments: &[&str],
    code: i32,
) -> Value {
    let mut export = export(plan);
    edit(&mut export);
    let folder = folder(&format!("{}-{test}", plan.replace('/', "-")));
    write(&folder, "cluster.json", export.to_string());
    let arguments: Vec<&str> = ["cluster.json"].iter().chain(arguments).copied().collect();
    report(&folder, &arguments, code)
}

/// The objects of one kind and name; of a name's beginning where it ends in `*`.
pub(crate) fn objects<'e>(export: &'e mut Value, kind: &str, name: &str) -> Vec<&'e mut Value> {
    let items = export["items"].as_array_mut().unwrap().iter_mut();
    let found: Vec<&mut Value> = items
        .filter(|item| {
            let own = item["metadata"]["name"].as_str().unwrap();
            let named = name.strip_suffix('*').map_or(own == name, |start| own.starts_with(start));
            item["kind"] == kind && named
        })
        .collect();
    assert!(!found.is_empty(), "no {kind} {name}");
    found
}

/// Scales a Deployment as `kubectl scale` does, before any pod has followed.
fn scale(export: &mut Value, name: &str, replicas: u32) {
    for kind in ["Deployment", "ReplicaSet"] {
        let name = if kind == "ReplicaSet" { format!("{name}-*") } else { name.to_owned() };
        for object in objects(export, kind, &name) {
            object["spec"]["replicas"] = json!(replicas);
        }
    }
}
