//! Workloads whose pods are elsewhere: that is a change, even where no verdict is another.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, Placement};
use holdfast_proof::report::Object;
use holdfast_proof::subject::Subject;
use serde::Serialize;

use super::{Side, key};

/// A workload whose pods are on other nodes than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: Object,
    /// Nodes that hold fewer of its pods, and how many fewer.
    pub from: BTreeMap<String, u32>,
    /// Nodes that hold more of them, and how many more.
    pub to: BTreeMap<String, u32>,
}

/// Workloads with as many placed pods as before, and on other nodes.
pub(super) fn moved(before: Side<'_>, after: Side<'_>) -> Vec<Moved> {
    let was = super::by_name(before.report);
    let (held, holds) =
        (Placement::of(&before.loaded.cluster), Placement::of(&after.loaded.cluster));
    let mut all = Vec::new();
    for (at, is) in after.report.workloads.iter().enumerate() {
        let Some(was) = was.get(&key(&is.object)) else { continue };
        let old = nodes(&before.loaded.cluster, &held, &before.subjects.subjects[*was]);
        let new = nodes(&after.loaded.cluster, &holds, &after.subjects.subjects[at]);
        if old.values().sum::<u32>() != new.values().sum::<u32>() || old == new {
            continue;
        }
        let (from, to) = (less(&old, &new), less(&new, &old));
        all.push(Moved { object: is.object.clone(), from, to });
    }
    all
}

/// How many pods of a workload each node holds.
fn nodes(cluster: &Cluster, placement: &Placement, subject: &Subject) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for pod in subject.instances(placement) {
        if let Some(node) = placement.instance(pod).node() {
            *counts.entry(cluster.node_name(node).to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Where there are fewer in the second than in the first, and how many fewer.
fn less(one: &BTreeMap<String, u32>, other: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    let missing = one.iter().map(|(node, count)| {
        (node.clone(), count.saturating_sub(other.get(node).copied().unwrap_or(0)))
    });
    missing.filter(|(_, count)| *count > 0).collect()
}
