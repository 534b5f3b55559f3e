//! Plan Z: five nodes, and no single point of failure.

use serde_json::json;

use super::{any_node, culprits, failing, file, outcome, story, verdicts};
use crate::holdfast::{fixtures, folder, report, run_in, workload, write};

/// The plan's end, with either storage.
const AFTER: [&str; 2] = ["zero-spof/after-longhorn", "zero-spof/after-ceph"];

#[test]
fn services_survive_any_single_node() {
    for plan in AFTER {
        let report = any_node(plan);
        for name in ["coredns", "ingress-nginx-controller", "frontend", "checkout", "catalog"] {
            assert_eq!(verdicts(&report, "Deployment", name), "P P", "{plan}: {name}");
        }
        // One of three is stuck on the silent node, and two of three are a quorum.
        assert_eq!(verdicts(&report, "StatefulSet", "queue"), "P R", "{plan}");
        assert_eq!(workload(&report, "StatefulSet", "queue")["readyAtOnce"], 2, "{plan}");
    }
}

/// What has one replica is a single point of failure, whatever the storage.
#[test]
fn single_replicas_do_not() {
    for plan in AFTER {
        let report = any_node(plan);
        assert_eq!(verdicts(&report, "StatefulSet", "postgres"), "R R", "{plan}");
        assert_eq!(culprits(&report, "StatefulSet", "postgres"), json!(["blackboar"]), "{plan}");
        let wiki = workload(&report, "Deployment", "wiki");
        assert_eq!(wiki["immediately"]["verdict"], "REFUTED", "{plan}");
        assert_ne!(wiki["recovered"]["verdict"], "PROVED", "{plan}: its volume stays attached");
        assert_eq!(culprits(&report, "Deployment", "wiki"), json!(["cloudserver3"]), "{plan}");
    }
}

#[test]
fn before_every_service_has_its_single_point_of_failure() {
    let report = any_node("zero-spof/before");
    for (name, expected, node) in [
        ("coredns", "R R", "micklethefickle"),
        ("ingress-nginx-controller", "R P", "cloudserver1"),
        ("frontend", "R P", "cloudserver1"),
        ("checkout", "R P", "cloudserver2"),
        ("catalog", "R P", "cloudserver3"),
    ] {
        assert_eq!(verdicts(&report, "Deployment", name), expected, "{name}");
        assert_eq!(culprits(&report, "Deployment", name), json!([node]), "{name}");
    }
}

/// Three members of etcd tolerate one. What runs on the others' machines stays.
#[test]
fn quorum_holds_without_one_member_and_not_without_two() {
    let report = failing("zero-spof/after-longhorn", "cloudserver2");
    assert_eq!(verdicts(&report, "Deployment", "frontend"), "P P", "2, and 3 again");
    let report = failing("zero-spof/after-longhorn", "cloudserver1,cloudserver2");
    assert_eq!(outcome(&report, "Deployment", "frontend"), "1 → 1/3", "nobody makes the others");
    assert_eq!(outcome(&report, "Deployment", "catalog"), "1 → 1/2");
    let report = failing("zero-spof/after-longhorn", "cloudserver1,micklethefickle");
    assert_eq!(outcome(&report, "Deployment", "frontend"), "2 → 2/3");
}

/// Which sets of two workers do not survive: for each pair the one that holds both of it.
#[test]
fn pairs_fall_to_two_workers() {
    let plan = "zero-spof/after-ceph";
    let any_two = report(&fixtures(), &[&file(plan), "--nodes", "2"], 1);
    for (name, nodes) in
        [("checkout", "blackboar,cloudserver2"), ("catalog", "cloudserver1,cloudserver3")]
    {
        let immediately = &workload(&any_two, "Deployment", name)["immediately"];
        assert_eq!(immediately["refuted"], 1, "{name}");
        let both = failing(plan, nodes);
        assert_eq!(outcome(&both, "Deployment", name), "0 → 2/2", "{name}");
    }
    for name in ["coredns", "ingress-nginx-controller", "frontend"] {
        let immediately = &workload(&any_two, "Deployment", name)["immediately"];
        assert_eq!(immediately["verdict"], "PROVED", "{name}");
    }
}

/// Which pairs of nodes the storage does not survive: two of Longhorn's three copies share a node,
/// and Ceph keeps a block on any three of four hosts.
#[test]
fn one_storage_node_may_fail_and_two_may_not() {
    for plan in AFTER {
        for node in ["blackboar", "cloudserver1", "cloudserver2", "cloudserver3"] {
            let step = story(plan, &[&format!("fail:{node}")]).pop().unwrap();
            let volumes = step["storage"].as_object().unwrap();
            assert_eq!(volumes.len(), 5, "{plan}");
            assert!(volumes.values().all(|it| it["worst"] == "writable"), "{plan}: {node}");
        }
    }
    let step = story(AFTER[0], &["fail:blackboar,cloudserver1"]).pop().unwrap();
    let pages = json!({ "best": "unavailable", "worst": "unavailable" });
    assert_eq!(step["storage"]["shop/wiki-pages"], pages, "both its hosts");
    assert_eq!(step["storage"]["shop/data-postgres-0"]["worst"], "writable", "one of three");
    assert_eq!(step["workloads"]["Deployment/shop/wiki"]["starved"]["max"], 1);
    let step = story(AFTER[1], &["fail:blackboar,cloudserver2"]).pop().unwrap();
    let pages = json!({ "best": "writable", "worst": "unavailable" });
    assert_eq!(step["storage"]["shop/wiki-pages"], pages, "the blocks are somewhere");
    assert_eq!(step["doubts"][0]["reason"], "volume-copies");
}

#[test]
fn volumes_come_back_with_their_nodes_and_are_lost_with_them() {
    let events = ["fail:blackboar", "recover:blackboar", "delete:blackboar"];
    let states = story("zero-spof/before", &events);
    let best = |step: &serde_json::Value| step["storage"]["shop/wiki-pages"]["best"].clone();
    let all: Vec<serde_json::Value> = states.iter().map(best).collect();
    assert_eq!(all, ["writable", "unavailable", "writable", "lost"]);
    let wiki = |at: usize| &states[at]["workloads"]["Deployment/shop/wiki"]["ready"];
    assert_eq!(wiki(1), &json!({ "min": 0, "max": 0 }));
    assert_eq!(wiki(2), &json!({ "min": 1, "max": 1 }), "it never moved");
}

/// Where copies may be nobody knows: what was PROVED is UNKNOWN.
#[test]
fn blocks_below_min_size_are_not_proved() {
    let report = failing("zero-spof/after-ceph", "blackboar,cloudserver2");
    assert_eq!(verdicts(&report, "Deployment", "wiki"), "U U");
    let why = &workload(&report, "Deployment", "wiki")["recovered"]["doubt"]["reason"];
    assert_eq!(why, "volume-copies");
    let report = failing("zero-spof/after-ceph", "cloudserver2");
    assert_eq!(verdicts(&report, "Deployment", "wiki"), "P P", "two of three are enough");
}

/// `HAProxy` and keepalived run on all three servers.
#[test]
fn the_load_balancer_is_not_one_host() {
    let step = story(AFTER[0], &["fail:cloudserver1"]).pop().unwrap();
    let plane = &step["controlPlane"];
    assert_eq!(plane["acts"], true);
    for part in ["etcd", "apiServers", "loadBalancer"] {
        assert_eq!((&plane[part]["up"], &plane[part]["of"]), (&json!(2), &json!(3)), "{part}");
    }
}

/// All three copies of the wiki's pages are on these two nodes, as its volume allows.
#[test]
fn a_volume_whose_copies_are_all_lost_is_not_proved() {
    let report = failing("zero-spof/after-longhorn", "blackboar,cloudserver1");
    assert!(!verdicts(&report, "Deployment", "wiki").contains('P'));
    // Its only copy, on another node than the pod.
    let report = failing("zero-spof/before", "blackboar");
    assert!(!verdicts(&report, "Deployment", "wiki").contains('P'));
}

/// Two of three monitors, and two of three copies of some blocks: nothing is read or written.
#[test]
fn a_pool_without_its_quorum_is_not_proved() {
    let report = failing("zero-spof/after-ceph", "cloudserver1,cloudserver2");
    assert!(!verdicts(&report, "StatefulSet", "postgres").contains('P'));
}

/// What somebody declared of the storage and the export says otherwise is an error that shows both.
#[test]
fn assumptions_that_contradict_the_export_are_refused() {
    let folder = folder("contradicting-assumptions");
    let file = |text: &str| {
        let header = "apiVersion: holdfast.dev/v1\nkind: Assumptions\nstorage:\n";
        write(&folder, "assumptions.yaml", format!("{header}{text}"));
        folder.join("assumptions.yaml").display().to_string()
    };
    for (plan, text, line, detail) in [
        (
            AFTER[0],
            "  - { storageClass: longhorn, replicas: 2 }\n",
            4,
            "2 replicas here, 3 of volume pvc-",
        ),
        (
            AFTER[1],
            "  - storageClass: rook-ceph-block\n    quorum: { members: [blackboar] }\n",
            5,
            "monitors on blackboar here, on cloudserver1, cloudserver2, cloudserver3 in the export",
        ),
        (
            AFTER[1],
            "  - { storageClass: rook-ceph-block }\n  - { storageClass: rook-ceph-block }\n",
            5,
            "storage class rook-ceph-block is declared twice, first in line 4",
        ),
    ] {
        let assumptions = file(text);
        for command in ["prove", "simulate", "inspect"] {
            let arguments = [command, &super::file(plan), "--assumptions", &assumptions];
            let run = run_in(&fixtures(), &arguments).ended(2);
            assert!(run.stderr.contains(detail), "{command}: {}", run.stderr);
            assert!(run.stderr.contains(&format!("assumptions.yaml:{line}:")), "{}", run.stderr);
            assert!(run.stderr.contains("= help: Correct"), "{}", run.stderr);
        }
    }
}
