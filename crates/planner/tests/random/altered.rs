//! Changes, and the edits of an export that mean the same.

use holdfast_cluster::change::{Edit, NewNode, ValueOperator};
use holdfast_cluster::taint::Effect;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Change, Cluster, WorkloadId};
use holdfast_ingest::overlay::{self, Alteration, Named, overlay};
use holdfast_ingest::{Options, Source, load};
use holdfast_planner::patch::{Patch, patches};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What is changed, in small numbers.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    pub(crate) what: u8,
    pub(crate) workload: usize,
    pub(crate) node: usize,
    pub(crate) replicas: u32,
}

pub(crate) fn pick() -> impl Strategy<Value = Pick> {
    (0_u8..9, 0_usize..4, 0_usize..5, 1_u32..4).prop_map(|(what, workload, node, replicas)| Pick {
        what,
        workload,
        node,
        replicas,
    })
}

/// A change, and the same as an edit.
pub(crate) struct Altered {
    pub(crate) change: Change,
    pub(crate) alteration: Alteration,
}

/// What a pick means in a cluster, where it means anything.
pub(crate) fn of(cluster: &Cluster, pick: &Pick) -> Option<Altered> {
    let makes = |id: &WorkloadId| {
        let workload = cluster.workload(*id);
        let kind = matches!(
            workload.kind,
            WorkloadKind::Deployment | WorkloadKind::ReplicaSet | WorkloadKind::StatefulSet
        );
        kind && workload.owner.is_none()
    };
    let roots: Vec<WorkloadId> = cluster.workload_ids().filter(makes).collect();
    let workload = (!roots.is_empty()).then(|| roots[pick.workload % roots.len()]);
    let node = cluster.nodes()[pick.node % cluster.nodes().len()].name;
    let edit = |edit| Some(Change::Template { workload: workload?, edit });
    let change = match pick.what {
        0 | 1 => Change::Replicas { workload: workload?, replicas: pick.replicas },
        2 => edit(Edit::Apart { topology_key: "kubernetes.io/hostname".into() })?,
        3 => edit(Edit::Spread {
            topology_key: "topology.kubernetes.io/zone".into(),
            max_skew: 1,
            hard: pick.replicas > 1,
        })?,
        4 => edit(Edit::Tolerate {
            key: Some("dedicated".into()),
            operator: ValueOperator::Equal,
            value: "x".into(),
            effect: Some(Effect::NoSchedule),
            seconds: None,
        })?,
        5 => Change::Cordon { node, cordoned: true },
        6 => Change::Taint {
            node,
            key: "new".into(),
            value: "y".into(),
            effect: if pick.replicas > 1 { Effect::NoSchedule } else { Effect::NoExecute },
        },
        7 => Change::Label {
            node,
            key: "topology.kubernetes.io/zone".into(),
            value: Some("z1".into()),
        },
        _ => Change::AddNode(NewNode { name: "n9".into(), like: node, labels: Vec::new() }),
    };
    // A bare ReplicaSet changes nothing by its template that its pods show.
    let alteration = applied(cluster, std::slice::from_ref(&change)).into_iter().next()?;
    Some(Altered { change, alteration })
}

/// The cluster of an edited export.
pub(crate) fn edited(sources: Vec<Source>, alterations: Vec<Alteration>) -> Cluster {
    let overlaid = overlay(sources, alterations).expect("it can be made");
    let loaded = load(overlaid.sources, &Options::default());
    let rolled = overlay::rolled(&loaded, &overlaid.rolled);
    loaded.cluster.with_begun(&rolled).expect("it can be followed")
}

/// The edits that mean what the changes mean, by the patches that are handed out for them.
pub(crate) fn applied(cluster: &Cluster, changes: &[Change]) -> Vec<Alteration> {
    let Ok(after) = cluster.changed(changes) else { return Vec::new() };
    let of_nodes = changes.iter().filter_map(|change| of_node(cluster, change));
    let patches = patches(cluster, &after, changes);
    let of_patches = patches.iter().filter_map(|Patch { object, patch, .. }| {
        let group = if object.kind == "ReplicationController" { "v1" } else { "apps/v1" };
        let mut manifest = patch.clone()?;
        manifest["apiVersion"] = json!(group);
        manifest["kind"] = json!(object.kind);
        manifest["metadata"] = json!({ "name": object.name, "namespace": object.namespace });
        Some(Alteration::Apply(vec![Source::named("patch", manifest.to_string())]))
    });
    of_nodes.chain(of_patches).collect()
}

fn of_node(cluster: &Cluster, change: &Change) -> Option<Alteration> {
    let text = |symbol| cluster.text(symbol).to_owned();
    let set = |node, path: String, value| Alteration::Set {
        object: Named { kind: "Node".into(), namespace: String::new(), name: text(node) },
        path: path.parse().expect("it is a field"),
        value,
    };
    match change {
        Change::AddNode(NewNode { name, like, labels }) => Some(Alteration::AddNode {
            node: name.clone(),
            like: text(*like),
            labels: labels.clone(),
        }),
        Change::Cordon { node, cordoned: true } => Some(Alteration::Cordon(text(*node))),
        Change::Cordon { node, cordoned: false } => {
            Some(Alteration::Apply(vec![uncordoned(cluster, &text(*node))]))
        }
        Change::Taint { node, key, value, effect } => Some(Alteration::Taint {
            node: text(*node),
            key: key.clone(),
            value: value.clone(),
            effect: format!("{effect:?}"),
        }),
        Change::Label { node, key, value } => {
            let key = key.replace('.', r"\.");
            Some(set(*node, format!("metadata.labels.{key}"), json!(value)))
        }
        _ => None,
    }
}

/// A node without the taint of cordoned ones.
fn uncordoned(cluster: &Cluster, name: &str) -> Source {
    let id = cluster.node_named(cluster.find(name).expect("it is there")).expect("it is there");
    let known = cluster.known();
    let others = cluster.node(id).taints.iter().filter(|taint| taint.key != known.unschedulable);
    let taints: Vec<Value> = others
        .map(|taint| {
            let (key, value) = (cluster.text(taint.key), cluster.text(taint.value));
            json!({ "key": key, "value": value, "effect": format!("{:?}", taint.effect) })
        })
        .collect();
    let spec = json!({ "unschedulable": false, "taints": taints });
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": name }, "spec": spec,
    });
    Source::named("uncordon", node.to_string())
}
