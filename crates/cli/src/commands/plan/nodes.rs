//! `holdfast plan nodes`: how many nodes must be added so that failures are survived.

use holdfast_session::plan::nodes::Nodes;

use crate::args::NodesArguments;
use crate::commands;
use crate::failure::Failure;
use crate::{output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node or type, nothing to check.
pub(super) fn run(arguments: &NodesArguments) -> Result<u8, Failure> {
    let asked = Nodes {
        survivors: (&arguments.survivors).into(),
        like: arguments.like.clone(),
        catalog: arguments.catalog.clone(),
        make: arguments.make.clone(),
        up_to: arguments.up_to,
        proofs: arguments.proofs,
        budget: arguments.proof.budget,
    };
    asked.check()?;
    output::check_plan(&arguments.output.output)?;
    let catalog = asked.catalog(terminal::rim())?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    output::answer(
        &arguments.output.output,
        &asked.ask(&loaded, catalog.as_ref(), terminal::rim())?,
    )
}
