//! Whose turn it is: who is passed over where a step that might come never does.

use holdfast_cluster::{NodeId, Placement};

use crate::dynamics::Step;

/// Somebody who does something about a pod: what kind of step it is, and the pod's class, workload,
/// node, the node kept free for it, and number. That the scheduler tries a pod is one kind,
/// whatever comes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub [u32; 6]);

impl Actor {
    /// Who takes the step in `placement`.
    pub fn of(placement: &Placement, step: &Step) -> Self {
        let kind = match step {
            Step::Schedule { .. } | Step::Preempt { .. } | Step::GiveUp { .. } => 0,
            Step::Evict { .. } => 1,
            Step::End { .. } => 2,
            Step::Drain { .. } => 3,
            Step::ScaleDown { .. } => 4,
            Step::Renew { .. } => 5,
            Step::Autoscale { .. } => 6,
            Step::Clear { .. } => 7,
            Step::Attach { .. } => 8,
            Step::Start { .. } => 9,
        };
        let known = |node: Option<NodeId>| node.map_or(0, |node| 1 + node.0);
        Self(match step {
            Step::Autoscale { workload, .. } => [kind, 0, workload.0, 0, 0, 0],
            Step::Clear { node } => [kind, 0, 0, known(Some(*node)), 0, 0],
            step => {
                let pod = placement.instance(step.pod().expect("it happens to a pod"));
                let (node, kept) = (known(pod.node()), known(pod.nominated));
                [kind, pod.class.0, pod.workload.0, node, kept, pod.ordinal]
            }
        })
    }
}
