//! The `holdfast` command: the only place with files, threads, progress and clocks.
//!
//! A command reads its input ([`input`]), asks a session, and writes the answer to standard output
//! in the formats that were asked for ([`output`]); everything else goes to standard error
//! ([`terminal`]). Exit codes are API: see [`exit`].

pub mod accept;
pub mod args;
pub mod commands;
pub mod environment;
pub mod failure;
pub mod findings;
pub mod input;
pub mod interrupt;
pub mod live;
pub mod manifests;
pub mod open;
pub mod output;
pub mod program;
pub mod progress;
pub mod synth;
pub mod terminal;

pub use holdfast_render as render;
pub use holdfast_session::exit;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::{Arguments, Command, export_line, table};
use crate::failure::Failure;
use crate::program::Program;

/// Runs the command that `arguments` name and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = Program::of(arguments.first().map(OsString::as_os_str));
    let mut table = table(program, live::inputs(program));
    let parsed = table
        .try_get_matches_from_mut(arguments)
        .and_then(|mut matches| Arguments::from_arg_matches_mut(&mut matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let told = program.tell(&failure.to_string(), &table);
            // A closed standard error leaves nobody to tell; the exit code still does.
            let _ = write!(std::io::stderr(), "{told}");
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Prove(arguments) => commands::prove::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Init(arguments) => commands::init::run(&arguments),
        Command::Diff(arguments) => commands::diff::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Plan(arguments) => commands::plan::run(&arguments),
        Command::Simulate(arguments) => commands::simulate::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Inspect(arguments) => commands::inspect::run(&arguments),
        Command::Open(arguments) => commands::open::run(&arguments),
        Command::Redact(arguments) => commands::redact::run(&arguments),
        Command::Synth(arguments) => commands::synth::run(&arguments),
        Command::Config(arguments) => commands::config::run(&arguments),
        Command::Completions(arguments) => commands::completions::run(&arguments),
        Command::Man(arguments) => commands::man::run(&arguments),
    }
}

/// Help and version are results; everything else clap says is bad usage.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the reader's choice, not an error.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::from(exit::HOLDS);
    }
    if let Some(hint) = hint(error) {
        let _ = writeln!(std::io::stderr(), "\nhint: {hint}");
    }
    ExitCode::from(exit::USAGE)
}

/// What clap cannot know of what was typed.
fn hint(error: &clap::Error) -> Option<String> {
    let of_flags = [
        ErrorKind::ArgumentConflict,
        ErrorKind::InvalidValue,
        ErrorKind::MissingRequiredArgument,
        ErrorKind::ValueValidation,
    ];
    let lacks = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(lacks)) => lacks.as_slice(),
        _ => &[],
    };
    if lacks.iter().any(|lacks| lacks.starts_with("<INPUT>")) {
        return Some(format!("export a cluster with:\n  {}", export_line("")));
    }
    let given: Vec<String> = environment::given().into_iter().collect();
    let may_be_why = of_flags.contains(&error.kind()) && !given.is_empty();
    may_be_why.then(|| format!("the environment sets {}", render::words::list(&given, 4)))
}
