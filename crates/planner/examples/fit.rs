//! How long it takes to place copies one by one, without reading and telling: `cargo run --release
//! -p holdfast-planner --example fit`, with the number of nodes and of copies a node as arguments.
//!
//! Nodes of 16 cores with nothing on them; copies ask for CPU so that as many fit as were named.

use std::time::{Duration, Instant};

use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_ingest::{Options, Source, load};
use holdfast_scheduler::Scheduler;
use serde_json::{Value, json};

/// How often it is done; the fastest counts.
const RUNS: u32 = 10;

fn build(nodes: usize, copies: usize) -> Cluster {
    let mut objects: Vec<Value> = Vec::new();
    for at in 0..nodes {
        let name = format!("node-{at:05}");
        let room = json!({ "cpu": "16", "memory": "64Gi", "pods": "110" });
        let zone = format!("z{}", at % 3);
        objects.push(json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": {
                "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone } },
            "status": { "allocatable": room, "capacity": room },
        }));
    }
    let cpu = format!("{}m", 16_000 / copies.max(1));
    objects.push(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "namespace": "default" },
        "spec": { "containers": [{ "name": "c", "image": "i",
            "resources": { "requests": { "cpu": cpu, "memory": "1Gi" } } }] },
    }));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string();
    load(vec![Source::named("cluster", list)], &Options::default()).cluster
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let (nodes, copies) = (args.next().unwrap_or(1000), args.next().unwrap_or(10));
    let cluster = build(nodes, copies);
    let placement = Placement::of(&cluster);
    let mut fastest = Duration::MAX;
    let mut placed = 0;
    for _ in 0..RUNS {
        let started = now();
        let scheduler = Scheduler::new(&cluster);
        placed = scheduler.series(&placement, InstanceId::at(0)).count();
        fastest = fastest.min(started.elapsed());
    }
    println!("{placed} copies on {nodes} nodes placed in {:.1} ms", fastest.as_secs_f64() * 1e3);
}
