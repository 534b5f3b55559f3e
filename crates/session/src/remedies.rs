//! Remedies for what was refuted, workload by workload.

use holdfast_planner::asked::one_by_one;
use holdfast_planner::report::RemediesReport;
use holdfast_planner::{Asked, Effort, Remedies, Repairer};
use holdfast_proof::report::Question;
use holdfast_proof::{Prover, Settings, Summary};
use holdfast_render::beside::Beside;

use crate::rim::Rim;

/// States to search per failure set of a changed cluster, where remedies are asked for.
pub const LONG: usize = 2_000;

/// The same where nobody asked: remedies that are found beside a proof must not slow it down.
const SHORT: usize = 200;

/// Beyond so many pods nobody looks for remedies unasked.
const PODS_MAX: usize = 500;

/// Nor beyond so many failure sets.
const SETS_MAX: u64 = 200;

/// What is tried for each workload unasked, and how many workloads it is tried for.
const QUICK: Effort = Effort { looks: 16, proofs: 6, remedies: 1 };
const WORKLOADS_MAX: usize = 16;

/// Remedies to be told beside the report on a proof; `wanted` looks for them however long it takes.
pub fn beside(
    prover: &Prover<'_>,
    about: (&Question, &Summary),
    wanted: bool,
    rim: &impl Rim,
) -> Beside {
    let (mut remedies, remedies_not_asked) = look(prover, about, |_| true, wanted, rim);
    for one in &mut remedies {
        one.tried.clear();
    }
    Beside { remedies, remedies_not_asked }
}

/// Remedies for the workloads at these positions, of which something is refuted; `wanted` looks for
/// them however long it takes.
pub fn of_these(
    prover: &Prover<'_>,
    about: (&Question, &Summary),
    positions: &[usize],
    wanted: bool,
    rim: &impl Rim,
) -> Vec<RemediesReport> {
    look(prover, about, |at| positions.contains(at), wanted, rim).0
}

/// Remedies for refuted workloads, and for how many of them nobody looked.
fn look(
    prover: &Prover<'_>,
    (question, summary): (&Question, &Summary),
    is_asked: impl Fn(&usize) -> bool,
    wanted: bool,
    rim: &impl Rim,
) -> (Vec<RemediesReport>, usize) {
    let small = prover.cluster().pods().len() <= PODS_MAX
        && summary.sets <= SETS_MAX
        && fails_once(question);
    let (states, effort) = if wanted { (LONG, Effort::default()) } else { (SHORT, QUICK) };
    let sweep = alone(rim);
    let settings = Settings { states_per_set: states, ..prover.settings() };
    let asked = Asked { prover, question, summary, sweep: &sweep, settings };
    let repairer = Repairer { asked, effort };
    let mut refuted: Vec<usize> = repairer.refuted().into_iter().filter(is_asked).collect();
    let all = refuted.len();
    if !wanted {
        refuted.truncate(if small { WORKLOADS_MAX } else { 0 });
    }
    let found = of(&repairer, &refuted, rim);
    let told = found.iter().map(|one| RemediesReport::new(&asked, one)).collect();
    (told, all - refuted.len())
}

/// Whether one node, domain or set is to fail at a time: what several break takes far more proofs.
fn fails_once(question: &Question) -> bool {
    match question {
        Question::AnyNodes(most) | Question::AnyDomains(_, most) => *most == 1,
        Question::Set(_) => true,
    }
}

/// Remedies for these workloads, until somebody asks to stop: what was found by then is told.
pub fn of(repairer: &Repairer<'_, '_>, positions: &[usize], rim: &impl Rim) -> Vec<Remedies> {
    let repair = |position: &usize| (!rim.stopped()).then(|| repairer.repair(*position));
    let found: Vec<Option<Remedies>> = rim.each(positions, repair);
    found.into_iter().map_while(|one| one).collect()
}

/// Examines all sets one by one where it is asked: others may be busy with other workloads. One
/// that was left out, as somebody asked to stop, leaves the answer incomplete.
pub fn alone(rim: &impl Rim) -> impl Fn(&Prover<'_>, &Question) -> Summary + Sync + '_ {
    |prover, question| one_by_one(prover, question, || rim.stopped())
}
