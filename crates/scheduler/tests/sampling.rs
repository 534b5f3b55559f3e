//! Large clusters, where the scheduler does not look at every node.

mod support;

use std::collections::BTreeSet;

use holdfast_cluster::{NodeId, Placement};
use holdfast_scheduler::{Choice, Scheduler, Scratch};
use serde_json::{Value, json};
use support::{cluster, find, node, pod};

/// Nodes of three zones, the more CPU the higher their number.
fn nodes(count: u32) -> Vec<Value> {
    let one = |at: u32| {
        let zone = format!("z{}", at % 3);
        let patch = json!({
            "metadata": {"labels": {"topology.kubernetes.io/zone": zone}},
            "status": {"allocatable": {"cpu": format!("{}", 4 + at)}},
        });
        node(&format!("n{at:03}"), &patch)
    };
    (0..count).map(one).collect()
}

fn choose(objects: &[Value], starts: usize) -> Option<(usize, Vec<NodeId>, Vec<NodeId>)> {
    let cluster = cluster(objects);
    let (scheduler, placement) = (Scheduler::new(&cluster), Placement::of(&cluster));
    let mut scratch = Scratch::default();
    match scheduler.choose(&placement, find(&cluster, "p"), starts, &mut scratch) {
        Choice::Best(_) => None,
        Choice::Sampled { looked_at, any, reachable } => {
            Some((looked_at, any.to_vec(), reachable.to_vec()))
        }
    }
}

fn with_pod(mut objects: Vec<Value>, patch: &Value) -> Vec<Value> {
    objects.push(pod("p", patch));
    objects
}

#[test]
fn up_to_a_hundred_nodes_that_fit_are_all_looked_at() {
    assert_eq!(choose(&with_pod(nodes(100), &json!({})), 9), None);
    let selector = json!({"spec": {"nodeSelector": {"topology.kubernetes.io/zone": "z1"}}});
    assert_eq!(choose(&with_pod(nodes(240), &selector), 9), None);
}

/// With 150 nodes a hundred are looked at. The larger a node, the emptier it stays, so that of a
/// stretch the node with the highest number wins.
#[test]
fn every_start_has_its_winner() {
    let asks = json!({"spec": {"containers": [{"name": "c", "image": "i", "resources":
        {"requests": {"cpu": "3", "memory": "1Gi"}}}]}});
    let objects = with_pod(nodes(150), &asks);
    let (looked_at, any, reachable) = choose(&objects, usize::MAX).unwrap();
    assert_eq!((looked_at, any.len()), (100, 150));
    let cluster = cluster(&objects);
    let scheduler = Scheduler::new(&cluster);
    // Zones of the same size take turns in the order of names, so that a stretch is one of names.
    // What is found there is what would be found if there was nothing else.
    let mut wanted = BTreeSet::new();
    let mut scratch = Scratch::default();
    for start in 0..150 {
        let placement = {
            let mut placement = Placement::of(&cluster);
            for at in 100..150 {
                let gone = cluster.node_ids().nth((start + at) % 150).unwrap();
                placement.change_node(&cluster, gone, |flags| flags.exists = false);
            }
            placement
        };
        let best = scheduler.candidates(&placement, find(&cluster, "p"), &mut scratch);
        wanted.extend(best.iter().copied());
    }
    assert_eq!(reachable, wanted.into_iter().collect::<Vec<_>>());
    let few = choose(&objects, 3).unwrap().2;
    assert!(!few.is_empty() && few.iter().all(|node| reachable.contains(node)));
}

#[test]
fn nodes_that_the_pod_names_are_looked_at_in_any_order() {
    let names: Vec<String> = (0..140).map(|at| format!("n{at:03}")).collect();
    let field = |name: &String| {
        let wanted = json!({"key": "metadata.name", "operator": "In", "values": [name]});
        json!({"matchFields": [wanted]})
    };
    let terms: Vec<Value> = names.iter().map(field).collect();
    let required = json!({"nodeSelectorTerms": terms});
    let affinity = json!({"requiredDuringSchedulingIgnoredDuringExecution": required});
    let patch = json!({"spec": {"affinity": {"nodeAffinity": affinity}}});
    let (looked_at, any, reachable) = choose(&with_pod(nodes(150), &patch), 9).unwrap();
    assert_eq!((looked_at, any.len(), reachable.len()), (100, 140, 0));
}
