//! Findings, a line each, as editors and log viewers read them.

use std::fmt::Write;

use holdfast_policy::CheckReport;

use super::reason;

/// A line for each finding; nothing where all holds.
pub fn concise(report: &CheckReport) -> String {
    let mut out = String::new();
    for found in &report.findings {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}: {}: {} ({})",
            found.place,
            reason::label(found),
            reason::sentence(found),
            reason::whose(found),
        );
    }
    out
}
