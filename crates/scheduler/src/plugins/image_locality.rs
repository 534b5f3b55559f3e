//! `ImageLocality`: likes nodes that hold the pod's images already, large and widespread ones more.
//!
//! Models `pkg/scheduler/framework/plugins/imagelocality/image_locality.go` and the image states of
//! `pkg/scheduler/backend/cache/cache.go` (v1.36.3).

use holdfast_cluster::{Cluster, NodeId, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{Context, MAX_NODE_SCORE};
use crate::node_info::snapshot;

const MB: i64 = 1024 * 1024;
const MIN_THRESHOLD: i64 = 23 * MB;
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MB;

/// Where each image is.
#[derive(Debug)]
pub(crate) struct Compiled {
    images: IndexMap<Symbol, Image, FxBuildHasher>,
}

#[derive(Debug)]
struct Image {
    /// Bytes, as the first node has it: the scheduler's cache keeps one size an image.
    size: i64,
    /// The nodes that hold it, sorted.
    nodes: Vec<NodeId>,
}

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let mut images = IndexMap::<Symbol, Image, FxBuildHasher>::default();
        for id in cluster.node_ids() {
            for &(name, size) in &cluster.node(id).images {
                let image = images.entry(name).or_insert_with(|| Image { size, nodes: Vec::new() });
                if image.nodes.last() != Some(&id) {
                    image.nodes.push(id);
                }
            }
        }
        Self { images }
    }
}

/// The pod's images that some node holds: what each is worth, a container each.
#[derive(Clone, Debug, Default)]
pub(crate) struct State<'a> {
    found: Vec<(i64, &'a [NodeId])>,
    containers: i64,
}

impl<'a> State<'a> {
    /// Weighs the pod's images by the nodes that exist.
    #[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
    pub(crate) fn new(context: &Context<'a>) -> Self {
        let containers = i64::try_from(context.spec.images.len()).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        let mut nodes_total = None;
        for name in &context.spec.images {
            let Some(image) = context.compiled.images.images.get(name) else { continue };
            let exists = |id: &&NodeId| context.placement.node(**id).exists;
            let holders = image.nodes.iter().filter(exists).count();
            let total = *nodes_total
                .get_or_insert_with(|| snapshot(context.cluster, context.placement).count());
            let spread = holders as f64 / total as f64;
            found.push(((image.size as f64 * spread) as i64, &*image.nodes));
        }
        Self { found, containers }
    }

    /// The sum over the containers whose image is there, between the thresholds, out of 100.
    pub(crate) fn score(&self, node: NodeId) -> i64 {
        let here = self.found.iter().filter(|(_, nodes)| nodes.binary_search(&node).is_ok());
        let sum = here.fold(0_i64, |sum, (worth, _)| sum.wrapping_add(*worth));
        let most = MAX_CONTAINER_THRESHOLD.wrapping_mul(self.containers);
        let bounded = if sum < MIN_THRESHOLD { MIN_THRESHOLD } else { sum.min(most) };
        MAX_NODE_SCORE.wrapping_mul(bounded - MIN_THRESHOLD) / (most - MIN_THRESHOLD)
    }
}
