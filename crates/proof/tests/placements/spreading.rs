//! Topology spread, told and not told.

use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_proof::by_rule::{self, ByRule, Why};
use holdfast_proof::possible::{self, Answer, Budget, possible};
use holdfast_proof::subject::Subjects;
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
