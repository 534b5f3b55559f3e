//! Remedies for what was refuted: for each workload on a core of its own.

use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_planner::asked::one_by_one;
use holdfast_planner::report::RemediesReport;
use holdfast_planner::{Asked, Effort, Remedies, Repairer};
use holdfast_proof::report::Question;
use holdfast_proof::{Prover, Settings, Summary};
use rayon::prelude::*;
use serde::Serialize;

use crate::interrupt;

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

/// What was found beside a proof.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// By workload, in the report's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<RemediesReport>,
    /// Refuted workloads for which nobody looked for one.
    #[serde(skip_serializing_if = "is_zero")]
    pub remedies_not_asked: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Remedies to be told beside the report on a proof; `wanted` looks for them however long it takes.
pub fn beside(prover: &Prover<'_>, question: &Question, summary: &Summary, wanted: bool) -> Beside {
    let all = |_: &usize| true;
    let (mut remedies, remedies_not_asked) = look(prover, (question, summary), all, wanted);
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
) -> Vec<RemediesReport> {
    look(prover, about, |at| positions.contains(at), wanted).0
}

/// Remedies for refuted workloads, and for how many of them nobody looked.
fn look(
    prover: &Prover<'_>,
    (question, summary): (&Question, &Summary),
    is_asked: impl Fn(&usize) -> bool,
    wanted: bool,
) -> (Vec<RemediesReport>, usize) {
    let small = prover.cluster().pods().len() <= PODS_MAX
        && summary.sets <= SETS_MAX
        && fails_once(question);
    let (states, effort) = if wanted { (LONG, Effort::default()) } else { (SHORT, QUICK) };
    let asked = asked(prover, question, summary, states);
    let repairer = Repairer { asked, effort };
    let mut refuted: Vec<usize> = repairer.refuted().into_iter().filter(is_asked).collect();
    let all = refuted.len();
    if !wanted {
        refuted.truncate(if small { WORKLOADS_MAX } else { 0 });
    }
    let found = of(&repairer, &refuted);
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

/// A question that was answered, to be asked of changed clusters too.
pub fn asked<'a, 'c>(
    prover: &'a Prover<'c>,
    question: &'a Question,
    summary: &'a Summary,
    states_per_set: usize,
) -> Asked<'a, 'c> {
    let settings = Settings { states_per_set, ..prover.settings() };
    Asked { prover, question, summary, sweep: &sweep, settings }
}

/// Remedies for every workload about which a claim is refuted.
pub fn of_all(repairer: &Repairer<'_, '_>) -> Vec<Remedies> {
    of(repairer, &repairer.refuted())
}

/// Remedies for these, until somebody interrupts: what was found by then is told.
fn of(repairer: &Repairer<'_, '_>, positions: &[usize]) -> Vec<Remedies> {
    let stopped: &AtomicBool = interrupt::flag();
    let repair =
        |position: &usize| (!stopped.load(Ordering::Relaxed)).then(|| repairer.repair(*position));
    let found: Vec<Option<Remedies>> = positions.par_iter().map(repair).collect();
    found.into_iter().map_while(|one| one).collect()
}

/// Examines all sets on the thread that asks: others are busy with other workloads. One that was
/// left out, as somebody interrupted, leaves the answer incomplete.
fn sweep(prover: &Prover<'_>, question: &Question) -> Summary {
    one_by_one(prover, question, || interrupt::flag().load(Ordering::Relaxed))
}
