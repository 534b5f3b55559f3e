//! `NodeDeclaredFeatures`: the kubelet must declare the features that the pod needs.
//!
//! Models `pkg/scheduler/framework/plugins/nodedeclaredfeatures/nodedeclaredfeatures.go` (v1.36.3)
//! and `FeatureMapper` of `k8s.io/component-helpers/nodedeclaredfeatures/featureset.go` (v0.36.3).

use holdfast_cluster::{Cluster, Symbol};

use super::{Context, Verdict};
use crate::needs::Need;
use crate::node_info::NodeInfo;
use crate::reason::{Code, Reason};

/// The features that scheduling or resizing may ask for (`features.AllFeatures`), sorted.
const REGISTERED: [&str; 5] = [
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "RestartAllContainersOnContainerExits",
    "UserNamespacesHostNetworkSupport",
];

/// Turns down nodes whose kubelet lacks a feature.
pub(crate) fn filter(
    context: &Context<'_>,
    node: &NodeInfo<'_>,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    let wanted = &context.spec.required_features;
    if wanted.is_empty() {
        return Ok(());
    }
    let declared = declared(context.cluster, &node.node.declared_features);
    if wanted.iter().all(|wanted| declared.contains(wanted)) {
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
    let declared = declared(context.cluster, &node.node.declared_features);
    let wanted = context.spec.required_features.iter();
    wanted.filter(move |wanted| !declared.contains(wanted)).map(|wanted| Need::Feature(*wanted))
}

/// The registered features in a list (`TryMap`). Kubelets list them sorted, and upstream takes that
/// for granted: what stands behind something that sorts after it is missed.
fn declared(cluster: &Cluster, listed: &[Symbol]) -> Vec<Symbol> {
    let mut registered = REGISTERED.into_iter().peekable();
    let mut found = Vec::new();
    for &symbol in listed {
        let text = cluster.text(symbol);
        while registered.next_if(|known| *known < text).is_some() {}
        if registered.next_if_eq(&text).is_some() {
            found.push(symbol);
        }
    }
    found
}
