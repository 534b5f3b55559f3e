//! `holdfast completions`: what a shell needs to complete commands and flags.

use crate::args::{CompletionsArguments, Inputs, table};
use crate::failure::Failure;
use crate::program::Program;
use crate::{exit, output};

/// Runs the command.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(arguments: &CompletionsArguments) -> Result<u8, Failure> {
    let mut command = table(Program::Own, Inputs::Named);
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, Program::Own.typed(), &mut text);
    output::print(&text)?;
    Ok(exit::HOLDS)
}
