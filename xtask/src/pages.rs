//! The page on every finding in `docs/checks`, as `crates/policy` writes it.

use std::path::Path;

use anyhow::Result;

use crate::program::Program;

/// The crate that knows what to say.
const PACKAGE: &str = "holdfast-policy";
/// Where the pages are.
const FOLDER: &str = "docs/checks";

/// Writes every page.
///
/// # Errors
/// When the crate does not build, or a page cannot be written.
pub(crate) fn generate(root: &Path) -> Result<()> {
    let cargo = Program::cargo(root).args("run --quiet --example pages --package").arg(PACKAGE);
    cargo.arg("--").arg(FOLDER).run()
}

/// Compares what is committed with what [`generate`] would write: a test of the crate, which runs
/// with all others, too.
///
/// # Errors
/// When the crate does not build, or a page is missing, differs, or belongs to no finding.
pub(crate) fn check(root: &Path) -> Result<()> {
    Program::cargo(root).args("test --quiet --test pages --package").arg(PACKAGE).run()
}
