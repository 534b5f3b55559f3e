//! `holdfast diff`: what a change makes worse.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use holdfast_failover::Dynamics;
use holdfast_ingest::edit::Manifests;
use holdfast_ingest::overlay::{self, Manifest, Named};
use holdfast_ingest::{Loaded, Source};
use holdfast_policy::DiffReport;
use holdfast_policy::diff::{Rollouts, Side};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::simulation::Simulator;
use holdfast_proof::{Prover, Report, Settings, Summary};
use holdfast_session::loading::nothing_runs;
use holdfast_session::{question, sweep};

use crate::args::{DiffArguments, WhatIfArguments};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{accept, exit, findings, input, render, terminal};

/// Runs the command.
///
/// # Errors
/// Bad input, nothing that is changed, nothing to compare.
pub fn run(arguments: &DiffArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.gate.proof.budget))?;
    output::check_findings(&arguments.gate.output.output)?;
    if arguments.after.is_none() && arguments.gate.what_if.is_empty() {
        return Err(Failure::usage("nothing is changed: there is BEFORE, and no AFTER")
            .hint("name a second export, or lay the change over the first with --overlay"));
    }
    let DiffArguments { before, after, .. } = arguments;
    input::refuse_twice([before].into_iter().chain(after))?;
    let sources = input::read(std::slice::from_ref(before))?;
    // What cannot be read again is kept.
    let (path, kept) = match after {
        Some(after) => (after, input::read(std::slice::from_ref(after))?),
        None => (before, sources.clone()),
    };
    let unchanged = WhatIfArguments::default();
    let (before, after) = both(
        || Read::of(arguments, (before, sources), &unchanged),
        || Read::of(arguments, (path, kept), &arguments.gate.what_if),
    );
    let (before, after) = (before?, after?);
    let settings = Settings { states_per_set: arguments.gate.proof.budget, ..Settings::default() };
    let (was, is) =
        both(|| before.prover(settings, arguments), || after.prover(settings, arguments));
    if was.subjects().subjects.is_empty() && is.subjects().subjects.is_empty() {
        return Err(nothing_runs(&after.loaded));
    }
    // What bounds tell of a cluster that rolls out they tell of its end.
    let end = is.starts().loose.is_some();
    let (old, new) = (before.sweep(&was, arguments)?, after.sweep(&is, arguments)?);
    let (was, is) = both(|| Answer::of(&was, old), || Answer::of(&is, new));
    let simulator = Simulator::new(Dynamics::new(&after.loaded.cluster), settings);
    let workloads = overlay::rolled(&after.loaded, &after.rolled);
    // Without an event no event can be refused.
    let stages = if workloads.is_empty() { Ok(Vec::new()) } else { simulator.run(&[]) };
    let stages = stages.unwrap_or_default();
    let stage = stages.first();
    let (workloads, simulator) = (&workloads, &simulator);
    let rollouts = stage.map(|stage| Rollouts { workloads, simulator, stage, end });
    let accepted = accept::asked(&arguments.gate.accept)?.of(None, &after.manifests)?;
    let sides = (was.side(&before), is.side(&after));
    let written = Manifests::new(after.written.clone());
    let mut report = DiffReport::new(sides, rollouts, (&written, accepted));
    accept::write(&arguments.gate.accept, &mut report.findings)?;
    report.judge();
    let shown = arguments.gate.accept.show_suppressed;
    findings::write(&arguments.gate.output.output, &(&report).into(), |format, rest| {
        render::check::text(&(&report).into(), rest, format, |format| match format {
            Format::Json => render::json(&report),
            Format::Markdown => render::diff::markdown(&report),
            Format::Html => render::diff::html(&report),
            _ => render::diff::human(&report, shown),
        })
    })?;
    Ok(match report.verdict {
        _ if arguments.exit_zero => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        _ if !report.checked.complete => exit::INCONCLUSIVE,
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    })
}

/// Does both at once.
fn both<O: Send>(one: impl FnOnce() -> O + Send, other: impl FnOnce() -> O) -> (O, O) {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        let one = one.join().unwrap_or_else(|panic| resume_unwind(panic));
        (one, other)
    })
}

/// One side as it was read.
struct Read {
    loaded: Loaded,
    manifests: BTreeMap<Named, Manifest>,
    /// The files that people write.
    written: Vec<Source>,
    rolled: Vec<Named>,
}

/// A file of more bytes is what a tool printed, of which nobody reads lines.
const WRITTEN_MAX: usize = 1 << 20;

impl Read {
    fn of(
        arguments: &DiffArguments,
        (path, sources): (&PathBuf, Vec<Source>),
        what_if: &WhatIfArguments,
    ) -> Result<Self, Failure> {
        let is_written = |source: &&Source| source.bytes.len() <= WRITTEN_MAX;
        let own: Vec<Source> = sources.iter().filter(is_written).cloned().collect();
        let mut overlaid = super::over(sources, what_if)?;
        let (manifests, rolled) = (overlay::manifests(&overlaid), overlaid.rolled.clone());
        // What is laid over another says where it stands now.
        let laid = std::mem::take(&mut overlaid.applied);
        let written = if laid.is_empty() { own } else { laid };
        let loaded =
            super::load_overlaid(overlaid, std::slice::from_ref(path), &arguments.gate.scheduler)?;
        let loaded = super::assume(loaded, arguments.gate.proof.assumptions.as_ref())?;
        Ok(Self { loaded, manifests, written, rolled })
    }

    fn prover(&self, settings: Settings, arguments: &DiffArguments) -> Prover<'_> {
        let mut prover = Prover::new(&self.loaded.cluster, settings);
        let failures = &arguments.failures;
        let by_node = failures.domain.is_none() && failures.domain_file.is_none();
        prover.foresee(if by_node && failures.fail.is_none() { failures.nodes } else { 0 });
        prover
    }

    fn sweep(
        &self,
        prover: &Prover<'_>,
        arguments: &DiffArguments,
    ) -> Result<(Question, Summary), Failure> {
        let rim = terminal::rim();
        let question = question::of(&(&arguments.failures).into(), &self.loaded.cluster, rim)?;
        let summary = sweep::sweep(prover, &question, rim);
        Ok((question, summary))
    }
}

/// What was proved of one side.
struct Answer<'p> {
    prover: &'p Prover<'p>,
    summary: Summary,
    report: Report,
}

impl<'p> Answer<'p> {
    fn of(prover: &'p Prover<'p>, (question, summary): (Question, Summary)) -> Self {
        let report = Report::new(prover, &question, &summary);
        Self { prover, summary, report }
    }

    fn side<'s>(&'s self, read: &'s Read) -> Side<'s> {
        Side {
            loaded: &read.loaded,
            manifests: &read.manifests,
            subjects: self.prover.subjects(),
            report: &self.report,
            summary: &self.summary,
        }
    }
}
