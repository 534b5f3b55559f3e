//! An object and what it is to be, as a patch: only what is another is said.

use holdfast_cluster::merge_keys;
use holdfast_proof::report::Object;
use serde_json::{Map, Value, json};

use super::{Patch, lines};
use crate::shell::kubectl;

/// Groups whose objects the API server merges strategically.
const STRATEGIC: [&str; 6] =
    ["v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "scheduling.k8s.io/v1"];

/// What is to be done so that an object which is `before` becomes `after`; nothing where it is so
/// already.
pub fn of_object(object: Object, before: &Value, after: &Value) -> Vec<Patch> {
    let strategic = STRATEGIC.contains(&after["apiVersion"].as_str().unwrap_or_default());
    let (mut before, mut after) = (before.clone(), after.clone());
    for value in [&mut before, &mut after] {
        // What nobody sets by a patch.
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
        if let Some(fields) = value.as_object_mut() {
            fields.remove("status");
        }
    }
    let mut done = Vec::new();
    if object.kind == "Node" {
        done.extend(lines::of_node(&object.name, &before, &after));
        for value in [&mut before, &mut after] {
            forget(value, "metadata", "labels");
            forget(value, "spec", "taints");
            forget(value, "spec", "unschedulable");
        }
    }
    if let Some(patch) = difference("", &before, &after, strategic) {
        done.push(patched(object, patch, strategic));
    }
    done
}

fn forget(value: &mut Value, part: &str, field: &str) {
    if let Some(fields) = value.get_mut(part).and_then(Value::as_object_mut) {
        fields.remove(field);
        if fields.is_empty() && part == "spec" {
            value.as_object_mut().map(|all| all.remove(part));
        }
    }
}

fn patched(object: Object, patch: Value, strategic: bool) -> Patch {
    let (namespace, name, kind) = (&object.namespace, &object.name, object.kind.to_lowercase());
    let merge = if strategic { "strategic" } else { "merge" };
    let replicas = patch["spec"]["replicas"].as_u64();
    let alone = replicas.filter(|count| patch == json!({ "spec": { "replicas": count } }));
    let line = if let Some(count) = alone {
        let count = format!("--replicas={count}");
        kubectl(namespace, &["scale", &format!("{kind}/{name}"), &count])
    } else {
        let (merge, text) = (format!("--type={merge}"), patch.to_string());
        kubectl(namespace, &["patch", &kind, name, &merge, "-p", &text])
    };
    Patch { object, kind: Some(merge), patch: Some(patch), kubectl: Some(line) }
}

/// What makes one value of another; nothing where they are the same. What is gone is `null`.
fn difference(field: &str, before: &Value, after: &Value, strategic: bool) -> Option<Value> {
    match (before, after) {
        _ if before == after => None,
        (Value::Object(before), Value::Object(after)) => {
            Some(Value::Object(of_fields(before, after, strategic)))
        }
        (Value::Array(before), Value::Array(after)) if strategic => {
            Some(of_items(merge_keys(field), before, after))
        }
        _ => Some(after.clone()),
    }
}

fn of_fields(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    strategic: bool,
) -> Map<String, Value> {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), Value::Null));
    let other = after.iter().filter_map(|(key, value)| {
        let was = before.get(key).unwrap_or(&Value::Null);
        Some((key.clone(), difference(key, was, value, strategic)?))
    });
    gone.chain(other).collect()
}

/// Items that are told apart by one of these fields: those that are another, and those that are
/// gone. Without any field the list is replaced as a whole.
fn of_items(keys: &[&str], before: &[Value], after: &[Value]) -> Value {
    if keys.is_empty() {
        return json!(after);
    }
    let apart = |all: &[Value], key: &str| {
        let names = |at: &Value| all.iter().filter(|one| one[key] == at[key]).count();
        all.iter().all(|one| !one[key].is_null() && names(one) == 1)
    };
    let Some(&key) = keys.iter().find(|key| apart(before, key) && apart(after, key)) else {
        let replace = [json!({ "$patch": "replace" })];
        return replace.iter().chain(after).cloned().collect();
    };
    let find = |all: &[Value], name: &Value| all.iter().find(|one| one[key] == *name).cloned();
    let changed = after.iter().filter_map(|item| {
        let Some(was) = find(before, &item[key]) else { return Some(item.clone()) };
        let mut patch = difference("", &was, item, true)?;
        patch[key] = item[key].clone();
        Some(patch)
    });
    let gone = before.iter().filter(|item| find(after, &item[key]).is_none());
    let gone = gone.map(|item| json!({ "$patch": "delete", key: item[key] }));
    changed.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_a_service_are_told_apart_by_their_number() {
        let ports = |target: u16| {
            let other = json!({"port": 443, "targetPort": 1});
            json!({"ports": [{"port": 80, "targetPort": target}, other]})
        };
        let patch = difference("spec", &ports(8080), &ports(9090), true);
        assert_eq!(patch, Some(json!({"ports": [{"port": 80, "targetPort": 9090}]})));
    }

    #[test]
    fn aliases_of_hosts_are_told_apart_by_their_address() {
        let aliases = |all: &[&str]| {
            let alias = |ip: &&str| json!({"ip": ip, "hostnames": ["db"]});
            json!({"hostAliases": all.iter().map(alias).collect::<Vec<Value>>()})
        };
        let patch = difference("spec", &aliases(&["1.1.1.1"]), &aliases(&["2.2.2.2"]), true);
        let told = json!([
            {"ip": "2.2.2.2", "hostnames": ["db"]}, {"$patch": "delete", "ip": "1.1.1.1"},
        ]);
        assert_eq!(patch, Some(json!({"hostAliases": told})));
    }

    fn object(kind: &str) -> Object {
        let namespace = if kind == "Node" { "" } else { "shop" };
        Object { kind: kind.into(), namespace: namespace.into(), name: "web".into() }
    }

    fn lines(kind: &str, before: &Value, after: &Value) -> Vec<String> {
        of_object(object(kind), before, after).into_iter().filter_map(|one| one.kubectl).collect()
    }

    #[test]
    fn replicas_alone_are_scaled() {
        let of = |count: u32| json!({ "apiVersion": "apps/v1", "spec": { "replicas": count } });
        assert_eq!(
            lines("Deployment", &of(2), &of(3)),
            ["kubectl -n shop scale deployment/web --replicas=3"]
        );
        assert!(lines("Deployment", &of(2), &of(2)).is_empty());
    }

    #[test]
    fn items_with_names_are_merged_and_others_replaced() {
        let of = |cpu: &str, tolerations: Value| {
            let containers = json!([
                { "name": "app", "image": "a", "resources": { "requests": { "cpu": cpu } } },
                { "name": "side", "image": "b" },
            ]);
            let spec = json!({ "containers": containers, "tolerations": tolerations });
            json!({ "apiVersion": "apps/v1", "spec": { "template": { "spec": spec } } })
        };
        let (before, after) = (of("1", json!([{ "key": "a" }])), of("2", json!([{ "key": "b" }])));
        let patch = of_object(object("Deployment"), &before, &after).remove(0).patch.unwrap();
        let expected = json!({
            "containers": [{ "name": "app", "resources": { "requests": { "cpu": "2" } } }],
            "tolerations": [{ "key": "b" }],
        });
        assert_eq!(patch, json!({ "spec": { "template": { "spec": expected } } }));
    }

    #[test]
    fn what_is_gone_is_taken_away() {
        let of = |spec: Value| json!({ "apiVersion": "policy/v1", "spec": spec });
        let (before, after) =
            (of(json!({ "minAvailable": 1 })), of(json!({ "maxUnavailable": 1 })));
        let patch = of_object(object("PodDisruptionBudget"), &before, &after).remove(0);
        let expected = json!({ "spec": { "minAvailable": null, "maxUnavailable": 1 } });
        assert_eq!(patch.patch, Some(expected));
        let of = |keys: Value| {
            let spec = json!({ "topologySpreadConstraints": keys });
            json!({ "apiVersion": "v1", "spec": spec })
        };
        let (before, after) = (of(json!([{ "topologyKey": "z" }])), of(json!([])));
        let patch = of_object(object("Pod"), &before, &after).remove(0).patch.unwrap();
        let gone = json!([{ "$patch": "delete", "topologyKey": "z" }]);
        assert_eq!(patch["spec"]["topologySpreadConstraints"], gone);
    }

    #[test]
    fn nodes_are_labelled_tainted_and_cordoned() {
        let of = |labels: Value, spec: Value| {
            let metadata = json!({ "labels": labels });
            json!({ "apiVersion": "v1", "metadata": metadata, "spec": spec })
        };
        let taint = json!({ "key": "gpu", "value": "yes", "effect": "NoSchedule" });
        let own = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
        let before = of(json!({ "zone": "a", "old": "x" }), json!({}));
        let after =
            of(json!({ "zone": "b" }), json!({ "unschedulable": true, "taints": [taint, own] }));
        assert_eq!(
            lines("Node", &before, &after),
            [
                "kubectl label node web zone=b --overwrite",
                "kubectl label node web old-",
                "kubectl cordon web",
                "kubectl taint nodes web gpu=yes:NoSchedule --overwrite",
            ]
        );
    }
}
