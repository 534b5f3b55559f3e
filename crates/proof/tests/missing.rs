//! Exports are partial: what is missing makes the verdicts that depend on it UNKNOWN, and no
//! others.

use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::{Cluster, NodeId};
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::{Doubt, FailureSet, Prover, Settings, Verdict};
use serde_json::{Value, json};

fn read(objects: &[Value]) -> Cluster {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let source = Source::named("list.json", list.to_string().into_bytes());
    load(vec![source], &Options::default()).cluster
}

fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// A ReplicaSet of one pod on `n0`, whose spec is `spec` and more.
fn web(spec: &Value) -> Vec<Value> {
    let mut own = json!({"containers": [{"name": "c", "image": "i"}]});
    for (key, value) in spec.as_object().expect("a spec is an object") {
        own[key] = value.clone();
    }
    let labels = json!({"app": "web"});
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": own},
        },
    });
    let mut placed = own.clone();
    placed["nodeName"] = json!("n0");
    let owner = json!([
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u",
            "controller": true},
    ]);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "web-1", "namespace": "default", "labels": labels, "ownerReferences": owner,
        },
        "spec": placed,
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    });
    vec![node("n0"), node("n1"), set, pod]
}

/// What becomes of the ReplicaSet when its node fails.
fn verdict(objects: &[Value]) -> Verdict {
    let cluster = read(objects);
    let prover = Prover::new(&cluster, Settings::default());
    let set = FailureSet::new(vec![NodeId(0)]);
    let examination = prover.examine(&mut prover.workspace(), &set);
    examination.findings[&0].recovered.clone()
}

fn claim(mode: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "data", "namespace": "default",
            "annotations": {"pv.kubernetes.io/bind-completed": "yes"},
        },
        "spec": {
            "volumeName": "pv", "accessModes": [mode], "storageClassName": "",
            "resources": {"requests": {"storage": "1Gi"}},
        },
        "status": {"phase": "Bound"},
    })
}

fn volume(mode: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
        "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": [mode],
            "claimRef": {"namespace": "default", "name": "data"},
            "csi": {"driver": "csi.example.com", "volumeHandle": "h"},
        },
        "status": {"phase": "Bound"},
    })
}

fn with_claim() -> Vec<Value> {
    web(&json!({"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}))
}

fn csi_nodes() -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINodeList", "items": []})
}

#[test]
fn what_misses_nothing_is_proved() {
    assert!(matches!(verdict(&web(&json!({}))), Verdict::Proved(_)));
}

#[test]
fn a_claim_a_volume_and_attach_limits_must_be_known() {
    let mut objects = with_claim();
    let missing = |kind| Verdict::Unknown(Doubt::Missing(kind));
    assert_eq!(verdict(&objects), missing(InputKind::PersistentVolumeClaim));
    objects.push(claim("ReadWriteMany"));
    assert_eq!(verdict(&objects), missing(InputKind::PersistentVolume));
    objects.push(volume("ReadWriteMany"));
    assert_eq!(verdict(&objects), missing(InputKind::CsiNode));
    objects.push(csi_nodes());
    assert!(matches!(verdict(&objects), Verdict::Proved(_)), "{:?}", verdict(&objects));
}

/// Only what a CSI driver serves, or may have taken over, is counted and asks for a `CSINode`.
#[test]
fn attach_limits_matter_to_csi_volumes_only() {
    let of_source = |source: Value| {
        let mut volume = volume("ReadWriteMany");
        let spec = volume["spec"].as_object_mut().unwrap();
        spec.remove("csi");
        spec.extend(source.as_object().unwrap().clone());
        let mut objects = with_claim();
        objects.extend([claim("ReadWriteMany"), volume]);
        verdict(&objects)
    };
    let unknown = Verdict::Unknown(Doubt::Missing(InputKind::CsiNode));
    let disk = json!({"gcePersistentDisk": {"pdName": "d"}});
    assert_eq!(of_source(disk), unknown);
    let shared = json!({"nfs": {"server": "nas", "path": "/"}});
    assert!(matches!(of_source(shared), Verdict::Proved(_)));
    let inline = web(&json!({"volumes": [{"name": "d", "csi": {"driver": "csi.example.com"}}]}));
    assert!(matches!(verdict(&inline), Verdict::Proved(_)));
}

/// A claim that waits for its first pod counts for its provisioner, where that may be a driver.
#[test]
fn attach_limits_matter_to_claims_without_a_volume() {
    let of_provisioner = |provisioner: &str, others: &[Value]| {
        let mut claim = claim("ReadWriteMany");
        claim["metadata"].as_object_mut().unwrap().remove("annotations");
        claim["spec"].as_object_mut().unwrap().remove("volumeName");
        claim["spec"]["storageClassName"] = json!("late");
        claim["status"] = json!({"phase": "Pending"});
        let class = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "late"}, "provisioner": provisioner,
            "volumeBindingMode": "WaitForFirstConsumer",
        });
        let mut objects = with_claim();
        objects.extend([claim, class]);
        objects.extend(others.iter().cloned());
        verdict(&objects)
    };
    let unknown = Verdict::Unknown(Doubt::Missing(InputKind::CsiNode));
    assert_eq!(of_provisioner("csi.example.com", &[]), unknown);
    assert_eq!(of_provisioner("kubernetes.io/gce-pd", &[]), unknown);
    let services = json!({"apiVersion": "v1", "kind": "ServiceList", "items": []});
    let shares = of_provisioner("example.com/shares", &[services]);
    assert!(matches!(shares, Verdict::Proved(_)), "{shares:?}");
    let mut made = volume("ReadWriteMany");
    made["spec"]["storageClassName"] = json!("late");
    let by_hand = "kubernetes.io/no-provisioner";
    assert_eq!(of_provisioner(by_hand, &[made]), unknown);
}

/// kubernetes/kubernetes#74947: the dead node keeps the volume, and the new pod waits for it.
/// Whether a driver attaches at all its `CSIDriver` says.
#[test]
fn a_volume_of_one_node_stays_with_the_dead_one() {
    let mut objects = with_claim();
    objects.extend([claim("ReadWriteOnce"), volume("ReadWriteOnce"), csi_nodes()]);
    assert_eq!(verdict(&objects), Verdict::Unknown(Doubt::Missing(InputKind::CsiDriver)));
    let driver = |attaches: bool| {
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver",
            "metadata": {"name": "csi.example.com"}, "spec": {"attachRequired": attaches}})
    };
    objects.push(driver(true));
    assert_eq!(verdict(&objects), Verdict::Refuted);
    objects.pop();
    objects.push(driver(false));
    assert!(matches!(verdict(&objects), Verdict::Proved(_)), "{:?}", verdict(&objects));
}

#[test]
fn labels_of_namespaces_must_be_known_where_they_are_asked_for() {
    let term = |selector: Value| {
        let term = json!({
            "labelSelector": {"matchLabels": {"app": "db"}}, "namespaceSelector": selector,
            "topologyKey": "kubernetes.io/hostname",
        });
        web(&json!({"affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [term],
        }}}))
    };
    let mut by_label = term(json!({"matchLabels": {"team": "a"}}));
    let missing = Verdict::Unknown(Doubt::Missing(InputKind::Namespace));
    assert_eq!(verdict(&by_label), missing);
    by_label
        .push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
    assert!(matches!(verdict(&by_label), Verdict::Proved(_)));
    let by_name = term(json!({"matchLabels": {"kubernetes.io/metadata.name": "default"}}));
    assert!(matches!(verdict(&by_name), Verdict::Proved(_)), "every namespace carries its name");
}

/// Too little room is too little room, whatever else is missing.
#[test]
fn what_nothing_can_cure_is_refuted_all_the_same() {
    let spec = json!({
        "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
        "nodeSelector": {"kubernetes.io/hostname": "n0"},
    });
    let mut objects = web(&spec);
    objects.extend([claim("ReadWriteMany"), volume("ReadWriteMany")]);
    assert_eq!(verdict(&objects), Verdict::Refuted);
}

/// `DRAExtendedResource` is on by default in 1.36: a device class may stand for a resource that no
/// node lists. Of one that some node lists the others have none.
#[test]
fn a_resource_that_no_node_lists_may_be_a_device_class() {
    let container = json!([{"name": "c", "image": "i",
        "resources": {"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "1"}}}]);
    let mut objects = web(&json!({"containers": container}));
    assert_eq!(verdict(&objects), Verdict::Unknown(Doubt::UnknownResource));
    objects[0]["status"]["allocatable"]["example.com/gpu"] = json!("1");
    assert_eq!(verdict(&objects), Verdict::Refuted);
}

/// A quota of the namespace, and what is charged to it.
fn quota(hard: &Value, used: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "all", "namespace": "default"},
        "spec": {"hard": hard},
        "status": {"hard": hard, "used": used},
    })
}

fn under(hard: &Value, used: &Value) -> Verdict {
    let mut objects = rich(&json!({}));
    objects.push(quota(hard, used));
    verdict(&objects)
}

/// The ReplicaSet with all kinds that a verdict may depend on.
fn rich(spec: &Value) -> Vec<Value> {
    let mut objects = web(spec);
    objects.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}},
    }));
    objects
}

#[test]
fn a_quota_that_is_kept_lets_a_lost_pod_come_back() {
    let proved = |verdict| matches!(verdict, Verdict::Proved(_));
    assert!(proved(under(&json!({"pods": "1"}), &json!({"pods": "1"}))));
    assert!(proved(under(&json!({"limits.cpu": "2"}), &json!({"limits.cpu": "1"}))));
    // All that may be asked for is within it, whatever its status says.
    assert!(proved(under(&json!({"pods": "1", "requests.cpu": "1"}), &json!({}))));
    // Nothing of pods.
    assert!(proved(under(&json!({"services": "0", "requests.storage": "1Gi"}), &json!({}))));
}

#[test]
fn a_quota_that_may_refuse_a_pod_makes_it_unknown() {
    let unknown = Verdict::Unknown(Doubt::Quota);
    assert_eq!(under(&json!({"pods": "0"}), &json!({"pods": "1"})), unknown);
    assert_eq!(under(&json!({"limits.cpu": "1"}), &json!({"limits.cpu": "1500m"})), unknown);
    // Nobody says what is charged to it.
    assert_eq!(under(&json!({"limits.cpu": "1"}), &json!({})), unknown);
    // A pod that is stuck on a silent node is counted until it is gone.
    assert_eq!(under(&json!({"count/pods": "9"}), &json!({"count/pods": "1"})), unknown);
}

#[test]
fn a_quota_that_what_is_missing_would_exceed_makes_it_unknown() {
    let mut objects = rich(&json!({}));
    objects[2]["spec"]["replicas"] = json!(2);
    let mut under = |hard, used| {
        objects.push(quota(&hard, &used));
        let found = verdict(&objects);
        objects.pop();
        found
    };
    let pods = |count: &str| json!({"pods": count});
    assert!(matches!(under(pods("2"), pods("1")), Verdict::Proved(_)));
    assert_eq!(under(pods("1"), pods("1")), Verdict::Unknown(Doubt::Quota));
    let limits = |cpu: &str| json!({"limits.cpu": cpu});
    assert_eq!(under(limits("9"), limits("1")), Verdict::Unknown(Doubt::Quota));
}
