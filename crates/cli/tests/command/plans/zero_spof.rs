//! Plan Z: five nodes, and no single point of failure.

use serde_json::Value;

use super::{Story, story, told};
use crate::claims::file;
use crate::holdfast::{fixtures, folder, write};

const LONGHORN: &str = "zero-spof/after-longhorn";
const CEPH: &str = "zero-spof/after-ceph";
const CHECKOUT: &str = "Deployment/shop/checkout";
const CATALOG: &str = "Deployment/shop/catalog";
const WIKI: &str = "Deployment/shop/wiki";
const POSTGRES: &str = "StatefulSet/shop/postgres";
const QUEUE: &str = "StatefulSet/shop/queue";

const NODES: [&str; 5] =
    ["blackboar", "cloudserver1", "cloudserver2", "cloudserver3", "micklethefickle"];

const SERVICES: [&str; 5] = [
    "Deployment/ingress-nginx/ingress-nginx-controller",
    "Deployment/kube-system/coredns",
    "Deployment/shop/catalog",
    "Deployment/shop/checkout",
    "Deployment/shop/frontend",
];

/// Claims of the shop that cannot be written, and what can be done with them at worst.
fn troubled(story: &Story, at: usize) -> Vec<(String, String)> {
    let claims = story.step(at)["storage"].as_object().unwrap();
    let worst = |it: &Value| it["worst"].as_str().unwrap().to_owned();
    let all = claims.iter().map(|(claim, it)| (claim.replace("shop/", ""), worst(it)));
    all.filter(|(_, worst)| worst != "writable").collect()
}

#[test]
fn three_members_tolerate_one() {
    let story = story(LONGHORN, &["fail:cloudserver1", "fail:cloudserver2"]);
    assert_eq!(story.control_plane(1), (true, [2, 2, 3]));
    assert_eq!(story.pods(1, "Deployment/shop/frontend"), "3/3 t1");
    assert_eq!(story.control_plane(2), (false, [1, 2, 3]));
    assert_eq!(story.pods(2, "Deployment/shop/frontend"), "2/3 t1", "nobody makes the other");
}

#[test]
fn the_load_balancer_must_not_be_one_host() {
    let shared = story(LONGHORN, &["fail:cloudserver1"]);
    let balancer = &shared.step(1)["controlPlane"]["loadBalancer"];
    assert_eq!((&balancer["up"], &balancer["of"]), (&2.into(), &3.into()));
    let folder = folder("plans-zero-one-host");
    let text = "apiVersion: holdfast.dev/v1\nkind: Assumptions\n\
                controlPlane: { loadBalancer: { members: [cloudserver1] } }\n";
    write(&folder, "one.yaml", text);
    let path = folder.join("one.yaml").display().to_string();
    let single = told(&fixtures(), &file(LONGHORN), Some(&path), &["fail:cloudserver1"]);
    assert_eq!(single.control_plane(1), (false, [2, 2, 3]), "a quorum that nobody reaches");
}

/// As placed today; what has one replica is a single point of failure.
#[test]
fn services_continue_through_any_single_node_failure() {
    for node in NODES {
        let story = story(LONGHORN, &[&format!("fail:{node}")]);
        for name in SERVICES {
            let workload = story.workload(1, name);
            assert_eq!(workload["ready"]["min"], workload["desired"], "{node}: {name}");
            assert!(story.seconds(name)[1].is_none_or(|none| none == 0), "{node}: {name}");
        }
    }
    let story = story(LONGHORN, &["fail:blackboar"]);
    assert_eq!(story.pods(1, POSTGRES), "0/1 t1");
    assert_eq!(story.pods(1, QUEUE), "2/3 t1", "stuck, and two of three are a quorum");
}

/// The smallest sets that do not survive: for each of the two the pair that holds both of it.
#[test]
fn sets_of_two_workers_that_do_not_survive() {
    for (plan, nodes, fallen, other) in [
        (LONGHORN, "blackboar,cloudserver2", CHECKOUT, CATALOG),
        (CEPH, "cloudserver1,cloudserver3", CATALOG, CHECKOUT),
    ] {
        let story = story(plan, &[&format!("fail:{nodes}")]);
        assert!(story.seconds(fallen)[1].is_some_and(|none| none > 300), "{nodes}: {fallen}");
        assert_eq!(story.pods(1, fallen), "2/2 t2", "{nodes}: {fallen} comes back");
        assert!(story.seconds(other)[1].is_none_or(|none| none == 0), "{nodes}: {other}");
    }
}

#[test]
fn longhorn_runs_on_one_healthy_copy() {
    let two = story(LONGHORN, &["fail:blackboar,cloudserver2"]);
    assert_eq!(troubled(&two, 1), []);
    for (plan, node) in NODES.iter().flat_map(|node| [(LONGHORN, node), (CEPH, node)]) {
        let story = story(plan, &[&format!("fail:{node}")]);
        assert_eq!(troubled(&story, 1), [], "{plan}: {node}");
    }
}

/// Soft anti-affinity let two of the wiki's three copies share a node.
#[test]
fn replicas_of_a_volume_may_share_a_node() {
    let story = story(LONGHORN, &["fail:blackboar,cloudserver1"]);
    assert_eq!(troubled(&story, 1), [("wiki-pages".to_owned(), "unavailable".to_owned())]);
    assert_eq!(story.pods(1, WIKI), "0/1 s1", "its own node is up");
}

/// Two of three monitors: no I/O anywhere, and no data lost.
#[test]
fn ceph_stops_below_min_size_and_without_its_monitors() {
    let story = story(CEPH, &["fail:cloudserver1,cloudserver2", "recover:cloudserver1"]);
    assert_eq!(troubled(&story, 1).len(), 5);
    assert!(troubled(&story, 1).iter().all(|(_, worst)| worst == "unavailable"));
    assert_eq!(story.pods(1, POSTGRES), "0/1 s1", "blackboar is up, and writes nothing");
    assert_eq!(troubled(&story, 2), [], "two monitors, and three of four hosts");
}

#[test]
fn a_single_copy_is_its_nodes_single_point_of_failure() {
    let story = story("zero-spof/before", &["fail:blackboar"]);
    assert_eq!(story.volume(1, "shop/wiki-pages"), "unavailable");
    assert_eq!(story.pods(1, WIKI), "0/1 s1");
}

/// While its node object stays nobody lets go of the wiki's volume; then it is detached, by force
/// after six minutes, or at once where the node is marked out-of-service.
#[test]
fn a_volume_stays_attached_to_a_silent_node() {
    for (way, seconds, volume) in [("delete", 750, 380), ("out-of-service", 400, 30)] {
        let events = ["fail:cloudserver3", &format!("{way}:cloudserver3")];
        let story = story(LONGHORN, &events);
        assert_eq!(story.pods(1, WIKI), "0/1 t1 a1");
        assert_eq!(story.pods(2, WIKI), "1/1", "{way}");
        assert_eq!(story.seconds(WIKI)[1], Some(seconds), "{way}");
        let parts = format!("detection 50, toleration 300, volume {volume}, start 20");
        assert_eq!(story.parts(WIKI), parts, "{way}");
    }
}

/// The majority acts. The minority's pods run on, and so exist twice until the end; a StatefulSet's
/// are not started twice.
#[test]
fn pods_of_the_minority_exist_twice_until_rejoin() {
    let story = story(LONGHORN, &["partition:cloudserver2", "heal"]);
    assert_eq!(story.control_plane(1), (true, [2, 2, 3]));
    assert_eq!(story.step(1)["nodes"]["cloudserver2"]["cutOff"], true);
    assert_eq!(story.node(1, "cloudserver2"), "NotReady 19", "all its pods run on");
    assert_eq!(story.pods(1, CHECKOUT), "2/2 t1", "with two on the majority's side");
    assert_eq!(story.control_plane(2), (true, [3, 2, 3]));
    assert_eq!(story.pods(2, CHECKOUT), "2/2", "the third has ended");

    let story = super::story(LONGHORN, &["partition:blackboar", "heal"]);
    for (name, apart, again) in [(QUEUE, "2/3 t1", "3/3"), (POSTGRES, "0/1 t1", "1/1")] {
        assert_eq!(story.pods(1, name), apart, "{name} is not started twice");
        assert_eq!(story.pods(2, name), again, "{name}");
    }
    // Its containers run on until their kubelet hears that they have to end, at 6m10s.
    assert_eq!(story.parts(POSTGRES), "detection 50, toleration 300, ending 50, start 20");
}

#[test]
fn pods_return_and_balance_does_not() {
    let story = story(LONGHORN, &["fail:blackboar", "recover:blackboar"]);
    for name in SERVICES.iter().chain([&QUEUE, &POSTGRES]) {
        let workload = story.workload(2, name);
        assert_eq!(workload["ready"]["min"], workload["desired"], "{name}");
    }
    let [before, after] = [0, 2].map(|at| story.node_pods(at, "blackboar"));
    assert!(before == [14, 14] && after[1] <= 8, "{before:?}, {after:?}");
}

#[test]
fn budgets_bind_drains_and_never_crashes() {
    let crash = story(LONGHORN, &["fail:cloudserver2"]);
    assert_eq!(crash.pods(1, CHECKOUT), "2/2 t1");
    assert_eq!(crash.seconds(CHECKOUT)[0], Some(370), "one of two is away, against its budget");
    let drain = story(LONGHORN, &["drain:cloudserver2"]);
    assert_eq!(drain.seconds(CHECKOUT), [None, None], "it loses nothing");
    assert_eq!(drain.seconds("Deployment/shop/frontend"), [Some(20), Some(0)], "2 of 3 will do");
}

/// checkout wants both of its two, and Longhorn keeps each instance manager.
#[test]
fn a_budget_equal_to_the_replica_count_blocks_every_drain() {
    for (node, of_checkout) in [("cloudserver1", false), ("cloudserver2", true)] {
        let blocked = story(LONGHORN, &[&format!("drain:{node}")]).blocked(1);
        assert_eq!(blocked.contains(&"shop/checkout".to_owned()), of_checkout, "{blocked:?}");
        let manager = |it: &String| it.starts_with("longhorn-system/instance-manager-");
        assert!(blocked.iter().any(manager), "{node}: {blocked:?}");
    }
    assert_eq!(story(LONGHORN, &["drain:micklethefickle"]).blocked(1), [""; 0]);
}
