//! All failure sets on all cores, answers joined in the order of the sets.

mod pool;

use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_cluster::NodeId;
use holdfast_planner::recovery::Enough;
use holdfast_proof::report::Question;
use holdfast_proof::scenario::count_up_to;
use holdfast_proof::{FailureSet, Prover, Summary};
use rayon::prelude::*;

use crate::interrupt;
use crate::progress::Progress;
use pool::Pool;

/// How many sets are handed out at once: enough to keep every core busy, few enough to show
/// progress.
const BATCH: usize = 1_024;

/// How many sets are handed out at once where the first few may be enough.
const FEW: usize = 16;

/// Examines the sets that the question asks for in their order, until enough is known or somebody
/// interrupts: what was examined by then is told, and is not all. The answer does not depend on the
/// number of threads.
pub fn until(prover: &Prover<'_>, question: &Question, enough: &mut Enough<'_>) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let stopped = interrupt::flag();
    let mut sets = question.sets(&nodes);
    let mut summary = Summary::new(prover);
    let pool = Pool::new(prover);
    while summary.complete {
        let batch: Vec<FailureSet> = sets.by_ref().take(FEW).collect();
        if batch.is_empty() {
            break;
        }
        let examined: Vec<_> = batch
            .par_iter()
            .map_init(|| pool.lend(), |workspace, set| prover.examine(workspace, set))
            .collect();
        for (set, examination) in batch.iter().zip(&examined) {
            summary.add(set, examination);
            if enough(examination) || stopped.load(Ordering::Relaxed) {
                summary.complete = false;
                break;
            }
        }
    }
    summary.finish();
    summary
}

/// Examines every set that the question asks for, until `stopped` is set: what was examined by then
/// is told, and is not all. The answer does not depend on the number of threads.
pub fn sweep(prover: &Prover<'_>, question: &Question, stopped: &AtomicBool) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let total = match question {
        Question::AnyNodes(most) => count_up_to(nodes.len(), *most).unwrap_or(u64::MAX),
        Question::AnyDomains(domains, most) => {
            count_up_to(domains.all.len(), *most).unwrap_or(u64::MAX)
        }
        Question::Set(_) => 2,
    };
    let mut sets = question.orbits(&nodes, prover.symmetry());
    let mut progress = Progress::new(total);
    let mut summary = Summary::new(prover);
    let pool = Pool::new(prover);
    loop {
        let batch: Vec<(FailureSet, u64)> = sets.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let examined: Vec<_> = batch
            .par_iter()
            .map_init(
                || pool.lend(),
                |workspace, (set, _)| {
                    let stopped = stopped.load(Ordering::Relaxed);
                    (!stopped).then(|| prover.examine(workspace, set))
                },
            )
            .collect();
        for ((set, count), examination) in batch.iter().zip(&examined) {
            // What is behind a set that was left out is left out, too, so that the sets that were
            // examined are the first ones.
            let Some(examination) = examination else {
                summary.complete = false;
                break;
            };
            summary.add_orbit((set, *count), examination);
        }
        if !summary.complete {
            break;
        }
        progress.advance(batch.iter().map(|(_, count)| count).sum());
    }
    summary.finish();
    summary
}
