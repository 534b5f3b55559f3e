//! Volumes: disks named in the pod, claims bound and unbound, storage classes, limits.

use serde_json::{Value, json};

use super::Feature;
use super::base::ZONES;
use super::bits::zone_terms;
use super::spread::flattened;
use crate::shape::{Json, any_of, just, layered, list, number, pick, record, sequence, some};

const DRIVER: &str = "csi.example.com";

const MODES: [&str; 8] = [
    "ReadWriteOnce",
    "ReadWriteOnce",
    "ReadWriteOnce",
    "ReadWriteOnce",
    "ReadWriteOnce",
    "ReadWriteMany",
    "ReadOnlyMany",
    "ReadWriteOncePod",
];

/// How many claims there may be.
const CLAIMS: u32 = 4;

/// Disks that a pod names itself, and that cannot be mounted twice.
pub(super) fn disks() -> Feature {
    let read_only = || some(40, just(true));
    let rbd = record(vec![
        ("monitors", list(1..=2, pick(&["m1", "m2", "m3"]))),
        ("image", pick(&["i1", "i2"])),
        ("pool", some(50, pick(&["rbd", "other"]))),
        ("readOnly", read_only()),
    ]);
    let iscsi = record(vec![
        ("targetPortal", pick(&["10.0.0.1:3260", "10.0.0.2:3260"])),
        ("iqn", pick(&["iqn.2026-01.com.example:a", "iqn.2026-01.com.example:b"])),
        ("lun", number(0..=1)),
        ("readOnly", read_only()),
    ]);
    let gce = record(vec![("pdName", pick(&["d1", "d2"])), ("readOnly", read_only())]);
    let aws = record(vec![("volumeID", pick(&["vol-1", "vol-2"])), ("readOnly", read_only())]);
    let azure = record(vec![("diskName", just("a1")), ("diskURI", just("/disks/a1"))]);
    let volume = any_of(vec![
        (3, record(vec![("gcePersistentDisk", gce)])),
        (3, record(vec![("awsElasticBlockStore", aws)])),
        (3, record(vec![("rbd", rbd)])),
        (3, record(vec![("iscsi", iscsi)])),
        (1, record(vec![("azureDisk", azure)])),
        (1, just(json!({"csi": {"driver": DRIVER}}))),
        (1, just(json!({"emptyDir": {}}))),
    ]);
    let spec = record(vec![("volumes", some(85, list(1..=2, volume)))]);
    Feature { pod: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

/// Claims of every sort, most of them bound.
pub(super) fn claims() -> Feature {
    storage(4)
}

/// Claims that wait for their first user.
pub(super) fn binding() -> Feature {
    storage(1)
}

/// Storage whose claims are bound so many times for each time that they are not.
fn storage(bound: u32) -> Feature {
    let mut pairs: Vec<Json> =
        (0..CLAIMS).map(|at| some(97, claim_and_volume(at, bound))).collect();
    pairs.extend((0..3).map(|at| some(45, spare_volume(at))));
    let objects = sequence(vec![
        sequence(pairs),
        sequence(vec![
            some(95, class("wait", DRIVER, "WaitForFirstConsumer")),
            some(90, class("now", DRIVER, "Immediate")),
            some(90, class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer")),
            some(50, class("old", "kubernetes.io/gce-pd", "WaitForFirstConsumer")),
        ]),
        some(60, driver()),
        list(0..=3, capacity()),
        sequence((0..4).map(|at| some(70, csi_node(at, some(60, number(1..=4))))).collect()),
    ]);
    let used =
        any_of(vec![(40, crate::shape::numbered("claim-", 0..=CLAIMS - 1)), (1, just("missing"))]);
    let volume = any_of(vec![
        (10, record(vec![("persistentVolumeClaim", record(vec![("claimName", used)]))])),
        (
            1,
            just(json!({"ephemeral": {"volumeClaimTemplate": {"spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": "wait",
            }}}})),
        ),
        (1, just(json!({"emptyDir": {}}))),
    ]);
    let pod = record(vec![
        ("metadata", record(vec![("namespace", just("default"))])),
        ("spec", record(vec![("volumes", some(80, list(1..=2, volume)))])),
    ]);
    Feature { pod: Some(pod), objects: Some(flattened(flattened(objects))), ..Feature::NONE }
}

fn class(name: &'static str, provisioner: &'static str, mode: &'static str) -> Json {
    let zones = list(1..=2, pick(&ZONES));
    let expression = record(vec![("key", just("topology.kubernetes.io/zone")), ("values", zones)]);
    let terms = list(1..=2, record(vec![("matchLabelExpressions", list(1..=1, expression))]));
    record(vec![
        ("apiVersion", just("storage.k8s.io/v1")),
        ("kind", just("StorageClass")),
        ("metadata", just(json!({"name": name}))),
        ("provisioner", just(provisioner)),
        ("volumeBindingMode", some(95, just(mode))),
        ("allowedTopologies", some(30, terms)),
    ])
}

fn driver() -> Json {
    record(vec![
        ("apiVersion", just("storage.k8s.io/v1")),
        ("kind", just("CSIDriver")),
        ("metadata", just(json!({"name": DRIVER}))),
        ("spec", record(vec![("storageCapacity", pick(&[true, true, false]))])),
    ])
}

fn capacity() -> Json {
    let topology = any_of(vec![
        (3, record(vec![("topology.kubernetes.io/zone", pick(&ZONES))])),
        (1, record(vec![("kubernetes.io/hostname", pick(&["node-00", "node-01"]))])),
    ]);
    let topology = any_of(vec![
        (5, record(vec![("matchLabels", topology)])),
        (1, just(json!({}))),
        (1, crate::shape::absent()),
    ]);
    let metadata = record(vec![
        ("name", crate::shape::numbered("capacity-", 0..=9)),
        ("namespace", just("infra")),
    ]);
    record(vec![
        ("apiVersion", just("storage.k8s.io/v1")),
        ("kind", just("CSIStorageCapacity")),
        ("metadata", metadata),
        ("storageClassName", pick(&["wait", "wait", "old"])),
        ("nodeTopology", topology),
        ("capacity", some(85, pick(&["1Gi", "5Gi", "100Gi", "0"]))),
        ("maximumVolumeSize", some(30, pick(&["1Gi", "4Gi", "50Gi"]))),
    ])
}

/// How a node takes part in the storage system.
fn csi_node(at: usize, count: Json) -> Json {
    let allocatable = record(vec![("count", count)]);
    let entry = record(vec![
        ("name", pick(&[DRIVER, DRIVER, "pd.csi.storage.gke.io"])),
        ("nodeID", just("n")),
        ("topologyKeys", just(json!(["topology.kubernetes.io/zone"]))),
        ("allocatable", some(90, allocatable)),
    ]);
    let migrated = json!({
        "storage.alpha.kubernetes.io/migrated-plugins":
            "kubernetes.io/gce-pd,kubernetes.io/aws-ebs",
    });
    let metadata = record(vec![
        ("name", just(crate::assemble::node_name(at))),
        ("annotations", some(30, just(migrated))),
    ]);
    record(vec![
        ("apiVersion", just("storage.k8s.io/v1")),
        ("kind", just("CSINode")),
        ("metadata", metadata),
        ("spec", record(vec![("drivers", list(1..=1, entry))])),
    ])
}

/// A claim, and the volume it has if it has one, as a list.
fn claim_and_volume(at: u32, bound: u32) -> Json {
    let pair = |claim: Json, volume: Json| sequence(vec![claim, volume]);
    let status = |phase: &str| just(json!({"status": {"phase": phase}}));
    let fully = just(json!({
        "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
        "spec": {"volumeName": format!("volume-{at}")},
        "status": {"phase": "Bound"},
    }));
    let half = just(json!({"spec": {"volumeName": format!("volume-{at}")}}));
    let leaving = just(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    let owned = json!([{
        "apiVersion": "v1", "kind": "Pod", "name": "p00", "uid": "default/p00", "controller": true,
    }]);
    // The claim that a pod's ephemeral volume would have made.
    let ephemeral = just(json!({"metadata": {"name": "p00-v0", "ownerReferences": owned}}));
    let reference = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": "default",
        "name": format!("claim-{at}"),
        "uid": format!("uid-claim-{at}"),
    });
    let taken = just(json!({"spec": {"claimRef": reference}, "status": {"phase": "Bound"}}));
    let volume = || layered(volume(format!("volume-{at}")), vec![taken.clone()]);
    let claim = |overlay: Json| layered(claim(at), vec![overlay]);
    any_of(vec![
        (3 * bound, pair(claim(fully.clone()), volume())),
        (8, claim(status("Pending"))),
        (1, claim(fully)),
        (1, pair(claim(half), volume())),
        (1, claim(leaving)),
        (1, claim(status("Lost"))),
        (1, claim(ephemeral)),
    ])
}

fn claim(at: u32) -> Json {
    let spec = record(vec![
        ("accessModes", list(1..=1, pick(&MODES))),
        ("resources", record(vec![("requests", record(vec![("storage", sizes())]))])),
        ("storageClassName", some(95, pick(&["wait", "wait", "local", "now", "old", ""]))),
        ("volumeMode", some(8, just("Block"))),
    ]);
    let metadata = json!({
        "name": format!("claim-{at}"),
        "namespace": "default",
        "uid": format!("uid-claim-{at}"),
    });
    record(vec![
        ("apiVersion", just("v1")),
        ("kind", just("PersistentVolumeClaim")),
        ("metadata", just(metadata)),
        ("spec", spec),
    ])
}

fn sizes() -> Json {
    pick(&["1Gi", "5Gi", "10Gi"])
}

/// A volume that waits for a claim.
fn spare_volume(at: u32) -> Json {
    let free = just(json!({"status": {"phase": "Available"}}));
    layered(volume(format!("spare-{at}")), vec![free])
}

fn volume(name: String) -> Json {
    let terms = record(vec![("required", record(vec![("nodeSelectorTerms", zone_terms())]))]);
    let zones = any_of(vec![(3, pick(&ZONES)), (1, just("z1__z2"))]);
    let labels = any_of(vec![
        (3, record(vec![("topology.kubernetes.io/zone", zones.clone())])),
        (1, record(vec![("failure-domain.beta.kubernetes.io/zone", zones)])),
        (1, record(vec![("topology.kubernetes.io/region", pick(&["r1", "r2"]))])),
    ]);
    let handle = Value::from(format!("handle-{name}"));
    let source = any_of(vec![
        (5, just(json!({"csi": {"driver": DRIVER, "volumeHandle": handle}}))),
        (2, just(json!({"local": {"path": "/disks/1"}}))),
        (1, just(json!({"gcePersistentDisk": {"pdName": "d1"}}))),
        (1, just(json!({"hostPath": {"path": "/disks/2"}}))),
    ]);
    let spec = record(vec![
        ("capacity", record(vec![("storage", sizes())])),
        ("accessModes", list(1..=2, pick(&MODES))),
        ("storageClassName", some(95, pick(&["wait", "local", "local", "now"]))),
        ("nodeAffinity", some(60, terms)),
        ("volumeMode", some(5, just("Block"))),
    ]);
    let metadata = record(vec![("name", just(name)), ("labels", some(25, labels))]);
    record(vec![
        ("apiVersion", just("v1")),
        ("kind", just("PersistentVolume")),
        ("metadata", metadata),
        ("spec", layered(spec, vec![source])),
    ])
}

/// Nodes that can attach few volumes, and volumes that are still attached.
pub(super) fn limits() -> Feature {
    let source = any_of(vec![(2, pick(&["volume-0", "volume-1", "spare-0"])), (1, just("gone"))]);
    let attachment = |at: u32| {
        record(vec![
            ("apiVersion", just("storage.k8s.io/v1")),
            ("kind", just("VolumeAttachment")),
            ("metadata", just(json!({"name": format!("attachment-{at}")}))),
            (
                "spec",
                record(vec![
                    ("attacher", just(DRIVER)),
                    ("nodeName", pick(&["node-00", "node-01", "node-02"])),
                    ("source", record(vec![("persistentVolumeName", source.clone())])),
                ]),
            ),
            ("status", just(json!({"attached": true}))),
        ])
    };
    let mut objects: Vec<Json> = (0..3).map(|at| some(50, attachment(at))).collect();
    objects.extend((0..6).map(|at| some(85, csi_node(at, number(0..=2)))));
    Feature { objects: Some(sequence(objects)), ..Feature::NONE }
}
