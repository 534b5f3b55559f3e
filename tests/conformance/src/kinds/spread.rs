//! Spreading over topologies: what a pod asks for, and what it gets without asking.

use super::Feature;
use super::base::{APPS, TIERS, TOPOLOGIES};
use super::bits::{label_selector, owner};
use crate::shape::{Json, any_of, just, list, number, pick, record, sequence, some};

/// Constraints of every sort.
pub(super) fn constraints() -> Feature {
    let policy = || some(20, pick(&["Honor", "Ignore"]));
    let constraint = |when: &str, min_domains: Json| {
        record(vec![
            ("maxSkew", pick(&[1, 1, 2, 3, 5])),
            ("topologyKey", pick(&TOPOLOGIES)),
            ("whenUnsatisfiable", just(when)),
            ("labelSelector", some(92, label_selector())),
            ("minDomains", min_domains),
            ("nodeAffinityPolicy", policy()),
            ("nodeTaintsPolicy", policy()),
            ("matchLabelKeys", some(15, list(1..=1, pick(&["ver", "tier", "nobody"])))),
        ])
    };
    let either = any_of(vec![
        (3, constraint("DoNotSchedule", some(25, number(1..=5)))),
        (2, constraint("ScheduleAnyway", crate::shape::absent())),
    ]);
    let spec = record(vec![("topologySpreadConstraints", some(75, list(1..=2, either)))]);
    Feature { pod: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

/// Services and controllers, by which the scheduler spreads pods that have no constraints.
pub(super) fn by_default() -> Feature {
    let name = || pick(&["one", "two"]);
    let owners = any_of(vec![
        (3, owner("ReplicaSet", name())),
        (2, owner("StatefulSet", name())),
        (1, owner("ReplicationController", name())),
        (1, owner("DaemonSet", name())),
    ]);
    let pod = record(vec![("metadata", record(vec![("ownerReferences", some(65, owners))]))]);
    let objects = sequence(vec![
        controllers("ReplicaSet", "apps/v1"),
        controllers("StatefulSet", "apps/v1"),
        controllers("ReplicationController", "v1"),
        controllers("Service", "v1"),
    ]);
    Feature { pod: Some(pod), objects: Some(flattened(objects)), ..Feature::NONE }
}

/// One list out of a list of lists.
pub(super) fn flattened(lists: Json) -> Json {
    use proptest::strategy::Strategy;
    use serde_json::Value;
    let flatten = |lists: Value| match lists {
        Value::Array(lists) => lists
            .into_iter()
            .flat_map(|list| match list {
                Value::Array(items) => items,
                other => vec![other],
            })
            .collect(),
        other => other,
    };
    lists.prop_map(flatten).boxed()
}

/// Objects of a kind that select pods, under the names that owners refer to.
fn controllers(kind: &'static str, api_version: &'static str) -> Json {
    let labels = || record(vec![("app", some(85, pick(&APPS))), ("tier", some(20, pick(&TIERS)))]);
    // Services and replication controllers have a plain map for a selector; an empty one selects
    // nothing.
    let selector = match kind {
        "Service" | "ReplicationController" => some(90, labels()),
        _ => label_selector(),
    };
    let one = |name: &str| {
        record(vec![
            ("apiVersion", just(api_version)),
            ("kind", just(kind)),
            (
                "metadata",
                record(vec![
                    ("name", just(name)),
                    ("namespace", pick(&["default", "default", "prod", "infra"])),
                ]),
            ),
            ("spec", record(vec![("selector", selector.clone())])),
        ])
    };
    sequence(vec![some(60, one("one")), some(35, one("two"))])
}
