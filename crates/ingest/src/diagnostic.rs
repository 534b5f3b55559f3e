//! What was wrong with an input, as data; the rim renders it.

use std::fmt;

use serde::Serialize;

use crate::Rule;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input is refused: exit code 2, nothing half-done.
    Error,
    /// Something was left out; verdicts that depend on it weaken.
    Warning,
    /// Nothing was lost, but the reader should know.
    Note,
}

/// Where in which text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The source's name; a member of an archive follows `!/`: `bundle.tar.gz!/yamls/x.yaml`.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1 in Unicode code points, as SARIF's `unicodeCodePoints` and most
    /// editors count. A byte order mark takes no column.
    pub column: u32,
}

impl fmt::Display for Place {
    /// `FILE:LINE:COLUMN`, as editors take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        write!(f, "{file}:{line}:{column}")
    }
}

/// The API object that a diagnostic is about, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Kind, without its group.
    pub kind: String,
    /// Namespace, where there is one.
    pub namespace: Option<String>,
    /// Name; empty when it could not be read.
    pub name: String,
}

/// One thing to tell about an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of thing; carries the stable id and the remedy.
    pub rule: Rule,
    /// How much it weighs.
    pub severity: Severity,
    /// Where, when it is about a place in a text.
    pub place: Option<Place>,
    /// Which object, when it is about one.
    pub object: Option<ObjectRef>,
    /// The particulars: the parser's words, a name, a count. A lower-case fragment without a full
    /// stop; never the contents of a Secret.
    pub detail: String,
}
