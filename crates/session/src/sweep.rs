//! All failure sets, answers joined in the order of the sets.

use holdfast_cluster::NodeId;
use holdfast_planner::recovery::Enough;
use holdfast_proof::report::Question;
use holdfast_proof::scenario::count_up_to;
use holdfast_proof::{FailureSet, Prover, Summary};

use crate::pool::Pool;
use crate::rim::Rim;

/// How many sets are handed out at once where the first few may be enough.
const FEW: usize = 16;

/// [`until`] as the planner asks for it.
pub fn few(
    rim: &impl Rim,
) -> impl Fn(&Prover<'_>, &Question, &mut Enough<'_>) -> Summary + Sync + '_ {
    |prover, question, enough| until(prover, question, enough, rim)
}

/// Examines the sets that the question asks for in their order, until enough is known or somebody
/// asks to stop: what was examined by then is told, and is not all.
pub fn until(
    prover: &Prover<'_>,
    question: &Question,
    enough: &mut Enough<'_>,
    rim: &impl Rim,
) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let mut sets = question.sets(&nodes);
    let mut summary = Summary::new(prover);
    let pool = Pool::new(|| prover.workspace());
    while summary.complete {
        let batch: Vec<FailureSet> = sets.by_ref().take(FEW).collect();
        if batch.is_empty() {
            break;
        }
        let examined =
            rim.each(&batch, |set| pool.with(|workspace| prover.examine(workspace, set)));
        for (set, examination) in batch.iter().zip(&examined) {
            summary.add(set, examination);
            if enough(examination) || rim.stopped() {
                summary.complete = false;
                break;
            }
        }
    }
    summary.finish();
    summary
}

/// Examines every set that the question asks for, until somebody asks to stop: what was examined by
/// then is told, and is not all.
pub fn sweep<R: Rim>(prover: &Prover<'_>, question: &Question, rim: &R) -> Summary {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let total = match question {
        Question::AnyNodes(most) => count_up_to(nodes.len(), *most).unwrap_or(u64::MAX),
        Question::AnyDomains(domains, most) => {
            count_up_to(domains.all.len(), *most).unwrap_or(u64::MAX)
        }
        Question::Set(_) => 2,
    };
    let mut sets = question.orbits(&nodes, prover.symmetry());
    let mut summary = Summary::new(prover);
    let pool = Pool::new(|| prover.workspace());
    let mut done = 0;
    while summary.complete {
        let batch: Vec<(FailureSet, u64)> = sets.by_ref().take(R::BATCH).collect();
        if batch.is_empty() {
            break;
        }
        rim.progress(done, total);
        let examined = rim.each(&batch, |(set, _)| {
            (!rim.stopped()).then(|| pool.with(|workspace| prover.examine(workspace, set)))
        });
        for ((set, count), examination) in batch.iter().zip(&examined) {
            // What is behind a set that was left out is left out, too, so that the sets that were
            // examined are the first ones.
            let Some(examination) = examination else {
                summary.complete = false;
                break;
            };
            summary.add_orbit((set, *count), examination);
        }
        done += batch.iter().map(|(_, count)| count).sum::<u64>();
    }
    rim.progress(total, total);
    summary.finish();
    summary
}
