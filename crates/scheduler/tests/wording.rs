//! Messages in the words of each release (`docs/wording.md`).

mod support;

use holdfast_cluster::{Cluster, Placement};
use holdfast_scheduler::{Release, Scheduler, Words, message};
use serde_json::{Value, json};
use support::{cluster, find, node, pod, running};

/// What the condition of `p` says in the words of a release.
fn condition(cluster: &Cluster, release: &str) -> String {
    let (scheduler, placement) = (Scheduler::new(cluster), Placement::of(cluster));
    let decision = scheduler.decide(&placement, find(cluster, "p"));
    let words = Words { cluster, release: Release::nearest(release).expect("a release") };
    message::of_condition(words, &decision).expect("it stays pending")
}

const FRAME: &str = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for \
                     scheduling.";

#[test]
fn taints_were_named_and_claims_unheard_of_until_1_33() {
    let taint = json!({"key": "dedicated", "value": "db", "effect": "NoSchedule"});
    let tainted = node("n", &json!({"spec": {"taints": [taint]}}));
    let cluster = cluster(&[tainted, pod("p", &json!({}))]);
    let head = "0/1 nodes are available: 1 node(s) had untolerated taint";
    for release in ["1.30", "1.31", "1.32", "1.33"] {
        assert_eq!(condition(&cluster, release), format!("{head} {{dedicated: db}}. {FRAME}"));
    }
    for release in ["1.34", "1.35", "1.36"] {
        let told = condition(&cluster, release);
        assert_eq!(told, format!("{head}(s). no new claims to deallocate, {FRAME}"));
    }
}

/// A claim of `p`, bound to a volume that can be reached from `elsewhere` alone.
fn claimed(modes: &str) -> Vec<Value> {
    let expression = json!({"key": "zone", "operator": "In", "values": ["elsewhere"]});
    let term = json!({"matchExpressions": [expression]});
    let affinity = json!({"required": {"nodeSelectorTerms": [term]}});
    let affinity = if modes == "ReadWriteOncePod" { json!(null) } else { affinity };
    let volume = json!({"name": "v", "persistentVolumeClaim": {"claimName": "c"}});
    let uses = json!({"spec": {"volumes": [volume]}});
    vec![
        node("n", &json!({})),
        running("r", "n", if affinity.is_null() { &uses } else { &Value::Null }),
        pod("p", &uses),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "c", "namespace": "default",
                "annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
            "spec": {"volumeName": "pv", "accessModes": [modes]}, "status": {"phase": "Bound"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": [modes],
                "nodeAffinity": affinity, "csi": {"driver": "d", "volumeHandle": "h"}},
            "status": {"phase": "Bound"}}),
    ]
}

#[test]
fn volumes_out_of_reach_were_in_conflict_until_1_32() {
    let mut objects = claimed("ReadWriteOnce");
    objects.remove(1);
    let cluster = cluster(&objects);
    let says = |release, text: &str| assert!(condition(&cluster, release).contains(text));
    says("1.32", "1 node(s) had volume node affinity conflict.");
    says("1.33", "1 node(s) didn't match PersistentVolume's node affinity.");
    says("1.36", "1 node(s) didn't match PersistentVolume's node affinity.");
}

#[test]
fn claims_for_one_pod_were_told_of_another_way_until_1_33() {
    let cluster = cluster(&claimed("ReadWriteOncePod"));
    let says = |release, text: &str| assert!(condition(&cluster, release).contains(text));
    let before = "1 node has pod using PersistentVolumeClaim with the same name and \
                  ReadWriteOncePod access mode";
    let since = "1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access \
                 mode already in-use by another pod";
    says("1.33", before);
    says("1.34", since);
    says("1.36", since);
}

#[test]
fn nodes_never_looked_at_were_not_counted_until_1_31() {
    let field = json!({"key": "metadata.name", "operator": "In", "values": ["n"]});
    let terms = json!([{"matchFields": [field]}]);
    let affinity = json!({"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
    let cordoned = node("n", &json!({"spec": {"unschedulable": true}}));
    let wants = pod("p", &json!({"spec": {"affinity": affinity}}));
    let cluster = cluster(&[cordoned, node("m", &json!({})), wants]);
    let head = "0/2 nodes are available: 1 node(s) ";
    let before = condition(&cluster, "1.31");
    assert!(before.starts_with(&format!("{head}were unschedulable. preemption")), "{before}");
    let since = condition(&cluster, "1.32");
    let text = format!("{head}didn't satisfy plugin(s) [NodeAffinity], 1 node(s) were");
    assert!(since.starts_with(&text), "{since}");
}

#[test]
fn the_release_is_that_of_the_server_or_of_the_newest_kubelet() {
    let told = |version: &str| json!({"status": {"nodeInfo": {"kubeletVersion": version}}});
    let nodes = [node("a", &told("v1.9.11")), node("b", &told("v1.31.2")), node("c", &json!({}))];
    assert_eq!(Release::of(&cluster(&nodes)).to_string(), "1.31");
    assert_eq!(Release::of(&cluster(&nodes[2..])), Release::NEWEST);
}
