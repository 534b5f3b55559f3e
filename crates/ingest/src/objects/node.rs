//! Nodes.

use holdfast_cluster::Node;
use holdfast_cluster::node::Readiness;
use serde::Deserialize;

use super::amounts::Amounts;
use super::context::Context;
use super::lean::{Int, List, Pairs, Text};
use super::meta::Meta;
use super::pod::RawCondition;
use super::taint::RawTaint;

/// `v1.Node`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(crate) struct RawNode<'a> {
    pub(crate) metadata: Option<Meta<'a>>,
    spec: Option<RawNodeSpec<'a>>,
    status: Option<RawNodeStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct RawNodeSpec<'a> {
    taints: List<RawTaint<'a>>,
    unschedulable: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawNodeStatus<'a> {
    allocatable: Option<Pairs<'a>>,
    capacity: Pairs<'a>,
    conditions: List<RawCondition<'a>>,
    images: List<RawImage<'a>>,
    declared_features: List<Text<'a>>,
    node_info: Option<RawNodeInfo<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawImage<'a> {
    names: List<Text<'a>>,
    size_bytes: Option<Int>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct RawNodeInfo<'a> {
    kubelet_version: Text<'a>,
}

impl RawNode<'_> {
    /// Translates a node.
    pub(crate) fn read(&self, context: &mut Context<'_>) -> Node {
        let no_meta = Meta::default();
        let meta = self.metadata.as_ref().unwrap_or(&no_meta);
        let no_spec = RawNodeSpec::default();
        let spec = self.spec.as_ref().unwrap_or(&no_spec);
        let no_status = RawNodeStatus::default();
        let status = self.status.as_ref().unwrap_or(&no_status);
        let capacity = Amounts::read(&status.capacity, context);
        // `SetDefaults_NodeStatus`: without allocatable all of the capacity is.
        let allocatable = match &status.allocatable {
            Some(pairs) => Amounts::read(pairs, context),
            None => capacity.clone(),
        };
        let (allocatable, pods_allocatable) = allocatable.counted(context);
        Node {
            name: context.intern(&meta.name),
            labels: context.labels(&meta.labels),
            taints: spec.taints.iter().filter_map(|raw| raw.read(context)).collect(),
            unschedulable: spec.unschedulable == Some(true),
            allocatable,
            pods_allocatable,
            capacity: capacity.counted(context).0,
            readiness: status.readiness(),
            images: status.images(context),
            declared_features: status
                .declared_features
                .iter()
                .map(|feature| context.intern(feature))
                .collect(),
            kubelet_version: status
                .node_info
                .as_ref()
                .and_then(|info| context.intern_some(&info.kubelet_version)),
            terminating: meta.terminating(),
        }
    }
}

impl RawNodeStatus<'_> {
    fn readiness(&self) -> Readiness {
        match self.conditions.iter().find(|condition| &*condition.kind == "Ready") {
            None => Readiness::Unstated,
            Some(condition) => match &*condition.status {
                "True" => Readiness::Ready,
                "False" => Readiness::NotReady,
                _ => Readiness::Unknown,
            },
        }
    }

    /// Images by every name as the kubelet reports it. Of a name given twice the first size counts
    /// (`addNodeImageStates`, `pkg/scheduler/backend/cache/cache.go`).
    fn images(&self, context: &mut Context<'_>) -> Box<[(holdfast_cluster::Symbol, i64)]> {
        let mut images = Vec::new();
        for image in self.images.iter() {
            let size = image.size_bytes.map_or(0, |size| size.0);
            for name in image.names.iter() {
                images.push((context.intern(name), size));
            }
        }
        images.sort_by_key(|(name, _)| *name);
        images.dedup_by_key(|(name, _)| *name);
        images.into_boxed_slice()
    }
}
