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

/// That no workload lacks pods is not all there is to say.
#[test]
fn what_does_not_get_on_is_part_of_the_answer() {
    for (file, event, says) in [
        ("zero-spof/after-longhorn.json", "drain:cloudserver2", "drain of cloudserver2 is blocked"),
        ("data-platform/option-c.json", "fail:cp-1", "the control plane does not act"),
    ] {
        let told = run(&["simulate", file, "--event", event]).ended(0).stdout;
        let answer = told.split("\n\n").next().unwrap().replace('\n', " ");
        assert!(answer.contains(says), "{event}: {answer}");
    }
}

/// Plan H: as many replicas as its autoscaler goes to fit while all is healthy, not after a
/// failure. A count beyond is set back; one within is taken to stay, and named.
#[test]
fn an_autoscaler_above_two_replicas() {
    let folder = crate::holdfast::folder("autoscaler");
    let traefik = "Deployment/traefik/traefik";
    let autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "traefik", "namespace": "traefik"},
        "spec": {"minReplicas": 2, "maxReplicas": 3, "scaleTargetRef":
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "traefik"}}});
    crate::holdfast::write(&folder, "hpa.json", autoscaler.to_string());
    let file = folder.join("hpa.json").display().to_string();
    let told = |events: &[&str]| {
        let events = events.iter().flat_map(|event| ["--event", event]);
        let arguments = ["simulate", "homelab/cluster.json", &file, "-o", "json"];
        run(&arguments.into_iter().chain(events).collect::<Vec<_>>()).ended(0).json()
    };
    let outcome = told(&["scale:deployment/traefik/traefik=max", "fail:homelab-02"]);
    assert_eq!(outcome["autoscaled"], json!({traefik: {"min": 2, "max": 3}}));
    assert_eq!(outcome["steps"][1]["workloads"][traefik]["ready"], json!({"min": 3, "max": 3}));
    assert_eq!(at_rest(&outcome, traefik), "2 1 1");
    let outcome = told(&["scale:deployment/traefik/traefik=5"]);
    assert_eq!(at_rest(&outcome, traefik), "3 0 0");
    let moments = outcome["timeline"]["moments"].as_array().unwrap();
    let set_back = moments.iter().find(|moment| moment["what"] == "autoscale").unwrap();
    assert_eq!(
        *set_back,
        json!({"at": 15, "what": "autoscale", "workload": traefik, "desired": 3})
    );
    let words = |arguments: &[&str], code: i32| {
        let told = run(arguments).ended(code).transcript();
        told.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let scale = "scale:deployment/traefik/traefik=5";
    let human = words(&["simulate", "homelab/cluster.json", &file, "--event", scale], 0);
    let set_back = "the autoscaler sets traefik/deployment/traefik to 3 pods";
    let assumed = "Assumed: autoscalers leave as many pods as there are to \
                   traefik/deployment/traefik (2–3).";
    assert!(human.contains(set_back) && human.contains(assumed), "{human}");
    let proved = words(&["prove", "homelab/cluster.json", &file], 1);
    assert!(proved.contains(assumed), "{proved}");
}

/// A Job bears so many lost pods and gives up then; one that asks how they ended may go on or not.
#[test]
fn a_job_that_loses_a_pod() {
    let node = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let service = json!({"apiVersion": "v1", "kind": "ServiceList", "items": []});
    let after = |name: &str, policy: Value| {
        let mut job = json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "report", "namespace": "default"},
            "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 0,
                "template": {"spec": {"restartPolicy": "Never", "nodeName": "a",
                    "containers": [{"name": "c", "image": "i"}]}}}});
        if !policy.is_null() {
            job["spec"]["podFailurePolicy"] = json!({"rules": [policy]});
        }
        let folder = crate::holdfast::folder(name);
        let list = json!({"apiVersion": "v1", "kind": "List",
            "items": [node("a"), node("b"), service, job]});
        crate::holdfast::write(&folder, "cluster.json", list.to_string());
        let asks = policy.get("onExitCodes").is_some();
        let arguments = ["simulate", "cluster.json", "-o", "json", "--event", "fail:a"];
        let told = run_in(&folder, &arguments).ended(if asks { 4 } else { 0 }).json();
        told["steps"][1].clone()
    };
    let step = after("job-gives-up", Value::Null);
    assert_eq!(step["gaveUp"], json!(["Job/default/report"]));
    assert_eq!(step["workloads"]["Job/default/report"]["desired"], json!(0));
    let disrupted = json!({"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]});
    assert_eq!(after("job-ignores", disrupted).get("gaveUp"), None);
    let codes = json!({"containerName": "c", "operator": "In", "values": [42]});
    let step = after("job-asks", json!({"action": "FailJob", "onExitCodes": codes}));
    assert_eq!(step["doubts"], json!([{"reason": "job-policy"}]));
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
        &["scale:deployment/traefik/traefik=max"],
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
