//! Recorded cases in the repository: `fixtures/conformance`.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use ruzstd::decoding::StreamingDecoder;
use serde_json::Value;

use crate::case::Case;

/// The folder of everything recorded.
pub fn folder() -> PathBuf {
    fixtures().join("conformance")
}

/// The folder of recorded failovers.
pub fn failover() -> PathBuf {
    fixtures().join("failover")
}

fn fixtures() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).join("fixtures")
}

/// The kinds that Holdfast decides as upstream does, from `agreed.txt`.
///
/// # Errors
/// When the list cannot be read.
pub fn agreed() -> Result<Vec<String>> {
    let text = fs::read_to_string(folder().join("agreed.txt")).context("read agreed.txt")?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    Ok(lines.filter(|line| !line.is_empty()).map(String::from).collect())
}

/// Where the cases or decisions of a kind are: `what` is `cases` or `decisions`.
pub fn file(what: &str, kind: &str) -> PathBuf {
    folder().join(format!("{what}-{kind}.ndjson.zst"))
}

/// Reads a compressed file whole.
///
/// # Errors
/// When it is not there or damaged.
pub fn read(path: &Path) -> Result<String> {
    let file = fs::File::open(path).with_context(|| format!("open {}", path.display()))?;
    let context = || format!("decompress {}", path.display());
    let mut decoder = StreamingDecoder::new(file).with_context(context)?;
    let mut text = String::new();
    decoder.read_to_string(&mut text).with_context(context)?;
    Ok(text)
}

/// Writes a compressed file, by the `zstd` program: it packs twice as tight as what there is in
/// Rust alone, and recording is rare.
///
/// # Errors
/// When there is no `zstd`, or the file cannot be written.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let mut child = Command::new("zstd")
        .args(["-q", "-f", "-19", "--single-thread", "-o"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .context("start zstd; on Debian, `apt-get install zstd` brings it")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("zstd ended with {status}");
    }
    Ok(())
}

/// A case that once was decided otherwise, with what upstream decides.
pub struct Regression {
    /// The name of its file, without `.json`.
    pub name: String,
    /// The case.
    pub case: Case,
    /// Upstream's answer.
    pub decision: Value,
}

impl Regression {
    fn folder() -> PathBuf {
        folder().join("regressions")
    }

    /// Saves it where the replay finds it; tells where.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> Result<PathBuf> {
        fs::create_dir_all(Self::folder())?;
        let path = Self::folder().join(format!("{}.json", self.name));
        let mut value = self.case.value();
        value["decision"] = self.decision.clone();
        fs::write(&path, format!("{value:#}\n")).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// All that were saved, by name.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn all() -> Result<Vec<Self>> {
        let mut all = Vec::new();
        if !Self::folder().is_dir() {
            return Ok(all);
        }
        for entry in fs::read_dir(Self::folder())? {
            let path = entry?.path();
            let text = fs::read_to_string(&path)?;
            let mut value: Value =
                serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let decision = value["decision"].take();
            all.push(Self { name, case: Case::parse(&value.to_string())?, decision });
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}
