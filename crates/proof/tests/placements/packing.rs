//! Packings: those that no sum refutes and every search loses itself in, and those that are tight
//! and yet possible.

use holdfast_cluster::{Cluster, Placement};
use holdfast_failover::Dynamics;
use holdfast_proof::possible::{Answer, Budget, Due, Priced, Separation, Why, possible};
use holdfast_proof::rules::Resource;
use holdfast_proof::subject::Subjects;
use serde_json::{Value, json};

use crate::check::read;

pub(crate) fn node(name: &str, cpu: i64, zone: &str) -> Value {
    let room = json!({"cpu": format!("{cpu}m"), "memory": "64Gi", "pods": "110"});
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone,
        }},
        "status": {
            "allocatable": room, "capacity": room,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

fn pod(name: &str, cpu: i64, more: &Value) -> Value {
    let mut spec = json!({"containers": [
        {"name": "c", "image": "i", "resources": {"requests": {"cpu": format!("{cpu}m")}}},
    ]});
    for (key, value) in more.as_object().expect("a map") {
        spec[key] = value.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name, "labels": {"app": "a"}},
        "spec": spec, "status": {"phase": "Pending"},
    })
}

/// Pods of these sizes that wait, and so many nodes of 1,000 thousandths of a core.
fn packing(sizes: &[i64], nodes: usize) -> Cluster {
    let nodes = (0..nodes).map(|at| node(&format!("n{at:03}"), 1_000, "z"));
    let pods =
        sizes.iter().enumerate().map(|(at, cpu)| pod(&format!("p{at:03}"), *cpu, &json!({})));
    read(&nodes.chain(pods).collect::<Vec<_>>())
}

fn ask(cluster: &Cluster) -> Answer {
    let mut placement = Placement::of(cluster);
    let subjects = Subjects::of(cluster, &placement);
    let dynamics = Dynamics::new(cluster);
    possible(&dynamics, &subjects, &mut placement, None, Budget::default())
}

/// Numbers that only look like chance.
fn numbers(mut state: u64) -> impl FnMut(i64, i64) -> i64 {
    move |from, to| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + ((state >> 33) as i64) % (to - from + 1)
    }
}

/// As many pods as nodes hold, cut from full nodes, so that a placement exists; then so much less
/// in all, in thousandths.
fn planted(nodes: usize, pods: usize, load: i64, seed: u64) -> Vec<i64> {
    let mut next = numbers(seed);
    let mut sizes = Vec::new();
    for at in 0..nodes {
        let parts = pods / nodes + usize::from(at < pods % nodes);
        let mut cuts: Vec<i64> = (1..parts).map(|_| next(1, 199) * 5).collect();
        cuts.extend([0, 1_000]);
        cuts.sort_unstable();
        sizes.extend(cuts.windows(2).map(|pair| ((pair[1] - pair[0]) * load / 1_000).max(1)));
    }
    sizes
}

#[test]
fn tight_packings_are_found() {
    for load in [850, 930, 970] {
        let sizes = planted(12, 60, load, 7);
        assert!(matches!(ask(&packing(&sizes, 12)), Answer::Yes(_)), "60 on 12 at {load}");
    }
    for load in [700, 850, 950] {
        let sizes = planted(40, 300, load, 11);
        assert!(matches!(ask(&packing(&sizes, 40)), Answer::Yes(_)), "300 on 40 at {load}");
    }
}

/// How much each costs or holds, and how many there are.
type Counts = Vec<(u64, usize)>;

/// The prices of a refusal: how many pods cost how much, how many nodes hold how much.
fn prices(answer: &Answer) -> (Counts, Counts) {
    let Answer::No(Why::Prices { pods, nodes, needed, available }) = answer else {
        panic!("{answer:?}");
    };
    assert!(needed > available);
    let of_pods = |one: &Priced| (one.price, one.pods.len());
    let of_nodes = |one: &Due| (one.due, one.nodes.len());
    (pods.iter().map(of_pods).collect(), nodes.iter().map(of_nodes).collect())
}

#[test]
fn one_big_pod_too_many_is_told_by_prices() {
    let mut next = numbers(3);
    for (big, small, nodes) in [(13, 47, 12), (41, 259, 40)] {
        let mut sizes: Vec<i64> = (0..big).map(|_| next(505, 560)).collect();
        sizes.extend((0..small).map(|_| next(10, 60)));
        let answer = prices(&ask(&packing(&sizes, nodes)));
        assert_eq!(answer, (vec![(1, big)], vec![(1, nodes)]), "each is more than half a node");
    }
}

#[test]
fn thirds_and_halves_are_told_by_prices() {
    // Two of them fit a node, although the sum of all would fit.
    let mut next = numbers(5);
    for count in [26, 28] {
        let sizes: Vec<i64> = (0..count).map(|_| next(345, 420)).collect();
        let (pods, nodes) = prices(&ask(&packing(&sizes, 12)));
        assert_eq!((pods, nodes), (vec![(1, 25)], vec![(2, 12)]), "25 of {count} are too many");
    }
    let sizes: Vec<i64> = (0..90).map(|_| next(340, 440)).collect();
    let (pods, nodes) = prices(&ask(&packing(&sizes, 40)));
    assert_eq!((pods, nodes), (vec![(1, 81)], vec![(2, 40)]));
}

#[test]
fn halves_beside_bigger_ones_are_told_by_prices() {
    // Ten that are more than half, and six that fit beside none of them, but two by two.
    let mixed: Vec<i64> = (0..10).map(|_| 610).chain((0..6).map(|_| 430)).collect();
    let (pods, _) = prices(&ask(&packing(&mixed, 12)));
    assert!(pods.len() == 2, "both kinds are priced: {pods:?}");
}

#[test]
fn a_sum_is_told_with_as_few_pods_as_carry_it() {
    let zoned = json!({"nodeSelector": {"topology.kubernetes.io/zone": "a"}});
    let mut objects = vec![node("n1", 3_000, "a"), node("n2", 2_000, "a"), node("n3", 9_000, "b")];
    let pods = (0..4).map(|at| pod(&format!("p{at}"), 2_000, &zoned));
    objects.extend(pods.chain([pod("q", 500, &zoned), pod("r", 9_000, &json!({}))]));
    let Answer::No(Why::Sum { pods, nodes, resource, needed, available }) = ask(&read(&objects))
    else {
        panic!("these three pods need 6 CPU in zone a, 5 are left");
    };
    assert_eq!((pods.len(), nodes.len(), resource), (3, 2, Resource::Cpu));
    assert_eq!((needed, available), (6_000, 5_000));
}

#[test]
fn pods_that_must_be_apart_need_as_many_nodes() {
    let apart = json!({"affinity": {"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{
            "labelSelector": {"matchLabels": {"app": "a"}},
            "topologyKey": "kubernetes.io/hostname",
        }],
    }}});
    let mut objects = vec![node("n1", 9_000, "a"), node("n2", 9_000, "a")];
    objects.extend((0..3).map(|at| pod(&format!("p{at}"), 100, &apart)));
    let cluster = read(&objects);
    let Answer::No(Why::Apart { pods, by, needed, available, .. }) = ask(&cluster) else {
        panic!("three pods do not fit two nodes");
    };
    assert_eq!((pods.len(), needed, available), (3, 3, 2));
    assert_eq!(by, Separation::Label(cluster.known().hostname));
}

/// Five pods in a ring, of which no two neighbours may share a zone, in two zones of two nodes.
fn ring(zones: &[&str]) -> Cluster {
    let nodes = zones.iter().enumerate();
    let mut objects: Vec<Value> =
        nodes.map(|(at, zone)| node(&format!("n{at}"), 9_000, zone)).collect();
    objects.extend((0..5).map(|at| {
        let next = json!({"affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [{
                "labelSelector": {"matchLabels": {"ring": ((at + 1) % 5).to_string()}},
                "topologyKey": "topology.kubernetes.io/zone",
            }],
        }}});
        let mut pod = pod(&format!("p{at}"), 100, &next);
        pod["metadata"]["labels"] = json!({"ring": at.to_string()});
        pod
    }));
    read(&objects)
}

/// How many ends the cases have, each a pod that no node takes.
fn ends(why: &Why) -> usize {
    match why {
        Why::Cases { cases, .. } => {
            assert!(!cases.is_empty());
            cases.iter().map(|case| ends(&case.why)).sum()
        }
        Why::NoNode { nodes, .. } => {
            assert_eq!(nodes.len(), 4, "every node is accounted for");
            1
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ring_of_five_in_two_zones_is_told_by_cases() {
    // No three of them are all apart from each other, so that counting sees nothing.
    let Answer::No(why) = ask(&ring(&["a", "a", "b", "b"])) else {
        panic!("an odd ring has no two colours");
    };
    assert!(matches!(why, Why::Cases { .. }));
    assert!(ends(&why) >= 2);
    assert!(matches!(ask(&ring(&["a", "a", "b", "c"])), Answer::Yes(_)), "three are enough");
}
