//! Policies that ask for room: as much of it as `plan fit` finds, and no more.

use serde_json::{Value, json};

use crate::check::valid;
use crate::holdfast::{Run, folder, run_in, write};

fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": name },
        "status": {
            "allocatable": { "cpu": "2", "memory": "8Gi", "pods": "110" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

fn deployment(name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{
                    "name": "c", "image": "i", "resources": { "requests": { "cpu": "1" } },
                }] },
            },
        },
    })
}

/// Six pods fit three nodes, and four what is left of them.
fn judged(name: &str, items: &[Value], headroom: &str) -> Run {
    judged_when(name, "anyNodes: 1", items, headroom)
}

fn judged_when(name: &str, scenario: &str, items: &[Value], headroom: &str) -> Run {
    let folder = folder(&format!("headroom-{name}"));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    write(&folder, "cluster.json", list.to_string());
    write(
        &folder,
        "holdfast.yaml",
        format!(
            "apiVersion: holdfast.dev/v1\nkind: Policy\nscenarios:\n- {{ name: s, {scenario} }}\n\
             requirements:\n- name: r\n  scenarios: [s]\n  workloads: [{{ name: web }}]\n  \
             headroom: {headroom}\n"
        ),
    );
    run_in(&folder, &["check", "cluster.json", "-o", "json"])
}

fn only(told: &Run) -> Value {
    let report = told.json();
    assert_eq!(valid("holdfast.findings.v1.json", &report), Ok(()));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings[0].clone()
}

#[test]
fn there_is_as_much_room_as_the_planner_finds() {
    let items = [node("a"), node("b"), node("c"), deployment("web", 2)];
    judged("two", &items, "2").ended(0);
    let short = only(&judged("three", &items, "3").ended(1));
    assert_eq!((&short["id"], &short["room"]), (&json!("no-headroom"), &json!(2)));
    assert_eq!(short["fail"].as_array().unwrap().len(), 1);
    assert_eq!(short.get("whose"), None);
    let folder = folder("headroom-fit");
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    write(&folder, "cluster.json", list.to_string());
    let fit = ["plan", "fit", "shop/web", "cluster.json", "--survive", "1", "-o", "json"];
    assert_eq!(run_in(&folder, &fit).json()["survival"]["count"], json!(2));
    // More than fits at all: no node need fail.
    let (mut spare, mut items) = (node("d"), items.to_vec());
    spare["spec"] = json!({ "unschedulable": true });
    items.push(spare);
    let full = only(&judged_when("full", "fail: [d]", &items, "5").ended(1));
    assert_eq!((&full["room"], &full["fail"]), (&json!(4), &json!([])));
    let told = judged("none", &items, "0").ended(2).stderr;
    assert!(told.contains("headroom must be at least 1"), "{told}");
}

/// What is added to one takes the room of others, and what does not come back today is not asked.
#[test]
fn room_is_shared() {
    let items = [node("a"), node("b"), node("c"), deployment("web", 1), deployment("batch", 2)];
    judged("shared-one", &items, "1").ended(0);
    let short = only(&judged("shared-two", &items, "2").ended(1));
    assert_eq!(short["room"], json!(1));
    let crowded = [node("a"), node("b"), deployment("web", 3)];
    let open = only(&judged("crowded", &crowded, "1").ended(4));
    assert_eq!(open["reason"], json!("not-back-today"));
}
