//! What a change changes in the objects that people write, field by field.

use std::collections::BTreeMap;

use holdfast_ingest::Place;
use holdfast_ingest::edit::{IDENTITIES, Manifests as Written};
use holdfast_ingest::overlay::{Manifest, Named};
use serde::Serialize;
use serde_json::{Map, Value};

/// An object that is another, or there no more, or new.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty where the kind has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it is written: after the change, or before it where it is there no more.
    pub place: Place,
    /// What has become of it.
    #[serde(flatten)]
    pub what: What,
}

/// What has become of an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum What {
    /// It is new.
    Added,
    /// It is there no more.
    Removed,
    /// Some of its fields are others.
    Fields {
        /// By path, those that say where pods may be first.
        fields: Vec<Field>,
    },
}

/// A field that is another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Where it is in the object: `spec.template.spec.containers[web].resources.requests.cpu`.
    pub path: String,
    /// Where it is written, or what is nearest above it where it is there no more; absent where
    /// its manifest is not at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What it was; absent where it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is; absent where it is there no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

type Manifests = BTreeMap<Named, Manifest>;

/// All that is another after a change, by kind, namespace and name; fields with their places in
/// what was written for it.
pub fn changes(before: &Manifests, after: &Manifests, written: &Written) -> Vec<Change> {
    let change = |manifest: &Manifest, what| Change {
        kind: manifest.named.kind.clone(),
        namespace: manifest.named.namespace.clone(),
        name: manifest.named.name.clone(),
        place: manifest.place.clone(),
        what,
    };
    let mut all = Vec::new();
    for (named, was) in before {
        match after.get(named) {
            None => all.push(change(was, What::Removed)),
            Some(is) => {
                let mut fields = fields(&was.value, &is.value);
                for field in &mut fields {
                    field.place = written.place_of(named, &field.path);
                }
                all.extend((!fields.is_empty()).then(|| change(is, What::Fields { fields })));
            }
        }
    }
    let added = after.iter().filter(|(named, _)| !before.contains_key(*named));
    all.extend(added.map(|(_, is)| change(is, What::Added)));
    let key = |one: &Change| (one.kind.clone(), one.namespace.clone(), one.name.clone());
    all.sort_by_key(key);
    all
}

/// What nobody writes, or says nothing of where pods may be.
const LEFT_OUT: [&str; 3] = ["apiVersion", "kind", "status"];

/// Of metadata only what selectors ask for.
const LABELS: &str = "metadata.labels";

/// Of a node's status what it has for pods.
const ALLOCATABLE: &str = "status.allocatable";

fn fields(before: &Value, after: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    for part in [LABELS, ALLOCATABLE] {
        let pointer = format!("/{}", part.replace('.', "/"));
        compare(part, before.pointer(&pointer), after.pointer(&pointer), &mut found);
    }
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return found;
    };
    for key in keys(before, after) {
        if !LEFT_OUT.contains(&&**key) && *key != "metadata" {
            compare(key, before.get(key), after.get(key), &mut found);
        }
    }
    found.retain(|field| !is_bookkeeping(&field.path));
    found.sort_by_key(|field| is_content(&field.path));
    found
}

/// What the API server and controllers note down in what people write.
fn is_bookkeeping(path: &str) -> bool {
    const NOTES: [&str; 4] =
        ["spec.podCIDR", "spec.podCIDRs", "spec.providerID", "spec.template.metadata.annotations"];
    NOTES.iter().any(|note| path.starts_with(note))
        || path.starts_with("spec.template.metadata.creationTimestamp")
}

/// What runs in a pod, which the scheduler does not look at.
fn is_content(path: &str) -> bool {
    const CONTENT: [&str; 7] =
        ["image", "env", "envFrom", "args", "command", "imagePullPolicy", "volumeMounts"];
    let in_container = path.contains("ontainers[");
    in_container && CONTENT.iter().any(|field| path.split(['.', '[']).any(|part| part == *field))
}

fn keys<'v>(before: &'v Map<String, Value>, after: &'v Map<String, Value>) -> Vec<&'v String> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Field>) {
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) {
        for key in keys(before, after) {
            compare(&below(path, key), before.get(key), after.get(key), found);
        }
        return;
    }
    // An empty list or object says no more than none.
    match (before.filter(|it| says(it)), after.filter(|it| says(it))) {
        (None, None) => {}
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            compare_lists(path, before, after, found);
        }
        (before, after) if before == after => {}
        (before, after) => found.push(Field {
            path: path.to_owned(),
            place: None,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn says(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// A key that has dots of its own stands in brackets.
fn below(path: &str, key: &str) -> String {
    if key.contains(['.', '/']) { format!("{path}[{key}]") } else { format!("{path}.{key}") }
}

fn compare_lists(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Field>) {
    if let ([before], [after]) = (before, after) {
        return compare(&format!("{path}[0]"), Some(before), Some(after), found);
    }
    let told_apart = IDENTITIES.iter().find_map(|key| Some((by(key, before)?, by(key, after)?)));
    if let Some((before, after)) = told_apart {
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let path = format!("{path}[{name}]");
            compare(&path, before.get(name).copied(), after.get(name).copied(), found);
        }
        return;
    }
    // Items without a name are the same where they say the same.
    let gone: Vec<&Value> = before.iter().filter(|item| !after.contains(item)).collect();
    let new: Vec<&Value> = after.iter().filter(|item| !before.contains(item)).collect();
    for at in 0..gone.len().max(new.len()) {
        let of = gone.get(at).or(new.get(at)).copied();
        let all = if gone.get(at).is_some() { before } else { after };
        let position = all.iter().position(|item| Some(item) == of).unwrap_or(at);
        let path = format!("{path}[{position}]");
        compare(&path, gone.get(at).copied(), new.get(at).copied(), found);
    }
}

/// The items by what they say of a field, where each says something else.
fn by<'v>(key: &str, items: &'v [Value]) -> Option<BTreeMap<String, &'v Value>> {
    let mut named = BTreeMap::new();
    for item in items {
        let name = match item.get(key)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if named.insert(name, item).is_some() {
            return None;
        }
    }
    Some(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let text = |value: &Option<Value>| value.as_ref().map_or("-".into(), Value::to_string);
        let told = fields(before, after).into_iter();
        told.map(|one| format!("{}: {} > {}", one.path, text(&one.before), text(&one.after)))
            .collect()
    }

    #[test]
    fn fields_are_named_by_their_path() {
        let was = json!({
            "metadata": { "labels": { "app.kubernetes.io/name": "a" }, "generation": 1 },
            "spec": { "replicas": 3, "template": { "spec": { "affinity": { "a": 1 } } } },
            "status": { "readyReplicas": 3 },
        });
        let is = json!({
            "metadata": { "labels": { "app.kubernetes.io/name": "b" }, "generation": 2 },
            "spec": { "replicas": 1, "template": { "spec": {} } },
        });
        assert_eq!(
            told(&was, &is),
            [
                r#"metadata.labels[app.kubernetes.io/name]: "a" > "b""#,
                "spec.replicas: 3 > 1",
                r#"spec.template.spec.affinity: {"a":1} > -"#,
            ]
        );
    }

    #[test]
    fn items_go_by_their_names_and_content_comes_last() {
        let of = |image: &str, cpu: &str| {
            let requests = json!({ "requests": { "cpu": cpu } });
            let web = json!({ "name": "web", "image": image, "resources": requests });
            json!({ "spec": { "containers": [{ "name": "log" }, web] } })
        };
        assert_eq!(
            told(&of("a", "1"), &of("b", "2")),
            [
                r#"spec.containers[web].resources.requests.cpu: "1" > "2""#,
                r#"spec.containers[web].image: "a" > "b""#,
            ]
        );
    }

    #[test]
    fn items_without_a_name_are_what_they_say() {
        let of = |items: Value| json!({ "spec": { "list": items } });
        let (was, is) = (of(json!([{ "a": 1 }, { "b": 1 }])), of(json!([{ "b": 1 }])));
        assert_eq!(told(&was, &is), [r#"spec.list[0]: {"a":1} > -"#]);
        let (was, is) = (of(json!(["x", "y"])), of(json!(["y", "z"])));
        assert_eq!(told(&was, &is), [r#"spec.list[0]: "x" > "z""#]);
    }
}
