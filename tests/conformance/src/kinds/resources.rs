//! What pods ask for: containers of all sorts, overhead, whole pods, resizing, and how it is spelt.

use serde_json::json;

use super::Feature;
use crate::shape::{Json, any_of, just, list, pick, record, record_or_absent, some};

const CPU: [&str; 6] = ["100m", "250m", "0.5", "1", "1500m", "3"];
const MEMORY: [&str; 6] = ["128Mi", "512Mi", "1Gi", "1.5Gi", "2G", "3Gi"];

/// Requests and limits of containers, sidecars and init containers, and overhead.
pub(super) fn requests() -> Feature {
    let allocatable = record(vec![
        ("ephemeral-storage", some(60, pick(&["20Gi", "100Gi", "18242267924"]))),
        ("hugepages-2Mi", some(30, pick(&["64Mi", "1Gi", "0"]))),
        ("hugepages-1Gi", some(10, pick(&["1Gi", "2Gi"]))),
        ("nvidia.com/gpu", some(35, pick(&["1", "2", "8", "0"]))),
        ("example.com/fpga", some(20, pick(&["1", "2"]))),
    ]);
    let init =
        record(vec![("resources", resources()), ("restartPolicy", some(45, just("Always")))]);
    let spec = record(vec![
        ("containers", list(1..=3, record(vec![("resources", resources())]))),
        ("initContainers", some(40, list(1..=3, init))),
        ("overhead", some(15, pair(&["50m", "250m"], &["64Mi", "512Mi"]))),
    ]);
    Feature {
        node: Some(record(vec![("status", record(vec![("allocatable", allocatable)]))])),
        pod: Some(record(vec![("spec", spec)])),
        ..Feature::NONE
    }
}

/// What the whole pod asks for.
pub(super) fn pod_level() -> Feature {
    let whole = || {
        record_or_absent(vec![
            ("cpu", some(70, pick(&["500m", "1", "2", "3500m"]))),
            ("memory", some(70, pick(&["1Gi", "2Gi", "3G"]))),
            ("hugepages-2Mi", some(10, pick(&["64Mi", "128Mi"]))),
        ])
    };
    let resources =
        record_or_absent(vec![("requests", some(80, whole())), ("limits", some(40, whole()))]);
    let spec = record(vec![("resources", some(70, resources))]);
    Feature { pod: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

/// Bound pods that are being resized in place: what was allocated may differ from the spec.
pub(super) fn resized() -> Feature {
    let amounts = || {
        let both = vec![("cpu", some(85, pick(&CPU))), ("memory", some(85, pick(&MEMORY)))];
        record_or_absent(both)
    };
    let status = || {
        record(vec![
            ("allocatedResources", some(75, amounts())),
            ("resources", some(60, record(vec![("requests", amounts())]))),
        ])
    };
    let kind = |name: &str, reason: Json| {
        record(vec![("type", just(name)), ("status", just("True")), ("reason", reason)])
    };
    let condition = any_of(vec![
        (2, kind("PodResizePending", pick(&["Infeasible", "Deferred"]))),
        (1, kind("PodResizeInProgress", some(50, just("Error")))),
    ]);
    let status = record(vec![
        ("phase", just("Running")),
        ("containerStatuses", some(80, list(1..=3, status()))),
        ("initContainerStatuses", some(30, list(1..=2, status()))),
        ("allocatedResources", some(15, amounts())),
        ("resources", some(15, record(vec![("requests", amounts())]))),
        ("conditions", some(60, list(1..=1, condition))),
    ]);
    Feature { bound: Some(record(vec![("status", status)])), ..Feature::NONE }
}

/// The same amounts spelt in every way that there is, rounding included.
pub(super) fn quantities() -> Feature {
    let odd_cpu = ["1", "0.1", "100m", "1e0", "0.0015", "999999n", "1500001u", "2.0000", "0", "+1"];
    let odd_memory = [
        "1Gi",
        "1073741824",
        "1e9",
        "1E9",
        "1073741824000m",
        "94701m",
        "1k",
        "12e6",
        "0.5Gi",
        "1G",
        "1.5Mi",
        "3911036Ki",
        "0.000001Ti",
        "1Ei",
    ];
    let requests = record(vec![
        ("cpu", some(90, pick(&odd_cpu))),
        ("memory", some(90, pick(&odd_memory))),
        ("ephemeral-storage", some(20, pick(&["1e9", "500M", "1.1Gi"]))),
        ("example.com/fpga", some(20, pick(&["1", "1k", "0.5", "1500m"]))),
    ]);
    let resources = any_of(vec![
        (4, record(vec![("requests", requests.clone())])),
        (1, record(vec![("limits", requests)])),
        (1, just(json!({"requests": {"cpu": 1, "memory": 1_000_000_000}}))),
        (1, just(json!({"requests": {"cpu": 0.25}}))),
    ]);
    let container = record(vec![("resources", resources)]);
    let allocatable = record(vec![
        ("cpu", some(60, pick(&["3.9", "3900m", "4e0", "2500000u", "1999999999n"]))),
        ("memory", some(60, pick(&["4e9", "4294967296", "3.5Gi", "94701000m", "8Ei"]))),
        ("ephemeral-storage", some(60, pick(&["1e10", "1500M", "9.5Gi"]))),
        ("example.com/fpga", some(60, pick(&["2", "1k"]))),
    ]);
    Feature {
        node: Some(record(vec![("status", record(vec![("allocatable", allocatable)]))])),
        pod: Some(record(vec![("spec", record(vec![("containers", list(1..=2, container))]))])),
        ..Feature::NONE
    }
}

/// Requests, limits or both: defaulting makes the one from the other.
fn resources() -> Json {
    let amounts = || {
        record_or_absent(vec![
            ("cpu", some(70, pick(&CPU))),
            ("memory", some(70, pick(&MEMORY))),
            ("ephemeral-storage", some(15, pick(&["1Gi", "10Gi", "50Gi"]))),
        ])
    };
    // What cannot be overcommitted is asked for by its limit.
    let whole = record_or_absent(vec![
        ("nvidia.com/gpu", some(15, pick(&["1", "2"]))),
        ("example.com/fpga", some(10, just("1"))),
        ("hugepages-2Mi", some(10, pick(&["32Mi", "64Mi", "128Mi"]))),
        ("hugepages-1Gi", some(4, just("1Gi"))),
        ("cpu", some(20, pick(&CPU))),
        ("memory", some(20, pick(&MEMORY))),
    ]);
    any_of(vec![
        (6, record_or_absent(vec![("requests", amounts()), ("limits", some(50, whole))])),
        (1, record_or_absent(vec![("limits", amounts())])),
        (1, crate::shape::absent()),
    ])
}

fn pair(cpu: &[&str], memory: &[&str]) -> Json {
    record(vec![("cpu", pick(cpu)), ("memory", some(70, pick(memory)))])
}
