//! What is said of a cell of the matrix.

use holdfast_session::cell::Claim;

use super::claim;

pub(crate) const BACK_TO_MATRIX: &str = "Back to the matrix";
pub(crate) const STEPS: &str = "Steps of the run";
pub(crate) const AS_TOLD: &str = "As the command tells it";
pub(crate) const PROVED_BY: &str = "The command that proves it";
pub(crate) const SORT_BY: &str = "First ";
pub(crate) const SORT_OPEN: &str = "what is proved least";
pub(crate) const SORT_NAME: &str = "by name";

/// What a cell is about.
pub(crate) fn title(workload: &str, set: &str, about: Claim) -> String {
    format!("{}: {workload} if {set} fails", claim(about))
}

/// What pressing a cell does.
pub(crate) fn open(verdict: &str, workload: &str, set: &str) -> String {
    format!("{verdict}: why, for {workload} if {set} fails")
}
