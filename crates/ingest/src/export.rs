//! A placement written back as an export: what a story came to, as any command reads it.
//!
//! Every object of the input is written as it was, but for what changed: nodes, pods, workloads
//! and the status of disruption budgets. Pods and ReplicaSets that were made since are written
//! from what they were made of. Objects that are gone are left out, and Secrets always are.
//!
//! Not in an export, and so not kept: that a silent node runs on (a partition), that somebody
//! drains a node, which pods of a StatefulSet or DaemonSet a rollout has yet to replace, and that a
//! node which was deleted carried the control plane. A claim that was made for a new pod is written
//! unbound.
//!
//! There is no clock: the story begins at the newest time that the input knows of.

mod clock;
mod made;
mod nodes;
mod objects;
mod pods;
mod workloads;

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, Placement};
use serde_json::{Map, Value, json};

use self::clock::Clock;
use self::objects::{Slot, Slots};
use crate::{Origin, Origins, Source, for_each_object};

type Object = Map<String, Value>;

/// When what became of a pod, in seconds since the story began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// It was made.
    pub made: Option<i64>,
    /// It was bound.
    pub bound: Option<i64>,
    /// It was marked for deletion.
    pub deleted: Option<i64>,
}

/// What the scheduler says of a pod that waits for a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unscheduled {
    /// The reason of its `PodScheduled` condition.
    pub reason: &'static str,
    /// The message.
    pub message: String,
}

/// How a disruption budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetStatus {
    /// `status.currentHealthy`.
    pub healthy: i64,
    /// `status.desiredHealthy`.
    pub needed: i64,
    /// `status.expectedPods`; `None` where that cannot be told, and the controller leaves all but
    /// the next as it was.
    pub expected: Option<i64>,
    /// `status.disruptionsAllowed`.
    pub allowed: i64,
}

/// What is to be written.
#[derive(Clone, Debug)]
pub struct End<'e> {
    /// Who runs where.
    pub placement: &'e Placement,
    /// How long the story took, in seconds.
    pub seconds: i64,
    /// When what became of each pod, by instance.
    pub moments: Vec<Moments>,
    /// What the scheduler says of those that wait.
    pub unscheduled: BTreeMap<InstanceId, Unscheduled>,
    /// How each budget stands, in the cluster's order.
    pub budgets: Vec<BudgetStatus>,
}

/// An object as it was read.
#[derive(Clone, Debug)]
struct Raw {
    origin: Origin,
    api_version: String,
    kind: String,
    object: Object,
}

/// Writes `end`, a placement of `cluster`, as an export. `sources` are those that the cluster was
/// read from, and `origins` what was told of them then.
pub fn export(sources: Vec<Source>, cluster: &Cluster, origins: &Origins, end: &End<'_>) -> Value {
    let raws = read(sources);
    let clock = Clock::of(raws.iter().map(|raw| &raw.object));
    let slots = Slots::new(&raws, cluster, origins);
    let mut writer = Writer {
        cluster,
        end,
        clock,
        workloads: BTreeMap::new(),
        pods: BTreeMap::new(),
        written: Vec::new(),
    };
    writer.keep_models(&raws, &slots);
    for raw in &raws {
        writer.write(raw, slots.of(raw));
    }
    writer.add_sets();
    writer.add_pods(&slots);
    let items: Vec<Value> = writer.written.into_iter().map(Value::Object).collect();
    json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": {} })
}

/// The objects of sources, but Secrets.
pub(crate) fn objects(sources: Vec<Source>) -> impl Iterator<Item = Value> {
    read(sources).into_iter().map(|raw| Value::Object(raw.object))
}

/// Every object but Secrets. What cannot be read was told of before.
fn read(sources: Vec<Source>) -> Vec<Raw> {
    let mut raws = Vec::new();
    for_each_object(
        sources,
        &mut |raw| {
            let secret = raw.group().is_empty() && raw.kind == "Secret";
            if let Some(Value::Object(mut object)) = (!secret).then(|| raw.parse().ok()).flatten() {
                let (api_version, kind) = (raw.api_version.to_string(), raw.kind.to_string());
                // A list's items may leave both to the list.
                object.insert("apiVersion".into(), api_version.as_str().into());
                object.insert("kind".into(), kind.as_str().into());
                raws.push(Raw { origin: raw.origin(), api_version, kind, object });
            }
        },
        &mut Vec::new(),
    );
    raws
}

/// Writes objects one after another.
struct Writer<'w> {
    cluster: &'w Cluster,
    end: &'w End<'w>,
    clock: Clock,
    /// Workloads as they are written, to make pods from: those read, and ReplicaSets made since.
    workloads: BTreeMap<holdfast_cluster::WorkloadId, Object>,
    /// Pods as they were read that others were made after.
    pods: BTreeMap<holdfast_cluster::PodId, Object>,
    written: Vec<Object>,
}

impl Writer<'_> {
    fn write(&mut self, raw: &Raw, slot: Slot) {
        let object = match slot {
            Slot::Other => Some(raw.object.clone()),
            Slot::Superseded => None,
            Slot::Node(id) => self.node(id, &raw.object),
            Slot::OfNode(id) => self.end.placement.node(id).exists.then(|| raw.object.clone()),
            Slot::Pod(id) => self.pod(id, &raw.object),
            Slot::Workload(id) => self.workloads.get(&id).cloned(),
            Slot::Budget(at) => Some(self.budget(at, &raw.object)),
        };
        self.written.extend(object);
    }
}

/// The object in a field, put there where there is none.
fn object_in<'o>(object: &'o mut Object, field: &str) -> &'o mut Object {
    let value = object.entry(field).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was just made sure")
}

/// The list in a field, put there where there is none.
fn list_in<'o>(object: &'o mut Object, field: &str) -> &'o mut Vec<Value> {
    let value = object.entry(field).or_insert_with(|| json!([]));
    if !value.is_array() {
        *value = json!([]);
    }
    value.as_array_mut().expect("it was just made sure")
}

/// A text somewhere inside an object; empty where there is none.
fn text_at<'o>(object: &'o Object, path: [&str; 2]) -> &'o str {
    let text = object.get(path[0]).and_then(|inner| inner.get(path[1])).and_then(Value::as_str);
    text.unwrap_or_default()
}

/// A list somewhere inside an object; empty where there is none.
fn list_at<'o>(object: &'o Object, path: [&str; 2]) -> &'o [Value] {
    let list = object.get(path[0]).and_then(|inner| inner.get(path[1])).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Sets a condition; one that says so already stays as it is, with its time.
fn set_condition(status: &mut Object, kind: &str, says: &Condition<'_>, now: &str) {
    let conditions = list_in(status, "conditions");
    let at = conditions.iter().position(|known| known["type"] == kind).unwrap_or_else(|| {
        conditions.push(json!({ "type": kind }));
        conditions.len() - 1
    });
    if !conditions[at].is_object() {
        conditions[at] = json!({ "type": kind });
    }
    let known = conditions[at].as_object_mut().expect("it was just made sure");
    let same = known.get("status").and_then(Value::as_str) == Some(says.status);
    if !same || !known.contains_key("lastTransitionTime") {
        known.insert("lastTransitionTime".into(), now.into());
    }
    known.insert("status".into(), says.status.into());
    for (field, text) in [("reason", says.reason), ("message", says.message)] {
        if text.is_empty() {
            known.remove(field);
        } else {
            known.insert(field.into(), text.into());
        }
    }
}

/// What a condition says.
struct Condition<'t> {
    status: &'t str,
    reason: &'t str,
    message: &'t str,
}

impl Condition<'_> {
    const TRUE: Self = Self { status: "True", reason: "", message: "" };
}
