//! Runs that never end, and nodes that nothing can tell apart.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::holdfast::{folder, run_in, write};

/// A node, and two that are being maintained and evict everybody after half a minute. One pod.
const EXPORT: &str = "
{kind: Node, apiVersion: v1, metadata: {name: a, labels: {kubernetes.io/hostname: a}}, status: {
  allocatable: {cpu: 4, memory: 8Gi, pods: 110}, conditions: [{type: Ready, status: 'True'}]}}
---
{kind: Node, apiVersion: v1, metadata: {name: b, labels: {kubernetes.io/hostname: b}}, spec: {
  taints: [{key: maintenance, effect: NoExecute}]}, status: {
  allocatable: {cpu: 4, memory: 8Gi, pods: 110}, conditions: [{type: Ready, status: 'True'}]}}
---
{kind: Node, apiVersion: v1, metadata: {name: c, labels: {kubernetes.io/hostname: c}}, spec: {
  taints: [{key: maintenance, effect: NoExecute}]}, status: {
  allocatable: {cpu: 4, memory: 8Gi, pods: 110}, conditions: [{type: Ready, status: 'True'}]}}
---
{kind: ReplicaSet, apiVersion: apps/v1, metadata: {name: web, namespace: shop}, spec: {replicas: 1,
  selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {
  containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}], tolerations: [
  {key: maintenance, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]}}}}
---
{kind: Pod, apiVersion: v1, metadata: {name: web-1, namespace: shop, labels: {app: web},
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true}]},
  spec: {nodeName: a, containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}],
  tolerations: [{key: maintenance, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]},
  status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}
---
{kind: Service, apiVersion: v1, metadata: {name: web, namespace: shop},
  spec: {selector: {app: web}}}
---
{kind: StatefulSet, apiVersion: apps/v1, metadata: {name: none, namespace: shop},
  spec: {replicas: 0, selector: {matchLabels: {none: such}}, template: {
  metadata: {labels: {none: such}}, spec: {containers: [{name: c, image: i}]}}}}
---
{kind: ReplicationController, apiVersion: v1, metadata: {name: none, namespace: shop}, spec: {
  replicas: 0, selector: {none: such}}}
";

fn prove(folder: &Path, arguments: &[&str], code: i32) -> crate::holdfast::Run {
    write(folder, "export.yaml", EXPORT);
    run_in(folder, &[&["prove", "export.yaml"], arguments].concat()).ended(code)
}

#[test]
fn a_pod_that_goes_round_for_ever() {
    let folder = folder("goes-round");
    assert_snapshot!(prove(&folder, &[], 1).transcript());
    let report = prove(&folder, &["-o", "json"], 1).json();
    let example = &report["workloads"][0]["recovered"]["counterexample"];
    assert_eq!(example["fail"], json!(["a"]));
    let steps = example["again"].as_array().unwrap();
    let mut again: Vec<&str> = steps.iter().map(|step| step["action"].as_str().unwrap()).collect();
    again.sort_unstable();
    assert_eq!(again, ["end", "evict", "schedule"]);
}

#[test]
fn what_goes_round_is_certified() {
    let folder = folder("certified-round");
    let told = prove(&folder, &["--certificate", "proof.json"], 1);
    assert!(!told.stderr.contains("does not show"), "{}", told.transcript());
    let verified = run_in(&folder, &["verify", "proof.json", "export.yaml"]).ended(0);
    assert!(verified.stdout.contains("2 refuted, 0 left open"), "{}", verified.transcript());
    let proof = fs::read_to_string(folder.join("proof.json")).unwrap();
    let mut proof: Value = serde_json::from_str(&proof).unwrap();
    let states = &mut proof["workloads"][0]["recovered"]["run"]["round"];
    assert!(states.as_array().unwrap().len() > 1);
    states.as_array_mut().unwrap().pop();
    write(&folder, "cut.json", proof.to_string());
    let refused = run_in(&folder, &["verify", "cut.json", "export.yaml"]).ended(1);
    assert!(refused.stdout.contains("a state that is not listed"), "{}", refused.transcript());
}

#[test]
fn alike_nodes_are_looked_at_once() {
    let folder = folder("alike-nodes");
    for (arguments, key, all, one) in [
        (&["--nodes", "2"][..], "a pair", 6, 4),
        (&["--fail", "a,b,c", "--orders"], "an order", 6, 3),
        (&["--domain", "kubernetes.io/hostname"], "a domain", 3, 2),
    ] {
        let json = [arguments, &["-o", "json"]].concat();
        let mut with = prove(&folder, &json, 1).json();
        assert_eq!(with["checked"]["sets"], all, "{key}");
        assert_eq!(with["checked"]["setsUpToSymmetry"], one, "{key}");
        let mut without = prove(&folder, &[&json[..], &["--no-symmetry"]].concat(), 1).json();
        for report in [&mut with, &mut without] {
            let checked = report["checked"].as_object_mut().unwrap();
            checked.retain(|key, _| key != "states" && key != "setsUpToSymmetry");
        }
        assert_eq!(with, without, "{key}");
    }
    let told = prove(&folder, &["--fail", "a,b,c", "--orders"], 1).stdout;
    assert!(told.contains("Checked: 6 orders of 3 failures, 3 up to symmetry"), "{told}");
}
