//! Findings, a line each, as editors and log viewers read them.

use std::fmt::Write;

use holdfast_policy::CheckReport;

use super::reason;

/// A line for each finding; nothing where all holds.
pub fn concise(report: &CheckReport) -> String {
    let mut out = String::new();
    for found in &report.findings {
        let place = &found.place;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}:{}:{}: {}: {} ({})",
            place.file,
            place.line,
            place.column,
            reason::label(found),
            reason::sentence(found),
            reason::whose(found),
        );
    }
    out
}
