//! How long one decision takes on a large cluster: `cargo run --release -p holdfast-scheduler
//! --example decide`, with the number of nodes and of pods a node as arguments.
//!
//! Nodes in three zones; workloads of ten pods with a Service each, every third with required
//! anti-affinity by host. One node after the other fails, and its pods are placed anew.

use std::time::Instant;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_scheduler::{Scheduler, Scratch};
use serde_json::{Value, json};

#[path = "../tests/support/mod.rs"]
mod support;

fn build(nodes: usize, pods_per_node: usize) -> Cluster {
    let mut objects: Vec<Value> = Vec::new();
    for at in 0..nodes {
        let patch = json!({
            "metadata": {"labels": {"topology.kubernetes.io/zone": format!("z{}", at % 3)}},
            "status": {"allocatable": {"cpu": "16", "memory": "64Gi"}},
        });
        objects.push(support::node(&format!("node-{at:05}"), &patch));
    }
    for at in 0..nodes * pods_per_node {
        let app = format!("app-{:05}", at / 10);
        let node = format!("node-{:05}", at * 7919 % nodes);
        let mut patch = support::cpu("300m", 0);
        support::merge(&mut patch, &json!({"metadata": {"labels": {"app": app}}}));
        if (at / 10).is_multiple_of(3) {
            let same = json!({"matchLabels": {"app": app}});
            let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": same});
            let affinity = json!({"podAntiAffinity":
                {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
            support::merge(&mut patch, &json!({"spec": {"affinity": affinity}}));
        }
        objects.push(support::running(&format!("pod-{at}"), &node, &patch));
        if at % 10 == 0 {
            objects.push(json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": app, "namespace": "default"},
                "spec": {"selector": {"app": app}},
            }));
        }
    }
    support::cluster(&objects)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let (nodes, pods) = (args.next().unwrap_or(1000), args.next().unwrap_or(30));
    let cluster = build(nodes, pods);
    let mut placement = Placement::of(&cluster);
    let started = now();
    let scheduler = Scheduler::new(&cluster);
    println!("compiled in {:?}", started.elapsed());
    let mut scratch = Scratch::default();
    // The second round finds everything compiled that depends on the pods.
    for failing in [0, 1, 2, 0, 1, 2] {
        let failed = NodeId::at(failing);
        let lost: Vec<InstanceId> = placement.node(failed).pods.clone();
        let mark = placement.mark();
        placement.change_node(&cluster, failed, |flags| flags.taints.unreachable = true);
        let started = now();
        for &pod in &lost {
            let pending = |instance: &mut holdfast_cluster::placement::Instance| {
                instance.whereabouts = Whereabouts::Pending;
            };
            placement.change(&cluster, pod, pending);
            let best = scheduler.candidates(&placement, pod, &mut scratch)[0];
            placement.bind(&cluster, pod, best);
        }
        let took = started.elapsed();
        println!("{} pods placed in {took:?}", lost.len());
        placement.revert(&cluster, mark);
    }
}
