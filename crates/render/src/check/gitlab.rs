//! Findings as GitLab's Code Quality reads them, for the widget of a merge request.

use holdfast_ingest::policy::Weight;
use holdfast_policy::Finding;
use serde::Serialize;

use super::{Findings, reason};

/// An issue, with the fields that GitLab asks for.
#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// A JSON list of issues.
pub fn gitlab(told: &Findings<'_>) -> String {
    let issues: Vec<Issue<'_>> = told.all.iter().copied().map(issue).collect();
    crate::json(&issues)
}

fn issue(found: &Finding) -> Issue<'_> {
    Issue {
        description: format!("{} ({})", reason::sentence(found), reason::background(found)),
        check_name: found.fault.id(),
        fingerprint: &found.fingerprint,
        severity: match reason::rank(found) {
            (false, Weight::Error, false) => "critical",
            (false, Weight::Error, true) => "major",
            (false, Weight::Warning, false) => "minor",
            _ => "info",
        },
        location: Location {
            // Paths are compared with those of the repository as they are written.
            path: found.place.file.trim_start_matches("./"),
            lines: Lines { begin: found.place.line },
        },
    }
}
