//! The rules of the house that neither rustfmt nor clippy knows.
//!
//! Every rule is a function from a file's text to complaints, so that each can be shown to bite in
//! its own tests. [`exceptions`] holds what may break a rule, and why; an exception that excuses
//! nothing is a complaint itself. The whole repository is checked by `cargo xtask tidy` and by an
//! ordinary test below, so that plain `cargo test` holds it too.

mod exceptions;
mod layers;
mod markdown;
mod source;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::log;
use exceptions::Exceptions;
use tree::File;

/// What a file may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// No line is longer than [`text::COLUMNS_MAX`].
    Columns,
    /// No function is longer than [`source::FUNCTION_LINES_MAX`].
    FunctionLength,
    /// No file is longer than [`source::FILE_LINES_MAX`].
    FileLength,
    /// No line ends in blanks, and a file ends in one newline.
    TrailingSpace,
    /// Modules are `name.rs`, save below `tests/`.
    ModRs,
    /// No notes to self.
    BannedWord,
    /// No path of the machine it was written on.
    MachinePath,
    /// A crate begins by saying what it is.
    CrateDocs,
    /// One title per Markdown file.
    Title,
    /// Relative links lead to something.
    Link,
    /// Crates depend on those above them alone.
    Layer,
    /// The engine does no I/O, reads no clock, starts no threads and has no hash order.
    Engine,
    /// An exception that excuses nothing.
    Exception,
}

impl Rule {
    const ALL: [Self; 13] = [
        Self::Columns,
        Self::FunctionLength,
        Self::FileLength,
        Self::TrailingSpace,
        Self::ModRs,
        Self::BannedWord,
        Self::MachinePath,
        Self::CrateDocs,
        Self::Title,
        Self::Link,
        Self::Layer,
        Self::Engine,
        Self::Exception,
    ];

    /// The name it goes by in the list of exceptions.
    fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::FunctionLength => "function-length",
            Self::FileLength => "file-length",
            Self::TrailingSpace => "trailing-space",
            Self::ModRs => "mod-rs",
            Self::BannedWord => "banned-word",
            Self::MachinePath => "machine-path",
            Self::CrateDocs => "crate-docs",
            Self::Title => "title",
            Self::Link => "link",
            Self::Layer => "layer",
            Self::Engine => "engine",
            Self::Exception => "exception",
        }
    }
}

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    rule: Rule,
    /// From the repository's root, with `/`.
    path: String,
    /// From 1; 0 when the file as a whole is meant.
    line: usize,
    what: String,
}

impl Complaint {
    fn new(rule: Rule, file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { rule, path: file.path.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, path, line, what } = self;
        write!(f, "{path}:{line}: {what} [{}]", rule.name())
    }
}

/// Checks the repository at `root`.
///
/// # Errors
/// When a file cannot be read or a rule is broken.
pub(crate) fn run(root: &Path) -> Result<()> {
    let complaints = check(root)?;
    for complaint in &complaints {
        log::say(complaint);
    }
    match complaints.len() {
        0 => Ok(()),
        count => bail!("{count} complaints; {} excuses, with reasons", exceptions::PATH),
    }
}

fn check(root: &Path) -> Result<Vec<Complaint>> {
    let files = tree::read(root)?;
    let mut exceptions = Exceptions::read(&files)?;
    let mut complaints = Vec::new();
    for file in &files {
        text::check(file, &mut complaints);
        source::check(file, &mut complaints);
        markdown::check(file, root, &mut complaints);
        layers::check(file, &mut complaints);
    }
    complaints.retain(|complaint| !exceptions.excuse(complaint));
    complaints.extend(exceptions.unused());
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let complaints = check(&crate::root()).unwrap();
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }
}
