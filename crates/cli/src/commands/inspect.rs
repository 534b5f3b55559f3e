//! `holdfast inspect`: what was understood of an export.

use crate::args::InspectArguments;
use crate::exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;

/// Runs the command.
///
/// # Errors
/// Bad input, or no objects at all.
pub fn run(arguments: &InspectArguments) -> Result<u8, Failure> {
    output::check(&arguments.output.output)?;
    let loaded = super::load(&arguments.input.inputs, &arguments.what_if)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    let view = render::inspect::View::of(&loaded);
    output::refuse_ndjson(&arguments.output.output)?;
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => render::inspect::human(&view, &loaded.diagnostics, arguments.all),
        _ => render::json(&view),
    })?;
    Ok(exit::HOLDS)
}
