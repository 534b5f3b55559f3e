//! The page: how soon it can be used, how soon a click is answered, how long a sweep takes and how
//! much slower WebAssembly is than native code, in a real browser.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::log;
use crate::program::Program;
use crate::toolchain;
use crate::web;

/// A synthetic cluster, and the most milliseconds that a click to fail a node may take, and all
/// failures of one node where they are measured.
struct Size {
    nodes: u32,
    pods: u32,
    click_max_ms: f64,
    sweep_max_ms: Option<f64>,
}

const SIZES: [Size; 2] = [
    Size { nodes: 1_000, pods: 30_000, click_max_ms: 100.0, sweep_max_ms: Some(5_000.0) },
    Size { nodes: 5_000, pods: 150_000, click_max_ms: 300.0, sweep_max_ms: None },
];

/// The most milliseconds until the page can be used, and of one task on its main thread.
const INTERACTIVE_MAX_MS: f64 = 1_500.0;
const TASK_MAX_MS: f64 = 50.0;

/// How many times as long as native code the same work may take.
const SLOWER_MAX: f64 = 2.5;

/// The native half of the comparison: the same sets, asked for in the same way on one thread.
const NATIVE: &str = "click";

/// What is measured: its key, what it is called, and the most that it may be.
type Target = (&'static str, &'static str, f64);

/// Measures and compares with the targets. Missing one is no error.
///
/// # Errors
/// When the page does not build or run.
pub(super) fn run(root: &Path, holdfast: &Path) -> Result<()> {
    let bench = web::Bench::prepare(root)?;
    let cargo = Program::cargo(root).args("build --release --package holdfast-session --example");
    cargo.arg(NATIVE).run()?;
    let native = toolchain::target_folder(root).join("release/examples").join(NATIVE);
    for size in &SIZES {
        let export = super::export(root, holdfast, size.nodes, size.pods)?;
        let line = bench.run(&export, size.sweep_max_ms.is_some())?;
        let mut told: Value =
            serde_json::from_str(line.trim()).with_context(|| format!("read {line}"))?;
        log::say(format_args!("{}/{}: {line}", size.nodes, size.pods));
        if size.sweep_max_ms.is_some() {
            let alone = number(&told, "sweepAlone")?;
            told["slower"] = (alone / native_sweep(root, &native, &export)?).into();
        }
        for (key, what, most) in targets(size) {
            let found = number(&told, key)?;
            let verdict = if found <= most { "held" } else { "MISSED" };
            let (nodes, pods) = (size.nodes, size.pods);
            log::result(format_args!(
                "web {nodes}/{pods}: {found:.1} {what} (target {most}: {verdict})"
            ));
        }
        log::result(format_args!(
            "web {}/{}: opened in {:.0} ms, with {:.0} MB of memory at the peak",
            size.nodes,
            size.pods,
            number(&told, "opened")?,
            number(&told, "peakMb")?,
        ));
    }
    Ok(())
}

fn targets(size: &Size) -> Vec<Target> {
    let mut targets = vec![
        ("interactive", "ms until it can be used", INTERACTIVE_MAX_MS),
        ("click", "ms from a click to the answer", size.click_max_ms),
        ("openTask", "ms the longest task while opening", TASK_MAX_MS),
        ("clickTask", "ms the longest task of a click", TASK_MAX_MS),
    ];
    if let Some(most) = size.sweep_max_ms {
        targets.push(("sweep", "ms for all failures of one node", most));
        targets.push(("sweepTask", "ms the longest task meanwhile", TASK_MAX_MS));
        targets.push(("slower", "times as long as native code, on one thread", SLOWER_MAX));
    }
    targets
}

fn number(told: &Value, key: &str) -> Result<f64> {
    told[key].as_f64().with_context(|| format!("{key} is not told"))
}

/// How many milliseconds all failures of one node take natively.
fn native_sweep(root: &Path, native: &Path, export: &Path) -> Result<f64> {
    let told = Program::new(native, root).arg(export).arg("sweep").output()?;
    let last = told.lines().last().unwrap_or_default();
    let took = last.split_once(" sets in ").and_then(|(_, took)| took.strip_suffix(" ms"));
    took.and_then(|took| took.parse().ok()).with_context(|| format!("read {last}"))
}
