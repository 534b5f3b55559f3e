//! One file per command.

pub mod inspect;
pub mod prove;
pub mod redact;
pub mod synth;

use std::path::PathBuf;

use holdfast_ingest::{Loaded, Options, Severity};

use crate::failure::Failure;
use crate::{input, render};

/// Reads the inputs into a cluster and tells on standard error what was wrong with them.
///
/// # Errors
/// When an input cannot be read or is refused: nothing is half-done. Exit code 3 where it holds no objects.
fn load(inputs: &[PathBuf]) -> Result<Loaded, Failure> {
    let loaded = holdfast_ingest::load(input::read(inputs)?, &Options::default());
    render::diagnostics::tell(&loaded.diagnostics);
    if loaded.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    if loaded.inventory.objects.total() == 0 {
        return Err(Failure::nothing("the input holds no API objects")
            .hint(format!("export a cluster with:\n  {}", crate::args::EXPORT_LINE)));
    }
    Ok(loaded)
}

/// The same, where a cluster without nodes leaves nothing to ask.
///
/// # Errors
/// As [`load`], and exit code 3 where there are no nodes.
fn load_cluster(inputs: &[PathBuf]) -> Result<Loaded, Failure> {
    let loaded = load(inputs)?;
    if loaded.cluster.nodes().is_empty() {
        return Err(Failure::nothing("the input holds no nodes, so nothing can be said to fail")
            .hint(
                "add the nodes: kubectl get nodes -o json > nodes.json, then name both files; \
                 holdfast inspect shows what was read",
            ));
    }
    Ok(loaded)
}
