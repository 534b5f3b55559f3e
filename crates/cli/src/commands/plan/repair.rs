//! `holdfast plan repair`: the cheapest changes that turn REFUTED into PROVED.

use holdfast_planner::report::PlanReport;
use holdfast_planner::{Effort, Repairer};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Prover, Report, Settings};

use serde::Serialize;

use crate::args::RepairArguments;
use crate::commands;
use crate::failure::Failure;
use crate::manifests::{Folder, Written};
use crate::output::{self, Format};
use crate::remedies::{self, LONG};
use crate::{exit, interrupt, question, render, sweep};

/// The answer, and what was written.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    plan: &'a PlanReport,
    #[serde(flatten)]
    written: Option<&'a Written>,
}

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node, nothing to check.
pub(super) fn run(arguments: &RepairArguments) -> Result<u8, Failure> {
    for (option, number) in [
        ("--budget", arguments.budget),
        ("--remedies", arguments.remedies),
        ("--proposals", arguments.proposals),
        ("--proofs", arguments.proofs),
    ] {
        if number == 0 {
            return Err(Failure::usage(format!("{option} must be at least one")));
        }
    }
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    let folder = arguments.write.as_deref().map(Folder::read).transpose()?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.assumptions.as_ref())?;
    let question = question::of(&arguments.failures, &loaded.cluster)?;
    let settings = Settings { states_per_set: arguments.budget, ..Settings::default() };
    let mut prover = Prover::new(&loaded.cluster, settings);
    if let Question::AnyNodes(most) = question {
        prover.foresee(most);
    }
    if prover.subjects().subjects.is_empty() {
        return Err(commands::prove::nothing_runs(&loaded));
    }
    let summary = sweep::sweep(&prover, &question, interrupt::flag());
    let report = Report::new(&prover, &question, &summary);
    let effort =
        Effort { looks: arguments.proposals, remedies: arguments.remedies, ..Effort::default() };
    let asked = remedies::asked(&prover, &question, &summary, arguments.budget.min(LONG));
    let mut repairer = Repairer { asked, effort };
    repairer.effort = effort.shared(arguments.proofs, repairer.refuted().len());
    let found = remedies::of_all(&repairer);
    let together = repairer.together(&found);
    let plan = PlanReport::new(&asked, &found, &together);
    let written = folder.map(|folder| folder.write(&plan.together)).transpose();
    // What was found is told even where it cannot be written.
    let told = written.as_ref().ok().and_then(Option::as_ref);
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&Told { plan: &plan, written: told }),
        _ => render::plan::repair(&report, &plan, told),
    })?;
    written?;
    Ok(match together.verdict {
        _ if !summary.complete => exit::INCONCLUSIVE,
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    })
}
