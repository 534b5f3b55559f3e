//! Objects printed by Go without the API's JSON names, as old dumps and debug tools do.

use serde_json::{Map, Value};

/// Embedded structs that the API's JSON has no level for.
const INLINE: [&str; 5] =
    ["TypeMeta", "VolumeSource", "PersistentVolumeSource", "LocalObjectReference", "ProbeHandler"];

/// Mappings whose keys are the user's, not Go's.
const OF_USERS: [&str; 14] = [
    "Allocatable",
    "Annotations",
    "Capacity",
    "Data",
    "Default",
    "DefaultRequest",
    "Hard",
    "Labels",
    "Limits",
    "MatchLabels",
    "NodeSelector",
    "Overhead",
    "Requests",
    "Used",
];

/// The value with the API's names.
pub(super) fn renamed(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut object = Map::new();
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("ObjectMeta" | "ListMeta", value) => {
                        object.insert("metadata".to_owned(), renamed(value));
                    }
                    (inline, Value::Object(members)) if INLINE.contains(&inline) => {
                        if let Value::Object(members) = renamed(Value::Object(members)) {
                            object.extend(members);
                        }
                    }
                    (own, value) if OF_USERS.contains(&own) => {
                        object.insert(lowered(own), value);
                    }
                    ("Selector", value) if of_strings(&value) => {
                        object.insert("selector".to_owned(), value);
                    }
                    (key, value) => {
                        object.insert(lowered(key), renamed(value));
                    }
                }
            }
            Value::Object(object)
        }
        Value::Array(values) => Value::Array(values.into_iter().map(renamed).collect()),
        other => other,
    }
}

fn of_strings(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.values().all(Value::is_string))
}

/// `NodeName` as `nodeName`, `UID` as `uid`, `GCEPersistentDisk` as `gcePersistentDisk`: the
/// capitals at the start are lowered, but for one that starts the next word.
fn lowered(key: &str) -> String {
    let capitals = key.bytes().take_while(u8::is_ascii_uppercase).count();
    let lower = if capitals > 1 && capitals < key.len() { capitals - 1 } else { capitals };
    key[..lower].to_ascii_lowercase() + &key[lower..]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lowers_as_the_api_does() {
        for (go, api) in [
            ("NodeName", "nodeName"),
            ("UID", "uid"),
            ("APIVersion", "apiVersion"),
            ("PodIP", "podIP"),
            ("CSI", "csi"),
            ("GCEPersistentDisk", "gcePersistentDisk"),
            ("kind", "kind"),
            ("", ""),
        ] {
            assert_eq!(lowered(go), api);
        }
    }

    #[test]
    fn keys_of_users_stay() {
        let go = json!({
            "TypeMeta": {"Kind": "Pod", "APIVersion": "v1"},
            "ObjectMeta": {"Name": "a", "Labels": {"App": "X"}},
            "Spec": {"Containers": [{"Resources": {"Requests": {"cpu": "1"}}}],
                "Volumes": [{"Name": "v", "VolumeSource": {"HostPath": {"Path": "/"}}}]},
        });
        let api = json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": "a", "labels": {"App": "X"}},
            "spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}],
                "volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
        });
        assert_eq!(renamed(go), api);
    }
}
