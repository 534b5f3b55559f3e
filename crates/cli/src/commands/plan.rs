//! `holdfast plan`: what to change. One file per question.

mod repair;

use crate::args::{PlanArguments, PlanCommand};
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
/// As the question says.
pub fn run(arguments: &PlanArguments) -> Result<u8, Failure> {
    match &arguments.question {
        PlanCommand::Repair(arguments) => repair::run(arguments),
    }
}
