//! `NodeResourcesFit`: requests must fit into what is allocatable; scores by what stays free.
//!
//! Models
//! `pkg/scheduler/framework/plugins/noderesources/{fit,resource_allocation}.go`, of the same folder
//! `least_allocated.go`, `most_allocated.go` and `requested_to_capacity_ratio.go`, and
//! `helper/shape_score.go` (v1.36.3). Subtraction, multiplication and the like wrap as Go's do.

use holdfast_cluster::profile::{FitArgs, ResourceName, Strategy};
use holdfast_cluster::{Cluster, Resources, Symbol};

use super::{Context, MAX_NODE_SCORE, Verdict};
use crate::needs::{Amount, Need};
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// Whole use, in percent (`maxUtilization`).
const FULL: i64 = 100;

/// Turns down nodes with too little left, naming all that is short. Evictions cannot help where the
/// node as a whole is too small.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    let before = reasons.len();
    let mut resolvable = true;
    let requests = &context.spec.requests;
    let (usable, used) = (&node.node.allocatable, &node.usage.requested);
    let running = i64::try_from(node.usage.pods.len()).unwrap_or(i64::MAX - 1);
    if running + 1 > node.node.pods_allocatable {
        reasons.push(Reason::TooManyPods);
    }
    let mut check = |wanted: i64, usable: i64, used: i64, reason: Reason| {
        if wanted > 0 && wanted > usable.wrapping_sub(used) {
            reasons.push(reason);
            resolvable &= wanted <= usable;
        }
    };
    check(requests.cpu_milli, usable.cpu_milli, used.cpu_milli, Reason::InsufficientCpu);
    check(requests.memory, usable.memory, used.memory, Reason::InsufficientMemory);
    check(
        requests.ephemeral_storage,
        usable.ephemeral_storage,
        used.ephemeral_storage,
        Reason::InsufficientEphemeralStorage,
    );
    if !requests.scalars.is_empty() {
        let named = reasons.len();
        resolvable &= check_scalars(context, usable, used, reasons);
        sort_scalars(context.cluster, &mut reasons[named..]);
    }
    if reasons.len() == before {
        return Ok(());
    }
    Err(if resolvable { Code::Unschedulable } else { Code::UnschedulableAndUnresolvable })
}

/// Extended resources and huge pages; returns whether evictions could help.
fn check_scalars(
    context: &Context<'_>,
    usable: &Resources,
    used: &Resources,
    reasons: &mut Vec<Reason>,
) -> bool {
    let mut resolvable = true;
    let args = &context.compiled.profile.fit;
    for &(name, wanted) in &context.spec.requests.scalars {
        let usable = usable.scalar(name);
        if is_ignored(context.cluster, args, name) {
            continue;
        }
        if wanted != 0 && wanted > usable.wrapping_sub(used.scalar(name)) {
            reasons.push(Reason::Insufficient(name));
            resolvable &= wanted <= usable;
        }
    }
    resolvable
}

/// What is short on the node, scalar resources by name.
pub(crate) fn needs(context: &Context<'_>, node: &NodeInfo<'_>) -> Vec<Need> {
    let Context { cluster, spec, .. } = *context;
    let (requests, usable, used) = (&spec.requests, &node.node.allocatable, &node.usage.requested);
    let running = i64::try_from(node.usage.pods.len()).unwrap_or(i64::MAX - 1);
    let limit = node.node.pods_allocatable;
    let slot = (running + 1 > limit).then_some(Need::PodSlot { running, limit });
    let mut amounts = vec![
        (ResourceName::Cpu, requests.cpu_milli, usable.cpu_milli, used.cpu_milli),
        (ResourceName::Memory, requests.memory, usable.memory, used.memory),
        (
            ResourceName::EphemeralStorage,
            requests.ephemeral_storage,
            usable.ephemeral_storage,
            used.ephemeral_storage,
        ),
    ];
    let args = &context.compiled.profile.fit;
    let mut scalars = requests.scalars.clone();
    scalars.retain(|(name, _)| !is_ignored(cluster, args, *name));
    scalars.sort_by_key(|(name, _)| cluster.text(*name));
    amounts.extend(scalars.into_iter().map(|(name, wanted)| {
        (ResourceName::Scalar(name), wanted, usable.scalar(name), used.scalar(name))
    }));
    let short = amounts.into_iter().filter_map(|(resource, wanted, usable, used)| {
        let amount = Amount { resource, wanted, usable, used };
        // Upstream lets nobody ask for less than nothing of the first three.
        let asked = wanted > 0 || (wanted < 0 && matches!(resource, ResourceName::Scalar(_)));
        (asked && wanted > amount.free()).then_some(Need::Amount(amount))
    });
    slot.into_iter().chain(short).collect()
}

/// Whether the profile lets pods have the extended resource without asking.
fn is_ignored(cluster: &Cluster, args: &FitArgs, name: Symbol) -> bool {
    if args.ignored.is_empty() && args.ignored_groups.is_empty() {
        return false;
    }
    let text = cluster.text(name);
    let Some((group, _)) = text.split_once('/') else { return false };
    // The others are Kubernetes' own (`IsExtendedResourceName`, `pkg/apis/core/v1/helper`).
    let is_extended = !text.contains("kubernetes.io/") && !text.starts_with("requests.");
    is_extended
        && (args.ignored.contains(&name)
            || args.ignored_groups.iter().any(|known| **known == *group))
}

/// Upstream walks a map here; by name is as good an order as any.
fn sort_scalars(cluster: &Cluster, reasons: &mut [Reason]) {
    let name = |reason: &Reason| match reason {
        Reason::Insufficient(name) => cluster.text(*name),
        _ => "",
    };
    reasons.sort_by(|a, b| name(a).cmp(name(b)));
}

/// How the profile likes the use that the node would come to, out of 100: each resource by its
/// weight. Resources that the node has none of do not count, nor do scalar ones that the pod does
/// not ask for.
pub(crate) fn score(context: &Context<'_>, node: &NodeInfo<'_>) -> i64 {
    let args = &context.compiled.profile.fit;
    let (mut sum, mut weights) = (0_i64, 0);
    for &(name, weight) in &args.resources {
        let Some((requested, usable)) = use_of(context, node, name) else { continue };
        let score = match &args.strategy {
            Strategy::LeastAllocated => least_requested(requested, usable),
            Strategy::MostAllocated => most_requested(requested, usable),
            Strategy::RequestedToCapacityRatio(shape) => by_shape(shape, requested, usable),
        };
        if score > 0 || !matches!(args.strategy, Strategy::RequestedToCapacityRatio(_)) {
            sum = sum.wrapping_add(score.wrapping_mul(weight));
            weights += weight;
        }
    }
    match args.strategy {
        _ if weights == 0 => 0,
        Strategy::RequestedToCapacityRatio(_) => rounded(sum, weights),
        Strategy::LeastAllocated | Strategy::MostAllocated => sum / weights,
    }
}

/// What would be in use of a resource of the node, and what there is; `None` where it does not
/// count (`calculateNodeAllocatableRequest`).
fn use_of(context: &Context<'_>, node: &NodeInfo<'_>, name: ResourceName) -> Option<(i64, i64)> {
    let (usable, used) = (&node.node.allocatable, &node.usage.requested);
    let (wanted, used, usable) = match name {
        // With a floor for containers that ask for nothing.
        ResourceName::Cpu => {
            let arriving = context.spec.arriving_requests.cpu_milli;
            (arriving, node.usage.scored.cpu_milli, usable.cpu_milli)
        }
        ResourceName::Memory => {
            let arriving = context.spec.arriving_requests.memory;
            (arriving, node.usage.scored.memory, usable.memory)
        }
        name => (name.of(&context.spec.requests), name.of(used), name.of(usable)),
    };
    let counts = usable != 0 && (wanted != 0 || !matches!(name, ResourceName::Scalar(_)));
    counts.then_some((used.wrapping_add(wanted), usable))
}

fn least_requested(requested: i64, capacity: i64) -> i64 {
    if requested > capacity {
        return 0;
    }
    capacity.wrapping_sub(requested).wrapping_mul(MAX_NODE_SCORE).wrapping_div(capacity)
}

fn most_requested(requested: i64, capacity: i64) -> i64 {
    requested.min(capacity).wrapping_mul(MAX_NODE_SCORE).wrapping_div(capacity)
}

/// The score that the shape has for the use, in percent (`BuildBrokenLinearFunction`).
fn by_shape(shape: &[(i64, i64)], requested: i64, capacity: i64) -> i64 {
    let percent = if requested > capacity {
        FULL
    } else {
        requested.wrapping_mul(FULL).wrapping_div(capacity)
    };
    let Some(at) = shape.iter().position(|(used, _)| percent <= *used) else {
        return shape.last().map_or(0, |(_, score)| *score);
    };
    let (right, above) = shape[at];
    let Some((left, below)) = at.checked_sub(1).map(|before| shape[before]) else { return above };
    below + (above - below) * (percent - left) / (right - left)
}

#[expect(clippy::cast_precision_loss, reason = "as upstream's float64(int64)")]
fn rounded(sum: i64, weights: i64) -> i64 {
    (sum as f64 / weights as f64).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of upstream's `TestBrokenLinearFunction`
    /// (`requested_to_capacity_ratio_test.go`, v1.36.3).
    #[test]
    fn shapes_are_upstream_s_own() {
        type Table = (&'static [(i64, i64)], &'static [(i64, i64)]);
        const TABLES: [Table; 3] = [
            (
                &[(10, 1), (90, 9)],
                &[(-10, 1), (0, 1), (9, 1), (10, 1), (15, 1), (19, 1), (20, 2), (89, 8), (90, 9)],
            ),
            (
                &[(0, 2), (40, 10), (100, 0)],
                &[(-10, 2), (0, 2), (20, 6), (30, 8), (40, 10), (70, 5), (100, 0), (110, 0)],
            ),
            (&[(0, 2), (40, 2), (100, 2)], &[(-10, 2), (20, 2), (70, 2), (110, 2)]),
        ];
        for (shape, scores) in TABLES {
            for &(used, score) in scores {
                assert_eq!(by_shape(shape, used, 100), score, "{used} of {shape:?}");
            }
        }
    }
}
