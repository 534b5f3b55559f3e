//! All failure sets on all cores, answers joined in the order of the sets.

use holdfast_cluster::NodeId;
use holdfast_proof::report::Question;
use holdfast_proof::scenario::{count_up_to, sets_up_to};
use holdfast_proof::{FailureSet, Prover, Summary};
use rayon::prelude::*;

use crate::progress::Progress;

/// How many sets are handed out at once: enough to keep every core busy, few enough to show
/// progress.
const BATCH: usize = 256;

/// Examines every set that the question asks for. The answer does not depend on the number of
/// threads.
pub fn sweep(prover: &Prover<'_>, question: &Question) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let total = match question {
        Question::AnyNodes(most) => count_up_to(nodes.len(), *most).unwrap_or(u64::MAX),
        Question::Set(_) => 2,
    };
    let mut sets: Box<dyn Iterator<Item = FailureSet>> = match question {
        Question::AnyNodes(most) => Box::new(sets_up_to(&nodes, *most)),
        Question::Set(set) => Box::new([FailureSet::default(), set.clone()].into_iter()),
    };
    let mut progress = Progress::new(total);
    let mut summary = Summary::new(prover);
    loop {
        let batch: Vec<FailureSet> = sets.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return summary;
        }
        let examined: Vec<_> = batch
            .par_iter()
            .map_init(|| prover.workspace(), |workspace, set| prover.examine(workspace, set))
            .collect();
        for (set, examination) in batch.iter().zip(&examined) {
            summary.add(set, examination);
        }
        progress.advance(batch.len() as u64);
    }
}
