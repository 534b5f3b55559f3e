//! Whether a workload looks as it must, as the cluster stands.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::workload::Strategy;
use holdfast_cluster::{ClassId, Cluster, NodeId, Placement};
use holdfast_failover::budgets;
use holdfast_ingest::policy::{Carry, Form};
use holdfast_proof::subject::Subject;

use crate::finding::Claim;
use crate::finding::{Fault, Why};

/// What is wrong with each thing that is asked for; nothing where it is so.
pub fn judge(
    cluster: &Cluster,
    placement: &Placement,
    subject: &Subject,
    form: &Form,
) -> Vec<Option<Fault>> {
    let on_nodes = on_nodes(placement, subject);
    let mut all: Vec<Option<Fault>> =
        form.carries.iter().map(|carry| carries(cluster, subject, *carry)).collect();
    all.extend(
        form.spread_over.as_ref().map(|(label, least)| spread(cluster, (label, *least), &on_nodes)),
    );
    all.extend(form.max_pods_per_node.map(|most| {
        let worst = on_nodes.iter().max_by_key(|(node, pods)| (**pods, std::cmp::Reverse(**node)));
        let (node, pods) = worst.filter(|(_, pods)| **pods > most)?;
        let node = cluster.node_name(*node).to_owned();
        Some(Fault::TooManyOnNode { node, pods: *pods, most })
    }));
    all
}

/// How many of its pods each node holds.
fn on_nodes(placement: &Placement, subject: &Subject) -> BTreeMap<NodeId, u32> {
    let mut counts = BTreeMap::new();
    for pod in subject.instances(placement) {
        let instance = placement.instance(pod);
        if let Some(node) = instance.node().filter(|_| !instance.terminating) {
            *counts.entry(node).or_default() += 1;
        }
    }
    counts
}

fn carries(cluster: &Cluster, subject: &Subject, carry: Carry) -> Option<Fault> {
    let workload = cluster.workload(subject.root);
    if let Carry::Replicas(least) = carry {
        let has = (workload.desired < i64::from(least)).then_some(workload.desired)?;
        return Some(Fault::MustCarry { misses: carry, has: Some(has) });
    }
    if carry == Carry::RollingUpdate {
        let rolls = matches!(
            workload.strategy,
            Some(Strategy::RollingUpdate { .. } | Strategy::Ordered { .. })
        );
        return (!rolls).then_some(Fault::MustCarry { misses: carry, has: None });
    }
    let Some(class) = workload.template else {
        return Some(Fault::Inconclusive { claim: Claim::Carries, why: Why::of("no-template") });
    };
    let is_there = match carry {
        Carry::AntiAffinity => keeps_apart(cluster, class),
        _ => {
            cluster.objects().budgets.iter().any(|budget| budgets::selects(cluster, budget, class))
        }
    };
    (!is_there).then_some(Fault::MustCarry { misses: carry, has: None })
}

/// Whether it keeps its own pods apart, by a label that nodes have. What selects none of them, or
/// knows no domain, does not.
fn keeps_apart(cluster: &Cluster, class: ClassId) -> bool {
    let namespace = cluster.class(class).namespace;
    let labels = cluster.labels_of(class);
    cluster.spec_of(class).pod_anti_affinity.required.iter().any(|term| {
        let namespace_labels = cluster.namespace_labels(namespace);
        term.matches(namespace, namespace_labels, labels, cluster.symbols())
            && cluster.nodes().iter().any(|node| node.labels.get(term.topology_key).is_some())
    })
}

fn spread(
    cluster: &Cluster,
    (label, least): (&str, u32),
    on_nodes: &BTreeMap<NodeId, u32>,
) -> Option<Fault> {
    let key = cluster.find(label);
    let value = |node: &NodeId| key.and_then(|key| cluster.node(*node).labels.get(key));
    let values: BTreeSet<&str> =
        on_nodes.keys().filter_map(value).map(|value| cluster.text(value)).collect();
    let pods: u32 = on_nodes.values().sum();
    let needed = least.min(pods);
    let found = u32::try_from(values.len()).unwrap_or(u32::MAX);
    (found < needed).then(|| Fault::SpreadTooThin {
        label: label.to_owned(),
        needed,
        values: values.into_iter().map(str::to_owned).collect(),
    })
}
