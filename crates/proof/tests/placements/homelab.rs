//! Rows of plan H, two replicas and hard anti-affinity on three workers, on its fixture.

use holdfast_cluster::{Cluster, NodeId, Placement, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::Subject;
use holdfast_proof::by_rule::{self, ByRule};
use holdfast_proof::possible::{Answer, Budget, Separation, Why, possible};
use holdfast_proof::subject::Subjects;

fn homelab() -> Cluster {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/homelab/cluster.json");
    let bytes = std::fs::read(path).expect("the fixture is there");
    load(vec![Source::named("cluster.json", bytes)], &Options::default()).cluster
}

fn node(cluster: &Cluster, name: &str) -> NodeId {
    cluster.find(name).and_then(|name| cluster.node_named(name)).expect("the node is there")
}

fn subject<'s>(cluster: &Cluster, subjects: &'s Subjects, name: &str) -> (usize, &'s Subject) {
    let named = |subject: &&Subject| cluster.text(cluster.workload(subject.root).name) == name;
    let at = subjects.subjects.iter().position(|subject| named(&subject)).expect("it is there");
    (at, &subjects.subjects[at])
}

/// The workloads that the plan says have two replicas that are kept apart.
const PAIRS: [&str; 15] = [
    "csi-provisioner",
    "csi-attacher",
    "csi-resizer",
    "csi-snapshotter",
    "coredns",
    "traefik",
    "controller",
    "cert-manager",
    "cert-manager-webhook",
    "cert-manager-cainjector",
    "sealed-secrets-controller",
    "kube-prometheus-stack-operator",
    "kube-prometheus-stack-kube-state-metrics",
    "kube-prometheus-stack-grafana",
    "metrics-server",
];

#[test]
fn two_replicas_survive_any_one_of_three_nodes_by_rule() {
    let cluster = homelab();
    let placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let by_rule = ByRule::new(&cluster, &placement);
    let key = cluster.known().hostname;
    for name in PAIRS {
        let (_, subject) = subject(&cluster, &subjects, name);
        let bounds = by_rule.bounds(&placement, subject).expect("it is bounded");
        let worst = bounds.worst(1);
        assert_eq!((bounds.desired(), worst.most.pods, worst.exact), (2, 1, true), "{name}");
        assert_eq!(worst.most.why, [by_rule::Why::Apart { key, at_most: 1 }], "{name}");
        assert!(worst.most.lasts, "{name}");
        assert_eq!(bounds.worst(2).most.pods, 2, "any two nodes may hold both of {name}");
    }
}

#[test]
fn one_replica_does_not_survive_its_node() {
    let cluster = homelab();
    let mut placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let dynamics = Dynamics::new(&cluster);
    let by_rule = ByRule::new(&cluster, &placement);
    let (_, subject) = subject(&cluster, &subjects, "valkey");
    let bounds = by_rule.bounds(&placement, subject).expect("it is bounded");
    let worst = bounds.worst(1);
    assert_eq!(worst.nodes, [node(&cluster, "homelab-04")], "it is kept there");
    let scheduler = dynamics.scheduler();
    let judged = by_rule.judge(scheduler, &mut placement, subject, &bounds, &worst.nodes, 1);
    assert!(matches!(judged, by_rule::Answer::Refuted { lost: 1, .. }), "{judged:?}");
    let other = [node(&cluster, "homelab-02")];
    let judged = by_rule.judge(scheduler, &mut placement, subject, &bounds, &other, 1);
    assert!(matches!(judged, by_rule::Answer::Proved(_)), "{judged:?}");
}

/// What is possible for a workload once the nodes fail, with so many replicas wanted.
fn after(failing: &[&str], name: &str, replicas: i64) -> Answer {
    let cluster = homelab();
    let mut placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let dynamics = Dynamics::new(&cluster);
    let nodes: Vec<NodeId> = failing.iter().map(|name| node(&cluster, name)).collect();
    let (at, subject) = subject(&cluster, &subjects, name);
    let set: Vec<WorkloadId> = subject.members.clone();
    for member in set {
        placement.change_target(member, |target| target.desired = replicas);
    }
    dynamics.fail(&mut placement, &nodes);
    possible(&dynamics, &subjects, &mut placement, Some(at), Budget::default())
}

#[test]
fn both_come_back_after_one_node_and_three_do_not() {
    let answer = after(&["homelab-04"], "traefik", 2);
    assert!(matches!(answer, Answer::Yes(_)), "{answer:?}");
    let answer = after(&[], "traefik", 3);
    assert!(matches!(answer, Answer::Yes(_)), "three fit while all is well: {answer:?}");
    let Answer::No(Why::Apart { by, needed, available, .. }) = after(&["homelab-04"], "traefik", 3)
    else {
        panic!("the third has no node");
    };
    assert!(matches!(by, Separation::Label(_)));
    assert_eq!((needed, available), (3, 2));
}

#[test]
fn what_is_kept_on_one_node_has_nowhere_to_go() {
    let Answer::No(Why::NoNode { nodes, .. }) = after(&["homelab-04"], "valkey", 1) else {
        panic!("it is kept on the node that failed");
    };
    assert_eq!(nodes.len(), 3, "every node that serves turns it down");
}

#[test]
fn everybody_else_comes_back_after_any_one_worker_but_the_database() {
    let cluster = homelab();
    for failing in ["homelab-02", "homelab-03", "homelab-04"] {
        let mut placement = Placement::of(&cluster);
        let subjects = Subjects::of(&cluster, &placement);
        let dynamics = Dynamics::new(&cluster);
        dynamics.fail(&mut placement, &[node(&cluster, failing)]);
        for name in PAIRS {
            let (at, _) = subject(&cluster, &subjects, name);
            let only = Some(at);
            let answer = possible(&dynamics, &subjects, &mut placement, only, Budget::default());
            assert!(matches!(answer, Answer::Yes(_)), "{name} without {failing}: {answer:?}");
        }
    }
}
