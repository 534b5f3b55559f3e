//! `holdfast simulate`: one story, event by event, and every way it may end.

use holdfast_session::simulate::Simulate;

use crate::args::SimulateArguments;
use crate::failure::Failure;
use crate::{input, output, render};

/// Runs the command.
///
/// # Errors
/// Bad input, an event that names nothing or makes no sense.
pub fn run(arguments: &SimulateArguments) -> Result<u8, Failure> {
    super::check_budget(arguments.budget)?;
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    arguments.export.as_deref().map_or(Ok(()), output::check_folder)?;
    let inputs = &arguments.input.inputs;
    let overlaid = super::over(input::read_cluster(inputs)?, &arguments.what_if)?;
    let kept = arguments.export.is_some().then(|| overlaid.sources.clone());
    let loaded = super::load_overlaid(overlaid, inputs, &arguments.scheduler)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    let asked = Simulate {
        events: arguments.event.clone(),
        assume: arguments.assume.clone(),
        budget: arguments.budget,
        all: arguments.all,
    };
    let simulated = asked.ask(&loaded, kept)?;
    if let Some((path, export)) = arguments.export.as_ref().zip(simulated.export.as_ref()) {
        output::write_file(path, &render::json(export))?;
    }
    output::answer(&arguments.output.output, &simulated)
}
