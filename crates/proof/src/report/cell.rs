//! One workload and one set that fails: all that is known of it, and the run that shows it.

use super::told::Told;
use super::{Namer, Question, WorkloadReport};
use crate::by_rule::claim::{self, Claim};
use crate::prover::{Finding, Prover};
use crate::scenario::FailureSet;
use crate::summary::Summary;
use crate::witness::Witness;

/// What a set does to a workload.
#[derive(Clone, Debug)]
pub struct Cell {
    /// With names, as if nothing but the set had been asked about.
    pub report: WorkloadReport,
    /// What was found.
    pub finding: Finding,
    /// What is left wherever the hard rules let the pods be.
    pub by_rule: Claim,
    /// The run that is told: the one that refutes the recovery, where one does.
    pub run: Witness,
    /// The others' part of the run is left out, as it changes nothing about the workload.
    pub alone: bool,
}

impl Cell {
    /// Of the workload at a position, when one of the sets that a question asks about fails.
    pub fn of(prover: &Prover<'_>, question: &Question, set: &FailureSet, position: usize) -> Self {
        let mut workspace = prover.workspace();
        let examination = prover.examine(&mut workspace, set);
        let mut summary = Summary::new(prover);
        summary.add(set, &examination);
        summary.finish();
        let finding = examination.findings.get(&position).cloned();
        let finding = finding.unwrap_or_else(|| {
            let mut standing = prover.standing(position);
            examination.untouched_doubt.into_iter().for_each(|doubt| standing.doubt(doubt));
            standing
        });
        let namer = Namer { cluster: prover.cluster(), domains: question.domains() };
        let alone = Question::Set(set.clone());
        let by_rule = claim::claims_of(prover, &[(&alone, &summary)], &[position]);
        let by_rule = by_rule.into_iter().flatten().next().expect("one claim was asked about");
        let start = &prover.starts().starts[by_rule.start].placement;
        let ruled = namer.by_rule(&by_rule, start);
        // What is told of others is of no use here.
        let others = summary.subjects.iter_mut().enumerate().filter(|(at, _)| *at != position);
        for (_, subject) in others {
            subject.immediately.counterexample = None;
            subject.recovered.counterexample = None;
        }
        let mut told = Told::of(&namer, prover, &summary, &mut workspace);
        let report =
            namer.workload(prover, &summary, (position, ruled), (&mut told, &mut workspace));
        let run = prover.witness(&mut workspace, position, (set, &finding), |run, _| run.clone());
        let alone = finding.path.is_none() && prover.is_foreseen_from(finding.start, set);
        Self { report, finding, by_rule, run, alone }
    }
}
