//! `NodeDeclaredFeatures`: the kubelet must declare the features that the pod needs.
//!
//! Models `pkg/scheduler/framework/plugins/nodedeclaredfeatures/nodedeclaredfeatures.go` (v1.36.3).

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// Turns down nodes whose kubelet lacks a feature.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    let declared = &node.node.declared_features;
    if context.spec.required_features.iter().all(|wanted| declared.contains(wanted)) {
        return Ok(());
    }
    reasons.push(Reason::FeatureMissing);
    Err(Code::UnschedulableAndUnresolvable)
}

/// The features that the kubelet lacks.
pub(crate) fn needs<'a>(
    context: &Context<'a>,
    node: &NodeInfo<'a>,
) -> impl Iterator<Item = Need> + use<'a> {
    let declared = &node.node.declared_features;
    let wanted = context.spec.required_features.iter();
    wanted.filter(|wanted| !declared.contains(wanted)).map(|wanted| Need::Feature(*wanted))
}
