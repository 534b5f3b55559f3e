//! The files that rules apply to.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold nothing written by hand.
const SKIPPED: [&str; 6] = [".git", "target", "node_modules", "dist", "testdata", "snapshots"];

/// A text file of the repository.
pub(super) struct File {
    /// From the repository's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rust,
    Go,
    Markdown,
    Toml,
    Shell,
    /// Anything else that people write: YAML, HTML, CSS, scripts, lists.
    Other,
}

impl File {
    /// A file as if read from the repository.
    #[cfg(test)]
    pub(super) fn fake(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), kind: kind(path).expect("a kind to check") }
    }

    /// Its lines, numbered from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// Every file below `root` that people write, in the order of their paths.
///
/// # Errors
/// When a folder or a file cannot be read, or a file is not UTF-8.
pub(super) fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    read_folder(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("read folder {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            // Hostile input of the fixtures breaks every rule on purpose.
            if !SKIPPED.contains(&name.as_str()) && path != "fixtures/hostile" {
                read_folder(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if let Some(kind) = kind(&path) {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("read {path}"))?;
            files.push(File { path, text, kind });
        }
    }
    Ok(())
}

/// What is written in the file at `path`; nothing for data and for what tools write.
fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "rs" => Some(Kind::Rust),
        "go" => Some(Kind::Go),
        "md" => Some(Kind::Markdown),
        "toml" => Some(Kind::Toml),
        "sh" => Some(Kind::Shell),
        "yaml" | "yml" | "html" | "css" | "js" | "mjs" | "ts" | "txt" => Some(Kind::Other),
        _ if path == ".ci/run" => Some(Kind::Shell),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_told_from_data() {
        assert_eq!(kind("xtask/src/main.rs"), Some(Kind::Rust));
        assert_eq!(kind(".ci/run"), Some(Kind::Shell));
        assert_eq!(kind("fixtures/homelab/cluster.json"), None);
        assert_eq!(kind("Cargo.lock"), None);
    }
}
