//! What is lived with: findings that are suppressed, and those of a baseline.

use holdfast_ingest::policy::Date;

use crate::baseline::Baseline;
use crate::finding::Finding;
use crate::suppress::{Suppressed, Suppressions};

/// What is lived with in one run.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Findings that somebody accepts.
    pub suppressions: Suppressions,
    /// The day of the run: what has expired by then is accepted no more.
    pub today: Date,
    /// Findings that were there before.
    pub baseline: Option<Baseline>,
}

impl Accepted {
    /// Takes out what is suppressed, marks what is known, and brings the rest into order: errors
    /// first, new before known, and what is refuted before what is not known. Tells what was taken
    /// out, and how many known findings are there no more.
    pub fn settle(self, findings: &mut Vec<Finding>) -> (Vec<Suppressed>, Option<usize>) {
        let suppressed = self.suppressions.apply(findings, self.today);
        let fixed = self.baseline.map(|baseline| baseline.mark(findings));
        findings.sort_by_key(|one| (one.severity, one.standing, one.fault.is_open()));
        (suppressed, fixed)
    }
}
