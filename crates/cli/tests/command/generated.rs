//! Completions and manual pages, made from the table of commands and flags.

use std::collections::BTreeSet;
use std::fs;

use clap::Command;

use crate::holdfast::{folder, run, run_in};

/// The table, with what clap adds.
fn table() -> Command {
    let mut table =
        ::holdfast::args::table(::holdfast::program::Program::Own, ::holdfast::args::Inputs::Named);
    table.build();
    table
}

/// Every command by its words, the whole program first.
pub(crate) fn commands() -> Vec<(Vec<String>, Command)> {
    fn below(command: &Command, path: &[String], all: &mut Vec<(Vec<String>, Command)>) {
        all.push((path.to_vec(), command.clone()));
        for each in command.get_subcommands() {
            below(each, &[path, &[each.get_name().to_owned()]].concat(), all);
        }
    }
    let mut all = Vec::new();
    below(&table(), &[], &mut all);
    all
}

#[test]
fn completions_know_every_command_and_flag() {
    let commands = commands();
    assert!(commands.len() > 20, "{}", commands.len());
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let text = run(&["completions", shell]).ended(0).stdout;
        for (path, command) in &commands {
            let name = path.last().map_or("holdfast", String::as_str);
            assert!(text.contains(name), "{shell}: {path:?}");
            for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(text.contains(flag), "{shell}: {path:?} --{flag}");
            }
        }
    }
    let unknown = run(&["completions", "tcsh"]).ended(2);
    assert!(unknown.stderr.contains("possible values"), "{}", unknown.stderr);
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let folder = folder("man");
    run_in(&folder, &["man", "--dir", "."]).ended(0);
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut pages: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    for (path, command) in commands() {
        let page = format!("{}.1", [&["holdfast".to_owned()], &path[..]].concat().join("-"));
        assert!(pages.remove(&page), "no {page}");
        // Hyphens are escaped, so that they are not typeset as dashes.
        let text = fs::read_to_string(folder.join(&page)).unwrap().replace('\\', "");
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(text.contains(&format!("--{flag}")), "{page}: --{flag}");
        }
        let has_notes = command.get_after_long_help().is_some();
        assert_eq!(text.contains(".SH NOTES"), has_notes, "{page}");
        for each in command.get_subcommands() {
            assert!(text.contains(each.get_name()), "{page}: {}", each.get_name());
        }
    }
    assert!(pages.is_empty(), "{pages:?} are about no command");
    let first = fs::read_to_string(folder.join("holdfast.1")).unwrap();
    assert_eq!(run(&["man"]).ended(0).stdout, first);
    // What is to be pasted is one line, and stays one.
    let kept = first.split_once("\n.nf\n").and_then(|(_, kept)| kept.split_once("\n.fi\n"));
    let kept = kept.unwrap().0.replace('\\', "");
    let line = ::holdfast::args::export_line("");
    assert!(kept.lines().any(|kept| kept == line), "{kept}");
    let missing = run_in(&folder, &["man", "--dir", "nowhere"]).ended(2);
    assert!(missing.stderr.contains("cannot write nowhere/holdfast.1"), "{}", missing.stderr);
}
