//! What is decided without a single state to search: whole nodes that nobody can close, and more
//! pods than places.

mod objects;

use holdfast_cluster::{Cluster, NodeId};
use holdfast_proof::prover::Finding;
use holdfast_proof::verdict::{Doubt, Ground};
use holdfast_proof::{FailureSet, Prover, Settings, Verdict};
use objects::{cluster, node};
use serde_json::{Value, json};

/// A `ReplicaSet` with a pod on each of these nodes.
fn set(name: &str, nodes: &[&str], requests: &Value, more: &Value) -> Vec<Value> {
    let mut spec = json!({"containers": [
        {"name": "c", "image": "i", "resources": {"requests": requests}},
    ]});
    spec.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
    objects::replica_set(name, nodes, &spec)
}

/// What becomes of the subject of this name when nodes fail, as far as one state tells. Where that
/// tells, a search without bounds tells the same.
fn found(cluster: &Cluster, nodes: &[u32], name: &str) -> Finding {
    let prover = Prover::new(cluster, Settings { bounds: false, ..Settings::default() });
    let bare = Prover::new(cluster, Settings { states_per_set: 1, ..Settings::default() });
    let named = |subject: &holdfast_proof::subject::Subject| {
        cluster.text(cluster.workload(subject.root).name) == name
    };
    let at = prover.subjects().subjects.iter().position(named).expect("it is there");
    let set = FailureSet::new(nodes.iter().map(|node| NodeId(*node)).collect());
    let found = bare.examine(&mut bare.workspace(), &set).findings.remove(&at);
    let found = found.expect("it is touched");
    let searched = prover.examine(&mut prover.workspace(), &set).findings.remove(&at);
    if !matches!(found.recovered, Verdict::Unknown(_)) {
        let searched = searched.expect("it is touched, however it is looked at");
        assert_eq!(found.recovered_range, searched.recovered_range, "a search says otherwise");
    }
    found
}

/// A web pod on a node that fails with so much CPU and memory besides, and three empty nodes. To
/// close one to the web the others need more than 3 CPU or 7 GiB there.
fn crowded(cpu: &str, memory: &str) -> Cluster {
    let mut objects: Vec<Value> = ["a", "b", "c", "d"].map(node).into();
    objects.extend(set("web", &["a"], &json!({"cpu": "1", "memory": "1Gi"}), &json!({})));
    objects.extend(set("cpu", &["a", "a"], &json!({"cpu": cpu}), &json!({})));
    objects.extend(set("memory", &["a", "a"], &json!({"memory": memory}), &json!({})));
    cluster(objects)
}

/// With 5.8 CPU and 13 GiB prices close 1.9 nodes and 1.8 more, but whole nodes only two.
#[test]
fn whole_nodes_are_not_closed_by_halves() {
    let web = found(&crowded("2900m", "6500Mi"), &[0], "web");
    assert_eq!(web.recovered, Verdict::Proved(Ground::Bound));
}

/// With 6.2 CPU they may close two by CPU and one by memory: that takes a search.
#[test]
fn whole_nodes_may_be_closed_one_by_one() {
    let web = found(&crowded("3100m", "7200Mi"), &[0], "web");
    assert!(matches!(web.recovered, Verdict::Unknown(Doubt::Budget)), "{:?}", web.recovered);
}

fn apart(name: &str) -> Value {
    json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{
        "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": name}},
    }]}}})
}

/// Two lost replicas that must be apart have one more host: one comes back, and one does not.
#[test]
fn of_more_pods_than_places_as_many_come_as_there_are_places() {
    let mut objects: Vec<Value> = ["a", "b", "c", "d"].map(node).into();
    let requests = json!({"cpu": "1", "memory": "1Gi"});
    objects.extend(set("web", &["a", "b", "c"], &requests, &apart("web")));
    let cluster = cluster(objects);
    let web = found(&cluster, &[0, 1], "web");
    assert_eq!((web.recovered, web.recovered_range), (Verdict::Refuted, (2, 2)));
    let web = found(&cluster, &[0], "web");
    assert_eq!((web.recovered, web.recovered_range), (Verdict::Proved(Ground::Bound), (3, 3)));
}

/// The same with a port that only one of them can have on a node.
#[test]
fn a_port_sets_apart_as_well() {
    let mut objects: Vec<Value> = ["a", "b", "c", "d"].map(node).into();
    let port = json!({"hostNetwork": true, "containers": [{
        "name": "c", "image": "i", "ports": [{"containerPort": 80, "hostPort": 80}],
    }]});
    objects.extend(set("web", &["a", "b", "c"], &json!({}), &port));
    let web = found(&cluster(objects), &[0, 1], "web");
    assert_eq!((web.recovered, web.recovered_range), (Verdict::Refuted, (2, 2)));
}

/// Somebody else may take the last host from both of them: then it is not known how many come.
#[test]
fn a_last_place_that_others_may_take_is_not_counted_on() {
    let mut objects: Vec<Value> = ["a", "b", "c", "d"].map(node).into();
    let requests = json!({"cpu": "2", "memory": "1Gi"});
    objects.extend(set("web", &["a", "b", "c"], &requests, &apart("web")));
    objects.extend(set("big", &["a"], &json!({"cpu": "3"}), &json!({})));
    objects.extend(set("held", &["c"], &json!({"cpu": "1"}), &json!({})));
    let web = found(&cluster(objects), &[0, 1], "web");
    assert!(matches!(web.recovered, Verdict::Unknown(Doubt::Budget)), "{:?}", web.recovered);
}
