//! The published plans as exports: what `kubectl get … -A -o json` would print for each.
//!
//! [`homelab`] and [`edge`] read like the plans; everything an API server, a controller or a
//! kubelet would have filled in comes from the builders below them:
//!
//! - [`identity`]: names, uids and times that look random and never change;
//! - [`workload`]: pod templates as a manifest writes them;
//! - [`objects`] and [`storage`]: one function per kind, defaults and status included;
//! - [`cluster`]: what a running cluster makes of a workload, and the `List` at the end.

mod cluster;
mod edge;
mod homelab;
mod identity;
mod objects;
mod pods;
mod storage;
mod workload;

#[cfg(test)]
mod checks;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A plan's folder below `fixtures/` and the cluster it describes.
type Plan = (&'static str, fn() -> Value);

/// Every plan that has a generator.
const PLANS: [Plan; 2] = [("edge", edge::cluster), ("homelab", homelab::cluster)];

/// Writes `fixtures/PLAN/cluster.json` for every plan. The same code always writes the same bytes.
///
/// # Errors
/// When a folder or a file below `root` cannot be written.
pub(crate) fn generate(root: &Path) -> Result<()> {
    for (plan, cluster) in PLANS {
        let file = export(root, plan);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        fs::write(&file, as_kubectl_prints(cluster()))
            .with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}

/// Compares what is committed with what [`generate`] would write.
///
/// # Errors
/// When a file is missing or differs.
pub(crate) fn check(root: &Path) -> Result<()> {
    for (plan, cluster) in PLANS {
        let file = export(root, plan);
        let committed =
            fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        let generated = as_kubectl_prints(cluster());
        let at = committed.lines().zip(generated.lines()).position(|(is, new)| is != new);
        if committed != generated {
            let line =
                at.map_or_else(|| "at its end".to_owned(), |at| format!("on line {}", at + 1));
            bail!("{} differs {line}: run `cargo xtask generate`", file.display());
        }
    }
    Ok(())
}

/// Where a plan's export is.
fn export(root: &Path, plan: &str) -> PathBuf {
    root.join("fixtures").join(plan).join("cluster.json")
}

/// The bytes of `kubectl -o json`: sorted keys, four spaces, `<`, `>` and `&` escaped as Go does.
fn as_kubectl_prints(mut list: Value) -> String {
    list.sort_all_objects();
    // serde_json's pretty printer indents by two; JSON strings hold no raw newline, so every line
    // starts with its indentation alone and doubling it is exact.
    let mut text = String::new();
    for line in format!("{list:#}").lines() {
        let body = line.trim_start_matches(' ');
        text.extend(std::iter::repeat_n(' ', (line.len() - body.len()) * 2));
        text.push_str(body);
        text.push('\n');
    }
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
