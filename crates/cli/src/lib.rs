//! The `holdfast` command: the only place with files, threads, progress and clocks.
//!
//! A command reads its input ([`input`]), asks the engine, and writes results to standard output in
//! the formats that were asked for ([`output`], [`render`]); everything else goes to standard
//! error. Exit codes are API: see [`exit`].

pub mod accept;
pub mod args;
pub mod commands;
pub mod events;
pub mod exit;
pub mod export;
pub mod failure;
pub mod findings;
pub mod input;
pub mod interrupt;
pub mod manifests;
pub mod output;
pub mod progress;
pub mod question;
pub mod remedies;
pub mod render;
pub mod sequences;
pub mod story;
pub mod sweep;
pub mod synth;
pub mod whatif;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::failure::Failure;

/// Runs the command that `arguments` name and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // A closed standard error leaves nobody to tell; the exit code still does.
            let _ = write!(std::io::stderr(), "{failure}");
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Prove(arguments) => commands::prove::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Diff(arguments) => commands::diff::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Plan(arguments) => commands::plan::run(&arguments),
        Command::Simulate(arguments) => commands::simulate::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Inspect(arguments) => commands::inspect::run(&arguments),
        Command::Redact(arguments) => commands::redact::run(&arguments),
        Command::Synth(arguments) => commands::synth::run(&arguments),
    }
}

/// Help and version are results; everything else clap says is bad usage.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the reader's choice, not an error.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::HOLDS })
}
