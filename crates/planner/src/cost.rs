//! Which of two proposals is cheaper.
//!
//! No prices are invented: the order is by what a change takes. A rule costs nobody anything while
//! all is well; another replica takes room that is there; a raised priority takes it from somebody;
//! another copy of a volume takes disks; another node is a machine. Of equal cost is what was
//! proposed first, which is what is closest to why the claim was refuted.

use holdfast_cluster::change::Edit;
use holdfast_cluster::{Change, Cluster};

/// What a rule costs: tolerations, anti-affinity, spread.
const RULE: u64 = 1;
/// What it costs to say something else of a node: its labels, its taints.
const NODE_RULE: u64 = 2;
/// What it costs to give up a rule that somebody made: where pods may run.
const LOOSER: u64 = 3;
/// What one pod fewer costs: less work is done.
const FEWER: u64 = 5;
/// What it costs to outrank others.
const RANK: u64 = 8;
/// What another pod costs.
const REPLICA: u64 = 10;
/// What another copy of a volume costs.
const COPY: u64 = 20;
/// What a node costs: more than anything else together that is proposed beside it.
const NODE: u64 = 1_000;

/// What the changes cost together, made to a cluster in their order.
pub fn of(cluster: &Cluster, changes: &[Change]) -> u64 {
    changes.iter().map(|change| one(cluster, change)).sum()
}

fn one(cluster: &Cluster, change: &Change) -> u64 {
    match change {
        Change::Replicas { workload, replicas } => {
            let (before, after) = (cluster.workload(*workload).desired, i64::from(*replicas));
            let each = if after < before { FEWER } else { REPLICA };
            after.abs_diff(before) * each
        }
        Change::Template { edit: Edit::Priority { .. }, .. } => RANK,
        Change::Copies { .. } => COPY,
        Change::AddNode(_) => NODE,
        Change::Template { edit: Edit::NodeSelector { value: None, .. }, .. } => LOOSER,
        Change::Template { .. }
        | Change::Strategy { .. }
        | Change::Budget { .. }
        | Change::NoBudget { .. } => RULE,
        Change::RemoveNode(_)
        | Change::Cordon { .. }
        | Change::Taint { .. }
        | Change::Untaint { .. }
        | Change::Label { .. } => NODE_RULE,
    }
}
