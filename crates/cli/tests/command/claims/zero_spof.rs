//! Plan Z: five nodes, and no single point of failure.

use serde_json::json;

use super::{any_node, culprits, failing, file, outcome, verdicts};
use crate::holdfast::{fixtures, report, workload};

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
