use std::fmt::Write;

use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_ingest::{Options, Source, assume, load};

use super::{Access, Storage};
use crate::nodes;

const CLASS: &str = r#"{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass",
    "metadata":{"name":"fast"},"provisioner":"PROVISIONER",
    "parameters":{"clusterID":"rook","pool":"p"}}"#;

const CLAIM: &str = r#"
{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},
 "spec":{"storageClassName":"fast","volumeName":"v","accessModes":["ReadWriteOnce"]}}
{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"v"},
 "spec":{"storageClassName":"fast","csi":{"driver":"PROVISIONER","volumeHandle":"v"}}}"#;

/// Nodes `a` to `d`, with a claim of a class.
fn cluster(provisioner: &str, objects: &str, assumptions: &str) -> Cluster {
    let mut text = format!("{CLASS}{CLAIM}").replace("PROVISIONER", provisioner);
    for node in ["a", "b", "c", "d"] {
        let _ = write!(
            text,
            r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{node}",
            "labels":{{"kubernetes.io/hostname":"{node}"}}}},
            "status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        );
    }
    text.push_str(objects);
    let loaded = load(vec![Source::named("export", text)], &Options::default());
    let header = "apiVersion: holdfast.dev/v1\nkind: Assumptions\n";
    let source = Source::named("assumptions", format!("{header}{assumptions}"));
    let loaded = assume(loaded, source);
    assert_eq!(loaded.diagnostics, []);
    loaded.cluster
}

/// What can be done with the only volume once these nodes have failed, at best and at worst.
fn after(cluster: &Cluster, failed: &[&str]) -> (Access, Access) {
    let mut placement = Placement::of(cluster);
    nodes::fail(cluster, &mut placement, &named(cluster, failed));
    let storage = Storage::of(cluster);
    let found = storage.claims(&placement).next().expect("the volume is kept on the nodes").1;
    (found.best, found.worst)
}

fn named(cluster: &Cluster, names: &[&str]) -> Vec<NodeId> {
    let node = |name: &&str| cluster.node_named(cluster.find(name).unwrap()).unwrap();
    names.iter().map(node).collect()
}

fn replica(node: &str, failed: &str, healthy: &str) -> String {
    format!(
        r#"{{"apiVersion":"longhorn.io/v1beta2","kind":"Replica",
        "metadata":{{"name":"v-r-{node}","namespace":"longhorn-system"}},
        "spec":{{"volumeName":"v","nodeID":"{node}","failedAt":"{failed}",
        "healthyAt":"{healthy}"}}}}"#
    )
}

const WRITABLE: (Access, Access) = (Access::Writable, Access::Writable);
const UNAVAILABLE: (Access, Access) = (Access::Unavailable, Access::Unavailable);
const UNKNOWN: (Access, Access) = (Access::Writable, Access::Unavailable);

/// <https://longhorn.io/docs/1.10.0/concepts>: a volume works as long as one healthy replica does.
#[test]
fn longhorn_runs_on_one_healthy_replica() {
    let at = |node| replica(node, "", "2026-01-01T00:00:00Z");
    let both = format!("{}{}", at("a"), at("b"));
    let cluster = cluster("driver.longhorn.io", &both, "");
    assert_eq!(after(&cluster, &["a"]), WRITABLE);
    assert_eq!(after(&cluster, &["b", "c", "d"]), WRITABLE);
    assert_eq!(after(&cluster, &["a", "b"]), UNAVAILABLE);
}

#[test]
fn a_replica_that_failed_does_not_count_and_one_being_rebuilt_may() {
    let whole = replica("a", "", "2026-01-01T00:00:00Z");
    let failed = replica("b", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z");
    let cluster_of = |more: &str| cluster("driver.longhorn.io", &format!("{whole}{more}"), "");
    assert_eq!(after(&cluster_of(&failed), &["a"]), UNAVAILABLE);
    assert_eq!(after(&cluster_of(&replica("b", "", "")), &["a"]), UNKNOWN);
}

#[test]
fn longhorn_without_its_objects_is_not_known() {
    let cluster = cluster("driver.longhorn.io", "", "");
    assert_eq!(after(&cluster, &[]), WRITABLE);
    assert_eq!(after(&cluster, &["a"]), UNKNOWN);
    assert_eq!(after(&cluster, &["a", "b", "c", "d"]), UNAVAILABLE);
}

fn daemon(kind: &str, node: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{kind}-{node}",
        "namespace":"rook","labels":{{"app":"rook-ceph-{kind}"}}}},
        "spec":{{"nodeName":"{node}","containers":[{{"name":"c"}}]}},
        "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
    )
}

fn ceph(osds: &[&str], pool: &str) -> Cluster {
    let mut objects = format!(
        r#"{{"apiVersion":"ceph.rook.io/v1","kind":"CephCluster","metadata":{{"name":"rook",
        "namespace":"rook"}},"spec":{{"mon":{{"count":3}}}}}}
        {{"apiVersion":"ceph.rook.io/v1","kind":"CephBlockPool","metadata":{{"name":"p",
        "namespace":"rook"}},"spec":{{{pool}}}}}"#
    );
    objects.extend(["a", "b", "c"].map(|node| daemon("mon", node)));
    objects.extend(osds.iter().map(|node| daemon("osd", node)));
    cluster("rook-ceph.rbd.csi.ceph.com", &objects, "")
}

/// Where a block is nobody knows: with two of four hosts gone some may have one copy left, of which
/// `min_size` 2 takes no write and answers no read.
#[test]
fn ceph_stops_below_min_size() {
    let pool = r#""failureDomain":"host","replicated":{"size":3}"#;
    let four = ceph(&["a", "b", "c", "d"], pool);
    assert_eq!(after(&four, &["d"]), WRITABLE);
    assert_eq!(after(&four, &["c", "d"]), UNKNOWN);
    let three = ceph(&["b", "c", "d"], pool);
    assert_eq!(after(&three, &["d"]), WRITABLE);
    assert_eq!(after(&three, &["c", "d"]), UNAVAILABLE);
    let lax = ceph(
        &["b", "c", "d"],
        r#""failureDomain":"host","replicated":{"size":3},"parameters":{"min_size":"1"}"#,
    );
    assert_eq!(after(&lax, &["c", "d"]), WRITABLE);
}

/// <https://rook.io/docs/rook/latest/Storage-Configuration/Advanced/ceph-mon-health>: more than
/// half of the monitors.
#[test]
fn ceph_needs_more_than_half_of_its_monitors() {
    let pool = r#""failureDomain":"host","replicated":{"size":3},"parameters":{"min_size":"1"}"#;
    let cluster = ceph(&["b", "c", "d"], pool);
    assert_eq!(after(&cluster, &["a"]), WRITABLE);
    assert_eq!(after(&cluster, &["a", "b"]), UNAVAILABLE);
}

#[test]
fn copies_that_may_share_a_host_are_not_known() {
    for pool in [r#""failureDomain":"osd","replicated":{"size":3}"#, r#""erasureCoded":{}"#] {
        let cluster = ceph(&["b", "c", "d"], pool);
        assert_eq!(after(&cluster, &["a"]), WRITABLE, "{pool}");
        assert_eq!(after(&cluster, &["d"]), UNKNOWN, "{pool}");
    }
}

/// A copy is in each of two of four failure domains, whichever.
#[test]
fn declared_copies_are_wherever_they_may_be() {
    let declared = |replicas, writable| {
        let storage = format!(
            "storage:\n  - storageClass: fast\n    replicas: {replicas}\n    \
             writableWith: {writable}\n"
        );
        cluster("example.com/disk", "", &storage)
    };
    assert_eq!(after(&declared(2, 1), &["a"]), WRITABLE);
    assert_eq!(after(&declared(2, 1), &["a", "b"]), UNKNOWN);
    assert_eq!(after(&declared(2, 2), &["a"]), UNKNOWN);
    assert_eq!(after(&declared(4, 2), &["a", "b"]), WRITABLE);
    assert_eq!(after(&declared(4, 2), &["a", "b", "c"]), UNAVAILABLE);
}

#[test]
fn a_volume_is_lost_when_its_nodes_are_deleted_and_back_when_they_recover() {
    let cluster = cluster("driver.longhorn.io", &replica("a", "", "2026-01-01T00:00:00Z"), "");
    let storage = Storage::of(&cluster);
    let mut placement = Placement::of(&cluster);
    let a = named(&cluster, &["a"]);
    let mut then = |change: fn(&Cluster, &mut Placement, &[NodeId])| {
        change(&cluster, &mut placement, &a);
        storage.claims(&placement).next().unwrap().1.best
    };
    assert_eq!(then(nodes::fail), Access::Unavailable);
    assert_eq!(then(nodes::recover), Access::Writable);
    assert_eq!(then(nodes::delete), Access::Lost);
}

/// What a node that is silent in the export still keeps, nobody knows.
#[test]
fn a_node_that_is_silent_today_may_still_keep_its_copies() {
    let silent = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"e"},
        "status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}"#;
    let objects = format!("{silent}{}", replica("e", "", "2026-01-01T00:00:00Z"));
    let cluster = cluster("driver.longhorn.io", &objects, "");
    assert_eq!(after(&cluster, &[]), UNKNOWN);
    assert_eq!(after(&cluster, &["e"]), UNAVAILABLE);
}
