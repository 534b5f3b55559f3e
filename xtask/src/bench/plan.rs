//! What plans cost: copies placed one by one, nodes added until failures are survived, and the
//! cheapest mix of node types.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use serde_json::{Value, json};

use super::process::{self, Usage};
use crate::log;
use crate::program::Program;

/// The cluster that copies are placed on.
const NODES: u32 = 1_000;

/// How many of them fit on a node.
const COPIES: u32 = 10;

/// What the scheduler that upstream's own program drives takes for as many copies, in seconds: some
/// 17 s were measured for kubernetes-sigs/cluster-capacity on a machine of two cores.
const UPSTREAM_SECONDS: f64 = 17.0;

/// The cluster that needs another node: nodes, and pods on each, as many as it takes.
const FULL_NODES: u32 = 300;
const FULL_PODS: u32 = 17;

/// What a mix is chosen from.
const TYPES: u32 = 20;

/// The most that finding out may take.
const NODES_SECONDS_MAX: f64 = 30.0;

/// The cluster whose pods are spread anew: nodes and pods, and the most that it may take.
const REBALANCED: (u32, u32) = (100, 3_000);
const REBALANCE_SECONDS_MAX: f64 = 10.0;

/// How often each is run; the fastest counts.
const RUNS: u32 = 5;

/// Measures what plans cost.
///
/// # Errors
/// When something does not build, run or measure.
pub(super) fn run(root: &Path, holdfast: &Path) -> Result<()> {
    fit(root, holdfast)?;
    nodes(root, holdfast)?;
    mix(root, holdfast)?;
    rebalance(root, holdfast)
}

fn fit(root: &Path, holdfast: &Path) -> Result<()> {
    let folder = super::folder(root)?;
    let (cluster, pod) = (folder.join("empty-nodes.json"), folder.join("pod.json"));
    fs::write(&cluster, empty())?;
    let text = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" },
        "spec": spec(16_000 / COPIES) });
    fs::write(&pod, text.to_string())?;
    let mut fit = Command::new(holdfast);
    fit.args(["plan", "fit"]).arg(&pod).arg(&cluster).args(["--survive", "0", "-o", "csv"]);
    let usage = fastest(&mut fit)?;
    log::result(format_args!(
        "plan fit, {} copies on {NODES} nodes, the whole process: {usage}; {:.0} times as fast as \
         the {UPSTREAM_SECONDS:.0} s of cluster-capacity",
        NODES * COPIES,
        UPSTREAM_SECONDS / usage.wall()
    ));
    Program::cargo(root)
        .args("run --quiet --release --package holdfast-planner --example fit --")
        .args(&format!("{NODES} {COPIES}"))
        .run()
}

fn nodes(root: &Path, holdfast: &Path) -> Result<()> {
    let cluster = super::folder(root)?.join("full-nodes.json");
    fs::write(&cluster, full())?;
    let mut nodes = Command::new(holdfast);
    nodes.args(["plan", "nodes", "--like", "node-00000", "-o", "csv"]).arg(&cluster);
    let usage = fastest(&mut nodes)?;
    log::result(format_args!(
        "plan nodes, {FULL_NODES} full nodes and {} pods, one node more is needed: {usage} (target \
         {NODES_SECONDS_MAX:.0} s)",
        FULL_NODES * FULL_PODS
    ));
    Ok(())
}

fn mix(root: &Path, holdfast: &Path) -> Result<()> {
    let folder = super::folder(root)?;
    let (cluster, catalog) = (folder.join("full-nodes.json"), folder.join("catalog.json"));
    fs::write(&cluster, full())?;
    fs::write(&catalog, twenty().to_string())?;
    for survive in ["0", "1"] {
        let mut mix = Command::new(holdfast);
        mix.args(["plan", "mix", "--survive", survive, "-o", "json", "--catalog"]);
        mix.arg(&catalog).arg(&cluster);
        let told: Value = serde_json::from_slice(&mix.output()?.stdout)?;
        let (found, bound) = (&told["mix"], &told["bound"]);
        let usage = fastest(&mut mix)?;
        log::result(format_args!(
            "plan mix --survive {survive}, {FULL_NODES} nodes, {} pods, {TYPES} types: {usage}, {} \
             of at least {bound}, gap {} % (target 1 %, {NODES_SECONDS_MAX:.0} s)",
            FULL_NODES * FULL_PODS,
            found["price"]["amount"],
            found["gapPercent"],
        ));
    }
    Ok(())
}

/// A catalogue of types of every size and ratio, with prices that nobody charges.
fn twenty() -> Value {
    let one = |at: u32| {
        let (cores, ratio) = (4 << (at % 5), [2, 4, 8, 6][at as usize / 5]);
        let memory = cores * ratio;
        let cents = cores * 2_000 + memory * 250 + at * 37 % 29;
        json!({ "name": format!("type-{at:02}"),
            "capacity": { "cpu": cores, "memory": format!("{memory}Gi"), "pods": 110 },
            "reserved": { "cpu": format!("{}m", 80 + cores * 10),
                "memory": format!("{}Mi", 1_024 + memory * 20) },
            "price": format!("{}.{:02}", cents / 100, cents % 100) })
    };
    json!({ "apiVersion": "holdfast.dev/v1", "kind": "NodeCatalog", "currency": "EUR",
        "per": "month", "source": "made up for measuring",
        "types": (0..TYPES).map(one).collect::<Vec<_>>() })
}

fn rebalance(root: &Path, holdfast: &Path) -> Result<()> {
    let cluster = super::export(root, holdfast, REBALANCED.0, REBALANCED.1)?;
    let mut rebalance = Command::new(holdfast);
    rebalance.args(["plan", "rebalance", "-o", "csv"]).arg(&cluster);
    let usage = fastest(&mut rebalance)?;
    log::result(format_args!(
        "plan rebalance, {} nodes and {} pods: {usage} (target {REBALANCE_SECONDS_MAX:.0} s)",
        REBALANCED.0, REBALANCED.1
    ));
    Ok(())
}

fn fastest(command: &mut Command) -> Result<Usage> {
    command.stdout(Stdio::null());
    let mut best = process::measure(command, &[0, 1, 4])?;
    for _ in 1..RUNS {
        let usage = process::measure(command, &[0, 1, 4])?;
        if usage.wall() < best.wall() {
            best = usage;
        }
    }
    Ok(best)
}

/// Nodes with nothing on them.
fn empty() -> String {
    list(&(0..NODES).map(node).collect::<Vec<_>>())
}

/// Nodes that hold as many pods as they take, ten of a kind, each on another node.
fn full() -> String {
    let mut items: Vec<Value> = (0..FULL_NODES).map(node).collect();
    // Where an export holds no Services at all, nobody knows how the scheduler spreads pods.
    items.push(json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "other", "namespace": "other" },
        "spec": { "selector": { "app": "other" } } }));
    for at in 0..FULL_NODES * FULL_PODS {
        let app = format!("app-{:05}", at / 10);
        let labels = json!({ "app": app });
        let mut spec = spec(16_000 / FULL_PODS);
        if at % 10 == 0 {
            items.push(json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": { "name": app, "namespace": "default", "uid": app },
                "spec": { "replicas": 10, "selector": { "matchLabels": labels },
                    "template": { "metadata": { "labels": labels }, "spec": spec } } }));
        }
        spec["nodeName"] = json!(name(at % FULL_NODES));
        let owner = json!([{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app,
            "uid": app, "controller": true }]);
        items.push(json!({ "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("{app}-{}", at % 10), "namespace": "default",
                "labels": labels, "ownerReferences": owner },
            "spec": spec,
            "status": { "phase": "Running",
                "conditions": [{ "type": "Ready", "status": "True" }] } }));
    }
    list(&items)
}

fn name(at: u32) -> String {
    format!("node-{at:05}")
}

fn node(at: u32) -> Value {
    let room = json!({ "cpu": "16", "memory": "64Gi", "pods": "110" });
    json!({ "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name(at), "labels": { "kubernetes.io/hostname": name(at) } },
        "status": { "allocatable": room, "conditions": [{ "type": "Ready", "status": "True" }] } })
}

fn spec(cpu_milli: u32) -> Value {
    let requests = json!({ "cpu": format!("{cpu_milli}m"), "memory": "1Gi" });
    json!({ "containers": [{ "name": "c", "image": "i", "resources": { "requests": requests } }] })
}

fn list(items: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
}
