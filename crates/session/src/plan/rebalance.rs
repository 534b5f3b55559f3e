//! `plan rebalance`: which pods to delete so that they are spread, or load is.

use holdfast_ingest::Loaded;
use holdfast_planner::rebalance::measure::{By, Goal};
use holdfast_planner::rebalance::{Limits, Rebalancer, Unsure};
use holdfast_planner::report::RebalanceReport;
use holdfast_proof::Settings;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use super::{STATES, at_least_one};
use crate::answer::Answer;
use crate::exit;
use crate::failure::Failure;

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rebalance {
    /// Nodes are loaded alike with requests of this, instead of spreading workloads.
    pub load: Option<LoadOf>,
    /// By how many hundredths of a node shares of load may differ.
    pub within: u32,
    /// How many pods may be deleted.
    pub moves: usize,
    /// How many deletions are followed.
    pub steps: usize,
    /// States to search per deletion.
    pub budget: usize,
}

impl Default for Rebalance {
    fn default() -> Self {
        Self { load: None, within: 20, moves: 100, steps: 10_000, budget: STATES }
    }
}

/// What loads nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoadOf {
    /// Requests of CPU.
    Cpu,
    /// Requests of memory.
    Memory,
}

/// What is to be deleted.
pub struct Rebalanced {
    /// The report.
    pub report: RebalanceReport,
}

impl Rebalance {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero, or shares are to differ by more than all.
    pub fn check(&self) -> Result<(), Failure> {
        let numbers = [("--budget", self.budget), ("--moves", self.moves), ("--steps", self.steps)];
        at_least_one(&numbers)?;
        if self.within > 100 {
            let text = format!("--within {}: shares differ by 100 at most", self.within);
            return Err(Failure::usage(text).hint("ask for fewer, for instance --within 20"));
        }
        Ok(())
    }

    /// Asks it of a cluster.
    ///
    /// # Errors
    /// A cluster that does not rest.
    pub fn ask(&self, loaded: &Loaded) -> Result<Rebalanced, Failure> {
        self.check()?;
        let cluster = &loaded.cluster;
        let goal = match self.load {
            None => Goal::Spread,
            Some(LoadOf::Cpu) => Goal::Load { by: By::Cpu, within: self.within },
            Some(LoadOf::Memory) => Goal::Load { by: By::Memory, within: self.within },
        };
        let settings = Settings { states_per_set: self.budget, ..Settings::default() };
        let limits = Limits { moves: self.moves, steps: self.steps };
        let rebalancer = Rebalancer::new(cluster, settings, limits).map_err(unsure)?;
        Ok(Rebalanced { report: RebalanceReport::new(cluster, &rebalancer.reach(goal)) })
    }
}

impl Answer for Rebalanced {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Json => render::json(&self.report),
            format => render::plan::rebalance::render(&self.report, format),
        }
    }

    fn code(&self) -> u8 {
        match (self.report.reached, self.report.fewest) {
            (true, true) => exit::HOLDS,
            (true, false) => exit::INCONCLUSIVE,
            (false, _) => exit::REFUTED,
        }
    }
}

fn unsure(why: Unsure) -> Failure {
    match why {
        Unsure::Unsettled => {
            Failure::usage("the cluster is on the move, and may come to rest in several places")
                .hint("export it once all is quiet; holdfast simulate tells where it may go")
        }
        Unsure::NobodyActs => {
            Failure::usage("no control plane acts: nobody makes pods again that are deleted")
        }
    }
}
