//! Copies of a pod that the real scheduler placed one by one: the engine's series, by which `plan
//! fit` counts, puts each on the same node, and ends where the scheduler found none.

use holdfast_cluster::{InstanceId, NodeId, Placement};
use holdfast_conformance::archive;
use holdfast_conformance::case::Case;
use holdfast_scheduler::Scheduler;
use serde_json::Value;

/// The kind of case in which every pending pod is the same.
const KIND: &str = "copies";

/// Where the real scheduler put each of them; it is asked about every one, also behind one that
/// fits nowhere.
fn recorded(decision: &Value) -> Vec<Option<String>> {
    let pods = decision["pods"].as_array().expect("the pods of a case").iter();
    pods.map(|pod| pod["node"].as_str().map(str::to_owned)).collect()
}

/// Where the series has them.
fn told(case: &Case, most: usize) -> Vec<Option<String>> {
    let is_pending =
        |object: &&Value| object["kind"] == "Pod" && object["spec"].get("nodeName").is_none();
    let pending = case.objects.iter().filter(is_pending);
    let others: Vec<&Value> = pending.clone().skip(1).collect();
    let objects = case.objects.iter().filter(|object| !others.contains(object));
    let texts: Vec<String> = objects.map(Value::to_string).collect();
    let (cluster, _) = holdfast_ingest::from_objects(texts.iter().map(String::as_bytes));
    let name = pending.clone().next().expect("a pod")["metadata"]["name"].as_str().expect("a name");
    let at = cluster.pods().iter().position(|pod| cluster.text(pod.name) == name);
    let (scheduler, placement) = (Scheduler::new(&cluster), Placement::of(&cluster));
    let pod = InstanceId::at(at.expect("the pod"));
    let name = |node: NodeId| cluster.node_name(node).to_owned();
    let mut all: Vec<Option<String>> =
        scheduler.series(&placement, pod).take(most).map(|node| Some(name(node))).collect();
    all.resize(most, None);
    all
}

#[test]
fn a_series_goes_as_the_real_scheduler_went() {
    let read = |what| archive::read(&archive::file(what, KIND)).expect("it was recorded");
    let (cases, decisions) = (read("cases"), read("decisions"));
    let (mut several, mut full) = (0, 0);
    let mut differ = Vec::new();
    for (case, decision) in cases.lines().zip(decisions.lines()) {
        let case = Case::parse(case).expect("a case");
        let decision: Value = serde_json::from_str(decision).expect("a decision");
        let recorded = recorded(&decision);
        let told = told(&case, recorded.len());
        if recorded != told {
            differ.push(format!("{}: {recorded:?} {told:?}", case.id));
        }
        let placed = recorded.iter().flatten().count();
        several += usize::from(placed > 1);
        full += usize::from(placed > 0 && placed < recorded.len());
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(several >= 400 && full >= 150, "{several} with several, {full} that run full");
}
