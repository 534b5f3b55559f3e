//! Affinity to nodes, and to and against pods.

use serde_json::json;

use super::Feature;
use super::base::TOPOLOGIES;
use super::bits::{label_selector, node_expression, node_terms};
use crate::assemble::NAMESPACES;
use crate::shape::{Json, any_of, just, list, number, pick, record, some};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Node selectors, required and preferred node affinity.
pub(super) fn of_nodes() -> Feature {
    let selector = any_of(vec![
        (3, record(vec![("disk", pick(&["ssd", "hdd"]))])),
        (1, record(vec![("topology.kubernetes.io/zone", pick(&["z1", "z2"]))])),
    ]);
    let preference = record(vec![
        ("weight", number(1..=100)),
        ("preference", record(vec![("matchExpressions", list(0..=2, node_expression()))])),
    ]);
    let affinity = record(vec![
        (REQUIRED, some(50, record(vec![("nodeSelectorTerms", node_terms())]))),
        (PREFERRED, some(50, list(1..=3, preference))),
    ]);
    let spec = record(vec![
        ("nodeSelector", some(30, selector)),
        ("affinity", some(70, record(vec![("nodeAffinity", affinity)]))),
    ]);
    Feature { pod: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

/// Affinity to and against pods, required and preferred.
pub(super) fn of_pods() -> Feature {
    let weighted =
        || record(vec![("weight", number(1..=100)), ("podAffinityTerm", term(label_selector()))]);
    let either = |percent| {
        record(vec![
            (REQUIRED, some(percent, list(1..=2, term(label_selector())))),
            (PREFERRED, some(40, list(1..=2, weighted()))),
        ])
    };
    let affinity = record(vec![
        ("podAffinity", some(40, either(45))),
        ("podAntiAffinity", some(45, either(55))),
    ]);
    let spec = record(vec![("affinity", some(75, affinity))]);
    Feature { pod: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

fn term(selector: Json) -> Json {
    let of_namespaces = any_of(vec![
        (2, just(json!({}))),
        (3, record(vec![("matchLabels", record(vec![("team", pick(&["a", "b", "c"]))]))])),
        (
            1,
            just(json!({"matchExpressions": [
                {"key": "team", "operator": "NotIn", "values": ["a"]},
            ]})),
        ),
    ]);
    let keys = || some(12, list(1..=1, pick(&["ver", "tier"])));
    record(vec![
        ("topologyKey", pick(&TOPOLOGIES)),
        ("labelSelector", some(95, selector)),
        ("namespaces", some(20, list(1..=2, pick(&NAMESPACES)))),
        ("namespaceSelector", some(20, of_namespaces)),
        ("matchLabelKeys", keys()),
        ("mismatchLabelKeys", keys()),
    ])
}

/// Selectors that an API server would refuse or that select in surprising ways.
pub(super) fn odd_selectors() -> Feature {
    let either = || {
        let required = list(1..=2, term(any_of(vec![(3, odd_selector()), (1, label_selector())])));
        let weighted =
            record(vec![("weight", number(1..=100)), ("podAffinityTerm", term(odd_selector()))]);
        record(vec![(REQUIRED, some(85, required)), (PREFERRED, some(25, list(1..=1, weighted)))])
    };
    let of_pods = any_of(vec![
        (1, record(vec![("podAffinity", either())])),
        (1, record(vec![("podAntiAffinity", either())])),
    ]);
    let preference = record(vec![("weight", number(0..=3)), ("preference", odd_node_term())]);
    let of_nodes = record(vec![
        (REQUIRED, some(60, record(vec![("nodeSelectorTerms", list(1..=2, odd_node_term()))]))),
        (PREFERRED, some(60, list(1..=2, preference))),
    ]);
    let affinity = any_of(vec![(3, of_pods), (2, record(vec![("nodeAffinity", of_nodes)]))]);
    let constraint = record(vec![
        ("maxSkew", just(1)),
        ("topologyKey", pick(&TOPOLOGIES)),
        ("whenUnsatisfiable", pick(&["DoNotSchedule", "ScheduleAnyway"])),
        ("labelSelector", odd_selector()),
    ]);
    let spec = record(vec![
        ("affinity", some(35, affinity)),
        ("topologySpreadConstraints", some(8, list(1..=2, constraint))),
    ]);
    Feature { pod: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

/// A label selector with one requirement, seldom a sound one.
fn odd_selector() -> Json {
    let long = "long".repeat(16);
    let requirement = |key: &str, operator: &str, values: &[&str]| {
        let requirement = json!({"key": key, "operator": operator, "values": values});
        just(json!({"matchExpressions": [requirement]}))
    };
    any_of(vec![
        (1, just(json!({"matchExpressions": [{"key": "app", "operator": "In"}]}))),
        (1, requirement("app", "Is", &[])),
        (1, requirement("app", "Exists", &["web"])),
        (1, requirement("not a key!", "Exists", &[])),
        (1, requirement(&long, "NotIn", &["x", "-y"])),
        (1, requirement("a/b/c", "DoesNotExist", &[])),
        (1, requirement("nobody", "NotIn", &["x"])),
        (1, just(json!({"matchLabels": {"Up.Per/app": "web"}}))),
        (1, just(json!({"matchLabels": {"app": "not a value!"}}))),
        (1, just(json!({"matchLabels": {"app": long}}))),
        (1, just(json!({"matchLabels": {"app": ""}}))),
        (2, just(json!({}))),
    ])
}

/// A node selector term, seldom a sound one.
fn odd_node_term() -> Json {
    let of = |list: &str, key: &str, operator: &str, values: &[&str]| {
        just(json!({list: [{"key": key, "operator": operator, "values": values}]}))
    };
    let labels = "matchExpressions";
    any_of(vec![
        (1, just(json!({}))),
        (1, just(json!({"matchExpressions": [], "matchFields": []}))),
        (1, of(labels, "gen", "Gt", &["1", "2"])),
        (1, of(labels, "gen", "Lt", &["many", "-2"])),
        (1, of(labels, "gen", "Gt", &["-5"])),
        (1, of(labels, "disk", "NotIn", &["not a value!"])),
        (1, of(labels, "disk", "Near", &["ssd"])),
        (1, of(labels, "disk", "Exists", &[])),
        (1, of("matchFields", "metadata.name", "In", &["node-00", "node-01"])),
        (1, of("matchFields", "metadata.name", "Exists", &[])),
        (1, of("matchFields", "metadata.namespace", "In", &["node-00"])),
    ])
}
