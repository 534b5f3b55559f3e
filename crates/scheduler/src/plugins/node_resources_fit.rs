//! `NodeResourcesFit`: requests must fit into what is allocatable; scores by what stays free.
//!
//! Models
//! `pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated,resource_allocation}.go`
//! (v1.36.3). Subtraction, multiplication and the like wrap as Go's do.

use holdfast_cluster::{Cluster, Resources};

use super::{Context, MAX_NODE_SCORE, Verdict};
use crate::needs::{Amount, Need, ResourceName};
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

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
        resolvable &= check_scalars(requests, usable, used, reasons);
        sort_scalars(context.cluster, &mut reasons[named..]);
    }
    if reasons.len() == before {
        return Ok(());
    }
    Err(if resolvable { Code::Unschedulable } else { Code::UnschedulableAndUnresolvable })
}

/// Extended resources and huge pages; returns whether evictions could help.
fn check_scalars(
    requests: &Resources,
    usable: &Resources,
    used: &Resources,
    reasons: &mut Vec<Reason>,
) -> bool {
    let mut resolvable = true;
    for &(name, wanted) in &requests.scalars {
        let usable = usable.scalar(name);
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
    let mut scalars = requests.scalars.clone();
    scalars.sort_by_key(|(name, _)| cluster.text(*name));
    amounts.extend(scalars.into_iter().map(|(name, wanted)| {
        (ResourceName::Other(name), wanted, usable.scalar(name), used.scalar(name))
    }));
    let short = amounts.into_iter().filter_map(|(resource, wanted, usable, used)| {
        let amount = Amount { resource, wanted, usable, used };
        // Upstream lets nobody ask for less than nothing of the first three.
        let asked = wanted > 0 || (wanted < 0 && matches!(resource, ResourceName::Other(_)));
        (asked && wanted > amount.free()).then_some(Need::Amount(amount))
    });
    slot.into_iter().chain(short).collect()
}

/// Upstream walks a map here; by name is as good an order as any.
fn sort_scalars(cluster: &Cluster, reasons: &mut [Reason]) {
    let name = |reason: &Reason| match reason {
        Reason::Insufficient(name) => cluster.text(*name),
        _ => "",
    };
    reasons.sort_by(|a, b| name(a).cmp(name(b)));
}

/// `LeastAllocated` over CPU and memory, weighing the same: the share that would stay free, out of
/// 100.
pub(crate) fn score(context: &Context<'_>, node: &NodeInfo<'_>) -> i64 {
    let (wanted, used) = (context.spec.arriving_requests, node.usage.scored);
    let usable = &node.node.allocatable;
    let mut sum = 0;
    let mut weights = 0;
    for (wanted, used, usable) in [
        (wanted.cpu_milli, used.cpu_milli, usable.cpu_milli),
        (wanted.memory, used.memory, usable.memory),
    ] {
        if usable != 0 {
            sum += least_requested(used.wrapping_add(wanted), usable);
            weights += 1;
        }
    }
    if weights == 0 { 0 } else { sum / weights }
}

fn least_requested(requested: i64, capacity: i64) -> i64 {
    if requested > capacity {
        return 0;
    }
    capacity.wrapping_sub(requested).wrapping_mul(MAX_NODE_SCORE).wrapping_div(capacity)
}
