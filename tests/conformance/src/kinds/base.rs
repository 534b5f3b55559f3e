//! What every node and every pod has.

use serde_json::json;

use crate::shape::{Json, any_of, just, number, pick, record, record_or_absent, some};

/// Zones; their number is small, so that pods meet.
pub(super) const ZONES: [&str; 3] = ["z1", "z2", "z3"];

/// Apps and tiers that pods are labelled with.
pub(super) const APPS: [&str; 3] = ["web", "api", "db"];
pub(super) const TIERS: [&str; 2] = ["fe", "be"];

/// Topologies that pods can be told apart by.
pub(super) const TOPOLOGIES: [&str; 4] = [
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "disk",
];

pub(super) fn node() -> Json {
    let labels = record(vec![
        ("topology.kubernetes.io/zone", some(85, pick(&ZONES))),
        ("topology.kubernetes.io/region", some(40, pick(&["r1", "r2"]))),
        ("disk", some(50, pick(&["ssd", "hdd", "nvme"]))),
        ("gen", some(25, pick(&["1", "2", "3", "12", "x"]))),
        ("no-hostname", some(3, just("true"))),
    ]);
    let resources = record(vec![
        ("cpu", pick(&["4", "8", "1930m", "2", "1", "15.5"])),
        ("memory", pick(&["8Gi", "16Gi", "4G", "3911036Ki", "7936Mi", "2Gi"])),
        ("pods", pick(&["110", "110", "110", "110", "8", "4"])),
    ]);
    let status = any_of(vec![
        (9, record(vec![("allocatable", resources.clone())])),
        // Defaulting makes what can be allocated out of what there is.
        (1, record(vec![("capacity", resources)])),
    ]);
    record(vec![
        ("metadata", record(vec![("labels", labels)])),
        ("spec", record(vec![])),
        ("status", status),
    ])
}

pub(super) fn pod() -> Json {
    let labels = record_or_absent(vec![
        ("app", some(90, pick(&APPS))),
        ("tier", some(50, pick(&TIERS))),
        ("ver", some(30, pick(&["1", "2"]))),
    ]);
    let metadata = record(vec![
        ("namespace", pick(&["default", "default", "prod", "infra"])),
        ("labels", labels),
    ]);
    let requests = record_or_absent(vec![
        ("cpu", some(70, pick(&["100m", "250m", "0.5", "50m", "0.3"]))),
        ("memory", some(70, pick(&["128Mi", "256Mi", "512Mi", "64M", "1Gi"]))),
    ]);
    let container = record(vec![("resources", record_or_absent(vec![("requests", requests)]))]);
    let spec = record(vec![
        ("containers", crate::shape::list(1..=2, container)),
        // Settled when all nodes are known; a pending pod's is taken away again.
        ("nodeName", any_of(vec![(39, number(0..=11)), (1, number(1_000..=1_000))])),
    ]);
    record(vec![("metadata", metadata), ("spec", spec), ("status", just(json!({})))])
}
