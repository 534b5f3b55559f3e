//! The flags of `holdfast plan`, question by question.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use holdfast_planner::mix::Solver;
use holdfast_session::question::Survivors;

use super::{
    FailureArguments, InputArguments, OutputArguments, ProofArguments, SchedulerArguments,
    WhatIfArguments, after_help,
};

/// `holdfast plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The question.
    #[command(subcommand)]
    pub question: PlanCommand,
}

/// What is to be planned.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Find the cheapest changes that turn REFUTED into PROVED: for each workload, and for all of
    /// them together; as patches and as lines for kubectl.
    Repair(RepairArguments),
    /// Count how many more of a pod or workload fit: by the scheduler's own order, at most, and so
    /// that failures are still survived.
    Fit(FitArguments),
    /// Tell what is free and cannot be used: CPU where memory is gone, pieces that nothing fits
    /// into, limits of pods.
    Waste(WasteArguments),
    /// Find the least number of nodes to add so that failures are survived.
    Nodes(NodesArguments),
    /// Find the cheapest mix of node types of a catalogue for everything that runs: as if all nodes
    /// but those of the control plane were bought anew, or in addition to today's.
    Mix(MixArguments),
    /// Tell how many failures each workload survives, and what breaks it.
    Tolerance(ToleranceArguments),
    /// Put layouts side by side: how large they are, what they cost, what each survives and what
    /// not, single points of failure.
    Options(OptionsArguments),
    /// Tell what the move between two layouts costs: the steps, what is PROVED behind each, and
    /// what is at risk.
    Migrate(MigrateArguments),
    /// Find the largest set of nodes that can be drained one after the other, and in which order.
    Remove(RemoveArguments),
    /// Find the fewest pods to delete, in order, after which workloads are spread as their rules
    /// say, or nodes are loaded alike.
    Rebalance(RebalanceArguments),
}

/// Which failures are to be survived.
#[derive(Debug, Args)]
pub struct SurvivorArguments {
    /// Any K nodes may fail; 0 asks about no failure.
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub survive: usize,
    /// Any value of this node label may fail as a whole instead, for instance
    /// `topology.kubernetes.io/zone`.
    #[arg(long, value_name = "LABEL", conflicts_with = "survive")]
    pub domain: Option<String>,
}

impl From<&SurvivorArguments> for Survivors {
    fn from(arguments: &SurvivorArguments) -> Self {
        Self { survive: arguments.survive, domain: arguments.domain.clone() }
    }
}

/// `holdfast plan fit`.
#[derive(Debug, Args)]
#[command(after_long_help = PLAN_HELP)]
pub struct FitArguments {
    /// What there is to be more of: `NAMESPACE/NAME` of a workload or pod of the cluster,
    /// `KIND/NAMESPACE/NAME`, or a manifest file with one of them.
    #[arg(value_name = "POD-OR-WORKLOAD")]
    pub of: String,
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What is to be survived.
    #[command(flatten)]
    pub survivors: SurvivorArguments,
    /// Stop counting at so many.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub up_to: u32,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<2_000>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Show every node, also in large clusters.
    #[arg(long)]
    pub all: bool,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast plan waste`.
#[derive(Debug, Args)]
#[command(after_long_help = PLAN_HELP)]
pub struct WasteArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Show every node, also in large clusters.
    #[arg(long)]
    pub all: bool,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast plan nodes`.
#[derive(Debug, Args)]
#[command(after_long_help = NODES_HELP)]
pub struct NodesArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What is to be survived.
    #[command(flatten)]
    pub survivors: SurvivorArguments,
    /// New nodes are like this one.
    #[arg(long, value_name = "NODE", required_unless_present = "catalog")]
    pub like: Option<String>,
    /// New nodes are of a type of this catalogue: a file of kind `NodeCatalog`.
    #[arg(long, value_name = "FILE", conflicts_with = "like", requires = "make")]
    pub catalog: Option<PathBuf>,
    /// The type.
    #[arg(long = "type", value_name = "NAME", requires = "catalog")]
    pub make: Option<String>,
    /// Add up to so many, in each domain.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub up_to: u32,
    /// Prove about up to so many numbers.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub proofs: usize,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<2_000>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast plan remove`.
#[derive(Debug, Args)]
#[command(after_long_help = REMOVE_HELP)]
pub struct RemoveArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What is to be survived afterwards.
    #[command(flatten)]
    pub survivors: SurvivorArguments,
    /// Prove about up to so many sets and orders of nodes.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub proofs: usize,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<2_000>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast plan rebalance`.
#[derive(Debug, Args)]
#[command(after_long_help = REBALANCE_HELP)]
pub struct RebalanceArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// Load nodes alike with requests of this, instead of spreading workloads.
    #[arg(long, value_name = "RESOURCE")]
    pub load: Option<LoadOf>,
    /// Shares of load may differ by so many hundredths of a node.
    #[arg(long, value_name = "PERCENT", default_value_t = 20, requires = "load")]
    pub within: u32,
    /// Delete up to so many pods.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub moves: usize,
    /// Follow up to so many deletions.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub steps: usize,
    /// How deletions are followed.
    #[command(flatten)]
    pub proof: ProofArguments<2_000>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// What loads nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LoadOf {
    /// Requests of CPU.
    Cpu,
    /// Requests of memory.
    Memory,
}

/// Codes of `holdfast plan rebalance`.
const REBALANCE_HELP: &str = "\
Exit codes:
  0  it holds, or will with these moves, and no fewer do
  1  no moves were found after which it holds
  2  bad usage, bad input or an internal error
  4  inconclusive: whether fewer moves do is not known, or the cluster does not rest";

/// Codes of `holdfast plan remove`.
const REMOVE_HELP: &str = "\
Exit codes:
  0  no larger set of nodes can go
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: whether more nodes can go is not known";

/// Codes of `holdfast plan nodes`.
const NODES_HELP: &str = "\
Exit codes:
  0  with so many nodes everything comes back
  1  something comes back with no number of nodes
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: of what is left something is UNKNOWN";

/// `holdfast plan mix`.
#[derive(Debug, Args)]
#[command(after_long_help = MIX_HELP)]
pub struct MixArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What is to be survived.
    #[command(flatten)]
    pub survivors: SurvivorArguments,
    /// What there is to choose from, and what it costs: a file of kind `NodeCatalog`.
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// Keep today's nodes and what runs on them, and buy in addition. Otherwise nodes of the
    /// control plane alone are kept, and all others are bought anew: what runs on them is placed
    /// again, from the most important and the largest pod on.
    #[arg(long)]
    pub keep: bool,
    /// Give everything that can be scaled so many times as many replicas, rounded up.
    #[arg(long, value_name = "FACTOR")]
    pub grow: Option<String>,
    /// Pack and prove about up to so many mixes. Unless said otherwise it is fewer the more pods
    /// there are.
    #[arg(long, value_name = "N")]
    pub tries: Option<usize>,
    /// Who suggests mixes; what is suggested is proved either way. HiGHS takes larger plans.
    #[cfg(feature = "highs")]
    #[arg(long, value_enum, default_value = "microlp")]
    pub solver: SolverName,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<2_000>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

impl MixArguments {
    /// Who suggests mixes.
    pub fn solver(&self) -> Solver {
        #[cfg(feature = "highs")]
        if self.solver == SolverName::Highs {
            return Solver::Highs;
        }
        Solver::Microlp
    }
}

/// A solver of linear programs, by name.
#[cfg(feature = "highs")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SolverName {
    /// In Rust.
    Microlp,
    /// In C++.
    Highs,
}

/// Codes of `holdfast plan mix`.
const MIX_HELP: &str = "\
Exit codes:
  0  with the mix everything comes back
  1  something comes back with no mix, or no mix has room for it
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: no mix was found, or of what is left something is UNKNOWN";

/// `holdfast plan tolerance`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct ToleranceArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// Values of this node label fail as a whole, instead of single nodes.
    #[arg(long, value_name = "LABEL")]
    pub domain: Option<String>,
    /// Ask about up to K of them. [default: 3 up to 100 nodes or domains, 2 beyond]
    #[arg(long, value_name = "K")]
    pub up_to: Option<usize>,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<20_000>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast plan options`.
#[derive(Debug, Args)]
#[command(after_long_help = OPTIONS_HELP)]
pub struct OptionsArguments {
    /// The layouts and what they are to survive: a file of kind `LayoutOptions`.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// States to search per failure set before its answer is UNKNOWN.
    #[arg(long, value_name = "STATES", default_value_t = 20_000)]
    pub budget: usize,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Codes of `plan options`.
const OPTIONS_HELP: &str = "\
Exit codes:
  0  answered
  1  an option does not have what the file says it has
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: something is UNKNOWN of an option, or was not looked at";

/// `holdfast plan migrate`.
#[derive(Debug, Args)]
#[command(after_long_help = MIGRATE_HELP)]
pub struct MigrateArguments {
    /// The export of the layout that is moved from.
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// The export of the layout that is moved to.
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    /// What the first export cannot show: a file of kind `Assumptions`.
    #[arg(long, value_name = "FILE")]
    pub from_assumptions: Option<PathBuf>,
    /// What the second cannot.
    #[arg(long, value_name = "FILE")]
    pub to_assumptions: Option<PathBuf>,
    /// States to search per failure set before its answer is UNKNOWN.
    #[arg(long, value_name = "STATES", default_value_t = 20_000)]
    pub budget: usize,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `markdown`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Codes of `plan migrate`.
const MIGRATE_HELP: &str = "\
Exit codes:
  0  every step is PROVED safe
  1  something is at risk at a step
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: no risk was found, but something is UNKNOWN";

/// Codes of questions that are answered with a number.
const PLAN_HELP: &str = "\
Exit codes:
  0  answered
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: the pod waits for something that is not told here";

/// `holdfast plan repair`.
#[derive(Debug, Args)]
#[command(after_long_help = REPAIR_HELP)]
pub struct RepairArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What fails.
    #[command(flatten)]
    pub failures: FailureArguments,
    /// What the export cannot show: a file of kind `Assumptions`.
    #[arg(long, value_name = "FILE")]
    pub assumptions: Option<PathBuf>,
    /// Find up to so many remedies for each workload.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub remedies: usize,
    /// Write what repairs most together into the manifests below this folder, in place.
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
    /// Try up to so many proposals for each workload.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub proposals: usize,
    /// Prove about up to so many proposals for all workloads together, at least one for each.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub proofs: usize,
    /// States to search per failure set before its answer is UNKNOWN.
    #[arg(long, value_name = "STATES", default_value_t = 20_000)]
    pub budget: usize,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// Codes of `holdfast plan repair`.
const REPAIR_HELP: &str = "\
Exit codes:
  0  nothing is refuted, or all that is can be repaired together
  1  something refuted is left
  2  bad usage, bad input or an internal error
  3  there is nothing to check
  4  inconclusive: nothing refuted is left, but something is UNKNOWN";
