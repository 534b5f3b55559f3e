//! `holdfast plan remove`: which nodes can go, in which order.

use holdfast_session::plan::remove::Remove;

use crate::args::RemoveArguments;
use crate::commands;
use crate::failure::Failure;
use crate::{output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, nothing to check.
pub(super) fn run(arguments: &RemoveArguments) -> Result<u8, Failure> {
    let asked = Remove {
        survivors: (&arguments.survivors).into(),
        proofs: arguments.proofs,
        budget: arguments.proof.budget,
    };
    asked.check()?;
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    output::answer(&arguments.output.output, &asked.ask(&loaded, terminal::rim())?)
}
