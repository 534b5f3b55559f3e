//! `holdfast plan rebalance`: which pods to delete so that they are spread, or load is.

use holdfast_session::plan::rebalance::{self, Rebalance};

use crate::args::{LoadOf, RebalanceArguments};
use crate::commands;
use crate::failure::Failure;
use crate::output;

/// Runs the command.
///
/// # Errors
/// Bad input, a cluster that does not rest.
pub(super) fn run(arguments: &RebalanceArguments) -> Result<u8, Failure> {
    let load = arguments.load.map(|load| match load {
        LoadOf::Cpu => rebalance::LoadOf::Cpu,
        LoadOf::Memory => rebalance::LoadOf::Memory,
    });
    let asked = Rebalance {
        load,
        within: arguments.within,
        moves: arguments.moves,
        steps: arguments.steps,
        budget: arguments.proof.budget,
    };
    asked.check()?;
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    output::answer(&arguments.output.output, &asked.ask(&loaded)?)
}
