//! Which pods to delete so that they are spread, as the command tells it.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{fixtures, folder, run, run_in, write};
use crate::moving::{budget, cluster, deployment, node};

/// Three pods that lie together on one of three nodes, which a preference would keep apart.
fn crowded() -> Vec<Value> {
    let mut objects: Vec<Value> = ["a", "b", "c"].iter().map(|name| node(name, "8")).collect();
    let spread = json!({ "topologySpreadConstraints": [{ "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": { "matchLabels": { "app": "web" } } }] });
    objects.extend(deployment("web", &["a", "a", "a"], "500m", &spread));
    objects.extend(deployment("api", &["b", "c"], "1", &json!({})));
    objects.push(budget("web", 2));
    objects
}

fn in_folder(name: &str, objects: &[Value]) -> std::path::PathBuf {
    let folder = folder(&format!("rebalance-{name}"));
    write(&folder, "cluster.json", cluster(objects));
    folder
}

#[test]
fn the_fewest_deletions() {
    let folder = in_folder("spread", &crowded());
    let plan = run_in(&folder, &["plan", "rebalance", "cluster.json"]);
    insta::assert_snapshot!("rebalance", plan.ended(0).transcript());
    for format in ["json", "markdown", "csv"] {
        let plan = run_in(&folder, &["plan", "rebalance", "cluster.json", "-o", format]);
        insta::assert_snapshot!(format!("rebalance-{format}"), plan.ended(0).transcript());
    }
    let load =
        run_in(&folder, &["plan", "rebalance", "cluster.json", "--load", "cpu", "--within", "5"]);
    insta::assert_snapshot!("rebalance-load", load.transcript());
}

/// A budget that lets nobody go keeps the pods where they are.
#[test]
fn what_cannot_be_moved_is_told() {
    let mut objects = crowded();
    objects.pop();
    objects.push(budget("web", 3));
    let folder = in_folder("held", &objects);
    let plan = run_in(&folder, &["plan", "rebalance", "cluster.json"]);
    insta::assert_snapshot!(plan.ended(1).transcript());
}

#[test]
fn rebalances_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.plan.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let folder = in_folder("schema", &crowded());
    for more in [&[][..], &["--load", "memory", "--within", "1"]] {
        let arguments = [&["plan", "rebalance", "cluster.json", "-o", "json"], more].concat();
        let mut told = run_in(&folder, &arguments).json();
        if let Err(error) = schemas.validate(&told, schema) {
            panic!("{error}");
        }
        told["goal"] = json!("perhaps");
        assert!(schemas.validate(&told, schema).is_err(), "the schema says something");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases: [(&[&str], &str); 4] = [
        (&["--moves", "0"], "--moves must be at least one"),
        (&["--steps", "0"], "--steps must be at least one"),
        (&["--load", "cpu", "--within", "101"], "shares differ by 100 at most"),
        (&["--load", "disk"], "invalid value 'disk'"),
    ];
    for (arguments, said) in cases {
        let failed =
            run(&[&["plan", "rebalance", "homelab/cluster.json"], arguments].concat()).ended(2);
        assert_eq!(failed.stdout, "");
        assert!(failed.stderr.contains(said), "{said}: {}", failed.stderr);
    }
}
