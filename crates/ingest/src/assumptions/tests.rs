use super::assume;
use crate::{Loaded, Options, Rule, Severity, Source, load};

const EXPORT: &str = r#"
{"apiVersion":"v1","kind":"Node",
 "metadata":{"name":"a","labels":{"node-role.kubernetes.io/etcd":""}}}
{"apiVersion":"v1","kind":"Node","metadata":{"name":"b"}}
{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"fast"},
 "provisioner":"rook-ceph.rbd.csi.ceph.com","parameters":{"clusterID":"rook","pool":"p"}}
{"apiVersion":"ceph.rook.io/v1","kind":"CephBlockPool","metadata":{"name":"p","namespace":"rook"},
 "spec":{"failureDomain":"host","replicated":{"size":3}}}
"#;

fn assumed(text: &str) -> Loaded {
    let loaded = load(vec![Source::named("export", EXPORT)], &Options::default());
    let header = "apiVersion: holdfast.dev/v1\nkind: Assumptions\n";
    assume(loaded, Source::named("file", format!("{header}{text}")))
}

/// Rule, line and detail of everything told about the assumptions.
fn told(text: &str) -> Vec<(Rule, u32, String)> {
    let all = assumed(text).diagnostics.into_iter();
    let ours = all.filter(|one| one.place.as_ref().is_none_or(|place| place.file == "file"));
    ours.map(|one| (one.rule, one.place.map_or(0, |place| place.line), one.detail)).collect()
}

#[test]
fn what_the_export_cannot_show_is_taken() {
    let text = "times: { imageStart: 1m30s }\nmachines:\n  - name: lb\n    nodes: [b]\n\
                controlPlane:\n  etcd: { members: [a] }\n  loadBalancer: { members: [lb] }\n\
                storage:\n  - storageClass: fast\n    replicas: 3\n    writableWith: 2\n";
    let loaded = assumed(text);
    assert!(loaded.diagnostics.iter().all(|one| one.severity != Severity::Error));
    let cluster = &loaded.cluster;
    let objects = cluster.objects();
    let names = |list: &[holdfast_cluster::Symbol]| -> Vec<String> {
        list.iter().map(|name| cluster.text(*name).to_owned()).collect()
    };
    assert_eq!(names(objects.assumptions.load_balancer.as_ref().unwrap()), ["lb"]);
    assert_eq!(names(&objects.assumptions.machines[0].nodes), ["b"]);
    assert_eq!(objects.assumptions.times[0].1, 90);
    assert_eq!(objects.storage.declared[&cluster.find("fast").unwrap()].replicas, Some(3));
}

#[test]
fn contradictions_show_both() {
    let contradicts = Rule::AssumptionContradicts;
    assert_eq!(
        told("controlPlane:\n  etcd: { members: [b] }\n"),
        [(contradicts, 4, "etcd on b here, on a in the export".to_owned())]
    );
    assert_eq!(
        told("storage:\n  - storageClass: fast\n    replicas: 2\n    writableWith: 1\n"),
        [
            (contradicts, 4, "replicas 2 here, 3 in pool p".to_owned()),
            (contradicts, 4, "writableWith 1 here, 2 in pool p".to_owned())
        ]
    );
}

#[test]
fn what_makes_no_sense_is_refused_at_its_place() {
    let bad = Rule::BadAssumption;
    for (text, line, detail) in [
        ("machines: [{ name: a }]\n", 3, "machine a has the name of a node"),
        ("machines: [{ name: m, nodes: [z] }]\n", 3, "z is no node of the export"),
        (
            "machines:\n  - { name: m, nodes: [a] }\n  - { name: h, nodes: [a] }\n",
            5,
            "a is on m and on h",
        ),
        (
            "controlPlane:\n  loadBalancer:\n    members: [q]\n",
            5,
            "q is neither a node nor a machine",
        ),
        ("times:\n  imageStart: soon\n", 4, "\"soon\" is no duration such as 50s or 1m30s"),
        (
            "storage:\n  - { storageClass: fast, replicas: 3 }\n  - { storageClass: fast }\n",
            5,
            "storage class fast is declared twice, first in line 4",
        ),
    ] {
        assert_eq!(told(text), [(bad, line, detail.to_owned())], "{text}");
    }
    let two_of_one = "storage: [{ storageClass: fast, replicas: 1, writableWith: 2 }]\n";
    assert_eq!(told(two_of_one)[0].2, "fast has 1 replicas and writableWith 2");
}

#[test]
fn unknown_fields_are_errors_and_unknown_classes_notes() {
    let found = told("storge: []\n");
    assert_eq!((found[0].0, found[0].1), (Rule::WrongType, 3));
    let loaded = assumed("storage: [{ storageClass: slow, replicas: 1 }]\n");
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!((last.rule, last.severity), (Rule::UnusedAssumption, Severity::Note));
}
