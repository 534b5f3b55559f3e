//! What was wrong with an input, for people.

use std::fmt::Write;

use holdfast_ingest::{Diagnostic, Severity};

use crate::render::words;

/// How many diagnostics of one rule are shown before the rest is counted.
const SHOWN_PER_RULE: usize = 3;

/// What a command says on its way: errors in full, with their remedies; warnings counted.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
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
    let _ = writeln!(out, "{severity}[{}]: {}", found.rule.id(), found.detail);
    if let Some(place) = &found.place {
        let _ = writeln!(out, "  --> {}:{}:{}", place.file, place.line, place.column);
    }
    if let Some(object) = &found.object {
        let namespace = object.namespace.as_ref().map_or(String::new(), |name| format!("{name}/"));
        let _ = writeln!(out, "   = object: {} {namespace}{}", object.kind, object.name);
    }
    let _ = writeln!(out, "   = help: {}\n", found.rule.remedy());
}
