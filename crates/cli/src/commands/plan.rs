//! `holdfast plan`: what to change. One file per question.

mod fit;
mod migrate;
mod mix;
mod nodes;
mod options;
mod rebalance;
mod remove;
mod repair;
mod tolerance;
mod waste;

use crate::args::{PlanArguments, PlanCommand};
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
/// As the question says.
pub fn run(arguments: &PlanArguments) -> Result<u8, Failure> {
    match &arguments.question {
        PlanCommand::Repair(arguments) => repair::run(arguments),
        PlanCommand::Fit(arguments) => fit::run(arguments),
        PlanCommand::Waste(arguments) => waste::run(arguments),
        PlanCommand::Nodes(arguments) => nodes::run(arguments),
        PlanCommand::Mix(arguments) => mix::run(arguments),
        PlanCommand::Tolerance(arguments) => tolerance::run(arguments),
        PlanCommand::Migrate(arguments) => migrate::run(arguments),
        PlanCommand::Options(arguments) => options::run(arguments),
        PlanCommand::Remove(arguments) => remove::run(arguments),
        PlanCommand::Rebalance(arguments) => rebalance::run(arguments),
    }
}
