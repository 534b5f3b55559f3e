//! What the command prints on the fixtures, to the letter.

use insta::assert_snapshot;

use crate::holdfast::{Run, run};

const HOMELAB: &str = "homelab/cluster.json";
const EDGE: &str = "edge/cluster.json";

/// How much a proof looked at, and how its workloads came out.
#[track_caller]
fn counts(run: &Run) -> [u64; 6] {
    let report = run.json();
    let (checked, summary) = (&report["checked"], &report["summary"]);
    assert_eq!(checked["complete"], true);
    [
        &checked["sets"],
        &checked["states"],
        &summary["workloads"],
        &summary["survive"],
        &summary["fail"],
        &summary["unknown"],
    ]
    .map(|count| count.as_u64().unwrap())
}

#[test]
fn prove_homelab() {
    assert_snapshot!(run(&["prove", HOMELAB]).ended(1).transcript());
}

#[test]
fn prove_homelab_as_json() {
    let run = run(&["prove", "-o", "json", HOMELAB]).ended(1);
    assert_eq!(counts(&run), [4, 0, 35, 23, 12, 0]);
    assert_snapshot!(run.stdout);
}

#[test]
fn prove_homelab_two_nodes() {
    let run = run(&["prove", "--nodes", "2", "-o", "json", HOMELAB]).ended(1);
    assert_eq!(counts(&run)[0], 10, "4 sets of one node and 6 of two");
    let human = crate::holdfast::run(&["prove", "--nodes", "2", HOMELAB]).ended(1);
    assert_snapshot!(human.transcript());
}

#[test]
fn prove_homelab_one_set() {
    let arguments = ["prove", "--fail", "homelab-02,homelab-03", HOMELAB];
    assert_snapshot!(run(&arguments).ended(1).transcript());
}

#[test]
fn prove_edge() {
    assert_snapshot!(run(&["prove", EDGE]).ended(1).transcript());
}

#[test]
fn prove_edge_as_json() {
    let run = run(&["prove", "-o", "json", EDGE]).ended(1);
    assert_eq!(counts(&run), [3, 40, 22, 2, 20, 0]);
    assert_snapshot!(run.stdout);
}

#[test]
fn prove_edge_two_nodes() {
    let run = run(&["prove", "--nodes", "2", "-o", "json", EDGE]).ended(1);
    assert_eq!(counts(&run)[0], 6, "3 sets of one node and 3 of two");
    let human = crate::holdfast::run(&["prove", "--nodes", "2", EDGE]).ended(1);
    assert_snapshot!(human.transcript());
}

#[test]
fn prove_edge_one_set() {
    assert_snapshot!(run(&["prove", "--fail", "worker-1,worker-2", EDGE]).ended(1).transcript());
}

#[test]
fn a_named_set_is_one_set() {
    let arguments = ["prove", "-o", "json", "--fail", "worker-2,worker-1,worker-2", EDGE];
    let run = run(&arguments).ended(1);
    assert_eq!(counts(&run)[0], 1);
    assert_eq!(run.json()["checked"]["fail"], serde_json::json!(["worker-1", "worker-2"]));
}

#[test]
fn inspect_homelab() {
    assert_snapshot!(run(&["inspect", HOMELAB]).ended(0).transcript());
}

#[test]
fn inspect_homelab_as_json() {
    assert_snapshot!(run(&["inspect", "-o", "json", HOMELAB]).ended(0).transcript());
}

#[test]
fn inspect_edge() {
    assert_snapshot!(run(&["inspect", EDGE]).ended(0).transcript());
}

#[test]
fn inspect_edge_as_json() {
    assert_snapshot!(run(&["inspect", "-o", "json", EDGE]).ended(0).transcript());
}

/// The format never changes the code, and a file gets what standard output would.
#[test]
fn formats_go_where_they_are_sent() {
    let folder = crate::holdfast::folder("formats");
    let export = crate::holdfast::fixtures().join(EDGE);
    let export = export.to_str().unwrap();
    let arguments = ["prove", export, "-o", "human", "-o", "json=report.json"];
    let both = crate::holdfast::run_in(&folder, &arguments).ended(1);
    let written = std::fs::read_to_string(folder.join("report.json")).unwrap();
    assert_eq!(both.stdout, run(&["prove", EDGE]).stdout);
    assert_eq!(written, run(&["prove", "-o", "json-v1", EDGE]).ended(1).stdout);
}

/// Threads share out the sets; nothing of that may show.
#[test]
fn two_runs_print_the_same_bytes() {
    let once = || run(&["prove", "--nodes", "2", "-o", "json", EDGE]).stdout;
    assert_eq!(once(), once());
}
