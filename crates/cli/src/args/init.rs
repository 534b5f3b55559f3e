//! The flags of `holdfast init`.

use std::path::PathBuf;

use clap::Args;
use holdfast_session::prove::STATES;

use crate::commands::check::FILE;

use super::{InputArguments, ProofArguments, SchedulerArguments};

/// `holdfast init`.
#[derive(Debug, Args)]
#[command(after_long_help = INIT_HELP)]
pub struct InitArguments {
    /// The cluster.
    #[command(flatten)]
    pub input: InputArguments,
    /// Where to write the policy, by default where `check` looks for it; `-` for standard output.
    #[arg(long, value_name = "FILE", default_value = FILE)]
    pub policy: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,
    /// How it is proved.
    #[command(flatten)]
    pub proof: ProofArguments<STATES>,
    /// The scheduler.
    #[command(flatten)]
    pub scheduler: SchedulerArguments,
}

/// Codes of `holdfast init`.
const INIT_HELP: &str = "\
Exit codes:
  0  written
  2  bad usage, bad input, a file that is there, or an internal error
  3  there is nothing to require: nothing should keep running, or nothing is PROVED

Example:
  holdfast init cluster.json && holdfast check cluster.json";
