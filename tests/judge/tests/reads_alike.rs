//! What the judge reads, Holdfast reads to the same meaning.

use holdfast_ingest::from_objects;
use proptest::prelude::*;
use serde_json::Value;

use crate::facts::{Facts, assert_agree};
use crate::{generate, inputs, ours, typed};

/// What Holdfast makes of objects.
fn read(objects: &[Value]) -> Facts {
    let bytes: Vec<Vec<u8>> =
        objects.iter().map(|object| serde_json::to_vec(object).expect("values are JSON")).collect();
    let (cluster, _) = from_objects(bytes.iter().map(Vec::as_slice));
    ours::facts(&cluster)
}

/// Whether Holdfast keeps an object at all: by design it leaves out Services without a selector,
/// which choose no pods, and the empty ReplicaSets of old rollouts.
fn kept((key, facts): &typed::Fact) -> bool {
    let aimless = facts["selector"].as_object().is_some_and(serde_json::Map::is_empty);
    let old = key.starts_with("ReplicaSet ") && facts["replicas"] == 0;
    !aimless && !old
}

#[test]
fn exports_mean_the_same() {
    for (name, objects) in inputs::exports() {
        let judged: Facts = objects
            .iter()
            .filter_map(typed::fact)
            .map(|read| read.unwrap_or_else(|error| panic!("{name}: {error}")))
            .filter(kept)
            .collect();
        let ours = read(&objects);
        assert_agree(&judged, &ours);
        // Leaving out what is not plain must not leave out the most.
        let pods = judged.iter().filter(|(key, _)| key.starts_with("Pod "));
        let (plain, others): (Vec<_>, Vec<_>) =
            pods.partition(|(_, facts)| facts["requests"].is_array());
        assert!(plain.len() >= others.len(), "{name}: requests of only {} pods", plain.len());
        // And nothing is there that the judge did not see.
        let count = |facts: &Facts, kind: &str| {
            facts.keys().filter(|key| key.split(' ').next() == Some(kind)).count()
        };
        for kind in ["Node", "Pod", "Deployment", "PersistentVolumeClaim"] {
            assert_eq!(count(&judged, kind), count(&ours, kind), "{name}: {kind}");
        }
    }
}

/// Amounts as text: the judge's type takes no numbers, though the API server does.
fn with_text_amounts(value: &Value) -> Value {
    const LISTS: [&str; 5] = ["requests", "limits", "overhead", "allocatable", "capacity"];
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| match value {
                Value::Object(amounts) if LISTS.contains(&key.as_str()) => {
                    let texts = amounts.iter().map(|(name, amount)| match amount {
                        Value::Number(number) => (name.clone(), number.to_string().into()),
                        other => (name.clone(), other.clone()),
                    });
                    (key.clone(), Value::Object(texts.collect()))
                }
                other => (key.clone(), with_text_amounts(other)),
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(with_text_amounts).collect(),
        other => other.clone(),
    }
}

/// Asserts that an object that the judge reads means the same to both; true when it was read.
fn agree_on(object: &Value) -> bool {
    match typed::fact(&with_text_amounts(object)) {
        Some(Ok((key, facts))) => {
            let ours = read(std::slice::from_ref(object));
            assert_agree(&Facts::from([(key, facts)]), &ours);
            true
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    })]

    #[test]
    fn pods_mean_the_same(pod in generate::pod()) {
        prop_assert!(agree_on(&pod), "the judge does not read {pod}");
    }

    #[test]
    fn nodes_mean_the_same(node in generate::node()) {
        prop_assert!(agree_on(&node), "the judge does not read {node}");
    }
}
