//! Everything a contributor runs: `cargo xtask TASK`.

mod bench;
mod conformance;
mod fixtures;
mod krew;
mod log;
mod pages;
mod parity;
mod program;
mod suite;
mod tidy;
mod toolchain;
mod web;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Everything a contributor runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs all that CI runs, after installing what it lacks.
    Test,
    /// Checks the rules of the house that neither rustfmt nor clippy knows.
    Tidy,
    /// Writes what is generated: the fixtures, and the pages on findings.
    Generate {
        /// Only compare, and fail if a committed file differs from what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Measures, and compares with the targets.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Compares Holdfast's decisions with the real scheduler's.
    Conformance(conformance::Arguments),
    /// Makes the page: a folder that any static host serves from any path.
    Web(web::Arguments),
    /// Prints the manifest by which krew installs a release.
    Krew(krew::Arguments),
}

fn main() -> Result<()> {
    let root = root();
    match Arguments::parse().task {
        Task::Test => suite::run(&root),
        Task::Tidy => tidy::run(&root),
        Task::Generate { check: false } => {
            fixtures::generate(&root).and_then(|()| pages::generate(&root))
        }
        Task::Generate { check: true } => fixtures::check(&root).and_then(|()| pages::check(&root)),
        Task::Bench { bench } => bench::run(&root, &bench),
        Task::Conformance(arguments) => conformance::run(&root, &arguments),
        Task::Web(arguments) => web::run(&root, &arguments),
        Task::Krew(arguments) => krew::run(&root, &arguments),
    }
}

/// The repository: the folder above this crate.
fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_path_buf()
}
