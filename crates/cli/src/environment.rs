//! Environment variables: every flag has one, `HOLDFAST_` and its name.
//!
//! What stands on the command line comes before it. A variable that is empty, or says no to a
//! switch, says nothing.

use std::collections::BTreeSet;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// What all of them begin with.
pub const PREFIX: &str = "HOLDFAST_";

/// Switches progress off; no flag does.
pub const NO_PROGRESS: &str = "HOLDFAST_NO_PROGRESS";

/// Flags by which one command means something else than the others: their variables name it, too.
const OF_THEIR_OWN: [(&[&str], &str); 4] = [
    (&["synth"], "nodes"),
    (&["plan", "repair"], "remedies"),
    (&["plan", "fit"], "up-to"),
    (&["plan", "nodes"], "up-to"),
];

/// Flags without a variable: `config show` would tell of itself what it shows of others.
const WITHOUT: [(&[&str], &str); 1] = [(&["config", "show"], "output")];

/// What every command's help says of it.
const HELP: &str = "\
Environment:
  Every flag can be given by a variable of its name, --scheduler-config for instance
  by HOLDFAST_SCHEDULER_CONFIG; holdfast config show tells where values come from";

/// Gives every flag of a command, and of those below it, its variable.
pub fn attach(command: Command) -> Command {
    below(command, &[])
}

fn below(mut command: Command, path: &[String]) -> Command {
    if command.get_arguments().any(|arg| arg.get_long().is_some()) || path.is_empty() {
        let help = command.get_after_long_help().map(|help| format!("{help}\n\n"));
        command = command.after_long_help(help.unwrap_or_default() + HELP);
    }
    let command = command.mut_args(|arg| with_variable(arg, path));
    command.mut_subcommands(|each| {
        let path = [path, &[each.get_name().to_owned()]].concat();
        below(each, &path)
    })
}

fn with_variable(arg: Arg, path: &[String]) -> Arg {
    let Some(name) = variable(&arg, path) else { return arg };
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = if is_switch { arg.value_parser(BoolishValueParser::new()) } else { arg };
    if says_nothing(&name, is_switch) {
        return arg;
    }
    // Where its name follows from the flag's, help need not say so.
    let follows = name == joined(&[], arg.get_long().unwrap_or_default());
    arg.env(name).hide_env(follows).hide_env_values(true)
}

/// The variable of a flag, if it is to have one.
pub fn variable(arg: &Arg, path: &[String]) -> Option<String> {
    let long = arg.get_long()?;
    let listed =
        |list: &[(&[&str], &str)]| list.iter().any(|(of, flag)| *of == path && *flag == long);
    if listed(&WITHOUT) || ["help", "version"].contains(&long) {
        return None;
    }
    Some(joined(if listed(&OF_THEIR_OWN) { path } else { &[] }, long))
}

fn joined(path: &[String], long: &str) -> String {
    let words = path.iter().map(String::as_str).chain([long]);
    let words: Vec<String> = words.map(|word| word.replace('-', "_").to_uppercase()).collect();
    format!("{PREFIX}{}", words.join("_"))
}

/// Whether a variable is there and might as well not be.
fn says_nothing(name: &str, is_switch: bool) -> bool {
    let value = std::env::var(name).unwrap_or_else(|_| "unset".to_owned()).to_lowercase();
    value.is_empty() || is_switch && ["n", "no", "f", "false", "off", "0"].contains(&&*value)
}

/// The variables of the environment that are about Holdfast, in order of names.
pub fn given() -> BTreeSet<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with(PREFIX)).collect()
}

/// The variables of all flags of a command and of those below it.
pub fn known(command: &Command, path: &[String]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> =
        command.get_arguments().filter_map(|arg| variable(arg, path)).collect();
    for each in command.get_subcommands() {
        all.append(&mut known(each, &[path, &[each.get_name().to_owned()]].concat()));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::args::{Inputs, table};
    use crate::program::Program;

    /// Every flag with the path of its command.
    fn flags(command: &Command, path: &str, found: &mut Vec<(String, Arg)>) {
        let named = command.get_arguments().filter(|arg| arg.get_long().is_some());
        found.extend(named.map(|arg| (path.to_owned(), arg.clone())));
        for each in command.get_subcommands() {
            flags(each, &format!("{path}{} ", each.get_name()), found);
        }
    }

    fn all() -> Vec<(String, Arg)> {
        let mut command = table(Program::Own, Inputs::Named);
        command.build();
        let mut found = Vec::new();
        flags(&command, "", &mut found);
        found
    }

    #[test]
    fn every_flag_has_a_variable_named_after_it() {
        let all = all();
        assert!(all.len() > 100, "{}", all.len());
        for (path, arg) in &all {
            let long = arg.get_long().unwrap();
            if ["help", "version"].contains(&long) || (&**path, long) == ("config show ", "output")
            {
                continue;
            }
            let name = arg.get_env().and_then(|name| name.to_str());
            let name = name.unwrap_or_else(|| panic!("{path}--{long} has no variable"));
            let flag = long.replace('-', "_").to_uppercase();
            assert!(name.starts_with(PREFIX) && name.ends_with(&flag), "{path}--{long}: {name}");
            assert!(arg.is_hide_env_values_set(), "{path}--{long}");
        }
    }

    /// Exceptions that except nothing would outlive their reasons.
    #[test]
    fn exceptions_are_flags_that_there_are() {
        let all = all();
        for (path, flag) in OF_THEIR_OWN.iter().chain(&WITHOUT) {
            let path = format!("{} ", path.join(" "));
            assert!(all.iter().any(|(of, arg)| *of == path && arg.get_long() == Some(flag)));
        }
    }

    /// One variable means one thing, whichever command reads it.
    #[test]
    fn flags_that_share_a_variable_take_the_same() {
        let mut kinds = BTreeMap::new();
        for (path, arg) in all() {
            let Some(name) = arg.get_env().map(std::ffi::OsStr::to_owned) else { continue };
            let kind =
                (arg.get_value_names().map(<[_]>::to_vec), format!("{:?}", arg.get_action()));
            let first = kinds.entry(name.clone()).or_insert_with(|| kind.clone());
            assert_eq!(*first, kind, "{path}{}", name.display());
        }
    }
}
