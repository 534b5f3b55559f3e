//! `holdfast prove`: for every failure, what keeps running and what comes back.

use std::path::Path;

use holdfast_proof::certify::Certified;
use holdfast_session::prove::Prove;

use crate::args::ProveArguments;
use crate::failure::Failure;
use crate::{output, render, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node, nothing to check.
pub fn run(arguments: &ProveArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.proof.budget))?;
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    arguments.certificate.as_deref().map_or(Ok(()), output::check_folder)?;
    let loaded =
        super::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = super::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let proved = asked(arguments).ask(&loaded, terminal::rim())?;
    if let Some((path, certified)) = arguments.certificate.as_ref().zip(proved.certified.as_ref()) {
        write_certificate(path, certified)?;
    }
    if proved.uncertified {
        terminal::tell("note: no certificate was written, as it was not finished\n");
    }
    output::answer(&arguments.output.output, &proved)
}

fn asked(arguments: &ProveArguments) -> Prove {
    Prove {
        failures: (&arguments.failures).into(),
        tolerance: arguments.tolerance,
        up_to: arguments.up_to,
        orders: arguments.orders,
        sequence: arguments.sequence.clone(),
        budget: arguments.proof.budget,
        no_symmetry: arguments.no_symmetry,
        possible: arguments.possible,
        remedies: arguments.remedies,
        certificate: arguments.certificate.is_some(),
        all: arguments.all,
    }
}

fn write_certificate(path: &Path, certified: &Certified) -> Result<(), Failure> {
    output::write_file(path, &render::json(&certified.certificate))?;
    terminal::tell(&render::verify::left_out(&certified.left_out));
    Ok(())
}
