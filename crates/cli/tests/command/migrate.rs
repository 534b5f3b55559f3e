//! The way between two layouts: plan D's, workers replaced, and small clusters whose every step is
//! taken a second time.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, write};
use crate::schemas::schema_of_plans;

fn migrate(from: &str, to: &str, more: &[&str]) -> Run {
    let option = |name: &str| format!("data-platform/option-{name}.json");
    run(&[&["plan", "migrate", &option(from), &option(to)], more].concat())
}

#[test]
fn from_high_availability_to_single_and_back() {
    insta::assert_snapshot!("b-to-c", migrate("b", "c", &[]).ended(1).transcript());
    insta::assert_snapshot!("c-to-b", migrate("c", "b", &[]).ended(1).transcript());
}

/// Volumes are folders of their node: what has one does not come along.
#[test]
fn from_two_workers_to_one_and_back() {
    insta::assert_snapshot!("a-to-b", migrate("a", "b", &[]).ended(1).transcript());
    insta::assert_snapshot!("b-to-a", migrate("b", "a", &[]).ended(1).transcript());
    for format in ["markdown", "csv"] {
        let name = format!("a-to-b-{format}");
        insta::assert_snapshot!(name, migrate("a", "b", &["-o", format]).ended(1).transcript());
    }
}

fn risks(step: &Value) -> Vec<&str> {
    let all = step["risks"].as_array().unwrap();
    all.iter().map(|risk| risk["risk"].as_str().unwrap()).collect()
}

#[test]
fn members_join_and_leave_one_by_one_and_two_are_a_risk() {
    let told = migrate("c", "b", &["-o", "json"]).ended(1).json();
    assert_eq!(schema_of_plans(&told), Ok(()));
    let etcd = |told: &Value| -> Vec<Value> {
        let steps = told["steps"].as_array().unwrap();
        steps.iter().map(|step| step["then"]["etcd"].clone()).collect()
    };
    assert_eq!(etcd(&told), [2, 3, 3], "and then cp-1 has its address shared");
    assert_eq!(risks(&told["steps"][0]), ["control-plane-stops"]);
    assert_eq!(told["steps"][0]["risks"][0]["hosts"], json!(["cp-1", "cp-2"]));
    assert_eq!((&told["steps"][1]["safe"], risks(&told["steps"][1])), (&json!("PROVED"), vec![]));
    assert_eq!(told["unreached"], json!(["Deployment/kube-system/coredns"]), "both are on cp-1");
    let back = migrate("b", "c", &["-o", "json"]).ended(1).json();
    assert_eq!(etcd(&back), [3, 3, 3, 2, 2, 1]);
    let mut wrong = back;
    wrong["steps"][0]["safe"] = json!("perhaps");
    assert!(schema_of_plans(&wrong).is_err(), "the schema says something");
}

/// The step between is a fixture of its own: the same is proved of it.
#[test]
fn two_members_are_as_the_fixture_has_them() {
    let told = migrate("c", "b", &["-o", "json"]).ended(1).json();
    let fixture = run(&["prove", "-o", "json", "data-platform/two-members.json"]).json();
    let mut expected = survivors(&fixture);
    // cp-1 has one of its own later.
    assert!(expected.remove("StaticPod/kube-system/kube-vip"));
    assert_eq!(names(&told["steps"][0]["then"]["survive"]), expected);
}

#[test]
fn workers_are_replaced() {
    let folder = folder("migrate-workers");
    let text = std::fs::read_to_string(fixtures().join("data-platform/option-b.json")).unwrap();
    write(&folder, "old.json", &text);
    write(&folder, "new.json", text.replace("worker-1", "worker-9"));
    let run = run_in(&folder, &["plan", "migrate", "old.json", "new.json"]).ended(1);
    insta::assert_snapshot!(run.transcript());
}

/// What is declared of both layouts holds between them, as far as its nodes are there.
#[test]
fn assumptions_of_both_layouts_are_laid_over_what_is_between() {
    let folder = folder("migrate-assumed");
    for option in ["option-b.json", "option-c.json"] {
        std::fs::copy(fixtures().join("data-platform").join(option), folder.join(option)).unwrap();
    }
    let file = |machines: &str, members: &str| {
        format!(
            "apiVersion: holdfast.dev/v1\nkind: Assumptions\nmachines:\n{machines}controlPlane:\n  \
             loadBalancer: {{members: [{members}]}}\n"
        )
    };
    let one = "- {name: hv-1, nodes: [cp-1, worker-1]}\n";
    let two = "- {name: hv-2, nodes: [cp-2]}\n- {name: hv-3, nodes: [cp-3]}\n";
    write(&folder, "b.yaml", file(&format!("{one}{two}"), "cp-1, cp-2, cp-3"));
    write(&folder, "c.yaml", file(one, "cp-1"));
    write(&folder, "lb.yaml", file(&format!("{one}- {{name: lb}}\n"), "lb"));
    let with = |second: &str| {
        let told = ["--from-assumptions", "b.yaml", "--to-assumptions", second, "-o", "json"];
        run_in(
            &folder,
            &[&["plan", "migrate", "option-b.json", "option-c.json"][..], &told].concat(),
        )
    };
    let told = with("c.yaml").ended(1).json();
    let stops = |at: usize| told["steps"][at]["then"]["stopsControlPlane"].clone();
    assert_eq!(stops(2), json!([]));
    assert_eq!(stops(3), json!(["cp-1", "cp-2", "hv-1", "hv-2"]));
    assert_eq!(stops(5), json!(["cp-1", "hv-1"]));
    let refused = with("lb.yaml").ended(2);
    assert!(
        refused.stderr.contains("the control plane is on lb in one layout"),
        "{}",
        refused.stderr
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let same = migrate("b", "b", &[]).ended(2);
    assert!(same.stderr.contains("both are the same layout"), "{}", same.stderr);
    let missing = migrate("b", "x", &[]).ended(2);
    assert!(
        missing.stderr.contains("cannot read data-platform/option-x.json"),
        "{}",
        missing.stderr
    );
    let budget = migrate("b", "c", &["--budget", "0"]).ended(2);
    assert!(budget.stderr.contains("--budget must be at least one"), "{}", budget.stderr);
    let unknown = migrate("b", "c", &["--to", "z"]).ended(2);
    assert!(unknown.stderr.contains("unexpected argument"), "{}", unknown.stderr);
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Workloads that survive any one node, as `prove` says.
fn survivors(report: &Value) -> BTreeSet<String> {
    let all = report["workloads"].as_array().unwrap().iter();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    let key = |one: &Value| {
        format!("{}/{}/{}", text(one, "kind"), text(one, "namespace"), text(one, "name"))
    };
    all.filter(|one| one["verdict"] == "PROVED").map(key).collect()
}

/// A cluster of some of six nodes, settled.
fn small(folder: &Path, file: &str, nodes: &[usize], (web, size): (usize, usize)) {
    let mut items = Vec::new();
    for node in nodes {
        let name = format!("n{node}");
        items.push(json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
            "status": {
                "allocatable": { "cpu": 2 + node % 3, "memory": "8Gi", "pods": "9" },
                "capacity": { "cpu": 2 + node % 3, "memory": "8Gi", "pods": "9" },
                "conditions": [{ "type": "Ready", "status": "True" }],
            },
        }));
    }
    for (name, replicas, cpu) in [("web", web, 500), ("api", size, 900), ("job", 1, 100)] {
        let labels = json!({ "app": name });
        items.push(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": "shop" },
            "spec": {
                "replicas": replicas, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": { "containers": [{
                    "name": "c", "image": "c",
                    "resources": { "requests": { "cpu": format!("{cpu}m") } },
                }] } },
            },
        }));
    }
    items.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "selector": { "app": "web" } },
    }));
    items.push(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "web" } } },
    }));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    write(folder, "bare.json", list.to_string());
    run_in(folder, &["simulate", "bare.json", "--export", file]).ended(0);
}

/// Edits of the export by hand, and one story of all that follows, come to what the steps come to.
#[test]
fn every_step_of_random_moves_is_the_same_as_an_edit() {
    let (mut joined, mut left) = (0, 0);
    for seed in 0..24_usize {
        let folder = folder(&format!("migrate-random-{seed}"));
        let pick = |mask: usize| (0..6).filter(|node| mask >> node & 1 == 1).collect::<Vec<_>>();
        let (was, is) = (pick((seed * 11 % 53) | 0b11), pick((seed * 29 % 61) | 0b110));
        let amounts = (1 + seed % 3, 1 + seed / 3 % 3);
        small(&folder, "from.json", &was, amounts);
        small(&folder, "to.json", &is, amounts);
        let moved = run_in(&folder, &["plan", "migrate", "from.json", "to.json", "-o", "json"]);
        if was == is {
            moved.ended(2);
            continue;
        }
        let told = moved.json();
        let steps = told["steps"].as_array().unwrap();
        let read = |file: &str| -> Value {
            serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap()
        };
        let (mut export, target) = (read("from.json"), read("to.json"));
        let mut events: Vec<String> = Vec::new();
        for step in steps {
            let node = step["node"].as_str().unwrap_or_default();
            match step["step"].as_str().unwrap() {
                "join" => {
                    let all = target["items"].as_array().unwrap().iter();
                    let new =
                        all.filter(|one| one["kind"] == "Node" && one["metadata"]["name"] == *node);
                    export["items"].as_array_mut().unwrap().extend(new.cloned());
                    joined += 1;
                }
                "cordon" => events.push(format!(
                    "cordon:{}",
                    names(&step["nodes"]).into_iter().collect::<Vec<_>>().join(",")
                )),
                "drain" => events.push(format!("drain:{node}")),
                "remove" => {
                    events.extend([format!("fail:{node}"), format!("delete:{node}")]);
                    left += 1;
                }
                other => panic!("{other}"),
            }
            write(&folder, "edited.json", export.to_string());
            let mut arguments = vec!["simulate", "edited.json", "--export", "between.json"];
            arguments.extend(events.iter().flat_map(|event| ["--event", event]));
            run_in(&folder, &arguments);
            let proved = run_in(&folder, &["prove", "between.json", "-o", "json"]).json();
            assert_eq!(names(&step["then"]["survive"]), survivors(&proved), "{seed}: {step}");
        }
    }
    assert!(joined >= 20 && left >= 20, "{joined} nodes joined, {left} left");
}

#[test]
fn a_budget_that_allows_nothing_blocks_the_drain() {
    let folder = folder("migrate-blocked");
    small(&folder, "from.json", &[0, 1], (1, 1));
    small(&folder, "to.json", &[2, 3], (1, 1));
    let told = run_in(&folder, &["plan", "migrate", "from.json", "to.json", "-o", "json"]).ended(1);
    let told = told.json();
    let steps = told["steps"].as_array().unwrap().iter();
    let mut risks = steps.flat_map(|step| step["risks"].as_array().unwrap());
    let blocked = risks.find(|risk| risk["risk"] == "drain-blocked");
    let blocked = blocked.expect("there is one web pod, and one must stay");
    assert_eq!(blocked["workloads"], json!(["Deployment/shop/web"]));
}
