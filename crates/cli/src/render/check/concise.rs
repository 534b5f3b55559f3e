//! Findings, a line each, as editors and log viewers read them.

use std::fmt::Write;

use holdfast_policy::Finding;

use super::reason;

/// A line for each finding; nothing where all holds.
pub fn concise(findings: &[Finding]) -> String {
    let mut out = String::new();
    for found in findings {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}: {}: {} ({})",
            found.place,
            reason::label(found),
            reason::sentence(found),
            reason::background(found),
        );
    }
    out
}
