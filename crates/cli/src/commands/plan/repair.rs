//! `holdfast plan repair`: the cheapest changes that turn REFUTED into PROVED.

use holdfast_session::plan::repair::Repair;

use crate::args::RepairArguments;
use crate::commands;
use crate::failure::Failure;
use crate::manifests::Folder;
use crate::{output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node, nothing to check.
pub(super) fn run(arguments: &RepairArguments) -> Result<u8, Failure> {
    let asked = Repair {
        failures: (&arguments.failures).into(),
        remedies: arguments.remedies,
        proposals: arguments.proposals,
        proofs: arguments.proofs,
        budget: arguments.budget,
    };
    asked.check()?;
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    let folder = arguments.write.as_deref().map(Folder::read).transpose()?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.assumptions.as_ref())?;
    let mut repaired = asked.ask(&loaded, terminal::rim())?;
    let written = folder.map(|folder| folder.write(&repaired.plan.together)).transpose();
    // What was found is told even where it cannot be written.
    let (written, failed) = match written {
        Ok(written) => (written, None),
        Err(failure) => (None, Some(failure)),
    };
    repaired.written = written;
    let code = output::answer(&arguments.output.output, &repaired)?;
    failed.map_or(Ok(code), Err)
}
