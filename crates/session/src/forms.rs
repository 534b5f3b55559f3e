//! What people ask for in forms, spelled as the flags of the command.

mod nodes;
mod pods;

use holdfast_cluster::Cluster;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::changes::Change;
use crate::failure::Failure;

/// What is to be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// Something about a workload, `KIND/NAMESPACE/NAME`.
    Workload(String, pods::Edit),
    /// Something about a node, by name.
    Node(String, nodes::Edit),
    /// Further nodes.
    Nodes(nodes::More),
    /// How many copies there are of what is kept: an object as [`Choices::kept`] names it.
    Copies {
        /// The object.
        of: String,
        /// How many.
        copies: u32,
    },
}

pub use nodes::{Edit as NodeEdit, More, Origin, TypeView, types};
pub use pods::{Edit as WorkloadEdit, Resource, Rule};

impl Form {
    /// The changes that it comes to.
    ///
    /// # Errors
    /// What names nothing, and a catalogue that makes no sense.
    pub fn changes(&self, cluster: &Cluster) -> Result<Vec<Change>, Failure> {
        match self {
            Self::Workload(workload, edit) => {
                edit.change(cluster, workload).map(|change| vec![change])
            }
            Self::Node(node, edit) => Ok(vec![edit.change(node)]),
            Self::Nodes(more) => more.changes(),
            Self::Copies { of, copies } => Ok(vec![Change::Set(match of.split_once('/') {
                Some(("cephblockpool", _)) => format!("{of}.spec.replicated.size={copies}"),
                _ => format!("{of}.spec.numberOfReplicas={copies}"),
            })]),
        }
    }
}

/// What there is to choose from in forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choices {
    /// Names of priority classes.
    pub priorities: Vec<String>,
    /// Labels of nodes.
    pub labels: Vec<String>,
    /// Objects that say how many copies there are of a volume, and how many.
    pub kept: Vec<(String, u32)>,
}

impl Choices {
    /// Of a cluster.
    pub fn of(cluster: &Cluster) -> Self {
        let objects = cluster.objects();
        let text = |symbol| cluster.text(symbol).to_owned();
        let mut priorities: Vec<String> =
            objects.priority_classes.keys().map(|name| text(*name)).collect();
        priorities.sort_unstable();
        let nodes = cluster.nodes().iter();
        let mut labels: Vec<String> =
            nodes.flat_map(|node| node.labels.iter().map(|(key, _)| text(key))).collect();
        labels.sort_unstable();
        labels.dedup();
        let volumes = objects.storage.longhorn_volumes.values();
        let volumes =
            volumes.map(|one| (format!("volume/longhorn-system/{}", text(one.name)), one.replicas));
        let pools = objects.storage.ceph_pools.values();
        let pools = pools.filter_map(|one| {
            let name = format!("cephblockpool/{}/{}", text(one.namespace), text(one.name));
            Some((name, one.size?))
        });
        let mut kept: Vec<(String, u32)> = volumes.chain(pools).collect();
        kept.sort_unstable();
        Self { priorities, labels, kept }
    }
}

/// A field and its value as `--set` takes them; text that would be read as something else comes in
/// quotes.
fn set(object: &str, field: &str, value: &Value) -> Change {
    let value = match value {
        Value::String(text) if serde_json::from_str::<Value>(text).is_err() => text.clone(),
        value => value.to_string(),
    };
    Change::Set(format!("{object}.{field}={value}"))
}

/// Manifests that are laid over the export, as one file.
fn manifests(file: String, items: &[Value]) -> Change {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let text = serde_json::to_string_pretty(&list).expect("JSON is written") + "\n";
    Change::Overlay { file, text }
}
