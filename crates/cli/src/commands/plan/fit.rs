//! `holdfast plan fit`: how many more of a pod or workload fit.

use std::path::Path;

use holdfast_ingest::Loaded;
use holdfast_planner::Sample;
use holdfast_session::plan::fit::{self, Fit};

use crate::args::FitArguments;
use crate::commands;
use crate::failure::Failure;
use crate::{input, output, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, and a name of nothing that there can be more of.
pub(super) fn run(arguments: &FitArguments) -> Result<u8, Failure> {
    let asked = Fit {
        of: arguments.of.clone(),
        survivors: (&arguments.survivors).into(),
        up_to: arguments.up_to,
        budget: arguments.proof.budget,
        all: arguments.all,
    };
    asked.check()?;
    output::check_plan(&arguments.output.output)?;
    let (loaded, sample) = load(arguments, &asked)?;
    let fitted = asked.ask(&loaded.cluster, sample, terminal::rim())?;
    output::answer(&arguments.output.output, &fitted)
}

/// The cluster, and what there is to be more of.
fn load(arguments: &FitArguments, asked: &Fit) -> Result<(Loaded, Sample), Failure> {
    let FitArguments { input, scheduler, what_if, .. } = arguments;
    let manifest = Path::new(&arguments.of);
    if !manifest.is_file() {
        let loaded = commands::load_cluster(&input.inputs, scheduler, what_if)?;
        let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
        let sample = asked.sample(&loaded.cluster)?;
        return Ok((loaded, sample));
    }
    let manifest = input::read(&[manifest.to_owned()])?;
    let sample = fit::sample(manifest, &arguments.of, terminal::rim())?;
    let (loaded, sample) = commands::load_with_sample(&input.inputs, scheduler, what_if, sample)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let found = sample.as_ref().and_then(|named| fit::found(&loaded.cluster, named));
    let found = found
        .ok_or_else(|| Failure::usage(format!("{}: the object could not be read", arguments.of)))?;
    Ok((loaded, found))
}
