//! An export on its way from one layout to another: what people do to it, as edits of its objects.
//!
//! Nodes and their static pods come from the export of the layout that is moved to, as do
//! workloads; pods stay those of the layout that is moved from, and what becomes of them is the
//! controllers' and the scheduler's.

mod assumed;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::object::group_of;
use crate::overlay::Named;
use crate::{Source, export};

pub use assumed::Assumed;

/// The objects of an export.
#[derive(Clone, Debug, Default)]
pub struct Objects(Vec<Value>);

/// What of workloads differs between two exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Objects that come.
    pub added: Vec<Named>,
    /// Objects that say something else.
    pub changed: Vec<Named>,
    /// Objects that go.
    pub removed: Vec<Named>,
    /// Of those that say something else, those whose pods are replaced.
    pub rolled: Vec<Named>,
}

/// Kinds that people apply, and the groups they are of.
const APPLIED: [(&str, &str); 12] = [
    ("", "Namespace"),
    ("", "Service"),
    ("", "ReplicationController"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "CronJob"),
    ("policy", "PodDisruptionBudget"),
    ("autoscaling", "HorizontalPodAutoscaler"),
];

/// Those of them whose absence changes who runs where.
const TAKEN_AWAY: [&str; 7] = [
    "ReplicationController",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
];

impl Objects {
    /// Every object of sources but Secrets. What cannot be read is told when they are loaded.
    pub fn read(sources: Vec<Source>) -> Self {
        Self(export::objects(sources).collect())
    }

    /// As an export.
    pub fn source(&self, name: &str) -> Source {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": self.0 });
        Source::named(name, list.to_string())
    }

    /// A node of another export joins, with what its storage drivers say and its static pods.
    pub fn join(&mut self, other: &Self, node: &str) {
        self.0.retain(|object| !is_node(object, node));
        self.0.extend(other.0.iter().filter(|object| is_node(object, node)).cloned());
        self.0.retain(|object| !is_static_on(object, node));
        self.0.extend(other.0.iter().filter(|object| is_static_on(object, node)).cloned());
    }

    /// Whether a node or its static pods are not the same in both.
    pub fn differs(&self, other: &Self, node: &str) -> bool {
        let of = |all: &Self| -> BTreeSet<String> {
            let nodes = all.0.iter().filter(|object| is_node(object, node)).map(essence_of_node);
            let pods = all.0.iter().filter(|object| is_static_on(object, node)).map(essence_of_pod);
            nodes.chain(pods).map(|essence| essence.to_string()).collect()
        };
        of(self) != of(other)
    }

    /// Workloads and what belongs to them become those of another export.
    pub fn apply(&mut self, other: &Self) -> Difference {
        let mut difference = Difference::default();
        for theirs in other.0.iter().filter(|object| is_applied(object)) {
            let name = named(theirs);
            match self.0.iter_mut().find(|own| is_applied(own) && named(own) == name) {
                None => {
                    self.0.push(fresh(theirs));
                    difference.added.push(name);
                }
                Some(own) if essence(own) == essence(theirs) => {}
                Some(own) => {
                    if own["spec"]["template"] != theirs["spec"]["template"] {
                        difference.rolled.push(name.clone());
                    }
                    let mut new = theirs.clone();
                    new["metadata"] = own["metadata"].clone();
                    new["status"] = own["status"].clone();
                    *own = new;
                    difference.changed.push(name);
                }
            }
        }
        let kept: BTreeSet<Named> =
            other.0.iter().filter(|object| is_applied(object)).map(named).collect();
        let goes = |own: &&Value| {
            is_applied(own)
                && TAKEN_AWAY.contains(&text(&own["kind"]))
                && !kept.contains(&named(own))
        };
        difference.removed = self.0.iter().filter(goes).map(named).collect();
        self.remove(&difference.removed);
        difference
    }

    /// Takes objects away, and what they own.
    fn remove(&mut self, gone: &[Named]) {
        let mut gone: BTreeSet<Named> = gone.iter().cloned().collect();
        loop {
            let is_owned = |object: &&Value| {
                let name = named(object);
                let owners = object["metadata"]["ownerReferences"].as_array();
                let owners = owners.into_iter().flatten().map(|owner| Named {
                    kind: text(&owner["kind"]).to_owned(),
                    namespace: name.namespace.clone(),
                    name: text(&owner["name"]).to_owned(),
                });
                !gone.contains(&name) && owners.into_iter().any(|owner| gone.contains(&owner))
            };
            let more: Vec<Named> = self.0.iter().filter(is_owned).map(named).collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        self.0.retain(|object| !gone.contains(&named(object)));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn named(object: &Value) -> Named {
    let metadata = &object["metadata"];
    Named {
        kind: text(&object["kind"]).to_owned(),
        namespace: text(&metadata["namespace"]).to_owned(),
        name: text(&metadata["name"]).to_owned(),
    }
}

fn group(object: &Value) -> &str {
    group_of(text(&object["apiVersion"]))
}

/// A node, or what storage drivers say of it.
fn is_node(object: &Value, node: &str) -> bool {
    let kind = (group(object), text(&object["kind"]));
    let about = matches!(kind, ("", "Node") | ("storage.k8s.io", "CSINode"));
    about && text(&object["metadata"]["name"]) == node
}

/// A pod that a node makes from a file.
fn is_static_on(object: &Value, node: &str) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    let by_node = owners.into_iter().flatten().any(|owner| owner["kind"] == "Node");
    object["kind"] == "Pod" && by_node && object["spec"]["nodeName"] == node
}

/// Something that people apply themselves.
fn is_applied(object: &Value) -> bool {
    let owned = object["metadata"]["ownerReferences"].as_array().is_some_and(|all| !all.is_empty());
    !owned && APPLIED.contains(&(group(object), text(&object["kind"])))
}

/// What an object says, without what the cluster says of it.
fn essence(object: &Value) -> Value {
    let mut essence = object.clone();
    if let Some(fields) = essence.as_object_mut() {
        fields.remove("status");
        fields.remove("apiVersion");
        let labels = fields.get("metadata").map(|metadata| metadata["labels"].clone());
        fields.insert("metadata".into(), labels.unwrap_or_default());
    }
    essence
}

/// The same of a node, whose amounts and labels the cluster tells.
fn essence_of_node(node: &Value) -> Value {
    let status = &node["status"];
    json!([
        node["kind"],
        node["metadata"]["labels"],
        node["spec"]["taints"],
        node["spec"]["unschedulable"],
        status["allocatable"],
        status["capacity"],
    ])
}

/// The same of a pod: what it is called and what it asks for.
fn essence_of_pod(pod: &Value) -> Value {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let requests: Value = containers.map(|one| one["resources"].clone()).collect();
    json!([pod["metadata"]["namespace"], pod["metadata"]["name"], requests])
}

/// An object that was just applied. A budget's status is told by its controller; until then it
/// allows nothing.
fn fresh(object: &Value) -> Value {
    let mut new = object.clone();
    if let Some(fields) = new.as_object_mut() {
        fields.remove("status");
    }
    new
}
