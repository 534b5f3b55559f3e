//! `holdfast plan mix`: the cheapest mix of node types for everything that runs.

use holdfast_session::plan::mix::Mix;

use crate::args::MixArguments;
use crate::commands;
use crate::failure::Failure;
use crate::{output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, a type without a price, a label of no type, nothing to check.
pub(super) fn run(arguments: &MixArguments) -> Result<u8, Failure> {
    let asked = Mix {
        catalog: arguments.catalog.clone(),
        survivors: (&arguments.survivors).into(),
        keep: arguments.keep,
        grow: arguments.grow.clone(),
        tries: arguments.tries,
        budget: arguments.proof.budget,
        solver: arguments.solver(),
    };
    asked.check()?;
    output::check_plan(&arguments.output.output)?;
    let catalog = asked.catalog(terminal::rim())?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    output::answer(&arguments.output.output, &asked.ask(&loaded, &catalog, terminal::rim())?)
}
