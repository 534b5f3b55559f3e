//! `holdfast prove`: for every failure, what keeps running and what comes back.

use std::path::Path;

use holdfast_cluster::{Cluster, Placement};
use holdfast_ingest::Loaded;
use holdfast_proof::certify::{Certified, Found, certify, certify_sequences};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::subject::Subjects;
use holdfast_proof::tolerance::ToleranceReport;
use holdfast_proof::{Prover, Report, Settings};
use serde::Serialize;

use crate::args::ProveArguments;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remedies::{self, Beside};
use crate::sequences::Sequences;
use crate::{exit, interrupt, question, render, sweep};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node, nothing to check.
pub fn run(arguments: &ProveArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.proof.budget))?;
    output::check(&arguments.output.output)?;
    arguments.certificate.as_deref().map_or(Ok(()), output::check_folder)?;
    let loaded =
        super::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = super::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let cluster = &loaded.cluster;
    if let Some(sequences) = Sequences::of(arguments, cluster)? {
        return through(arguments, &loaded, &sequences);
    }
    let question = if arguments.tolerance {
        question::of_tolerance(&arguments.failures, arguments.up_to, cluster)?
    } else {
        question::of(&arguments.failures, cluster)?
    };
    let mut prover = Prover::new(cluster, settings(arguments));
    if let Question::AnyNodes(most) = question {
        prover.foresee(most);
    }
    if prover.subjects().subjects.is_empty() {
        return Err(nothing_runs(&loaded));
    }
    let summary = sweep::sweep(&prover, &question, interrupt::flag());
    if let Some(path) = &arguments.certificate {
        write_certificate(path, &certify(&prover, &question, &summary))?;
    }
    let mut report = Report::new(&prover, &question, &summary);
    if arguments.tolerance {
        report.tolerance = Some(ToleranceReport::of(&report, &question, &summary));
    } else {
        report.ask_possible(&prover, &summary, questions(arguments, cluster));
    }
    output::refuse_ndjson(&arguments.output.output)?;
    let beside = match report.tolerance {
        Some(_) => Beside::default(),
        None => remedies::beside(&prover, &question, &summary, arguments.remedies),
    };
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => match &report.tolerance {
            Some(tolerance) => render::tolerance::human(&report, tolerance),
            None => render::prove::human(&report, &beside, arguments.all),
        },
        _ => render::json(&Answer { report: &report, beside: &beside }),
    })?;
    if let Some(tolerance) = &report.tolerance {
        let is_known = report.checked.complete && tolerance.is_exact();
        return Ok(if is_known { exit::HOLDS } else { exit::INCONCLUSIVE });
    }
    Ok(code(&report))
}

fn write_certificate(path: &Path, certified: &Certified) -> Result<(), Failure> {
    output::write_file(path, &render::json(&certified.certificate))?;
    render::verify::tell_left_out(&certified.left_out);
    Ok(())
}

/// How hard the prover tries.
fn settings(arguments: &ProveArguments) -> Settings {
    let symmetry = !arguments.no_symmetry;
    Settings { states_per_set: arguments.proof.budget, symmetry, ..Settings::default() }
}

/// The report, and what was found beside it.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(flatten)]
    beside: &'a Beside,
}

/// The same for events that come one after another.
fn through(
    arguments: &ProveArguments,
    loaded: &Loaded,
    sequences: &Sequences,
) -> Result<u8, Failure> {
    output::refuse_ndjson(&arguments.output.output)?;
    let cluster = sequences.prepare(&loaded.cluster);
    if Subjects::of(&cluster, &Placement::of(&cluster)).subjects.is_empty() {
        return Err(nothing_runs(loaded));
    }
    let report = sequences.prove(&cluster, settings(arguments), interrupt::flag())?;
    if let Some(path) = &arguments.certificate {
        let prover = Prover::new(&cluster, settings(arguments));
        let complete = report.checked.complete;
        let known = |verdict| if complete { verdict } else { VerdictName::Unknown };
        let found = report.workloads.iter().map(|workload| Found {
            immediately: known(workload.immediately.verdict),
            recovered: known(workload.recovered.verdict),
        });
        let found: Vec<Found> = found.collect();
        write_certificate(path, &certify_sequences(&prover, &sequences.events(), &found))?;
    }
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => render::prove::human(&report, &Beside::default(), arguments.all),
        _ => render::json(&report),
    })?;
    Ok(code(&report))
}

fn code(report: &Report) -> u8 {
    match report.verdict {
        _ if !report.checked.complete => exit::INCONCLUSIVE,
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    }
}

/// How often it is asked whether a placement is possible: in a large cluster only when told to.
fn questions(arguments: &ProveArguments, cluster: &Cluster) -> usize {
    const PODS_MAX: usize = 500;
    const QUESTIONS: usize = 40;
    match (arguments.possible, cluster.pods().len()) {
        (true, _) => usize::MAX,
        (false, pods) if pods <= PODS_MAX => QUESTIONS,
        (false, _) => 0,
    }
}

/// Nodes alone, or nothing but jobs and what is scaled to zero.
pub(super) fn nothing_runs(loaded: &Loaded) -> Failure {
    if loaded.cluster.workloads().is_empty() {
        return Failure::nothing("the input holds nodes, but no pods and no workloads")
            .hint(format!("export all that is needed with:\n  {}", crate::args::export_line("")));
    }
    Failure::nothing(
        "every workload runs to its end or is scaled to zero: none should keep running",
    )
    .hint("holdfast inspect shows what was read")
}
