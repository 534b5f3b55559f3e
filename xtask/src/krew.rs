//! `cargo xtask krew`: the manifest by which krew installs the plugin, made from `.krew.yaml` and
//! the archives of a release.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::log;

/// The template, in the form that krew-release-bot reads, too.
const TEMPLATE: &str = ".krew.yaml";

/// What the manifest is made from.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Who publishes the repository on GitHub.
    #[arg(long)]
    owner: String,
    /// The tag of the release.
    #[arg(long)]
    tag: String,
    /// The folder with the archives of the release, all that the template names.
    #[arg(long, value_name = "DIR")]
    archives: PathBuf,
}

/// Prints the manifest.
///
/// # Errors
/// When the template or an archive cannot be read.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let template = fs::read_to_string(root.join(TEMPLATE)).context(TEMPLATE)?;
    let digest = |archive: &str| digest(&arguments.archives, archive);
    log::result(render(&template, &arguments.owner, &arguments.tag, &digest)?.trim_end());
    Ok(())
}

/// The digest of an archive.
fn digest(folder: &Path, archive: &str) -> Result<String> {
    let path = folder.join(archive);
    let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut digest = String::new();
    for byte in Sha256::digest(&bytes) {
        write!(digest, "{byte:02x}")?;
    }
    Ok(digest)
}

/// The manifest: each archive with its address and digest.
fn render(
    template: &str,
    owner: &str,
    tag: &str,
    digest: &dyn Fn(&str) -> Result<String>,
) -> Result<String> {
    let filled = template.replace("{{ .TagName }}", tag).replace("/OWNER/", &format!("/{owner}/"));
    let mut out = String::new();
    for line in filled.lines() {
        let call = line.trim().strip_prefix("{{addURIAndSha \"");
        let Some((uri, _)) = call.and_then(|call| call.split_once('"')) else {
            writeln!(out, "{line}")?;
            continue;
        };
        let archive = uri.rsplit('/').next().unwrap_or(uri);
        writeln!(out, "    uri: {uri}\n    sha256: {}", digest(archive)?)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn template() -> String {
        fs::read_to_string(crate::root().join(TEMPLATE)).expect("the template is there")
    }

    #[test]
    fn every_archive_has_its_digest() {
        let manifest =
            render(&template(), "someone", "v1.2.3", &|archive| Ok(format!("of-{archive}")))
                .expect("every archive is there");
        assert!(!manifest.contains("{{") && !manifest.contains("OWNER"), "{manifest}");
        let uris = manifest
            .matches("    uri: https://github.com/someone/holdfast/releases/download/v1.2.3/");
        assert_eq!((uris.count(), manifest.matches("    sha256: of-holdfast-").count()), (5, 5));
        assert!(manifest.contains("\n  version: v1.2.3\n"), "{manifest}");
    }

    #[test]
    fn a_missing_archive_is_no_manifest() {
        assert!(
            render(&template(), "someone", "v1.2.3", &|archive| bail!("no {archive}")).is_err()
        );
    }

    #[test]
    fn digests_are_those_of_the_bytes() {
        let folder = std::env::temp_dir().join(format!("holdfast-krew-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder can be made");
        fs::write(folder.join("a"), "abc").expect("a file can be written");
        let told = digest(&folder, "a").expect("it is there");
        fs::remove_dir_all(&folder).expect("it can go");
        // FIPS 180-2, appendix B.1.
        assert_eq!(told, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
