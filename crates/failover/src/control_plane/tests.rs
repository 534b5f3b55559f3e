use holdfast_cluster::{Cluster, Placement};
use holdfast_ingest::{Options, Source, assume, load};

use super::{ControlPlane, Part, Quorum, Source as Says, Takeover};
use crate::nodes;

/// Nodes with roles, and what was declared.
fn cluster(nodes: &[(&str, &[&str])], assumptions: &str) -> Cluster {
    let node = |(name, roles): &(&str, &[&str])| {
        let label = |role: &&str| format!(r#""node-role.kubernetes.io/{role}":"""#);
        let labels: Vec<String> = roles.iter().map(label).collect();
        format!(
            r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}",
            "labels":{{{}}}}},"status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#,
            labels.join(",")
        )
    };
    let text: String = nodes.iter().map(node).collect();
    let loaded = load(vec![Source::named("export", text)], &Options::default());
    let header = "apiVersion: holdfast.dev/v1\nkind: Assumptions\n";
    let loaded = assume(loaded, Source::named("file", format!("{header}{assumptions}")));
    assert_eq!(loaded.diagnostics, []);
    loaded.cluster
}

/// Whether it acts once these nodes and machines have failed.
fn acts(cluster: &Cluster, failed: &[&str]) -> bool {
    let mut placement = Placement::of(cluster);
    for name in failed {
        let name = cluster.find(name).unwrap();
        match cluster.node_named(name) {
            Some(node) => nodes::fail(cluster, &mut placement, &[node]),
            None => placement.set_down(name, true),
        }
    }
    ControlPlane::of(cluster).acts(&placement)
}

const SERVER: &[&str] = &["control-plane", "etcd"];

#[test]
fn etcd_takes_writes_while_more_than_half_of_it_is_up() {
    let names = ["a", "b", "c", "d", "e"];
    for (members, tolerated) in [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2)] {
        let nodes: Vec<(&str, &[&str])> = names[..members].iter().map(|n| (*n, SERVER)).collect();
        let cluster = cluster(&nodes, "");
        assert!(acts(&cluster, &names[..tolerated]), "{members} members tolerate {tolerated}");
        assert!(!acts(&cluster, &names[..=tolerated]), "{members} members and one more");
    }
}

#[test]
fn without_any_member_it_is_outside() {
    let cluster = cluster(&[("a", &[]), ("b", &[])], "");
    assert!(acts(&cluster, &["a", "b"]));
}

/// RKE2 with roles apart: etcd alone serves nobody.
#[test]
fn one_api_server_is_enough_and_one_there_must_be() {
    let nodes: [(&str, &[&str]); 3] =
        [("e", &["etcd"]), ("s", &["control-plane"]), ("t", &["control-plane"])];
    let cluster = cluster(&nodes, "");
    assert!(acts(&cluster, &["s"]));
    assert!(!acts(&cluster, &["s", "t"]));
    assert!(!acts(&cluster, &["e"]));
}

#[test]
fn a_load_balancer_of_one_host_is_a_single_point_of_failure() {
    let nodes: [(&str, &[&str]); 3] = [("a", SERVER), ("b", SERVER), ("c", SERVER)];
    let one = cluster(
        &nodes,
        "machines: [{ name: lb }]\ncontrolPlane: { loadBalancer: { members: [lb] } }\n",
    );
    assert!(acts(&one, &["a"]));
    assert!(!acts(&one, &["lb"]));
    let shared = cluster(&nodes, "controlPlane: { loadBalancer: { members: [a, b, c] } }\n");
    assert!(acts(&shared, &["a"]));
}

/// kubeadm with an external etcd: the export shows API servers alone.
#[test]
fn an_etcd_outside_the_cluster_is_declared() {
    let nodes: [(&str, &[&str]); 2] = [("a", &["control-plane"]), ("b", &["control-plane"])];
    let cluster = cluster(
        &nodes,
        "machines: [{ name: x }, { name: y }, { name: z }]\n\
         controlPlane: { etcd: { members: [x, y, z] } }\n",
    );
    assert!(acts(&cluster, &["a"]), "one API server is left");
    assert!(acts(&cluster, &["x"]));
    assert!(!acts(&cluster, &["x", "z"]));
    let state = ControlPlane::of(&cluster).state(&Placement::of(&cluster));
    assert_eq!(state.etcd, Quorum { up: 3, needed: 2, of: 3 });
}

/// `LeaseDuration` 15 s, and another looks every `RetryPeriod` 2 s with up to 1.2 times that added.
#[test]
fn other_leaders_are_elected_in_well_under_half_a_minute() {
    let nodes: [(&str, &[&str]); 3] = [("a", SERVER), ("b", SERVER), ("c", SERVER)];
    let times = |assumptions: &str| {
        let takeovers = takeovers(&cluster(&nodes, assumptions));
        takeovers.iter().map(|t| (t.part, t.milliseconds, t.source)).collect::<Vec<_>>()
    };
    assert_eq!(
        times(""),
        [(Part::Etcd, 2_000, Says::Default), (Part::Leaders, 19_400, Says::Default)]
    );
    assert_eq!(
        times("times: { leaderElection: 60s, loadBalancerFailover: 3s }\n"),
        [
            (Part::Etcd, 2_000, Says::Default),
            (Part::Leaders, 64_400, Says::Declared),
            (Part::LoadBalancer, 3_000, Says::Declared)
        ]
    );
    assert_eq!(takeovers(&cluster(&nodes[..1], "")), []);
}

fn takeovers(cluster: &Cluster) -> Vec<Takeover> {
    ControlPlane::of(cluster).takeovers(&Placement::of(cluster))
}

/// etcd asks whether those that are left have a quorum, and never removes the last one.
#[test]
fn members_are_removed_while_the_others_have_a_quorum() {
    let nodes: [(&str, &[&str]); 3] = [("a", SERVER), ("b", SERVER), ("c", SERVER)];
    let cluster = cluster(&nodes, "");
    let plane = ControlPlane::of(&cluster);
    let [a, b, c] =
        ["a", "b", "c"].map(|name| cluster.node_named(cluster.find(name).unwrap()).unwrap());
    let mut placement = Placement::of(&cluster);
    let remove = |placement: &mut Placement, node| {
        placement.change_node(&cluster, node, |flags| flags.resigned = true);
        plane.state(placement)
    };
    nodes::fail(&cluster, &mut placement, &[c]);
    assert!(!plane.may_remove(&placement, a), "of a and b both are needed once c is silent");
    assert!(plane.may_remove(&placement, c), "which a silent one is not");
    let state = remove(&mut placement, c);
    assert_eq!(state.etcd, Quorum { up: 2, needed: 2, of: 2 });
    assert_eq!(state.api_servers, Quorum { up: 2, needed: 1, of: 2 });
    assert!(plane.may_remove(&placement, a));
    let state = remove(&mut placement, a);
    assert_eq!(state.etcd, Quorum { up: 1, needed: 1, of: 1 });
    assert!(!plane.may_remove(&placement, b), "the last one");
    nodes::fail(&cluster, &mut placement, &[a]);
    assert!(plane.acts(&placement), "what happens to it does not matter any more");
}
