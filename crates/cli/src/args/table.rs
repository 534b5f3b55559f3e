//! The one table of commands and flags: parsing, help, completions and manual pages come from it.

use clap::{Command, CommandFactory};

use super::Arguments;
use crate::environment;
use crate::program::Program;

/// Whether the cluster must be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Every command that reads one names its inputs.
    Named,
    /// Where none is named the cluster itself is read.
    Optional,
}

/// The table, as the command goes by this name.
pub fn table(program: Program, inputs: Inputs) -> Command {
    let command = environment::attach(Arguments::command());
    let command = if inputs == Inputs::Named { demand_inputs(command) } else { command };
    let command = if program == Program::Plugin { tell_of_kubectl(command) } else { command };
    program.name(command)
}

/// The plugin's help says what happens where no input is named.
fn tell_of_kubectl(command: Command) -> Command {
    let command = command.mut_args(|arg| match arg.get_help().map(ToString::to_string) {
        Some(help) if arg.get_id() == "inputs" => {
            arg.help(format!("{help}. On a terminal, without any, your own kubectl is asked"))
        }
        _ => arg,
    });
    command.mut_subcommands(tell_of_kubectl)
}

/// Inputs are required, unless cases stand for them.
fn demand_inputs(command: Command) -> Command {
    let has_cases = command.get_arguments().any(|arg| arg.get_id() == "cases");
    let command = command.mut_args(|arg| match arg.get_id().as_str() {
        "inputs" if has_cases => arg.required_unless_present("cases"),
        "inputs" => arg.required(true),
        _ => arg,
    });
    command.mut_subcommands(demand_inputs)
}
