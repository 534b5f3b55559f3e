//! Which nodes can go, as the command tells it.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, write};
use crate::moving::{budget, cluster, deployment, node};

fn plan(arguments: &[&str]) -> Run {
    run(&[&["plan", "remove"], arguments].concat())
}

/// Five workers that are hardly used, of which one has a budget that lets nobody go.
fn spacious() -> Vec<Value> {
    let mut objects: Vec<Value> =
        ["a", "b", "c", "d", "e"].iter().map(|name| node(name, "4")).collect();
    objects.extend(deployment("web", &["a", "b", "c"], "1", &json!({})));
    objects.extend(deployment("api", &["a", "d"], "1", &json!({})));
    objects.extend(deployment("held", &["e"], "500m", &json!({})));
    objects.push(budget("held", 1));
    objects.push(budget("web", 2));
    objects
}

fn in_folder(name: &str) -> std::path::PathBuf {
    let folder = folder(&format!("removal-{name}"));
    write(&folder, "cluster.json", cluster(&spacious()));
    folder
}

#[test]
fn nodes_that_can_go() {
    let folder = in_folder("can-go");
    let removed = run_in(&folder, &["plan", "remove", "cluster.json"]);
    insta::assert_snapshot!("removal", removed.ended(0).transcript());
    for format in ["json", "markdown", "csv"] {
        let removed = run_in(&folder, &["plan", "remove", "cluster.json", "-o", format]);
        insta::assert_snapshot!(format!("removal-{format}"), removed.ended(0).transcript());
    }
    let calm = run_in(&folder, &["plan", "remove", "cluster.json", "--survive", "0"]);
    insta::assert_snapshot!("removal-calm", calm.ended(0).transcript());
}

/// What the plan says is drained, deleted, written as an export, and proved.
#[test]
fn what_is_left_is_proved() {
    let folder = in_folder("proved");
    let told = run_in(&folder, &["plan", "remove", "cluster.json", "-o", "json"]).ended(0).json();
    let mut story = vec!["simulate".to_owned(), "cluster.json".to_owned()];
    for gone in told["nodes"].as_array().unwrap() {
        let node = gone["node"].as_str().unwrap();
        for event in [format!("drain:{node}"), format!("delete:{node}")] {
            story.extend(["--event".to_owned(), event]);
        }
    }
    assert!(story.len() > 4, "some can go");
    story.extend(["--export".to_owned(), "end.json".to_owned()]);
    let story: Vec<&str> = story.iter().map(String::as_str).collect();
    run_in(&folder, &story).ended(0);
    let proved = run_in(&folder, &["prove", "end.json", "-o", "json"]).json();
    for workload in proved["workloads"].as_array().unwrap() {
        assert_eq!(workload["recovered"]["verdict"], "PROVED", "{}", workload["name"]);
    }
}

#[test]
fn homelab_keeps_its_nodes() {
    insta::assert_snapshot!(plan(&["homelab/cluster.json"]).ended(0).transcript());
}

#[test]
fn removals_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.plan.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let folder = in_folder("schema");
    let mut told = run_in(&folder, &["plan", "remove", "cluster.json", "-o", "json"]).json();
    if let Err(error) = schemas.validate(&told, schema) {
        panic!("{error}");
    }
    told["kept"][0]["reason"] = json!("perhaps");
    assert!(schemas.validate(&told, schema).is_err(), "the schema says something");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases: [(&[&str], &str); 4] = [
        (&["--survive", "9"], "only 4 nodes"),
        (&["--domain", "rack"], "no node has this label"),
        (&["--proofs", "0"], "--proofs must be at least one"),
        (&["--budget", "0"], "--budget must be at least one"),
    ];
    for (arguments, said) in cases {
        let failed = plan(&[&["homelab/cluster.json"], arguments].concat()).ended(2);
        assert_eq!(failed.stdout, "");
        assert!(failed.stderr.contains(said), "{said}: {}", failed.stderr);
    }
}
