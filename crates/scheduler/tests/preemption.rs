//! `DefaultPreemption` on small cases (`defaultpreemption/default_preemption.go`,
//! `preemption/preemption.go`).

mod support;

use holdfast_cluster::Cluster;
use holdfast_scheduler::{Preemption, Words, message, trace};
use serde_json::{Value, json};
use support::{cluster, cpu, decide, find, node, pod, running};

fn preemption(cluster: &Cluster) -> Preemption {
    decide(cluster, "p").preemption.expect("the pod fits nowhere")
}

/// Each candidate as `node: victims`, an asterisk for the best.
fn candidates(cluster: &Cluster) -> Vec<String> {
    let Preemption::Helps(candidates) = preemption(cluster) else { return Vec::new() };
    let placement = holdfast_cluster::Placement::of(cluster);
    let describe = |candidate: &holdfast_scheduler::decision::PreemptionCandidate| {
        let name = |pod: &_| trace::pod_name(cluster, &placement, *pod).replace("default/", "");
        let victims: Vec<String> = candidate.victims.iter().map(name).collect();
        let best = if candidate.best { "*" } else { "" };
        format!("{}{best}: {}", cluster.node_name(candidate.node), victims.join(" "))
    };
    candidates.iter().map(describe).collect()
}

fn text(cluster: &Cluster) -> String {
    let decision = decide(cluster, "p");
    let found = decision.preemption.as_ref().expect("the pod fits nowhere");
    message::of_preemption(Words::newest(cluster), &decision, found).unwrap_or_default()
}

#[test]
fn the_least_important_go_and_as_few_as_possible() {
    let cluster = cluster(&[
        node("n", &json!({})),
        running("low", "n", &cpu("2", 1)),
        running("lower", "n", &cpu("1", 0)),
        running("equal", "n", &cpu("500m", 10)),
        pod("p", &cpu("1", 10)),
    ]);
    assert_eq!(candidates(&cluster), ["n*: lower"]);
}

#[test]
fn equal_priority_is_never_evicted() {
    let cluster = cluster(&[
        node("n", &json!({})),
        running("equal", "n", &cpu("4", 10)),
        pod("p", &cpu("1", 10)),
    ]);
    let expected =
        "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    assert_eq!(text(&cluster), expected);
}

#[test]
fn a_node_that_is_too_small_is_not_looked_at() {
    let cluster = cluster(&[
        node("n", &json!({})),
        running("low", "n", &cpu("1", 0)),
        pod("p", &cpu("5", 10)),
    ]);
    let expected =
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    assert_eq!(text(&cluster), expected);
}

#[test]
fn a_pod_may_be_forbidden_to_preempt() {
    let mut shy = cpu("1", 10);
    support::merge(&mut shy, &json!({"spec": {"preemptionPolicy": "Never"}}));
    let cluster =
        cluster(&[node("n", &json!({})), running("low", "n", &cpu("4", 0)), pod("p", &shy)]);
    assert_eq!(preemption(&cluster), Preemption::NotAllowed);
    assert_eq!(text(&cluster), "not eligible due to preemptionPolicy=Never.");
}

fn started(mut patch: Value, second: u32) -> Value {
    let time = format!("2026-01-01T00:00:{second:02}Z");
    support::merge(&mut patch, &json!({"status": {"startTime": time}}));
    patch
}

/// `pickOneNodeForPreemption`, one tie-break after the other.
#[test]
fn ties_are_broken_in_upstream_s_order() {
    let case = |a: &[Value], b: &[Value]| {
        let mut objects =
            vec![node("a", &json!({})), node("b", &json!({})), pod("p", &cpu("4", 50))];
        for (name, pods) in [("a", a), ("b", b)] {
            for (at, patch) in pods.iter().enumerate() {
                objects.push(running(&format!("{name}{at}"), name, patch));
            }
        }
        candidates(&cluster(&objects))
    };
    let lowest_highest = case(&[cpu("4", 2)], &[cpu("2", 1), cpu("2", 1)]);
    assert_eq!(lowest_highest, ["a: a0", "b*: b0 b1"]);
    let lowest_sum = case(&[cpu("3", 2), cpu("1", 1)], &[cpu("3", 2), cpu("1", 0)]);
    assert_eq!(lowest_sum, ["a: a0 a1", "b*: b0 b1"]);
    let latest = case(&[started(cpu("4", 1), 9)], &[started(cpu("4", 1), 3)]);
    assert_eq!(latest, ["a*: a0", "b: b0"]);
    let alike = case(&[started(cpu("4", 1), 3)], &[started(cpu("4", 1), 3)]);
    assert_eq!(alike, ["a*: a0", "b*: b0"]);
}

#[test]
fn a_budget_is_respected_where_there_is_a_choice() {
    let guarded = |mut patch: Value| {
        support::merge(&mut patch, &json!({"metadata": {"labels": {"app": "x"}}}));
        patch
    };
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "b", "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}},
        "status": {"disruptionsAllowed": 0}});
    let cluster = cluster(&[
        node("n", &json!({})),
        budget,
        running("guarded", "n", &guarded(cpu("2", 0))),
        running("free", "n", &cpu("2", 1)),
        pod("p", &cpu("2", 10)),
    ]);
    assert_eq!(candidates(&cluster), ["n*: free"]);
    assert_eq!(find(&cluster, "guarded").index(), 0);
}
