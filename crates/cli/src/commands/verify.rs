//! `holdfast verify`: whether a certificate follows from a cluster.

use holdfast_certificate::{Accepted, Certificate, Failed, Flaw, Reader, happening};
use holdfast_session::Rim;
use rayon::prelude::*;

use crate::args::VerifyArguments;
use crate::failure::Failure;
use crate::{exit, input, output, render, terminal};

/// How many sets are handed out at once.
const BATCH: usize = 1024;

/// Runs the command.
///
/// # Errors
/// Bad input, or a certificate that is none or about something else.
pub fn run(arguments: &VerifyArguments) -> Result<u8, Failure> {
    let sources = input::read(std::slice::from_ref(&arguments.certificate))?;
    let [source] = &sources[..] else {
        return Err(Failure::usage("name one certificate, not a directory"));
    };
    let name = input::name(&arguments.certificate);
    let certificate: Certificate = serde_json::from_slice(&source.bytes).map_err(|error| {
        Failure::usage(format!("{name} is no certificate, or not all of one: {error}"))
            .hint("write one with: holdfast prove --certificate FILE INPUT…")
    })?;
    let loaded =
        super::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    let rollouts = happening::rollouts(&loaded.cluster, &certificate);
    let cluster = loaded.cluster.with_rollouts(&rollouts);
    let checked = Reader::new(&cluster, &certificate).and_then(|reader| check(&reader));
    match checked {
        Ok(accepted) => {
            output::print(render::verify::accepted(&certificate, accepted).as_bytes())?;
            Ok(exit::HOLDS)
        }
        Err(flaw) if flaw.is_of_input() => Err(Failure::usage(render::verify::flaw(&flaw))
            .hint("name the same inputs, assumptions and scheduler configuration as for prove")),
        Err(flaw) => {
            let text = format!("not accepted: {}\n", render::verify::flaw(&flaw));
            output::print(text.as_bytes())?;
            Ok(exit::REFUTED)
        }
    }
}

/// Checks all sets, or sequences, on all cores. Of several flaws the first in their order is told.
fn check(reader: &Reader<'_>) -> Result<Accepted, Flaw> {
    let sequences = (0..reader.sequences()).into_par_iter();
    let flaw = sequences.map(|at| reader.check_sequence(at)).find_first(Result::is_err);
    flaw.unwrap_or(Ok(()))?;
    let sets: Vec<Failed> = reader.sets().collect();
    let all = sets.len() as u64;
    let flaw = sets.chunks(BATCH).enumerate().find_map(|(done, batch)| {
        terminal::rim().progress((done * BATCH) as u64, all);
        batch
            .par_iter()
            .map_init(|| reader.workspace(), |workspace, set| reader.check_set(workspace, set))
            .find_first(Result::is_err)
    });
    terminal::rim().progress(all, all);
    flaw.unwrap_or(Ok(()))?;
    Ok(reader.accepted(all))
}
