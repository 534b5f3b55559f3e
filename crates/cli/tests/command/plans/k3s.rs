//! Plan K: from one K3s server to three, phase by phase.

use serde_json::{Value, json};

use super::{Story, story, told};
use crate::claims::file;
use crate::holdfast::{fixtures, run};

const COREDNS: &str = "Deployment/kube-system/coredns";
const GITEA: &str = "Deployment/apps/gitea";
const RUNNER: &str = "Deployment/ci/runner";
const WEB: &str = "Deployment/apps/web";
const OLLAMA: &str = "Deployment/ai/ollama";

/// What tolerates nothing, but for the two that are tied to a disk of a server.
const UNTOLERATING: [&str; 6] = [
    "Deployment/apps/gitea",
    "Deployment/apps/home-assistant",
    "Deployment/apps/nextcloud",
    "Deployment/apps/web",
    "Deployment/ci/runner",
    "Deployment/monitoring/grafana",
];

/// Deployments that are short of pods.
fn short(story: &Story, at: usize) -> Vec<String> {
    let workloads = story.step(at)["workloads"].as_object().unwrap();
    let lacking = workloads.iter().filter(|(name, it)| {
        name.starts_with("Deployment/") && it["ready"]["min"].as_u64() < it["desired"].as_u64()
    });
    lacking.map(|(name, _)| name.rsplit('/').next().unwrap().to_owned()).collect()
}

#[test]
fn before_k3s1_takes_the_api_along_and_nothing_is_rescheduled() {
    let story = story("k3s/before", &["fail:k3s1", "fail:k3s2"]);
    assert_eq!(story.control_plane(1), (false, [0, 1, 1]));
    let its_own = ["web", "coredns", "local-path-provisioner", "metrics-server", "traefik"];
    assert_eq!(short(&story, 1), its_own);
    assert_eq!(story.pods(1, WEB), "2/3", "no other is made");
    assert_eq!(story.pods(2, GITEA), "0/1", "nor of what falls later");
}

#[test]
fn after_one_control_plane_node_may_fail_and_two_may_not() {
    for server in ["k3s1", "k3s2"] {
        let story = story("k3s/promoted-k3s3", &[&format!("fail:{server}")]);
        assert_eq!(story.control_plane(1), (true, [2, 2, 3]), "{server}");
        assert_eq!(short(&story, 1), [""; 0], "{server}: all Deployments come back");
    }
    let story = story("k3s/promoted-k3s3", &["fail:k3s1,k3s2", "recover:k3s1"]);
    assert_eq!(story.control_plane(1), (false, [1, 2, 3]));
    for (name, pods) in
        [(GITEA, "0/1"), (COREDNS, "0/1"), (WEB, "1/3"), (RUNNER, "1/2"), (OLLAMA, "1/1")]
    {
        assert_eq!(story.pods(1, name), pods, "{name}: running pods stay, nothing fails over");
    }
    assert_eq!(story.control_plane(2), (true, [2, 2, 3]));
    assert_eq!(short(&story, 2), [""; 0], "what was left undone is done");
}

/// Two of three members are the majority, whoever is cut off from whom.
#[test]
fn the_side_with_the_majority_goes_on() {
    for (cut, silent) in [("k3s1,k3s2", ["k3s3", "k3s4"]), ("k3s3,k3s4", ["k3s3", "k3s4"])] {
        let story = story("k3s/promoted-k3s3", &[&format!("partition:{cut}")]);
        assert_eq!(story.control_plane(1), (true, [2, 2, 3]), "{cut}");
        let nodes = story.step(1)["nodes"].as_object().unwrap().iter();
        let unheard: Vec<&str> =
            nodes.filter(|(_, it)| it["cutOff"] == true).map(|(name, _)| name.as_str()).collect();
        assert_eq!(unheard, silent, "{cut}");
    }
}

/// 50 s until the node is taken to be down, 300 s that its pods bear it, 20 s to start.
#[test]
fn the_api_fails_over_in_30_seconds_and_pods_in_six_minutes() {
    let story = story("k3s/after", &["fail:k3s1"]);
    let takeovers = story.step(1)["controlPlane"]["takeovers"].as_array().unwrap();
    let times: Vec<(&str, i64)> = takeovers
        .iter()
        .map(|it| (it["part"].as_str().unwrap(), it["milliseconds"].as_i64().unwrap()))
        .collect();
    assert_eq!(times, [("etcd", 2_000), ("leaders", 19_400)]);
    assert_eq!(story.seconds(COREDNS), [Some(370), Some(370)]);
    assert_eq!(story.parts(COREDNS), "detection 50, toleration 300, start 20");
}

#[test]
fn the_load_balancer_is_one_host() {
    let story = story("k3s/after", &["fail:lb-1", "fail:k3s4", "recover:lb-1"]);
    assert_eq!(story.control_plane(1), (false, [3, 2, 3]), "etcd is whole, and nobody hears it");
    assert_eq!(short(&story, 1), short(&story, 0), "what runs goes on");
    assert_eq!(story.messages(2, GITEA), &json!([]), "nobody tries to schedule anything");
    assert_eq!(story.control_plane(3), (true, [3, 2, 3]));
    assert_eq!(story.pods(3, GITEA), "0/1 p1 t1");
}

/// A machine is named by mistakes as nodes are, and does no more than fail and recover.
#[test]
fn a_machine_can_fail_and_recover_only() {
    let refused = |event: &str| {
        let arguments = ["simulate", "k3s/after.json", "--assumptions", "k3s/assumptions.yaml"];
        run(&[&arguments[..], &["--event", event]].concat()).ended(2).stderr
    };
    for (event, says) in [
        ("fail:lb1", "did you mean lb-1?"),
        ("fail:haproxy", "the nodes are k3s1, k3s2, k3s3 and k3s4, the machines lb-1"),
        ("drain:lb-1", "it is a machine, which can fail and recover and nothing else"),
    ] {
        let told = refused(event);
        assert!(told.contains(says), "{event}: {told}");
    }
}

/// Three of four nodes are tainted: 6 CPU want to be on 4.
#[test]
fn everything_untolerating_must_fit_k3s4() {
    let story = story("k3s/after", &["fail:k3s4"]);
    assert_eq!(story.pods(0, RUNNER), "1/2 p1", "already with nothing failed");
    let full = "0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 3 node(s) had \
                untolerated taint(s).";
    assert_eq!(story.messages(0, RUNNER), &json!([full]));
    let nowhere = "0/4 nodes are available: 4 node(s) had untolerated taint(s).";
    for name in UNTOLERATING {
        assert_eq!(story.workload(1, name)["ready"]["max"], 0, "{name}: k3s4 is its only node");
        assert_eq!(story.messages(1, name), &json!([nowhere]), "{name}");
    }
}

/// Drained one after another instead of tainted, the servers leave their disks behind, too.
#[test]
fn databases_do_not_leave_their_disks() {
    let story = story("k3s/promoted-k3s3", &["drain:k3s2"]);
    let postgres = "StatefulSet/apps/postgres";
    assert_eq!(story.pods(1, postgres), "0/1 p1");
    assert_eq!(story.volume(1, "apps/data-postgres-0"), "writable", "a drain takes no disk away");
    let says = story.messages(1, postgres).as_array().unwrap();
    let elsewhere = "didn't match PersistentVolume's node affinity";
    assert!(says.iter().all(|text| text.as_str().unwrap().contains(elsewhere)), "{says:?}");
}

#[test]
fn the_gpu_workload_has_no_other_node() {
    for phase in ["before", "promoted-k3s2", "promoted-k3s3", "tainted", "after"] {
        let story = story(&format!("k3s/{phase}"), &["fail:k3s3"]);
        assert_eq!(story.pods(1, OLLAMA), "0/1 p1 t1", "{phase}");
        let says = story.messages(1, OLLAMA)[0].as_str().unwrap();
        assert!(says.contains("3 Insufficient nvidia.com/gpu"), "{phase}: {says}");
    }
}

/// Phase 1 is worse than what it comes from: an agent's failure was harmless before.
#[test]
fn two_members_tolerate_no_failure() {
    let control_plane = |phase, event| story(phase, &[event]).control_plane(1);
    assert_eq!(control_plane("k3s/before", "fail:k3s2"), (true, [1, 1, 1]));
    for server in ["fail:k3s1", "fail:k3s2"] {
        assert_eq!(control_plane("k3s/promoted-k3s2", server), (false, [1, 2, 2]), "{server}");
        assert_eq!(control_plane("k3s/promoted-k3s3", server), (true, [2, 2, 3]), "{server}");
    }
}

/// A taint of this effect moves nobody: what was on the servers stays until it is made again.
#[test]
fn the_taint_shows_in_the_next_failure() {
    let story = story("k3s/tainted", &["fail:k3s4"]);
    assert_eq!(short(&story, 0), [""; 0]);
    assert_eq!(short(&story, 1), ["home-assistant", "web", "grafana"]);
}

/// What is one host in the plan may be declared to be two.
#[test]
fn the_address_outlives_a_host_where_there_are_two() {
    let folder = crate::holdfast::folder("plans-k3s-two-load-balancers");
    let text = "apiVersion: holdfast.dev/v1\nkind: Assumptions\n\
                machines: [{ name: lb-1 }, { name: lb-2 }]\n\
                controlPlane: { loadBalancer: { members: [lb-1, lb-2] } }\n";
    crate::holdfast::write(&folder, "two.yaml", text);
    let path = folder.join("two.yaml").display().to_string();
    let story = told(&fixtures(), &file("k3s/after"), Some(&path), &["fail:lb-1", "fail:lb-2"]);
    let acts = |at: usize| -> &Value { &story.step(at)["controlPlane"]["acts"] };
    assert_eq!([acts(0), acts(1), acts(2)], [true, true, false]);
}
