//! `holdfast plan tolerance`: how many failures each workload survives, as `prove --tolerance` says
//! it.

use holdfast_proof::report::Question;
use holdfast_proof::tolerance::ToleranceReport;
use holdfast_proof::{Prover, Report, Settings};

use crate::args::{FailureArguments, ToleranceArguments};
use crate::commands::{self, prove};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, interrupt, question, render, sweep};

/// Runs the command.
///
/// # Errors
/// Bad input, nothing to check.
pub(super) fn run(arguments: &ToleranceArguments) -> Result<u8, Failure> {
    if arguments.proof.budget == 0 {
        return Err(Failure::usage("--budget must be at least one"));
    }
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let failures = FailureArguments {
        nodes: 1,
        domain: arguments.domain.clone(),
        domain_file: None,
        domains: 1,
        fail: None,
    };
    let question = question::of_tolerance(&failures, arguments.up_to, &loaded.cluster)?;
    let settings = Settings { states_per_set: arguments.proof.budget, ..Settings::default() };
    let mut prover = Prover::new(&loaded.cluster, settings);
    if let Question::AnyNodes(most) = question {
        prover.foresee(most);
    }
    if prover.subjects().subjects.is_empty() {
        return Err(prove::nothing_runs(&loaded));
    }
    let summary = sweep::sweep(&prover, &question, interrupt::flag());
    let report = Report::new(&prover, &question, &summary);
    let tolerance = ToleranceReport::of(&report, &question, &summary);
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&render::plan::tolerance::Answer::new(&report, &tolerance)),
        format => render::plan::tolerance::render(&report, &tolerance, format),
    })?;
    let is_known = report.checked.complete && tolerance.is_exact();
    Ok(if is_known { exit::HOLDS } else { exit::INCONCLUSIVE })
}
