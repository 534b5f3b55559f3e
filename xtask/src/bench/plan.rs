//! What plans cost: copies placed one by one, and nodes added until failures are survived.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

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

/// How often each is run; the fastest counts.
const RUNS: u32 = 5;

/// Measures what plans cost.
///
/// # Errors
/// When something does not build, run or measure.
pub(super) fn run(root: &Path, holdfast: &Path) -> Result<()> {
    fit(root, holdfast)?;
    nodes(root, holdfast)
}

fn fit(root: &Path, holdfast: &Path) -> Result<()> {
    let folder = super::folder(root)?;
    let (cluster, pod) = (folder.join("empty-nodes.json"), folder.join("pod.json"));
    fs::write(&cluster, empty())?;
    let asks = format!(r#"{{"cpu":"{}m","memory":"1Gi"}}"#, 16_000 / COPIES);
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p"}},"spec":{{"containers":
        [{{"name":"c","image":"i","resources":{{"requests":{asks}}}}}]}}}}"#
    );
    fs::write(&pod, text)?;
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
    let export = super::export(root, holdfast, 300, 5_000)?;
    let text = fs::read_to_string(&export)?;
    let like = worker(&text).context("the cluster has a worker")?;
    let mut nodes = Command::new(holdfast);
    nodes.args(["plan", "nodes", "--like", &like, "--survive", "1", "-o", "csv"]).arg(&export);
    let usage = fastest(&mut nodes)?;
    log::result(format_args!("plan nodes, 300 nodes and 5,000 pods: {usage}"));
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

/// The last node that a synthetic export holds, which is a worker.
fn worker(export: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(export).ok()?;
    let is_node = |item: &&serde_json::Value| item["kind"] == "Node";
    let node = value["items"].as_array()?.iter().rfind(is_node)?;
    Some(node["metadata"]["name"].as_str()?.to_owned())
}

fn empty() -> String {
    let mut items = String::new();
    for at in 0..NODES {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            items,
            r#"{comma}{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"node-{at:05}","labels":
            {{"kubernetes.io/hostname":"node-{at:05}"}}}},"status":{{"allocatable":
            {{"cpu":"16","memory":"64Gi","pods":"110"}},"conditions":
            [{{"type":"Ready","status":"True"}}]}}}}"#
        );
    }
    format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#)
}
