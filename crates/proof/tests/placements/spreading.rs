//! Topology spread, told and not told.

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_proof::by_rule::{self, ByRule, Why};
use holdfast_proof::possible::{self, Answer, Budget, possible};
use holdfast_proof::subject::Subjects;
use holdfast_scheduler::Scratch;
use serde_json::{Value, json};

use crate::check::read;
use crate::packing::node;

/// Six nodes in three zones, and so many replicas that are spread.
fn cluster(replicas: usize, spread: &Value) -> Cluster {
    cluster_of((6, 3), replicas, &json!({"topologySpreadConstraints": spread}))
}

/// So many nodes in so many zones, and a ReplicaSet with its pods on them in turn.
fn cluster_of((nodes, zones): (usize, usize), replicas: usize, more: &Value) -> Cluster {
    let of_zone = |at: usize| node(&format!("n{at:02}"), 4_000, &format!("z{}", at % zones));
    let mut objects: Vec<Value> = (0..nodes).map(of_zone).collect();
    let labels = json!({"app": "a"});
    let mut spec = json!({"containers": [
        {"name": "c", "image": "i", "resources": {"requests": {"cpu": "100m"}}},
    ]});
    for (key, value) in more.as_object().expect("a map") {
        spec[key] = value.clone();
    }
    objects.push(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "a", "namespace": "default", "uid": "a"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }));
    objects.extend((0..replicas).map(|at| {
        let mut spec = spec.clone();
        spec["nodeName"] = json!(format!("n{:02}", at % nodes));
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("a-{at}"), "namespace": "default", "uid": format!("a-{at}"),
                "labels": labels, "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "a",
                    "controller": true,
                }],
            },
            "spec": spec,
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        })
    }));
    read(&objects)
}

fn by_zone(when: &str) -> Value {
    json!([{
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": when,
        "labelSelector": {"matchLabels": {"app": "a"}},
    }])
}

/// How many of the replicas the worst `k` nodes may hold, and whether that lasts.
fn worst(cluster: &Cluster, k: usize) -> (u32, bool) {
    let placement = Placement::of(cluster);
    let subjects = Subjects::of(cluster, &placement);
    let by_rule = ByRule::new(cluster, &placement);
    let bounds = by_rule.bounds(&placement, &subjects.subjects[0]).expect("it is bounded");
    let worst = bounds.worst(k);
    assert!(worst.exact);
    (worst.most.pods, worst.most.lasts)
}

#[test]
fn spread_over_three_zones_leaves_two_of_six_or_seven_in_one() {
    let six = cluster(6, &by_zone("DoNotSchedule"));
    assert_eq!(worst(&six, 1), (2, false), "two in each zone, both on one node");
    assert_eq!(worst(&six, 2), (4, false), "a node of each of two zones");
    let seven = cluster(7, &by_zone("DoNotSchedule"));
    assert_eq!(worst(&seven, 1), (3, false), "one zone has a third");
    let wished = cluster(6, &by_zone("ScheduleAnyway"));
    assert_eq!(worst(&wished, 1), (6, true), "a wish keeps nobody off");
}

/// How many of the replicas the nodes of the first zone may hold while some come and others go.
fn held_by_a_zone(cluster: &Cluster) -> u32 {
    let placement = Placement::of(cluster);
    let subjects = Subjects::of(cluster, &placement);
    let by_rule = ByRule::new(cluster, &placement);
    let bounds = by_rule.bounds(&placement, &subjects.subjects[0]).expect("it is bounded");
    let lasting = bounds.lasting().expect("they are spread");
    let most = lasting.most(&zone(cluster, 0));
    assert!(most.lasts);
    most.pods
}

/// The nodes of a zone.
fn zone(cluster: &Cluster, zone: usize) -> Vec<NodeId> {
    let name = format!("z{zone}");
    let is_there = |id: &NodeId| {
        let label = cluster.node(*id).labels.get(cluster.known().zone);
        label.is_some_and(|label| cluster.text(label) == name)
    };
    cluster.node_ids().filter(is_there).collect()
}

#[test]
fn a_zone_holds_few_whoever_comes_and_goes() {
    let zones = by_zone("DoNotSchedule");
    let held = [2, 3, 6, 7].map(|replicas| held_by_a_zone(&cluster(replicas, &zones)));
    assert_eq!(held, [1, 1, 2, 3], "the last of seven finds two in each zone");
    let mut honest = zones;
    honest[0]["nodeTaintsPolicy"] = json!("Honor");
    assert_eq!(held_by_a_zone(&cluster(6, &honest)), 6, "zones may stop counting");
}

/// Pods come where the scheduler's filters let them in, and go, in any order: no zone ever holds
/// more than the bound, and some come to hold as many.
#[test]
fn no_zone_holds_more_than_is_said_whoever_comes_and_goes() {
    let mut full = 0;
    for (case, replicas) in (2..=9).cycle().take(48).enumerate() {
        let (zones, skew) = (2 + case % 3, 1 + case / 24);
        let mut spread = by_zone("DoNotSchedule");
        spread[0]["maxSkew"] = json!(skew);
        let spread = json!({"topologySpreadConstraints": spread});
        let cluster = cluster_of((2 * zones, zones), replicas, &spread);
        let bound = held_by_a_zone(&cluster);
        let held = fullest(&cluster, zones, case as u64);
        assert!(held <= bound, "case {case}: {held} in one zone");
        full += u32::from(held == bound);
    }
    assert!(full > 24, "the bound is reached in {full} of 48");
}

/// The most pods that any zone comes to hold.
fn fullest(cluster: &Cluster, zones: usize, seed: u64) -> u32 {
    let mut placement = Placement::of(cluster);
    let dynamics = Dynamics::new(cluster);
    let (mut scratch, mut random) = (Scratch::default(), seed);
    let mut below = |end: usize| {
        // Knuth's constants; the upper half is random enough.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % end
    };
    let mut there: Vec<InstanceId> = placement.instance_ids().collect();
    let (all, first) = (there.len(), *placement.instance(there[0]));
    let mut most = 0;
    for _ in 0..400 {
        if there.len() == all || below(2) == 0 && !there.is_empty() {
            placement.remove(cluster, there.swap_remove(below(there.len())));
        } else {
            let pod = placement.add(cluster, first.class, first.workload, None);
            let open = dynamics.scheduler().feasible(&placement, pod, &mut scratch);
            placement.bind(cluster, pod, open[below(open.len())]);
            there.push(pod);
        }
        let held = |at: usize| {
            let nodes = zone(cluster, at);
            nodes.iter().map(|node| placement.node(*node).pods.len() as u32).sum::<u32>()
        };
        most = most.max((0..zones).map(held).max().unwrap_or(0));
    }
    most
}

#[test]
fn a_refuted_bound_shows_the_placement() {
    let cluster = cluster(6, &by_zone("DoNotSchedule"));
    let mut placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let dynamics = Dynamics::new(&cluster);
    let by_rule = ByRule::new(&cluster, &placement);
    let subject = &subjects.subjects[0];
    let bounds = by_rule.bounds(&placement, subject).expect("it is bounded");
    let mut judge = |need: u32| {
        let scheduler = dynamics.scheduler();
        by_rule.judge(scheduler, &mut placement, subject, &bounds, &[NodeId(0)], need)
    };
    let by_rule::Answer::Proved(most) = judge(4) else { panic!("four are left") };
    let key = cluster.known().zone;
    assert_eq!((most.pods, most.lasts), (2, false));
    assert_eq!(most.why, [Why::Spread { key, max_skew: 1, at_most: 2 }]);
    let by_rule::Answer::Refuted { moved, lost } = judge(5) else { panic!("two are lost") };
    assert_eq!((moved.len(), lost), (6, 2));
}

#[test]
fn a_zone_that_is_gone_still_counts() {
    let cluster = cluster(6, &by_zone("DoNotSchedule"));
    let mut placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let dynamics = Dynamics::new(&cluster);
    // Both nodes of zone a; with room for all six on the other four.
    dynamics.fail(&mut placement, &[NodeId(0), NodeId(3)]);
    let answer = possible(&dynamics, &subjects, &mut placement, None, Budget::default());
    let Answer::No(possible::Why::Spread { needed, available, emptiest, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((needed, available, emptiest), (6, 4, 0), "those who are there stay, nobody comes");
}

#[test]
fn too_many_ways_to_divide_are_bounded_all_the_same() {
    let apart = json!({"affinity": {"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{
            "labelSelector": {"matchLabels": {"app": "a"}},
            "topologyKey": "topology.kubernetes.io/zone",
        }],
    }}});
    let cluster = cluster_of((80, 40), 40, &apart);
    let placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let by_rule = ByRule::new(&cluster, &placement);
    let bounds = by_rule.bounds(&placement, &subjects.subjects[0]).expect("it is bounded");
    assert_eq!((bounds.worst(2).most.pods, bounds.worst(2).exact), (2, true));
    let worst = bounds.worst(5);
    assert_eq!(
        (worst.most.pods, worst.exact),
        (5, false),
        "780 ways to take two, far more for five"
    );
    assert_eq!(bounds.most(&worst.nodes).pods, 5, "a node of each of five zones");
    let zone: Vec<NodeId> = [0, 40].map(NodeId).into();
    assert_eq!(bounds.most(&zone).pods, 1, "both nodes of one zone");
}
