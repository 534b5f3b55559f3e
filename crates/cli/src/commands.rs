//! One file per command.

pub mod check;
pub mod completions;
pub mod config;
pub mod diff;
pub mod explain;
pub mod init;
pub mod inspect;
pub mod man;
pub mod plan;
pub mod prove;
pub mod redact;
pub mod simulate;
pub mod synth;
pub mod verify;

use std::path::PathBuf;

use holdfast_cluster::{Cluster, NodeId};
use holdfast_ingest::overlay::{Alteration, Named, Overlaid};
use holdfast_ingest::{Diagnostic, Loaded, Options, Rule, Severity, Source};

use crate::args::{SchedulerArguments, WhatIfArguments};
use crate::failure::{Failure, nearest};
use crate::{input, render, whatif};

/// Reads the inputs into a cluster, with what is laid over them, and tells on standard error what
/// was wrong with them.
///
/// # Errors
/// When an input cannot be read or is refused: nothing is half-done. Exit code 3 where it holds no
/// objects.
fn load(inputs: &[PathBuf], what_if: &WhatIfArguments) -> Result<Loaded, Failure> {
    let Overlaid { sources, rolled, places, .. } =
        whatif::over(input::read_cluster(inputs)?, what_if)?;
    let loaded = load_sources(sources, inputs, &Options::default())?;
    whatif::begin(Loaded { laid_over: places, ..loaded }, &rolled)
}

/// The same of sources that were read.
fn load_sources(
    sources: Vec<Source>,
    inputs: &[PathBuf],
    options: &Options,
) -> Result<Loaded, Failure> {
    let loaded = holdfast_ingest::load(sources, options);
    judge(&loaded.diagnostics, loaded.inventory.objects.total(), inputs)?;
    Ok(loaded)
}

/// Tells what was wrong with the inputs.
///
/// # Errors
/// When they are refused. Exit code 3 where they held no objects.
fn judge(diagnostics: &[Diagnostic], objects: u64, inputs: &[PathBuf]) -> Result<(), Failure> {
    // Said below with the names of the inputs.
    let told = diagnostics.iter().filter(|found| found.rule != Rule::NoObjects);
    // Without objects there is nothing to inspect: all there is to tell is told at once.
    render::diagnostics::tell(told, objects == 0);
    if diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    if objects == 0 {
        let names = input::names(inputs);
        let message = format!("no API objects in {}", render::words::list(&names, 3));
        return Err(Failure::nothing(message)
            .hint(format!("export a cluster with:\n  {}", crate::args::export_line(""))));
    }
    Ok(())
}

/// The same with the scheduler's configuration, where a cluster without nodes leaves nothing to
/// ask.
///
/// # Errors
/// As [`load`], and exit code 3 where there are no nodes.
fn load_cluster(
    inputs: &[PathBuf],
    scheduler: &SchedulerArguments,
    what_if: &WhatIfArguments,
) -> Result<Loaded, Failure> {
    load_overlaid(whatif::over(input::read_cluster(inputs)?, what_if)?, inputs, scheduler)
}

/// The same with something laid over it that there is to be more of; what that goes by.
///
/// # Errors
/// As [`load_cluster`].
fn load_with_sample(
    inputs: &[PathBuf],
    scheduler: &SchedulerArguments,
    what_if: &WhatIfArguments,
    sample: Alteration,
) -> Result<(Loaded, Option<Named>), Failure> {
    let overlaid = whatif::with(input::read_cluster(inputs)?, what_if, Some(sample))?;
    let sample = overlaid.sample.clone();
    Ok((load_overlaid(overlaid, inputs, scheduler)?, sample))
}

/// The same of sources that were read, with what was laid over them.
fn load_overlaid(
    overlaid: Overlaid,
    inputs: &[PathBuf],
    scheduler: &SchedulerArguments,
) -> Result<Loaded, Failure> {
    let options = options(scheduler)?;
    let loaded = load_sources(overlaid.sources, inputs, &options)?;
    if loaded.cluster.nodes().is_empty() {
        return Err(Failure::nothing("the input holds no nodes, so nothing can be said to fail")
            .hint("add them: kubectl get nodes -o json > nodes.json, then name both files"));
    }
    whatif::begin(Loaded { laid_over: overlaid.places, ..loaded }, &overlaid.rolled)
}

/// Refuses a search of no state.
///
/// # Errors
/// When that is what was asked for.
fn check_budget(states: Option<usize>) -> Result<(), Failure> {
    if states == Some(0) {
        return Err(Failure::usage("--budget must be at least one state"));
    }
    Ok(())
}

/// How exports are read: with the scheduler's configuration.
///
/// # Errors
/// When it cannot be read, or is several files.
fn options(scheduler: &SchedulerArguments) -> Result<Options, Failure> {
    let path = scheduler.scheduler_config.as_ref();
    let configs = path.map(|path| input::read(std::slice::from_ref(path))).transpose()?;
    let scheduler_config = match configs.as_deref() {
        None => None,
        Some([source]) => Some(source.clone()),
        Some(_) => return Err(Failure::usage("--scheduler-config must be one file")),
    };
    Ok(Options { scheduler_config, ..Options::default() })
}

/// Lays a file of assumptions over what was loaded, if one was given.
///
/// # Errors
/// When the file cannot be read, makes no sense or contradicts the export.
fn assume(loaded: Loaded, file: Option<&PathBuf>) -> Result<Loaded, Failure> {
    let Some(file) = file else { return Ok(loaded) };
    let known = loaded.diagnostics.len();
    let mut sources = input::read(std::slice::from_ref(file))?;
    let source = sources.pop().filter(|_| sources.is_empty());
    let source = source.ok_or_else(|| {
        Failure::usage(format!("--assumptions {}: name one file", file.display()))
    })?;
    let loaded = holdfast_ingest::assume(loaded, source);
    let told = &loaded.diagnostics[known..];
    render::diagnostics::tell(told.iter(), true);
    if told.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    Ok(loaded)
}

/// The node that an option names.
///
/// # Errors
/// When there is none of that name.
pub(crate) fn node_named(cluster: &Cluster, option: &str, name: &str) -> Result<NodeId, Failure> {
    let known = cluster.find(name).and_then(|symbol| cluster.node_named(symbol));
    known.ok_or_else(|| {
        let nodes: Vec<&str> = cluster.node_ids().map(|id| cluster.node_name(id)).collect();
        let machines = cluster.objects().assumptions.machines.iter();
        let machines: Vec<&str> = machines.map(|machine| cluster.text(machine.name)).collect();
        let failure = Failure::usage(format!("{option}: there is no node named {name:?}"));
        if machines.contains(&name) {
            return failure.hint("it is a machine, which can fail and recover and nothing else");
        }
        match nearest(name, nodes.iter().chain(&machines).copied()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None if machines.is_empty() => {
                failure.hint(format!("the nodes are {}", render::words::list(&nodes, 12)))
            }
            None => failure.hint(format!(
                "the nodes are {}, the machines {}",
                render::words::list(&nodes, 12),
                render::words::list(&machines, 12)
            )),
        }
    })
}
