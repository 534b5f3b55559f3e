//! `holdfast plan waste`: what is free and cannot be used.

use holdfast_session::plan::waste::Waste;

use crate::args::WasteArguments;
use crate::commands;
use crate::failure::Failure;
use crate::output;

/// Runs the command.
///
/// # Errors
/// Bad input.
pub(super) fn run(arguments: &WasteArguments) -> Result<u8, Failure> {
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    output::answer(&arguments.output.output, &Waste { all: arguments.all }.ask(&loaded))
}
