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

/// The nodes that hold an image, sorted, each with the size it reports in bytes.
///
/// Where sizes differ a running scheduler keeps that of whichever node it heard of first; no export
/// tells which, so each node's own is taken, as upstream's `NewSnapshot` does.
type Image = Vec<(NodeId, i64)>;

impl Compiled {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let mut images = IndexMap::<Symbol, Image, FxBuildHasher>::default();
        for id in cluster.node_ids() {
            for &(name, size) in &cluster.node(id).images {
                images.entry(name).or_default().push((id, size));
            }
        }
        Self { images }
    }
}

/// The pod's images that some node holds, a container or volume each.
#[derive(Clone, Debug, Default)]
pub(crate) struct State<'a> {
    found: Vec<Found<'a>>,
    containers: i64,
}

#[derive(Clone, Debug)]
struct Found<'a> {
    image: &'a [(NodeId, i64)],
    /// The share of nodes that hold it.
    spread: f64,
}

impl<'a> State<'a> {
    /// Looks the pod's images up on the nodes that exist.
    #[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
    pub(crate) fn new(context: &Context<'a>) -> Self {
        let containers = i64::try_from(context.spec.images.len()).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        let mut nodes_total = None;
        for name in context.spec.images.iter().chain(&context.spec.image_volumes) {
            let Some(image) = context.compiled.images.images.get(name) else { continue };
            let exists = |(id, _): &&(NodeId, i64)| context.placement.node(*id).exists;
            let holders = image.iter().filter(exists).count();
            let total = *nodes_total
                .get_or_insert_with(|| snapshot(context.cluster, context.placement).count());
            found.push(Found { image, spread: holders as f64 / total as f64 });
        }
        Self { found, containers }
    }

    /// The sum over the containers whose image is there, between the thresholds, out of 100.
    pub(crate) fn score(&self, node: NodeId) -> i64 {
        let worth = |found: &Found<'_>| found.worth(node);
        let sum = self.found.iter().filter_map(worth).fold(0, i64::wrapping_add);
        let most = MAX_CONTAINER_THRESHOLD.wrapping_mul(self.containers);
        let bounded = if sum < MIN_THRESHOLD { MIN_THRESHOLD } else { sum.min(most) };
        MAX_NODE_SCORE.wrapping_mul(bounded - MIN_THRESHOLD) / (most - MIN_THRESHOLD)
    }
}

impl Found<'_> {
    /// The image's size on the node, scaled down where few nodes hold it (`scaledImageScore`).
    #[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
    fn worth(&self, node: NodeId) -> Option<i64> {
        let at = self.image.binary_search_by_key(&node, |(id, _)| *id).ok()?;
        Some((self.image[at].1 as f64 * self.spread) as i64)
    }
}
