//! What Holdfast writes, the judge reads.

use holdfast_ingest::redact::redact;
use serde_json::Value;

use crate::{inputs, typed};

/// Asserts that the judge reads every object of a kind it knows, and knows some.
fn assert_read(name: &str, objects: &[Value]) {
    let mut read = 0;
    for object in objects {
        match typed::fact(object) {
            Some(Err(error)) => panic!("{name}: {error}: {object}"),
            Some(Ok(_)) => read += 1,
            None => {}
        }
    }
    assert!(read > 10, "{name}: only {read} objects of kinds that the judge knows");
}

#[test]
fn redacted_exports_are_read() {
    for (name, objects) in inputs::exports() {
        let redacted = redact(objects);
        assert_read(name, redacted["items"].as_array().unwrap());
    }
}

#[test]
fn synthetic_exports_are_read() {
    assert_read("synth", &inputs::synthetic());
}

#[test]
fn exports_of_stories_are_read() {
    let stories: [(&str, &[&str]); 4] = [
        ("homelab/cluster", &["fail:homelab-04", "scale:deployment/databases/valkey=2"]),
        ("edge/cluster", &["drain:worker-1", "rollout:deployment/apps/frontend"]),
        ("k3s/before", &["fail:k3s2", "rollout:deployment/apps/web"]),
        ("zero-spof/after-longhorn", &["delete:cloudserver3"]),
    ];
    for (name, events) in stories {
        let objects = inputs::simulated(name, events);
        assert_read(name, &objects);
    }
}
