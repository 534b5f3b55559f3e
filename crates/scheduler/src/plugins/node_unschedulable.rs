//! `NodeUnschedulable`: cordoned nodes take only pods that tolerate it.
//!
//! Models `pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go` (v1.36.3).

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// Turns down a cordoned node, unless the pod tolerates
/// `node.kubernetes.io/unschedulable:NoSchedule`.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    if !node.usage.unschedulable || context.compiled.taints.of(context.spec_id).tolerates_cordon {
        return Ok(());
    }
    reasons.push(Reason::NodeCordoned);
    Err(Code::UnschedulableAndUnresolvable)
}

/// The node is uncordoned.
pub(crate) fn needs(context: &Context<'_>, node: &NodeInfo<'_>) -> Option<Need> {
    filter(context, node, &mut Vec::new()).is_err().then_some(Need::Uncordon)
}
