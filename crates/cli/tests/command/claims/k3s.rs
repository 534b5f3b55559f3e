//! Plan K: from one K3s server to three, phase by phase.

use serde_json::json;

use super::{any_node, culprits, failing, outcome, pending, story, verdicts};
use crate::holdfast::run;

/// The workloads of one pod each that tolerate no taint and keep nothing on a disk.
const MOVABLE: [&str; 4] = ["gitea", "grafana", "home-assistant", "nextcloud"];

const PHASES: [&str; 5] =
    ["k3s/before", "k3s/promoted-k3s2", "k3s/promoted-k3s3", "k3s/tainted", "k3s/after"];

/// What runs elsewhere runs on; what ran on the server is not made again: there is no API.
#[test]
fn before_the_only_server_is_a_single_point_of_failure() {
    let report = failing("k3s/before", "k3s1");
    for name in MOVABLE {
        assert_eq!(outcome(&report, "Deployment", name), "1/1", "{name}");
    }
    for (name, expected) in
        [("web", "2 → 2/3"), ("coredns", "0 → 0/1"), ("traefik", "0 → 0/1"), ("ollama", "1/1")]
    {
        assert_eq!(outcome(&report, "Deployment", name), expected, "{name}");
    }
    let report = any_node("k3s/before");
    for name in MOVABLE {
        assert_eq!(verdicts(&report, "Deployment", name), "R P", "{name}: an agent is replaced");
    }
}

/// The phase that is worse than what it comes from: an agent's failure was harmless before.
#[test]
fn two_members_tolerate_no_failure() {
    let gitea = |phase| outcome(&failing(phase, "k3s2"), "Deployment", "gitea");
    assert_eq!(gitea("k3s/before"), "0 → 1/1");
    assert_eq!(gitea("k3s/promoted-k3s2"), "0 → 0/1");
    assert_eq!(gitea("k3s/promoted-k3s3"), "0 → 1/1");
    for server in ["k3s1", "k3s2"] {
        let report = failing("k3s/promoted-k3s2", server);
        assert_eq!(outcome(&report, "Deployment", "web"), "2 → 2/3", "{server}");
    }
}

#[test]
fn three_members_tolerate_one() {
    let report = any_node("k3s/promoted-k3s3");
    for name in ["web", "runner"] {
        assert_eq!(verdicts(&report, "Deployment", name), "P P", "{name}");
    }
    for name in MOVABLE.iter().chain(&["coredns", "metrics-server", "traefik"]) {
        assert_eq!(verdicts(&report, "Deployment", name), "R P", "{name}");
    }
}

#[test]
fn without_two_of_three_what_runs_stays_and_nothing_fails_over() {
    let report = failing("k3s/promoted-k3s3", "k3s1,k3s2");
    for (name, expected) in [
        ("gitea", "0 → 0/1"),
        ("coredns", "0 → 0/1"),
        ("web", "1 → 1/3"),
        ("runner", "1 → 1/2"),
        ("home-assistant", "1/1"),
        ("ollama", "1/1"),
    ] {
        assert_eq!(outcome(&report, "Deployment", name), expected, "{name}");
    }
}

/// A taint of this effect moves nobody: what was on the servers stays until it is made again.
#[test]
fn the_taint_shows_in_the_next_failure() {
    let report = any_node("k3s/tainted");
    assert_eq!(verdicts(&report, "Deployment", "web"), "P R");
    for name in ["grafana", "home-assistant"] {
        assert_eq!(verdicts(&report, "Deployment", name), "R R", "{name}");
        assert_eq!(culprits(&report, "Deployment", name), json!(["k3s4"]), "{name}");
    }
}

/// Workloads do lose by the change: a runner has no room, and two databases cannot leave disks
/// that they may not return to.
#[test]
fn after_not_everything_has_a_place() {
    let report = any_node("k3s/after");
    let message = "0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 3 node(s) \
                   had untolerated taint(s). no new claims to deallocate, preemption: 0/4 nodes \
                   are available: 1 No preemption victims found for incoming pod, 3 Preemption is \
                   not helpful for scheduling.";
    for (kind, name, expected) in [
        ("Deployment", "runner", "1 → 1/2"),
        ("StatefulSet", "postgres", "0 → 0/1"),
        ("StatefulSet", "prometheus", "0 → 0/1"),
    ] {
        assert_eq!(culprits(&report, kind, name), json!([]), "{name}: already today");
        assert_eq!(outcome(&report, kind, name), expected, "{name}");
        assert_eq!(pending(&report, kind, name), [message], "{name}");
    }
    let explained = run(&["explain", "k3s/after.json"]).stdout;
    let plain: Vec<&str> = explained.split_whitespace().collect();
    assert!(plain.join(" ").contains(message), "{explained}");
}

#[test]
fn after_the_only_agent_is_a_single_point_of_failure() {
    let report = any_node("k3s/after");
    let message = "0/4 nodes are available: 4 node(s) had untolerated taint(s). no new claims to \
                   deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful \
                   for scheduling.";
    for name in MOVABLE {
        assert_eq!(culprits(&report, "Deployment", name), json!(["k3s4"]), "{name}");
        assert_eq!(verdicts(&report, "Deployment", name), "R R", "{name}");
        assert_eq!(pending(&report, "Deployment", name), [message], "{name}");
    }
    assert_eq!(outcome(&failing("k3s/after", "k3s4"), "Deployment", "web"), "0 → 0/3");
}

#[test]
fn the_gpu_workload_never_survives_the_only_gpu() {
    for phase in PHASES {
        let report = any_node(phase);
        assert_eq!(verdicts(&report, "Deployment", "ollama"), "R R", "{phase}");
        assert_eq!(culprits(&report, "Deployment", "ollama"), json!(["k3s3"]), "{phase}");
        let pending = pending(&report, "Deployment", "ollama");
        assert!(pending[0].contains("3 Insufficient nvidia.com/gpu"), "{phase}: {pending:?}");
    }
}

/// Two of three members are a quorum, one is not: what runs stays, and it comes back with a member.
#[test]
fn quorum_follows_the_members() {
    let steps = story("k3s/promoted-k3s3", &["fail:k3s1", "fail:k3s2", "recover:k3s1"]);
    let told = |step: &serde_json::Value| {
        let etcd = &step["controlPlane"]["etcd"];
        (step["controlPlane"]["acts"].as_bool().unwrap(), etcd["up"].as_u64().unwrap())
    };
    let all: Vec<(bool, u64)> = steps.iter().map(told).collect();
    assert_eq!(all, [(true, 3), (true, 2), (false, 1), (true, 2)]);
    assert_eq!(steps[0]["controlPlane"]["etcd"]["needed"], 2);
}

/// The plan allows 30 seconds: leaders are elected within them, while pods wait for minutes.
#[test]
fn the_control_plane_fails_over_in_half_a_minute() {
    let steps = story("k3s/promoted-k3s3", &[]);
    let takeovers = steps[0]["controlPlane"]["takeovers"].as_array().unwrap();
    let longest = takeovers.iter().map(|it| it["milliseconds"].as_u64().unwrap()).max();
    assert_eq!(longest, Some(19_400));
}

/// Three servers behind one host are no more available than that host.
#[test]
fn the_load_balancer_is_a_single_point_of_failure() {
    let steps = story("k3s/after", &["fail:lb-1", "recover:lb-1"]);
    let acts: Vec<&serde_json::Value> =
        steps.iter().map(|step| &step["controlPlane"]["acts"]).collect();
    assert_eq!(acts, [true, false, true]);
    let ready = |at: usize| &steps[at]["workloads"]["Deployment/apps/gitea"]["ready"];
    assert_eq!(ready(1), ready(0), "what runs goes on");
}
