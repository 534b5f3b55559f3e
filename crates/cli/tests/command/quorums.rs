//! Policies that ask for majorities: of the control plane, and of the copies of volumes.

use serde_json::{Value, json};

use crate::check::valid;
use crate::holdfast::{Run, fixtures, folder, run_in, write};

const HEAD: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\n";

/// A policy on plan Z after its move, which has three members of etcd and two copies of volumes.
fn judged(name: &str, scenario: &str, requirement: &str) -> Run {
    let folder = folder(&format!("quorums-{name}"));
    let text = format!(
        "{HEAD}scenarios:\n- {{ name: s, {scenario} }}\nrequirements:\n- name: r\n  \
         scenarios: [s]\n  {requirement}\n"
    );
    write(&folder, "holdfast.yaml", text);
    let plan = fixtures().join("zero-spof");
    let (cluster, assumptions) = (plan.join("after-longhorn.json"), plan.join("assumptions.yaml"));
    let files = [cluster.to_str().unwrap(), assumptions.to_str().unwrap()];
    run_in(&folder, &["check", files[0], "--assumptions", files[1], "-o", "json"])
}

fn findings(told: &Run) -> Vec<Value> {
    let report = told.json();
    assert_eq!(valid("holdfast.findings.v1.json", &report), Ok(()));
    report["findings"].as_array().unwrap().clone()
}

#[test]
fn majorities_of_a_plan() {
    let (etcd, storage) = ("controlPlaneQuorum: true", "storageQuorum: true");
    for (name, requirement) in [("etcd-one", etcd), ("storage-one", storage)] {
        judged(name, "anyNodes: 1", requirement).ended(0);
    }
    let lost = findings(&judged("etcd-two", "anyNodes: 2", etcd).ended(1));
    assert_eq!(lost.len(), 1);
    let told = |field: &str| lost[0][field].clone();
    assert_eq!(told("id"), "control-plane-lost");
    assert_eq!(told("part"), "etcd");
    assert_eq!((told("up"), told("needed"), told("of")), (json!(1), json!(2), json!(3)));
    assert_eq!(told("fail"), json!(["cloudserver1", "cloudserver2"]));
    let lost = findings(&judged("storage-two", "anyNodes: 2", storage).ended(1));
    let pages = json!([{ "claim": "shop/wiki-pages", "fail": ["blackboar", "cloudserver1"] }]);
    assert_eq!((&lost[0]["id"], &lost[0]["volumes"]), (&json!("volumes-starved"), &pages));
    // A set that has nothing of either takes nothing.
    judged("other", "fail: [cloudserver2]", &format!("{etcd}\n  {storage}")).ended(0);
}

/// Volumes may be those of some workloads; what is said of none of them is not known.
#[test]
fn volumes_of_workloads() {
    let of = |selector: &str| format!("workloads: [{selector}]\n  storageQuorum: true");
    let wiki = judged("wiki", "anyNodes: 2", &of("{ namespace: shop, name: wiki }")).ended(1);
    assert_eq!(findings(&wiki)[0]["id"], "volumes-starved");
    let none = judged("none", "anyNodes: 2", &of("{ name: coredns }")).ended(4);
    assert_eq!(findings(&none)[0]["reason"], "volumes-outside");
    let typo = judged("typo", "anyNodes: 2", &of("{ name: wikki }")).ended(3);
    assert!(typo.stderr.contains("selects a workload"), "{}", typo.stderr);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (name, scenario, requirement, said) in [
        ("events", "sequence: fail cloudserver1", "controlPlaneQuorum: true", "of a sequence ask"),
        ("nobody", "anyNodes: 1", "recovered: true\n  storageQuorum: true", "selects no workloads"),
    ] {
        let told = judged(name, scenario, requirement).ended(2).stderr;
        assert!(told.contains("holdfast.yaml:6:") && told.contains(said), "{name}: {told}");
    }
}
