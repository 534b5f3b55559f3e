//! What if: objects laid over an export, as `kubectl apply` would, and edited in place.
//!
//! Everything happens to the objects' text, before anything is read: a field that is changed here
//! means what it means in an export. Whatever is touched is handed on once more behind the export,
//! without its version, so that it is kept.

pub(crate) mod merge;
mod path;
mod sample;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::node::CONTROL_PLANE_ROLES;
use holdfast_cluster::{Cluster, WorkloadId};
use serde_json::{Map, Value, json};

use crate::objects::{Kind, kind_of, unread};
use crate::{
    Diagnostic, Loaded, ObjectRef, Place, RawObject, Rule, Severity, Source, for_each_object,
};

pub use path::{Path, PathError};
pub use sample::{NoSample, sample};

/// A change to an export.
#[derive(Clone, Debug, PartialEq)]
pub enum Alteration {
    /// Manifests are applied.
    Apply(Vec<Source>),
    /// A field is set; `null` takes it away.
    Set {
        /// The object.
        object: Named,
        /// The field.
        path: Path,
        /// Its value.
        value: Value,
    },
    /// A node takes no new pods.
    Cordon(String),
    /// A node has a taint besides.
    Taint {
        /// The node.
        node: String,
        /// The taint's key.
        key: String,
        /// The taint's value.
        value: String,
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
        effect: String,
    },
    /// There is another node, ready and empty.
    AddNode {
        /// Its name.
        node: String,
        /// The node that it is like.
        like: String,
        /// Labels that it has besides.
        labels: Vec<(String, String)>,
    },
    /// Something that there is to be more of, of which there is none yet: under another name where
    /// its own is taken.
    Sample {
        /// What it is called.
        object: Named,
        /// The object.
        value: Value,
    },
}

/// An object by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The kind as Kubernetes spells it.
    pub kind: String,
    /// The namespace; empty where the kind has none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Named {
    /// A workload.
    pub fn of(cluster: &Cluster, id: WorkloadId) -> Self {
        let workload = cluster.workload(id);
        Self {
            kind: workload.kind.name(cluster).to_owned(),
            namespace: cluster.text(workload.namespace).to_owned(),
            name: cluster.text(workload.name).to_owned(),
        }
    }
}

/// An object that is another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// What it is called.
    pub named: Named,
    /// What it was; nothing where there was none.
    pub before: Option<Value>,
    /// What it is.
    pub after: Value,
}

/// Sources with what was laid over them.
#[derive(Clone, Debug, Default)]
pub struct Overlaid {
    /// What is to be read.
    pub sources: Vec<Source>,
    /// The manifests that were laid over the others.
    pub applied: Vec<Source>,
    /// Workloads whose template is another: they roll out.
    pub rolled: Vec<Named>,
    /// What was touched, by kind and name.
    pub edited: Vec<Edited>,
    /// What a sample goes by.
    pub sample: Option<Named>,
    /// Where what is another was read: the manifest, else the export.
    pub places: BTreeMap<Named, Place>,
    /// What was wrong with the manifests.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such object; the names of others of its kind.
    NoObject(Named, Vec<String>),
    /// There is one already.
    Exists(Named),
    /// The field cannot be reached.
    NoField(Named, PathError),
    /// The node is part of the control plane.
    ControlPlane(Named),
}

type Objects = BTreeMap<Named, Object>;

/// An object, and where it came from.
struct Object {
    value: Value,
    /// What it was in the export, and where.
    before: Option<(Value, Place)>,
    touched: bool,
}

/// Lays the alterations over the sources, in their order.
///
/// # Errors
/// One that cannot be made.
pub fn overlay(sources: Vec<Source>, alterations: Vec<Alteration>) -> Result<Overlaid, Refusal> {
    if alterations.is_empty() {
        return Ok(Overlaid { sources, ..Overlaid::default() });
    }
    let mut overlaid = Overlaid::default();
    let mut steps: Vec<(Alteration, Vec<Manifest>)> = Vec::new();
    for alteration in alterations {
        let applied = match &alteration {
            Alteration::Apply(manifests) => {
                read(manifests.clone(), None, &mut overlaid.diagnostics)
            }
            _ => Vec::new(),
        };
        let places = applied.iter().map(|one| (one.named.clone(), one.place.clone()));
        overlaid.places.extend(places);
        steps.push((alteration, applied));
    }
    let kinds = kinds_of(&steps);
    // What is wrong with the export is told when it is read.
    let mut objects: Objects = read(sources.clone(), Some(&kinds), &mut Vec::new())
        .into_iter()
        .map(|Manifest { named, value, place }| {
            let before = Some((value.clone(), place));
            (named, Object { value, before, touched: false })
        })
        .collect();
    for (alteration, applied) in steps {
        match alteration {
            Alteration::Sample { object, value } => {
                overlaid.sample = Some(lay_sample(&mut objects, object, value));
            }
            Alteration::Apply(manifests) => {
                let one = |manifest| apply(&mut objects, manifest);
                overlaid.diagnostics.extend(applied.into_iter().filter_map(one));
                overlaid.applied.extend(manifests);
            }
            alteration => alter(&mut objects, alteration)?,
        }
    }
    overlaid.sources = sources;
    let touched: Vec<(Named, Object)> =
        objects.into_iter().filter(|(_, object)| object.touched).collect();
    let rolled = touched.iter().filter(|(named, object)| rolls(named, object));
    overlaid.rolled = rolled.map(|(named, _)| named.clone()).collect();
    for (named, object) in &touched {
        if let Some((_, place)) = &object.before {
            overlaid.places.entry(named.clone()).or_insert_with(|| place.clone());
        }
    }
    let edited = touched.iter().map(|(named, object)| Edited {
        named: named.clone(),
        before: object.before.as_ref().map(|(before, _)| before.clone()),
        after: object.value.clone(),
    });
    overlaid.edited = edited.collect();
    let items: Vec<Value> = touched.into_iter().map(|(_, object)| object.value).collect();
    if !items.is_empty() {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        overlaid.sources.push(Source::named(NAME, list.to_string()));
    }
    Ok(overlaid)
}

/// What objects that were changed go by in messages.
pub(crate) const NAME: &str = "<what-if>";

/// Kinds of workloads that make their pods from a template.
const TEMPLATED: [&str; 5] =
    ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet"];

/// The workloads that have begun to roll out.
pub fn rolled(loaded: &Loaded, rolled: &[Named]) -> Vec<WorkloadId> {
    let is_one = |id: &WorkloadId| rolled.contains(&Named::of(&loaded.cluster, *id));
    loaded.cluster.workload_ids().filter(is_one).collect()
}

/// Whether the pods of a workload are to be replaced: its template is not what it was.
fn rolls(named: &Named, object: &Object) -> bool {
    let rolls = TEMPLATED.contains(&&*named.kind);
    let template = |value: &Value| value["spec"]["template"].clone();
    rolls
        && object
            .before
            .as_ref()
            .is_some_and(|(before, _)| template(before) != template(&object.value))
}

/// The kinds of which objects are needed.
fn kinds_of(steps: &[(Alteration, Vec<Manifest>)]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for (alteration, applied) in steps {
        kinds.extend(applied.iter().map(|one| one.named.kind.clone()));
        match alteration {
            Alteration::Apply(_) => {}
            Alteration::Set { object, .. } | Alteration::Sample { object, .. } => {
                kinds.insert(object.kind.clone());
            }
            Alteration::Cordon(_) | Alteration::Taint { .. } => {
                kinds.insert("Node".to_owned());
            }
            Alteration::AddNode { .. } => {
                kinds.extend(["Node", "CSINode"].map(str::to_owned));
            }
        }
    }
    kinds
}

/// An object as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What it is called.
    pub named: Named,
    /// All that it says.
    pub value: Value,
    /// Where.
    pub place: Place,
}

/// Kinds that people write, and that say where pods may be or how many there are.
const WRITTEN: [&str; 17] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Job",
    "Namespace",
    "Node",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "PriorityClass",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "RuntimeClass",
    "Service",
    "StatefulSet",
    "StorageClass",
];

/// The objects that people write, with what was laid over them, and neither pods nor what
/// controllers make. Of an object that is there twice the last.
pub fn manifests(overlaid: &Overlaid) -> BTreeMap<Named, Manifest> {
    let kinds = WRITTEN.iter().map(|kind| (*kind).to_owned()).collect();
    let all = read(overlaid.sources.clone(), Some(&kinds), &mut Vec::new()).into_iter();
    let is_owned = |one: &Manifest| one.value["metadata"]["ownerReferences"].is_array();
    let placed = all.filter(|one| !is_owned(one)).map(|mut one| {
        if let Some(place) = overlaid.places.get(&one.named) {
            one.place = place.clone();
        }
        (one.named.clone(), one)
    });
    placed.collect()
}

/// Objects that mean something here, of these kinds alone where they are given.
fn read(
    sources: Vec<Source>,
    kinds: Option<&BTreeSet<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Manifest> {
    let mut found = Vec::new();
    let mut told = Vec::new();
    let mut visit = |raw: RawObject<'_>| {
        let Some(kind) = kind_of(&raw.api_version, &raw.kind) else {
            if kinds.is_none() {
                let unknown = unread::unknown_kind(&raw, Severity::Error);
                told.extend(unknown.or_else(|| unread::without_effect(&raw)));
            }
            return;
        };
        if kinds.is_some_and(|kinds| !kinds.contains(&*raw.kind)) {
            return;
        }
        match raw.parse::<Value>() {
            Ok(mut value) => {
                let Some(object) = value.as_object_mut() else { return };
                object.insert("apiVersion".into(), raw.api_version.as_ref().into());
                object.insert("kind".into(), raw.kind.as_ref().into());
                let named = named(kind, &raw.kind, object);
                found.push(Manifest { named, value, place: raw.place_at(0) });
            }
            Err(wrong) => told.push(wrong),
        }
    };
    for_each_object(sources, &mut visit, diagnostics);
    diagnostics.append(&mut told);
    found
}

fn named(kind: Kind, name_of_kind: &str, object: &Map<String, Value>) -> Named {
    let metadata = object.get("metadata");
    let text = |field: &str| metadata.and_then(|it| it.get(field)).and_then(Value::as_str);
    let namespace = match text("namespace") {
        _ if !is_namespaced(kind) => "",
        None | Some("") => "default",
        Some(namespace) => namespace,
    };
    Named {
        kind: name_of_kind.to_owned(),
        namespace: namespace.to_owned(),
        name: text("name").unwrap_or_default().to_owned(),
    }
}

pub(crate) fn is_namespaced(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Node
            | Kind::Namespace
            | Kind::Volume
            | Kind::StorageClass
            | Kind::CsiNode
            | Kind::CsiDriver
            | Kind::Attachment
            | Kind::PriorityClass
            | Kind::RuntimeClass
    )
}

/// The kind that somebody means, as Kubernetes spells it, and whether it has namespaces.
pub fn spelled(kind: &str) -> Option<(&'static str, bool)> {
    const KINDS: [(&str, &str); 18] = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("v1", "Node"),
        ("v1", "Pod"),
        ("v1", "Namespace"),
        ("v1", "Service"),
        ("v1", "PersistentVolume"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "ReplicationController"),
        ("policy/v1", "PodDisruptionBudget"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("longhorn.io/v1beta2", "Volume"),
        ("ceph.rook.io/v1", "CephBlockPool"),
    ];
    let (group, known) = KINDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(kind))?;
    Some((known, is_namespaced(kind_of(group, known)?)))
}

/// Changes what is there.
fn alter(objects: &mut Objects, alteration: Alteration) -> Result<(), Refusal> {
    match alteration {
        // Whole objects are laid over by whoever has read them.
        Alteration::Sample { .. } | Alteration::Apply(_) => Ok(()),
        Alteration::Set { object, path, value } => {
            let found = find(objects, &object)?;
            path.set(found, value).map_err(|why| Refusal::NoField(object, why))
        }
        Alteration::Cordon(node) => {
            let found = find(objects, &of_node(&node))?;
            found["spec"]["unschedulable"] = json!(true);
            // The node lifecycle controller says so by a taint, too.
            let taint =
                json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
            put_taint(found, taint);
            Ok(())
        }
        Alteration::Taint { node, key, value, effect } => {
            let found = find(objects, &of_node(&node))?;
            put_taint(found, json!({ "key": key, "value": value, "effect": effect }));
            Ok(())
        }
        Alteration::AddNode { node, like, labels } => add_node(objects, &node, &like, &labels),
    }
}

fn put_taint(node: &mut Value, taint: Value) {
    let taints = &mut node["spec"]["taints"];
    if !taints.is_array() {
        *taints = json!([]);
    }
    let taints = taints.as_array_mut().expect("it was just made sure");
    taints.retain(|known| known["key"] != taint["key"] || known["effect"] != taint["effect"]);
    taints.push(taint);
}

fn of_node(name: &str) -> Named {
    Named { kind: "Node".to_owned(), namespace: String::new(), name: name.to_owned() }
}

/// An object that is about to be changed.
fn find<'o>(objects: &'o mut Objects, named: &Named) -> Result<&'o mut Value, Refusal> {
    if !objects.contains_key(named) {
        let near = |known: &&Named| known.kind == named.kind && known.namespace == named.namespace;
        let others = objects.keys().filter(near).map(|known| known.name.clone());
        return Err(Refusal::NoObject(named.clone(), others.collect()));
    }
    let object = objects.get_mut(named).expect("it was just found");
    object.touched = true;
    forget_version(&mut object.value);
    Ok(&mut object.value)
}

/// What is changed is newer than what was read, whatever its version says.
fn forget_version(value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
    }
}

/// Applies a manifest; tells what it takes away without saying so.
fn apply(objects: &mut Objects, manifest: Manifest) -> Option<Diagnostic> {
    let Manifest { named, value: manifest, place } = manifest;
    let mut dropped = Vec::new();
    let object = objects.entry(named.clone()).or_insert_with(|| Object {
        value: Value::Null,
        before: None,
        touched: true,
    });
    object.touched = true;
    if object.value.is_null() {
        object.value = manifest;
    } else {
        dropped = merge::drop_unsaid(&mut object.value, &manifest);
        merge::apply(&mut object.value, &manifest);
    }
    forget_version(&mut object.value);
    let Named { kind, namespace, name } = named;
    let object = ObjectRef { kind, namespace: Some(namespace), name };
    (!dropped.is_empty()).then(|| Diagnostic {
        rule: Rule::TakenAsDropped,
        severity: Severity::Warning,
        place: Some(place),
        object: Some(object),
        detail: format!("taken as dropped, as Helm does: {}", dropped.join(", ")),
    })
}

/// A node like another: ready, with no pods and no images, and taints of its own making alone.
fn add_node(
    objects: &mut Objects,
    node: &str,
    like: &str,
    labels: &[(String, String)],
) -> Result<(), Refusal> {
    if objects.contains_key(&of_node(node)) {
        return Err(Refusal::Exists(of_node(node)));
    }
    let mut value = find(objects, &of_node(like))?.clone();
    let known = |role: &str| value["metadata"]["labels"].get(role).is_some();
    if CONTROL_PLANE_ROLES.iter().any(|role| known(role)) {
        return Err(Refusal::ControlPlane(of_node(like)));
    }
    let old = value["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let rename = |(key, value): (String, Value)| {
        let value = if value == like { json!(node) } else { value };
        (key, value)
    };
    let own = labels.iter().map(|(key, value)| (key.clone(), json!(value)));
    let labels: Map<String, Value> = old.into_iter().map(rename).chain(own).collect();
    value["metadata"] = json!({ "name": node, "labels": labels });
    let spec = value["spec"].as_object_mut();
    if let Some(spec) = spec {
        spec.remove("unschedulable");
        spec.remove("providerID");
        if let Some(taints) = spec.get_mut("taints").and_then(Value::as_array_mut) {
            taints.retain(|taint| {
                let key = taint["key"].as_str().unwrap_or_default();
                !key.starts_with("node.kubernetes.io/")
            });
        }
    }
    if let Some(status) = value["status"].as_object_mut() {
        status.remove("images");
        status.insert("conditions".into(), json!([{ "type": "Ready", "status": "True" }]));
    }
    put(objects, of_node(node), value);
    let drivers = Named { kind: "CSINode".to_owned(), ..of_node(like) };
    if let Some(drivers) = objects.get(&drivers).map(|object| object.value.clone()) {
        let mut drivers = drivers;
        drivers["metadata"] = json!({ "name": node });
        put(objects, Named { kind: "CSINode".to_owned(), ..of_node(node) }, drivers);
    }
    Ok(())
}

/// Lays a sample over the export; tells what it goes by.
fn lay_sample(objects: &mut Objects, mut named: Named, mut value: Value) -> Named {
    if named.name.is_empty() {
        named.name.push_str("pod");
    }
    while objects.contains_key(&named) {
        named.name.push_str("-copy");
    }
    value["metadata"]["name"] = json!(named.name);
    value["metadata"]["namespace"] = json!(named.namespace);
    forget_version(&mut value);
    put(objects, named.clone(), value);
    named
}

fn put(objects: &mut Objects, named: Named, value: Value) {
    objects.insert(named, Object { value, before: None, touched: true });
}

#[cfg(test)]
mod tests;
