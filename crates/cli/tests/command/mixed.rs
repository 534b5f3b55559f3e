//! A mixed cluster of a hundred nodes, of which any two fail: how much of it is counted, bounded
//! and searched. Where a bound is lost, everything comes out as before, but minutes later.

use crate::holdfast::{folder, run_in, write};

#[test]
fn hardly_a_pair_of_a_hundred_nodes_needs_a_search() {
    let folder = folder("mixed");
    let arguments = ["synth", "--nodes", "100", "--pods", "3000", "--seed", "1"];
    write(&folder, "cluster.json", run_in(&folder, &arguments).ended(0).stdout);
    let report = run_in(&folder, &["prove", "cluster.json", "--nodes", "2", "-o", "json"]).ended(1);
    let checked = &report.json()["checked"];
    assert_eq!(checked["sets"], 5_050, "{checked}");
    assert_eq!(checked["states"], 12, "{checked}");
}
