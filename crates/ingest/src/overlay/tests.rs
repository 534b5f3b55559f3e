use serde_json::{Value, json};

use super::*;

fn export(items: &Value) -> Vec<Source> {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    vec![Source::named("export", list.to_string())]
}

fn web(spec: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop", "resourceVersion": "7" },
        "spec": spec,
    })
}

/// The objects that were changed, as they are read.
fn touched(overlaid: &Overlaid) -> Value {
    let last = overlaid.sources.last().unwrap();
    serde_json::from_slice::<Value>(&last.bytes).unwrap()["items"].clone()
}

fn manifest(value: &Value) -> Alteration {
    Alteration::Apply(vec![Source::named("new", value.to_string())])
}

#[test]
fn a_manifest_says_what_it_says_and_leaves_the_rest() {
    let before = web(&json!({
        "replicas": 3,
        "template": { "spec": {
            "containers": [{ "name": "a", "image": "a:1" }, { "name": "b", "image": "b:1" }],
            "tolerations": [{ "key": "x" }],
        } },
    }));
    let after = web(&json!({ "template": { "spec": {
        "containers": [{ "name": "b", "image": "b:2" }],
        "tolerations": [{ "key": "y" }],
    } } }));
    let overlaid = overlay(export(&json!([before])), vec![manifest(&after)]).unwrap();
    let spec = &touched(&overlaid)[0]["spec"];
    assert_eq!(spec["replicas"], 3);
    let containers = json!([{ "name": "a", "image": "a:1" }, { "name": "b", "image": "b:2" }]);
    assert_eq!(spec["template"]["spec"]["containers"], containers, "told apart by name");
    assert_eq!(spec["template"]["spec"]["tolerations"], json!([{ "key": "y" }]), "as a whole");
    assert_eq!(overlaid.rolled.len(), 1, "its template is another");
    assert!(touched(&overlaid)[0]["metadata"].get("resourceVersion").is_none());
}

#[test]
fn what_was_applied_before_and_is_no_more_is_taken_away() {
    let applied = web(&json!({
        "replicas": 2,
        "template": { "spec": { "affinity": { "podAntiAffinity": {} }, "nodeName": "n" } },
    }));
    let mut before = applied.clone();
    let text = applied.to_string();
    let annotation = "kubectl.kubernetes.io/last-applied-configuration";
    before["metadata"]["annotations"] = json!({ annotation: text });
    before["spec"]["template"]["spec"]["schedulerName"] = json!("default-scheduler");
    let after = web(&json!({ "template": { "spec": { "nodeName": "n" } } }));
    let overlaid = overlay(export(&json!([before])), vec![manifest(&after)]).unwrap();
    let spec = &touched(&overlaid)[0]["spec"];
    assert!(spec.get("replicas").is_none() && spec["template"]["spec"].get("affinity").is_none());
    assert_eq!(spec["template"]["spec"]["schedulerName"], "default-scheduler", "by the server");
}

#[test]
fn fields_are_set_by_name() {
    let before = web(&json!({ "replicas": 3, "template": { "spec": { "containers": [{}] } } }));
    let object = Named { kind: "Deployment".into(), namespace: "shop".into(), name: "web".into() };
    let set = |path: &str, value| Alteration::Set {
        object: object.clone(),
        path: path.parse().unwrap(),
        value,
    };
    let alterations = vec![
        set("replicas", json!(5)),
        set("template.spec.containers[0].image", json!("a:2")),
        set(r"metadata.labels.app\.kubernetes\.io/name", json!("web")),
    ];
    let overlaid = overlay(export(&json!([before])), alterations).unwrap();
    let object = &touched(&overlaid)[0];
    assert_eq!(object["spec"]["replicas"], 5);
    assert_eq!(object["spec"]["template"]["spec"]["containers"][0]["image"], "a:2");
    assert_eq!(object["metadata"]["labels"]["app.kubernetes.io/name"], "web");
    let blocked = overlay(export(&json!([before])), vec![set("replicas.x", json!(1))]);
    assert!(matches!(blocked, Err(Refusal::NoField(..))), "a number has no fields");
    assert!(["", ".a", "a[x]", "[0]"].iter().all(|text| text.parse::<Path>().is_err()));
}

#[test]
fn nodes_are_cordoned_tainted_and_added() {
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": "a", "uid": "u", "labels": {
            "kubernetes.io/hostname": "a", "topology.kubernetes.io/zone": "z" } },
        "spec": { "taints": [
            { "key": "node.kubernetes.io/unreachable", "effect": "NoExecute" },
            { "key": "mine", "effect": "NoSchedule" } ] },
        "status": { "images": [{}], "conditions": [{ "type": "Ready", "status": "Unknown" }] },
    });
    let alterations = vec![
        Alteration::AddNode {
            node: "b".into(),
            like: "a".into(),
            labels: vec![("topology.kubernetes.io/zone".into(), "y".into())],
        },
        Alteration::Cordon("b".into()),
        Alteration::Taint {
            node: "a".into(),
            key: "mine".into(),
            value: "v".into(),
            effect: "NoSchedule".into(),
        },
    ];
    let overlaid = overlay(export(&json!([node])), alterations).unwrap();
    let nodes = touched(&overlaid);
    let (old, new) = (&nodes[0], &nodes[1]);
    assert_eq!(
        old["spec"]["taints"][1],
        json!({ "key": "mine", "value": "v", "effect": "NoSchedule" })
    );
    let labels = json!({ "kubernetes.io/hostname": "b", "topology.kubernetes.io/zone": "y" });
    assert_eq!(
        (&new["metadata"]["labels"], &new["spec"]["unschedulable"]),
        (&labels, &json!(true))
    );
    let cordoned = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
    assert_eq!(new["spec"]["taints"], json!([{ "key": "mine", "effect": "NoSchedule" }, cordoned]));
    assert!(new["status"].get("images").is_none());
    let missing = overlay(export(&json!([node])), vec![Alteration::Cordon("c".into())]);
    assert_eq!(missing.unwrap_err(), Refusal::NoObject(of_node("c"), vec!["a".into()]));
}
