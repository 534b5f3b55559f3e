//! The small cluster of `fixtures/shapes`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::holdfast::fixtures;

/// The export as its bytes.
pub(crate) fn text() -> String {
    std::fs::read_to_string(fixtures().join("shapes/cluster.json")).unwrap()
}

/// The objects of the export.
pub(crate) fn objects() -> Vec<Value> {
    match serde_json::from_str(&text()).unwrap() {
        Value::Object(mut list) => match list.remove("items") {
            Some(Value::Array(items)) => items,
            other => panic!("items are {other:?}"),
        },
        other => panic!("the export is {other}"),
    }
}

/// Objects as the list that kubectl prints for more than one kind.
pub(crate) fn list(items: &[Value]) -> Value {
    json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "" },
            "items": items })
}

/// Objects by the plural of their kind, as `kubectl get` names it.
pub(crate) fn by_kind(objects: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for object in objects {
        kinds.entry(plural(object)).or_default().push(object.clone());
    }
    kinds
}

/// The plural of an object's kind.
pub(crate) fn plural(object: &Value) -> String {
    let kind = text_of(object, "kind").to_lowercase();
    if kind.ends_with('s') { format!("{kind}es") } else { format!("{kind}s") }
}

/// A list as the API server gives it: `PodList`, whose items say neither kind nor version.
pub(crate) fn typed_list(items: &[Value]) -> Value {
    let first = &items[0];
    json!({ "kind": format!("{}List", text_of(first, "kind")), "apiVersion": first["apiVersion"],
            "metadata": { "resourceVersion": "4711" }, "items": bare(items) })
}

/// Objects that do not say what they are.
pub(crate) fn bare(items: &[Value]) -> Vec<Value> {
    let mut items = items.to_vec();
    for item in &mut items {
        item.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    }
    items
}

/// A member that is a string.
pub(crate) fn text_of<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap()
}

/// An object's name.
pub(crate) fn name(object: &Value) -> &str {
    text_of(&object["metadata"], "name")
}

/// An object's namespace, where it has one.
pub(crate) fn namespace(object: &Value) -> Option<&str> {
    object["metadata"]["namespace"].as_str()
}

/// The group and the version of an object; the core group is empty.
pub(crate) fn group_version(object: &Value) -> (&str, &str) {
    let version = text_of(object, "apiVersion");
    version.split_once('/').unwrap_or(("", version))
}
