//! What is done to nodes, budgets and storage, as lines for `kubectl`.

use holdfast_cluster::change::{BudgetChange, CopiesOf, NewNode};
use holdfast_cluster::selector::{LabelSelector, Operator};
use holdfast_cluster::taint::Effect;
use holdfast_cluster::{Change, Cluster, Symbol};
use holdfast_proof::report::Object;
use serde_json::{Value, json};

use super::Patch;
use super::fields::{effect_name, selector};
use crate::shell::kubectl;

/// What is to be done for a change of something else than a workload.
pub(super) fn of(cluster: &Cluster, change: &Change) -> Vec<Patch> {
    let text = |symbol: &Symbol| cluster.text(*symbol);
    match change {
        Change::Budget { workload, name, rule } => {
            let whose = cluster.workload(*workload);
            let namespace = cluster.text(whose.namespace);
            vec![budget(cluster, namespace, name, (&whose.selector, *rule))]
        }
        Change::NoBudget { namespace, name } => {
            let (namespace, name) = (text(namespace), text(name));
            let line = kubectl(namespace, &["delete", "poddisruptionbudget", name]);
            vec![only("PodDisruptionBudget", namespace, name, line)]
        }
        Change::AddNode(NewNode { name, labels, .. }) => {
            let labels = labels.iter();
            let one =
                |(key, value): &(String, String)| only("Node", "", name, label(name, key, value));
            labels.map(one).collect()
        }
        Change::RemoveNode(node) => {
            let name = text(node);
            let options = ["--ignore-daemonsets", "--delete-emptydir-data"];
            let drain = kubectl("", &["drain", name, options[0], options[1]]);
            let line = format!("{drain} && {}", kubectl("", &["delete", "node", name]));
            vec![only("Node", "", name, line)]
        }
        Change::Cordon { node, cordoned } => {
            let (name, verb) = (text(node), if *cordoned { "cordon" } else { "uncordon" });
            vec![only("Node", "", name, kubectl("", &[verb, name]))]
        }
        Change::Taint { node, key, value, effect } => {
            let line = taint(text(node), key, value, effect_name(*effect));
            vec![only("Node", "", text(node), line)]
        }
        Change::Untaint { node, key, effect } => {
            let effect = effect.map(|effect: Effect| format!(":{}", effect_name(effect)));
            let (name, effect) = (text(node), effect.unwrap_or_default());
            let gone = format!("{}{effect}-", text(key));
            vec![only("Node", "", name, kubectl("", &["taint", "nodes", name, &gone]))]
        }
        Change::Label { node, key, value } => {
            let name = text(node);
            let line = match value {
                Some(value) => label(name, key, value),
                None => unlabel(name, key),
            };
            vec![only("Node", "", name, line)]
        }
        Change::Copies { of, replicas } => copies(cluster, *of, *replicas).into_iter().collect(),
        Change::Replicas { .. } | Change::Template { .. } | Change::Strategy { .. } => Vec::new(),
    }
}

fn label(node: &str, key: &str, value: &str) -> String {
    kubectl("", &["label", "node", node, &format!("{key}={value}"), "--overwrite"])
}

fn unlabel(node: &str, key: &str) -> String {
    kubectl("", &["label", "node", node, &format!("{key}-")])
}

fn taint(node: &str, key: &str, value: &str, effect: &str) -> String {
    let value = if value.is_empty() { String::new() } else { format!("={value}") };
    kubectl("", &["taint", "nodes", node, &format!("{key}{value}:{effect}"), "--overwrite"])
}

/// A line says it all.
fn only(kind: &str, namespace: &str, name: &str, line: String) -> Patch {
    Patch { object: object(kind, namespace, name), kind: None, patch: None, kubectl: Some(line) }
}

fn object(kind: &str, namespace: &str, name: &str) -> Object {
    Object { kind: kind.into(), namespace: namespace.into(), name: name.into() }
}

fn budget(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    (whose, rule): (&LabelSelector, BudgetChange),
) -> Patch {
    let (field, option, count) = match rule {
        BudgetChange::MinAvailable(count) => ("minAvailable", "--min-available", count),
        BudgetChange::MaxUnavailable(count) => ("maxUnavailable", "--max-unavailable", count),
    };
    let patch = json!({ "spec": { "selector": selector(cluster, whose), field: count } });
    let (count, whose) =
        (format!("{option}={count}"), format!("--selector={}", plain(cluster, whose)));
    let line = kubectl(namespace, &["create", "poddisruptionbudget", name, &count, &whose]);
    Patch {
        object: object("PodDisruptionBudget", namespace, name),
        kind: Some("strategic"),
        patch: Some(patch),
        kubectl: Some(line),
    }
}

/// A selector as `kubectl --selector` takes it; expressions it cannot say are left to the patch.
fn plain(cluster: &Cluster, selector: &LabelSelector) -> String {
    let LabelSelector::All(requirements) = selector else { return String::new() };
    let pairs = requirements.iter().filter_map(|requirement| match &requirement.operator {
        Operator::In(values) if values.len() == 1 => {
            Some(format!("{}={}", cluster.text(requirement.key), cluster.text(values[0])))
        }
        _ => None,
    });
    pairs.collect::<Vec<_>>().join(",")
}

/// What storage keeps is declared by its own objects, or in a file of assumptions.
fn copies(cluster: &Cluster, of: CopiesOf, replicas: u32) -> Option<Patch> {
    let (kind, namespace, name, patch) = match of {
        CopiesOf::Longhorn(volume) => {
            let patch = json!({ "spec": { "numberOfReplicas": replicas } });
            ("volumes.longhorn.io", "longhorn-system", cluster.text(volume), patch)
        }
        CopiesOf::CephPool(namespace, pool) => {
            let patch = json!({ "spec": { "replicated": { "size": replicas } } });
            ("cephblockpools.ceph.rook.io", cluster.text(namespace), cluster.text(pool), patch)
        }
        CopiesOf::Declared(_) => return None,
    };
    let text = patch.to_string();
    let line = kubectl(namespace, &["patch", kind, name, "--type=merge", "-p", &text]);
    Some(Patch {
        object: object(kind, namespace, name),
        kind: Some("merge"),
        patch: Some(patch),
        kubectl: Some(line),
    })
}

/// What is done to a node's labels and taints, and whether it is cordoned.
pub(super) fn of_node(name: &str, before: &Value, after: &Value) -> Vec<Patch> {
    let labels = |node: &Value| node["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let (had, has) = (labels(before), labels(after));
    let mut all = Vec::new();
    for (key, value) in has.iter().filter(|(key, value)| had.get(*key) != Some(*value)) {
        let value = value.as_str().unwrap_or_default();
        all.push(label(name, key, value));
    }
    for key in had.keys().filter(|key| !has.contains_key(*key)) {
        all.push(unlabel(name, key));
    }
    let cordoned = |node: &Value| node["spec"]["unschedulable"].as_bool().unwrap_or(false);
    match (cordoned(before), cordoned(after)) {
        (false, true) => all.push(kubectl("", &["cordon", name])),
        (true, false) => all.push(kubectl("", &["uncordon", name])),
        _ => {}
    }
    let taints = |node: &Value| -> Vec<Value> {
        let all = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        // What says that a node is cordoned comes and goes with that.
        let own = |one: &Value| one["key"] != "node.kubernetes.io/unschedulable";
        all.into_iter().filter(own).collect()
    };
    let (had, has) = (taints(before), taints(after));
    let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
    for one in has.iter().filter(|one| !had.contains(one)) {
        let (key, value, effect) = (text(one, "key"), text(one, "value"), text(one, "effect"));
        all.push(taint(name, &key, &value, &effect));
    }
    let same = |one: &Value, other: &Value| ["key", "effect"].iter().all(|at| one[at] == other[at]);
    for one in had.iter().filter(|one| !has.iter().any(|other| same(one, other))) {
        let (key, effect) = (text(one, "key"), text(one, "effect"));
        all.push(kubectl("", &["taint", "nodes", name, &format!("{key}:{effect}-")]));
    }
    all.into_iter().map(|line| only("Node", "", name, line)).collect()
}
