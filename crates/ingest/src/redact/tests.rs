use serde_json::{Value, json};

use super::redact;

fn web() -> Vec<Value> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "shop-7d4b9-abcde", "namespace": "acme", "uid": "u1",
            "labels": {"app": "shop", "pod-template-hash": "7d4b9", "tier": "3"},
            "annotations": {"note": "secret", "kubernetes.io/config.source": "api"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet",
                "name": "shop-7d4b9", "uid": "u2", "controller": true}],
            "managedFields": [{"manager": "kubectl"}]
        },
        "spec": {
            "nodeName": "rack-b",
            "nodeSelector": {"kubernetes.io/os": "linux", "acme.io/disk": "fast"},
            "containers": [{"name": "shop", "image": "acme/shop:v7", "command": ["run", "--key=1"],
                "env": [{"name": "PASSWORD", "value": "hunter2"}],
                "resources": {"requests": {"cpu": "100m", "acme.io/gpu": "1"}}}]
        },
        "status": {"phase": "Running", "podIP": "10.0.0.1"}
    });
    let node = |name: &str| {
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name,
                "labels": {"kubernetes.io/hostname": name, "acme.io/disk": "fast"}},
            "status": {"addresses": [{"address": "10.1.1.1"}],
                "capacity": {"cpu": "4", "acme.io/gpu": "2"},
                "images": [{"names": ["acme/shop@sha256:12", "acme/shop:v7"], "sizeBytes": 7}],
                "nodeInfo": {"kubeletVersion": "v1.30.0", "machineID": "m"}}
        })
    };
    let mirror = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "etcd-rack-a", "namespace": "kube-system"},
        "spec": {"nodeName": "rack-a"}});
    let set = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "acme"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "shop"}}}});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"k": "hunter2"}});
    let replicas = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "shop-7d4b9", "namespace": "acme", "uid": "u2"}});
    vec![node("rack-b"), node("rack-a"), pod, mirror, set, secret, replicas]
}

#[test]
fn nothing_of_the_user_is_left() {
    let text = redact(web()).to_string();
    for word in ["acme", "shop", "rack", "hunter2", "10.", "secret", "PASSWORD", "kubectl", "etcd"]
    {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn what_was_equal_stays_equal() {
    let list = redact(web());
    let [second, first, pod, mirror, set, replicas] = list["items"].as_array().unwrap().as_slice()
    else {
        panic!("six objects, without the secret");
    };
    // Nodes sort as before, and the hostname label names its node.
    assert_eq!(first["metadata"]["name"], "node-1");
    assert_eq!(second["metadata"]["name"], "node-2");
    assert_eq!(second["metadata"]["labels"]["kubernetes.io/hostname"], "node-2");
    assert_eq!(pod["spec"]["nodeName"], "node-2");
    // Names are made of names.
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(name(replicas).starts_with(&format!("{}-", name(set))));
    assert!(name(pod).starts_with(&format!("{}-", name(replicas))));
    assert!(name(mirror).ends_with("-node-1"));
    assert_eq!(pod["metadata"]["ownerReferences"][0]["name"], replicas["metadata"]["name"]);
    assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], replicas["metadata"]["uid"]);
    let hash = pod["metadata"]["labels"]["pod-template-hash"].as_str().unwrap();
    assert_eq!(name(replicas), format!("{}-{hash}", name(set)));
    // Selectors select, numbers and the API's words stay.
    let selected = set["spec"]["selector"]["matchLabels"].as_object().unwrap();
    for (key, value) in selected {
        assert_eq!(&pod["metadata"]["labels"][key], value);
    }
    assert_eq!(pod["spec"]["nodeSelector"]["kubernetes.io/os"], "linux");
    assert!(pod["metadata"]["labels"].as_object().unwrap().values().any(|value| value == "3"));
    // Images and extended resources meet on the node.
    let image = &pod["spec"]["containers"][0]["image"];
    assert_eq!(&first["status"]["images"][0]["names"][1], image);
    let requests = pod["spec"]["containers"][0]["resources"]["requests"].as_object().unwrap();
    for resource in requests.keys() {
        assert!(first["status"]["capacity"].get(resource).is_some(), "{resource}");
    }
}

#[test]
fn ordinals_and_claims_stay_together() {
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {"volumeClaimTemplates": [{"metadata": {"name": "disk"}}]}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db-10"},
        "spec": {"volumes": [{"name": "disk",
            "persistentVolumeClaim": {"claimName": "disk-db-10"}}]}});
    let list = redact(vec![set, pod]);
    let set = list["items"][0]["metadata"]["name"].as_str().unwrap();
    let spec = &list["items"][0]["spec"];
    let template = spec["volumeClaimTemplates"][0]["metadata"]["name"].as_str().unwrap();
    assert_eq!(list["items"][1]["metadata"]["name"], format!("{set}-10"));
    let claim = &list["items"][1]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"];
    assert_eq!(claim, &format!("{template}-{set}-10"));
}

#[test]
fn redacting_again_changes_only_numbers() {
    let once = redact(web());
    let items = once["items"].as_array().unwrap().clone();
    assert_eq!(redact(items.clone())["items"].as_array().unwrap().len(), items.len());
}
