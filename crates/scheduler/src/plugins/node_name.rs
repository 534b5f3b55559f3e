//! `NodeName`: a pod that names its node goes nowhere else.
//!
//! Models `pkg/scheduler/framework/plugins/nodename/node_name.go` (v1.36.3). A pod that names its
//! node is bound as far as the API server is concerned and never reaches the queue, so that the
//! rule only speaks when a bound pod is decided again.

use holdfast_cluster::placement::Whereabouts;

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// Turns down every node but the one that is named.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    let fits = match context.placement.instance(context.pod).whereabouts {
        Whereabouts::On(named) => named == node.id,
        Whereabouts::Unlisted => false,
        Whereabouts::Pending | Whereabouts::Gone => true,
    };
    if fits {
        return Ok(());
    }
    reasons.push(Reason::OtherNodeNamed);
    Err(Code::UnschedulableAndUnresolvable)
}

/// The pod names no other node.
pub(crate) fn needs(context: &Context<'_>, node: &NodeInfo<'_>) -> Option<Need> {
    filter(context, node, &mut Vec::new()).is_err().then_some(Need::NameNode)
}
