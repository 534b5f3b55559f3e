//! What is known of all sets beforehand is what the closer look at one set finds: cases that random
//! small clusters do not come to.

use holdfast_cluster::{Cluster, NodeId};
use holdfast_proof::{FailureSet, Prover, Settings, Verdict};
use serde_json::{Value, json};

use crate::check::read;

fn node(name: &str, zone: &str, cpu: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "zone": zone}},
        "status": {
            "allocatable": {"cpu": cpu.to_string(), "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// A controller of pods that ask for so many cores, and one pod on each of these nodes, or waiting.
fn workload(name: &str, cpu: u32, nodes: &[&str], more: &Value) -> Vec<Value> {
    let labels = json!({"app": name});
    let asks = json!({"requests": {"cpu": cpu.to_string()}});
    let mut spec = json!({"containers": [{"name": "c", "image": "i", "resources": asks}]});
    for (key, value) in more["pod"].as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    let kind = more["kind"].as_str().unwrap_or("ReplicaSet");
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    let template = json!({"metadata": {"labels": labels}, "spec": spec});
    let mut controller = json!({
        "apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": nodes.len(), "selector": {"matchLabels": labels}, "template": template,
        },
    });
    for (key, value) in more["spec"].as_object().into_iter().flatten() {
        controller["spec"][key] = value.clone();
    }
    let pod = |(at, node): (usize, &&str)| {
        let mut spec = spec.clone();
        let mut status = json!({"phase": "Pending"});
        if !node.is_empty() {
            spec["nodeName"] = json!(node);
            let ready = json!([{"type": "Ready", "status": "True"}]);
            status = json!({"phase": "Running", "conditions": ready});
        }
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("{name}-{at}"), "namespace": "default", "labels": labels,
                "ownerReferences": [{
                    "apiVersion": version, "kind": kind, "name": name, "uid": name,
                    "controller": true,
                }],
            },
            "spec": spec, "status": status,
        })
    };
    let pods = nodes.iter().enumerate().map(pod);
    [controller].into_iter().chain(pods).collect()
}

/// So many nodes of eight cores in each zone.
fn nodes(zones: &[(&str, u32)]) -> Vec<Value> {
    let of_zone = |(zone, count): &(&str, u32)| {
        (0..*count).map(|at| node(&format!("{zone}{at}"), zone, 8)).collect::<Vec<Value>>()
    };
    zones.iter().flat_map(of_zone).collect()
}

/// Strictly spread over each of these labels.
fn spread(name: &str, keys: &[&str]) -> Value {
    let over = |key: &&str| {
        json!({
            "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": name}},
        })
    };
    let constraints: Vec<Value> = keys.iter().map(over).collect();
    json!({"pod": {"topologySpreadConstraints": constraints}})
}

/// A cluster wide enough for most failures to be decided beforehand, one node apart, and in every
/// way.
pub(crate) fn wide() -> Cluster {
    let mut objects = nodes(&[("a", 4), ("b", 4), ("c", 4)]);
    objects.push(service());
    objects.extend(workload("web", 1, &["a0", "b0", "c0"], &spread("web", &["zone"])));
    let apart = json!({"requiredDuringSchedulingIgnoredDuringExecution": [{
        "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "api"}},
    }]});
    let apart = json!({"pod": {"affinity": {"podAntiAffinity": apart}}});
    objects.extend(workload("api", 2, &["a1", "b1"], &apart));
    objects.extend(workload("one", 1, &["c1"], &json!({})));
    objects.extend(workload("db", 1, &["a2", "b2", "b0"], &json!({"kind": "StatefulSet"})));
    // It can go nowhere else, and preempts nobody.
    let here = json!({"pod": {"nodeSelector": {"kubernetes.io/hostname": "c2"}}});
    objects.extend(workload("pinned", 1, &["c2"], &here));
    let two = spread("far", &["zone", "kubernetes.io/hostname"]);
    objects.extend(workload("far", 1, &["a3", "b3", "c3"], &two));
    read(&objects)
}

/// What becomes of the ReplicaSet `web` when the node fails.
fn recovery(cluster: &Cluster, node: &str) -> Verdict {
    let mut prover = Prover::new(cluster, Settings::default());
    prover.foresee(1);
    let fails: NodeId = cluster.find(node).and_then(|name| cluster.node_named(name)).expect("it");
    let set = FailureSet::new(vec![fails]);
    let web = |root| cluster.text(cluster.workload(root).name) == "web";
    let position = prover.subjects().subjects.iter().position(|subject| web(subject.root));
    let mut found = prover.examine(&mut prover.workspace(), &set);
    found.findings.remove(&position.expect("it is there")).expect("it is touched").recovered
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"},
        "spec": {"selector": {"other": "label"}, "clusterIP": "None"},
    })
}

#[test]
fn a_lost_pod_leaves_the_emptiest_zone_emptier() {
    let mut objects = nodes(&[("a", 5), ("b", 5), ("c", 1)]);
    objects.push(service());
    let two = spread("web", &["zone", "kubernetes.io/hostname"]);
    objects.extend(workload("web", 1, &["a0", "b0", "c0"], &two));
    let cluster = read(&objects);
    assert_eq!(recovery(&cluster, "c0"), Verdict::Refuted, "zone c is empty, and has no node left");
}

#[test]
fn a_job_that_gives_up_lets_somebody_in() {
    let mut objects = vec![node("n1", "a", 20), node("n2", "b", 100), service()];
    objects.extend(workload("web", 2, &["n1", "n2"], &json!({})));
    objects.extend(workload("large", 97, &[""], &json!({})));
    let job = json!({
        "kind": "Job",
        "pod": {"restartPolicy": "Never"},
        "spec": {"parallelism": 2, "completions": 2, "backoffLimit": 0},
    });
    objects.extend(workload("batch", 9, &["n1", "n2"], &job));
    let cluster = read(&objects);
    assert_eq!(recovery(&cluster, "n1"), Verdict::Refuted, "large takes what batch leaves");
}
