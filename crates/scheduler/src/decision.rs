//! What the scheduler makes of a pod: data, for those who explain.

use holdfast_cluster::{InstanceId, NodeId};

use crate::plugin::Plugin;
use crate::reason::{Failure, Rejection};

/// The outcome of one scheduling cycle, with everything it was based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The pod.
    pub pod: InstanceId,
    /// What became of it.
    pub outcome: Outcome,
    /// Why every node was turned down at once, before any was looked at.
    pub pre_filter: Option<Rejection>,
    /// Each node that exists, by name, and what was said of it; empty if none was looked at or the
    /// cycle failed.
    pub nodes: Vec<(NodeId, NodeVerdict)>,
    /// The node kept free for the pod, if it was looked at first and turned the pod down.
    pub nominated: Option<(NodeId, Rejection)>,
    /// How many nodes exist.
    pub nodes_total: usize,
    /// The plugin whose `PreFilter` left nodes out, if one did.
    pub narrowed_by: Option<Plugin>,
    /// What evicting others would do for an unschedulable pod.
    pub preemption: Option<Preemption>,
}

/// What became of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes to one of these nodes, sorted by name; upstream takes any of them.
    Scheduled {
        /// The nodes with the highest total. Never empty.
        candidates: Vec<NodeId>,
    },
    /// No node takes it.
    Unschedulable,
    /// Scheduling gates hold it back (`PodSpec::gates`).
    Gated,
    /// There is no node at all.
    NoNodes,
    /// The cycle failed, to be tried again.
    Failed(Failure),
}

/// What was said of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeVerdict {
    /// It takes the pod. Scores are there if two nodes or more do.
    Feasible(Option<Scores>),
    /// A plugin turned it down.
    Rejected(Rejection),
    /// `PreFilter` left it out.
    LeftOut,
}

/// The scores of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scores {
    /// Weighted and normalized, by plugin in the profile's order; plugins with nothing to say are
    /// left out.
    pub by_plugin: Vec<(Plugin, i64)>,
    /// Their sum.
    pub total: i64,
}

/// What `DefaultPreemption` finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preemption {
    /// Nodes where evictions would make room, by name. Never empty.
    Helps(Vec<PreemptionCandidate>),
    /// The pod may not evict others (`preemptionPolicy: Never`).
    NotAllowed,
    /// Pods of lower priority are still ending on the node that is kept free for it.
    AlreadyUnderWay,
    /// Evictions help nowhere: what the dry run said of the nodes it looked at. For all others it
    /// holds that evictions would not help.
    DoesNotHelp(Vec<(NodeId, Rejection)>),
}

/// A node where evictions would make room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreemptionCandidate {
    /// The node.
    pub node: NodeId,
    /// Who would have to go, the most important first.
    pub victims: Vec<InstanceId>,
    /// How many of them a disruption budget protects.
    pub budget_violations: usize,
    /// Whether it is, by upstream's five tie-breaks, among the best.
    pub best: bool,
}

impl Preemption {
    /// The candidates that tie at the top.
    pub fn best(&self) -> impl Iterator<Item = &PreemptionCandidate> {
        let all: &[PreemptionCandidate] = match self {
            Self::Helps(candidates) => candidates,
            Self::NotAllowed | Self::AlreadyUnderWay | Self::DoesNotHelp(_) => &[],
        };
        all.iter().filter(|candidate| candidate.best)
    }
}
