//! Findings, a line each, as editors and log viewers read them.

use std::fmt::Write;

use super::{Findings, reason};

/// A line for each finding; nothing where all holds.
pub fn concise(told: &Findings<'_>) -> String {
    let mut out = String::new();
    for found in &told.all {
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
