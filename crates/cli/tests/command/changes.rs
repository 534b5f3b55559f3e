//! `diff` on pairs of before and after: each change is told by what it makes worse, and nothing
//! else is.

use std::fs;

use holdfast_ingest::Source;
use holdfast_ingest::overlay::{self, Overlaid};
use serde_json::{Map, Value, json};

use crate::check::valid;
use crate::holdfast::{Run, fixtures, folder, run, run_in, run_with};

/// The cluster, the change, and all that must be found.
type Pair = (&'static str, &'static str, &'static [&'static str]);

const HOMELAB: &str = "homelab/cluster.json";
const SHOP: &str = "zero-spof/after-longhorn.json";
const EDGE: &str = "edge/cluster.json";
const DATA: &str = "data-platform/option-a.json";

const PAIRS: [Pair; 37] = [
    (HOMELAB, "affinity-by-os", &["none-left Deployment/traefik/traefik"]),
    (HOMELAB, "affinity-dropped", &["not-by-rule Deployment/traefik/traefik"]),
    (HOMELAB, "affinity-of-another-namespace", &["not-by-rule Deployment/traefik/traefik"]),
    (HOMELAB, "affinity-only-preferred", &["not-by-rule Deployment/cert-manager/cert-manager"]),
    (HOMELAB, "budget-equals-replicas", &["drains-blocked PodDisruptionBudget/traefik/traefik"]),
    (
        HOMELAB,
        "budget-of-all",
        &["drains-blocked PodDisruptionBudget/longhorn-system/csi-attacher"],
    ),
    (
        HOMELAB,
        "budget-of-none-missing",
        &["drains-blocked PodDisruptionBudget/longhorn-system/csi-provisioner"],
    ),
    (HOMELAB, "budget-typo", &["budget-of-nothing PodDisruptionBudget/traefik/traefik"]),
    (
        HOMELAB,
        "evicted-later",
        &["down-too-long Deployment/longhorn-system/longhorn-driver-deployer"],
    ),
    (
        HOMELAB,
        "evicted-never",
        &["not-recovered Deployment/longhorn-system/longhorn-driver-deployer"],
    ),
    (HOMELAB, "fourth-replica", &["not-recovered Deployment/traefik/traefik"]),
    (HOMELAB, "new-budget-blocks", &["drains-blocked PodDisruptionBudget/kube-system/coredns"]),
    (HOMELAB, "new-single", &["none-left Deployment/default/dashboard"]),
    (HOMELAB, "new-without-room", &["not-recovered Deployment/default/builder"]),
    (HOMELAB, "pinned-to-one-node", &["none-left Deployment/kube-system/metrics-server"]),
    (HOMELAB, "replicas-reset", &["none-left Deployment/traefik/traefik"]),
    (
        HOMELAB,
        "request-too-large",
        &["none-left Deployment/monitoring/kube-prometheus-stack-grafana"],
    ),
    (HOMELAB, "scaled-to-zero", &["runs-no-more StatefulSet/databases/postgres"]),
    (HOMELAB, "selector-of-no-node", &["none-left Deployment/kube-system/metrics-server"]),
    (HOMELAB, "selector-typo", &["not-by-rule Deployment/traefik/traefik"]),
    (HOMELAB, "spread-too-strict", &["rollout-stuck Deployment/longhorn-system/longhorn-ui"]),
    (HOMELAB, "surge-cannot-fit", &["not-recovered Deployment/traefik/traefik"]),
    (HOMELAB, "third-replica", &["not-recovered Deployment/traefik/traefik"]),
    (HOMELAB, "wrong-topology-key", &["not-by-rule Deployment/traefik/traefik"]),
    (SHOP, "fewer-replicas", &["too-few-ready Deployment/shop/frontend"]),
    (SHOP, "max-unavailable-all", &["rollout-outage Deployment/shop/frontend"]),
    (SHOP, "pinned-to-one-node", &["none-left Deployment/shop/checkout"]),
    (SHOP, "rollout-does-not-fit", &["rollout-stuck Deployment/shop/frontend"]),
    (SHOP, "statefulset-of-one", &["none-left StatefulSet/shop/queue"]),
    (SHOP, "strategy-recreate", &["rollout-outage Deployment/shop/frontend"]),
    (
        SHOP,
        "surge-cannot-fit",
        &["not-recovered Deployment/ingress-nginx/ingress-nginx-controller"],
    ),
    (
        EDGE,
        "node-cordoned",
        &[
            "not-recovered Deployment/apps/frigate",
            "not-recovered Deployment/apps/grafana",
            "not-recovered Deployment/apps/node-red",
        ],
    ),
    (EDGE, "priority-lowered", &["not-recovered Deployment/argo-events/controller-manager"]),
    (EDGE, "request-doubled", &["not-recovered Deployment/argocd/argocd-repo-server"]),
    (EDGE, "request-doubled-of-others", &["rollout-stuck Deployment/apps/mosquitto"]),
    // Elsewhere it takes the room of one that comes later.
    (EDGE, "toleration-lost", &["not-recovered Deployment/apps/grafana"]),
    (DATA, "single-left", &["none-left Deployment/kube-system/coredns"]),
];

fn path((cluster, change, _): &Pair) -> String {
    let (plan, _) = cluster.split_once('/').unwrap();
    format!("changes/{plan}/{change}.yaml")
}

fn diff(cluster: &str, more: &[&str]) -> Run {
    run(&[&["diff", cluster, "-o", "json"], more].concat())
}

/// `ID KIND/NAMESPACE/NAME` of each finding.
fn found(told: &Value) -> Vec<String> {
    let findings = told["findings"].as_array().unwrap().iter();
    let name = |one: &Value| {
        let part = |field: &str| one["object"][field].as_str().unwrap().to_owned();
        let id = one["id"].as_str().unwrap();
        format!("{id} {}/{}/{}", part("kind"), part("namespace"), part("name"))
    };
    findings.map(name).collect()
}

#[test]
fn each_change_is_told_by_what_it_makes_worse() {
    for pair in PAIRS {
        let (cluster, change, expected) = pair;
        let path = path(&pair);
        let told = diff(cluster, &["--overlay", &path]);
        let report = told.json();
        assert_eq!(found(&report), expected, "{change}");
        assert_eq!(valid("holdfast.diff.v1.json", &report), Ok(()), "{change}");
        let findings = report["findings"].as_array().unwrap();
        let closes = findings.iter().any(|one| one["severity"] == "error");
        told.ended(u8::from(closes).into());
        // It stands where the change is made, or where who suffers from it was read.
        for finding in findings {
            let file = finding["place"]["file"].as_str().unwrap();
            assert!(file == path || file == cluster, "{change}: {file}");
        }
    }
}

/// The only object of a file.
fn manifest(path: &str) -> Value {
    let source = Source::named(path, fs::read(fixtures().join(path)).unwrap());
    let overlaid = Overlaid { sources: vec![source], ..Overlaid::default() };
    overlay::manifests(&overlaid).into_values().next().unwrap().value
}

/// What undoes a manifest: what it changes is as it was, what it adds is gone.
fn inverse(manifest: &Value, original: &Value) -> Value {
    match (manifest, original) {
        (Value::Object(says), Value::Object(was)) => {
            let undo = |(key, value): (&String, &Value)| {
                let undone = was.get(key).map_or(Value::Null, |was| inverse(value, was));
                (key.clone(), undone)
            };
            Value::Object(says.iter().map(undo).collect::<Map<_, _>>())
        }
        (Value::Array(_), Value::Array(was)) => {
            Value::Array([vec![json!({ "$patch": "replace" })], was.clone()].concat())
        }
        (_, original) => original.clone(),
    }
}

#[test]
fn a_change_and_its_reverse_leave_all_as_it_was() {
    let folder = folder("changes");
    for pair in PAIRS {
        let (cluster, change, _) = pair;
        let manifest = manifest(&path(&pair));
        let all: Value =
            serde_json::from_slice(&fs::read(fixtures().join(cluster)).unwrap()).unwrap();
        let original = all["items"].as_array().unwrap().iter().find(|item| {
            item["kind"] == manifest["kind"]
                && item["metadata"]["name"] == manifest["metadata"]["name"]
                && item["metadata"]["namespace"] == manifest["metadata"]["namespace"]
        });
        let Some(original) = original else { continue };
        let undone = inverse(&manifest, original);
        let undo = folder.join("undo.json");
        fs::write(&undo, undone.to_string()).unwrap();
        let undo = undo.display().to_string();
        let told = diff(cluster, &["--overlay", &path(&pair), "--overlay", &undo]);
        let report = told.ended(0).json();
        assert_eq!(found(&report), [""; 0], "{change}");
        assert_eq!(report["changes"], json!([]), "{change}");
        assert_eq!(report["counts"]["better"], 0, "{change}");
    }
}

#[test]
fn a_node_more_makes_nothing_worse() {
    let more = [
        (HOMELAB, "homelab-05=homelab-04"),
        (SHOP, "cloudserver4=cloudserver3"),
        (EDGE, "worker-3=worker-2"),
        (DATA, "work-2=work-1"),
        ("k3s/after.json", "k3s5=k3s4"),
    ];
    for (cluster, node) in more {
        let told = diff(cluster, &["--add-node", node]).ended(0).json();
        assert_eq!(found(&told), [""; 0], "{cluster}");
    }
}

#[test]
fn a_node_that_is_gone_is_told_by_whom_it_leaves_without_room() {
    let folder = folder("shrunk");
    fs::copy(fixtures().join(EDGE), folder.join("before.json")).unwrap();
    let events = ["--event", "drain:worker-2", "--event", "delete:worker-2"];
    let export = ["simulate", "before.json", "--export", "after.json"];
    run_in(&folder, &[&export, &events[..]].concat());
    let diff = ["diff", "before.json", "after.json"];
    insta::assert_snapshot!("node-gone", run_in(&folder, &diff).ended(1).transcript());
    let told = run_in(&folder, &[&diff[..], &["-o", "json"]].concat());
    let report = told.json();
    assert_eq!(valid("holdfast.diff.v1.json", &report), Ok(()));
    let gone = report["changes"].as_array().unwrap().iter();
    let gone: Vec<&Value> = gone.filter(|one| one["change"] == "removed").collect();
    assert!(gone.iter().any(|one| one["kind"] == "Node" && one["name"] == "worker-2"));
}

#[test]
fn what_is_told_of_a_change() {
    let path = "changes/homelab/affinity-dropped.yaml";
    let told = run(&["diff", HOMELAB, "--overlay", path]).ended(1);
    insta::assert_snapshot!("affinity-dropped", told.transcript());
    let told = run(&["diff", HOMELAB, "--overlay", path, "-o", "concise"]).ended(1);
    insta::assert_snapshot!("affinity-dropped-concise", told.transcript());
    let path = "changes/zero-spof/rollout-does-not-fit.yaml";
    let told = run(&["diff", SHOP, "--overlay", path]).ended(1);
    insta::assert_snapshot!("rollout-does-not-fit", told.transcript());
    run(&["diff", SHOP, "--overlay", path, "--exit-zero"]).ended(0);
}

/// A chart that does not say any more what it said: Helm takes that away.
#[test]
fn a_helm_upgrade_that_drops_the_affinity() {
    let folder = folder("helm");
    let all: Value = serde_json::from_slice(&fs::read(fixtures().join(HOMELAB)).unwrap()).unwrap();
    let mut chart = all["items"].as_array().unwrap().iter();
    let chart =
        chart.find(|one| one["kind"] == "Deployment" && one["metadata"]["name"] == "traefik");
    let mut chart = chart.unwrap().clone();
    chart["spec"]["template"]["spec"].as_object_mut().unwrap().remove("affinity");
    fs::write(folder.join("chart.json"), chart.to_string()).unwrap();
    let cluster = fixtures().join(HOMELAB).display().to_string();
    let told = run_in(&folder, &["diff", &cluster, "--overlay", "chart.json"]).ended(1);
    insta::assert_snapshot!("helm", told.transcript());
    // What it says again is there again.
    chart["spec"]["template"]["spec"]["affinity"] = json!({});
    fs::write(folder.join("chart.json"), chart.to_string()).unwrap();
    let told = run_in(&folder, &["diff", &cluster, "--overlay", "chart.json"]).ended(0);
    assert_eq!(told.stderr, "");
}

#[test]
fn a_plan_is_better_after_than_before() {
    let told = run(&["diff", "zero-spof/before.json", SHOP]);
    insta::assert_snapshot!("zero-spof", told.transcript());
}

#[test]
fn without_a_change_there_is_nothing_to_tell() {
    let told = run(&["diff", HOMELAB]).ended(2);
    insta::assert_snapshot!("no-change", told.transcript());
    run(&["diff", HOMELAB, HOMELAB]).ended(0);
    run(&["diff", HOMELAB, "nowhere.json"]).ended(2);
}

/// Standard input is one cluster, which is read once however often the command looks at it.
#[test]
fn the_cluster_before_may_be_piped() {
    let bytes = fs::read(fixtures().join(HOMELAB)).unwrap();
    let reset = ["--set", "deployment/traefik/traefik.replicas=1"];
    let piped = run_with(&bytes, &[&["diff", "-", "-o", "json"], &reset[..]].concat()).ended(1);
    let named = run(&[&["diff", HOMELAB, "-o", "json"], &reset[..]].concat()).ended(1);
    let prints = |told: &Run| {
        let findings = told.json()["findings"].as_array().unwrap().clone();
        findings.iter().map(|one| one["fingerprint"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(prints(&piped), prints(&named));
    let twice = run_with(b"", &["diff", "-", "-"]).ended(2);
    assert!(twice.stderr.contains("can be read only once"), "{}", twice.stderr);
}
