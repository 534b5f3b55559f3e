//! Each plugin on small cases of its own.

mod support;

use holdfast_cluster::Cluster;
use holdfast_scheduler::Words;
use serde_json::{Value, json};
use support::{cluster, decide, feasible, node, pod, running, score, why};

const NO_TAINT: &str = "TaintToleration: node(s) had untolerated taint(s)";

/// The reason for turning down node `n`, the only one, for pod `p`.
fn why_not(node_patch: &Value, pod_patch: &Value) -> String {
    let cluster = cluster(&[node("n", node_patch), pod("p", pod_patch)]);
    why(&cluster, &decide(&cluster, "p"), "n")
}

/// `nodeunschedulable/node_unschedulable.go`.
#[test]
fn node_unschedulable() {
    let cordoned = json!({"spec": {"unschedulable": true}});
    let tolerating = json!({"spec": {"tolerations": [
        {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]}});
    let refused = "NodeUnschedulable: node(s) were unschedulable";
    assert_eq!(why_not(&cordoned, &json!({})), refused);
    assert_eq!(why_not(&cordoned, &tolerating), "");
}

/// `tainttoleration/taint_toleration.go`.
#[test]
fn taint_toleration() {
    let tainted =
        |effect| json!({"spec": {"taints": [{"key": "k", "value": "v", "effect": effect}]}});
    let tolerating = |value| json!({"spec": {"tolerations": [{"key": "k", "value": value}]}});
    assert_eq!(why_not(&tainted("NoSchedule"), &json!({})), NO_TAINT);
    assert_eq!(why_not(&tainted("NoExecute"), &tolerating("other")), NO_TAINT);
    assert_eq!(why_not(&tainted("NoExecute"), &tolerating("v")), "");
    assert_eq!(why_not(&tainted("PreferNoSchedule"), &json!({})), "");

    let two = cluster(&[
        node("disliked", &tainted("PreferNoSchedule")),
        node("liked", &json!({})),
        pod("p", &json!({})),
    ]);
    let decision = decide(&two, "p");
    assert_eq!(score(&two, &decision, "disliked", "TaintToleration"), Some(0));
    assert_eq!(score(&two, &decision, "liked", "TaintToleration"), Some(300));
}

/// `nodeaffinity/node_affinity.go`.
#[test]
fn node_affinity() {
    let refused = "NodeAffinity: node(s) didn't match Pod's node affinity/selector";
    let ssd = json!({"metadata": {"labels": {"disk": "ssd"}}});
    let wanting = |disk| json!({"spec": {"nodeSelector": {"disk": disk}}});
    assert_eq!(why_not(&ssd, &wanting("hdd")), refused);
    assert_eq!(why_not(&ssd, &wanting("ssd")), "");
}

fn message(cluster: &Cluster) -> String {
    let decision = decide(cluster, "p");
    holdfast_scheduler::message::of(Words::newest(cluster), &decision, &[]).unwrap_or_default()
}

fn requiring_names(terms: &[&[&str]]) -> Value {
    let field = |name: &&str| json!({"key": "metadata.name", "operator": "In", "values": [name]});
    let term =
        |names: &&[&str]| json!({"matchFields": names.iter().map(field).collect::<Vec<_>>()});
    let terms: Vec<Value> = terms.iter().map(term).collect();
    json!({"spec": {"affinity": {"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}})
}

/// `PreFilter` of `nodeaffinity/node_affinity.go`: names leave all other nodes out.
#[test]
fn nodes_named_in_match_fields_leave_the_others_out() {
    let nodes = ["a", "b", "c"].map(|name| node(name, &json!({})));
    let case = |terms: &[&[&str]]| {
        let mut objects = nodes.to_vec();
        objects.push(pod("p", &requiring_names(terms)));
        cluster(&objects)
    };
    let either = case(&[&["b"], &["c"]]);
    assert_eq!(feasible(&either, &decide(&either, "p")), ["b", "c"]);
    let nowhere = "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity].";
    assert_eq!(message(&case(&[&["gone"]])), nowhere);
    let conflict = "0/3 nodes are available: pod affinity terms conflict.";
    assert_eq!(message(&case(&[&["a", "b"]])), conflict);
}

/// `nodeports/node_ports.go`: `0.0.0.0` stands for every address.
#[test]
fn node_ports() {
    let port = |ip: &str, protocol: &str| {
        json!({"spec": {"containers": [{"name": "c", "image": "i", "ports": [
            {"containerPort": 1, "hostPort": 80, "hostIP": ip, "protocol": protocol}]}]}})
    };
    let refused = "NodePorts: node(s) didn't have free ports for the requested pod ports";
    for (taken, wanted, expected) in [
        (port("", "TCP"), port("10.0.0.1", "TCP"), refused),
        (port("10.0.0.1", "TCP"), port("0.0.0.0", "TCP"), refused),
        (port("10.0.0.1", "TCP"), port("10.0.0.2", "TCP"), ""),
        (port("", "TCP"), port("", "UDP"), ""),
    ] {
        let objects = [node("n", &json!({})), running("r", "n", &taken), pod("p", &wanted)];
        let cluster = cluster(&objects);
        assert_eq!(why(&cluster, &decide(&cluster, "p"), "n"), expected);
    }
}

/// `noderesources/fit.go`: everything that is short is named, in this order.
#[test]
fn node_resources_fit() {
    let full = json!({"status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "0"}}});
    let requests =
        json!({"cpu": "2", "memory": "2Gi", "ephemeral-storage": "1", "b.c/d": "1", "a.c/d": "1"});
    let resources = json!({"requests": requests, "limits": {"b.c/d": "1", "a.c/d": "1"}});
    let wanting =
        json!({"spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]}});
    let expected = "NodeResourcesFit: Too many pods, Insufficient cpu, Insufficient memory, \
                    Insufficient ephemeral-storage, Insufficient a.c/d, Insufficient b.c/d";
    assert_eq!(why_not(&full, &wanting), expected);
}

/// `noderesources/least_allocated.go` and `balanced_allocation.go`: a pod that asks for nothing
/// counts as 100m and 200Mi in the one and is left out by the other.
#[test]
fn resource_scores() {
    let nodes = [node("a", &json!({})), node("b", &json!({}))];
    let case = |patch: &Value| {
        let mut objects = nodes.to_vec();
        objects.push(pod("p", patch));
        cluster(&objects)
    };
    let nothing = case(&json!({}));
    let decision = decide(&nothing, "p");
    // 97.5 % of the CPU and 97.56 % of the memory stay free: (97 + 97) / 2.
    assert_eq!(score(&nothing, &decision, "a", "NodeResourcesFit"), Some(97));
    assert_eq!(score(&nothing, &decision, "a", "NodeResourcesBalancedAllocation"), None);
    let lopsided = case(&support::cpu("2", 0));
    let decision = decide(&lopsided, "p");
    // Half of the CPU, none of the memory: the deviation is 0.25, so the balance falls from 100 to
    // 75.
    assert_eq!(score(&lopsided, &decision, "a", "NodeResourcesBalancedAllocation"), Some(62));
}

/// `imagelocality/image_locality.go`: half of the nodes hold 1000 MiB.
#[test]
fn image_locality() {
    let images =
        json!({"status": {"images": [{"names": ["i:latest"], "sizeBytes": 1_048_576_000}]}});
    let cluster = cluster(&[node("a", &images), node("b", &json!({})), pod("p", &json!({}))]);
    let decision = decide(&cluster, "p");
    assert_eq!(score(&cluster, &decision, "a", "ImageLocality"), Some(48));
    assert_eq!(score(&cluster, &decision, "b", "ImageLocality"), Some(0));
}

/// `NewFit` of `noderesources/fit.go` does not switch pod-level resources on for its scorer: the
/// pod that is placed counts by its containers, though the node will count it by what it asks for
/// as a whole.
#[test]
fn pod_level_requests_do_not_count_while_nodes_are_scored() {
    let mut whole = support::cpu("500m", 0);
    support::merge(&mut whole, &json!({"spec": {"resources": {"requests": {"cpu": "3"}}}}));
    let cluster = cluster(&[node("a", &json!({})), node("b", &json!({})), pod("p", &whole)]);
    let decision = decide(&cluster, "p");
    // 3.5 of 4 cores and 97 % of the memory stay free: (87 + 97) / 2.
    assert_eq!(score(&cluster, &decision, "a", "NodeResourcesFit"), Some(92));
}

/// `evaluateNominatedNode` of `schedule_one.go`: the node kept free for the pod is taken if it
/// still fits, whatever others would score.
#[test]
fn a_node_kept_free_for_the_pod_is_taken() {
    let disliked = json!({"spec": {"taints": [{"key": "k", "effect": "PreferNoSchedule"}]}});
    let kept = json!({"status": {"nominatedNodeName": "b"}});
    let cluster = cluster(&[node("a", &json!({})), node("b", &disliked), pod("p", &kept)]);
    assert_eq!(feasible(&cluster, &decide(&cluster, "p")), ["b"]);
}

/// `schedulinggates/scheduling_gates.go`.
#[test]
fn scheduling_gates() {
    let gated = json!({"spec": {"schedulingGates": [{"name": "a"}, {"name": "b"}]}});
    let cluster = cluster(&[node("n", &json!({})), pod("p", &gated)]);
    let decision = decide(&cluster, "p");
    assert_eq!(decision.outcome, holdfast_scheduler::decision::Outcome::Gated);
    let text =
        holdfast_scheduler::message::of(Words::newest(&cluster), &decision, &["a", "b"]).unwrap();
    assert_eq!(text, "waiting for scheduling gates: [a b]");
}

fn near(kind: &str, key: &str, app: &str) -> Value {
    json!({"spec": {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}]}}}})
}

fn labelled(app: &str, mut patch: Value) -> Value {
    support::merge(&mut patch, &json!({"metadata": {"labels": {"app": app}}}));
    patch
}

const HOSTNAME: &str = "kubernetes.io/hostname";

/// `interpodaffinity/filtering.go`: the first pod of a group that wants itself near.
#[test]
fn the_first_of_a_self_affine_group_goes_anywhere_with_the_label() {
    let objects = [
        node("a", &json!({"metadata": {"labels": {"rack": "1"}}})),
        node("b", &json!({})),
        pod("p", &labelled("x", near("podAffinity", "rack", "x"))),
        pod("q", &labelled("x", near("podAffinity", "rack", "y"))),
    ];
    let cluster = cluster(&objects);
    assert_eq!(feasible(&cluster, &decide(&cluster, "p")), ["a"]);
    let decision = decide(&cluster, "q");
    let refused = "InterPodAffinity: node(s) didn't match pod affinity rules";
    assert_eq!(why(&cluster, &decision, "a"), refused);
}

/// `interpodaffinity/filtering.go`: the two directions of anti-affinity.
#[test]
fn anti_affinity_works_in_both_directions() {
    let shy = labelled("shy", near("podAntiAffinity", HOSTNAME, "loud"));
    let loud = labelled("loud", json!({}));
    let case = |runs: &Value, comes: &Value| {
        let objects = [node("n", &json!({})), running("r", "n", runs), pod("p", comes)];
        let cluster = cluster(&objects);
        why(&cluster, &decide(&cluster, "p"), "n")
    };
    let comes = "InterPodAffinity: node(s) didn't match pod anti-affinity rules";
    let runs = "InterPodAffinity: node(s) didn't satisfy existing pods anti-affinity rules";
    assert_eq!(case(&loud, &shy), comes);
    assert_eq!(case(&shy, &loud), runs);
}

fn spread(when: &str, key: &str, extra: &Value) -> Value {
    let mut constraint = json!({
        "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when,
        "labelSelector": {"matchLabels": {"app": "x"}},
    });
    support::merge(&mut constraint, extra);
    labelled("x", json!({"spec": {"topologySpreadConstraints": [constraint]}}))
}

/// `podtopologyspread/filtering.go`; a node that is tainted counts as a domain unless `Honor` says
/// otherwise.
#[test]
fn required_spread_counts_domains_that_the_pod_cannot_use() {
    let down = json!({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}});
    let case = |extra: &Value| {
        let objects = [
            node("a", &json!({})),
            node("b", &down),
            running("r", "a", &labelled("x", json!({}))),
            pod("p", &spread("DoNotSchedule", HOSTNAME, extra)),
        ];
        let cluster = cluster(&objects);
        why(&cluster, &decide(&cluster, "p"), "a")
    };
    let refused = "PodTopologySpread: node(s) didn't match pod topology spread constraints";
    assert_eq!(case(&json!({})), refused);
    assert_eq!(case(&json!({"nodeTaintsPolicy": "Honor"})), "");
    assert_eq!(case(&json!({"nodeTaintsPolicy": "Honor", "minDomains": 2})), refused);
}

/// `podtopologyspread/common.go`: pods that are being deleted are not counted.
#[test]
fn spread_passes_over_terminating_pods() {
    let mut ending = labelled("x", json!({}));
    support::merge(
        &mut ending,
        &json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
    );
    let objects = [
        node("a", &json!({})),
        node("b", &json!({})),
        running("r", "a", &ending),
        pod("p", &spread("DoNotSchedule", HOSTNAME, &json!({}))),
    ];
    let cluster = cluster(&objects);
    assert_eq!(feasible(&cluster, &decide(&cluster, "p")), ["a", "b"]);
}

/// `podtopologyspread/plugin.go` and `helper/spread.go`: a Service gives a pod the system's own
/// constraints.
#[test]
fn a_service_spreads_its_pods() {
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "s", "namespace": "default"}, "spec": {"selector": {"app": "x"}}});
    let mut objects = vec![
        node("a", &json!({})),
        node("b", &json!({})),
        running("r", "a", &labelled("x", json!({}))),
        pod("p", &labelled("x", json!({}))),
    ];
    let without = cluster(&objects);
    let decision = decide(&without, "p");
    assert_eq!(score(&without, &decision, "b", "PodTopologySpread"), None);
    objects.push(service);
    let with = cluster(&objects);
    let decision = decide(&with, "p");
    // One pod there, none here: ln(2 + 2) + 2, rounded to 3, against 2; then 100 · (5 − s) / 3,
    // twice.
    assert_eq!(score(&with, &decision, "a", "PodTopologySpread"), Some(132));
    assert_eq!(score(&with, &decision, "b", "PodTopologySpread"), Some(200));
}

/// `FeatureMapper.mapSorted` (`nodedeclaredfeatures/featureset.go`): what is declared out of order
/// is missed.
#[test]
fn node_declared_features() {
    let declaring = |features: &[&str]| json!({"status": {"declaredFeatures": features}});
    let restarting = json!({"spec": {"containers": [{"name": "c", "image": "i",
        "restartPolicyRules": [{"action": "RestartAllContainers"}]}]}});
    let refused = "NodeDeclaredFeatures: node(s) didn't match Pod's required features";
    let (wanted, later) = ("RestartAllContainersOnContainerExits", "UserNamespaces");
    for (features, expected) in [
        (vec![], refused),
        (vec!["Unheard"], refused),
        (vec![wanted], ""),
        (vec!["Ahead", wanted, later], ""),
        (vec![wanted, wanted], ""),
        (vec![later, wanted], refused),
    ] {
        assert_eq!(why_not(&declaring(&features), &restarting), expected, "{features:?}");
        assert_eq!(why_not(&declaring(&features), &json!({})), "", "{features:?}");
    }
}

/// `helper/spread.go`: the selector of a ReplicationController is a map of labels and replaces what
/// a Service says of the same label.
#[test]
fn a_replication_controller_overrules_services() {
    let object = |kind: &str, app: &str| {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "s", "namespace": "default"},
            "spec": {"selector": {"app": app}}})
    };
    let mut adopted = labelled("x", json!({}));
    let controller = json!({"apiVersion": "v1", "kind": "ReplicationController", "name": "s",
        "uid": "u", "controller": true});
    support::merge(&mut adopted, &json!({"metadata": {"ownerReferences": [controller]}}));
    let cluster = cluster(&[
        object("Service", "x"),
        object("ReplicationController", "y"),
        node("a", &json!({})),
        node("b", &json!({})),
        running("r", "a", &labelled("y", json!({}))),
        pod("p", &adopted),
    ]);
    let decision = decide(&cluster, "p");
    assert_eq!(score(&cluster, &decision, "a", "PodTopologySpread"), Some(132));
    assert_eq!(score(&cluster, &decision, "b", "PodTopologySpread"), Some(200));
}

/// `nodename` and others have nothing to say about ordinary pods; a pod that is bound
/// to a node that does not exist holds nothing back.
#[test]
fn pods_of_unlisted_nodes_hold_nothing_back() {
    let objects = [
        node("n", &json!({})),
        running("r", "gone", &labelled("x", near("podAntiAffinity", HOSTNAME, "x"))),
        pod("p", &labelled("x", json!({}))),
    ];
    let cluster = cluster(&objects);
    assert_eq!(feasible(&cluster, &decide(&cluster, "p")), ["n"]);
}
