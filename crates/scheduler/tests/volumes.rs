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

/// `ephemeral.VolumeIsForPod` (`component-helpers/storage/ephemeral`): whose claim it is says the
/// controller's uid alone.
#[test]
fn an_ephemeral_claim_belongs_to_its_pod() {
    let ephemeral = json!({"spec": {"volumes": [{"name": "v", "ephemeral": {}}]}});
    let case = |owner: Value, uid: Value| {
        let mut owned = bound("p-v", "v");
        support::merge(&mut owned, &json!({"metadata": {"ownerReferences": [owner]}}));
        let mut asking = pod("p", &ephemeral);
        support::merge(&mut asking, &json!({"metadata": {"uid": uid}}));
        message(&cluster(&[node("n", &json!({})), owned, volume("v", &json!({})), asking]))
    };
    let controller = |uid| json!({"controller": true, "uid": uid});
    let foreign = "0/1 nodes are available: \
                   PVC default/p-v was not created for pod default/p (pod is not owner).";
    assert_eq!(case(controller("u"), json!("u")), "");
    assert_eq!(case(controller("default/p"), json!(null)), "");
    assert_eq!(case(controller("other"), json!("u")), foreign);
    assert_eq!(case(json!({"uid": "u"}), json!("u")), foreign);
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

fn csi_node(driver: &str, limit: i32, migrated: &str) -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n",
        "annotations": {"storage.alpha.kubernetes.io/migrated-plugins": migrated}},
        "spec": {"drivers": [{"name": driver, "allocatable": {"count": limit}}]}})
}

fn with_disks(disks: &[Value]) -> Value {
    let name = |(at, disk): (usize, &Value)| {
        let mut disk = disk.clone();
        support::merge(&mut disk, &json!({"name": format!("v{at}")}));
        disk
    };
    json!({"spec": {"volumes": disks.iter().enumerate().map(name).collect::<Vec<_>>()}})
}

/// `checkAttachableInlineVolume` (`nodevolumelimits/csi.go`): disks once built in count by the
/// handle that their driver gives them, whoever names them.
#[test]
fn disks_once_built_in_count_against_their_drivers_limit() {
    let refused = "NodeVolumeLimits: node(s) exceed max volume count";
    let ebs = |id: &str| json!({"awsElasticBlockStore": {"volumeID": id}});
    let cinder = |id: &str| json!({"cinder": {"volumeID": id}});
    let pd = |name: &str| json!({"gcePersistentDisk": {"pdName": name, "readOnly": true}});
    let azure =
        |uri: &str| json!({"azureDisk": {"diskName": "d", "diskURI": uri, "kind": "Managed"}});
    let in_zone = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": "z"}},
        "spec": {"gcePersistentDisk": {"pdName": "a"}}});
    for (driver, runs, comes, expected) in [
        ("ebs.csi.aws.com", vec![ebs("aws://zone/vol-1")], vec![ebs("vol-2")], refused),
        ("cinder.csi.openstack.org", vec![cinder("a")], vec![cinder("b")], refused),
        ("cinder.csi.openstack.org", vec![cinder("a")], vec![cinder("a")], ""),
        ("pxd.portworx.com", vec![cinder("a")], vec![cinder("b")], ""),
        ("pd.csi.storage.gke.io", vec![pd("a")], vec![pd("a")], ""),
        ("pd.csi.storage.gke.io", vec![pd("a")], vec![pd("b")], refused),
        ("disk.csi.azure.com", vec![azure("u")], vec![azure("u")], ""),
        ("disk.csi.azure.com", vec![azure("u")], vec![azure("w")], refused),
        // Of another zone, as far as anybody can tell.
        (
            "pd.csi.storage.gke.io",
            vec![json!({"persistentVolumeClaim": {"claimName": "c"}})],
            vec![pd("a")],
            refused,
        ),
    ] {
        let cluster = cluster(&[
            node("n", &json!({})),
            csi_node(driver, 1, ""),
            bound("c", "v"),
            volume("v", &in_zone),
            running("r", "n", &with_disks(&runs)),
            pod("p", &with_disks(&comes)),
        ]);
        assert_eq!(why(&cluster, &decide(&cluster, "p"), "n"), expected, "{driver}");
    }
}

/// `tryTranslatePVToCSI` (`volumebinding/binder.go`): on a node that handed the plugin over, a
/// volume is where its driver says.
#[test]
fn volumes_of_a_plugin_that_was_handed_over_are_where_the_driver_says() {
    let zoned = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": "z"}},
        "spec": {"gcePersistentDisk": {"pdName": "d"}}});
    let case = |labels: Value, migrated: &str, disk: &Value| {
        let cluster = cluster(&[
            node("n", &json!({"metadata": {"labels": labels}})),
            csi_node("pd.csi.storage.gke.io", 5, migrated),
            bound("c", "v"),
            volume("v", disk),
            pod("p", &mounting("c")),
        ]);
        message(&cluster)
    };
    let plugin = "kubernetes.io/gce-pd";
    let (own, drivers) = ("topology.kubernetes.io/zone", "topology.gke.io/zone");
    let elsewhere =
        "0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity.";
    assert_eq!(case(json!({own: "z"}), "", &zoned), "");
    assert_eq!(case(json!({own: "z"}), plugin, &zoned), elsewhere);
    assert_eq!(case(json!({own: "z", drivers: "z"}), plugin, &zoned), "");

    let mut regional = zoned.clone();
    let two = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": "z__y"}}});
    support::merge(&mut regional, &two);
    let failed = "running \"VolumeBinding\" filter plugin: could not translate pv: failed to get \
                  region from zones: zone in unexpected format, expected: \
                  {locale}-{region}-{zone}, got: z";
    assert_eq!(case(json!({own: "z"}), plugin, &regional), failed);
    assert_eq!(case(json!({own: "z"}), "", &regional), "");
}

/// The same files: what cannot be translated fails the whole cycle, though another node would do,
/// and where it runs that of everybody who counts.
#[test]
fn a_disk_that_cannot_be_translated_fails_the_cycle() {
    let shared = with_disks(&[json!({"azureDisk": {"diskName": "d", "diskURI": "u"}})]);
    let failed = "running \"NodeVolumeLimits\" filter plugin: converting volume(v0) from inline to \
                  csi: kind(Shared) is not supported in csi migration";
    let case = |runs: &Value, comes: &Value| {
        let cluster = cluster(&[
            node("a", &json!({})),
            node("n", &json!({})),
            csi_node("ebs.csi.aws.com", 1, ""),
            claim("c", &json!({"spec": {"storageClassName": "s"}})),
            class("s", "kubernetes.io/gce-pd"),
            running("r", "n", runs),
            pod("p", comes),
        ]);
        message(&cluster)
    };
    let disk = with_disks(&[json!({"awsElasticBlockStore": {"volumeID": "vol-1"}})]);
    assert_eq!(case(&json!({}), &shared), failed);
    assert_eq!(case(&shared, &disk), failed);
    assert_eq!(case(&shared, &mounting("c")), failed, "a claim still to be bound counts as well");
    assert_eq!(case(&shared, &json!({})), "");
}

/// `getNodeVolumeAttachmentInfo`: a dry run of evictions detaches nothing.
#[test]
fn evictions_do_not_detach_at_once() {
    let driver = json!({"spec": {"csi": {"driver": "d", "volumeHandle": "h"}}});
    let other = json!({"spec": {"csi": {"driver": "d", "volumeHandle": "i"}}});
    let attachment = json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
        "metadata": {"name": "x"}, "spec": {"attacher": "d", "nodeName": "n",
        "source": {"persistentVolumeName": "v"}}});
    let mut wanting = mounting("w");
    support::merge(&mut wanting, &json!({"spec": {"priority": 5}}));
    let mut objects = vec![
        node("n", &json!({})),
        csi_node("d", 1, ""),
        bound("c", "v"),
        volume("v", &driver),
        bound("w", "w"),
        volume("w", &other),
        running("r", "n", &mounting("c")),
        pod("p", &wanting),
    ];
    let helps = |objects: &[Value]| {
        let cluster = cluster(objects);
        let preemption = decide(&cluster, "p").preemption;
        matches!(preemption, Some(holdfast_scheduler::Preemption::Helps(_)))
    };
    assert!(helps(&objects));
    objects.push(attachment);
    assert!(!helps(&objects));
}
