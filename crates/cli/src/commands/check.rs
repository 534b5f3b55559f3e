//! `holdfast check`: whether what a policy requires holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holdfast_cluster::Cluster;
use holdfast_ingest::policy::{Fails, Policy, Scenario};
use holdfast_ingest::{Loaded, overlay};
use holdfast_policy::{Gate, Sets, suppress};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Prover, Report, Settings};

use crate::args::{CheckArguments, FailureArguments};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::sequences::Sequences;
use crate::{accept, exit, findings, input, interrupt, question, remedies, render, sweep, whatif};

/// What a policy is called where none is named.
pub(crate) const FILE: &str = "holdfast.yaml";

/// Runs the command.
///
/// # Errors
/// Bad input, a policy that makes no sense or names what is not there, nothing to check.
pub fn run(arguments: &CheckArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.gate.proof.budget))?;
    output::check_findings(&arguments.gate.output.output)?;
    let path = arguments.policy.clone().map_or_else(discover, Ok)?;
    let policy = read(&path)?;
    let overlaid =
        whatif::over(input::read_cluster(&arguments.input.inputs)?, &arguments.gate.what_if)?;
    // Objects are read once more only where one of them may accept findings.
    let accepts = overlaid.sources.iter().any(|source| source.may_say(suppress::DOMAIN));
    let manifests = if accepts { overlay::manifests(&overlaid) } else { BTreeMap::new() };
    let loaded =
        super::load_overlaid(overlaid, &arguments.input.inputs, &arguments.gate.scheduler)?;
    // What is asked for outright is nearer than what the policy says.
    let assumptions = arguments.gate.proof.assumptions.clone();
    let of_policy = || policy.assumptions.as_ref().map(|file| path.with_file_name(file));
    let loaded = super::assume(loaded, assumptions.or_else(of_policy).as_ref())?;
    let effort = Effort { budget: arguments.gate.proof.budget, remedies: Some(arguments.remedies) };
    let Some(gate) = judge(&policy, &path, &loaded, effort)? else {
        let path = path.display();
        let text = format!("no requirement of {path} selects a workload that should keep running");
        return Err(Failure::nothing(text).hint("holdfast inspect shows what was read"));
    };
    let mut report = gate.finish(accept::read(&arguments.gate.accept, Some(&policy), &manifests)?);
    accept::write(&arguments.gate.accept, &mut report.findings)?;
    report.judge();
    findings::write(&arguments.gate.output.output, &(&report).into(), |format| match format {
        Format::Json => render::json(&report),
        Format::Markdown => render::check::markdown(&report),
        Format::Html => render::check::html(&report),
        _ => render::check::human(&report, arguments.gate.accept.show_suppressed),
    })?;
    Ok(match report.verdict {
        _ if arguments.exit_zero => exit::HOLDS,
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    })
}

/// How much is done about a policy.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// States to search per failure set.
    pub(super) budget: usize,
    /// Whether remedies are looked for, and then whether that is so in large clusters, too.
    pub(super) remedies: Option<bool>,
}

/// What the prover makes of a policy, read from `path`; nothing where that is about no workload.
///
/// # Errors
/// Scenarios that name what is not there.
pub(super) fn judge<'a>(
    policy: &'a Policy,
    path: &Path,
    loaded: &'a Loaded,
    effort: Effort,
) -> Result<Option<Gate<'a>>, Failure> {
    let cluster = &loaded.cluster;
    let ask = |scenario| Asked::of(scenario, path, cluster);
    let asked: Vec<Asked> = policy.scenarios.iter().map(ask).collect::<Result<_, _>>()?;
    let mut gate = Gate::new(policy, loaded);
    if gate.is_idle() {
        return Ok(None);
    }
    let settings = Settings { states_per_set: effort.budget, ..Settings::default() };
    let mut prover = Prover::new(cluster, settings);
    for (scenario, asked) in asked.iter().enumerate() {
        if !gate.asks(scenario) {
            continue;
        }
        match asked {
            Asked::Sets(question) => {
                // Nothing is foreseen of other sets than those of nodes.
                prover.foresee(if let Question::AnyNodes(most) = question { *most } else { 0 });
                let summary = sweep::sweep(&prover, question, interrupt::flag());
                let sets = Sets { prover: &prover, question, summary: &summary };
                gate.judge(scenario, Some(&sets), &Report::new(&prover, question, &summary));
                let Some(anywhere) = effort.remedies else { continue };
                let refuted = gate.refuted(scenario);
                let asked = (question, &summary);
                let found = remedies::of_these(&prover, asked, &refuted, anywhere);
                gate.remedy(scenario, &found);
            }
            Asked::Events(events) => {
                let report = events.prove(&events.prepare(cluster), settings, interrupt::flag());
                let report = report.map_err(|why| named(&why, &policy.scenarios[scenario]))?;
                gate.judge(scenario, None, &report);
            }
        }
    }
    Ok(Some(gate))
}

/// The policy of the working directory, or of the nearest one above it that has one.
pub(super) fn discover() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::usage(format!("cannot tell the working directory: {error}")))?;
    let found = here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file());
    let found = found.ok_or_else(|| {
        Failure::usage(format!("there is no {FILE} here or in a directory above"))
            .hint("holdfast init writes one of what the cluster survives today; --policy FILE names another")
    })?;
    // What lies here goes by its name alone.
    Ok(found.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(found))
}

fn read(path: &Path) -> Result<Policy, Failure> {
    let mut sources = input::read(&[path.to_owned()])?;
    let source = sources.pop().filter(|_| sources.is_empty());
    let source = source
        .ok_or_else(|| Failure::usage(format!("--policy {}: name one file", path.display())))?;
    let (policy, told) = holdfast_ingest::policy(source);
    render::diagnostics::tell(told.iter(), true);
    policy.ok_or_else(Failure::refused)
}

/// What a scenario asks.
enum Asked {
    /// Sets of machines that fail together.
    Sets(Question),
    /// Events that come one after another.
    Events(Sequences),
}

impl Asked {
    /// As `prove` does with these options, and errors name the policy's fields.
    fn of(scenario: &Scenario, policy: &Path, cluster: &Cluster) -> Result<Self, Failure> {
        let mut asked =
            FailureArguments { nodes: 1, domain: None, domain_file: None, domains: 1, fail: None };
        match &scenario.fails {
            Fails::AnyNodes(most) => asked.nodes = *most,
            Fails::Domains { label, at_most } => {
                asked.domains = *at_most;
                asked.domain = Some(label.clone());
            }
            Fails::DomainFile { path, at_most } => {
                asked.domains = *at_most;
                asked.domain_file = Some(policy.with_file_name(path));
            }
            Fails::These(names) => asked.fail = Some(names.clone()),
            Fails::Sequence(events) => {
                let events = Sequences::of_text(events, cluster);
                return events.map(Self::Events).map_err(|why| named(&why, scenario));
            }
        }
        question::of(&asked, cluster).map(Self::Sets).map_err(|why| named(&why, scenario))
    }
}

/// What is wrong with a scenario, in the words of the policy.
fn named(failure: &Failure, scenario: &Scenario) -> Failure {
    const FIELDS: [(&str, &str); 6] = [
        ("--domain-file", "file"),
        ("--domains", "atMost"),
        ("--domain", "label"),
        ("--nodes", "anyNodes"),
        ("--fail", "fail"),
        ("--sequence", "sequence"),
    ];
    let renamed = |text: &str| {
        FIELDS.iter().fold(text.to_owned(), |text, (option, field)| text.replace(option, field))
    };
    let message = format!("scenario {}: {}", scenario.name, renamed(&failure.message));
    let hint = failure.hint.as_deref().map(renamed);
    Failure { code: failure.code, message, hint }.at(&scenario.place)
}
