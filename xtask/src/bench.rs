//! `cargo xtask bench`: measurements to run by hand. They judge nothing in CI, as machines differ.

mod plan;
mod process;
mod prove;
mod web;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::log;
use crate::program::Program;
use crate::toolchain;
use process::Usage;

/// What there is to measure.
#[derive(clap::Subcommand)]
pub(crate) enum Bench {
    /// Reading big exports: speed on one core, and memory beyond the file itself.
    Ingest {
        /// How often each export is read; the fastest run counts.
        #[arg(long, default_value_t = 3)]
        runs: u32,
    },
    /// Proofs and certificates: seconds of CPU, size, and how many answers stay UNKNOWN.
    Prove {
        /// All pairs of 1,000 nodes, too.
        #[arg(long)]
        pairs: bool,
    },
    /// Plans: copies placed one by one, and nodes added until failures are survived.
    Plan,
    /// The page in a browser: until it can be used, and from a click to the answer.
    Web,
}

/// A synthetic export and what reading it may cost.
struct Size {
    nodes: u32,
    pods: u32,
    memory_max_mb: f64,
}

const SIZES: [Size; 2] = [
    Size { nodes: 1_000, pods: 30_000, memory_max_mb: 100.0 },
    Size { nodes: 5_000, pods: 150_000, memory_max_mb: 400.0 },
];

/// The least speed, in MB of compact JSON a second of CPU time.
const SPEED_MIN_MB: f64 = 300.0;

/// The cluster that is measured; any seed would do, the same one compares.
const SEED: u32 = 1;

/// Bytes in the unit people compare by.
#[expect(clippy::cast_precision_loss, reason = "printed without decimals")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Runs one benchmark.
///
/// # Errors
/// When something does not build, run or measure. Missing a target is no error.
pub(crate) fn run(root: &Path, bench: &Bench) -> Result<()> {
    Program::cargo(root).args("build --release --package holdfast").run()?;
    let holdfast = toolchain::target_folder(root).join("release").join("holdfast");
    match bench {
        Bench::Ingest { runs } => ingest(root, &holdfast, *runs),
        Bench::Prove { pairs } => prove::run(root, &holdfast, *pairs),
        Bench::Plan => plan::run(root, &holdfast),
        Bench::Web => web::run(root, &holdfast),
    }
}

fn ingest(root: &Path, holdfast: &Path, runs: u32) -> Result<()> {
    for size in &SIZES {
        let export = export(root, holdfast, size.nodes, size.pods)?;
        let bytes = fs::metadata(&export)?.len();
        log::say(format_args!(
            "{} nodes, {} pods: {:.0} MB of compact JSON",
            size.nodes,
            size.pods,
            megabytes(bytes)
        ));
        let mut best: Option<Usage> = None;
        for _ in 0..runs.max(1) {
            let mut inspect = Command::new(holdfast);
            inspect.args(["inspect", "-o", "json"]).arg(&export).stdout(Stdio::null());
            let usage = process::measure(&mut inspect, &[0])?;
            log::say(format_args!("  {usage}"));
            if best.as_ref().is_none_or(|best| usage.cpu() < best.cpu()) {
                best = Some(usage);
            }
        }
        if let Some(best) = best {
            judge(size, bytes, &best);
        }
    }
    Ok(())
}

/// Where what is measured is kept.
fn folder(root: &Path) -> Result<PathBuf> {
    let folder = toolchain::target_folder(root).join("bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Makes the export of that size.
fn export(root: &Path, holdfast: &Path, nodes: u32, pods: u32) -> Result<PathBuf> {
    let folder = folder(root)?;
    let file = folder.join(format!("{nodes}-nodes-{pods}-pods-seed-{SEED}.json"));
    // Written under another name first: a run that was interrupted must not leave half an export.
    let draft = file.with_extension("draft");
    let output = fs::File::create(&draft).with_context(|| format!("create {}", draft.display()))?;
    Program::new(holdfast, root)
        .args(&format!("synth --nodes {nodes} --pods {pods} --seed {SEED}"))
        .stdout(output)
        .run()?;
    fs::rename(&draft, &file)?;
    Ok(file)
}

fn judge(size: &Size, bytes: u64, usage: &Usage) {
    let speed = megabytes(bytes) / usage.cpu();
    let memory = megabytes(usage.peak_bytes) - megabytes(bytes);
    let verdict = |held: bool| if held { "held" } else { "MISSED" };
    log::result(format_args!(
        "ingest {}/{}: {speed:.0} MB/s (target {SPEED_MIN_MB:.0}: {}), {memory:.0} MB beyond the \
         file (target {:.0}: {})",
        size.nodes,
        size.pods,
        verdict(speed >= SPEED_MIN_MB),
        size.memory_max_mb,
        verdict(memory <= size.memory_max_mb),
    ));
}
