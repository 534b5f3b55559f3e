//! Preemption that stays among few leaves everybody else proved.

mod objects;

use std::fmt::Write as _;

use holdfast_cluster::{Cluster, NodeId};
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::verdict::Ground;
use holdfast_proof::{FailureSet, Prover, Settings, Verdict};
use serde_json::{Value, json};

/// Two nodes with GPUs and two without, each with the CPU it has: a trainer that must have a GPU
/// node and outranks all, a batch job that runs beside it and may run anywhere, and the web.
fn cluster(cpu: u32) -> Cluster {
    let mut text = String::new();
    for name in ["gpu-0", "gpu-1"] {
        node(&mut text, name, 4, "taints: [{key: pool, value: gpu, effect: NoSchedule}]");
    }
    for name in ["web-0", "web-1"] {
        node(&mut text, name, cpu, "{}");
    }
    let bears = "tolerations: [{key: pool, operator: Exists}]";
    set(&mut text, ("trainer", "gpu-0"), 4, 1000, &format!("nodeSelector: {{pool: gpu}}, {bears}"));
    set(&mut text, ("batch", "gpu-1"), 3, 0, bears);
    set(&mut text, ("web", "web-0"), 1, 0, "nodeSelector: {pool: web}");
    // What default spread looks for, to know that there is none.
    for (group, kind) in
        [("v1", "Service"), ("v1", "ReplicationController"), ("apps/v1", "StatefulSet")]
    {
        write!(
            text,
            "---\n{{apiVersion: {group}, kind: {kind}, metadata: {{name: none, namespace: other}}, \
             spec: {{replicas: 0, selector: {{none: such}}}}}}\n"
        )
        .expect("text takes all");
    }
    let source = Source::named("cluster.yaml", text.into_bytes());
    load(vec![source], &Options::default()).cluster
}

fn node(text: &mut String, name: &str, cpu: u32, spec: &str) {
    let pool = &name[..3];
    let spec = spec.trim_start_matches('{').trim_end_matches('}');
    write!(
        text,
        "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{pool: {pool}, \
         kubernetes.io/hostname: {name}}}}}, spec: {{{spec}}}, status: {{allocatable: {{cpu: \
         {cpu}, memory: 8Gi, pods: 110}}, conditions: [{{type: Ready, status: 'True'}}]}}}}\n"
    )
    .expect("text takes all");
}

/// A ReplicaSet of one pod on a node.
fn set(text: &mut String, (name, node): (&str, &str), cpu: u32, priority: i32, more: &str) {
    let spec = format!(
        "priority: {priority}, containers: [{{name: c, image: i, resources: {{requests: {{cpu: \
         {cpu}}}}}}}], {more}"
    );
    write!(
        text,
        "---\n{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: {name}, namespace: \
         default}}, spec: {{replicas: 1, selector: {{matchLabels: {{app: {name}}}}}, template: \
         {{metadata: {{labels: {{app: {name}}}}}, spec: {{{spec}}}}}}}}}\n---\n{{apiVersion: v1, \
         kind: Pod, metadata: {{name: {name}-1, namespace: default, labels: {{app: {name}}}, \
         ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: {name}, uid: u, \
         controller: true}}]}}, spec: {{nodeName: {node}, {spec}}}, status: {{phase: Running, \
         conditions: [{{type: Ready, status: 'True'}}]}}}}\n"
    )
    .expect("text takes all");
}

/// What becomes of each workload when nodes fail, within so many states.
fn recovered(cluster: &Cluster, nodes: &[u32], states: usize) -> Vec<(String, Option<Verdict>)> {
    let settings = Settings { states_per_set: states, ..Settings::default() };
    let prover = Prover::new(cluster, settings);
    let set = FailureSet::new(nodes.iter().map(|node| NodeId(*node)).collect());
    let examination = prover.examine(&mut prover.workspace(), &set);
    let subjects = prover.subjects().subjects.iter().enumerate();
    subjects
        .map(|(at, subject)| {
            let name = cluster.text(cluster.workload(subject.root).name).to_owned();
            (name, examination.findings.get(&at).map(|finding| finding.recovered.clone()))
        })
        .collect()
}

/// What became of one; `None` of one that was not touched.
fn of<'v>(verdicts: &'v [(String, Option<Verdict>)], name: &str) -> Option<&'v Verdict> {
    verdicts.iter().find(|(known, _)| known == name).expect("it is there").1.as_ref()
}

/// The trainer preempts the batch job, which is sure of a node elsewhere: it is not even touched.
#[test]
fn victims_with_room_elsewhere_are_sure() {
    let verdicts = recovered(&cluster(8), &[0], 20_000);
    assert_eq!(of(&verdicts, "trainer"), Some(&Verdict::Proved(Ground::Explored)));
    assert_eq!(of(&verdicts, "batch"), None);
    assert_eq!(of(&verdicts, "web"), None);
}

/// The victim finds no room: that is seen, and the web is none of its business.
#[test]
fn victims_without_room_are_refuted() {
    let verdicts = recovered(&cluster(2), &[0], 20_000);
    assert_eq!(of(&verdicts, "trainer"), Some(&Verdict::Proved(Ground::Explored)));
    assert_eq!(of(&verdicts, "batch"), Some(&Verdict::Refuted));
    assert_eq!(of(&verdicts, "web"), None);
}

/// Without a state to search the others are proved all the same.
#[test]
fn others_are_proved_without_a_search() {
    let verdicts = recovered(&cluster(8), &[0, 2], 1);
    assert!(matches!(of(&verdicts, "trainer"), Some(Verdict::Unknown(_))));
    assert_eq!(of(&verdicts, "web"), Some(&Verdict::Proved(Ground::Bound)));
}

/// What becomes of two workloads when n0 and n1 of zones a and b fail: one outranks all and is
/// spread with some, and one serves on n2, in zone a. Pods on dead nodes count for the spread until
/// they are told to go. In zone c are no nodes but these.
fn spread_until_evicted(in_c: &[&str], counted: &[&str]) -> [Option<Verdict>; 2] {
    let node = |name: &str, zone: &str| {
        let mut node = objects::node(name);
        node["metadata"]["labels"]["topology.kubernetes.io/zone"] = json!(zone);
        node
    };
    let asks =
        |cpu: &str| json!([{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]);
    let spread = json!({
        "containers": asks("100m"), "priority": 1000,
        "topologySpreadConstraints": [{
            "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchExpressions": [
                {"key": "app", "operator": "In", "values": counted},
            ]},
        }],
    });
    let large = json!({"containers": asks("3800m")});
    let mut all = vec![node("n0", "a"), node("n1", "b"), node("n2", "a")];
    all.extend(in_c.iter().map(|name| node(name, "c")));
    all.extend(objects::replica_set("spread", &["n0"], &spread));
    all.extend(objects::replica_set("waits", &["n0"], &large));
    all.extend(objects::replica_set("serves", &["n2"], &large));
    let mut far: Value = objects::replica_set("far", &["n1"], &large).pop().expect("a pod");
    far["metadata"].as_object_mut().expect("a map").remove("ownerReferences");
    all.push(far);
    let verdicts = recovered(&objects::cluster(all), &[0, 1], 4_000);
    ["spread", "serves"].map(|name| of(&verdicts, name).cloned())
}

/// Somebody who is sure of a place in the end may find none before the last eviction has come, and
/// preempt others.
#[test]
fn who_is_sure_of_a_place_may_preempt_before() {
    let [spread, serves] = spread_until_evicted(&[], &["far", "serves", "waits"]);
    assert_eq!(spread, Some(Verdict::Proved(Ground::Explored)));
    assert_eq!(serves, Some(Verdict::Refuted), "its place may be taken");
}

/// Where a zone takes it that none of those left, it finds a node all along.
#[test]
fn who_is_sure_of_a_place_all_along_preempts_nobody() {
    let [spread, serves] = spread_until_evicted(&["n3"], &["far", "serves", "spread"]);
    assert_eq!(spread, Some(Verdict::Proved(Ground::Bound)));
    assert_eq!(serves, None, "nobody comes near it");
}
