//! The published plans as exports: what `kubectl get … -A -o json` would print for each.
//!
//! [`homelab`], [`edge`], [`k3s`], [`zero_spof`] and [`data_platform`] read like the plans;
//! everything an API server, a controller or a
//! kubelet would have filled in comes from the builders below them:
//!
//! - [`identity`]: names, uids and times that look random and never change;
//! - [`workload`]: pod templates as a manifest writes them;
//! - [`objects`] and [`storage`]: one function per kind, defaults and status included;
//! - [`longhorn`], [`ceph`] and [`packaged`]: what several plans install;
//! - [`cluster`]: what a running cluster makes of a workload, and the `List` at the end.

mod ceph;
mod cluster;
mod data_platform;
mod edge;
mod homelab;
mod identity;
mod k3s;
mod longhorn;
mod objects;
mod packaged;
mod pods;
mod storage;
mod workload;
mod zero_spof;

#[cfg(test)]
mod checks;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// An export below `fixtures/` and the cluster it shows.
type Export = (&'static str, fn() -> Value);

/// Every export that has a generator: one for a plan that describes a state, several for a plan
/// that describes a way.
const EXPORTS: [Export; 14] = [
    ("data-platform/option-a.json", data_platform::option_a),
    ("data-platform/option-b.json", data_platform::option_b),
    ("data-platform/option-c.json", data_platform::option_c),
    ("data-platform/two-members.json", data_platform::two_members),
    ("edge/cluster.json", edge::cluster),
    ("homelab/cluster.json", homelab::cluster),
    ("k3s/before.json", k3s::before),
    ("k3s/promoted-k3s2.json", k3s::one_promoted),
    ("k3s/promoted-k3s3.json", k3s::two_promoted),
    ("k3s/tainted.json", k3s::tainted),
    ("k3s/after.json", k3s::after),
    ("zero-spof/before.json", zero_spof::before),
    ("zero-spof/after-longhorn.json", zero_spof::after_longhorn),
    ("zero-spof/after-ceph.json", zero_spof::after_ceph),
];

/// Writes every export. The same code always writes the same bytes.
///
/// # Errors
/// When a folder or a file below `root` cannot be written.
pub(crate) fn generate(root: &Path) -> Result<()> {
    for (path, cluster) in EXPORTS {
        let file = export(root, path);
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
    for (path, cluster) in EXPORTS {
        let file = export(root, path);
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

/// Where an export is.
fn export(root: &Path, path: &str) -> PathBuf {
    root.join("fixtures").join(path)
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
