//! Exports that can be shown to others: the same verdicts, nobody's names.
//!
//! Whatever is not known to matter is dropped, and every string that is not known to be the API's
//! own word is replaced. One dictionary serves all fields, so that two strings are equal after
//! exactly when they were equal before, wherever they stand: selectors still select, owners still
//! own, claims still bind. Kept beyond equality are the order of node names (ties in the scheduler
//! go to the name that sorts first), ordinals (`web-0`), and names made of other names:
//! Deployment, `ReplicaSet` and pod; claim template, `StatefulSet` and ordinal; static pod and
//! node.

mod fields;
mod pseudonyms;

use serde_json::{Map, Value, json};

use self::{
    fields::{Treatment, treatment},
    pseudonyms::Pseudonyms,
};

/// Rewrites objects with stable pseudonyms, as a `List` in the order given.
///
/// Objects need `apiVersion` and `kind`, as [`RawObject`](crate::RawObject) gives them. Kinds that
/// no verdict depends on, Secrets and `ConfigMap`s among them, are left out.
pub fn redact(objects: Vec<Value>) -> Value {
    let objects: Vec<Map<String, Value>> = objects
        .into_iter()
        .filter_map(|object| match object {
            Value::Object(object) if fields::kept_kind(&object) => Some(object),
            _ => None,
        })
        .collect();
    let mut pseudonyms = Pseudonyms::of(&objects);
    // Pseudonyms are numbered in the order of what they stand for, so all must be seen first.
    for object in &objects {
        map(&mut pseudonyms, object);
    }
    pseudonyms.number();
    let items: Vec<Value> =
        objects.iter().map(|object| Value::Object(map(&mut pseudonyms, object))).collect();
    json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": {} })
}

fn map(pseudonyms: &mut Pseudonyms, object: &Map<String, Value>) -> Map<String, Value> {
    let mut redacted = Map::new();
    for (key, value) in object {
        let value = match treatment(key, value) {
            Treatment::Drop => continue,
            Treatment::Keep => value.clone(),
            Treatment::LabelKeys => each(value, |key| pseudonyms.label_key(key)),
            Treatment::Images => each(value, |image| pseudonyms.image(image)),
            Treatment::Labels => labels(pseudonyms, value),
            Treatment::Resources => resources(pseudonyms, value),
            Treatment::Annotations => some(pseudonyms, value, &fields::ANNOTATIONS),
            Treatment::Parameters => some(pseudonyms, value, &fields::PARAMETERS),
            Treatment::Descend => descend(pseudonyms, value),
        };
        redacted.insert(key.clone(), value);
    }
    redacted
}

fn descend(pseudonyms: &mut Pseudonyms, value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(map(pseudonyms, object)),
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| descend(pseudonyms, value)).collect())
        }
        Value::String(word) => Value::String(pseudonyms.word(word)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Rewrites a string, or each string of an array.
fn each(value: &Value, mut rewrite: impl FnMut(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(rewrite(text)),
        Value::Array(values) => Value::Array(
            values
                .iter()
                .filter_map(Value::as_str)
                .map(|text| Value::String(rewrite(text)))
                .collect(),
        ),
        _ => Value::Null,
    }
}

/// Members whose keys and values are labels.
fn labels(pseudonyms: &mut Pseudonyms, value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    let members =
        members.map(|(key, value)| (pseudonyms.label_key(key), descend(pseudonyms, value)));
    Value::Object(members.collect())
}

/// Members whose keys are resources and whose values are quantities.
fn resources(pseudonyms: &mut Pseudonyms, value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    let members = members.map(|(key, value)| (pseudonyms.resource(key), value.clone()));
    Value::Object(members.collect())
}

/// The few members that matter: annotations that controllers and the scheduler act on, parameters
/// of storage.
fn some(pseudonyms: &mut Pseudonyms, value: &Value, kept: &[&str]) -> Value {
    let members = value.as_object().into_iter().flatten();
    let members = members.filter(|(key, _)| kept.contains(&key.as_str()));
    Value::Object(members.map(|(key, value)| (key.clone(), descend(pseudonyms, value))).collect())
}

#[cfg(test)]
mod tests;
