//! A mixed cluster of a hundred nodes: how much of it is counted, bounded and searched. Where a
//! bound is lost, everything comes out as before, but minutes later, or not at all.

use std::path::{Path, PathBuf};

use crate::holdfast::{folder, run_in, write};

/// A folder with the export of one.
fn mixed(name: &str) -> PathBuf {
    let folder = folder(&format!("mixed-{name}"));
    let arguments = ["synth", "--nodes", "100", "--pods", "3000", "--seed", "1"];
    write(&folder, "cluster.json", run_in(&folder, &arguments).ended(0).stdout);
    folder
}

#[test]
fn hardly_a_pair_of_a_hundred_nodes_needs_a_search() {
    let arguments = ["prove", "cluster.json", "--nodes", "2", "-o", "json"];
    let report = run_in(&mixed("pairs"), &arguments).ended(1).json();
    let checked = &report["checked"];
    assert_eq!(checked["sets"], 5_050, "{checked}");
    assert_eq!(checked["states"], 12, "{checked}");
}

/// Of the orders in which 26 pods are drained hardly any is tried: all find a node, and the one
/// workload that does not survive lacks a pod today.
#[test]
fn a_drain_is_decided_by_bounds() {
    assert_eq!(decided(&mixed("drain"), "drain general-00006.example.internal"), (365, 0));
}

/// Nor is it known where they are when another node fails, or whether they were there already. Of
/// one workload both pods are on these nodes, and one waits for GPUs; the last may come or not.
#[test]
fn a_failure_after_a_drain_or_in_the_middle_of_it_is_too() {
    let [drain, fail] =
        ["drain general-00006.example.internal", "fail general-00019.example.internal"];
    let folder = mixed("both");
    for story in
        [format!("{drain}; {fail}"), format!("{fail}; {drain}"), format!("{drain} + {fail}")]
    {
        assert_eq!(decided(&folder, &story), (363, 1), "{story}");
    }
}

/// How many workloads survive events, and of how many nobody knows.
fn decided(folder: &Path, events: &str) -> (u64, u64) {
    let arguments =
        ["prove", "cluster.json", "--sequence", events, "--budget", "500", "-o", "json"];
    let report = run_in(folder, &arguments).ended(1).json();
    let count = |what: &str| report["summary"][what].as_u64().unwrap();
    (count("survive"), count("unknown"))
}

/// What a change moves may come to rest in more places than are looked at. Of a workload that rolls
/// out and whose pods no rule keeps apart nobody knows whether they come to be on one node.
#[test]
fn a_change_is_compared_wherever_its_pods_come_to_be() {
    let folder = mixed("change");
    let loose = "deployment/team-003/mail-worker-6";
    let apart = "deployment/team-001/profile-gateway-16";
    for (change, unknown) in [
        (format!("{loose}.replicas=9"), 0),
        (format!("{loose}.spec.template.metadata.annotations.x=y"), 1),
        (format!("{apart}.spec.template.metadata.annotations.x=y"), 0),
    ] {
        let arguments = ["diff", "cluster.json", "--set", &change, "-o", "json"];
        let ended = run_in(&folder, &arguments).ended(if unknown == 0 { 0 } else { 4 });
        let report = ended.json();
        let counts = &report["counts"];
        assert_eq!(counts["unknown"], unknown, "{change}: {counts}");
        assert_eq!(counts["same"], 366 - unknown, "{change}: {counts}");
    }
}
