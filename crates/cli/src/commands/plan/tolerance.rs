//! `holdfast plan tolerance`: how many failures each workload survives, as `prove --tolerance` says
//! it.

use holdfast_session::plan::tolerance::Tolerance;

use crate::args::ToleranceArguments;
use crate::commands;
use crate::failure::Failure;
use crate::{output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, nothing to check.
pub(super) fn run(arguments: &ToleranceArguments) -> Result<u8, Failure> {
    let asked = Tolerance {
        domain: arguments.domain.clone(),
        up_to: arguments.up_to,
        budget: arguments.proof.budget,
    };
    asked.check()?;
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    output::answer(&arguments.output.output, &asked.ask(&loaded, terminal::rim())?)
}
