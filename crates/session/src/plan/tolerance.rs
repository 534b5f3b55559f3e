//! `plan tolerance`: how many failures each workload survives, as `prove --tolerance` says it.

use holdfast_ingest::Loaded;
use holdfast_proof::tolerance::ToleranceReport;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use super::at_least_one;
use crate::answer::Answer;
use crate::failure::Failure;
use crate::prove::{self, Prove, Proved};
use crate::question::Failures;
use crate::rim::Rim;

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tolerance {
    /// Values of this label of nodes fail as a whole, instead of nodes.
    pub domain: Option<String>,
    /// Up to how many of them are asked about.
    pub up_to: Option<usize>,
    /// States to search per failure set.
    pub budget: usize,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { domain: None, up_to: None, budget: prove::STATES }
    }
}

/// What is survived.
pub struct Tolerated {
    proved: Proved,
}

impl Tolerance {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero.
    pub fn check(&self) -> Result<(), Failure> {
        at_least_one(&[("--budget", self.budget)])
    }

    /// Asks it of a cluster.
    ///
    /// # Errors
    /// A label of no node, nothing to check.
    pub fn ask(&self, loaded: &Loaded, rim: &impl Rim) -> Result<Tolerated, Failure> {
        self.check()?;
        let failures = Failures { domain: self.domain.clone(), ..Failures::default() };
        let (up_to, budget) = (self.up_to, self.budget);
        let prove = Prove { failures, tolerance: true, up_to, budget, ..Prove::default() };
        Ok(Tolerated { proved: prove.ask(loaded, rim)? })
    }
}

impl Tolerated {
    fn tolerance(&self) -> &ToleranceReport {
        self.proved.report.tolerance.as_ref().expect("it was asked for")
    }
}

impl Answer for Tolerated {
    fn text(&self, format: Format) -> String {
        let report = &self.proved.report;
        match format {
            Format::Json => {
                render::json(&render::plan::tolerance::Answer::new(report, self.tolerance()))
            }
            format => render::plan::tolerance::render(report, self.tolerance(), format),
        }
    }

    fn code(&self) -> u8 {
        self.proved.code()
    }
}
