//! Objects to judge: the fixtures and a synthetic export.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

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

/// The items of what `simulate --export` makes of a fixture.
pub(crate) fn simulated(name: &str, events: &[&str]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let export = folder.join(format!("{}.json", name.replace('/', "-")));
    let outcome = export.with_extension("outcome");
    let (file, budget) = (file(name), "500");
    let mut arguments = vec!["holdfast", "simulate", &file, "--budget", budget];
    arguments.extend(events.iter().flat_map(|event| ["--event", event]));
    let mut arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
    arguments.extend(["--export".into(), export.clone().into_os_string()]);
    // Standard output is the test's own.
    arguments.extend(["-o".into(), format!("json={}", outcome.display()).into()]);
    holdfast::run(arguments);
    items(&fs::read(&export).expect("the story has an end"))
}

fn file(name: &str) -> String {
    format!("{}/../../fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

fn fixture(name: &str) -> Vec<Value> {
    items(&fs::read(file(name)).expect("fixtures are committed"))
}

fn items(bytes: &[u8]) -> Vec<Value> {
    let mut list: Value = serde_json::from_slice(bytes).expect("exports are JSON");
    match list["items"].take() {
        Value::Array(items) => items,
        other => panic!("no items but {other}"),
    }
}
