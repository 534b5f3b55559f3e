//! `check`: whether what a policy requires holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holdfast_cluster::Cluster;
use holdfast_ingest::overlay::{Manifest, Named};
use holdfast_ingest::policy::{Fails, Policy, Scenario};
use holdfast_ingest::{Loaded, Source};
use holdfast_planner::Asking;
use holdfast_policy::accepted::Accepted;
use holdfast_policy::{CheckReport, Gate, Sets};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Prover, Report, Settings};
use holdfast_render::check::Rest;
use holdfast_render::config::FILE;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use crate::accept::Accept;
use crate::answer::Answer;
use crate::failure::Failure;
use crate::prove::STATES;
use crate::question::{self, Failures};
use crate::rim::Rim;
use crate::sequences::Sequences;
use crate::{exit, remedies, sweep};

/// What is to be checked, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Check {
    /// The file of the policy.
    pub policy: PathBuf,
    /// What it says, where that is not what the file says.
    pub text: Option<String>,
    /// Remedies are looked for however long it takes.
    pub remedies: bool,
    /// What is accepted, `ID[:KIND/NAMESPACE/NAME]=REASON`.
    pub suppress: Vec<String>,
    /// What is suppressed is told, too.
    pub show_suppressed: bool,
    /// The file of findings that were there before.
    pub baseline: Option<PathBuf>,
    /// The day on which it is judged what has expired, `2027-01-31`.
    pub today: String,
    /// States to search per failure set.
    pub budget: usize,
}

impl Default for Check {
    fn default() -> Self {
        Self {
            policy: FILE.into(),
            text: None,
            remedies: false,
            suppress: Vec::new(),
            show_suppressed: false,
            baseline: None,
            today: "1970-01-01".to_owned(),
            budget: STATES,
        }
    }
}

/// What was found, judged.
pub struct Checked {
    /// The report.
    pub report: CheckReport,
    show_suppressed: bool,
}

impl Check {
    /// The policy.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense.
    pub fn policy(&self, rim: &impl Rim) -> Result<Policy, Failure> {
        policy(self.source(rim)?, rim)
    }

    /// The policy as text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn source(&self, rim: &impl Rim) -> Result<Source, Failure> {
        match &self.text {
            Some(text) => Ok(Source::named(self.policy.display().to_string(), text.as_str())),
            None => rim.read("--policy", &self.policy),
        }
    }

    /// Checks a policy of a cluster, whose manifests may accept findings, too.
    ///
    /// # Errors
    /// A policy that names what is not there, what makes no sense of what is accepted, nothing to
    /// check.
    pub fn ask(
        &self,
        policy: &Policy,
        loaded: &Loaded,
        manifests: &BTreeMap<Named, Manifest>,
        rim: &impl Rim,
    ) -> Result<Checked, Failure> {
        let effort = Effort { budget: self.budget, remedies: Some(self.remedies) };
        let accepted = || self.accept(rim)?.of(Some(policy), manifests);
        let mut report = found(policy, &self.policy, loaded, effort, accepted, rim)?;
        report.judge();
        Ok(Checked { report, show_suppressed: self.show_suppressed })
    }

    fn accept(&self, rim: &impl Rim) -> Result<Accept, Failure> {
        let read = |path: &PathBuf| rim.read("--baseline", path);
        let baseline = self.baseline.as_ref().map(read).transpose()?;
        let today = self.today.parse().map_err(|why| {
            let text = format!("--today {}: {why}", self.today);
            Failure::usage(text).hint("write it as 2027-01-31")
        })?;
        Ok(Accept { suppress: self.suppress.clone(), baseline, today })
    }
}

impl Answer for Checked {
    fn text(&self, format: Format) -> String {
        text(&self.report, format, self.show_suppressed, Rest::Nowhere)
    }

    fn code(&self) -> u8 {
        code(&self.report)
    }
}

/// A policy, and where it was read.
///
/// # Errors
/// When it makes no sense.
pub fn policy(source: Source, rim: &impl Rim) -> Result<Policy, Failure> {
    let (policy, told) = holdfast_ingest::policy(source);
    rim.tell(&render::diagnostics::summary(told.iter(), true));
    policy.ok_or_else(Failure::refused)
}

/// What is found of a policy, read from `path`, but for what `accepted` takes out. It is still to
/// be judged.
///
/// # Errors
/// Scenarios that name what is not there, and a policy about no workload.
pub fn found(
    policy: &Policy,
    path: &Path,
    loaded: &Loaded,
    effort: Effort,
    accepted: impl FnOnce() -> Result<Accepted, Failure>,
    rim: &impl Rim,
) -> Result<CheckReport, Failure> {
    let Some(gate) = judge(policy, path, loaded, effort, rim)? else {
        let path = path.display();
        let text = format!("no requirement of {path} selects a workload that should keep running");
        return Err(Failure::nothing(text).hint("holdfast inspect shows what was read"));
    };
    Ok(gate.finish(accepted()?))
}

/// A judged report in a format; `rest` is where what GitHub does not annotate is told.
pub fn text(report: &CheckReport, format: Format, show_suppressed: bool, rest: Rest) -> String {
    render::check::text(&report.into(), rest, format, |format| match format {
        Format::Json => render::json(report),
        Format::Markdown => render::check::markdown(report),
        Format::Html => render::check::html(report),
        _ => render::check::human(report, show_suppressed),
    })
}

/// The exit code of a judged report.
pub fn code(report: &CheckReport) -> u8 {
    match report.verdict {
        VerdictName::Proved => exit::HOLDS,
        VerdictName::Refuted => exit::REFUTED,
        VerdictName::Unknown => exit::INCONCLUSIVE,
    }
}

/// How much is done about a policy.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// States to search per failure set.
    pub budget: usize,
    /// Whether remedies are looked for, and then whether that is so in large clusters, too.
    pub remedies: Option<bool>,
}

/// What the prover makes of a policy, read from `path`; nothing where that is about no workload.
///
/// # Errors
/// Scenarios that name what is not there.
pub fn judge<'a>(
    policy: &'a Policy,
    path: &Path,
    loaded: &'a Loaded,
    effort: Effort,
    rim: &impl Rim,
) -> Result<Option<Gate<'a>>, Failure> {
    let cluster = &loaded.cluster;
    let ask = |scenario| Asked::of(scenario, path, cluster, rim);
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
                let summary = sweep::sweep(&prover, question, rim);
                let few = sweep::few(rim);
                let asking = Asking { settings, sweep: &few };
                let sets = Sets { prover: &prover, question, summary: &summary, asking: &asking };
                gate.judge(scenario, Some(&sets), &Report::new(&prover, question, &summary));
                let Some(anywhere) = effort.remedies else { continue };
                let refuted = gate.refuted(scenario);
                let asked = (question, &summary);
                let found = remedies::of_these(&prover, asked, &refuted, anywhere, rim);
                gate.remedy(scenario, &found);
            }
            Asked::Events(events) => {
                let report = events.prove(&events.prepare(cluster), settings, rim);
                let report = report.map_err(|why| named(&why, &policy.scenarios[scenario]))?;
                gate.judge(scenario, None, &report);
            }
        }
    }
    Ok(Some(gate))
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
    fn of(
        scenario: &Scenario,
        policy: &Path,
        cluster: &Cluster,
        rim: &impl Rim,
    ) -> Result<Self, Failure> {
        let mut asked = Failures::default();
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
        question::of(&asked, cluster, rim).map(Self::Sets).map_err(|why| named(&why, scenario))
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
