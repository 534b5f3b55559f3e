//! `--scheduler-config`: what kube-scheduler is told, Holdfast goes by.

use insta::{assert_snapshot, with_settings};
use serde_json::{Value, json};

use crate::holdfast::{folder, report, run_in, workload, write};

const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

fn node(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}})
}

fn pod(name: &str, patch: &Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "i",
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}]}});
    for (part, fields) in patch.as_object().unwrap() {
        for (field, value) in fields.as_object().unwrap() {
            pod[part][field] = value.clone();
        }
    }
    pod
}

fn list(objects: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()
}

/// Two nodes, one of them in use.
fn half_used(pending: &Value) -> String {
    let bound = pod("old", &json!({"spec": {"nodeName": "a"}, "status": {"phase": "Running"}}));
    list(&[node("a"), node("b"), bound, pod("new", pending)])
}

/// Where `default/new` goes.
fn node_of(test: &str, config: &str, pending: &Value) -> Option<String> {
    let folder = folder(test);
    write(&folder, "cluster.json", half_used(pending));
    write(&folder, "scheduler.yaml", format!("{HEAD}{config}"));
    let arguments = ["explain", "cluster.json", "-o", "json", "--scheduler-config"];
    let arguments: Vec<&str> = arguments.into_iter().chain(["scheduler.yaml"]).collect();
    let answer = run_in(&folder, &arguments).ended(0).json();
    answer[0]["node"].as_str().map(str::to_owned)
}

const PACKING: &str = "
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  pluginConfig:
  - {name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}
";

#[test]
fn a_pod_goes_by_the_profile_that_it_names() {
    let named = json!({"spec": {"schedulerName": "packing"}});
    assert_eq!(node_of("spreading", PACKING, &json!({})).as_deref(), Some("b"));
    assert_eq!(node_of("packing", PACKING, &named).as_deref(), Some("a"));
    let added = "
profiles:
- pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]
";
    assert_eq!(node_of("added", added, &json!({})).as_deref(), Some("a"));
}

#[test]
fn a_pod_that_names_no_profile_is_left_alone() {
    let folder = folder("no-profile");
    write(&folder, "cluster.json", half_used(&json!({"spec": {"schedulerName": "packing"}})));
    run_in(&folder, &["explain", "cluster.json"]).ended(3);
}

#[test]
fn refused() {
    let folder = folder("refused-configs");
    write(&folder, "cluster.json", half_used(&json!({})));
    let weight = "profiles:\n- plugins:\n    score:\n      enabled:\n      - {name: NodeName}\n";
    for (name, text) in [
        ("version", HEAD.replace("/v1\n", "/v1beta3\n")),
        ("other-object", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n".to_owned()),
        ("unknown-field", format!("{HEAD}profile: []\n")),
        ("wrong-type", format!("{HEAD}percentageOfNodesToScore: half\n")),
        ("wrong-point", format!("{HEAD}{weight}")),
        ("no-yaml", "a: [".to_owned()),
    ] {
        write(&folder, "scheduler.yaml", text);
        for command in ["prove", "explain"] {
            let arguments = [command, "cluster.json", "--scheduler-config", "scheduler.yaml"];
            let run = run_in(&folder, &arguments).ended(2);
            assert_eq!(run.stdout, "", "{}", run.transcript());
            with_settings!({ snapshot_suffix => name }, {
                assert_snapshot!("refused_config", run.transcript());
            });
        }
    }
    let missing = ["explain", "cluster.json", "--scheduler-config", "nowhere.yaml"];
    assert!(run_in(&folder, &missing).ended(2).stderr.contains("cannot read nowhere.yaml"));
}

/// Three nodes and a Deployment of one pod.
fn deployment() -> Vec<Value> {
    let labels = json!({"app": "web"});
    let spec = json!({"containers": [{"name": "c", "image": "i"}]});
    let template = json!({"metadata": {"labels": labels}, "spec": spec});
    let selector = json!({"matchLabels": labels});
    let owner = |kind: &str, name: &str| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name,
            "controller": true}])
    };
    let made = |kind: &str, name: &str, owners: Value| {
        json!({"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": "default", "uid": name,
                "ownerReferences": owners},
            "spec": {"replicas": 1, "selector": selector, "template": template}})
    };
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let running = pod(
        "web-1-x",
        &json!({"metadata": {"ownerReferences": owner("ReplicaSet", "web-1")},
            "spec": {"nodeName": "a"}, "status": {"phase": "Running", "conditions": ready}}),
    );
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"}, "spec": {"selector": labels}});
    let set = made("ReplicaSet", "web-1", owner("Deployment", "web"));
    vec![
        node("a"),
        node("b"),
        node("c"),
        made("Deployment", "web", json!([])),
        set,
        running,
        service,
    ]
}

/// What `prove` says of the Deployment's recovery, and why.
fn recovery(test: &str, config: &str) -> (String, Value) {
    let folder = folder(test);
    write(&folder, "cluster.json", list(&deployment()));
    write(&folder, "scheduler.yaml", format!("{HEAD}{config}"));
    let folder = &folder;
    let inputs = ["cluster.json", "--scheduler-config", "scheduler.yaml", "--fail", "a"];
    let arguments: Vec<&str> = ["prove", "-o", "json"].into_iter().chain(inputs).collect();
    let code = run_in(folder, &arguments).code.unwrap();
    let report = report(folder, &inputs, code);
    let claim = workload(&report, "Deployment", "web")["recovered"].clone();
    (claim["verdict"].as_str().unwrap().to_owned(), claim)
}

#[test]
fn what_rests_on_strangers_is_unknown_by_name() {
    assert_eq!(recovery("default-profile", "").0, "PROVED");
    assert_eq!(
        recovery("weights", "profiles: [{plugins: {score: {disabled: [{name: '*'}]}}}]").0,
        "PROVED"
    );
    let extender = "extenders: [{urlPrefix: 'http://localhost', filterVerb: filter}]";
    let managed = "extenders: [{urlPrefix: 'http://localhost', filterVerb: filter, \
                   managedResources: [{name: example.com/fpga}]}]";
    let foreign = "profiles: [{plugins: {filter: {enabled: [{name: Coscheduling}]}}}]";
    let odd = "profiles: [{plugins: {multiPoint: {disabled: [{name: NodeResourcesFit}]}}}]";
    let stranger = "profiles: [{schedulerName: other}]";
    assert_eq!(recovery("managed", managed).0, "PROVED");
    for (test, config, reason) in [
        ("extender", extender, "extender"),
        ("foreign", foreign, "foreign-plugin"),
        ("odd", odd, "odd-profile"),
        ("stranger", stranger, "foreign-scheduler"),
    ] {
        let (verdict, claim) = recovery(test, config);
        assert_eq!(verdict, "UNKNOWN", "{test}: {claim}");
        assert!(claim.to_string().contains(&format!("\"{reason}\"")), "{test}: {claim}");
    }
}

/// An added affinity that no other node meets leaves the pod nowhere to go.
#[test]
fn an_added_affinity_refutes() {
    let config = "
profiles:
- pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]
";
    assert_eq!(recovery("added-refutes", config).0, "REFUTED");
}

#[test]
fn cases_carry_their_configuration() {
    let folder = folder("case-configs");
    let objects = vec![node("a"), node("b"), pod("new", &json!({"spec": {"schedulerName": "x"}}))];
    let config = |name: &str| {
        json!({"apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration", "profiles": [{"schedulerName": name}]})
    };
    let line = |id: &str, config: Value| {
        json!({"id": id, "objects": objects, "config": config}).to_string() + "\n"
    };
    let lines = line("ours", config("x")) + &line("theirs", config("y")) + &line("bad", json!({}));
    write(&folder, "cases.ndjson", lines);
    let run = run_in(&folder, &["explain", "--cases", "cases.ndjson", "-o", "ndjson"]).ended(0);
    let answers: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0]["pods"][0]["result"], "scheduled");
    assert_eq!(answers[1]["pods"], json!([]));
    assert!(answers[2]["error"].is_string(), "{}", answers[2]);
}

#[test]
fn beyond_a_hundred_nodes_the_search_is_a_sample() {
    let folder = folder("sampled");
    let mut objects: Vec<Value> = (0..150).map(|at| node(&format!("n{at:03}"))).collect();
    objects.push(pod("new", &json!({})));
    write(&folder, "cluster.json", list(&objects));
    let all = run_in(&folder, &["explain", "cluster.json"]).ended(0).stdout;
    let sentence = "kube-scheduler looks at 100 of the 150 that take the pod";
    assert!(all.replace('\n', " ").contains(sentence), "{all}");
    assert!(all.replace('\n', " ").contains("150 nodes may come out best"), "{all}");
    write(&folder, "scheduler.yaml", format!("{HEAD}percentageOfNodesToScore: 100\n"));
    let arguments = ["explain", "cluster.json", "--scheduler-config", "scheduler.yaml"];
    let whole = run_in(&folder, &arguments).ended(0).stdout;
    assert!(!whole.contains("kube-scheduler looks at"), "{whole}");
}

/// A story of a pod that may land where no start that was tried shows the scheduler to put it is
/// not exact.
#[test]
fn a_sampled_story_is_not_exact() {
    let folder = folder("sampled-story");
    let mut objects = deployment();
    objects.extend((0..130).map(|at| node(&format!("n{at:03}"))));
    for node in &mut objects {
        if node["metadata"]["name"] == "n000" {
            node["status"]["allocatable"]["cpu"] = json!("64");
        }
    }
    write(&folder, "cluster.json", list(&objects));
    let last = |extra: &[&str], code: i32| {
        let story = ["simulate", "cluster.json", "--event", "fail:a", "-o", "json"];
        let arguments: Vec<&str> = story.iter().chain(extra).copied().collect();
        run_in(&folder, &arguments).ended(code).json()["steps"][1].clone()
    };
    let step = last(&[], 4);
    assert_eq!(
        (&step["exact"], &step["doubts"]),
        (&json!(false), &json!([{"reason": "sampling"}]))
    );
    write(&folder, "scheduler.yaml", format!("{HEAD}percentageOfNodesToScore: 100\n"));
    let step = last(&["--scheduler-config", "scheduler.yaml"], 0);
    assert_eq!((&step["exact"], &step["nodes"]["n000"]["pods"]["max"]), (&json!(true), &json!(1)));
    assert_eq!(step["nodes"]["n001"]["pods"]["max"], 0);
}

/// A service outside may keep a pod off every node: its story promises nothing.
#[test]
fn a_story_with_an_extender_promises_nothing() {
    let folder = folder("extender-story");
    write(&folder, "cluster.json", list(&deployment()));
    let extender = "extenders: [{urlPrefix: 'http://localhost', filterVerb: filter}]\n";
    write(&folder, "scheduler.yaml", format!("{HEAD}{extender}"));
    let story = ["simulate", "cluster.json", "--event", "fail:a", "-o", "json"];
    let arguments: Vec<&str> =
        story.into_iter().chain(["--scheduler-config", "scheduler.yaml"]).collect();
    let step = run_in(&folder, &arguments).ended(4).json()["steps"][1].clone();
    assert_eq!(
        (&step["exact"], &step["doubts"]),
        (&json!(false), &json!([{"reason": "extender"}]))
    );
    assert_eq!(step["workloads"]["Deployment/default/web"]["ready"], json!({"min": 0, "max": 1}));
}
