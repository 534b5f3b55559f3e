//! Two templates at once: a Deployment in the middle of a rollout.

use holdfast_cluster::{Cluster, Placement};
use holdfast_proof::by_rule::{Bounds, ByRule, Why};
use holdfast_proof::subject::Subjects;
use serde_json::{Value, json};

use crate::check::read;
use crate::packing::node;

/// Four nodes, and four replicas, two of each template, kept apart from pods with these labels.
fn rollout(apart: impl Fn(&str) -> Value, cpu: [&str; 2]) -> Cluster {
    let mut objects: Vec<Value> = (0..4).map(|at| node(&format!("n{at}"), 1_000, "a")).collect();
    objects.push(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "default", "uid": "a"},
        "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "a"}}, "template": {}},
    }));
    for (at, hash) in ["old", "new"].into_iter().enumerate() {
        let labels = json!({"app": "a", "pod-template-hash": hash});
        let spec = json!({
            "containers": [{
                "name": "c", "image": "i", "resources": {"requests": {"cpu": cpu[at]}},
            }],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{
                "labelSelector": {"matchLabels": apart(hash)},
                "topologyKey": "kubernetes.io/hostname",
            }]}},
        });
        let owner = |kind: &str, name: &str| {
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name,
                "controller": true}])
        };
        objects.push(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": hash, "namespace": "default", "uid": hash,
                "ownerReferences": owner("Deployment", "a")},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec}},
        }));
        objects.extend((0..2).map(|number| {
            let name = format!("{hash}-{number}");
            let mut spec = spec.clone();
            spec["nodeName"] = json!(format!("n{}", at * 2 + number));
            json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "default", "uid": name, "labels": labels,
                    "ownerReferences": owner("ReplicaSet", hash)},
                "spec": spec,
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
            })
        }));
    }
    read(&objects)
}

fn of_the_worst<T>(cluster: &Cluster, tell: impl Fn(&Bounds<'_, '_>) -> T) -> T {
    let placement = Placement::of(cluster);
    let subjects = Subjects::of(cluster, &placement);
    let by_rule = ByRule::new(cluster, &placement);
    tell(&by_rule.bounds(&placement, &subjects.subjects[0]).expect("it is bounded"))
}

#[test]
fn both_templates_are_kept_apart_only_if_each_means_the_other() {
    let all = rollout(|_| json!({"app": "a"}), ["100m", "100m"]);
    assert_eq!(of_the_worst(&all, |bounds| bounds.worst(1).most.pods), 1);
    let own = rollout(|hash| json!({"pod-template-hash": hash}), ["100m", "100m"]);
    let why = of_the_worst(&own, |bounds| bounds.worst(1).most.why);
    let key = own.known().hostname;
    assert_eq!(why, [Why::Apart { key, at_most: 2 }], "one of each template");
}

#[test]
fn room_is_told_by_the_template_that_asks_for_less() {
    let nobody = |_: &str| json!({"app": "nobody"});
    let mixed = rollout(nobody, ["600m", "300m"]);
    assert_eq!(of_the_worst(&mixed, |bounds| bounds.worst(1).most.pods), 3, "three small ones");
    let large = rollout(nobody, ["600m", "600m"]);
    assert_eq!(of_the_worst(&large, |bounds| bounds.worst(1).most.pods), 1);
}
