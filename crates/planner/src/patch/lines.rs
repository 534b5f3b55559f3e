//! What is done to nodes, budgets and storage, as lines for `kubectl`.

use holdfast_cluster::change::{BudgetChange, CopiesOf, NewNode};
use holdfast_cluster::selector::{LabelSelector, Operator};
use holdfast_cluster::taint::Effect;
use holdfast_cluster::{Change, Cluster, Symbol};
use holdfast_proof::report::Object;
use serde_json::{Value, json};

use super::Patch;
use super::fields::{effect_name, selector};

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
            let line = format!("kubectl -n {namespace} delete poddisruptionbudget {name}");
            vec![only("PodDisruptionBudget", namespace, name, line)]
        }
        Change::AddNode(NewNode { name, labels, .. }) => {
            let labels = labels.iter();
            let one = |(key, value): &(String, String)| {
                let line = format!("kubectl label node {name} {key}={value} --overwrite");
                only("Node", "", name, line)
            };
            labels.map(one).collect()
        }
        Change::RemoveNode(node) => {
            let name = text(node);
            let drain = "--ignore-daemonsets --delete-emptydir-data";
            let line = format!("kubectl drain {name} {drain} && kubectl delete node {name}");
            vec![only("Node", "", name, line)]
        }
        Change::Cordon { node, cordoned } => {
            let (name, verb) = (text(node), if *cordoned { "cordon" } else { "uncordon" });
            vec![only("Node", "", name, format!("kubectl {verb} {name}"))]
        }
        Change::Taint { node, key, value, effect } => {
            let value = if value.is_empty() { String::new() } else { format!("={value}") };
            let effect = effect_name(*effect);
            let line = format!("kubectl taint nodes {} {key}{value}:{effect}", text(node));
            vec![only("Node", "", text(node), format!("{line} --overwrite"))]
        }
        Change::Untaint { node, key, effect } => {
            let effect = effect.map(|effect: Effect| format!(":{}", effect_name(effect)));
            let (name, effect) = (text(node), effect.unwrap_or_default());
            let line = format!("kubectl taint nodes {name} {}{effect}-", text(key));
            vec![only("Node", "", name, line)]
        }
        Change::Label { node, key, value } => {
            let what = match value {
                Some(value) => format!("{key}={value} --overwrite"),
                None => format!("{key}-"),
            };
            let name = text(node);
            vec![only("Node", "", name, format!("kubectl label node {name} {what}"))]
        }
        Change::Copies { of, replicas } => copies(cluster, *of, *replicas).into_iter().collect(),
        Change::Replicas { .. } | Change::Template { .. } | Change::Strategy { .. } => Vec::new(),
    }
}

/// JSON in quotes for a shell.
pub(super) fn quoted(value: &Value) -> String {
    format!("'{}'", value.to_string().replace('\'', r"'\''"))
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
    let line = format!(
        "kubectl -n {namespace} create poddisruptionbudget {name} {option}={count} \
         --selector={}",
        plain(cluster, whose)
    );
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
    let line =
        format!("kubectl -n {namespace} patch {kind} {name} --type=merge -p {}", quoted(&patch));
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
        all.push(format!("kubectl label node {name} {key}={value} --overwrite"));
    }
    for key in had.keys().filter(|key| !has.contains_key(*key)) {
        all.push(format!("kubectl label node {name} {key}-"));
    }
    let cordoned = |node: &Value| node["spec"]["unschedulable"].as_bool().unwrap_or(false);
    match (cordoned(before), cordoned(after)) {
        (false, true) => all.push(format!("kubectl cordon {name}")),
        (true, false) => all.push(format!("kubectl uncordon {name}")),
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
        let value = if value.is_empty() { value } else { format!("={value}") };
        all.push(format!("kubectl taint nodes {name} {key}{value}:{effect} --overwrite"));
    }
    let same = |one: &Value, other: &Value| ["key", "effect"].iter().all(|at| one[at] == other[at]);
    for one in had.iter().filter(|one| !has.iter().any(|other| same(one, other))) {
        let (key, effect) = (text(one, "key"), text(one, "effect"));
        all.push(format!("kubectl taint nodes {name} {key}:{effect}-"));
    }
    all.into_iter().map(|line| only("Node", "", name, line)).collect()
}
