//! Plan H: two replicas and hard anti-affinity on three workers.

use serde_json::{Value, json};

use super::{Story, edited, story};
use crate::claims::objects;

const PLAN: &str = "homelab";
const TRAEFIK: &str = "Deployment/traefik/traefik";
const WORKERS: [&str; 3] = ["homelab-02", "homelab-03", "homelab-04"];

/// What the scheduler says to a third replica where two workers are left.
const NO_THIRD: &str = "0/4 nodes are available: 2 node(s) didn't match pod anti-affinity rules, \
                        2 node(s) had untolerated taint(s).";

/// How many of the workloads with two replicas are complete.
fn complete_pairs(story: &Story, at: usize) -> usize {
    let workloads = story.step(at)["workloads"].as_object().unwrap();
    let pairs = workloads.iter().filter(|(name, it)| {
        name.starts_with("Deployment/") && it["desired"] == 2 && it["ready"]["min"] == 2
    });
    pairs.count()
}

/// The fifteen of the plan and longhorn-ui.
#[test]
fn two_replicas_survive_any_one_of_three_nodes() {
    for worker in WORKERS {
        let story = story(PLAN, &[&format!("fail:{worker}")]);
        assert_eq!(complete_pairs(&story, 1), 16, "{worker}");
        assert_ne!(story.node(1, worker), "Ready", "{worker}");
    }
}

#[test]
fn three_replicas_are_two_of_three_after_a_failure() {
    let scale = format!("scale:{}=3", TRAEFIK.to_lowercase());
    let story = story(PLAN, &[&scale, "fail:homelab-03"]);
    assert_eq!(story.pods(1, TRAEFIK), "3/3", "three fit while all is well");
    assert_eq!(story.pods(2, TRAEFIK), "2/3 p1 t1");
    assert_eq!(story.messages(2, TRAEFIK), &json!([NO_THIRD]));
}

#[test]
fn two_workers_left_or_more_replicas_than_nodes_leave_one_pending() {
    let scale = |to: u32| format!("scale:{}={to}", TRAEFIK.to_lowercase());
    let two_left = story(PLAN, &["fail:homelab-02", &scale(3)]);
    assert_eq!(two_left.pods(2, TRAEFIK), "2/3 p1 t1");
    assert_eq!(two_left.messages(2, TRAEFIK), &json!([NO_THIRD]));
    let four = story(PLAN, &[&scale(4)]);
    assert_eq!(four.pods(1, TRAEFIK), "3/4 p1");
    let says = "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 node(s) didn't \
                match pod anti-affinity rules.";
    assert_eq!(four.messages(1, TRAEFIK), &json!([says]));
}

/// Traefik as the plan has it, with another strategy.
fn rolling(test: &str, rolling_update: &Value, events: &[&str]) -> Story {
    let strategy = |export: &mut Value| {
        for deployment in objects(export, "Deployment", "traefik") {
            deployment["spec"]["strategy"] =
                json!({"type": "RollingUpdate", "rollingUpdate": rolling_update});
        }
    };
    edited(PLAN, test, strategy, events)
}

/// With 25 % of two or three one pod more is made, and none fewer is borne.
#[test]
fn rolling_updates_get_stuck_where_every_node_has_a_replica() {
    let rollout = format!("rollout:{}", TRAEFIK.to_lowercase());
    let three = format!("scale:{}=3", TRAEFIK.to_lowercase());
    let quarter = json!({"maxSurge": "25%", "maxUnavailable": "25%"});
    let stuck = |story: &Story, at: usize| story.step(at).get("stuck").cloned();

    let two_on_three = rolling("two", &quarter, &[&rollout]);
    assert_eq!((two_on_three.pods(1, TRAEFIK), stuck(&two_on_three, 1)), ("2/2".into(), None));
    let three_on_three = rolling("three", &quarter, &[&three, &rollout]);
    assert_eq!(three_on_three.pods(2, TRAEFIK), "3/3 p1");
    assert_eq!(stuck(&three_on_three, 2), Some(json!([TRAEFIK])));
    let two_on_two = rolling("failed", &quarter, &["fail:homelab-03", &rollout]);
    assert_eq!(stuck(&two_on_two, 2), Some(json!([TRAEFIK])));
    assert_eq!(two_on_two.messages(2, TRAEFIK), &json!([NO_THIRD]));

    let one_fewer = json!({"maxSurge": "25%", "maxUnavailable": 1});
    let freed = rolling("freed", &one_fewer, &[&three, &rollout]);
    assert_eq!((freed.pods(2, TRAEFIK), stuck(&freed, 2)), ("3/3".into(), None));
    let recreated = story(PLAN, &[&three, &rollout]);
    assert_eq!((recreated.pods(2, TRAEFIK), stuck(&recreated, 2)), ("3/3".into(), None));
    let gap = recreated.seconds(TRAEFIK)[1];
    assert!(gap.is_some_and(|gap| gap > 0), "Recreate has a gap with none ready: {gap:?}");
}

/// A node that fails while a rollout waits for room: what waited then has less of it.
#[test]
fn a_failure_in_the_middle_of_a_rollout_keeps_what_runs() {
    let rollout = format!("rollout:{}", TRAEFIK.to_lowercase());
    let three = format!("scale:{}=3", TRAEFIK.to_lowercase());
    let quarter = json!({"maxSurge": "25%", "maxUnavailable": "25%"});
    let story = rolling("middle", &quarter, &[&three, &rollout, "fail:homelab-03"]);
    assert_eq!(story.workload(3, TRAEFIK)["ready"]["min"], 2, "{}", story.pods(3, TRAEFIK));
    assert_eq!(story.step(3)["stuck"], json!([TRAEFIK]));
}

/// The new pod keeps off from the one that ends and from the other, so one node is left to it.
#[test]
fn after_recovery_nothing_moves_back_and_a_manual_delete_rebalances() {
    let export = crate::claims::export(PLAN);
    let pods = export["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "Pod");
    let mut names = pods
        .filter(|pod| pod["spec"]["nodeName"] == "homelab-02")
        .map(|pod| pod["metadata"]["name"].as_str().unwrap());
    let traefik = names.find(|name| name.starts_with("traefik-")).unwrap();
    let delete = format!("delete-pod:traefik/{traefik}");
    let story = story(PLAN, &["fail:homelab-03", "recover:homelab-03", &delete]);

    assert_eq!(complete_pairs(&story, 2), 16);
    let [before, after, deleted] = [0, 2, 3].map(|at| story.node_pods(at, "homelab-03"));
    // Its DaemonSets, its instance manager, and Alertmanager that waited for it.
    assert!(before == [20, 20] && after[1] <= 9, "{before:?} before, {after:?} after");
    for other in ["homelab-02", "homelab-04"] {
        assert_eq!(story.node(1, other), story.node(2, other), "{other}");
    }
    assert_eq!(story.pods(3, TRAEFIK), "2/2");
    assert_eq!(deleted, after.map(|pods| pods + 1), "it came back there in every order");
}

#[test]
fn pods_per_node_stay_under_30_but_not_under_25() {
    for worker in WORKERS {
        let story = story(PLAN, &[&format!("fail:{worker}")]);
        let others = WORKERS.iter().filter(|other| **other != worker);
        let fullest: Vec<[u64; 2]> = others.map(|other| story.node_pods(1, other)).collect();
        assert!(fullest.iter().any(|[fewest, _]| *fewest > 25), "{worker}: {fullest:?}");
        assert!(fullest.iter().all(|[_, most]| *most < 30), "{worker}: {fullest:?}");
    }
}

#[test]
fn databases_have_homelab_04_as_their_single_point_of_failure() {
    let (valkey, postgres) = ("Deployment/databases/valkey", "StatefulSet/databases/postgres");
    let lost = story(PLAN, &["fail:homelab-04", "delete:homelab-04"]);
    assert_eq!(lost.pods(1, valkey), "0/1 p1 t1");
    assert_eq!(lost.pods(1, postgres), "0/1 t1", "stuck Terminating");
    let says = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't \
                match Pod's node affinity/selector.";
    for name in [valkey, postgres] {
        assert_eq!(lost.pods(2, name), "0/1 p1", "{name}: no other node matches");
        assert_eq!(lost.messages(2, name), &json!([says]), "{name}");
    }
    let others = story(PLAN, &["fail:homelab-02,homelab-03"]);
    assert_eq!((others.pods(1, valkey), others.pods(1, postgres)), ("1/1".into(), "1/1".into()));
}
