//! What a pod needs: exactly what keeps it off, and enough to let it in.

#![expect(clippy::unwrap_used, reason = "the objects are our own, and known to hold what is asked")]

mod support;

use std::collections::BTreeSet;

use holdfast_cluster::profile::ResourceName;
use holdfast_cluster::selector::{Operator, Requirement};
use holdfast_cluster::taint::{Effect, Taint};
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_scheduler::decision::{NodeVerdict, Outcome};
use holdfast_scheduler::needs::{Amount, Need, Needs, Skew};
use holdfast_scheduler::reason::Reason;
use holdfast_scheduler::{Plugin, Scheduler};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::wide::{Case, any_case, any_case_with_volumes, hold};
use support::{decide, find, merge};

fn needs(cluster: &Cluster) -> Needs {
    Scheduler::new(cluster).needs(&Placement::of(cluster), find(cluster, "p"))
}

/// A pod fits exactly where nothing is needed, and the first in need is whom upstream names.
fn agrees(cluster: &Cluster) -> Result<bool, TestCaseError> {
    let (decision, needs) = (decide(cluster, "p"), needs(cluster));
    let nowhere = decision.pre_filter.is_some() || matches!(decision.outcome, Outcome::Failed(_));
    prop_assert_eq!(nowhere, !needs.pod.is_empty(), "{:?}", needs.pod);
    let mut several = false;
    for ((node, verdict), (known, of_node)) in decision.nodes.iter().zip(&needs.nodes) {
        prop_assert_eq!(node, known);
        several |= of_node.iter().any(|(plugin, _)| *plugin != of_node[0].0);
        let kept = of_node.iter().any(|(_, need)| matches!(need, Need::KeptFree(_)));
        match verdict {
            NodeVerdict::Feasible(_) => prop_assert!(of_node.is_empty(), "{of_node:?}"),
            NodeVerdict::Rejected(rejection) if !kept => {
                let first = of_node.first().map(|(plugin, _)| *plugin);
                prop_assert_eq!(first, Some(rejection.plugin), "{:?}", of_node);
            }
            _ => prop_assert!(!of_node.is_empty()),
        }
    }
    Ok(several)
}

#[test]
fn a_pod_fits_exactly_where_nothing_is_needed() {
    hold(any_case(true), 600, |case| agrees(&case.cluster()));
}

#[test]
fn a_pod_with_volumes_fits_exactly_where_nothing_is_needed() {
    hold(any_case_with_volumes(), 400, |case| agrees(&case.cluster()));
}

/// What a profile adds to the pod's wishes is needed of nodes, what it ignores is not.
#[test]
fn a_pod_fits_exactly_where_its_profile_needs_nothing() {
    let zones = json!({"key": "zone", "operator": "In", "values": ["zone0", "zone1"]});
    let added = json!({"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [{"matchExpressions": [zones]}]}});
    let config = json!({
        "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
        "profiles": [{"pluginConfig": [
            {"name": "NodeAffinity", "args": {"addedAffinity": added}},
            {"name": "NodeResourcesFit", "args": {"ignoredResources": ["example.com/gpu"]}},
        ]}],
    });
    hold(any_case(true), 600, |case| agrees(&case.cluster_by(Some(&config))));
}

/// What does not parse, or cannot be told of a node, is needed of the pod as soon as its cycle
/// fails for it, and of no node that is not to blame.
#[test]
fn what_makes_the_cycle_fail_is_to_be_mended() {
    let odd = json!({"matchLabels": {"app": "not a value!"}});
    let spread = |when: &str| {
        json!({"spec": {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone",
            "whenUnsatisfiable": when, "labelSelector": odd}]}})
    };
    let term = json!({"topologyKey": "zone", "labelSelector": odd});
    let near = json!({"spec": {"affinity": {"podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [term]}}}});
    let disk = json!({"name": "v", "azureDisk": {"diskName": "d", "diskURI": "u"}});
    let shared = json!({"spec": {"volumes": [disk]}});
    let csi_node = json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode",
        "metadata": {"name": "n0"}, "spec": {"drivers": []}});
    let mended = |nodes: usize, comes: &Value| {
        let mut objects: Vec<Value> =
            (0..nodes).map(|at| support::node(&format!("n{at}"), &json!({}))).collect();
        objects.extend([csi_node.clone(), support::pod("p", comes)]);
        let needs = needs(&support::cluster(&objects));
        let blamed: Vec<bool> =
            needs.nodes.iter().map(|(_, of_node)| !of_node.is_empty()).collect();
        (needs.pod, blamed)
    };
    let is = |needs: &[Need], wanted: fn(&Reason) -> bool| {
        assert!(matches!(needs, [Need::Mend(reason)] if wanted(reason)), "{needs:?}");
    };
    is(&mended(2, &near).0, |reason| matches!(reason, Reason::PodAffinityUnparsable(_)));
    is(&mended(2, &spread("DoNotSchedule")).0, |reason| {
        matches!(reason, Reason::HardSpreadUnparsable(_))
    });
    // A single node is not scored.
    assert_eq!(mended(1, &spread("ScheduleAnyway")), (vec![], vec![false]));
    let (of_pod, blamed) = mended(2, &spread("ScheduleAnyway"));
    is(&of_pod, |reason| matches!(reason, Reason::SoftSpreadUnparsable(_)));
    assert_eq!(blamed, [false, false]);
    let (of_pod, blamed) = mended(2, &shared);
    is(&of_pod, |reason| matches!(reason, Reason::DiskNotMigrated { .. }));
    assert_eq!(blamed, [true, false]);
}

/// What is needed of one node, carried out on the objects; `None` where it takes a choice that is
/// not the node's or the scheduler's: another pod somewhere, another name, another zone.
fn meet(case: &Case, cluster: &Cluster, node: NodeId, needs: &[(Plugin, Need)]) -> Option<Case> {
    let mut met = case.clone();
    let name = cluster.node_name(node);
    let mut gone = BTreeSet::new();
    let pod_name = |pod: &InstanceId| cluster.text(cluster.pods()[pod.index()].name).to_owned();
    let mut labelled = BTreeSet::new();
    for (_, need) in needs {
        let at = met.nodes.iter().position(|node| node["metadata"]["name"] == name)?;
        match need {
            Need::Uncordon => uncordon(&mut met.nodes[at]),
            Need::Tolerate(taint) => tolerate(&mut met.comes, cluster, taint),
            Need::Label(wanted) => {
                // Two values for one label, or a node that changes its zone, are a matter of
                // choice.
                if !labelled.insert(wanted.key) || cluster.text(wanted.key) == "zone" {
                    return None;
                }
                label(&mut met.nodes[at], cluster, wanted);
            }
            Need::Port(_, pod) => gone.extend([pod_name(pod)]),
            Need::Disk(pods)
            | Need::Away(_, pods)
            | Need::Repelled(_, pods)
            | Need::KeptFree(pods) => gone.extend(pods.iter().map(pod_name)),
            Need::PodSlot { running, .. } => enlarge(&mut met.nodes[at], "pods", running + 1, ""),
            Need::Amount(amount) => add(&mut met.nodes[at], cluster, amount),
            Need::Skew(skew) => gone.extend(surplus(case, cluster, name, skew)),
            _ => return None,
        }
    }
    met.runs.retain(|pod| !gone.contains(pod["metadata"]["name"].as_str().unwrap()));
    Some(met)
}

fn uncordon(node: &mut Value) {
    merge(node, &json!({"spec": {"unschedulable": false}}));
    let taints = node["spec"]["taints"].as_array_mut().unwrap();
    taints.retain(|taint| {
        taint["key"] != "node.kubernetes.io/unschedulable" || taint["effect"] != "NoSchedule"
    });
}

fn tolerate(pod: &mut Value, cluster: &Cluster, taint: &Taint) {
    let effect = match taint.effect {
        Effect::NoSchedule => "NoSchedule",
        Effect::NoExecute => "NoExecute",
        Effect::PreferNoSchedule => unreachable!("a preference keeps nobody off"),
    };
    let (key, value) = (cluster.text(taint.key), cluster.text(taint.value));
    let toleration = json!({"key": key, "value": value, "effect": effect});
    let mut all = pod["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    all.push(toleration);
    merge(pod, &json!({"spec": {"tolerations": all}}));
}

fn label(node: &mut Value, cluster: &Cluster, wanted: &Requirement) {
    let key = cluster.text(wanted.key);
    let labels = node["metadata"]["labels"].as_object_mut().unwrap();
    match &wanted.operator {
        Operator::In(values) => {
            labels.insert(key.to_owned(), cluster.text(values[0]).into());
        }
        Operator::Exists => {
            labels.insert(key.to_owned(), "any".into());
        }
        _ => {
            labels.remove(key);
        }
    }
}

fn enlarge(node: &mut Value, resource: &str, amount: i64, unit: &str) {
    merge(node, &json!({"status": {"allocatable": {(resource): format!("{amount}{unit}")}}}));
}

fn add(node: &mut Value, cluster: &Cluster, amount: &Amount) {
    let usable = amount.usable + amount.missing();
    match amount.resource {
        ResourceName::Cpu => enlarge(node, "cpu", usable, "m"),
        ResourceName::Memory => enlarge(node, "memory", usable, ""),
        ResourceName::EphemeralStorage => enlarge(node, "ephemeral-storage", usable, ""),
        ResourceName::Scalar(name) => enlarge(node, cluster.text(name), usable, ""),
    }
}

/// As many pods that a constraint counts in the node's domain as are too many, the node's own
/// first: elsewhere their leaving could make another domain the emptiest.
fn surplus(case: &Case, cluster: &Cluster, node: &str, skew: &Skew) -> Vec<String> {
    let constraints = case.comes["spec"]["topologySpreadConstraints"].as_array().unwrap();
    let mut hard = constraints.iter().filter(|known| known["whenUnsatisfiable"] == "DoNotSchedule");
    let selector = &hard.nth(skew.constraint).unwrap()["labelSelector"]["matchLabels"];
    let (key, domain) = (cluster.text(skew.topology_key), cluster.text(skew.domain));
    let in_domain = |name: &Value| {
        let on = case.nodes.iter().find(|node| node["metadata"]["name"] == *name);
        on.is_some_and(|on| on["metadata"]["labels"][key] == domain)
    };
    let mut counted: Vec<&Value> = case
        .runs
        .iter()
        .filter(|pod| pod["metadata"]["labels"]["app"] == selector["app"])
        .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null())
        .filter(|pod| in_domain(&pod["spec"]["nodeName"]))
        .collect();
    counted.sort_by_key(|pod| pod["spec"]["nodeName"] != node);
    let excess = usize::try_from(skew.excess).unwrap();
    counted[..excess.min(counted.len())]
        .iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether the pod asks for other pods nearby, or for a spread: then whoever leaves, and which
/// nodes count, may raise a need that was not there.
fn minds_others(case: &Case) -> bool {
    let spec = &case.comes["spec"];
    let empty = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    let near = &spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    !empty(near) || !empty(&spec["topologySpreadConstraints"])
}

/// Meets the needs of every node on its own, up to `rounds` times over; tells how many nodes let
/// the pod in by that.
fn met_by(case: &Case, rounds: usize) -> Result<usize, TestCaseError> {
    let cluster = case.cluster();
    let mut opened = 0;
    for (node, first) in needs(&cluster).nodes {
        let (mut case, mut left) = (case.clone(), first);
        for _ in 0..rounds {
            if left.is_empty() {
                break;
            }
            // Built in the same order, nodes keep their numbers.
            let Some(met) = meet(&case, &case.cluster(), node, &left) else { break };
            case = met;
            left = needs(&case.cluster()).nodes.swap_remove(node.index()).1;
            opened += usize::from(left.is_empty());
        }
        let stuck = !left.is_empty() && meet(&case, &case.cluster(), node, &left).is_some();
        prop_assert!(!stuck, "{} still needs {left:?}", cluster.node_name(node));
    }
    Ok(opened)
}

#[test]
fn a_node_lets_the_pod_in_once_its_needs_are_met() {
    hold(any_case(true), 400, |case| {
        if minds_others(&case) {
            return Ok(false);
        }
        Ok(met_by(&case, 1)? > 0)
    });
}

#[test]
fn a_node_lets_a_pod_that_minds_others_in_soon() {
    hold(any_case(true), 200, |case| Ok(minds_others(&case) && met_by(&case, 4)? > 0));
}
