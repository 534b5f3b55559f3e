//! What inputs mean, trap by trap.

mod damage;
mod expansion;
mod owners;
mod specs;

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Pod, PodSpec, Workload};

use crate::{Loaded, Options, Rule, Severity, Source, load};

/// Loads one named text.
fn loaded(text: &str) -> Loaded {
    load(vec![Source::named("x.yaml", text)], &Options::default())
}

/// The rules of all diagnostics, each once.
fn rules(loaded: &Loaded) -> Vec<Rule> {
    let mut rules: Vec<Rule> = loaded.diagnostics.iter().map(|told| told.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn pod<'c>(cluster: &'c Cluster, name: &str) -> &'c Pod {
    let name = cluster.find(name).expect("the name is known");
    cluster.pods().iter().find(|pod| pod.name == name).expect("the pod is there")
}

fn spec<'c>(cluster: &'c Cluster, pod_name: &str) -> &'c PodSpec {
    cluster.spec_of(pod(cluster, pod_name).class)
}

fn workload<'c>(cluster: &'c Cluster, kind: WorkloadKind, name: &str) -> &'c Workload {
    let name = cluster.find(name).expect("the name is known");
    let mut found = cluster.workloads().iter().filter(|w| w.kind == kind && w.name == name);
    let first = found.next().expect("the workload is there");
    assert!(found.next().is_none(), "one workload of that name");
    first
}

/// A node of 4 cores, 8 GiB and 110 pods.
fn node(name: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}"}},"status":{{
            "allocatable":{{"cpu":"4","memory":"8Gi","pods":"110"}}}}}}"#
    )
}

#[test]
fn foreign_kinds_of_the_same_name_are_skipped() {
    let foreign = r#"{"apiVersion":"longhorn.io/v1beta1","kind":"Node","metadata":{"name":"b"}}"#;
    let kruise = r#"{"apiVersion":"apps.kruise.io/v1beta1","kind":"StatefulSet",
        "metadata":{"name":"s"},"spec":{"replicas":3}}"#;
    let loaded = loaded(&format!("{}\n{foreign}\n{kruise}", node("a")));
    assert_eq!(loaded.cluster.nodes().len(), 1);
    assert_eq!(loaded.cluster.workloads().len(), 0);
    assert_eq!(loaded.inventory.objects.get("longhorn.io", "Node"), Some(1));
    assert_eq!(rules(&loaded), []);
}

#[test]
fn the_same_object_twice_is_read_once() {
    let old = r#"{"apiVersion":"extensions/v1beta1","kind":"Deployment","metadata":
        {"name":"d","uid":"u","resourceVersion":"7"},"spec":{"replicas":0}}"#;
    let new = old.replace("extensions/v1beta1", "apps/v1");
    let loaded = loaded(&format!("{old}\n{new}\n{}", node("a")));
    assert_eq!(loaded.cluster.workloads().len(), 1);
    assert_eq!(rules(&loaded), [Rule::SameObjectTwice]);
    assert_eq!(loaded.diagnostics[0].severity, Severity::Note);
}

#[test]
fn of_two_versions_the_newer_is_kept() {
    let text = |version, labels| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"a","uid":"u",
            "resourceVersion":"{version}","labels":{labels}}}}}"#
        )
    };
    for [first, second] in [["9", "10"], ["10", "9"]] {
        let label = |version| if version == "10" { r#"{"zone":"new"}"# } else { "{}" };
        let loaded =
            loaded(&format!("{}\n{}", text(first, label(first)), text(second, label(second))));
        let cluster = &loaded.cluster;
        assert_eq!(cluster.nodes().len(), 1);
        assert_eq!(
            cluster.nodes()[0].labels.get(cluster.find("zone").unwrap()),
            cluster.find("new")
        );
        assert_eq!(rules(&loaded), [Rule::ObjectsDiffer]);
    }
}

#[test]
fn nodes_of_two_clusters_are_told() {
    let other = node("a").replace(r#""name":"a""#, r#""name":"a","uid":"other""#);
    let loaded = loaded(&format!("{}\n{other}", node("a").replace("110", "50")));
    assert_eq!(loaded.cluster.nodes().len(), 1);
    assert_eq!(rules(&loaded), [Rule::ObjectsDiffer]);
}

#[test]
fn amounts_are_exact() {
    let loaded = loaded(
        r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"a","labels":{"zone":"0"}},
        "status":{"allocatable":{"cpu":"94701m","memory":"3911036Ki","pods":110,
        "devices.kubevirt.io/kvm":"1k","hugepages-2Mi":"0","alibabacloud.com/gpu-milli":1000,
        "nonsense":"5"},"capacity":null,"conditions":null,"images":null}}"#,
    );
    let cluster = &loaded.cluster;
    let node = &cluster.nodes()[0];
    assert_eq!(node.allocatable.cpu_milli, 94_701);
    assert_eq!(node.allocatable.memory, 3_911_036 * 1024);
    assert_eq!(node.pods_allocatable, 110);
    let scalar = |name| node.allocatable.scalar(cluster.find(name).unwrap());
    assert_eq!(scalar("devices.kubevirt.io/kvm"), 1000);
    assert_eq!(scalar("alibabacloud.com/gpu-milli"), 1000);
    assert_eq!(
        node.allocatable.scalars.len(),
        3,
        "zero stays named, unprefixed words do not count"
    );
    assert_eq!(node.labels.get(cluster.find("zone").unwrap()), cluster.find("0"));
}

#[test]
fn without_allocatable_all_capacity_counts() {
    let text = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"},
        "status":{"capacity":{"cpu":2,"pods":"10"}}}"#;
    let loaded = loaded(text);
    let node = &loaded.cluster.nodes()[0];
    assert_eq!((node.allocatable.cpu_milli, node.pods_allocatable), (2000, 10));
}

#[test]
fn absurd_values_leave_the_object_out() {
    let bad = [
        (r#""containers":[{"name":"c","resources":{"requests":{"cpu":"-1"}}}]"#, Rule::BadQuantity),
        (
            r#""containers":[{"name":"c","resources":{"requests":{"cpu":"much"}}}]"#,
            Rule::BadQuantity,
        ),
        (
            r#""containers":[{"name":"c","resources":{"requests":{"cpu":"1e19"}}}]"#,
            Rule::BadQuantity,
        ),
        (
            r#""containers":[{"name":"c","resources":{"requests":{"memory":"1e30"}}}]"#,
            Rule::BadQuantity,
        ),
        (r#""containers":[{"name":"c","ports":[{"hostPort":70000}]}]"#, Rule::BadPort),
        (r#""containers":[{"name":"c","ports":[{"hostPort":-1}]}]"#, Rule::BadPort),
        (r#""containers":7"#, Rule::WrongType),
    ];
    for (spec, rule) in bad {
        let text = format!(
            "{}\n{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"p\"}},\
             \"spec\":{{{spec}}}}}",
            node("a")
        );
        for (source, severity) in [
            (Source::named("x", text.clone()), Severity::Error),
            (Source::found("x", text.clone()), Severity::Warning),
        ] {
            let loaded = load(vec![source], &Options::default());
            assert_eq!(loaded.cluster.pods().len(), 0, "{spec}");
            assert_eq!(rules(&loaded), [rule], "{spec}");
            let told = &loaded.diagnostics[0];
            assert_eq!(told.severity, severity);
            assert_eq!(told.object.as_ref().unwrap().name, "p");
            assert!(told.place.as_ref().unwrap().line >= 2, "{told:?}");
        }
    }
}

/// The API server takes it, and caps it.
#[test]
fn the_most_memory_there_can_be_is_read() {
    let node = node("a").replace("8Gi", "8Ei");
    let loaded = loaded(&node);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    assert_eq!(loaded.cluster.nodes()[0].allocatable.memory, i64::MAX);
}

#[test]
fn absurd_counts_leave_the_workload_out() {
    for replicas in ["-1", "9223372036854775807"] {
        let loaded = loaded(&format!(
            r#"{}{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"d"}},
            "spec":{{"replicas":{replicas},"template":{{"spec":{{}}}}}}}}"#,
            node("a")
        ));
        assert_eq!(rules(&loaded), [Rule::BadQuantity]);
        assert_eq!(loaded.cluster.workloads().len() + loaded.cluster.pods().len(), 0);
    }
}

#[test]
fn a_selector_that_does_not_parse_selects_nothing() {
    let loaded = loaded(&format!(
        r#"{}{{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{{"name":"b"}},
        "spec":
        {{"minAvailable":1,"selector":{{"matchExpressions":[{{"key":"a","operator":"Gt",
        "values":["1"]}}]}}}}}}"#,
        node("a")
    ));
    let budget = &loaded.cluster.objects().budgets[0];
    assert_eq!(budget.selector, holdfast_cluster::selector::LabelSelector::Nothing);
    assert_eq!(rules(&loaded), [Rule::BadSelector]);
}

#[test]
fn what_nobody_reads_is_counted_and_skipped() {
    let loaded = loaded(
        r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
        "metadata":{"name":"x"}}
        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"password":"hunter2"}}
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":
        {"kubectl.kubernetes.io/last-applied-configuration":"hunter3"}},
        "spec":{"containers":[{"name":"c","env":[{"name":"TOKEN","value":"hunter4"}]}]}}"#,
    );
    assert_eq!(loaded.inventory.objects.get("", "Secret"), Some(1));
    let kept = format!("{:?}", (&loaded.cluster, &loaded.diagnostics));
    assert!(!kept.contains("hunter"), "secrets do not get in");
}

#[test]
fn without_nodes_no_capacity_is_invented() {
    let loaded = loaded(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},
        "spec":{"nodeName":"n1","containers":[{"name":"c"}]},"status":{"phase":"Running"}}"#,
    );
    assert_eq!(loaded.cluster.nodes().len(), 0);
    assert_eq!(rules(&loaded), [Rule::NoNodes]);
    assert_eq!(loaded.diagnostics[0].detail, "pods name 1: n1");
}

#[test]
fn pods_on_nodes_that_are_not_there_are_told() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"b"}}"#;
    let loaded = loaded(&format!("{}\n{pod}", node("a")));
    assert_eq!(rules(&loaded), [Rule::UnlistedNode]);
    assert_eq!(loaded.diagnostics[0].detail, "1 pods on b");
}

#[test]
fn empty_typed_lists_count_as_coverage() {
    use holdfast_cluster::coverage::InputKind;
    let loaded =
        loaded(r#"{"kind":"PodDisruptionBudgetList","apiVersion":"policy/v1","items":[]}"#);
    let coverage = &loaded.cluster.objects().coverage;
    assert!(coverage.has(InputKind::PodDisruptionBudget));
    assert!(!coverage.has(InputKind::PersistentVolume));
}

#[test]
fn budgets_of_every_version() {
    use holdfast_cluster::budget::{Amount, BudgetRule};
    let text = |version: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"policy/{version}","kind":"PodDisruptionBudget","metadata":
            {{"name":"{version}"}},"spec":{spec},"status":{{"disruptionsAllowed":1,
            "disruptedPods":{{"p":"2026-01-01T00:00:00Z"}}}}}}"#
        )
    };
    let loaded = loaded(&format!(
        "{}{}{}",
        node("a"),
        text("v1beta1", r#"{"minAvailable":"50%","selector":{}}"#),
        text(
            "v1",
            r#"{"maxUnavailable":1,"selector":{},"unhealthyPodEvictionPolicy":"AlwaysAllow"}"#
        ),
    ));
    let budgets = &loaded.cluster.objects().budgets;
    assert_eq!(budgets[0].rule, BudgetRule::MinAvailable(Amount::Percent(50)));
    assert_eq!(budgets[1].rule, BudgetRule::MaxUnavailable(Amount::Count(1)));
    assert!(!budgets[0].selector.is_everything(), "an empty selector of v1beta1 selects nothing");
    assert!(budgets[1].selector.is_everything());
    assert!(budgets[1].evict_unhealthy);
    assert_eq!((budgets[1].disruptions_allowed, budgets[1].disrupted.len()), (1, 1));
}

#[test]
fn volumes_and_claims() {
    use holdfast_cluster::volume::{AccessMode, BindingMode, VolumeSource};
    let loaded = loaded(&format!(
        r#"{}{{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{{"name":"fast",
        "annotations":
        {{"storageclass.kubernetes.io/is-default-class":"true"}}}},"provisioner":"csi.x",
        "volumeBindingMode":"WaitForFirstConsumer","allowedTopologies":[{{"matchLabelExpressions":
        [{{"key":"zone","values":["a"]}}]}}]}}
        {{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{{"name":"c","namespace":"n",
        "annotations":
        {{"pv.kubernetes.io/bind-completed":"yes"}}}},"spec":{{"volumeName":"v",
        "storageClassName":"fast",
        "accessModes":["ReadWriteOnce"],"resources":{{"requests":{{"storage":"1.5Gi"}}}}}}}}
        {{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{{"name":"d",
        "namespace":"n"}},"spec":{{}}}}
        {{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{{"name":"e",
        "namespace":"n"}},
        "spec":{{"storageClassName":""}}}}
        {{"apiVersion":"v1","kind":"PersistentVolume","metadata":{{"name":"v","labels":
        {{"failure-domain.beta.kubernetes.io/zone":"a"}}}},"spec":{{"capacity":{{"storage":"2Gi"}},
        "claimRef":{{"namespace":"n","name":"c"}},"local":{{"path":"/d"}},
        "nodeAffinity":{{"required":
        {{"nodeSelectorTerms":[{{"matchExpressions":[{{"key":"h","operator":"In",
        "values":["x"]}}]}}]}}}}}},
        "status":{{"phase":"Bound"}}}}"#,
        node("a")
    ));
    assert_eq!(rules(&loaded), []);
    let cluster = &loaded.cluster;
    let objects = cluster.objects();
    let claim = |name| &objects.claims[&(cluster.find("n").unwrap(), cluster.find(name).unwrap())];
    assert!(claim("c").bound);
    assert_eq!(claim("c").request, 1_610_612_736);
    assert_eq!(*claim("c").access_modes, [AccessMode::ReadWriteOnce]);
    assert_eq!(claim("d").class, cluster.find("fast"), "the default class");
    assert_eq!(claim("e").class, None, "an empty name is no class on purpose");
    let class = &objects.storage_classes[&cluster.find("fast").unwrap()];
    assert_eq!(class.binding, BindingMode::WaitForFirstConsumer);
    assert!(class.allowed_topologies.is_some());
    let volume = &objects.volumes[&cluster.find("v").unwrap()];
    assert_eq!(volume.source, VolumeSource::Node);
    assert_eq!(volume.claim, Some((cluster.find("n").unwrap(), cluster.find("c").unwrap())));
    assert!(volume.node_affinity.is_some() && !volume.available);
}
