//! `plan remove`: which nodes can go, in which order.

use holdfast_ingest::Loaded;
use holdfast_planner::Asking;
use holdfast_planner::remove::Remover;
use holdfast_planner::report::RemoveReport;
use holdfast_proof::Settings;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use super::{STATES, at_least_one, is_idle};
use crate::answer::Answer;
use crate::failure::Failure;
use crate::loading::nothing_runs;
use crate::question::{self, Survivors};
use crate::rim::Rim;
use crate::{exit, sweep};

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Remove {
    /// What is to be survived afterwards.
    pub survivors: Survivors,
    /// How many sets and orders of nodes are proved about.
    pub proofs: usize,
    /// States to search per failure set.
    pub budget: usize,
}

impl Default for Remove {
    fn default() -> Self {
        Self { survivors: Survivors::default(), proofs: 256, budget: STATES }
    }
}

/// What can go.
pub struct Removed {
    /// The report.
    pub report: RemoveReport,
}

impl Remove {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero.
    pub fn check(&self) -> Result<(), Failure> {
        at_least_one(&[("--budget", self.budget), ("--proofs", self.proofs)])
    }

    /// Asks it of a cluster.
    ///
    /// # Errors
    /// A label of no node, nothing to check.
    pub fn ask(&self, loaded: &Loaded, rim: &impl Rim) -> Result<Removed, Failure> {
        self.check()?;
        let cluster = &loaded.cluster;
        let question = question::surviving(&self.survivors, cluster)?;
        let settings = Settings { states_per_set: self.budget, ..Settings::default() };
        if is_idle(cluster) {
            return Err(nothing_runs(loaded));
        }
        let sweep = sweep::few(rim);
        let asking = Asking { settings, sweep: &sweep };
        let proofs = self.proofs;
        let removal = Remover { cluster, question: question.as_ref(), asking, proofs }.remove();
        let Survivors { survive, domain } = &self.survivors;
        let survive = domain.is_none().then_some(*survive);
        Ok(Removed { report: RemoveReport::new(cluster, (survive, domain.clone()), &removal) })
    }
}

impl Answer for Removed {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Json => render::json(&self.report),
            format => render::plan::remove::render(&self.report, format),
        }
    }

    fn code(&self) -> u8 {
        if self.report.largest { exit::HOLDS } else { exit::INCONCLUSIVE }
    }
}
