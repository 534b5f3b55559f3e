//! What the command goes by: `holdfast`, or `kubectl holdfast` where kubectl runs it as a plugin.

use std::ffi::OsStr;
use std::path::Path;

use clap::{Arg, Command};

/// What the command was started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// By its own name.
    Own,
    /// By kubectl, which finds plugins by files that are called `kubectl-NAME`.
    Plugin,
}

impl Program {
    /// By the word that started it, a path to a file.
    pub fn of(word: Option<&OsStr>) -> Self {
        let file = word.map(Path::new).and_then(Path::file_name).and_then(OsStr::to_str);
        if file.is_some_and(|file| file.starts_with("kubectl-")) { Self::Plugin } else { Self::Own }
    }

    /// What people type to start it.
    pub fn typed(self) -> &'static str {
        match self {
            Self::Own => "holdfast",
            Self::Plugin => "kubectl holdfast",
        }
    }

    /// Usage and examples with what people type.
    #[must_use]
    pub fn name(self, command: Command) -> Command {
        let commands: Vec<String> = names(&command);
        let command = command.bin_name(self.typed());
        match self {
            Self::Own => command,
            Self::Plugin => retell(command, &|text| as_plugin(text, &commands)),
        }
    }

    /// Text with commands in it as people would type them.
    pub fn tell(self, text: &str, command: &Command) -> String {
        match self {
            Self::Own => text.to_owned(),
            Self::Plugin => as_plugin(text, &names(command)),
        }
    }
}

fn names(command: &Command) -> Vec<String> {
    command.get_subcommands().map(|each| each.get_name().to_owned()).collect()
}

/// Every text of a command and of those below it, told another way.
fn retell(mut command: Command, told: &dyn Fn(&str) -> String) -> Command {
    if let Some(text) = command.get_after_long_help().map(|text| told(&text.to_string())) {
        command = command.after_long_help(text);
    }
    if let Some(text) = command.get_about().map(|text| told(&text.to_string())) {
        command = command.about(text);
    }
    let argument = |arg: Arg| {
        let (short, long) = (arg.get_help().cloned(), arg.get_long_help().cloned());
        let arg = short.map_or(arg.clone(), |text| arg.help(told(&text.to_string())));
        long.map_or(arg.clone(), |text| arg.long_help(told(&text.to_string())))
    };
    command.mut_args(argument).mut_subcommands(|below| retell(below, told))
}

/// `kubectl holdfast prove` for each `holdfast prove`, whatever the command.
fn as_plugin(text: &str, commands: &[String]) -> String {
    const OWN: &str = "holdfast ";
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OWN) {
        out += before;
        let word = after.split(|letter: char| !letter.is_ascii_lowercase()).next();
        let stands_alone = !out.ends_with(|letter: char| letter.is_alphanumeric() || letter == '-');
        let is_command = commands.iter().any(|name| Some(name.as_str()) == word);
        if stands_alone && is_command && !out.ends_with("kubectl ") {
            out += "kubectl ";
        }
        out += OWN;
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_who_started_it() {
        for word in ["kubectl-holdfast", "/opt/krew/bin/kubectl-holdfast", "./kubectl-holdfast.exe"]
        {
            assert_eq!(Program::of(Some(OsStr::new(word))), Program::Plugin, "{word}");
        }
        for word in ["holdfast", "/opt/kubectl-plugins/holdfast", "kubectl_holdfast", ""] {
            assert_eq!(Program::of(Some(OsStr::new(word))), Program::Own, "{word}");
        }
        assert_eq!(Program::of(None), Program::Own);
    }

    #[test]
    fn only_commands_are_retold() {
        let commands = ["prove".to_owned()];
        let told =
            as_plugin("holdfast prove x; holdfast proves; kubectl holdfast prove", &commands);
        assert_eq!(told, "kubectl holdfast prove x; holdfast proves; kubectl holdfast prove");
        assert_eq!(as_plugin("my-holdfast prove", &commands), "my-holdfast prove");
    }
}
