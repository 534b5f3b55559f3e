//! `holdfast plan remove`: which nodes can go, in which order.

use holdfast_planner::Asking;
use holdfast_planner::remove::Remover;
use holdfast_planner::report::RemoveReport;
use holdfast_proof::{Prover, Settings};

use crate::args::RemoveArguments;
use crate::commands;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, question, render, sweep};

/// Runs the command.
///
/// # Errors
/// Bad input, nothing to check.
pub(super) fn run(arguments: &RemoveArguments) -> Result<u8, Failure> {
    for (option, number) in [("--budget", arguments.proof.budget), ("--proofs", arguments.proofs)] {
        if number == 0 {
            return Err(Failure::usage(format!("{option} must be at least one")));
        }
    }
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let cluster = &loaded.cluster;
    let asked = question::surviving(&arguments.survivors, cluster)?;
    let settings = Settings { states_per_set: arguments.proof.budget, ..Settings::default() };
    let few = Settings { states_per_set: 1, ..settings };
    if Prover::new(cluster, few).subjects().subjects.is_empty() {
        return Err(commands::prove::nothing_runs(&loaded));
    }
    let asking = Asking { settings, sweep: &sweep::until };
    let proofs = arguments.proofs;
    let removal = Remover { cluster, question: asked.as_ref(), asking, proofs }.remove();
    let survivors = &arguments.survivors;
    let survive = survivors.domain.is_none().then_some(survivors.survive);
    let report = RemoveReport::new(cluster, (survive, survivors.domain.clone()), &removal);
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::remove::render(&report, format),
    })?;
    Ok(if report.largest { exit::HOLDS } else { exit::INCONCLUSIVE })
}
