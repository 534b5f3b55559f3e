//! Who makes room for whom.

use super::Feature;
use super::bits::label_selector;
use crate::shape::{
    Json, any_of, just, list, number, pick, record, record_or_absent, sequence, some,
};

/// Priorities of both sides, on nodes that are full.
pub(super) fn priorities() -> Feature {
    let times = pick(&[
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:01Z",
        "2026-01-01T06:00:00Z",
        "2026-01-02T00:00:00Z",
    ]);
    let allocatable = record(vec![
        ("cpu", pick(&["1", "2", "2500m"])),
        ("memory", pick(&["2Gi", "3Gi"])),
        ("pods", pick(&["110", "110", "110", "3", "2"])),
    ]);
    let container = |cpu: Json, memory: Json| {
        let requests = record(vec![("cpu", cpu), ("memory", some(60, memory))]);
        list(1..=1, record(vec![("resources", record(vec![("requests", requests)]))]))
    };
    let small = container(pick(&["250m", "500m", "1", "700m"]), pick(&["256Mi", "1Gi"]));
    let large = container(pick(&["1", "1500m", "2", "800m"]), pick(&["1Gi", "2Gi"]));
    let leaving = some(6, just("2026-01-03T00:00:00Z"));
    let priority = some(85, pick(&[0, 0, 5, 10, -5, 100]));
    let bound = record(vec![
        ("metadata", record(vec![("deletionTimestamp", leaving)])),
        ("spec", record(vec![("priority", priority), ("containers", small)])),
        ("status", record(vec![("phase", just("Running")), ("startTime", some(85, times))])),
    ]);
    let spec = record(vec![
        ("priority", some(90, pick(&[10, 100, 1_000, 5, 0]))),
        ("preemptionPolicy", some(20, pick(&["Never", "PreemptLowerPriority"]))),
        ("containers", large),
    ]);
    Feature {
        node: Some(record(vec![("status", record(vec![("allocatable", allocatable)]))])),
        bound: Some(bound),
        pending: Some(record(vec![("spec", spec)])),
        objects: Some(some(50, budget_list())),
        ..Feature::NONE
    }
}

/// Budgets of every sort.
pub(super) fn budgets() -> Feature {
    Feature { objects: Some(budget_list()), ..Feature::NONE }
}

fn budget_list() -> Json {
    let disrupted = record_or_absent(vec![
        ("b00", some(30, just("2026-01-01T00:00:00Z"))),
        ("b01", some(30, just("2026-01-01T00:00:00Z"))),
    ]);
    let budget = |name: &str| {
        record(vec![
            ("apiVersion", just("policy/v1")),
            ("kind", just("PodDisruptionBudget")),
            (
                "metadata",
                record(vec![
                    ("name", just(name)),
                    ("namespace", pick(&["default", "default", "prod"])),
                ]),
            ),
            ("spec", record(vec![("selector", some(92, label_selector()))])),
            (
                "status",
                record(vec![
                    ("disruptionsAllowed", some(80, number(0..=2))),
                    ("disruptedPods", some(15, disrupted.clone())),
                ]),
            ),
        ])
    };
    sequence(vec![some(80, budget("x")), some(50, budget("y")), some(20, budget("z"))])
}

/// More victims than a sort keeps in order by luck, many of them alike.
pub(super) fn crowd() -> Feature {
    let allocatable = record(vec![
        ("cpu", pick(&["4", "6"])),
        ("memory", pick(&["16Gi"])),
        ("pods", just("110")),
    ]);
    let small = |cpu: Json| {
        let requests = record(vec![("cpu", cpu)]);
        let container = record(vec![("resources", record(vec![("requests", requests)]))]);
        list(1..=1, container)
    };
    let times = pick(&["2026-01-01T00:00:00Z", "2026-01-01T06:00:00Z"]);
    let bound = record(vec![
        (
            "spec",
            record(vec![
                ("priority", pick(&[0, 0, 0, 1, 5])),
                ("containers", small(pick(&["250m", "300m", "200m"]))),
            ]),
        ),
        ("status", record(vec![("phase", just("Running")), ("startTime", some(90, times))])),
    ]);
    let pending = record(vec![(
        "spec",
        record(vec![
            ("priority", pick(&[10, 100])),
            ("containers", small(pick(&["3", "2", "3900m", "5"]))),
        ]),
    )]);
    Feature {
        node: Some(record(vec![("status", record(vec![("allocatable", allocatable)]))])),
        bound: Some(bound),
        pending: Some(pending),
        objects: Some(some(60, budget_list())),
        ..Feature::NONE
    }
}

/// Pods that earlier made room on some node and wait for it.
pub(super) fn nominated() -> Feature {
    let node = any_of(vec![(9, number(0..=5)), (1, just("gone"))]);
    let pending = record(vec![("status", record(vec![("nominatedNodeName", some(55, node))]))]);
    Feature { pending: Some(pending), ..Feature::NONE }
}
