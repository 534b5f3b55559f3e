//! A manifest over an object, as `kubectl apply` does it on the client's side: fields that the
//! manifest was applied with before and has no more are taken away, what it says is set, and what
//! it never spoke of stays (`CreateThreeWayMergePatch`,
//! `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`, v0.36.3).

use holdfast_cluster::merge_keys;
use serde_json::{Map, Value};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Applies a manifest to an object that is there.
pub(super) fn apply(object: &mut Value, manifest: &Value) {
    let annotation = object["metadata"]["annotations"].get(LAST_APPLIED);
    let before =
        annotation.and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
    if let Some(before) = before {
        prune(object, &before, manifest);
    }
    lay(object, manifest, "");
}

/// What the API server never fills in: where a template has it, the manifest had it.
const SAID_BY_THE_MANIFEST: [&str; 5] =
    ["affinity", "nodeSelector", "priorityClassName", "tolerations", "topologySpreadConstraints"];

/// Takes away what a manifest that Helm applies does not say any more of where pods may be; tells
/// what that is. Helm compares with the release before, of which an export says nothing.
pub(super) fn drop_unsaid(object: &mut Value, manifest: &Value) -> Vec<&'static str> {
    const SPEC: &str = "/spec/template/spec";
    // What lacks the selector, which every workload must have, is no manifest of a chart but a
    // patch, which speaks of what it changes alone.
    let is_whole = manifest["spec"].get("selector").is_some();
    if is_applied(object) || !is_of_helm(object) || !is_whole {
        return Vec::new();
    }
    let (Some(own), Some(says)) = (object.pointer_mut(SPEC), manifest.pointer(SPEC)) else {
        return Vec::new();
    };
    let Some(own) = own.as_object_mut() else { return Vec::new() };
    let mut dropped = SAID_BY_THE_MANIFEST.to_vec();
    dropped.retain(|field| says.get(field).is_none() && own.remove(*field).is_some());
    dropped
}

fn is_applied(object: &Value) -> bool {
    object["metadata"]["annotations"].get(LAST_APPLIED).is_some()
}

fn is_of_helm(object: &Value) -> bool {
    let metadata = &object["metadata"];
    metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm"
        && metadata["annotations"].get("meta.helm.sh/release-name").is_some()
}

/// Merges a strategic patch into an object.
pub(crate) fn patch(object: &mut Value, patch: &Value) {
    lay(object, patch, "");
}

/// Takes away what the manifest said before and says no more.
fn prune(object: &mut Value, before: &Value, manifest: &Value) {
    let (Some(object), Some(before)) = (object.as_object_mut(), before.as_object()) else { return };
    for (field, was) in before {
        let Some(says) = manifest.get(field) else {
            object.remove(field);
            continue;
        };
        let Some(own) = object.get_mut(field) else { continue };
        match (was, says) {
            (Value::Object(_), Value::Object(_)) => prune(own, was, says),
            (Value::Array(was), Value::Array(says)) => prune_items(own, was, says, field),
            _ => {}
        }
    }
}

fn prune_items(own: &mut Value, was: &[Value], says: &[Value], field: &str) {
    let Some(own) = own.as_array_mut() else { return };
    let Some(key) = key_of(field, says) else { return };
    let find = |items: &[Value], item: &Value| {
        items.iter().find(|other| other.get(key) == item.get(key)).cloned()
    };
    own.retain(|item| find(was, item).is_none() || find(says, item).is_some());
    for item in own {
        if let (Some(was), Some(says)) = (find(was, item), find(says, item)) {
            prune(item, &was, &says);
        }
    }
}

/// Sets what the manifest says.
fn lay(own: &mut Value, says: &Value, field: &str) {
    match (own, says) {
        (Value::Object(own), Value::Object(says)) => lay_fields(own, says),
        (Value::Array(own), Value::Array(says)) if says.first().is_some_and(is_replace) => {
            *own = says[1..].to_vec();
        }
        (Value::Array(own), Value::Array(says)) if key_of(field, says).is_some() => {
            let key = key_of(field, says).expect("it was just found");
            for item in says {
                match own.iter_mut().find(|other| other.get(key) == item.get(key)) {
                    Some(known) => lay(known, item, ""),
                    None => own.push(item.clone()),
                }
            }
        }
        (own, says) => *own = says.clone(),
    }
}

/// What in a patch says that a list is replaced as a whole.
fn is_replace(item: &Value) -> bool {
    item.get("$patch").is_some_and(|directive| directive == "replace")
}

fn lay_fields(own: &mut Map<String, Value>, says: &Map<String, Value>) {
    for (field, value) in says {
        match own.get_mut(field) {
            _ if value.is_null() => {
                own.remove(field);
            }
            Some(known) => lay(known, value, field),
            None => {
                own.insert(field.clone(), fresh(value));
            }
        }
    }
}

/// What stands where nothing stood, without what says how it is merged.
fn fresh(says: &Value) -> Value {
    match says {
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(field, value)| (field.clone(), fresh(value))).collect())
        }
        Value::Array(items) => items.iter().filter(|item| !is_replace(item)).map(fresh).collect(),
        other => other.clone(),
    }
}

/// The field by which items of a list are told apart, where every one of them has it.
fn key_of(field: &str, items: &[Value]) -> Option<&'static str> {
    let all = |key: &&str| items.iter().all(|item| item.get(*key).is_some());
    merge_keys(field).iter().copied().find(all)
}
