//! Changes as patches, and as lines for `kubectl`.
//!
//! Everything that is done to one workload is one patch, so that it rolls out once. Lists that a
//! strategic merge replaces as a whole are written as a whole, from what the pods ask for once they
//! are edited.

mod difference;
mod fields;
mod lines;

use holdfast_cluster::budget::Amount;
use holdfast_cluster::change::Edit;
use holdfast_cluster::spread::SpreadConstraint;
use holdfast_cluster::workload::{Strategy, WorkloadKind};
use holdfast_cluster::{Change, Cluster, WorkloadId};
use holdfast_proof::report::Object;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub use self::difference::of_object;
pub(crate) use self::fields::effect_name;
pub use self::fields::{selector, spread, term, tolerations};
use crate::shell::kubectl;

/// What is to be done to one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Patch {
    /// The object; without a namespace where its kind has none.
    #[serde(flatten)]
    pub object: Object,
    /// How the patch is merged: `strategic` or `merge`; absent where the line says it all.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
    /// The line that does it, where `kubectl` can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubectl: Option<String>,
}

/// What is to be done for `changes`, which make `after` of `cluster`.
pub fn patches(cluster: &Cluster, after: &Cluster, changes: &[Change]) -> Vec<Patch> {
    let mut done: Vec<WorkloadId> = Vec::new();
    let mut patches = Vec::new();
    for change in changes {
        match workload_of(change) {
            Some(id) if done.contains(&id) => {}
            Some(id) => {
                done.push(id);
                let own = changes.iter().filter(|change| workload_of(change) == Some(id));
                patches.push(of_workload((cluster, after), id, &own.collect::<Vec<_>>()));
            }
            None => patches.extend(lines::of(cluster, change)),
        }
    }
    patches
}

/// The workload whose object is changed.
fn workload_of(change: &Change) -> Option<WorkloadId> {
    match change {
        Change::Replicas { workload, .. }
        | Change::Template { workload, .. }
        | Change::Strategy { workload, .. } => Some(*workload),
        _ => None,
    }
}

/// A workload as an object of the API.
pub(crate) fn object(cluster: &Cluster, id: WorkloadId) -> Object {
    let workload = cluster.workload(id);
    Object {
        kind: workload.kind.name(cluster).to_owned(),
        namespace: cluster.text(workload.namespace).to_owned(),
        name: cluster.text(workload.name).to_owned(),
    }
}

fn of_workload(
    (before, after): (&Cluster, &Cluster),
    id: WorkloadId,
    changes: &[&Change],
) -> Patch {
    let object = object(after, id);
    let (namespace, name) = (&object.namespace, &object.name);
    let kind = object.kind.to_lowercase();
    if let [Change::Replicas { replicas, .. }] = changes {
        let count = format!("--replicas={replicas}");
        let line = kubectl(namespace, &["scale", &format!("{kind}/{name}"), &count]);
        let patch = json!({ "spec": { "replicas": replicas } });
        return Patch { object, kind: Some("strategic"), patch: Some(patch), kubectl: Some(line) };
    }
    let mut spec = Map::new();
    let mut template = Map::new();
    for change in changes {
        match change {
            Change::Replicas { replicas, .. } => {
                spec.insert("replicas".into(), json!(replicas));
            }
            Change::Strategy { .. } => {
                let (field, strategy) = strategy(after, id);
                spec.insert(field.into(), strategy);
            }
            Change::Template { edit, .. } => edited((before, after), id, edit, &mut template),
            _ => unreachable!("only changes of a workload come here"),
        }
    }
    if !template.is_empty() {
        spec.insert("template".into(), json!({ "spec": template }));
    }
    let patch = json!({ "spec": spec });
    let text = patch.to_string();
    let line = kubectl(namespace, &["patch", &kind, name, "--type=strategic", "-p", &text]);
    Patch { object, kind: Some("strategic"), patch: Some(patch), kubectl: Some(line) }
}

fn strategy(after: &Cluster, id: WorkloadId) -> (&'static str, Value) {
    let workload = after.workload(id);
    let field =
        if workload.kind == WorkloadKind::Deployment { "strategy" } else { "updateStrategy" };
    let amount = |amount: Amount| match amount {
        Amount::Count(count) => json!(count),
        Amount::Percent(share) => json!(format!("{share}%")),
    };
    let value = match workload.strategy {
        Some(Strategy::Recreate) => json!({ "type": "Recreate", "rollingUpdate": null }),
        Some(Strategy::OnDelete) | None => json!({ "type": "OnDelete", "rollingUpdate": null }),
        Some(Strategy::Ordered { partition }) => {
            json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": partition } })
        }
        Some(Strategy::RollingUpdate { max_unavailable, max_surge }) => json!({
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxUnavailable": amount(max_unavailable),
                "maxSurge": amount(max_surge),
            },
        }),
    };
    (field, value)
}

/// Writes what an edit changes, as it stands once all edits are made.
fn edited(
    (before, after): (&Cluster, &Cluster),
    id: WorkloadId,
    edit: &Edit,
    template: &mut Map<String, Value>,
) {
    let class = after.workload(id).template.expect("a template that was edited is there");
    let spec = after.spec_of(class);
    let namespace = after.class(class).namespace;
    match edit {
        Edit::Apart { .. } | Edit::RequirePreferred => {
            let terms = spec.pod_anti_affinity.required.iter();
            let terms = terms.map(|term| fields::term(after, namespace, term));
            let mut rules = Map::new();
            let required = "requiredDuringSchedulingIgnoredDuringExecution";
            rules.insert(required.into(), terms.collect());
            if *edit == Edit::RequirePreferred {
                let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
                rules.insert(preferred.into(), Value::Null);
            }
            template.insert("affinity".into(), json!({ "podAntiAffinity": rules }));
        }
        Edit::Spread { topology_key, .. } => {
            let key = after.find(topology_key);
            let of_key = |one: &&SpreadConstraint| Some(one.topology_key) == key;
            // A strategic merge tells constraints apart by their label alone, and of one that was
            // there before it keeps what the new one does not say.
            let known = before.workload(id).template.map(|class| before.spec_of(class));
            let is_of_key = |one: &SpreadConstraint| before.text(one.topology_key) == topology_key;
            let replaces = known.is_some_and(|spec| spec.spread.iter().any(is_of_key));
            let alone = !replaces && spec.spread.iter().filter(of_key).count() <= 1;
            let written = spec.spread.iter().filter(|one| !alone || of_key(one));
            let replace = (!alone).then(|| json!({ "$patch": "replace" }));
            let written = written.map(|one| fields::spread(after, one));
            let list: Value = replace.into_iter().chain(written).collect();
            template.insert("topologySpreadConstraints".into(), list);
        }
        Edit::Tolerate { key, .. } => {
            let known = after.known();
            let lifecycle = [known.not_ready, known.unreachable].map(|key| after.text(key));
            // What was meant is written, although admission would add the same.
            let meant = key.as_deref().is_none_or(|key| lifecycle.contains(&key));
            if meant || !template.contains_key("tolerations") {
                template.insert("tolerations".into(), fields::tolerations(after, spec, meant));
            }
        }
        Edit::Priority { class, .. } => {
            template.insert("priorityClassName".into(), json!(class));
            // What stands beside it would have to be the class's own.
            template.insert("priority".into(), Value::Null);
            template.insert("preemptionPolicy".into(), Value::Null);
        }
        Edit::NodeSelector { key, value } => {
            let selector = template.entry("nodeSelector").or_insert_with(|| json!({}));
            selector[key] = json!(value);
        }
        // Containers are merged by name, which a cluster does not keep.
        Edit::Requests { .. } => {}
    }
}
