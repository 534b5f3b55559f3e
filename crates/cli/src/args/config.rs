//! The flags of commands about the command itself.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::OutputArguments;

/// `holdfast config`.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// What is asked.
    #[command(subcommand)]
    pub question: ConfigCommand,
}

/// What is asked of the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting of a command, its value, and where that comes from: the command line, the
    /// environment, a file that was found, or the default.
    Show(ShowArguments),
}

/// `holdfast config show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// Formats and where to write them: `human`, `json`. They stand before the command.
    #[command(flatten)]
    pub output: OutputArguments,
    /// A command with its flags as they would be typed, for instance `plan repair --nodes 2`.
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        default_value = "check"
    )]
    pub words: Vec<OsString>,
}

/// `holdfast completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `holdfast man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// Write a page for each command into this folder, which must be there.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
