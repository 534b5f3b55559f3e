//! `plan repair`: the cheapest changes that turn REFUTED into PROVED.

use holdfast_ingest::Loaded;
use holdfast_planner::report::PlanReport;
use holdfast_planner::{Asked, Effort, Repairer};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::{Prover, Report, Settings};
use holdfast_render::written::Written;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use super::at_least_one;
use crate::answer::Answer;
use crate::failure::Failure;
use crate::loading::nothing_runs;
use crate::prove;
use crate::question::{self, Failures};
use crate::remedies::{self, LONG};
use crate::rim::Rim;
use crate::{exit, sweep};

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Repair {
    /// What fails.
    pub failures: Failures,
    /// How many remedies are looked for, for each workload.
    pub remedies: usize,
    /// How many proposals are tried, for each workload.
    pub proposals: usize,
    /// How many of them are proved about, for all workloads together.
    pub proofs: usize,
    /// States to search per failure set.
    pub budget: usize,
}

impl Default for Repair {
    fn default() -> Self {
        let failures = Failures::default();
        Self { failures, remedies: 3, proposals: 64, proofs: 256, budget: prove::STATES }
    }
}

/// What repairs.
pub struct Repaired {
    /// The plan.
    pub plan: PlanReport,
    /// What was written into manifests, where that was asked for.
    pub written: Option<Written>,
    report: Report,
    code: u8,
}

/// The answer, and what was written.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    plan: &'a PlanReport,
    #[serde(flatten)]
    written: Option<&'a Written>,
}

impl Repair {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero.
    pub fn check(&self) -> Result<(), Failure> {
        at_least_one(&[
            ("--budget", self.budget),
            ("--remedies", self.remedies),
            ("--proposals", self.proposals),
            ("--proofs", self.proofs),
        ])
    }

    /// Asks it of a cluster.
    ///
    /// # Errors
    /// Names of nothing, nothing to check.
    pub fn ask(&self, loaded: &Loaded, rim: &impl Rim) -> Result<Repaired, Failure> {
        self.check()?;
        let question = question::of(&self.failures, &loaded.cluster, rim)?;
        let settings = Settings { states_per_set: self.budget, ..Settings::default() };
        let mut prover = Prover::new(&loaded.cluster, settings);
        if let Question::AnyNodes(most) = question {
            prover.foresee(most);
        }
        if prover.subjects().subjects.is_empty() {
            return Err(nothing_runs(loaded));
        }
        let summary = sweep::sweep(&prover, &question, rim);
        let report = Report::new(&prover, &question, &summary);
        let effort = Effort { looks: self.proposals, remedies: self.remedies, ..Effort::default() };
        let sweep = remedies::alone(rim);
        let settings = Settings { states_per_set: self.budget.min(LONG), ..settings };
        let (prover, question) = (&prover, &question);
        let asked = Asked { prover, question, summary: &summary, sweep: &sweep, settings };
        let mut repairer = Repairer { asked, effort };
        let refuted = repairer.refuted();
        repairer.effort = effort.shared(self.proofs, refuted.len());
        let found = remedies::of(&repairer, &refuted, rim);
        let together = repairer.together(&found);
        let plan = PlanReport::new(&asked, &found, &together);
        let code = match together.verdict {
            _ if !summary.complete => exit::INCONCLUSIVE,
            VerdictName::Proved => exit::HOLDS,
            VerdictName::Refuted => exit::REFUTED,
            VerdictName::Unknown => exit::INCONCLUSIVE,
        };
        Ok(Repaired { plan, written: None, report, code })
    }
}

impl Answer for Repaired {
    fn text(&self, format: Format) -> String {
        let written = self.written.as_ref();
        match format {
            Format::Json => render::json(&Told { plan: &self.plan, written }),
            _ => render::plan::repair(&self.report, &self.plan, written),
        }
    }

    fn code(&self) -> u8 {
        self.code
    }
}
