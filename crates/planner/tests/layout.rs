//! What layouts survive, whose loss alone breaks something, and what is told of both.

mod small;

use holdfast_cluster::Cluster;
use holdfast_planner::recovery::one_by_one;
use holdfast_planner::{Asking, Layout};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Domains, Settings};
use serde_json::{Value, json};

use crate::small::{cluster, spec, workload};

const ZONE: &str = "topology.kubernetes.io/zone";

/// Nodes of four cores, each in the zone of its name but for `c`, which is in that of `b`.
fn nodes() -> Vec<Value> {
    let node = |name: &str, zone: &str| {
        let room = json!({ "cpu": "4", "memory": "16Gi", "pods": "110" });
        json!({ "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name,
                "labels": { "kubernetes.io/hostname": name, ZONE: zone } },
            "status": { "allocatable": room, "capacity": room,
                "conditions": [{ "type": "Ready", "status": "True" }] } })
    };
    vec![node("a", "a"), node("b", "b"), node("c", "b")]
}

/// Three pods that go anywhere, and as many as `pinned` says that go to `a` alone.
fn layout(pinned: usize, question: impl Fn(&Cluster) -> Question) -> (Cluster, Layout) {
    let mut objects = nodes();
    objects.extend(workload("web", &["a", "b", "c"], &spec("1", "1Gi", &Value::Null)));
    for at in 0..pinned {
        let to = json!({ "nodeSelector": { "kubernetes.io/hostname": "a" } });
        objects.extend(workload(&format!("pinned-{at}"), &["a"], &spec("1", "1Gi", &to)));
    }
    let cluster = cluster(&objects);
    let settings = Settings { states_per_set: 2_000, ..Settings::default() };
    let asking = Asking {
        settings,
        sweep: &|prover, question, enough| one_by_one(prover, question, enough),
    };
    let layout = Layout::of(&cluster, &question(&cluster), &asking);
    (cluster, layout)
}

#[test]
fn what_goes_anywhere_survives_one_node_and_not_all() {
    let (_, layout) = layout(0, |_| Question::AnyNodes(3));
    assert!(layout.complete && layout.control_plane.is_none());
    assert_eq!((layout.verdict(0), layout.verdict(2)), (VerdictName::Proved, VerdictName::Proved));
    assert_eq!(layout.verdict(3), VerdictName::Refuted, "no node is left");
    assert_eq!((layout.surviving(2), layout.surviving(3)), (1, 0));
    let (culprits, all) = layout.broken_by().unwrap();
    assert_eq!(
        (culprits.fail.as_slice(), all),
        (["a", "b", "c"].map(str::to_owned).as_slice(), vec![0])
    );
    assert!(layout.points.is_empty(), "{:?}", layout.points);
}

#[test]
fn the_node_that_something_hangs_on_is_a_single_point_of_failure() {
    let (cluster, layout) = layout(2, |_| Question::AnyNodes(1));
    assert_eq!((layout.verdict(0), layout.verdict(1)), (VerdictName::Proved, VerdictName::Refuted));
    assert_eq!((layout.surviving(0), layout.surviving(1)), (3, 1));
    let (culprits, all) = layout.broken_by().unwrap();
    assert_eq!((culprits.fail.as_slice(), all.len()), (["a".to_owned()].as_slice(), 2));
    let [point] = layout.points.as_slice() else { panic!("{:?}", layout.points) };
    let name = |id: &_| cluster.text(cluster.workload(*id).name);
    let breaks: Vec<&str> = point.breaks.iter().map(name).collect();
    assert_eq!((point.name.as_str(), breaks), ("a", vec!["pinned-0", "pinned-1"]));
    assert!(point.unknown.is_empty() && !point.stops_control_plane);
}

#[test]
fn a_domain_counts_as_one_failure_and_points_are_nodes() {
    let zones = |cluster: &Cluster| Question::AnyDomains(Domains::of_label(cluster, ZONE), 1);
    let (_, layout) = layout(1, zones);
    assert_eq!(layout.verdict(1), VerdictName::Refuted);
    let (culprits, _) = layout.broken_by().unwrap();
    assert_eq!(culprits.domains, [format!("{ZONE}=a")]);
    let points: Vec<&str> = layout.points.iter().map(|point| point.name.as_str()).collect();
    assert_eq!(points, ["a"]);
}
