//! Plan D: a data platform in three sizes, and the way between them.

use serde_json::{Value, json};

use super::{any_node, culprits, edited, failing, objects, outcome, story, verdicts};
use crate::holdfast::{fixtures, run_in};

/// What the workload node is there for.
const DATA: [(&str, &str); 6] = [
    ("Deployment", "api-server"),
    ("Deployment", "jupyter"),
    ("Deployment", "scheduler"),
    ("Deployment", "trino"),
    ("StatefulSet", "kafka"),
    ("StatefulSet", "postgres"),
];

/// In every option the one node that does the work is a single point of failure.
#[test]
fn the_workload_node_is_a_single_point_of_failure() {
    for (plan, node) in [
        ("data-platform/option-a", "work-1"),
        ("data-platform/option-b", "worker-1"),
        ("data-platform/option-c", "worker-1"),
    ] {
        let report = any_node(plan);
        for (kind, name) in DATA {
            assert_eq!(verdicts(&report, kind, name), "R R", "{plan}: {name}");
            assert_eq!(culprits(&report, kind, name), json!([node]), "{plan}: {name}");
        }
    }
    let report = any_node("data-platform/option-a");
    assert_eq!(culprits(&report, "Deployment", "grafana"), json!(["infra-1"]));
}

#[test]
fn three_members_tolerate_one_and_a_single_one_none() {
    for plan in ["data-platform/option-a", "data-platform/option-b"] {
        assert_eq!(verdicts(&any_node(plan), "Deployment", "coredns"), "P P", "{plan}");
    }
    let report = failing("data-platform/option-c", "cp-1");
    assert_eq!(outcome(&report, "Deployment", "coredns"), "0 → 0/2");
    for (kind, name) in DATA {
        assert!(outcome(&report, kind, name).starts_with(['1', '2']), "{name} runs on");
    }
}

/// Two at once, or one while the other is being removed: no quorum.
#[test]
fn members_are_to_be_removed_one_by_one() {
    let report = failing("data-platform/option-b", "cp-2,cp-3");
    assert_eq!(outcome(&report, "Deployment", "coredns"), "1 → 1/2");
    for member in ["cp-1", "cp-2"] {
        let report = failing("data-platform/two-members", member);
        assert_eq!(outcome(&report, "Deployment", "coredns"), "1 → 1/2", "{member}");
    }
}

/// Joins a fourth member, and perhaps a fifth.
pub(crate) fn with_members(export: &mut Value, names: &[&str]) {
    let third = objects(export, "Node", "cp-3")[0].clone();
    for name in names {
        let mut node = third.clone();
        node["metadata"]["name"] = json!(name);
        node["metadata"]["uid"] = json!(format!("a-node-called-{name}"));
        node["metadata"]["labels"]["kubernetes.io/hostname"] = json!(name);
        export["items"].as_array_mut().unwrap().push(node);
    }
}

/// Four members tolerate one, as three do; five tolerate two.
#[test]
fn an_even_member_count_is_no_better() {
    for (test, added, fail, code, expected) in [
        ("four-one", &["cp-4"][..], "cp-3", 0, "P P"),
        ("four-two", &["cp-4"][..], "cp-3,cp-4", 1, "P R"),
        ("five-two", &["cp-4", "cp-5"][..], "cp-3,cp-4", 0, "P P"),
    ] {
        let edit = |export: &mut Value| with_members(export, added);
        let report = edited("data-platform/option-a", test, edit, &["--fail", fail], code);
        assert_eq!(verdicts(&report, "Deployment", "coredns"), expected, "{test}");
    }
}

/// What a hypervisor carries falls with it: one of three members each, and all of the work.
#[test]
fn hypervisors_take_their_nodes_with_them() {
    for (machine, node) in [("hv-1", "infra-1"), ("hv-2", "work-1")] {
        let steps = story("data-platform/option-a", &[&format!("fail:{machine}")]);
        assert_eq!(steps[1]["nodes"][node]["state"], "NotReady", "{machine}");
        assert_eq!(steps[1]["controlPlane"]["etcd"]["up"], 2, "{machine}");
        assert_eq!(steps[1]["controlPlane"]["acts"], true, "{machine}");
    }
    let steps = story("data-platform/option-a", &["fail:hv-1,hv-3"]);
    assert_eq!(steps[1]["controlPlane"]["acts"], false, "one member of three");
    let assumptions = "data-platform/assumptions.yaml";
    let prove = |fail: &str| {
        let export = "data-platform/option-a.json";
        let arguments =
            ["prove", export, "--assumptions", assumptions, "--fail", fail, "-o", "json"];
        run_in(&fixtures(), &arguments).ended(1).json()
    };
    let (by_machine, by_nodes) = (prove("hv-2"), prove("cp-2,work-1"));
    let told = |report: &Value| -> Vec<Value> {
        let workloads = report["workloads"].as_array().unwrap();
        workloads
            .iter()
            .map(|one| json!([one["name"], one["verdict"], one["readyAtOnce"]]))
            .collect()
    };
    assert_eq!(told(&by_machine), told(&by_nodes));
}
