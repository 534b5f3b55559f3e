//! Plan E: tiers of priority and a lifeboat.

use serde_json::{Value, json};

use super::{edited, story};
use crate::claims::objects;

const PLAN: &str = "edge";
const PROMETHEUS: &str = "StatefulSet/monitoring/prometheus";
const LOKI: &str = "StatefulSet/monitoring/loki";
const RED: &str = "fail:worker-1,worker-2";

/// The parts of `ArgoCD` that run on workers in Green, and are replaced on the master.
const ARGO_CD: [&str; 5] = [
    "Deployment/argocd/argocd-applicationset-controller",
    "Deployment/argocd/argocd-dex-server",
    "Deployment/argocd/argocd-notifications-controller",
    "Deployment/argocd/argocd-repo-server",
    "Deployment/argocd/argocd-server",
];

/// They prefer not to share a host, and do share one where there is no other.
#[test]
fn a_preference_is_not_a_guarantee() {
    let story = story(PLAN, &["fail:worker-2", "delete:worker-2"]);
    assert_eq!(story.pods(0, LOKI), "1/1");
    assert_eq!(story.pods(1, PROMETHEUS), "1/1", "it is not where Loki is");
    assert_eq!(story.pods(2, LOKI), "1/1", "and Loki tolerates no taint: it is on worker-1, too");
    assert_eq!(story.pods(2, PROMETHEUS), "1/1");
}

#[test]
fn yellow_has_both_up_only_if_victims_suffice() {
    let story = story(PLAN, &["fail:worker-2", "delete:worker-2"]);
    for (name, pods) in [
        (LOKI, "1/1"),
        ("Deployment/apps/frontend", "0/3 p3"),
        ("Deployment/apps/backend", "0/2 p2"),
        ("Deployment/apps/frigate", "0/1 p1"),
        ("Deployment/apps/node-red", "0/1 p1"),
        // Of these two one fits afterwards, whichever comes first.
        ("Deployment/apps/grafana", "0–1/1 p0–1"),
        ("Deployment/apps/mosquitto", "0–1/1 p0–1"),
    ] {
        assert_eq!(story.pods(2, name), pods, "{name}");
    }
}

/// The master has room and Prometheus tolerates its taint: nobody is evicted for it.
#[test]
fn in_yellow_prometheus_takes_the_lifeboat_and_not_the_other_worker() {
    let story = story(PLAN, &["fail:worker-1", "delete:worker-1"]);
    assert_eq!(story.pods(2, PROMETHEUS), "1/1");
    assert_eq!(story.node(2, "worker-2"), story.node(1, "worker-2"));
    assert_eq!(story.node(1, "master"), "Ready 8");
    assert_eq!(story.node(2, "master"), "Ready 9");
}

#[test]
fn stateful_sets_are_stuck_terminating_while_their_node_object_stays() {
    for (worker, stuck, other) in [("worker-1", PROMETHEUS, LOKI), ("worker-2", LOKI, PROMETHEUS)] {
        let failed = story(PLAN, &[&format!("fail:{worker}")]);
        assert_eq!(failed.pods(1, stuck), "0/1 t1", "{worker}");
        assert_eq!(failed.pods(1, other), "1/1", "{worker}");
        for way in ["delete", "out-of-service"] {
            let story = story(PLAN, &[&format!("fail:{worker}"), &format!("{way}:{worker}")]);
            assert_eq!(story.pods(2, stuck), "1/1", "{way}:{worker}");
        }
    }
    let back = story(PLAN, &["fail:worker-1", "recover:worker-1"]);
    assert_eq!(back.pods(2, PROMETHEUS), "1/1", "it comes back with its node");
}

#[test]
fn red_keeps_argo_cd_and_not_prometheus_until_the_nodes_are_given_up() {
    let untolerated =
        |of: u32| format!("0/{of} nodes are available: {of} node(s) had untolerated taint(s).");
    let argo_events = ["controller-manager", "events-webhook"];
    for (way, of) in [("delete", 1), ("out-of-service", 3)] {
        let story = story(PLAN, &[RED, &format!("{way}:worker-1,worker-2")]);
        for name in ARGO_CD {
            assert_eq!(story.pods(1, name), "1/1 t1", "{name}");
        }
        assert_eq!(story.pods(1, PROMETHEUS), "0/1 t1");
        assert_eq!(story.pods(1, LOKI), "0/1 t1", "not Pending, as the plan has it");
        for name in argo_events {
            let name = format!("Deployment/argo-events/{name}");
            assert_eq!(story.pods(1, &name), "0/1 p1 t1", "{name}");
            assert_eq!(story.messages(1, &name), &json!([untolerated(3)]), "{name}");
        }
        assert_eq!(story.pods(2, PROMETHEUS), "1/1", "{way}");
        assert_eq!(story.pods(2, LOKI), "0/1 p1", "{way}");
        assert_eq!(story.messages(2, LOKI), &json!([untolerated(of)]), "{way}");
    }
}

/// 2975 of 3500 are taken by then; Loki asks for 1500, with Prometheus' own priority.
#[test]
fn a_sibling_that_tolerates_the_taint_may_take_the_lifeboats_room() {
    let tolerate = |export: &mut Value| {
        let tolerations = json!([{"key": "CriticalAddonsOnly", "operator": "Exists"}]);
        objects(export, "Pod", "loki-0")[0]["spec"]["tolerations"] = tolerations.clone();
        let set = &mut objects(export, "StatefulSet", "loki")[0]["spec"];
        set["template"]["spec"]["tolerations"] = tolerations;
    };
    let events = [RED, "delete:worker-1,worker-2"];
    let story = edited(PLAN, "sibling", tolerate, &events);
    assert_eq!(story.pods(2, PROMETHEUS), "0–1/1 p0–1");
    assert_eq!(story.pods(2, LOKI), "0–1/1 p0–1");
}

#[test]
fn black_is_a_total_outage() {
    let story = story(PLAN, &["fail:master,worker-1,worker-2"]);
    assert_eq!(story.control_plane(1), (false, [0, 1, 1]));
    let workloads = story.step(1)["workloads"].as_object().unwrap();
    assert!(workloads.values().all(|workload| workload["ready"]["max"] == 0));
}

/// The only server: what runs on the workers goes on, and nothing is done about the rest.
#[test]
fn without_the_master_nothing_is_replaced() {
    let story = story(PLAN, &["fail:master", "fail:worker-1"]);
    assert_eq!(story.control_plane(1), (false, [0, 1, 1]));
    assert_eq!(story.pods(1, "Deployment/kube-system/coredns"), "0/1");
    for name in [PROMETHEUS, LOKI, "Deployment/argocd/argocd-server"] {
        assert_eq!(story.pods(1, name), "1/1", "{name}");
    }
    assert_eq!(story.pods(2, PROMETHEUS), "0/1", "nobody marks it for deletion");
}
