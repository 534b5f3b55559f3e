//! What was wrong with an input, for people.

use std::fmt::Write as _;

use holdfast_ingest::{Diagnostic, Severity};

use crate::words;

/// How many diagnostics of one rule are shown before the rest is counted.
const SHOWN_PER_RULE: usize = 3;

/// How many warnings a command says on its way before it only counts them.
const BRIEF_MAX: usize = 5;

/// What a command says on its way: errors in full, with their remedies; else warnings, a line each.
pub fn summary<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>, in_full: bool) -> String {
    let mut out = String::new();
    let (errors, others): (Vec<_>, Vec<_>) =
        diagnostics.partition(|found| found.severity == Severity::Error);
    for found in &errors {
        one(&mut out, found);
    }
    let warnings: Vec<_> =
        others.into_iter().filter(|found| found.severity == Severity::Warning).collect();
    if warnings.is_empty() || !errors.is_empty() {
        return out;
    }
    if in_full {
        for found in warnings {
            one(&mut out, found);
        }
        return out;
    }
    for found in warnings.iter().take(BRIEF_MAX) {
        // Writing to a string cannot fail.
        let _ = match &found.place {
            Some(place) => writeln!(out, "{}: at {}:{}", heading(found), place.file, place.line),
            None => writeln!(out, "{}", heading(found)),
        };
    }
    let all = match warnings.len() {
        1 => "it".to_owned(),
        count if count > BRIEF_MAX => format!("all {}", words::thousands(count as u64)),
        _ => "them".to_owned(),
    };
    let _ = writeln!(out, "hint: holdfast inspect tells more of {all}\n");
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

/// Severity, rule and what happened.
pub fn heading(found: &Diagnostic) -> String {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let (id, summary) = (found.rule.id(), found.rule.summary());
    match found.detail.as_str() {
        "" => format!("{severity}[{id}]: {summary}"),
        detail => format!("{severity}[{id}]: {summary}: {detail}"),
    }
}

fn one(out: &mut String, found: &Diagnostic) {
    let _ = writeln!(out, "{}", heading(found));
    if let Some(place) = &found.place {
        let _ = writeln!(out, "  --> {place}");
    }
    if let Some(object) = &found.object {
        let namespace = object.namespace.as_ref().map_or(String::new(), |name| format!("{name}/"));
        let _ = match object.name.as_str() {
            "" => writeln!(out, "   = object: a {} whose name could not be read", object.kind),
            name => writeln!(out, "   = object: {} {namespace}{name}", object.kind),
        };
    }
    let _ = writeln!(out, "   = help: {}\n", found.rule.remedy());
}
