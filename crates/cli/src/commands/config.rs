//! `holdfast config show`: what a command would run with, and where each value comes from.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::args::{ConfigArguments, ConfigCommand, Inputs, ShowArguments, table};
use crate::commands::check;
use crate::failure::{Failure, nearest};
use crate::output::{self, Format};
use crate::program::Program;
use crate::render::config::{Origin, Resolved, Setting, Unknown};
use crate::{environment, exit, render};

/// Runs the command.
///
/// # Errors
/// A command line that makes no sense.
pub fn run(arguments: &ConfigArguments) -> Result<u8, Failure> {
    let ConfigCommand::Show(arguments) = &arguments.question;
    show(arguments)
}

fn show(arguments: &ShowArguments) -> Result<u8, Failure> {
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    let resolved = resolve(&arguments.words)?;
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => render::config::human(&resolved),
        _ => render::json(&resolved),
    })?;
    Ok(exit::HOLDS)
}

/// Reads the words as the command itself would, but for inputs that may be left out.
fn resolve(words: &[OsString]) -> Result<Resolved, Failure> {
    let mut command = table(Program::Own, Inputs::Optional);
    let typed = [Program::Own.typed().into()].into_iter().chain(words.iter().cloned());
    let matches = command.try_get_matches_from_mut(typed).map_err(|error| {
        let told = error.to_string();
        Failure::usage(told.trim_start_matches("error: ").trim_end().to_owned())
    })?;
    let unknown = unknown(&command);
    let (mut command, mut matches, mut path) = (&command, &matches, Vec::new());
    while let Some((name, below)) = matches.subcommand() {
        command = command.find_subcommand(name).expect("clap found it there");
        matches = below;
        path.push(name.to_owned());
    }
    let shown = command.get_arguments().filter(|arg| is_setting(arg));
    let settings = shown.map(|arg| setting(arg, matches, &path)).collect();
    let schema = "holdfast.config/v1";
    Ok(Resolved { schema, command: path.join(" "), settings, unknown })
}

/// All but what ends the command at once.
fn is_setting(arg: &Arg) -> bool {
    !["help", "version"].contains(&arg.get_id().as_str())
}

fn setting(arg: &Arg, matches: &ArgMatches, path: &[String]) -> Setting {
    let id = arg.get_id().as_str();
    let value_name =
        || arg.get_value_names().and_then(<[_]>::first).map_or(id, |name| name.as_str());
    let name = arg.get_long().map_or_else(|| value_name().to_owned(), |long| format!("--{long}"));
    let source = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Origin::CommandLine,
        Some(ValueSource::EnvVariable) => Origin::Environment,
        Some(_) => Origin::Default,
        None => Origin::Unset,
    };
    let raw = matches.get_raw(id).into_iter().flatten();
    let values = raw.map(|value| value.to_string_lossy().into_owned()).collect();
    let variable = environment::variable(arg, path);
    let given = Setting { name, values, source, variable };
    match (path, id, given.source) {
        ([check], "policy", Origin::Unset) if check == "check" => found(given),
        _ => given,
    }
}

/// The policy that `check` would find.
fn found(setting: Setting) -> Setting {
    let Ok(path) = check::discover() else {
        return Setting { source: Origin::Missing, ..setting };
    };
    let source = if path.is_relative() { Origin::Here } else { Origin::Above };
    Setting { values: vec![path.display().to_string()], source, ..setting }
}

fn unknown(command: &Command) -> Vec<Unknown> {
    let mut known = environment::known(command, &[]);
    known.insert(environment::NO_PROGRESS.to_owned());
    let strange = environment::given().into_iter().filter(|name| !known.contains(name));
    let told = strange.map(|variable| Unknown {
        near: nearest(&variable, known.iter().map(String::as_str)).map(str::to_owned),
        variable,
    });
    told.collect()
}
