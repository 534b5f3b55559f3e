//! Plan D: a data platform in three sizes, and the way between them.

use serde_json::{Value, json};

use super::{edited, story};
use crate::claims::data_platform::with_members;
use crate::claims::{export, objects};
use crate::holdfast::run;

const A: &str = "data-platform/option-a";
const B: &str = "data-platform/option-b";
const C: &str = "data-platform/option-c";
const TWO: &str = "data-platform/two-members";
const COREDNS: &str = "Deployment/kube-system/coredns";

/// What the workload node is there for.
const DATA: [&str; 6] = [
    "Deployment/data/api-server",
    "Deployment/data/jupyter",
    "Deployment/data/scheduler",
    "Deployment/data/trino",
    "StatefulSet/data/kafka",
    "StatefulSet/data/postgres",
];

/// CPUs and GiB of all nodes, as the machines have them.
fn totals(plan: &str) -> (u64, u64) {
    let export = export(plan);
    let nodes = export["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "Node");
    let sum = |of: &dyn Fn(&Value) -> u64| nodes.clone().map(of).sum();
    let cpus = |node: &Value| node["status"]["capacity"]["cpu"].as_str().unwrap().parse().unwrap();
    // The kernel keeps some 3 % for itself.
    let gibs = |node: &Value| {
        let memory = node["status"]["capacity"]["memory"].as_str().unwrap();
        let kibs: u64 = memory.strip_suffix("Ki").unwrap().parse().unwrap();
        kibs.div_ceil(1024 * 1024)
    };
    (sum(&cpus), sum(&gibs))
}

/// 18/40 is what the plan says of A, and 8 CPU and 20 GB over C: it is 36, and so 16.
#[test]
fn the_arithmetic_of_the_totals() {
    let [a, b, two, c] = [A, B, TWO, C].map(totals);
    assert_eq!([a, b, two, c], [(18, 36), (14, 28), (12, 24), (10, 20)]);
    assert_eq!((a.0 - c.0, a.1 - c.1), (8, 16));
}

#[test]
fn the_single_workload_node_stays_a_single_point_of_failure() {
    for (plan, node) in [(A, "work-1"), (B, "worker-1"), (C, "worker-1")] {
        let story = story(plan, &[&format!("fail:{node}")]);
        for name in DATA {
            assert_eq!(story.workload(1, name)["ready"]["max"], 0, "{plan}: {name}");
        }
        assert!(story.step(1)["controlPlane"]["acts"] == true, "{plan}");
    }
}

#[test]
fn ha_survives_one_control_plane_failure_and_a_single_one_none() {
    for (plan, node) in [(A, "cp-1"), (A, "cp-2"), (B, "cp-1"), (B, "cp-3")] {
        let story = story(plan, &[&format!("fail:{node}")]);
        assert_eq!(story.control_plane(1), (true, [2, 2, 3]), "{plan}: {node}");
        assert_eq!(story.workload(1, COREDNS)["ready"]["min"], 2, "{plan}: {node}");
    }
    let story = story(C, &["fail:cp-1"]);
    assert_eq!(story.control_plane(1), (false, [0, 1, 1]));
    assert_eq!(story.pods(1, COREDNS), "0/2", "no names, though every other pod runs");
    for name in DATA {
        let workload = story.workload(1, name);
        assert_eq!(workload["ready"]["min"], workload["desired"], "{name}");
    }
}

#[test]
fn even_member_counts_are_no_better() {
    for (test, added, fail, expected) in [
        ("three", &[][..], "cp-3", (true, [2, 2, 3])),
        ("three-two", &[], "cp-2,cp-3", (false, [1, 2, 3])),
        ("four", &["cp-4"], "cp-3", (true, [3, 3, 4])),
        ("four-two", &["cp-4"], "cp-3,cp-4", (false, [2, 3, 4])),
        ("five-two", &["cp-4", "cp-5"], "cp-3,cp-4", (true, [3, 3, 5])),
    ] {
        let join = |export: &mut Value| with_members(export, added);
        let story = edited(A, test, join, &[&format!("fail:{fail}")]);
        assert_eq!(story.control_plane(1), expected, "{test}");
    }
}

/// A drain does not stop etcd, as static pods are not evicted: the machines' end does.
#[test]
fn draining_two_of_three_at_once_loses_quorum_as_they_stop() {
    let story = story(B, &["drain:cp-2,cp-3", "fail:cp-2,cp-3"]);
    assert_eq!(story.control_plane(1), (true, [3, 2, 3]));
    assert_eq!(story.pods(1, COREDNS), "2/2");
    assert_eq!(story.control_plane(2), (false, [1, 2, 3]));
}

/// Gone from the machines is not gone from etcd: the second to go takes the quorum along.
#[test]
fn members_that_etcd_still_knows_count() {
    let one_by_one = ["drain:cp-3", "delete:cp-3", "drain:cp-2", "delete:cp-2"];
    let story = story(B, &one_by_one);
    assert_eq!(story.control_plane(2), (true, [2, 2, 3]));
    assert_eq!(story.control_plane(4), (false, [1, 2, 3]));
}

/// HA → single: each member leaves etcd before its machine stops, and nothing is ever without a
/// quorum.
#[test]
fn members_are_removed_one_by_one() {
    let steps = ["drain", "remove-member", "fail", "delete"];
    let of = |node: &str| steps.map(|verb| format!("{verb}:{node}"));
    let events = [of("cp-3"), of("cp-2")].concat();
    let story = story(B, &events.iter().map(String::as_str).collect::<Vec<_>>());
    for at in 0..=events.len() {
        let (acts, [up, needed, _]) = story.control_plane(at);
        assert!(acts && up >= needed, "step {at}");
        for name in DATA {
            let workload = story.workload(at, name);
            assert_eq!(workload["ready"]["min"], workload["desired"], "step {at}: {name}");
        }
    }
    assert_eq!(story.control_plane(2), (true, [2, 2, 2]), "and none of the two may fail now");
    assert_eq!(story.control_plane(8), (true, [1, 1, 1]));
    assert_eq!(story.pods(8, COREDNS), "2/2");
}

/// etcd does not remove a member where too few of the others are up, nor the last one.
#[test]
fn etcd_refuses_to_lose_its_quorum() {
    let file = format!("{TWO}.json");
    let refused = |events: &[&str]| {
        let events = events.iter().flat_map(|event| ["--event", event]);
        run(&["simulate", &file].into_iter().chain(events).collect::<Vec<_>>()).ended(2).stderr
    };
    let told = refused(&["fail:cp-2", "remove-member:cp-2"]);
    assert!(told.contains("etcd does not remove cp-2"), "{told}");
    let told = refused(&["remove-member:cp-1", "remove-member:cp-2"]);
    assert!(told.contains("etcd does not remove cp-2"), "{told}");
    let told = refused(&["remove-member:worker-1"]);
    assert!(told.contains("worker-1 is no member of etcd"), "{told}");
}

/// In either direction the step in the middle has two members.
#[test]
fn between_single_and_ha_nothing_may_fail() {
    for node in ["cp-1", "cp-2"] {
        let story = story(TWO, &[&format!("fail:{node}")]);
        assert_eq!(story.control_plane(1), (false, [1, 2, 2]), "{node}");
        assert_eq!(story.pods(1, COREDNS), "1/2", "{node}");
    }
}
