//! Sources to a cluster, with what is laid over them and what they cannot show.

use holdfast_ingest::overlay::Overlaid;
use holdfast_ingest::{Diagnostic, Loaded, Options, Rule, Severity, Source};
use holdfast_render as render;

use crate::failure::Failure;
use crate::kubectl::export_line;
use crate::rim::Rim;
use crate::whatif;

/// Reads sources that go by these names in messages, and tells what was wrong with them.
///
/// # Errors
/// When they are refused: nothing is half-done. Exit code 3 where they hold no objects.
pub fn load(
    sources: Vec<Source>,
    names: &[String],
    options: &Options,
    rim: &impl Rim,
) -> Result<Loaded, Failure> {
    let loaded = holdfast_ingest::load(sources, options);
    judge(&loaded.diagnostics, loaded.inventory.objects.total(), names, rim)?;
    Ok(loaded)
}

/// Tells what was wrong with sources.
///
/// # Errors
/// When they are refused. Exit code 3 where they held no objects.
pub fn judge(
    diagnostics: &[Diagnostic],
    objects: u64,
    names: &[String],
    rim: &impl Rim,
) -> Result<(), Failure> {
    // Said below with the names of the inputs.
    let told = diagnostics.iter().filter(|found| found.rule != Rule::NoObjects);
    // Without objects there is nothing to inspect: all there is to tell is told at once.
    rim.tell(&render::diagnostics::summary(told, objects == 0));
    if diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    if objects == 0 {
        let message = format!("no API objects in {}", render::words::list(names, 3));
        return Err(Failure::nothing(message)
            .hint(format!("export a cluster with:\n  {}", export_line(""))));
    }
    Ok(())
}

/// Tells what was wrong with a file beside the cluster, in full.
///
/// # Errors
/// When it is refused.
pub fn heed(diagnostics: &[Diagnostic], rim: &impl Rim) -> Result<(), Failure> {
    rim.tell(&render::diagnostics::summary(diagnostics.iter(), true));
    if diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    Ok(())
}

/// Reads what was laid over sources, and lets the rollouts begin that come of it.
///
/// # Errors
/// As [`load`], and a rollout that is not followed.
pub fn overlaid(
    overlaid: Overlaid,
    names: &[String],
    options: &Options,
    rim: &impl Rim,
) -> Result<Loaded, Failure> {
    let loaded = load(overlaid.sources, names, options, rim)?;
    whatif::begin(Loaded { laid_over: overlaid.places, ..loaded }, &overlaid.rolled)
}

/// The same where a cluster without nodes leaves nothing to ask.
///
/// # Errors
/// As [`overlaid`], and exit code 3 where there are no nodes.
pub fn cluster(
    overlaid: Overlaid,
    names: &[String],
    options: &Options,
    rim: &impl Rim,
) -> Result<Loaded, Failure> {
    let loaded = load(overlaid.sources, names, options, rim)?;
    if loaded.cluster.nodes().is_empty() {
        return Err(Failure::nothing("the input holds no nodes, so nothing can be said to fail")
            .hint("add them: kubectl get nodes -o json > nodes.json, then name both files"));
    }
    whatif::begin(Loaded { laid_over: overlaid.places, ..loaded }, &overlaid.rolled)
}

/// Lays a file of assumptions over what was loaded, if there is one.
///
/// # Errors
/// When it makes no sense or contradicts the export.
pub fn assume(loaded: Loaded, file: Option<Source>, rim: &impl Rim) -> Result<Loaded, Failure> {
    let Some(source) = file else { return Ok(loaded) };
    let known = loaded.diagnostics.len();
    let loaded = holdfast_ingest::assume(loaded, source);
    heed(&loaded.diagnostics[known..], rim)?;
    Ok(loaded)
}

/// Refuses a search of no state.
///
/// # Errors
/// When that is what was asked for.
pub fn check_budget(states: Option<usize>) -> Result<(), Failure> {
    if states == Some(0) {
        return Err(Failure::usage("--budget must be at least one state"));
    }
    Ok(())
}

/// Nodes alone, or nothing but jobs and what is scaled to zero.
pub fn nothing_runs(loaded: &Loaded) -> Failure {
    if loaded.cluster.workloads().is_empty() {
        return Failure::nothing("the input holds nodes, but no pods and no workloads")
            .hint(format!("export all that is needed with:\n  {}", export_line("")));
    }
    Failure::nothing(
        "every workload runs to its end or is scaled to zero: none should keep running",
    )
    .hint("holdfast inspect shows what was read")
}
