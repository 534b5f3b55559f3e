//! Layouts side by side: plan D's, and files that make no sense.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, write};

const PLAN_D: &str = "data-platform/options.yaml";

fn plan(arguments: &[&str]) -> Run {
    run(&[&["plan", "options", PLAN_D], arguments].concat())
}

/// The plan's 40 GB of A are its arithmetic alone: 3 × 4 + 8 + 16 is 36.
#[test]
fn options_of_plan_d() {
    insta::assert_snapshot!(plan(&[]).ended(1).transcript());
    for format in ["markdown", "csv"] {
        let name = format!("options-{format}");
        insta::assert_snapshot!(name, plan(&["-o", format]).ended(1).transcript());
    }
}

#[test]
fn plan_d_has_what_it_has_and_loses_what_it_loses() {
    let told = plan(&["-o", "json"]).ended(1).json();
    let of = |at: usize| &told["options"][at];
    let size = |at: usize| {
        let (cpu, memory) = (of(at)["cpuMilli"].as_i64(), of(at)["memory"].as_i64());
        (of(at)["nodes"].as_i64().unwrap(), cpu.unwrap() / 1000, memory.unwrap() >> 30)
    };
    assert_eq!([0, 1, 2].map(size), [(5, 18, 36), (4, 14, 28), (2, 10, 20)]);
    let says = |at: usize| {
        ["cpu", "memory"].map(|what| {
            let all = of(at)["says"].as_array().unwrap();
            all.iter().find(|one| one["what"] == what).unwrap()["verdict"].clone()
        })
    };
    let (proved, refuted) = (json!("PROVED"), json!("REFUTED"));
    assert_eq!(says(0), [proved.clone(), refuted], "40 GB are 36");
    assert_eq!([says(1), says(2)], [[proved.clone(), proved.clone()], [proved.clone(), proved]]);
    assert_eq!(
        [0, 1, 2].map(|at| of(at)["verdict"].clone()),
        [json!("REFUTED"), json!("REFUTED"), json!("REFUTED")]
    );
    let standing = |at: usize| of(at)["controlPlane"]["survives"].clone();
    assert_eq!([0, 1, 2].map(standing), [json!(1), json!(1), json!(0)]);
    let points = |at: usize| {
        let all = of(at)["singlePoints"].as_array().unwrap();
        json!(all.iter().map(|one| one["name"].clone()).collect::<Vec<Value>>())
    };
    assert_eq!(points(0), json!(["infra-1", "work-1"]));
    assert_eq!(points(1), json!(["worker-1"]));
    assert_eq!(points(2), json!(["cp-1", "worker-1"]));
    for at in 0..3 {
        assert!(of(at).get("price").is_none(), "nobody names a price");
    }
}

/// Options beside each other in a folder: `text` is all but the head of their file.
fn options_in(name: &str, text: &str) -> std::path::PathBuf {
    let folder = folder(&format!("options-{name}"));
    for file in ["option-b.json", "option-c.json", "assumptions.yaml", "option-a.json"] {
        std::fs::copy(fixtures().join("data-platform").join(file), folder.join(file)).unwrap();
    }
    write(&folder, "o.yaml", format!("apiVersion: holdfast.dev/v1\nkind: LayoutOptions\n{text}"));
    folder
}

/// Prices of the test; a machine that carries a member and the work is a single point, too.
#[test]
fn prices_machines_and_domains_are_told_where_files_name_them() {
    let folder = options_in(
        "priced",
        "survive: {domain: kubernetes.io/hostname}\ncatalog: c.yaml\noptions:\n- name: C\n  \
         exports: [option-c.json]\n  nodeTypes: {cp-1: small, worker-1: large}\n- name: A\n  \
         exports: [option-a.json]\n  assumptions: assumptions.yaml\n",
    );
    write(
        &folder,
        "c.yaml",
        "apiVersion: holdfast.dev/v1\nkind: NodeCatalog\ncurrency: EUR\nper: month\nsource: made \
         up\ntypes:\n- {name: small, price: \"0.10\", capacity: {cpu: 2, memory: 4Gi}}\n- {name: \
         large, price: \"0.20\", capacity: {cpu: 8, memory: 16Gi}}\n",
    );
    let told = run_in(&folder, &["plan", "options", "o.yaml", "-o", "json"]).ended(0).json();
    let price = json!({ "amount": "0.30", "currency": "EUR", "per": "month", "source": "made up" });
    assert_eq!(told["options"][0]["price"], price);
    assert_eq!(
        told["options"][0]["brokenBy"]["domains"],
        json!(["kubernetes.io/hostname=worker-1"])
    );
    let with_machines = &told["options"][1];
    assert!(with_machines.get("price").is_none(), "its nodes have no types");
    let all = with_machines["singlePoints"].as_array().unwrap();
    let names: Vec<&Value> = all.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["infra-1", "work-1", "hv-1", "hv-2"]);
}

#[test]
fn options_that_make_no_sense_are_refused_with_their_place() {
    let one = "options:\n- name: C\n  exports: [option-c.json]\n";
    let cases = [
        ("survive: {nodes: 1}\noptions: []\n".to_owned(), "o.yaml:1:", "it has no options"),
        (
            format!("survive: {{nodes: 1}}\n{one}- name: C\n  exports: [option-c.json]\n"),
            "o.yaml:7:",
            "option C is there twice",
        ),
        (
            "survive: {nodes: 1}\noptions:\n- name: C\n  exports: [option-x.json]\n".to_owned(),
            "o.yaml:6:",
            "there is no option-x.json",
        ),
        (
            format!("survive: {{nodes: 3}}\n{one}"),
            "o.yaml:5:",
            "option C: 3 nodes are to fail, and it has only 2",
        ),
        (
            format!("survive: {{domain: rack}}\n{one}"),
            "o.yaml:5:",
            "option C: no node has the label rack",
        ),
        (format!("survive: {{}}\n{one}"), "o.yaml:1:", "survive is either"),
        (format!("survive: {{nodes: 1}}\noptoins: []\n{one}"), "o.yaml:4:", "optoins"),
    ];
    for (at, (text, place, said)) in cases.into_iter().enumerate() {
        let folder = options_in(&format!("wrong-{at}"), &text);
        let failed = run_in(&folder, &["plan", "options", "o.yaml"]).ended(2);
        assert_eq!(failed.stdout, "");
        assert!(failed.stderr.contains(place), "{place}: {}", failed.stderr);
        assert!(failed.stderr.contains(said), "{said}: {}", failed.stderr);
    }
    let missing = run(&["plan", "options", "nowhere.yaml"]).ended(2);
    assert!(missing.stderr.contains("cannot read nowhere.yaml"), "{}", missing.stderr);
}

#[test]
fn a_type_that_a_node_is_not_of_is_refused() {
    let folder = options_in(
        "types",
        "survive: {nodes: 1}\ncatalog: c.yaml\noptions:\n- name: C\n  exports: [option-c.json]\n  \
         nodeTypes: {cp-1: large}\n",
    );
    let catalog = fixtures().join("data-platform/catalog.yaml");
    let text = std::fs::read_to_string(catalog).unwrap().replace("name: workload", "name: large");
    write(&folder, "c.yaml", text);
    let failed = run_in(&folder, &["plan", "options", "o.yaml"]).ended(2);
    assert!(failed.stderr.contains("cp-1 has 2 CPU, and large has 8"), "{}", failed.stderr);
}

#[test]
fn options_and_their_answer_follow_their_schemas() {
    let check = |schema: &str, value: &Value| {
        let path = fixtures().join("../docs/schemas").join(schema);
        let mut schemas = Schemas::new();
        let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
        schemas.validate(value, schema).map_err(|error| error.to_string())
    };
    let mut told: Value = plan(&["-o", "json"]).json();
    assert_eq!(check("holdfast.plan.v1.json", &told), Ok(()));
    told["options"][0]["verdict"] = json!("perhaps");
    assert!(check("holdfast.plan.v1.json", &told).is_err(), "the schema says something");
    let mut file = json!({
        "apiVersion": "holdfast.dev/v1", "kind": "LayoutOptions", "survive": { "nodes": 1 },
        "catalog": "c.yaml",
        "options": [{ "name": "C", "exports": ["c.json"], "assumptions": "a.yaml",
            "nodeTypes": { "n": "small" }, "says": { "cpu": 10, "memory": "20Gi" } }],
    });
    assert_eq!(check("layout-options.v1.json", &file), Ok(()));
    file["survive"]["domain"] = json!("zone");
    assert!(check("layout-options.v1.json", &file).is_err(), "either nodes or a domain");
}
