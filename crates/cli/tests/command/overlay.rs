//! Rendered manifests beside an export: what is not there yet is placed and answered for.

use serde_json::json;

use crate::holdfast::{folder, report, run_in, workload, write};
use crate::sample::text;

/// A Deployment as a chart renders it: no pods, no `ReplicaSet`, no defaults written out.
fn manifest(replicas: u32, cpu: &str) -> String {
    format!(
        "---
# Source: search/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: search
  namespace: shop
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: search
  template:
    metadata:
      labels:
        app: search
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels:
                app: search
      containers:
      - name: search
        image: registry.example/search:2.0.0
        resources:
          limits:
            cpu: {cpu}
            memory: 64Mi
"
    )
}

#[test]
fn a_new_deployment_is_placed_and_survives() {
    let folder = folder("overlay");
    write(&folder, "cluster.json", text());
    write(&folder, "new.yaml", manifest(2, "100m"));
    let report = report(&folder, &["cluster.json", "new.yaml"], 1);
    let search = workload(&report, "Deployment", "search");
    assert_eq!((&search["ready"], &search["desired"]), (&json!(2), &json!(2)));
    assert_eq!(search["verdict"], "PROVED");
    assert_eq!(report["summary"]["workloads"], 5);
}

/// Requests come from limits, as the API server defaults them: no node has so much left.
#[test]
fn a_new_deployment_without_room_waits() {
    let folder = folder("overlay-large");
    write(&folder, "cluster.json", text());
    write(&folder, "new.yaml", manifest(1, "1600m"));
    let report = report(&folder, &["cluster.json", "new.yaml"], 1);
    let search = workload(&report, "Deployment", "search");
    assert_eq!((&search["ready"], &search["desired"]), (&json!(0), &json!(1)));
    let found = &search["counterexample"];
    assert_eq!(found["fail"], json!([]), "already with nothing failed");
    let message = "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, \
                   preemption: 0/3 nodes are available: 3 No preemption victims found for \
                   incoming pod.";
    assert_eq!(found["pending"][0]["message"], message);
}

/// One replica more than nodes that fit: the third claim of plan H, before it is rolled out.
#[test]
fn a_new_deployment_with_as_many_replicas_as_nodes() {
    let folder = folder("overlay-three");
    write(&folder, "cluster.json", text());
    write(&folder, "new.yaml", manifest(3, "100m"));
    let report = report(&folder, &["cluster.json", "new.yaml"], 1);
    let search = workload(&report, "Deployment", "search");
    assert_eq!((&search["ready"], &search["readyAtOnce"]), (&json!(3), &json!(2)));
    assert_eq!(search["recovered"]["verdict"], "REFUTED");
    assert_eq!(search["immediately"]["verdict"], "PROVED");
}

/// `helm template … | holdfast prove cluster.json -`, and inspect says that pods were made.
#[test]
fn inspect_tells_which_pods_were_made() {
    let folder = folder("overlay-inspect");
    write(&folder, "cluster.json", text());
    write(&folder, "new.yaml", manifest(2, "100m"));
    let run = run_in(&folder, &["inspect", "cluster.json", "new.yaml"]).ended(0);
    assert!(run.stdout.contains("note[pods-expanded]"), "{}", run.stdout);
}

#[test]
fn a_kind_that_does_not_exist_is_refused_in_an_overlay() {
    let folder = folder("overlay-kind");
    write(&folder, "cluster.json", text());
    write(&folder, "new.yaml", manifest(2, "100m").replace("kind: Deployment", "kind: Deploymnet"));
    let run = run_in(&folder, &["prove", "cluster.json", "--overlay", "new.yaml"]).ended(2);
    assert_eq!(run.stdout, "");
    insta::assert_snapshot!(run.stderr, @r"
    error[unknown-kind]: no such kind: apps/v1 Deploymnet, perhaps apps/v1 Deployment
      --> new.yaml:3:1
       = object: Deploymnet shop/search
       = help: Correct `apiVersion` and `kind`; as it stands the object decides nothing.

    error: the input is refused, and nothing was done with it
    ");
}

#[test]
fn a_kind_that_does_not_exist_is_told_of_an_input() {
    let folder = folder("input-kind");
    write(&folder, "cluster.json", text());
    let manifest = manifest(2, "100m").replace("apiVersion: apps/v1", "apiVersion: app/v1");
    write(&folder, "n.yaml", manifest);
    let run = run_in(&folder, &["prove", "cluster.json", "n.yaml"]).ended(1);
    insta::assert_snapshot!(run.stderr, @r"
    warning[unknown-kind]: no such kind: app/v1 Deployment, perhaps apps/v1 Deployment: at n.yaml:3
    hint: holdfast inspect tells more of it
    ");
}

#[test]
fn what_others_define_changes_nothing_and_is_told() {
    let folder = folder("overlay-custom");
    write(&folder, "cluster.json", text());
    let manifest = "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  namespace: shop
spec:
  replicas: 1
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
";
    write(&folder, "new.yaml", manifest);
    let run = run_in(&folder, &["prove", "cluster.json", "--overlay", "new.yaml"]).ended(1);
    insta::assert_snapshot!(run.stderr, @r"
    warning[kind-not-read]: this changes nothing here: argoproj.io/v1alpha1 Rollout is not read
      --> new.yaml:1:1
       = object: Rollout shop/web
       = help: Lay what its controller makes of it over the export instead.
    ");
}
