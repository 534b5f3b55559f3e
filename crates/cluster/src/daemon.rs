//! On which nodes the pods of a DaemonSet belong.

use crate::selector::{NodeSelector, NodeSelectorTerm, Operator, Requirement};
use crate::taint::Effect;
use crate::{Node, PodSpec, Symbol, Symbols};

/// Whether the DaemonSet controller would run a pod of this spec on a node
/// (`NodeShouldRunDaemonPod`, `pkg/controller/daemon/daemon_controller.go`, v1.36.3).
pub fn belongs(spec: &PodSpec, node: &Node, symbols: &Symbols) -> bool {
    let tolerated = node.taints.iter().all(|taint| {
        taint.effect == Effect::PreferNoSchedule
            || spec.tolerations.iter().any(|toleration| toleration.tolerates(taint, symbols, false))
    });
    spec.selects(node, symbols) && tolerated
}

/// The node affinity that ties a pod to its node (`ReplaceDaemonSetPodNodeNameNodeAffinity`,
/// `pkg/controller/daemon/util/daemonset_util.go`, v1.36.3); `name_field` is `metadata.name`.
pub fn pin(node: Symbol, name_field: Symbol) -> NodeSelector {
    let field = Requirement { key: name_field, operator: Operator::In([node].into()) };
    let term = NodeSelectorTerm { expressions: [].into(), fields: [field].into() };
    NodeSelector { terms: [term].into() }
}

/// The node that a pod is tied to (`GetTargetNodeName`).
pub fn pinned_to(spec: &PodSpec) -> Option<Symbol> {
    let terms = &spec.node_affinity.required.as_ref()?.terms;
    terms.iter().flat_map(|term| term.fields.iter()).find_map(|field| match &field.operator {
        Operator::In(names) if names.len() == 1 => Some(names[0]),
        _ => None,
    })
}
