//! What real exports hold besides the cluster: none of it may change the report.

use serde_json::{Value, json};

use crate::holdfast::{folder, run_in, write};
use crate::sample::{list, name, objects};

/// Asserts that the cluster with more objects gives the report of the cluster alone.
#[track_caller]
fn assert_unchanged(test: &str, edit: impl FnOnce(&mut Vec<Value>)) {
    let folder = folder(&format!("trap-{test}"));
    let mut all = objects();
    write(&folder, "plain.json", list(&all).to_string());
    edit(&mut all);
    write(&folder, "trap.json", list(&all).to_string());
    let report = |file| run_in(&folder, &["prove", "-o", "json", file]).ended(1).json();
    assert_eq!(report("trap.json"), report("plain.json"));
}

fn find<'o>(objects: &'o [Value], kind: &str, start: &str) -> &'o Value {
    let found = objects.iter().find(|o| o["kind"] == kind && name(o).starts_with(start));
    found.unwrap_or_else(|| panic!("no {kind} {start}"))
}

#[test]
fn nodes_of_another_group() {
    assert_unchanged("longhorn", |all| {
        for node in ["oak-1", "oak-4"] {
            all.push(json!({ "apiVersion": "longhorn.io/v1beta2", "kind": "Node",
                "metadata": { "name": node, "namespace": "longhorn-system" },
                "spec": { "allowScheduling": true, "disks": {} } }));
        }
    });
}

#[test]
fn an_evicted_pod_that_keeps_its_node() {
    assert_unchanged("evicted", |all| {
        let mut pod = find(all, "Pod", "mailer-").clone();
        pod["metadata"]["name"] = json!("mailer-6b8d5c4f7b-99999");
        pod["metadata"]["uid"] = json!("5a3d0000-0000-4000-8000-000000009999");
        pod["status"] = json!({ "phase": "Failed", "reason": "Evicted",
            "message": "The node was low on resource: ephemeral-storage." });
        all.push(pod);
    });
}

#[test]
fn the_same_workload_in_an_old_group() {
    assert_unchanged("old-group", |all| {
        for (kind, start) in [("Deployment", "web"), ("ReplicaSet", "web-7"), ("DaemonSet", "")] {
            let mut old = find(all, kind, start).clone();
            old["apiVersion"] = json!("extensions/v1beta1");
            all.push(old);
        }
        let mut old = find(all, "StatefulSet", "db").clone();
        old["apiVersion"] = json!("apps/v1beta2");
        all.push(old);
        let mut old = find(all, "PodDisruptionBudget", "web").clone();
        old["apiVersion"] = json!("policy/v1beta1");
        all.push(old);
    });
}

#[test]
fn secrets_config_and_events() {
    assert_unchanged("secrets", |all| {
        all.push(json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s",
            "namespace": "shop" }, "data": { "password": "aHVudGVyMg==" } }));
        all.push(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c",
            "namespace": "shop" }, "data": { "a.yaml": "kind: Pod" } }));
        all.push(json!({ "apiVersion": "v1", "kind": "Event", "metadata": { "name": "e",
            "namespace": "shop" }, "involvedObject": { "kind": "Pod", "name": "web" } }));
        all.push(json!({ "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
            "metadata": { "name": "p", "namespace": "shop" }, "spec": { "replicas": 2 } }));
    });
}

/// Amounts as people and tools write them, equal to those of the sample.
#[test]
fn amounts_in_other_words() {
    assert_unchanged("amounts", |all| {
        for object in all.iter_mut().filter(|object| object["kind"] == "Node") {
            object["status"]["allocatable"] =
                json!({ "cpu": 1.9, "memory": "4004900864", "pods": 110 });
        }
        for object in all.iter_mut().filter(|object| name(object).starts_with("db-")) {
            let resources = &mut object["spec"]["containers"][0]["resources"];
            assert_eq!(resources["requests"]["memory"], "1Gi");
            resources["requests"] = json!({ "cpu": "0.5", "memory": "1073741824000m" });
        }
    });
}

/// A dead node's pods still say Running; what they say does not count.
#[test]
fn pods_of_a_dead_node_do_not_serve() {
    let folder = folder("trap-dead");
    let mut all = objects();
    for node in all.iter_mut().filter(|object| name(object) == "oak-3") {
        node["status"]["conditions"][0]["status"] = json!("Unknown");
    }
    write(&folder, "cluster.json", list(&all).to_string());
    let report = crate::holdfast::report(&folder, &["cluster.json"], 1);
    let mailer = crate::holdfast::workload(&report, "Deployment", "mailer");
    assert_eq!((&mailer["ready"], &mailer["desired"]), (&json!(0), &json!(1)));
}
