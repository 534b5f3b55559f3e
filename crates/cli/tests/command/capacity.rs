//! How many fit, what is wasted, how many nodes are needed, and how much is tolerated.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::holdfast::{Run, fixtures, folder, run, run_in, write};

fn plan(arguments: &[&str]) -> Run {
    run(&[&["plan"], arguments].concat())
}

/// A pod that asks for little.
fn small() -> String {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "small" },
        "spec": { "containers": [{ "name": "c", "image": "i",
            "resources": { "requests": { "cpu": "150m", "memory": "100Mi" } } }] },
    })
    .to_string()
}

fn in_folder(name: &str) -> std::path::PathBuf {
    let folder = folder(&format!("capacity-{name}"));
    write(&folder, "pod.json", small());
    for (from, to) in [
        ("homelab/cluster.json", "cluster.json"),
        ("k3s/after.json", "k3s.json"),
        ("catalogs/example-cloud.yaml", "catalog.yaml"),
    ] {
        std::fs::copy(fixtures().join(from), folder.join(to)).unwrap();
    }
    folder
}

#[test]
fn fit_homelab() {
    let folder = in_folder("fit");
    let fit = run_in(&folder, &["plan", "fit", "pod.json", "cluster.json"]);
    insta::assert_snapshot!(fit.ended(0).transcript());
}

#[test]
fn fit_formats() {
    let folder = in_folder("fit-formats");
    let of = "cert-manager/cert-manager";
    let base = ["plan", "fit", of, "cluster.json", "--survive", "0"];
    for format in ["json", "markdown", "csv"] {
        let fit = run_in(&folder, &[&base[..], &["-o", format]].concat());
        insta::assert_snapshot!(format!("fit-{format}"), fit.ended(0).transcript());
    }
}

/// Each copy has claims of its own, which the export does not hold.
#[test]
fn fit_of_a_stateful_set() {
    let fit = plan(&["fit", "databases/postgres", "homelab/cluster.json", "--survive", "0"]);
    insta::assert_snapshot!(fit.ended(4).transcript());
}

#[test]
fn fit_of_a_deployment_that_is_not_there_yet() {
    let folder = in_folder("fit-manifest");
    let labels = json!({ "app": "web" });
    let spread = json!([{ "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": { "matchLabels": labels } }]);
    let containers = json!([{ "name": "c", "image": "i",
        "resources": { "requests": { "cpu": "300m" } } }]);
    let manifest = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "replicas": 3, "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels },
            "spec": { "topologySpreadConstraints": spread, "containers": containers } } },
    });
    write(&folder, "web.json", manifest.to_string());
    let fit = run_in(&folder, &["plan", "fit", "web.json", "cluster.json", "-o", "json"]).json();
    assert_eq!((&fit["of"]["name"], &fit["fits"]), (&json!("web"), &json!(3)), "one a worker");
    assert_eq!(fit["nodes"][1]["limits"][0]["limit"], "spread");
    assert_eq!(fit["best"], json!({ "found": 3, "bound": 3 }));
}

/// The homelab with a quota of a namespace.
fn under_quota(name: &str, spec: &Value) -> std::path::PathBuf {
    let folder = in_folder(name);
    let text = std::fs::read_to_string(folder.join("cluster.json")).unwrap();
    let mut export: Value = serde_json::from_str(&text).unwrap();
    export["items"].as_array_mut().unwrap().push(json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": { "name": "team", "namespace": "cert-manager" }, "spec": spec,
        "status": { "hard": spec["hard"], "used": {} },
    }));
    write(&folder, "cluster.json", export.to_string());
    folder
}

#[test]
fn what_a_quota_allows_is_told() {
    let hard = json!({ "pods": "9", "limits.cpu": "40" });
    let folder = under_quota("quota", &json!({ "hard": hard }));
    let of = ["plan", "fit", "cert-manager/cert-manager", "cluster.json"];
    insta::assert_snapshot!(run_in(&folder, &of).ended(0).transcript());
}

#[test]
fn a_quota_counts_only_where_it_runs_out_first() {
    let fit = |name: &str, spec: Value| {
        let folder = under_quota(name, &spec);
        let of = "cert-manager/cert-manager";
        let end = ["plan", "fit", of, "cluster.json", "--survive", "0", "-o", "json"];
        run_in(&folder, &end).ended(0).json()
    };
    let free = fit("quota-wide", json!({ "hard": { "pods": "900", "cpu": "1k" } }));
    let held = |fit: &Value| (fit["fits"].clone(), fit["complete"].clone());
    let (nodes, _) = held(&free);
    assert!(free["quotas"][0]["allows"].as_u64() > nodes.as_u64(), "{}", free["quotas"]);
    let none = fit("quota-full", json!({ "hard": { "pods": "1" } }));
    assert_eq!(held(&none), (json!(0), json!(true)));
    assert_eq!(none["best"], json!({ "found": 0, "bound": 0 }));
    let scoped = json!({ "hard": { "pods": "1" }, "scopes": ["BestEffort"] });
    let scoped = fit("quota-scoped", scoped);
    assert_eq!(held(&scoped), (nodes, json!(true)), "nobody knows whose it is");
    assert_eq!(scoped["quotas"], json!([{ "name": "team", "more": true }]));
}

/// A copy more is what the scheduler then has no node for; as many as are told all find one.
#[test]
fn as_many_as_fit_are_scheduled_and_no_more() {
    let folder = in_folder("fit-scheduled");
    let of = "deployment/cert-manager/cert-manager-webhook";
    let fit = run_in(&folder, &["plan", "fit", of, "cluster.json", "-o", "json"]).ended(0).json();
    let fits = fit["fits"].as_u64().unwrap();
    let inspect = |more: u64| {
        let set = format!("{of}.replicas={}", 2 + more);
        let end = ["simulate", "cluster.json", "--set", &set, "-o", "json"];
        let outcome = run_in(&folder, &end).json();
        outcome["steps"][0]["workloads"]["Deployment/cert-manager/cert-manager-webhook"].clone()
    };
    assert_eq!(inspect(fits)["pending"]["max"], 0, "{fits} fit");
    assert_eq!(inspect(fits + 1)["pending"]["min"], 1, "{fits} fit");
}

#[test]
fn what_cannot_be_copied_is_told() {
    let folder = in_folder("fit-wrong");
    let wrong = |of: &str| {
        let failed = run_in(&folder, &["plan", "fit", of, "cluster.json"]).ended(2);
        assert_eq!(failed.stdout, "");
        failed.stderr
    };
    let near = wrong("cert-manager/cert-manger");
    assert!(near.contains("did you mean cert-manager/cert-manager?"), "{near}");
    assert!(wrong("nothing").contains("of what?"));
    let daemon = wrong("daemonset/longhorn-system/longhorn-manager");
    assert!(daemon.contains("one pod on each node"), "{daemon}");
    assert!(wrong("cluster.json").contains("of which?"));
    let many = run_in(&folder, &["plan", "fit", "pod.json", "cluster.json", "--survive", "9"]);
    assert!(many.ended(2).stderr.contains("only 4 nodes"));
}

#[test]
fn waste_homelab() {
    insta::assert_snapshot!(plan(&["waste", "homelab/cluster.json"]).ended(0).transcript());
}

#[test]
fn waste_formats() {
    for format in ["json", "markdown", "csv"] {
        let waste = plan(&["waste", "homelab/cluster.json", "-o", format]);
        insta::assert_snapshot!(format!("waste-{format}"), waste.ended(0).transcript());
    }
}

#[test]
fn nodes_k3s() {
    let nodes = plan(&["nodes", "k3s/after.json", "--like", "k3s4", "--survive", "1"]);
    insta::assert_snapshot!(nodes.transcript());
}

#[test]
fn nodes_of_a_catalogue_have_their_price() {
    let folder = in_folder("nodes-catalog");
    let base = ["plan", "nodes", "k3s.json", "--catalog", "catalog.yaml", "--type", "medium"];
    let nodes = run_in(&folder, &base);
    insta::assert_snapshot!("nodes-catalog", nodes.transcript());
    for format in ["json", "markdown", "csv"] {
        let nodes = run_in(&folder, &[&base[..], &["-o", format]].concat());
        insta::assert_snapshot!(format!("nodes-{format}"), nodes.transcript());
    }
    let wrong = run_in(&folder, &[&base[..6], &["medum"]].concat()).ended(2);
    assert!(wrong.stderr.contains("did you mean medium?"), "{}", wrong.stderr);
}

#[test]
fn a_catalogue_that_makes_no_sense_is_refused_with_its_place() {
    let folder = in_folder("nodes-wrong");
    let head = "apiVersion: holdfast.dev/v1\nkind: NodeCatalog\ntypes:\n- name: a\n";
    write(
        &folder,
        "wrong.yaml",
        format!("{head}  capacity: {{cpu: -1, memory: 1Gi}}\n  prize: 3\n"),
    );
    write(&folder, "zero.yaml", format!("{head}  capacity: {{cpu: 0, memory: 1Gi}}\n"));
    for file in ["wrong.yaml", "zero.yaml"] {
        let nodes = ["plan", "nodes", "k3s.json", "--catalog", file, "--type", "a"];
        insta::assert_snapshot!(file, run_in(&folder, &nodes).ended(2).transcript());
    }
}

#[test]
fn tolerance_is_what_prove_says() {
    let plan = plan(&["tolerance", "edge/cluster.json", "-o", "json"]).json();
    let proved = run(&["prove", "--tolerance", "edge/cluster.json", "-o", "json"]).json();
    assert_eq!(plan["tolerance"], proved["tolerance"]);
    assert_eq!(plan["question"], "tolerance");
    let text = run(&["plan", "tolerance", "edge/cluster.json"]).stdout;
    assert_eq!(text, run(&["prove", "--tolerance", "edge/cluster.json"]).stdout);
    let table = run(&["plan", "tolerance", "edge/cluster.json", "-o", "markdown"]);
    insta::assert_snapshot!(table.transcript());
}

#[test]
fn capacity_plans_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/holdfast.plan.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let plans: [(&[&str], &str); 4] = [
        (&["fit", "cert-manager/cert-manager", "homelab/cluster.json"], "nodes"),
        (&["waste", "homelab/cluster.json"], "nodes"),
        (&["nodes", "k3s/after.json", "--like", "k3s4"], "tried"),
        (&["tolerance", "edge/cluster.json"], "tolerance"),
    ];
    for (arguments, part) in plans {
        let told: Value = plan(&[arguments, &["-o", "json"]].concat()).json();
        if let Err(error) = schemas.validate(&told, schema) {
            panic!("{arguments:?}: {error}");
        }
        let mut wrong = told;
        wrong[part] = json!(7);
        assert!(schemas.validate(&wrong, schema).is_err(), "the schema says something");
    }
}

#[test]
fn catalogues_follow_their_schema() {
    let path = fixtures().join("../docs/schemas/node-catalog.v1.json");
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let text = std::fs::read_to_string(fixtures().join("catalogs/example-homelab.json")).unwrap();
    let catalog: Value = serde_json::from_str(&text).unwrap();
    assert!(schemas.validate(&catalog, schema).is_ok());
    let mut wrong = catalog;
    wrong["types"][0]["price"] = json!("12");
    assert!(schemas.validate(&wrong, schema).is_err(), "a price without a currency");
}
