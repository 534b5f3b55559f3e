//! The volume plugins on small cases of their own.

mod support;

use holdfast_cluster::Cluster;
use holdfast_scheduler::Words;
use serde_json::{Value, json};
use support::{cluster, decide, feasible, node, pod, running, why};

fn claim(name: &str, patch: &Value) -> Value {
    let mut claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": "Pending"},
    });
    support::merge(&mut claim, patch);
    claim
}

fn bound(name: &str, volume: &str) -> Value {
    claim(
        name,
        &json!({
            "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
            "spec": {"volumeName": volume}, "status": {"phase": "Bound"},
        }),
    )
}

fn volume(name: &str, patch: &Value) -> Value {
    let mut volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"]},
        "status": {"phase": "Available"},
    });
    support::merge(&mut volume, patch);
    volume
}

fn class(name: &str, provisioner: &str) -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer"})
}

fn mounting(claim: &str) -> Value {
    json!({"spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]}})
}

fn only_on(node: &str) -> Value {
    json!({"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}}})
}

fn message(cluster: &Cluster) -> String {
    let decision = decide(cluster, "p");
    holdfast_scheduler::message::of(Words::newest(cluster), &decision, &[]).unwrap_or_default()
}

/// `volumerestrictions/volume_restrictions.go`.
#[test]
fn volume_restrictions() {
    let disk = |read_only: bool| {
        json!({"spec": {"volumes": [
            {"name": "v", "gcePersistentDisk": {"pdName": "d", "readOnly": read_only}}]}})
    };
    let case = |runs: &Value, comes: &Value| {
        let objects = [node("n", &json!({})), running("r", "n", runs), pod("p", comes)];
        let cluster = cluster(&objects);
        why(&cluster, &decide(&cluster, "p"), "n")
    };
    let refused = "VolumeRestrictions: node(s) had no available disk";
    assert_eq!(case(&disk(false), &disk(true)), refused);
    assert_eq!(case(&disk(true), &disk(true)), "");
    let absent = cluster(&[node("n", &json!({})), pod("p", &mounting("c"))]);
    let expected = "0/1 nodes are available: persistentvolumeclaim \"c\" not found.";
    assert_eq!(message(&absent), expected);
}

/// The same: a claim for one pod only is in use, wherever that pod is.
#[test]
fn a_claim_for_one_pod_turns_down_every_node() {
    let mut alone = bound("c", "v");
    support::merge(&mut alone, &json!({"spec": {"accessModes": ["ReadWriteOncePod"]}}));
    let objects = [
        node("a", &json!({})),
        node("b", &json!({})),
        alone,
        volume("v", &json!({})),
        running("r", "a", &mounting("c")),
        pod("p", &mounting("c")),
    ];
    let cluster = cluster(&objects);
    let decision = decide(&cluster, "p");
    for name in ["a", "b"] {
        assert!(why(&cluster, &decision, name).contains("ReadWriteOncePod"), "{name}");
    }
}

/// `volumebinding/volume_binding.go` and `binder.go`.
#[test]
fn bound_claims_need_a_node_that_reaches_their_volume() {
    let objects = [
        node("a", &json!({})),
        node("b", &json!({})),
        bound("c", "v"),
        volume("v", &only_on("b")),
        pod("p", &mounting("c")),
    ];
    let cluster = cluster(&objects);
    let decision = decide(&cluster, "p");
    assert_eq!(feasible(&cluster, &decision), ["b"]);
    let refused = "VolumeBinding: node(s) didn't match PersistentVolume's node affinity";
    assert_eq!(why(&cluster, &decision, "a"), refused);
}

/// The same: what one pod was promised is gone for the next, and comes back when its placement is
/// reverted.
#[test]
fn a_local_volume_is_promised_once() {
    let local = |name| claim(name, &json!({"spec": {"storageClassName": "local"}}));
    let mut free = only_on("a");
    support::merge(
        &mut free,
        &json!({"spec": {"storageClassName": "local", "local": {"path": "/d"}}}),
    );
    let objects = [
        node("a", &json!({})),
        node("b", &json!({})),
        class("local", "kubernetes.io/no-provisioner"),
        local("c"),
        local("d"),
        volume("v", &free),
        pod("p", &mounting("c")),
        pod("q", &mounting("d")),
    ];
    let cluster = cluster(&objects);
    let scheduler = holdfast_scheduler::Scheduler::new(&cluster);
    let mut placement = holdfast_cluster::Placement::of(&cluster);
    let (first, second) = (support::find(&cluster, "p"), support::find(&cluster, "q"));
    let mut scratch = holdfast_scheduler::Scratch::default();
    let before = scheduler.candidates(&placement, second, &mut scratch).to_vec();
    assert_eq!(before.len(), 1);
    let mark = placement.mark();
    placement.bind(&cluster, first, before[0]);
    assert!(scheduler.candidates(&placement, second, &mut scratch).is_empty());
    placement.revert(&cluster, mark);
    assert_eq!(scheduler.candidates(&placement, second, &mut scratch), before);
}

/// `volumezone/volume_zone.go`: a label may name several zones.
#[test]
fn volume_zone() {
    let zone = |zone: &str| json!({"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}});
    let objects = [
        node("a", &zone("z1")),
        node("b", &zone("z2")),
        node("c", &json!({})),
        bound("c", "v"),
        volume("v", &zone("z2__z3")),
        pod("p", &mounting("c")),
    ];
    let cluster = cluster(&objects);
    let decision = decide(&cluster, "p");
    assert_eq!(feasible(&cluster, &decision), ["b", "c"]);
    assert_eq!(why(&cluster, &decision, "a"), "VolumeZone: node(s) had no available volume zone");
}

/// `nodevolumelimits/csi.go`: a volume that is there already is not counted twice.
#[test]
fn node_volume_limits() {
    let csi_node = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n"},
        "spec": {"drivers": [{"name": "d", "nodeID": "n", "allocatable": {"count": 1}}]}});
    let csi =
        |name: &str| volume(name, &json!({"spec": {"csi": {"driver": "d", "volumeHandle": name}}}));
    let case = |wanted: &str| {
        let objects = [
            node("n", &json!({})),
            csi_node.clone(),
            bound("c", "v"),
            bound("d", "w"),
            csi("v"),
            csi("w"),
            running("r", "n", &mounting("c")),
            pod("p", &mounting(wanted)),
        ];
        let cluster = cluster(&objects);
        why(&cluster, &decide(&cluster, "p"), "n")
    };
    assert_eq!(case("c"), "");
    assert_eq!(case("d"), "NodeVolumeLimits: node(s) exceed max volume count");
}
