//! The runs that refute claims, each followed once for all subjects that it refutes.

use std::collections::BTreeMap;

use super::{Counterexample, Namer, is_smaller_at_once};
use crate::prover::{Finding, Prover, Workspace};
use crate::scenario::FailureSet;
use crate::summary::Summary;

/// What is told of the runs against each subject, by position.
#[derive(Default)]
pub(super) struct Told {
    /// Against its recovery.
    pub(super) recovered: BTreeMap<usize, Counterexample>,
    /// Behind what leaves it without pods at once, where that takes a smaller set.
    pub(super) at_once: BTreeMap<usize, Counterexample>,
}

/// A set, what it does to a subject, and whom that refutes: subjects and how many pods of each
/// should serve.
struct Run<'s> {
    set: &'s FailureSet,
    finding: &'s Finding,
    subjects: Vec<(usize, u32)>,
}

impl Told {
    pub(super) fn of(
        namer: &Namer<'_>,
        prover: &Prover<'_>,
        summary: &Summary,
        workspace: &mut Workspace,
    ) -> Self {
        let subjects = || summary.subjects.iter().enumerate();
        let recovered =
            subjects().filter_map(|(at, it)| Some((at, it.recovered.counterexample.as_ref()?)));
        let at_once = subjects()
            .filter(|(_, it)| is_smaller_at_once(it))
            .filter_map(|(at, it)| Some((at, it.immediately.counterexample.as_ref()?)));
        let mut tell = |runs: Vec<Run<'_>>| -> BTreeMap<usize, Counterexample> {
            let told = runs.into_iter().flat_map(|Run { set, finding, subjects }| {
                prover.witnesses(workspace, (set, finding), &subjects, |at, witness, end| {
                    (at, namer.counterexample(witness, end, at, prover))
                })
            });
            told.collect()
        };
        Self { recovered: tell(runs(recovered)), at_once: tell(runs(at_once)) }
    }
}

/// The runs against these subjects.
fn runs<'s>(against: impl Iterator<Item = (usize, &'s (FailureSet, Finding))>) -> Vec<Run<'s>> {
    let mut by_set: BTreeMap<&FailureSet, Vec<Run<'s>>> = BTreeMap::new();
    for (at, (set, finding)) in against {
        let runs = by_set.entry(set).or_default();
        let subject = (at, finding.desired);
        match runs.iter_mut().find(|run| run.finding.runs_like(finding)) {
            Some(run) => run.subjects.push(subject),
            None => runs.push(Run { set, finding, subjects: vec![subject] }),
        }
    }
    by_set.into_values().flatten().collect()
}
