//! The flags of `holdfast open`.

use std::path::PathBuf;

use clap::Args;

/// `holdfast open`.
#[derive(Debug, Args)]
#[command(after_long_help = OPEN_HELP)]
pub struct OpenArguments {
    /// The export: one file, as the other commands take it.
    #[arg(value_name = "EXPORT")]
    pub export: PathBuf,
    /// The folder of the page; without it, share/holdfast/page beside the program, or the web/dist
    /// of a checkout.
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// The port to listen on, any that is free by default.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Print the address, and start no browser.
    #[arg(long)]
    pub no_browser: bool,
}

/// What `holdfast open` does, and its codes.
const OPEN_HELP: &str = "\
It listens on 127.0.0.1 alone, below a path that nobody can guess, serves the page and this one
export, and connects to nothing. Ctrl-C ends it.

Exit codes:
  2  bad usage, no such export, no page, or an internal error

Example:
  holdfast open cluster.json";
