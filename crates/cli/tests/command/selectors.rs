//! Which workloads a policy speaks of, by what made them and by how much they matter.

use serde_json::{Value, json};

use crate::holdfast::{folder, run_in, write};

fn template(name: &str, class: &Value) -> Value {
    json!({
        "metadata": { "labels": { "app": name } },
        "spec": { "priorityClassName": class, "containers": [{ "name": "c", "image": "i" }] },
    })
}

fn owned_by(kind: &str, name: &str) -> Value {
    let version = "example.org/v1";
    json!([{
        "apiVersion": version, "kind": kind, "name": name, "uid": name, "controller": true,
    }])
}

fn workload(kind: &str, name: &str, class: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name, "namespace": "shop" },
        "spec": {
            "replicas": 1, "selector": { "matchLabels": { "app": name } },
            "template": template(name, class),
        },
    })
}

/// A Deployment, a ReplicaSet of an operator's, and a pod of another's.
fn objects() -> Value {
    let mut canary = workload("ReplicaSet", "canary-1", &json!("critical"));
    canary["metadata"]["ownerReferences"] = owned_by("Rollout", "canary");
    let mut database = template("database", &Value::Null);
    database["apiVersion"] = json!("v1");
    database["kind"] = json!("Pod");
    database["metadata"] = json!({
        "name": "database-0", "namespace": "shop",
        "ownerReferences": owned_by("Postgres", "database"),
    });
    database["spec"]["nodeName"] = json!("n1");
    let class = |name: &str, value: i32, default: bool| {
        json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": { "name": name }, "value": value, "globalDefault": default,
        })
    };
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n1" },
        "status": {
            "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "110" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    });
    let items = [
        node,
        class("critical", 1000, false),
        class("ordinary", 10, true),
        workload("Deployment", "web", &Value::Null),
        canary,
        database,
    ];
    json!({ "apiVersion": "v1", "kind": "List", "items": items })
}

#[test]
fn workloads_are_selected_by_owner_and_priority_class() {
    let folder = folder("selectors");
    write(&folder, "cluster.json", objects().to_string());
    let selected = |selector: &str| -> (Option<i32>, u64) {
        write(
            &folder,
            "holdfast.yaml",
            format!(
                "apiVersion: holdfast.dev/v1\nkind: Policy\nrequirements:\n- name: r\n  \
                 workloads: [{selector}]\n  carries: {{ replicas: 9 }}\n"
            ),
        );
        let told = run_in(&folder, &["check", "cluster.json", "-o", "json"]);
        let code = told.code;
        let findings = if code == Some(1) { told.json()["findings"].clone() } else { json!([]) };
        let names = findings.as_array().unwrap().iter();
        let names = names.map(|one| match one["object"]["name"].as_str().unwrap() {
            "web" => 1,
            "canary-1" => 2,
            "database" => 4,
            other => panic!("{other}"),
        });
        (code, names.sum())
    };
    for (selector, expected) in [
        ("{}", 7),
        ("{ owner: { kind: Rollout } }", 2),
        ("{ owner: { kind: Rollout, name: canary } }", 2),
        ("{ owner: { name: database } }", 4),
        ("{ kind: Postgres }", 4),
        ("{ priorityClass: critical }", 2),
        // What admission gives to those that name none.
        ("{ priorityClass: ordinary }", 5),
        ("{ priorityClass: ordinary, kind: Deployment }", 1),
    ] {
        assert_eq!(selected(selector), (Some(1), expected), "{selector}");
    }
    for selector in ["{ owner: { kind: Deployment } }", "{ priorityClass: web }"] {
        assert_eq!(selected(selector).0, Some(3), "{selector}");
    }
    assert_eq!(selected("{ owner: {} }").0, Some(2));
}
