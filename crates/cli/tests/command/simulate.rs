//! `simulate`: what the plans ask to watch for over time, and events that make no sense.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::holdfast::{run, run_in};

/// The outcome of a story told of a fixture.
#[track_caller]
fn story(file: &str, events: &[&str], code: i32) -> Value {
    let events = events.iter().flat_map(|event| ["--event", event]);
    let arguments: Vec<&str> = ["simulate", file, "-o", "json"].into_iter().chain(events).collect();
    run(&arguments).ended(code).json()
}

/// Ready, pending and terminating pods of a workload after the last event: `1 0 1`, ranges as
/// `0–1`.
#[track_caller]
fn at_rest(outcome: &Value, workload: &str) -> String {
    let last = outcome["steps"].as_array().unwrap().last().unwrap();
    let found = &last["workloads"][workload];
    assert!(found.is_object(), "no {workload} in {}", last["workloads"]);
    let range = |field: &str| match (&found[field]["min"], &found[field]["max"]) {
        (min, max) if min == max => min.to_string(),
        (min, max) => format!("{min}–{max}"),
    };
    [range("ready"), range("pending"), range("terminating")].join(" ")
}

#[test]
fn a_failure_in_the_homelab() {
    let told = run(&["simulate", "homelab/cluster.json", "--event", "fail:homelab-02"]).ended(0);
    assert_snapshot!(told.transcript());
}

/// Plan H: after recovery nothing moves back, and pods that were stuck go.
#[test]
fn nothing_moves_back() {
    let file = "homelab/cluster.json";
    let grafana = "Deployment/monitoring/kube-prometheus-stack-grafana";
    let failed = story(file, &["fail:homelab-03"], 0);
    let back = story(file, &["fail:homelab-03", "recover:homelab-03"], 0);
    assert_eq!(at_rest(&failed, grafana), "2 0 1");
    assert_eq!(at_rest(&back, grafana), "2 0 0");
    let pods = |outcome: &Value| outcome["steps"][1]["nodes"]["homelab-02"]["pods"].clone();
    assert_eq!(pods(&failed), pods(&back), "what came in the failure's place stays");
    let after = &back["steps"][2]["nodes"]["homelab-03"]["pods"]["max"];
    let before = &back["steps"][0]["nodes"]["homelab-03"]["pods"]["min"];
    assert!(after.as_u64() < before.as_u64(), "{after} of {before}");
}

/// Plan H: with as many replicas as nodes that fit, a rolling update with hard anti-affinity gets
/// stuck unless a pod may be missing; with one fewer it does not, nor does it with `Recreate`.
#[test]
fn a_rolling_update_with_hard_anti_affinity_gets_stuck() {
    let node = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let web = |replicas: u32, strategy: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"replicas": replicas, "strategy": strategy,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
                    "containers": [{"name": "c", "image": "i"}],
                    "affinity": {"podAntiAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [{
                            "labelSelector": {"matchLabels": {"app": "web"}},
                            "topologyKey": "kubernetes.io/hostname"}]}}}}}})
    };
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"}, "spec": {"selector": {"app": "web"}}});
    let rolled = |name: &str, replicas: u32, strategy: Value| {
        let folder = crate::holdfast::folder(name);
        let items =
            json!([node("a"), node("b"), node("c"), web(replicas, strategy), service.clone()]);
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        crate::holdfast::write(&folder, "cluster.json", list.to_string());
        let rollout = ["--event", "rollout:deployment/default/web"];
        let arguments = ["simulate", "cluster.json", "-o", "json"].into_iter().chain(rollout);
        let outcome = run_in(&folder, &arguments.collect::<Vec<_>>()).ended(0).json();
        let web = outcome["steps"][1]["workloads"]["Deployment/default/web"].clone();
        let wanted = (name == "stuck").then(|| json!(["Deployment/default/web"]));
        assert_eq!(outcome["steps"][1].get("stuck"), wanted.as_ref(), "{name}");
        (at_rest(&outcome, "Deployment/default/web"), web["messages"].clone())
    };
    let (stuck, says) = rolled("stuck", 3, json!({"type": "RollingUpdate"}));
    assert_eq!(stuck, "3 1 0", "the surge pod finds no node, and nothing old may go");
    let no_room = "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.";
    assert_eq!(says, json!([no_room]));
    let one = json!({"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}});
    assert_eq!(rolled("freed", 3, one).0, "3 0 0", "one may be missing");
    assert_eq!(rolled("fits", 2, json!({"type": "RollingUpdate"})).0, "2 0 0");
    assert_eq!(rolled("recreate", 3, json!({"type": "Recreate"})).0, "3 0 0");
}

/// Plan K: with two of three members lost there is no quorum. Running pods stay, nothing fails
/// over; once it is back what was left undone is done.
#[test]
fn without_quorum_nothing_fails_over() {
    let lost = story("k3s/after.json", &["fail:k3s1,k3s2"], 0);
    let back = story("k3s/after.json", &["fail:k3s1,k3s2", "recover:k3s2"], 0);
    let quorum = |outcome: &Value, step: usize| outcome["steps"][step]["controlPlane"].clone();
    assert_ne!(quorum(&lost, 0), quorum(&lost, 1));
    let timeline = lost["timeline"]["moments"].as_array().unwrap();
    let told: Vec<&str> = timeline.iter().filter_map(|moment| moment["what"].as_str()).collect();
    assert_eq!(told, ["event", "quiet"], "nobody is there to notice");
    let noticed = back["timeline"]["moments"].as_array().unwrap();
    assert!(noticed.iter().any(|moment| moment["what"] == "ready"), "{noticed:?}");
}

/// Plan Z: a budget equal to the replica count blocks every drain, and is named by what stays.
#[test]
fn a_budget_of_all_replicas_blocks_a_drain() {
    let outcome = story("zero-spof/after-longhorn.json", &["drain:blackboar"], 0);
    assert_eq!(at_rest(&outcome, "Deployment/shop/checkout"), "2 0 0");
    let blocked = outcome["steps"][1]["blocked"].as_array().unwrap();
    let is_checkout = |pod: &&Value| pod["pod"].as_str().unwrap().starts_with("shop/checkout-");
    let pod = blocked.iter().find(is_checkout).unwrap_or_else(|| panic!("{blocked:?}"));
    assert_eq!((&pod["node"], &pod["budgets"]), (&json!("blackboar"), &json!(["shop/checkout"])));
}

/// Plan Z: the majority side goes on without the minority, whose pods run on unheard and so exist
/// twice; a StatefulSet's do not. After healing all is reconciled.
#[test]
fn a_partition_and_its_end() {
    let file = "edge/cluster.json";
    let cut = story(file, &["partition:worker-1"], 0);
    let node = &cut["steps"][1]["nodes"]["worker-1"];
    assert_eq!((&node["state"], &node["cutOff"]), (&json!("NotReady"), &json!(true)));
    assert_eq!(at_rest(&cut, "StatefulSet/monitoring/prometheus"), "0 0 1");
    let healed = story(file, &["partition:worker-1", "heal"], 0);
    assert_eq!(at_rest(&healed, "StatefulSet/monitoring/prometheus"), "1 0 0");
}

/// Plan E, red: Prometheus is stuck until its node object is deleted or marked out-of-service.
#[test]
fn only_then_is_a_stateful_set_replaced() {
    let file = "edge/cluster.json";
    let prometheus = "StatefulSet/monitoring/prometheus";
    let red = ["fail:worker-1,worker-2"];
    assert_eq!(at_rest(&story(file, &red, 0), prometheus), "0 0 1");
    for freed in ["delete:worker-1", "out-of-service:worker-1"] {
        let outcome = story(file, &[red[0], freed], 0);
        assert_eq!(at_rest(&outcome, prometheus), "1 0 0", "{freed}");
    }
}

/// Rolling node upgrades take one node after the other.
#[test]
fn an_upgrade_is_told_node_by_node() {
    let arguments = ["simulate", "edge/cluster.json", "--budget", "100", "-o", "json"];
    let upgrade = ["--event", "upgrade:worker-2"];
    let arguments: Vec<&str> = arguments.into_iter().chain(upgrade).collect();
    // So small a budget leaves wide ranges, which is told by the exit code.
    let outcome = run(&arguments).ended(4).json();
    let steps = outcome["steps"].as_array().unwrap();
    let events: Vec<&str> = steps.iter().filter_map(|step| step["event"].as_str()).collect();
    let wanted =
        ["start", "drain:worker-2", "fail:worker-2", "recover:worker-2", "uncordon:worker-2"];
    assert_eq!(events, wanted);
}

/// A small shop: three nodes with room for one pod each, three pods, of which two must be there.
fn shop(name: &str) -> std::path::PathBuf {
    let labels = json!({"app": "web"});
    let spec = json!({"containers": [
        {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]});
    let owner = |kind: &str, name: &str| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name,
            "controller": true}])
    };
    let maker = |kind: &str, name: &str| {
        json!({"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": "shop", "uid": name},
            "spec": {"replicas": 3, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec}}})
    };
    let mut set = maker("ReplicaSet", "web-1");
    set["metadata"]["ownerReferences"] = owner("Deployment", "web");
    let mut items = vec![maker("Deployment", "web"), set];
    for node in ["a", "b", "c"] {
        items.push(json!({"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": node, "labels": {"kubernetes.io/hostname": node}},
            "status": {"allocatable": {"cpu": "1", "memory": "8Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]}}));
        let mut placed = spec.clone();
        placed["nodeName"] = json!(node);
        items.push(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("web-1-{node}"), "namespace": "shop", "labels": labels,
                "ownerReferences": owner("ReplicaSet", "web-1")},
            "spec": placed,
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}));
    }
    items.push(json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": labels}}));
    items.push(json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": labels}},
        "status": {"disruptionsAllowed": 1}}));
    let folder = crate::holdfast::folder(name);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    crate::holdfast::write(&folder, "cluster.json", list.to_string());
    folder
}

/// A node fails while another is drained: the ranges hold every moment, the run takes the middle.
#[test]
fn a_failure_in_the_middle_of_a_drain() {
    let folder = shop("joined-drain");
    let arguments = ["simulate", "cluster.json", "--event", "drain:a+fail:b"];
    assert_snapshot!(run_in(&folder, &arguments).ended(0).transcript());
}

/// What comes in the middle of a rollout, for machines: one step, whose events are named.
#[test]
fn joined_events_are_one_step() {
    let folder = shop("joined-rollout");
    let joined = "rollout:deployment/shop/web+fail:b";
    let arguments =
        ["simulate", "cluster.json", "-o", "json", "--event", joined, "--event", "recover:b"];
    let outcome = run_in(&folder, &arguments).ended(0).json();
    let steps = outcome["steps"].as_array().unwrap();
    let events: Vec<&str> = steps.iter().filter_map(|step| step["event"].as_str()).collect();
    assert_eq!(events, ["start", joined, "recover:b"]);
    assert_eq!(steps[1]["joined"], json!(["rollout:deployment/shop/web", "fail:b"]));
    assert_eq!((steps[0].get("joined"), steps[2].get("joined")), (None, None));
    let moments = outcome["timeline"]["moments"].as_array().unwrap();
    let told = |what: &str| moments.iter().filter(|moment| moment["what"] == what).count();
    assert_eq!((told("event"), told("quiet")), (3, 2), "{moments:?}");
}

/// Times change when things happen, and nothing else.
#[test]
fn times_can_be_assumed() {
    let file = "homelab/cluster.json";
    let told = |assume: &[&str]| {
        let arguments = ["simulate", file, "--event", "fail:homelab-02", "-o", "json"];
        let arguments: Vec<&str> = arguments.into_iter().chain(assume.iter().copied()).collect();
        run(&arguments).ended(0).json()
    };
    let (usual, slow) = (told(&[]), told(&["--assume", "image-start=2m"]));
    assert_eq!(usual["steps"], slow["steps"]);
    let below = |outcome: &Value| {
        let traefik = &outcome["timeline"]["downtime"]["Deployment/traefik/traefik"];
        traefik["belowDesired"]["told"].clone()
    };
    assert_eq!((below(&usual), below(&slow)), (json!(370), json!(470)));
}

#[test]
fn events_that_make_no_sense() {
    let mut told = String::new();
    for events in [
        &["fail:homelab-2"][..],
        &["recover:homelab-02"],
        &["fail:homelab-02", "fail:homelab-02"],
        &["out-of-service:homelab-02"],
        &["uncordon:homelab-02"],
        &["heal"],
        &["explode:homelab-02"],
        &["rollout:deployment/traefik/trafik"],
        &["rollout:pod/a/b"],
        &["scale:deployment/traefik/traefik"],
        &["delete-pod:nowhere/x"],
        &["fail:homelab-01", "drain:homelab-02"],
        &["fail:zone=mars"],
        &["drain:homelab-02+"],
        &["+fail:homelab-02"],
        &["drain:homelab-02++fail:homelab-03"],
        &["drain:homelab-02+fail:homelab-3"],
        &["fail:homelab-02+fail:homelab-02"],
        &["drain:homelab-02", "fail:homelab-03+recover:homelab-04"],
        &["upgrade:homelab-02+fail:homelab-03"],
    ] {
        let events: Vec<&str> = events.iter().flat_map(|event| ["--event", event]).collect();
        let arguments: Vec<&str> =
            ["simulate", "homelab/cluster.json"].into_iter().chain(events).collect();
        told += &run(&arguments).ended(2).stderr;
    }
    for assume in ["image-start", "image-start=soon", "imagestart=5s"] {
        let arguments = ["simulate", "homelab/cluster.json", "--assume", assume];
        told += &run(&arguments).ended(2).stderr;
    }
    assert_snapshot!(told);
}
