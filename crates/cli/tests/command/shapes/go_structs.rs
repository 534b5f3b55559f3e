//! Objects as Go's own encoder prints the API's structs, without their JSON names.

use serde_json::{Map, Value, json};

use super::assert_file;
use crate::sample::objects;

/// Mappings whose keys are the user's.
const OF_USERS: [&str; 7] =
    ["allocatable", "annotations", "capacity", "labels", "limits", "matchLabels", "requests"];

#[test]
fn printed_go_structs() {
    let all: Vec<Value> = objects().iter().map(printed).collect();
    assert_file("go", "dump.json", Value::Array(all).to_string());
}

fn printed(object: &Value) -> Value {
    let mut members = Map::new();
    members.insert(
        "TypeMeta".to_owned(),
        json!({ "Kind": object["kind"], "APIVersion": object["apiVersion"] }),
    );
    for (key, value) in object.as_object().unwrap() {
        match key.as_str() {
            "kind" | "apiVersion" => {}
            _ => drop(members.insert(go_name(key), renamed(key, value))),
        }
    }
    Value::Object(members)
}

fn renamed(key: &str, value: &Value) -> Value {
    match value {
        _ if OF_USERS.contains(&key) => value.clone(),
        Value::Array(items) => Value::Array(items.iter().map(|item| renamed("", item)).collect()),
        Value::Object(members) if members.contains_key("emptyDir") => {
            json!({ "Name": members["name"], "VolumeSource": { "EmptyDir": {} } })
        }
        // A Service's selector is the user's own; a workload's is a struct.
        Value::Object(members) if key == "selector" && members.values().all(Value::is_string) => {
            value.clone()
        }
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (go_name(key), renamed(key, value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

fn go_name(key: &str) -> String {
    match key {
        "metadata" => "ObjectMeta".to_owned(),
        "uid" => "UID".to_owned(),
        "clusterIP" => "ClusterIP".to_owned(),
        _ => key[..1].to_ascii_uppercase() + &key[1..],
    }
}
