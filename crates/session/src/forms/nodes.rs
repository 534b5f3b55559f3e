//! What is to be another about nodes, and further nodes.

use holdfast_cluster::change::{Amounts, Shape};
use holdfast_cluster::taint::Effect;
use holdfast_ingest::{Severity, Source};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{manifests, set};
use crate::changes::Change;
use crate::failure::Failure;
use crate::plan::nodes::of_name;

/// What is to be another about a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Edit {
    /// It has a label; none of this key where there is no value.
    Label {
        /// The key.
        key: String,
        /// The value.
        value: Option<String>,
    },
    /// It has a taint besides.
    Taint {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
        /// Its effect.
        effect: String,
    },
    /// It takes no new pods.
    Cordon,
}

impl Edit {
    /// The change of a node that it is.
    pub(super) fn change(&self, node: &str) -> Change {
        match self {
            Self::Label { key, value } => {
                let key = key.replace('\\', r"\\").replace('.', r"\.");
                let value = value.as_ref().map_or(Value::Null, |value| json!(value));
                set(&format!("node/{node}"), &format!("metadata.labels.{key}"), &value)
            }
            Self::Taint { key, value, effect } => {
                Change::Taint(format!("{node}:{key}={value}:{effect}"))
            }
            Self::Cordon => Change::Cordon(node.to_owned()),
        }
    }
}

/// Further nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// What they are called; a number goes behind it where they are several.
    pub name: String,
    /// How many.
    pub count: u32,
    /// Their zone, where it is not that of whom they are like.
    pub zone: Option<String>,
    /// What they are.
    pub origin: Origin,
}

/// What further nodes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// Like a node that is there.
    Like(String),
    /// Of a type of a catalogue.
    Catalog {
        /// The text of the file.
        text: String,
        /// The name of the type.
        make: String,
    },
}

/// No more at once: somebody meant something else.
const NODES_MAX: u32 = 200;

const ZONE: &str = "topology.kubernetes.io/zone";

impl More {
    /// The changes that they are.
    pub(super) fn changes(&self) -> Result<Vec<Change>, Failure> {
        if self.count == 0 || self.count > NODES_MAX {
            return Err(Failure::usage(format!("{} further nodes", self.count))
                .hint(format!("add between 1 and {NODES_MAX} at once")));
        }
        let names = (1..=self.count).map(|number| match self.count {
            1 => self.name.clone(),
            _ => format!("{}-{number}", self.name),
        });
        match &self.origin {
            Origin::Like(like) => {
                let zone = self.zone.as_ref();
                let zone = zone.map_or_else(String::new, |zone| format!(",{ZONE}={zone}"));
                Ok(names.map(|name| Change::AddNode(format!("{name}={like}{zone}"))).collect())
            }
            Origin::Catalog { text, make } => {
                let catalog = read(text)?;
                let shape = &of_name(&catalog, make)?.shape;
                let zone = self.zone.as_deref();
                let nodes: Vec<Value> = names.map(|name| manifest(&name, shape, zone)).collect();
                Ok(vec![manifests(format!("{}.json", self.name), &nodes)])
            }
        }
    }
}

/// A type of a catalogue, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeView {
    /// Its name.
    pub name: String,
    /// Thousandths of a core that pods may request.
    pub cpu_milli: i64,
    /// Bytes that pods may request.
    pub memory: i64,
}

/// The types of a catalogue.
///
/// # Errors
/// A file that makes no sense.
pub fn types(text: &str) -> Result<Vec<TypeView>, Failure> {
    let view = |one: &holdfast_ingest::catalog::NodeType| {
        let Amounts { cpu_milli, memory, .. } = one.shape.allocatable;
        TypeView { name: one.name.clone(), cpu_milli, memory }
    };
    Ok(read(text)?.types.iter().map(view).collect())
}

fn read(text: &str) -> Result<holdfast_ingest::catalog::Catalog, Failure> {
    let source = Source::named("catalog.yaml", text.to_owned());
    let (catalog, told) = holdfast_ingest::catalog(source);
    match told.into_iter().find(|one| one.severity == Severity::Error) {
        Some(wrong) => Err(Failure::usage(format!("the catalogue: {}", wrong.detail))
            .hint("it is a file of kind NodeCatalog")),
        None if catalog.types.is_empty() => {
            Err(Failure::usage("the catalogue lists no types")
                .hint("it is a file of kind NodeCatalog"))
        }
        None => Ok(catalog),
    }
}

/// A node of a shape, ready and empty.
fn manifest(name: &str, shape: &Shape, zone: Option<&str>) -> Value {
    let mut labels = Map::new();
    labels.insert("kubernetes.io/hostname".into(), json!(name));
    let zone = zone.map(|zone| (ZONE, zone));
    let own = shape.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in zone.into_iter().chain(own) {
        labels.insert(key.to_owned(), json!(value));
    }
    let taint = |(key, value, effect): &(String, String, Effect)| {
        let effect = format!("{effect:?}");
        json!({ "key": key, "value": value, "effect": effect })
    };
    let taints: Vec<Value> = shape.taints.iter().map(taint).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "labels": labels },
        "spec": { "taints": taints },
        "status": {
            "capacity": amounts(&shape.capacity, shape.pods),
            "allocatable": amounts(&shape.allocatable, shape.pods),
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

fn amounts(amounts: &Amounts, pods: i64) -> Value {
    let mut all = Map::new();
    all.insert("cpu".into(), json!(format!("{}m", amounts.cpu_milli)));
    all.insert("memory".into(), json!(amounts.memory.to_string()));
    all.insert("pods".into(), json!(pods.to_string()));
    if amounts.ephemeral_storage > 0 {
        all.insert("ephemeral-storage".into(), json!(amounts.ephemeral_storage.to_string()));
    }
    for (name, count) in &amounts.scalars {
        all.insert(name.clone(), json!(count.to_string()));
    }
    Value::Object(all)
}
