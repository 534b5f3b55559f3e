//! `NodeResourcesBalancedAllocation`: likes nodes where the pod evens out the use of resources.
//!
//! Models `pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go` (v1.36.3): the
//! floats are Go's `float64`, operation for operation.

use holdfast_cluster::profile::ResourceName;

use super::{Context, MAX_NODE_SCORE};
use crate::node_info::NodeInfo;

/// Whether there is anything to score: pods that request none of the resources are left out.
pub(crate) fn scores(context: &Context<'_>) -> bool {
    let requests = &context.spec.requests;
    context.compiled.profile.balanced.iter().any(|name| name.of(requests) != 0)
}

/// How much better balanced the node would be, 50 for much worse to 100 for much better.
pub(crate) fn score(context: &Context<'_>, node: &NodeInfo<'_>) -> i64 {
    let with = balance(context, node, i64::wrapping_add);
    let without = balance(context, node, |used, _| used);
    MAX_NODE_SCORE / 2 + (MAX_NODE_SCORE / 2 + with - without) / 2
}

/// 100 for perfect balance. Resources that the node has none of do not count, nor do scalar ones
/// that the pod does not ask for (`calculateNodeAllocatableRequest`).
#[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
fn balance(context: &Context<'_>, node: &NodeInfo<'_>, requested: fn(i64, i64) -> i64) -> i64 {
    let fraction = |name: &ResourceName| {
        let wanted = name.of(&context.spec.requests);
        let usable = name.of(&node.node.allocatable);
        let counts = usable != 0 && (wanted != 0 || !matches!(name, ResourceName::Scalar(_)));
        let requested = requested(name.of(&node.usage.requested), wanted);
        counts.then(|| (requested as f64 / usable as f64).min(1.0))
    };
    let fractions = context.compiled.profile.balanced.iter().filter_map(fraction);
    ((1.0 - deviation(fractions)) * MAX_NODE_SCORE as f64) as i64
}

/// The standard deviation; of two fractions it is half their difference.
fn deviation(fractions: impl Iterator<Item = f64> + Clone) -> f64 {
    let (count, total) = fractions.clone().fold((0, 0.0), |(n, sum), one| (n + 1, sum + one));
    match count {
        0 | 1 => 0.0,
        2 => fractions.reduce(|one, other| one - other).map_or(0.0, |apart| (apart / 2.0).abs()),
        count => {
            let mean = total / f64::from(count);
            let squares = fractions.fold(0.0, |sum, one| sum + (one - mean) * (one - mean));
            (squares / f64::from(count)).sqrt()
        }
    }
}
