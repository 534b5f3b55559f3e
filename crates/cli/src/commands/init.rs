//! `holdfast init`: a policy of what a cluster survives today, so that the gate starts green.

use std::path::{Component, Path, PathBuf};

use holdfast_session::draft;
use holdfast_session::prove::STATES;

use crate::args::{InitArguments, WhatIfArguments};
use crate::failure::Failure;
use crate::{exit, input, output, render, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, a file that is there already, or nothing that could be required.
pub fn run(arguments: &InitArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.proof.budget))?;
    let path = &arguments.policy;
    let is_file = path.as_os_str() != "-";
    if is_file {
        may_be_written(path, arguments.force)?;
    }
    let what_if = WhatIfArguments::default();
    let loaded = super::load_cluster(&arguments.input.inputs, &arguments.scheduler, &what_if)?;
    let loaded = super::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let mut draft = draft::of(words(arguments), &loaded, arguments.proof.budget, terminal::rim())?;
    draft.assumptions = arguments.proof.assumptions.as_ref().map(|file| seen_from(path, file));
    let text = render::init::policy(&draft);
    let name = if is_file { path.display().to_string() } else { "the policy".to_owned() };
    if is_file {
        output::write_file(path, &text)?;
    } else {
        output::print(text.as_bytes())?;
    }
    terminal::tell(&render::init::told(&name, &draft));
    Ok(exit::HOLDS)
}

fn may_be_written(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::usage(format!("{} is there already", path.display()))
            .hint("--force writes over it; --policy FILE writes another"));
    }
    output::check_folder(path)
}

/// What `check` needs to come to the same.
fn words(arguments: &InitArguments) -> Vec<String> {
    let InitArguments { input, proof, scheduler, .. } = arguments;
    let mut words = Vec::new();
    if let Some(file) = &scheduler.scheduler_config {
        words.extend(["--scheduler-config".to_owned(), file.display().to_string()]);
    }
    if proof.budget != STATES {
        words.extend(["--budget".to_owned(), proof.budget.to_string()]);
    }
    words.extend(input.inputs.iter().map(|path| input::name(path)));
    words
}

/// A file as a policy names it that is written elsewhere. Nothing but the path is looked at: where
/// the policy is above, it stays as it was given.
fn seen_from(policy: &Path, file: &Path) -> String {
    let folder = policy.parent().unwrap_or(Path::new(""));
    let plain = folder.components().all(|part| matches!(part, Component::Normal(_)));
    if file.is_absolute() || !plain {
        return file.display().to_string();
    }
    let up: PathBuf = folder.components().map(|_| Component::ParentDir).collect();
    up.join(file).display().to_string()
}
