//! A mixed cluster of a hundred nodes: how much of it is counted, bounded and searched. Where a
//! bound is lost, everything comes out as before, but minutes later, or not at all.

use std::path::PathBuf;

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
    let drain = "drain general-00006.example.internal";
    let arguments = ["prove", "cluster.json", "--sequence", drain, "--budget", "100", "-o", "json"];
    let summary = &run_in(&mixed("drain"), &arguments).ended(1).json()["summary"];
    assert_eq!(summary["survive"], 365, "{summary}");
    assert_eq!(summary["unknown"], 0, "{summary}");
}
