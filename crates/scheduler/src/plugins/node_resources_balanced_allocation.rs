//! `NodeResourcesBalancedAllocation`: likes nodes where the pod evens out the use of CPU and
//! memory.
//!
//! Models `pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go` (v1.36.3): the
//! floats are Go's `float64`, operation for operation.

use super::{Context, MAX_NODE_SCORE};
use crate::node_info::NodeInfo;

/// Whether there is anything to score: pods that request neither CPU nor memory are left out.
pub(crate) fn scores(context: &Context<'_>) -> bool {
    let requests = &context.spec.requests;
    requests.cpu_milli != 0 || requests.memory != 0
}

/// How much better balanced the node would be, 50 for much worse to 100 for much better.
pub(crate) fn score(context: &Context<'_>, node: &NodeInfo<'_>) -> i64 {
    let (wanted, used) = (&context.spec.requests, &node.usage.requested);
    let usable = &node.node.allocatable;
    let usable = [usable.cpu_milli, usable.memory];
    // Where a resource is not allocatable upstream leaves the whole entry at zero.
    let with =
        [used.cpu_milli.wrapping_add(wanted.cpu_milli), used.memory.wrapping_add(wanted.memory)];
    let without = [used.cpu_milli, used.memory];
    MAX_NODE_SCORE / 2 + (MAX_NODE_SCORE / 2 + balance(with, usable) - balance(without, usable)) / 2
}

/// 100 for perfect balance; the standard deviation of two fractions is half their difference.
#[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
fn balance(requested: [i64; 2], usable: [i64; 2]) -> i64 {
    let deviation = if usable.contains(&0) {
        0.0
    } else {
        let fraction = |at: usize| (requested[at] as f64 / usable[at] as f64).min(1.0);
        ((fraction(0) - fraction(1)) / 2.0).abs()
    };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}
