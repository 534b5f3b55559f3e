//! Objects to judge: the fixtures and a synthetic export.

use std::fs;

use holdfast::synth;
use serde_json::Value;

/// The exports below `fixtures`.
const FIXTURES: [&str; 15] = [
    "data-platform/option-a",
    "data-platform/option-b",
    "data-platform/option-c",
    "data-platform/two-members",
    "edge/cluster",
    "homelab/cluster",
    "k3s/before",
    "k3s/promoted-k3s2",
    "k3s/promoted-k3s3",
    "k3s/tainted",
    "k3s/after",
    "shapes/cluster",
    "zero-spof/before",
    "zero-spof/after-longhorn",
    "zero-spof/after-ceph",
];

/// The items of every export, by its name.
pub(crate) fn exports() -> Vec<(&'static str, Vec<Value>)> {
    let mut exports: Vec<_> = FIXTURES.into_iter().map(|name| (name, fixture(name))).collect();
    exports.push(("synth", synthetic()));
    exports
}

/// The items of a synthetic export.
pub(crate) fn synthetic() -> Vec<Value> {
    let mut bytes = Vec::new();
    let options = synth::Options { nodes: 20, pods: 400, seed: 7, zones: 3 };
    synth::write(&mut bytes, &options).expect("memory takes all");
    items(&bytes)
}

fn fixture(name: &str) -> Vec<Value> {
    let file = format!("{}/../../fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    items(&fs::read(&file).expect("fixtures are committed"))
}

fn items(bytes: &[u8]) -> Vec<Value> {
    let mut list: Value = serde_json::from_slice(bytes).expect("exports are JSON");
    match list["items"].take() {
        Value::Array(items) => items,
        other => panic!("no items but {other}"),
    }
}
