//! Whatever stands in an object, nothing panics, and the others are still read.

use proptest::prelude::*;
use serde_json::Value;

use crate::{Options, Source, load};

/// One object of every kind, with every field that is read.
const SAMPLE: &str = include_str!("sample.json");

/// Values that no field expects.
fn absurd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Bool(true)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-+.0-9a-zA-Z%/]{0,6}".prop_map(Value::from),
        Just(Value::from("9223372036854775807Ei")),
        Just(Value::Array(Vec::new())),
        Just(Value::Array(vec![Value::Null])),
        Just(Value::Object(serde_json::Map::new())),
    ]
}

/// Every value inside, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the value of a number.
fn replace(value: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *value = with.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, at, with)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, at, with)),
        _ => {}
    }
}

fn nodes(objects: &[Value]) -> usize {
    let text: Vec<String> = objects.iter().map(Value::to_string).collect();
    let found = Source::found("x.json", text.join("\n"));
    load(vec![found], &Options::default()).cluster.nodes().len()
}

#[test]
fn the_sample_is_wholly_right() {
    let loaded = load(vec![Source::named("sample.json", SAMPLE)], &Options::default());
    let told: Vec<_> = loaded.diagnostics.iter().map(|told| (told.rule, &told.detail)).collect();
    assert_eq!(
        told,
        [(crate::Rule::PodsExpanded, &"7 pods of 6 workloads without any".to_owned())]
    );
    assert_eq!(loaded.cluster.nodes().len(), 1);
}

proptest! {
    #[test]
    fn one_wrong_value_costs_one_object_at_most(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in absurd(),
    ) {
        let mut objects: Vec<Value> = serde_json::from_str(SAMPLE).unwrap();
        let object = which.index(objects.len());
        let mut at = place.index(count(&objects[object]));
        replace(&mut objects[object], &mut at, &value);
        let is_node = object == 0;
        prop_assert!(nodes(&objects) == 1 || is_node);
    }
}
