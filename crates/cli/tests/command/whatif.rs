//! What-if flags: what they change, and what they refuse.

use serde_json::{Value, json};

use crate::holdfast::{Run, folder, run, run_in, workload, write};
use crate::sample::text;

const HOMELAB: &str = "homelab/cluster.json";

fn prove(arguments: &[&str]) -> Value {
    run(&[&["prove", "-o", "json", HOMELAB], arguments].concat()).json()
}

fn grafana(report: &Value) -> (u64, &str) {
    let found = workload(report, "Deployment", "kube-prometheus-stack-grafana");
    (found["desired"].as_u64().unwrap(), found["verdict"].as_str().unwrap())
}

/// The claims of plan H, asked by flags: two replicas survive, a third is Pending after a failure,
/// and fits again with another worker.
#[test]
fn replicas_and_nodes_of_the_homelab() {
    let replicas = "--set=deployment/monitoring/kube-prometheus-stack-grafana.replicas=3";
    assert_eq!(grafana(&prove(&[])), (2, "PROVED"));
    assert_eq!(grafana(&prove(&[replicas])), (3, "REFUTED"));
    let worker = "--add-node=homelab-05=homelab-03";
    assert_eq!(grafana(&prove(&[replicas, worker])), (3, "PROVED"));
    assert_eq!(grafana(&prove(&["--cordon=homelab-02"])).1, "REFUTED");
    let taint = "--taint=homelab-02:new=y:NoSchedule";
    assert_eq!(grafana(&prove(&[taint])).1, "REFUTED");
}

/// A template that changes rolls out, and may get stuck: hard anti-affinity with as many replicas
/// as nodes, of which a surge finds none.
#[test]
fn an_overlay_rolls_out() {
    let folder = folder("whatif-rollout");
    write(&folder, "cluster.json", text());
    let patch = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "template": { "metadata": { "annotations": { "restarted": "now" } } } },
    });
    write(&folder, "patch.yaml", patch.to_string());
    let arguments = ["prove", "-o", "json", "cluster.json"];
    let before = run_in(&folder, &arguments).json();
    let after = run_in(&folder, &[&arguments[..], &["--overlay", "patch.yaml"]].concat()).json();
    assert_eq!(before["summary"]["workloads"], after["summary"]["workloads"]);
    assert_ne!(before, after, "its pods are others");
}

/// What was laid over an export is in the export that a story ends with.
#[test]
fn a_story_begins_with_what_was_laid_over() {
    let folder = folder("whatif-story");
    write(&folder, "cluster.json", text());
    let node =
        run_in(&folder, &["inspect", "-o", "json", "cluster.json"]).json()["nodes"][0]["name"]
            .as_str()
            .unwrap()
            .to_owned();
    let new = format!("--add-node=another={node}");
    let story = ["simulate", "cluster.json", &new, "--event", "cordon:another", "--export", "end"];
    run_in(&folder, &story).ended(0);
    let end = run_in(&folder, &["inspect", "-o", "json", "end"]).json();
    let nodes = end["nodes"].as_array().unwrap();
    assert!(nodes.iter().any(|node| node["name"] == "another"), "{nodes:?}");
}

fn refused(flag: &str) -> Run {
    run(&["prove", HOMELAB, flag]).ended(2)
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refusals: Vec<String> = [
        "--cordon=homelab-2",
        "--taint=homelab-02:a",
        "--taint=homelab-02:a=b:Never",
        "--add-node=x",
        "--add-node=homelab-03=homelab-02",
        "--add-node=x=homelab-01",
        "--set=deployment/monitoring/kube-prometheus-stack-grafana",
        "--set=gadget/a/b.replicas=1",
        "--set=deployment/grafana.replicas=1",
        "--set=deployment/monitoring/kube-prometheus-stack-grafanna.replicas=1",
        "--set=node/homelab-9.spec.unschedulable=true",
        "--set=deployment/monitoring/kube-prometheus-stack-grafana.replicas.of=1",
        "--overlay=nowhere.yaml",
    ]
    .iter()
    .map(|flag| refused(flag).stderr)
    .collect();
    insta::assert_snapshot!(refusals.join("---\n"));
}
