//! The answers to `plan`, for people and for spreadsheets: a file for each question.

pub mod fit;
pub mod nodes;
mod repair;
mod sheet;
pub mod tolerance;
pub mod waste;

pub use repair::{refused, repair};

use holdfast_proof::report::VerdictName;

fn verdict(verdict: VerdictName) -> &'static str {
    match verdict {
        VerdictName::Proved => "PROVED",
        VerdictName::Refuted => "REFUTED",
        VerdictName::Unknown => "UNKNOWN",
    }
}

/// What people call a value of a label: `zone` of `topology.kubernetes.io/zone`.
fn zone(label: &str) -> &str {
    label.rsplit('/').next().unwrap_or(label)
}
