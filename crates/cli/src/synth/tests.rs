use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::plan::{Kind, Plan, Pool};
use super::random::Random;
use super::{Options, write};

const OPTIONS: Options = Options { nodes: 60, pods: 1_800, seed: 7, zones: 3 };

fn bytes(options: &Options) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, options).unwrap();
    bytes
}

fn items(options: &Options) -> Vec<Value> {
    let mut list: Value = serde_json::from_slice(&bytes(options)).unwrap();
    serde_json::from_value(list["items"].take()).unwrap()
}

fn of_kind<'a>(items: &'a [Value], kind: &str) -> Vec<&'a Value> {
    items.iter().filter(|item| item["kind"] == kind).collect()
}

#[test]
fn a_seed_is_a_cluster() {
    assert_eq!(bytes(&OPTIONS), bytes(&OPTIONS));
    assert_ne!(bytes(&OPTIONS), bytes(&Options { seed: 8, ..OPTIONS }));
}

#[test]
fn there_is_as_much_as_was_asked_for() {
    for (nodes, pods) in [(0, 0), (0, 5), (1, 0), (1, 1), (3, 40), (60, 1_800), (130, 900)] {
        let items = items(&Options { nodes, pods, ..OPTIONS });
        assert_eq!(of_kind(&items, "Node").len(), nodes as usize);
        assert_eq!(of_kind(&items, "CSINode").len(), nodes as usize);
        assert_eq!(of_kind(&items, "Pod").len(), pods as usize);
    }
}

#[test]
fn names_and_uids_are_taken_once() {
    let mut seen = BTreeSet::new();
    for item in items(&OPTIONS) {
        let metadata = &item["metadata"];
        let name = format!("{}/{}/{}", item["kind"], metadata["namespace"], metadata["name"]);
        assert!(seen.insert(name.clone()), "{name} is there twice");
        if metadata["uid"].is_string() {
            assert!(seen.insert(metadata["uid"].to_string()), "the uid of {name} is there twice");
        }
    }
}

#[test]
fn pods_of_a_large_workload_have_their_own_names() {
    let names: BTreeSet<String> = (0..100_000).map(Random::pod_suffix).collect();
    assert_eq!(names.len(), 100_000);
}

#[test]
fn objects_weigh_what_real_ones_weigh() {
    let items = items(&OPTIONS);
    let mean = |kind: &str| {
        let all = of_kind(&items, kind);
        all.iter().map(|item| item.to_string().len()).sum::<usize>() / all.len()
    };
    assert!((4_500..5_500).contains(&mean("Pod")), "{} bytes a pod", mean("Pod"));
    assert!((9_000..10_500).contains(&mean("Node")), "{} bytes a node", mean("Node"));
}

#[test]
fn bound_pods_fit() {
    let plan = Plan::new(&OPTIONS);
    let mut used = BTreeMap::<u32, (u32, u32, u32, u32)>::new();
    for (workload, nodes) in plan.placed() {
        for node in nodes.iter().flatten() {
            let (cpu, memory) = workload.requests();
            let sums = used.entry(*node).or_default();
            *sums = (sums.0 + cpu, sums.1 + memory, sums.2 + workload.gpus, sums.3 + 1);
        }
    }
    for (at, (cpu, memory, gpus, pods)) in used {
        let node = &plan.nodes[at as usize];
        assert!(cpu <= node.cpus * 1_000 - 190 && memory <= node.memory_gi * 1_024 - 1_536);
        assert!(gpus <= node.gpus && pods <= node.pods_max);
    }
}

#[test]
fn hard_rules_hold() {
    let plan = Plan::new(&OPTIONS);
    let (mut apart, mut spread, mut pinned) = (0, 0, 0);
    for (workload, nodes) in plan.placed().filter(|(w, _)| w.kind != Kind::DaemonSet) {
        let bound: Vec<u32> = nodes.iter().flatten().copied().collect();
        let pools = bound.iter().map(|at| plan.nodes[*at as usize].pool);
        if let Some(only) = workload.rules.only {
            pinned += 1;
            assert!(pools.clone().all(|pool| pool == only), "{}", workload.name);
        }
        let allowed = |pool: Pool| {
            pool.taint().is_none()
                || workload.rules.only == Some(pool)
                || (workload.rules.spot && pool == Pool::Spot)
        };
        assert!(pools.clone().all(allowed), "{}", workload.name);
        if workload.rules.apart {
            apart += 1;
            assert_eq!(bound.iter().collect::<BTreeSet<_>>().len(), bound.len());
        }
        if workload.rules.zones {
            spread += 1;
            let mut counts = [0; 3];
            for at in &bound {
                counts[plan.nodes[*at as usize].zone as usize] += 1;
            }
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
        }
    }
    assert!(apart > 5 && spread > 5 && pinned > 5, "{apart} {spread} {pinned}");
}

#[test]
fn few_pods_are_pending() {
    let items = items(&OPTIONS);
    let pending = of_kind(&items, "Pod");
    let pending = pending.iter().filter(|pod| pod["spec"]["nodeName"].is_null()).count();
    assert!((1..10).contains(&pending), "{pending} pods are pending");
}

#[test]
fn every_kind_is_there() {
    let items = items(&OPTIONS);
    for kind in [
        "CSINode",
        "DaemonSet",
        "Deployment",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "PriorityClass",
        "ReplicaSet",
        "Service",
        "StatefulSet",
        "StorageClass",
    ] {
        assert!(!of_kind(&items, kind).is_empty(), "no {kind}");
    }
}
