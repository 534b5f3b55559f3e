//! What a policy calls the states of its cluster.

use crate::check::check;
use crate::holdfast::{Run, fixtures, folder, run_in, write};

const HEAD: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\n";

/// Which state each scenario comes to.
#[test]
fn states_are_told_by_scenario() {
    let report = check("edge", &["-o", "json"]).ended(1).json();
    let scenarios = report["scenarios"].as_array().unwrap().iter();
    let states: Vec<(&str, &str)> = scenarios
        .map(|one| (one["name"].as_str().unwrap(), one["state"]["name"].as_str().unwrap()))
        .collect();
    let expected = [
        ("one-worker", "black"),
        ("both-workers", "black"),
        ("any-node", "black"),
        ("worker-back", "green"),
    ];
    assert_eq!(states, expected);
    let more = ["--set", "statefulset/monitoring/prometheus.replicas=1"];
    // A lifeboat that takes no StatefulSet holds what it can.
    assert_eq!(check("edge", &more).ended(1).code, Some(1));
}

/// A policy of states alone besides one scenario, on plan E.
fn judged(name: &str, states: &str, more: &[&str]) -> Run {
    let folder = folder(&format!("states-{name}"));
    let scenarios = "scenarios:\n- { name: back, sequence: fail worker-1; recover worker-1 }\n";
    let requirements = "requirements:\n- name: r\n  workloads: [{ namespace: argocd }]\n  \
                        scenarios: [back]\n  recovered: true\n";
    write(&folder, "holdfast.yaml", format!("{HEAD}{scenarios}{requirements}states:\n{states}"));
    let cluster = fixtures().join("edge/cluster.json");
    run_in(&folder, &[&["check", cluster.to_str().unwrap()], more].concat())
}

/// What is said of nothing would hold whatever fails.
#[test]
fn a_state_that_speaks_of_nothing_is_not_reached() {
    let states = "- name: green\n  holds:\n  - workloads: [{ namespace: argocd }]\n    \
                  recovered: true\n  - workloads:\n    - { namespace: argocdd }\n    \
                  recovered: true\n- name: black\n";
    let told = judged("typo", states, &["-o", "json"]).ended(1).json();
    assert_eq!(told["scenarios"][0]["state"]["name"], "black");
    let findings = told["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["id"], "requirement-matches-nothing");
    assert_eq!(findings[0]["requirement"], "state green");
    assert_eq!(findings[0]["place"]["line"], 16);
    let right = states.replace("argocdd", "argocd");
    let told = judged("right", &right, &["-o", "json"]).ended(0).json();
    assert_eq!(told["scenarios"][0]["state"]["name"], "green");
}

/// A state that asks for all that a better one does is never what a cluster comes to.
#[test]
fn states_that_are_never_reached_are_refused() {
    let state = |name: &str, holds: &str| format!("- name: {name}\n  holds: [{{ {holds} }}]\n");
    let argo = "workloads: [{ namespace: argocd }]";
    for (name, better, worse, refused) in [
        ("more", "recovered: true", "recovered: true, immediately: true", true),
        ("less", "recovered: true, immediately: true", "recovered: true", false),
        ("other", "recovered: true", "immediately: true", false),
        ("share", "minReady: 50%", "minReady: 60%", true),
        ("shares", "minReady: 60%", "minReady: 50%", false),
        ("all", "minReady: quorum", "minReady: all", true),
        ("time", "maxDowntime: 5m", "maxDowntime: 1m", true),
        ("times", "maxDowntime: 1m", "maxDowntime: 5m", false),
    ] {
        let asked = |demands: &str| format!("{argo}, {demands}");
        let states = state("green", &asked(better)) + &state("red", &asked(worse));
        let told = judged(name, &states, &["--budget", "1"]);
        let says = told.stderr.contains("holdfast.yaml:13:");
        let says = says && told.stderr.contains("state red is never reached: state green");
        assert_eq!((told.code == Some(2), says), (refused, refused), "{name}: {}", told.stderr);
    }
    let all = state("green", "workloads: [{}], recovered: true");
    let some = state("red", &format!("{argo}, recovered: true"));
    assert_eq!(judged("some", &(all.clone() + &some), &[]).code, Some(0));
    judged("whole", &(some + &all), &[]).ended(2);
    judged("free", &("- name: white\n".to_owned() + &all), &[]).ended(2);
}
