//! `holdfast plan waste`: what is free and cannot be used.

use holdfast_planner::report::WasteReport;
use holdfast_planner::waste::Waste;

use crate::args::WasteArguments;
use crate::commands;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, render};

/// Runs the command.
///
/// # Errors
/// Bad input.
pub(super) fn run(arguments: &WasteArguments) -> Result<u8, Failure> {
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let report = WasteReport::new(&loaded.cluster, &Waste::of(&loaded.cluster));
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::waste::render(&report, format, arguments.all),
    })?;
    Ok(exit::HOLDS)
}
