//! The cheapest mix of node types.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run_in, write};

fn in_folder(name: &str) -> std::path::PathBuf {
    let folder = folder(&format!("mix-{name}"));
    for (from, to) in [
        ("edge/cluster.json", "edge.json"),
        ("homelab/cluster.json", "homelab.json"),
        ("catalogs/example-cloud.yaml", "catalog.yaml"),
        ("catalogs/example-homelab.json", "unpriced.json"),
    ] {
        std::fs::copy(fixtures().join(from), folder.join(to)).unwrap();
    }
    folder
}

fn mix(name: &str, arguments: &[&str]) -> Run {
    let base = ["plan", "mix", "edge.json", "--catalog", "catalog.yaml"];
    run_in(&in_folder(name), &[&base[..], arguments].concat())
}

/// What stays on the node of the control plane is lost with it.
#[test]
fn mix_edge() {
    insta::assert_snapshot!(mix("edge", &[]).ended(1).transcript());
}

#[test]
fn mix_where_nothing_fails() {
    insta::assert_snapshot!(mix("none", &["--survive", "0"]).ended(0).transcript());
}

#[test]
fn mix_formats() {
    for format in ["json", "markdown", "csv"] {
        let told = mix(&format!("formats-{format}"), &["--survive", "0", "-o", format]);
        insta::assert_snapshot!(format!("mix-{format}"), told.ended(0).transcript());
    }
}

#[test]
fn mix_in_addition_to_what_is_there() {
    let told = mix("keep", &["--keep", "--grow", "2", "--survive", "0"]);
    insta::assert_snapshot!(told.transcript());
}

#[test]
fn mix_over_zones() {
    insta::assert_snapshot!(
        mix("zones", &["--domain", "topology.kubernetes.io/zone"]).transcript()
    );
}

/// Pods ask for labels and volumes that no type of the catalogue has.
#[test]
fn mix_that_cannot_be() {
    let folder = in_folder("homeless");
    let base = ["plan", "mix", "homelab.json", "--catalog", "catalog.yaml"];
    let told = run_in(&folder, &base);
    insta::assert_snapshot!("mix-homeless", told.ended(1).transcript());
    let told = run_in(&folder, &[&base[..], &["-o", "csv"]].concat());
    insta::assert_snapshot!("mix-homeless-csv", told.ended(1).transcript());
}

#[test]
fn questions_about_mixes_that_make_no_sense_are_refused() {
    let folder = in_folder("wrong");
    let head = "apiVersion: holdfast.dev/v1\nkind: NodeCatalog\ncurrency: EUR\nper: hour\n";
    let free = "source: s\ntypes:\n- {name: a, price: \"0\", capacity: {cpu: 1, memory: 1Gi}}\n";
    write(&folder, "free.yaml", format!("{head}{free}"));
    for arguments in [
        &["--catalog", "unpriced.json"][..],
        &["--catalog", "free.yaml"],
        &["--catalog", "catalog.yaml", "--domain", "rack"],
        &["--catalog", "catalog.yaml", "--grow", "0.5"],
        &["--catalog", "catalog.yaml", "--grow", "much"],
        &["--catalog", "catalog.yaml", "--tries", "0"],
        &[],
    ] {
        let told = run_in(&folder, &[&["plan", "mix", "edge.json"], arguments].concat()).ended(2);
        assert_eq!(told.stdout, "");
        insta::assert_snapshot!(format!("mix-wrong{}", arguments.join("-")), told.stderr);
    }
}

#[test]
fn mixes_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.plan.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let folder = in_folder("schema");
    for (input, part) in [("edge.json", "mix"), ("homelab.json", "homeless")] {
        let told = ["plan", "mix", input, "--catalog", "catalog.yaml", "-o", "json"];
        let told: Value = run_in(&folder, &told).json();
        if let Err(error) = schemas.validate(&told, schema) {
            panic!("{input}: {error}");
        }
        let mut wrong = told;
        wrong[part] = json!(7);
        assert!(schemas.validate(&wrong, schema).is_err(), "the schema says something");
    }
}
