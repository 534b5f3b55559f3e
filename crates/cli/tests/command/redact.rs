//! Redacted exports: the same verdicts, nobody's names.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::holdfast::{fixtures, folder, report, run, run_in, write};

const EXPORTS: [&str; 5] = [
    "homelab/cluster.json",
    "edge/cluster.json",
    "shapes/cluster.json",
    "zero-spof/after-longhorn.json",
    "zero-spof/after-ceph.json",
];

/// Words that stay: what Kubernetes or Rook gives a meaning, and the field `controller` of an
/// owner.
const API_WORDS: [&str; 12] = [
    "control-plane",
    "controller",
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "amd64",
    "linux",
    "etcd",
    "rook-ceph-mon",
    "rook-ceph-osd",
    "true",
];

fn redacted(export: &str) -> String {
    run(&["redact", export]).ended(0).stdout
}

/// What is left of a report without names: all of the counts, and what each workload came to.
fn nameless(report: &Value) -> Vec<String> {
    let workloads = report["workloads"].as_array().unwrap().iter();
    let mut lines: Vec<String> = workloads
        .map(|workload| {
            let claim = |name: &str| {
                let claim = &workload[name];
                let counts = [&claim["proved"], &claim["refuted"], &claim["unknown"]];
                format!("{} by {} {counts:?}", claim["verdict"], claim["by"])
            };
            let found = &workload["counterexample"];
            let kind = workload["kind"].as_str().unwrap();
            // A kind that Kubernetes does not ship is somebody's name, too.
            let kind =
                if kind == "InstanceManager" || kind.starts_with("kind") { "?" } else { kind };
            format!(
                "{kind} {}/{} at once {} [{}] [{}] {} of {} steps, pending {}, terminating {}",
                workload["ready"],
                workload["desired"],
                workload["readyAtOnce"],
                claim("immediately"),
                claim("recovered"),
                found["ready"],
                found["stepsInAll"],
                found["pending"].as_array().map_or(0, Vec::len),
                found["terminating"].as_array().map_or(0, Vec::len),
            )
        })
        .collect();
    lines.sort();
    let checked = &report["checked"];
    lines.push(format!("{} {} {}", report["summary"], checked["sets"], checked["states"]));
    lines
}

#[test]
fn verdicts_stay_the_same() {
    let folder = folder("redacted");
    for export in EXPORTS {
        write(&folder, "redacted.json", redacted(export));
        for nodes in ["1", "2"] {
            let before = report(&fixtures(), &[export, "--nodes", nodes], 1);
            let after = report(&folder, &["redacted.json", "--nodes", nodes], 1);
            assert_eq!(nameless(&after), nameless(&before), "{export}, {nodes}");
        }
    }
}

#[test]
fn redacting_twice_gives_the_same_bytes() {
    let folder = folder("redacted-twice");
    for export in EXPORTS {
        let once = redacted(export);
        assert_eq!(once, redacted(export), "{export}, again");
        write(&folder, "redacted.json", &once);
        let twice = run_in(&folder, &["redact", "redacted.json"]).ended(0).stdout;
        assert!(once == twice, "{export}, of what is redacted already");
    }
}

/// Every string of a value, keys included.
fn strings<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => drop(into.insert(text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            into.insert(key);
            strings(value, into);
        }),
        _ => {}
    }
}

/// The names, images, messages and label values that somebody chose.
fn chosen(export: &Value) -> BTreeSet<&str> {
    let mut chosen = BTreeSet::new();
    for object in export["items"].as_array().unwrap() {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap();
        // The names that Kubernetes itself ships, and those that Rook gives by number.
        let given = name.starts_with("system-") || name.starts_with("rook-ceph-osd-");
        if !given && object["kind"] != "CSIDriver" {
            chosen.insert(name);
        }
        chosen.extend(metadata["namespace"].as_str());
        chosen.extend(metadata["uid"].as_str());
        let pod = if object["kind"] == "Pod" { object } else { &object["spec"]["template"] };
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            chosen.extend(container["image"].as_str());
        }
        let labels = metadata["labels"].as_object().into_iter().flatten();
        chosen.extend(labels.filter_map(|(_, value)| value.as_str()));
    }
    chosen.retain(|word| !API_WORDS.contains(word) && word.len() > 3);
    chosen
}

#[test]
fn nobodys_names_are_left() {
    for export in EXPORTS {
        let text = std::fs::read_to_string(fixtures().join(export)).unwrap();
        let original: Value = serde_json::from_str(&text).unwrap();
        let redacted: Value = serde_json::from_str(&redacted(export)).unwrap();
        let mut left = BTreeSet::new();
        strings(&redacted, &mut left);
        let kept: Vec<&str> = chosen(&original).intersection(&left).copied().collect();
        assert_eq!(kept, [""; 0], "{export}");
    }
}

#[test]
fn secrets_env_and_annotations_are_gone() {
    let mut objects = crate::sample::objects();
    for object in &mut objects {
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
            "hunter2".into();
        object["metadata"]["managedFields"] = serde_json::json!([{ "manager": "hunter2" }]);
        if object["kind"] == "Pod" {
            let container = &mut object["spec"]["containers"][0];
            container["env"] = serde_json::json!([{ "name": "PASSWORD", "value": "hunter2" }]);
            container["command"] = serde_json::json!(["serve", "--password=hunter2"]);
        }
    }
    for (kind, data) in [("Secret", "data"), ("Secret", "stringData"), ("ConfigMap", "data")] {
        objects.push(serde_json::json!({ "apiVersion": "v1", "kind": kind,
            "metadata": { "name": "app", "namespace": "shop" }, data: { "hunter2": "hunter2" } }));
    }
    let folder = folder("secrets");
    write(&folder, "cluster.json", crate::sample::list(&objects).to_string());
    for command in [&["redact"][..], &["inspect", "-o", "json"], &["prove", "-o", "json"]] {
        let arguments: Vec<&str> = command.iter().chain(&["cluster.json"]).copied().collect();
        let run = run_in(&folder, &arguments);
        assert!(run.code < Some(2), "{}", run.stderr);
        assert!(!(run.stdout + &run.stderr).contains("hunter2"), "{command:?}");
    }
}
