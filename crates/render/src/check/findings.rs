//! What every format of findings is made from, whichever command found them.

use holdfast_policy::suppress::Suppressed;
use holdfast_policy::{CheckReport, Finding};

use super::{human, reason};

/// Findings, and the little that formats ask for besides.
pub struct Findings<'a> {
    /// The command that found them: `check`.
    pub command: &'static str,
    /// One sentence that answers.
    pub answer: String,
    /// Worst first.
    pub all: Vec<&'a Finding>,
    /// Findings that somebody accepts.
    pub suppressed: &'a [Suppressed],
    /// Requirements and scenarios of which nothing was found.
    pub held: Vec<(&'a str, &'a str)>,
}

impl<'a> Findings<'a> {
    /// Findings in any order.
    pub fn new(
        command: &'static str,
        answer: String,
        findings: &'a [Finding],
        suppressed: &'a [Suppressed],
    ) -> Self {
        let mut all: Vec<&Finding> = findings.iter().collect();
        all.sort_by_key(|found| reason::rank(found));
        Self { command, answer, all, suppressed, held: Vec::new() }
    }
}

impl<'a> From<&'a CheckReport> for Findings<'a> {
    fn from(report: &'a CheckReport) -> Self {
        let held = report.requirements.iter().filter(|one| one.fail + one.unknown == 0);
        Self {
            held: held.map(|one| (one.name.as_str(), reason::when(one))).collect(),
            ..Self::new("check", human::answer(report), &report.findings, &report.suppressed)
        }
    }
}
