//! One file per command.

pub mod explain;
pub mod inspect;
pub mod prove;
pub mod redact;
pub mod simulate;
pub mod synth;

use std::path::PathBuf;

use holdfast_ingest::{Diagnostic, Loaded, Options, Rule, Severity, Source};

use crate::failure::Failure;
use crate::{input, render};

/// Reads the inputs into a cluster and tells on standard error what was wrong with them.
///
/// # Errors
/// When an input cannot be read or is refused: nothing is half-done. Exit code 3 where it holds no
/// objects.
fn load(inputs: &[PathBuf]) -> Result<Loaded, Failure> {
    load_sources(input::read(inputs)?, inputs)
}

/// The same of sources that were read.
fn load_sources(sources: Vec<Source>, inputs: &[PathBuf]) -> Result<Loaded, Failure> {
    let loaded = holdfast_ingest::load(sources, &Options::default());
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
        let names: Vec<String> = inputs.iter().map(|path| input::name(path)).collect();
        let message = format!("no API objects in {}", render::words::list(&names, 3));
        return Err(Failure::nothing(message)
            .hint(format!("export a cluster with:\n  {}", crate::args::export_line(""))));
    }
    Ok(())
}

/// The same, where a cluster without nodes leaves nothing to ask.
///
/// # Errors
/// As [`load`], and exit code 3 where there are no nodes.
fn load_cluster(inputs: &[PathBuf]) -> Result<Loaded, Failure> {
    with_nodes(load(inputs)?)
}

fn with_nodes(loaded: Loaded) -> Result<Loaded, Failure> {
    if loaded.cluster.nodes().is_empty() {
        return Err(Failure::nothing("the input holds no nodes, so nothing can be said to fail")
            .hint("add them: kubectl get nodes -o json > nodes.json, then name both files"));
    }
    Ok(loaded)
}
