//! Words to describe JSON with: each makes a strategy of the values that have a shape.

use std::ops::RangeInclusive;

use proptest::collection;
use proptest::option;
use proptest::prelude::*;
use proptest::sample;
use proptest::strategy::Union;
use serde_json::{Map, Value};

/// A strategy of JSON values. `null` stands for what is absent.
pub type Json = BoxedStrategy<Value>;

/// This value alone.
pub fn just(value: impl Into<Value>) -> Json {
    Just(value.into()).boxed()
}

/// Nothing.
pub fn absent() -> Json {
    just(Value::Null)
}

/// One of these values; the first is the simplest.
pub fn pick<T: Into<Value> + Clone>(values: &[T]) -> Json {
    let values: Vec<Value> = values.iter().cloned().map(Into::into).collect();
    sample::select(values).boxed()
}

/// A whole number.
pub fn number(range: RangeInclusive<i64>) -> Json {
    range.prop_map(Value::from).boxed()
}

/// A text with a number in it.
pub fn numbered(prefix: &'static str, range: RangeInclusive<u32>) -> Json {
    range.prop_map(move |number| Value::from(format!("{prefix}{number}"))).boxed()
}

/// The value, `percent` times in a hundred.
pub fn some(percent: u32, value: Json) -> Json {
    if percent >= 100 {
        return value;
    }
    let weighted = option::weighted(f64::from(percent) / 100.0, value);
    weighted.prop_map(|value| value.unwrap_or(Value::Null)).boxed()
}

/// One of these shapes, each as often as its weight says.
pub fn any_of(choices: Vec<(u32, Json)>) -> Json {
    Union::new_weighted(choices).boxed()
}

/// So many of the same shape; none at all is absent.
pub fn list(length: RangeInclusive<usize>, item: Json) -> Json {
    collection::vec(item, length).prop_map(Value::from).prop_map(unless_empty).boxed()
}

/// One of each shape, less the absent ones.
pub fn sequence(items: Vec<Json>) -> Json {
    let present = |items: Vec<Value>| items.into_iter().filter(|item| !item.is_null()).collect();
    items.prop_map(present).boxed()
}

/// An object with these fields, less the absent ones.
pub fn record(fields: Vec<(&'static str, Json)>) -> Json {
    let (names, values): (Vec<&str>, Vec<Json>) = fields.into_iter().unzip();
    values
        .prop_map(move |values| {
            let fields = names.iter().zip(values).filter(|(_, value)| !value.is_null());
            let fields: Map<String, Value> =
                fields.map(|(name, value)| ((*name).to_owned(), value)).collect();
            Value::Object(fields)
        })
        .boxed()
}

/// A [`record`] that is absent if it has no field.
pub fn record_or_absent(fields: Vec<(&'static str, Json)>) -> Json {
    record(fields).prop_map(unless_empty).boxed()
}

/// Values of a base with those of each overlay laid on top, see [`merge`].
pub fn layered(base: Json, overlays: Vec<Json>) -> Json {
    (base, overlays)
        .prop_map(|(mut base, overlays)| {
            for overlay in overlays {
                merge(&mut base, overlay);
            }
            base
        })
        .boxed()
}

fn unless_empty(value: Value) -> Value {
    let empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if empty { Value::Null } else { value }
}

/// Lays `overlay` on `base`: objects field by field, lists of objects place by place, the rest
/// replaces. What is absent in the overlay stays as it was.
pub fn merge(base: &mut Value, overlay: Value) {
    match (base, overlay) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(overlay)) => {
            for (name, value) in overlay {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(overlay))
            if base.iter().chain(&overlay).all(Value::is_object) =>
        {
            for (at, value) in overlay.into_iter().enumerate() {
                match base.get_mut(at) {
                    Some(item) => merge(item, value),
                    None => base.push(value),
                }
            }
        }
        (base, overlay) => *base = overlay,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn overlays_add_and_replace() {
        let mut base = json!({"a": 1, "list": [{"x": 1}], "words": ["p"]});
        merge(&mut base, json!({"a": 2, "b": null, "list": [{"y": 2}, {"z": 3}], "words": ["q"]}));
        let merged =
            json!({"a": 2, "b": null, "list": [{"x": 1, "y": 2}, {"z": 3}], "words": ["q"]});
        assert_eq!(base, merged);
    }
}
