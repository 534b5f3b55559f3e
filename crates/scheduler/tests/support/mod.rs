//! Small clusters as API objects, for tests and the benchmark.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod wide;

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_scheduler::decision::{NodeVerdict, Outcome};
use holdfast_scheduler::{Decision, Scheduler, Scratch, Words, wording};
use serde_json::{Value, json};

/// The cluster that these objects describe.
pub(crate) fn cluster(objects: &[Value]) -> Cluster {
    cluster_by(objects, None)
}

/// The same, scheduled by this configuration.
pub(crate) fn cluster_by(objects: &[Value], config: Option<&Value>) -> Cluster {
    let texts: Vec<String> = objects.iter().map(Value::to_string).collect();
    let config = config.map(Value::to_string);
    let objects = texts.iter().map(String::as_bytes);
    holdfast_ingest::from_case(objects, config.as_deref().map(str::as_bytes)).0
}

/// Lays `patch` over `base`: objects are merged, everything else is replaced.
pub(crate) fn merge(base: &mut Value, patch: &Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch.clone(),
    }
}

/// A node with 4 cores, 8 GiB, room for 110 pods and its name as a label, changed by `patch`.
pub(crate) fn node(name: &str, patch: &Value) -> Value {
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
    });
    merge(&mut node, patch);
    node
}

/// A pending pod of one container that asks for nothing, changed by `patch`.
pub(crate) fn pod(name: &str, patch: &Value) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    });
    merge(&mut pod, patch);
    pod
}

/// The same, bound to `node` and running.
pub(crate) fn running(name: &str, node: &str, patch: &Value) -> Value {
    let mut bound = pod(name, &json!({"spec": {"nodeName": node}, "status": {"phase": "Running"}}));
    merge(&mut bound, patch);
    bound
}

/// A patch for a pod that asks for so much CPU, at this priority.
pub(crate) fn cpu(cpu: &str, priority: i32) -> Value {
    json!({"spec": {
        "priority": priority,
        "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}],
    }})
}

/// The instance of the pod of this name.
pub(crate) fn find(cluster: &Cluster, name: &str) -> InstanceId {
    let at = cluster.pods().iter().position(|pod| cluster.text(pod.name) == name);
    InstanceId::at(at.expect("the pod is there"))
}

/// The decision about the pod of this name, in the cluster as it is. Both ways of asking agree on
/// it.
pub(crate) fn decide(cluster: &Cluster, name: &str) -> Decision {
    let (scheduler, placement) = (Scheduler::new(cluster), Placement::of(cluster));
    let pod = find(cluster, name);
    let decision = scheduler.decide(&placement, pod);
    let mut scratch = Scratch::default();
    assert_eq!(scheduler.candidates(&placement, pod, &mut scratch), candidates(&decision));
    decision
}

/// The nodes that tie at the top.
pub(crate) fn candidates(decision: &Decision) -> &[NodeId] {
    match &decision.outcome {
        Outcome::Scheduled { candidates } => candidates,
        _ => &[],
    }
}

/// The names of the nodes that pass the filters.
pub(crate) fn feasible(cluster: &Cluster, decision: &Decision) -> Vec<String> {
    let feasible = |verdict: &NodeVerdict| matches!(verdict, NodeVerdict::Feasible(_));
    let nodes = decision.nodes.iter().filter(|(_, verdict)| feasible(verdict));
    nodes.map(|(node, _)| cluster.node_name(*node).to_owned()).collect()
}

/// Why the node of this name turned the pod down, as `Plugin: reason, reason`; empty if it did not.
pub(crate) fn why(cluster: &Cluster, decision: &Decision, node: &str) -> String {
    let of_node = |(id, _): &&(NodeId, NodeVerdict)| cluster.node_name(*id) == node;
    match decision.nodes.iter().find(of_node) {
        Some((_, NodeVerdict::Rejected(rejection))) => {
            let texts: Vec<_> = rejection
                .reasons
                .iter()
                .map(|reason| wording::text(Words::newest(cluster), *reason))
                .collect();
            format!("{}: {}", rejection.plugin.name(), texts.join(", "))
        }
        _ => String::new(),
    }
}

/// The weighted score that a plugin gives a node.
pub(crate) fn score(
    cluster: &Cluster,
    decision: &Decision,
    node: &str,
    plugin: &str,
) -> Option<i64> {
    let (_, verdict) =
        decision.nodes.iter().find(|(id, _)| cluster.node_name(*id) == node).expect("a node");
    let NodeVerdict::Feasible(Some(scores)) = verdict else { return None };
    scores.by_plugin.iter().find(|(known, _)| known.name() == plugin).map(|(_, score)| *score)
}
