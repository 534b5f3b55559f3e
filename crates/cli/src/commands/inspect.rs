//! `holdfast inspect`: what was understood of an export.

use holdfast_session::inspect::Inspect;

use crate::args::InspectArguments;
use crate::failure::Failure;
use crate::output;

/// Runs the command.
///
/// # Errors
/// Bad input, or no objects at all.
pub fn run(arguments: &InspectArguments) -> Result<u8, Failure> {
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    let loaded = super::load(&arguments.input.inputs, &arguments.what_if)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    output::answer(&arguments.output.output, &Inspect { all: arguments.all }.ask(&loaded))
}
