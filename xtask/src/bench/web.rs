//! The page: how soon it can be used, and how soon a click is answered, in a real browser.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::log;
use crate::web;

/// A synthetic cluster, and the most milliseconds that a click to fail a node may take.
struct Size {
    nodes: u32,
    pods: u32,
    click_max_ms: f64,
}

const SIZES: [Size; 2] = [
    Size { nodes: 1_000, pods: 30_000, click_max_ms: 100.0 },
    Size { nodes: 5_000, pods: 150_000, click_max_ms: 300.0 },
];

/// The most milliseconds until the page can be used, and of one task on its main thread.
const INTERACTIVE_MAX_MS: f64 = 1_500.0;
const TASK_MAX_MS: f64 = 50.0;

/// Measures and compares with the targets. Missing one is no error.
///
/// # Errors
/// When the page does not build or run.
pub(super) fn run(root: &Path, holdfast: &Path) -> Result<()> {
    let bench = web::Bench::prepare(root)?;
    for size in &SIZES {
        let export = super::export(root, holdfast, size.nodes, size.pods)?;
        let line = bench.run(&export)?;
        let told: Value =
            serde_json::from_str(line.trim()).with_context(|| format!("read {line}"))?;
        log::say(format_args!("{}/{}: {line}", size.nodes, size.pods));
        let targets = [
            ("interactive", "ms until it can be used", INTERACTIVE_MAX_MS),
            ("click", "ms from a click to the answer", size.click_max_ms),
            ("openTask", "ms the longest task while opening", TASK_MAX_MS),
            ("clickTask", "ms the longest task of a click", TASK_MAX_MS),
        ];
        for (key, what, most) in targets {
            let took = told[key].as_f64().with_context(|| format!("{key} is not told"))?;
            let verdict = if took <= most { "held" } else { "MISSED" };
            let (nodes, pods) = (size.nodes, size.pods);
            log::result(format_args!(
                "web {nodes}/{pods}: {took:.0} {what} (target {most:.0}: {verdict})"
            ));
        }
    }
    Ok(())
}
