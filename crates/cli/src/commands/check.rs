//! `holdfast check`: whether what a policy requires holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holdfast_ingest::overlay;
use holdfast_policy::suppress;
use holdfast_session::check::{self, Effort};

pub(crate) use crate::render::config::FILE;

use crate::args::CheckArguments;
use crate::failure::Failure;
use crate::{accept, exit, findings, input, output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, a policy that makes no sense or names what is not there, nothing to check.
pub fn run(arguments: &CheckArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.gate.proof.budget))?;
    output::check_findings(&arguments.gate.output.output)?;
    let rim = terminal::rim();
    let path = arguments.policy.clone().map_or_else(discover, Ok)?;
    let policy = check::policy(input::read_one("--policy", &path)?, rim)?;
    let overlaid =
        super::over(input::read_cluster(&arguments.input.inputs)?, &arguments.gate.what_if)?;
    // Objects are read once more only where one of them may accept findings.
    let accepts = overlaid.sources.iter().any(|source| source.may_say(suppress::DOMAIN));
    let manifests = if accepts { overlay::manifests(&overlaid) } else { BTreeMap::new() };
    let loaded =
        super::load_overlaid(overlaid, &arguments.input.inputs, &arguments.gate.scheduler)?;
    // What is asked for outright is nearer than what the policy says.
    let assumptions = arguments.gate.proof.assumptions.clone();
    let of_policy = || policy.assumptions.as_ref().map(|file| path.with_file_name(file));
    let loaded = super::assume(loaded, assumptions.or_else(of_policy).as_ref())?;
    let effort = Effort { budget: arguments.gate.proof.budget, remedies: Some(arguments.remedies) };
    let accepted = || accept::asked(&arguments.gate.accept)?.of(Some(&policy), &manifests);
    let mut report = check::found(&policy, &path, &loaded, effort, accepted, rim)?;
    accept::write(&arguments.gate.accept, &mut report.findings)?;
    report.judge();
    let shown = arguments.gate.accept.show_suppressed;
    findings::write(&arguments.gate.output.output, &(&report).into(), |format, rest| {
        check::text(&report, format, shown, rest)
    })?;
    Ok(if arguments.exit_zero { exit::HOLDS } else { check::code(&report) })
}

/// The policy of the working directory, or of the nearest one above it that has one.
pub(super) fn discover() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::usage(format!("cannot tell the working directory: {error}")))?;
    let found = here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file());
    let found = found.ok_or_else(|| {
        Failure::usage(format!("there is no {FILE} here or in a directory above")).hint(
            "holdfast init writes one of what the cluster survives today; --policy FILE \
                 names another",
        )
    })?;
    // What lies here goes by its name alone.
    Ok(found.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(found))
}
