//! What can be typed.

mod config;
mod init;
mod open;
mod plan;
mod table;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use holdfast_ingest::policy::Date;
use holdfast_scheduler::Release;
use holdfast_session::prove::STATES;
use holdfast_session::question::Failures;

use crate::exit;
use crate::output::Output;

pub use holdfast_session::kubectl::{export_command, export_line};

pub use config::{
    CompletionsArguments, ConfigArguments, ConfigCommand, ManArguments, ShowArguments,
};
pub use init::InitArguments;
pub use open::OpenArguments;
pub use table::{Inputs, table};

pub use plan::{
    FitArguments, LoadOf, MigrateArguments, MixArguments, NodesArguments, OptionsArguments,
    PlanArguments, PlanCommand, RebalanceArguments, RemoveArguments, RepairArguments,
    SurvivorArguments, ToleranceArguments, WasteArguments,
};

/// If these machines fail, does what I run keep running?
///
/// Holdfast reads what `kubectl get -o json` printed, models the scheduler and the controllers,
/// tries every failure, and proves the answer. It never connects to anything.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, after_long_help = after_help())]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove, for every failure of up to K nodes, what keeps running and what comes back.
    Prove(ProveArguments),
    /// Check a policy: whether what must hold when machines fail does, for use as a gate.
    Check(CheckArguments),
    /// Write a policy of what a cluster survives today, so that the gate starts green.
    Init(InitArguments),
    /// Tell what a change makes worse, without a policy, for use as a gate.
    Diff(DiffArguments),
    /// Check a certificate that `prove --certificate` wrote, without the prover: accept it, or name
    /// the first thing that does not follow.
    Verify(VerifyArguments),
    /// Tell what happens, event by event: failures, drains, rollouts, partitions, recoveries.
    Simulate(SimulateArguments),
    /// Tell what to change, every answer proved before it is shown.
    Plan(PlanArguments),
    /// Show what was understood of an export: nodes, workloads, what is missing, diagnostics.
    Inspect(InspectArguments),
    /// Explain what the scheduler decides for each pending pod: every node, every plugin.
    Explain(ExplainArguments),
    /// Open the page in a browser with an export loaded; only this machine reaches it.
    Open(OpenArguments),
    /// Write an export back with stable pseudonyms, so that it can be shared; verdicts stay the
    /// same.
    Redact(RedactArguments),
    /// Make a cluster of any size from a seed, for tests and benchmarks.
    Synth(SynthArguments),
    /// Show what a command would run with, and where each value comes from.
    Config(ConfigArguments),
    /// Write what a shell needs to complete commands and flags.
    Completions(CompletionsArguments),
    /// Write the manual page, or with `--dir` one for every command.
    Man(ManArguments),
}

/// Where the cluster is read from.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// Exports: files, directories, or `-` for standard input. JSON or YAML, one object or many;
    /// plain, `.gz`, `.zst` or `.tar`; `kubectl cluster-info dump`, support bundles, rendered
    /// manifests.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
}

/// What if: changes to the cluster before anything is asked of it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What if")]
pub struct WhatIfArguments {
    /// Lay manifests over the export, as `kubectl apply` would: a file, a directory or `-`; may
    /// repeat. Workloads whose template changes roll out.
    #[arg(long, value_name = "PATH")]
    pub overlay: Vec<PathBuf>,
    /// Set a field, for instance `deployment/shop/web.replicas=3` or
    /// `node/n1.metadata.labels.disk=ssd`; may repeat. The value is JSON, or else a text; `null`
    /// takes the field away.
    #[arg(long, value_name = "KIND/NS/NAME.FIELD=VALUE")]
    pub set: Vec<String>,
    /// Add a node like another, for instance `worker-4=worker-1`, with labels of its own behind
    /// commas; may repeat.
    #[arg(long, value_name = "NAME=LIKE[,KEY=VALUE]")]
    pub add_node: Vec<String>,
    /// Let a node take no new pods; may repeat.
    #[arg(long, value_name = "NODE")]
    pub cordon: Vec<String>,
    /// Taint a node, for instance `n1:dedicated=gpu:NoSchedule`; may repeat.
    #[arg(long, value_name = "NODE:KEY=VALUE:EFFECT")]
    pub taint: Vec<String>,
}

impl WhatIfArguments {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        let Self { overlay, set, add_node, cordon, taint } = self;
        overlay.is_empty() && [set, add_node, cordon, taint].iter().all(|texts| texts.is_empty())
    }
}

/// How the cluster's pods are scheduled.
#[derive(Debug, Args)]
pub struct SchedulerArguments {
    /// The scheduler's configuration: a `KubeSchedulerConfiguration` of
    /// `kubescheduler.config.k8s.io/v1`, YAML or JSON. Without it kube-scheduler's defaults hold.
    #[arg(long, value_name = "FILE")]
    pub scheduler_config: Option<PathBuf>,
}

/// Which machines fail together.
#[derive(Debug, Args)]
pub struct FailureArguments {
    /// Every set of up to K nodes fails.
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub nodes: usize,
    /// Every value of this node label fails as a whole, for instance
    /// `topology.kubernetes.io/zone`; nodes without it never fail.
    #[arg(long, value_name = "LABEL", group = "whole", conflicts_with = "nodes")]
    pub domain: Option<String>,
    /// Whatever a file of kind `Domains` lists fails as a whole.
    #[arg(long, value_name = "FILE", group = "whole", conflicts_with = "nodes")]
    pub domain_file: Option<PathBuf>,
    /// Every set of up to K domains fails.
    #[arg(long, value_name = "K", default_value_t = 1, requires = "whole")]
    pub domains: usize,
    /// These nodes fail together, and no others; so may machines of the assumptions.
    #[arg(
        long,
        value_name = "NODE,…",
        value_delimiter = ',',
        conflicts_with_all = ["nodes", "whole"]
    )]
    pub fail: Option<Vec<String>>,
}

impl From<&FailureArguments> for Failures {
    fn from(arguments: &FailureArguments) -> Self {
        let FailureArguments { nodes, domain, domain_file, domains, fail } = arguments;
        Self {
            nodes: *nodes,
            domain: domain.clone(),
            domain_file: domain_file.clone(),
            domains: *domains,
            fail: fail.clone(),
        }
    }
}

/// `holdfast prove`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct ProveArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What fails.
    #[command(flatten)]
    pub failures: FailureArguments,
    /// Tell for each workload, and for all of them, how many nodes or domains may fail at once so
    /// that it is PROVED to survive, and a smallest set that breaks it.
    #[arg(long, conflicts_with_all = ["nodes", "domains", "fail"])]
    pub tolerance: bool,
    /// Ask about up to K of them. [default: 3 up to 100 nodes or domains, 2 beyond]
    #[arg(long, value_name = "K", requires = "tolerance")]
    pub up_to: Option<usize>,
    /// These fail one after another, each once all is quiet, in every order.
    #[arg(long, requires = "fail")]
    pub orders: bool,
    /// Events come one after another, each once all is quiet, for instance
    /// `fail n1; fail n2; recover n1`: any that `simulate --event` takes.
    #[arg(
        long,
        value_name = "EVENT; …",
        conflicts_with_all = ["nodes", "whole", "fail", "tolerance"]
    )]
    pub sequence: Option<String>,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<STATES>,
    /// Look at every set and order, also at those that differ from another only by which of nodes
    /// fail that nothing can tell apart. The answers are the same.
    #[arg(long)]
    pub no_symmetry: bool,
    /// Ask after every recovery that is not proved whether any placement is possible, however long
    /// that takes. In small clusters that is asked anyway.
    #[arg(long)]
    pub possible: bool,
    /// Look for the cheapest proved change that makes each refuted workload survive, however long
    /// that takes. In small clusters it is looked for anyway.
    #[arg(long, conflicts_with_all = ["tolerance", "sequence", "orders"])]
    pub remedies: bool,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Show every workload, also in large clusters.
    #[arg(long)]
    pub all: bool,
    /// Write why every verdict is so, for `holdfast verify`.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Formats and where to write them: `human`, `json`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast check`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct CheckArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What must hold: a file of kind `Policy`. Without it `holdfast.yaml` is looked for in the
    /// working directory and then in those above it.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Look for the cheapest proved change that mends each finding, however long that takes. In
    /// small clusters it is looked for anyway.
    #[arg(long)]
    pub remedies: bool,
    /// End with 0 where a requirement fails or is inconclusive, too.
    #[arg(long)]
    pub exit_zero: bool,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArguments,
}

/// What all have in common whose result is findings.
#[derive(Debug, Args)]
pub struct GateArguments {
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<STATES>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// What is lived with.
    #[command(flatten)]
    pub accept: AcceptArguments,
    /// Formats and where to write them: `human`, `concise`, `json`, `markdown`, `html`, `sarif`,
    /// `junit`, `github`, `gitlab`, `csv`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast diff`.
#[derive(Debug, Args)]
#[command(after_long_help = DIFF_HELP)]
pub struct DiffArguments {
    /// The cluster before the change: an export, a directory or `-`.
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The cluster after it; without it what the options below lay over BEFORE.
    #[arg(value_name = "AFTER")]
    pub after: Option<PathBuf>,
    /// What fails.
    #[command(flatten)]
    pub failures: FailureArguments,
    /// End with 0 where something is worse or not known any more, too.
    #[arg(long)]
    pub exit_zero: bool,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArguments,
}

/// Codes of `holdfast diff`, which are about the change and not about the cluster.
const DIFF_HELP: &str = "\
Exit codes:
  0  nothing is worse
  1  something is worse
  2  bad usage, bad input or an internal error
  3  there is nothing to compare
  4  nothing is worse, and something that was proved is not known any more

Examples:
  holdfast diff before.json after.json
  helm template shop ./chart | holdfast diff cluster.json --overlay -";

/// What is lived with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Accepted findings")]
pub struct AcceptArguments {
    /// Accept findings in this run, for instance
    /// `none-left:Deployment/shop/web=single by design`; may repeat.
    #[arg(long, value_name = "ID[:KIND/NS/NAME]=REASON")]
    pub suppress: Vec<String>,
    /// Tell what is suppressed, too.
    #[arg(long)]
    pub show_suppressed: bool,
    /// Findings that were there before: only what is new or worse closes the gate.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what is found as a baseline, and take it as known.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
    /// The day on which it is judged what has expired. [default: the clock's]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<Date>,
}

/// `holdfast verify`.
#[derive(Debug, Args)]
#[command(after_long_help = VERIFY_HELP)]
pub struct VerifyArguments {
    /// The certificate; `-` for standard input.
    #[arg(value_name = "CERTIFICATE")]
    pub certificate: PathBuf,
    /// The cluster it is about: the inputs that `prove` read.
    #[command(flatten)]
    pub input: InputArguments,
    /// The file of kind `Assumptions` that `prove` read, if it did.
    #[arg(long, value_name = "FILE")]
    pub assumptions: Option<PathBuf>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// Codes of `holdfast verify`, which say something else there.
const VERIFY_HELP: &str = "\
Exit codes:
  0  accepted: everything that the certificate claims follows
  1  something does not follow
  2  bad usage, bad input, or a certificate of another cluster";

/// `holdfast simulate`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct SimulateArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// What happens; may repeat, each once all is quiet after the one before: `fail:NODES`,
    /// `recover:NODES`, `delete:NODES`, `out-of-service:NODES`, `cordon:NODES`, `uncordon:NODES`,
    /// `drain:NODES`, `upgrade:NODES`, `partition:NODES`, `heal`, `remove-member:NODES` (from
    /// etcd), `rollout:KIND/NS/NAME`, `scale:KIND/NS/NAME=COUNT` (or `=max`, `=min`: as far as its
    /// autoscaler goes), `delete-pod:NS/NAME`. NODES are names or LABEL=VALUE, separated by
    /// commas. `A+B` is B at any moment after A, from at once to when all is quiet.
    #[arg(long, value_name = "EVENT")]
    pub event: Vec<String>,
    /// What the export cannot show: a file of kind `Assumptions`. Its machines can be named in
    /// `fail:` and `recover:`.
    #[arg(long, value_name = "FILE")]
    pub assumptions: Option<PathBuf>,
    /// How long something takes, where the export does not say, for instance `image-start=20s`;
    /// may repeat. It changes when things happen, not what.
    #[arg(long, value_name = "TIME=DURATION")]
    pub assume: Vec<String>,
    /// Write where one run of the story ends as an export, a JSON List that any command reads.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// States to search per event before the ranges are widened instead. [default: 200000 up to
    /// 200 pods, 20000 beyond and where events are joined]
    #[arg(long, value_name = "STATES")]
    pub budget: Option<usize>,
    /// Show every workload and node, also in large clusters.
    #[arg(long)]
    pub all: bool,
    /// Formats and where to write them: `human`, `json`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// What a proof rests on, and how far it goes: `STATES` unless somebody says otherwise.
#[derive(Debug, Args)]
pub struct ProofArguments<const STATES: usize> {
    /// What the export cannot show: a file of kind `Assumptions`.
    #[arg(long, value_name = "FILE")]
    pub assumptions: Option<PathBuf>,
    /// States to search per failure set before its answer is UNKNOWN.
    #[arg(long, value_name = "STATES", default_value_t = STATES)]
    pub budget: usize,
}

/// `holdfast inspect`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct InspectArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// What the export cannot show: a file of kind `Assumptions`.
    #[arg(long, value_name = "FILE")]
    pub assumptions: Option<PathBuf>,
    /// Show every node and workload, also in large clusters.
    #[arg(long)]
    pub all: bool,
    /// Formats and where to write them: `human`, `json`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast explain`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct ExplainArguments {
    /// Exports, as for `prove`.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// This pod, as if it were pending and everything else stood where it stands.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub pod: Option<String>,
    /// Show this node alone.
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Show every node, also in large clusters.
    #[arg(long, conflicts_with = "node")]
    pub all: bool,
    /// Use the words of this Kubernetes release, 1.30 to 1.36, instead of the cluster's own;
    /// decisions are those of 1.36 either way.
    #[arg(long, value_name = "1.MINOR", value_parser = release)]
    pub kubernetes_version: Option<Release>,
    /// A stream of cases instead, `{"id","objects"}` a line, answered in order with a decision
    /// trace a line, in the words of 1.36; `-` is standard input. A case may carry its
    /// scheduler's `config`.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "inputs", "pod", "node", "all", "kubernetes_version", "scheduler_config"
        ]
    )]
    pub cases: Option<PathBuf>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
    /// Formats and where to write them: `human`, `json`, `ndjson`.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What if.
    #[command(flatten)]
    pub what_if: WhatIfArguments,
}

/// `holdfast redact`.
#[derive(Debug, Args)]
pub struct RedactArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
}

/// `holdfast synth`.
#[derive(Debug, Args)]
pub struct SynthArguments {
    /// How many nodes.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub nodes: u32,
    /// How many pods.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub pods: u32,
    /// How many zones.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub zones: u32,
    /// The same seed makes the same bytes.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
}

/// Formats and where to write them.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// `human` or `json` (of `plan`, `check` and `diff` also `markdown` and `csv`, of `check` and
    /// `diff` also `concise`, `html`, `sarif`, `junit`, `github` and `gitlab`) on standard output,
    /// with `=PATH` in a file; may repeat.
    #[arg(short, long, value_name = "FORMAT[=PATH]", default_value = "human")]
    pub output: Vec<Output>,
}

/// A release whose words are known.
fn release(text: &str) -> Result<Release, String> {
    let known = Release::nearest(text).filter(|release| {
        let of_release = format!("{release}.");
        format!("{}.", text.trim_start_matches('v')).starts_with(&of_release)
    });
    known.ok_or_else(|| format!("known are {} to {}", Release::OLDEST, Release::NEWEST))
}

fn after_help() -> String {
    format!(
        "Export a cluster, without Secrets:\n\n{}\n\n{}\n\nExample:\n  \
         holdfast prove cluster.json",
        // No indent: it would tear apart what the shell must join.
        export_line("\\\n"),
        exit::HELP
    )
}
