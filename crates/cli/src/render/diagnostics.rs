//! What was wrong with an input, for people.

use std::fmt::Write as _;
use std::io::Write as _;

use holdfast_ingest::{Diagnostic, Severity};

use crate::render::words;

/// How many diagnostics of one rule are shown before the rest is counted.
const SHOWN_PER_RULE: usize = 3;

/// Says on standard error what was wrong with an input.
pub fn tell(diagnostics: &[Diagnostic]) {
    // A closed standard error leaves nobody to tell; the exit code still does.
    let _ = std::io::stderr().write_all(summary(diagnostics).as_bytes());
}

/// What a command says on its way: errors in full, with their remedies; warnings counted.
fn summary(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for found in diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        one(&mut out, found);
    }
    let warnings = diagnostics.iter().filter(|f| f.severity == Severity::Warning).count();
    if warnings > 0 && out.is_empty() {
        let warnings = words::count(warnings, "warning", "warnings");
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{warnings} about the input: holdfast inspect shows them");
    }
    out
}

/// Every warning and note, a few of each rule, with remedies.
pub fn all(diagnostics: &[Diagnostic], every: bool) -> String {
    let mut out = String::new();
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|found| (found.severity, found.rule.id()));
    let shown = if every { usize::MAX } else { SHOWN_PER_RULE };
    for group in sorted.chunk_by(|one, other| one.rule == other.rule) {
        for found in group.iter().take(shown) {
            one(&mut out, found);
        }
        if group.len() > shown {
            let more = words::thousands((group.len() - shown) as u64);
            let _ = writeln!(out, "… and {more} more of {}\n", group[0].rule.id());
        }
    }
    out
}

fn one(out: &mut String, found: &Diagnostic) {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let _ = write!(out, "{severity}[{}]: {}", found.rule.id(), found.rule.summary());
    let _ = match found.detail.as_str() {
        "" => writeln!(out),
        detail => writeln!(out, ": {detail}"),
    };
    if let Some(place) = &found.place {
        let _ = writeln!(out, "  --> {}:{}:{}", place.file, place.line, place.column);
    }
    if let Some(object) = &found.object {
        let namespace = object.namespace.as_ref().map_or(String::new(), |name| format!("{name}/"));
        let _ = writeln!(out, "   = object: {} {namespace}{}", object.kind, object.name);
    }
    let _ = writeln!(out, "   = help: {}\n", found.rule.remedy());
}
