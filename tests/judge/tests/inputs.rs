//! Objects to judge: the fixtures and a synthetic export.

use holdfast::synth;
use serde_json::Value;

/// The items of every export, by its name.
pub(crate) fn exports() -> Vec<(&'static str, Vec<Value>)> {
    let fixtures = [
        ("homelab", &include_bytes!("../../../fixtures/homelab/cluster.json")[..]),
        ("edge", &include_bytes!("../../../fixtures/edge/cluster.json")[..]),
        ("shapes", &include_bytes!("../../../fixtures/shapes/cluster.json")[..]),
    ];
    let mut exports: Vec<_> =
        fixtures.into_iter().map(|(name, bytes)| (name, items(bytes))).collect();
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

fn items(bytes: &[u8]) -> Vec<Value> {
    let mut list: Value = serde_json::from_slice(bytes).expect("exports are JSON");
    match list["items"].take() {
        Value::Array(items) => items,
        other => panic!("no items but {other}"),
    }
}
