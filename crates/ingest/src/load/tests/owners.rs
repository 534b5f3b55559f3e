//! Who made which pod.

use holdfast_cluster::budget::Amount;
use holdfast_cluster::pod::Phase;
use holdfast_cluster::workload::{Provenance, Strategy, WorkloadKind};

use super::{loaded, node, pod, rules, workload};
use crate::Rule;

/// A pod on node `a` with an owner, written as `group/version Kind name`.
fn owned(name: &str, owner: &str, labels: &str, more: &str) -> String {
    let mut owner = owner.split(' ');
    let mut next = || owner.next().unwrap();
    let (version, kind, owner_name) = (next(), next(), next());
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","labels":{labels}{more},
        "ownerReferences":[{{"apiVersion":"{version}","kind":"{kind}","name":"{owner_name}",
        "uid":"u",
        "controller":true}}]}},"spec":{{"nodeName":"a","containers":[{{"name":"c"}}]}},
        "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
    )
}

fn replica_set(name: &str, replicas: u32, revision: u32) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{{"name":"{name}","annotations":
        {{"deployment.kubernetes.io/revision":"{revision}"}},
        "ownerReferences":[{{"apiVersion":"apps/v1",
        "kind":"Deployment","name":"web","controller":true}}]}},"spec":{{"replicas":{replicas}}}}}"#
    )
}

#[test]
fn a_deployment_is_known_from_its_pods() {
    let labels = r#"{"app":"web","pod-template-hash":"5d8f"}"#;
    let text = [
        node("a"),
        owned("web-5d8f-x", "apps/v1 ReplicaSet web-5d8f", labels, ""),
        owned("web-5d8f-y", "apps/v1 ReplicaSet web-5d8f", labels, ""),
    ];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    let deployment = workload(cluster, WorkloadKind::Deployment, "web");
    assert_eq!((deployment.desired, deployment.provenance), (2, Provenance::Inferred));
    let set = workload(cluster, WorkloadKind::ReplicaSet, "web-5d8f");
    assert_eq!((set.desired, set.provenance), (2, Provenance::Inferred));
    assert!(
        set.selector
            .matches(cluster.labels_of(pod(cluster, "web-5d8f-x").class), cluster.symbols())
    );
    let root = cluster.root(pod(cluster, "web-5d8f-x").workload);
    assert_eq!(cluster.workload(root), deployment);
    assert_eq!(rules(&loaded), [Rule::OwnerInferred]);
}

#[test]
fn old_rollouts_are_left_out() {
    let deployment = r#"{"apiVersion":"apps/v1beta2","kind":"Deployment","metadata":{"name":"web"},
        "spec":{"replicas":0,"selector":{"matchLabels":{"app":"web"}}}}"#;
    let text = [
        node("a"),
        deployment.to_owned(),
        replica_set("web-1", 0, 1),
        replica_set("web-2", 0, 2),
        replica_set("web-3", 0, 3),
        owned("web-1-x", "apps/v1 ReplicaSet web-1", "{}", ""),
    ];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    let mut sets: Vec<&str> = cluster
        .workloads()
        .iter()
        .filter(|w| w.kind == WorkloadKind::ReplicaSet)
        .map(|w| cluster.text(w.name))
        .collect();
    sets.sort_unstable();
    assert_eq!(sets, ["web-1", "web-3"], "one has a pod, one is current");
    let deployment = workload(cluster, WorkloadKind::Deployment, "web");
    let quarter = Amount::Percent(25);
    let rolling = Strategy::RollingUpdate { max_unavailable: quarter, max_surge: quarter };
    assert_eq!(deployment.strategy, Some(rolling));
}

#[test]
fn foreign_owners_keep_their_kind() {
    let text = [
        node("a"),
        owned("im-1", "longhorn.io/v1beta1 InstanceManager im", "{}", ""),
        owned("s-0", "apps.kruise.io/v1beta1 StatefulSet s", "{}", ""),
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","ownerReferences":
        [{"apiVersion":"x.io/v1","kind":"KubeVirt","name":"k","controller":true}]},
        "spec":{"replicas":0}}"#
            .to_owned(),
    ];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    let kind = |name| WorkloadKind::Custom(cluster.find(name).unwrap());
    assert_eq!(workload(cluster, kind("InstanceManager"), "im").desired, 1);
    assert_eq!(workload(cluster, kind("StatefulSet.apps.kruise.io"), "s").desired, 1);
    let deployment = workload(cluster, WorkloadKind::Deployment, "d");
    assert_eq!((deployment.owner, deployment.provenance), (None, Provenance::Read));
}

#[test]
fn static_pods_of_one_name_belong_together() {
    let mirror = r#","annotations":{"kubernetes.io/config.mirror":"h"}"#;
    let text = [
        node("a"),
        node("b"),
        owned("etcd-a", "v1 Node a", "{}", mirror),
        owned("etcd-b", "v1 Node b", "{}", mirror)
            .replace(r#""nodeName":"a""#, r#""nodeName":"b""#),
    ];
    let loaded = loaded(&text.concat());
    let etcd = workload(&loaded.cluster, WorkloadKind::StaticPod, "etcd");
    assert_eq!(etcd.desired, 2);
    assert!(loaded.cluster.pods().iter().all(|pod| pod.mirror));
    assert_eq!(rules(&loaded), []);
}

#[test]
fn phases_are_kept_as_they_are() {
    let base = owned("p", "apps/v1 ReplicaSet web-1", "{}", "");
    let evicted = base
        .replace(r#""name":"p""#, r#""name":"evicted""#)
        .replace(r#""phase":"Running""#, r#""phase":"Failed","reason":"Evicted""#);
    let pending = base
        .replace(r#""name":"p""#, r#""name":"pending""#)
        .replace(r#""phase":"Running""#, r#""phase":"Pending""#);
    let dying = base
        .replace(r#""name":"p""#, r#""name":"dying","deletionTimestamp":"2026-01-01T00:00:00Z""#)
        .replace(r#""status":"True""#, r#""status":"False""#);
    let loaded = loaded(&[node("a"), base, evicted, pending, dying].concat());
    let cluster = &loaded.cluster;
    let evicted = pod(cluster, "evicted");
    assert_eq!((evicted.phase, evicted.node), (Phase::Failed, cluster.find("a")));
    let pending = pod(cluster, "pending");
    assert_eq!((pending.phase, pending.node), (Phase::Pending, cluster.find("a")));
    let dying = pod(cluster, "dying");
    assert_eq!((dying.phase, dying.terminating, dying.ready), (Phase::Running, true, false));
    // Neither the evicted pod nor the dying one counts.
    assert_eq!(workload(cluster, WorkloadKind::ReplicaSet, "web-1").desired, 2);
}

#[test]
fn what_was_deleted_before_its_pods_wants_none() {
    let dying = owned("p", "apps/v1 ReplicaSet web-1", "{}", r#","deletionTimestamp":"x""#);
    let listed = r#"{"kind":"ReplicaSetList","apiVersion":"apps/v1","items":[]}"#.to_owned();
    let desired = |text: &str| {
        let loaded = loaded(text);
        workload(&loaded.cluster, WorkloadKind::ReplicaSet, "web-1").desired
    };
    assert_eq!(desired(&[node("a"), dying.clone()].concat()), 1);
    assert_eq!(desired(&[node("a"), dying, listed].concat()), 0);
}
