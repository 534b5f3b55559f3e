//! `holdfast diff`: what a change makes worse.

use std::collections::BTreeMap;
use std::path::Path;

use holdfast_failover::Dynamics;
use holdfast_ingest::Loaded;
use holdfast_ingest::overlay::{self, Manifest, Named};
use holdfast_policy::DiffReport;
use holdfast_policy::diff::{Rollouts, Side};
use holdfast_proof::report::VerdictName;
use holdfast_proof::simulation::Simulator;
use holdfast_proof::{Prover, Report, Settings};

use crate::args::{DiffArguments, WhatIfArguments};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{accept, exit, findings, input, interrupt, question, render, sweep, whatif};

/// Runs the command.
///
/// # Errors
/// Bad input, nothing that is changed, nothing to compare.
pub fn run(arguments: &DiffArguments) -> Result<u8, Failure> {
    if arguments.proof.budget == 0 {
        return Err(Failure::usage("--budget must be at least one state"));
    }
    output::check_findings(&arguments.output.output)?;
    if arguments.after.is_none() && arguments.what_if.is_empty() {
        return Err(Failure::usage("nothing is changed: there is BEFORE, and no AFTER")
            .hint("name a second export, or lay the change over the first with --overlay"));
    }
    let before = Read::of(arguments, &arguments.before, &WhatIfArguments::default())?;
    let path = arguments.after.as_ref().unwrap_or(&arguments.before);
    let after = Read::of(arguments, path, &arguments.what_if)?;
    let settings = Settings { states_per_set: arguments.proof.budget, ..Settings::default() };
    let (was, is) = (before.prover(settings, arguments), after.prover(settings, arguments));
    if was.subjects().subjects.is_empty() && is.subjects().subjects.is_empty() {
        return Err(super::prove::nothing_runs(&after.loaded));
    }
    let (was, is) = (before.answer(&was, arguments)?, after.answer(&is, arguments)?);
    let simulator = Simulator::new(Dynamics::new(&after.loaded.cluster), settings);
    let workloads = overlay::rolled(&after.loaded, &after.rolled);
    // Without an event no event can be refused.
    let stages = if workloads.is_empty() { Ok(Vec::new()) } else { simulator.run(&[]) };
    let stages = stages.unwrap_or_default();
    let stage = stages.first();
    let rollouts =
        stage.map(|stage| Rollouts { workloads: &workloads, simulator: &simulator, stage });
    let accepted = accept::read(&arguments.accept, None, &after.manifests)?;
    let sides = (was.side(&before), is.side(&after));
    let mut report = DiffReport::new(sides, rollouts, accepted);
    accept::write(&arguments.accept, &mut report.findings)?;
    report.judge();
    findings::write(&arguments.output.output, &(&report).into(), |format| match format {
        Format::Json => render::json(&report),
        Format::Markdown => render::diff::markdown(&report),
        Format::Html => render::diff::html(&report),
        _ => render::diff::human(&report, arguments.accept.show_suppressed),
    })?;
    Ok(match report.verdict {
        _ if arguments.exit_zero => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        _ if !report.checked.complete => exit::INCONCLUSIVE,
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    })
}

/// One side as it was read.
struct Read {
    loaded: Loaded,
    manifests: BTreeMap<Named, Manifest>,
    rolled: Vec<Named>,
}

impl Read {
    fn of(
        arguments: &DiffArguments,
        path: &Path,
        what_if: &WhatIfArguments,
    ) -> Result<Self, Failure> {
        let paths = [path.to_owned()];
        let overlaid = whatif::over(input::read(&paths)?, what_if)?;
        let (manifests, rolled) = (overlay::manifests(&overlaid), overlaid.rolled.clone());
        let loaded = super::load_overlaid(overlaid, &paths, &arguments.scheduler)?;
        let loaded = super::assume(loaded, arguments.proof.assumptions.as_ref())?;
        Ok(Self { loaded, manifests, rolled })
    }

    fn prover(&self, settings: Settings, arguments: &DiffArguments) -> Prover<'_> {
        let mut prover = Prover::new(&self.loaded.cluster, settings);
        let failures = &arguments.failures;
        let by_node = failures.domain.is_none() && failures.domain_file.is_none();
        prover.foresee(if by_node && failures.fail.is_none() { failures.nodes } else { 0 });
        prover
    }

    fn answer<'p>(
        &self,
        prover: &'p Prover<'p>,
        arguments: &DiffArguments,
    ) -> Result<Answer<'p>, Failure> {
        let question = question::of(&arguments.failures, &self.loaded.cluster)?;
        let summary = sweep::sweep(prover, &question, interrupt::flag());
        let report = Report::new(prover, &question, &summary);
        Ok(Answer { prover, summary, report })
    }
}

/// What was proved of one side.
struct Answer<'p> {
    prover: &'p Prover<'p>,
    summary: holdfast_proof::Summary,
    report: Report,
}

impl Answer<'_> {
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
