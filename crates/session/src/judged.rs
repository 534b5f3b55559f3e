//! What a policy comes to, in pieces for whoever writes it: what of it makes no sense and where,
//! and every finding with its place in the policy.

use std::path::Path;

use holdfast_ingest::policy::Policy;
use holdfast_ingest::{Diagnostic, Place, Severity};
use holdfast_policy::{CheckReport, Finding};
use holdfast_proof::report::VerdictName;
use holdfast_render::check::Findings;
use holdfast_render::diagnostics;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::states::StateOf;

pub use holdfast_render::check::Line;

/// What a policy comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Judged {
    /// Whether it holds, and the sentence that says so; absent where it makes no sense.
    pub answer: Option<(VerdictName, String)>,
    /// What of it makes no sense, or little.
    pub mistakes: Vec<Mistake>,
    /// What does not hold, worst first.
    pub findings: Vec<Found>,
    /// What the cluster comes to in each scenario, where the policy has states.
    pub states: Vec<StateOf>,
    /// How many findings somebody accepts.
    pub suppressed: usize,
    /// The command that says the same.
    pub command: String,
}

/// Something about a policy that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// Where, where it is about a place.
    pub at: Option<Spot>,
    /// Nothing can be judged because of it.
    pub fatal: bool,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// A finding, and where the policy asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The finding.
    pub line: Line,
    /// Where the policy asks for it.
    pub at: Option<Spot>,
    /// Where the workload was read, `FILE:LINE:COLUMN`.
    pub read: Option<String>,
}

/// A place in the policy, counted from one, columns in Unicode code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Spot {
    fn of(place: &Place) -> Self {
        Self { line: place.line, column: place.column }
    }
}

impl From<&Diagnostic> for Mistake {
    fn from(found: &Diagnostic) -> Self {
        Self {
            at: found.place.as_ref().map(Spot::of),
            fatal: found.severity == Severity::Error,
            what: diagnostics::heading(found),
            remedy: Some(found.rule.remedy().to_owned()),
        }
    }
}

impl Mistake {
    /// What keeps a policy from being judged; where it is about a place of the policy its message
    /// begins with that.
    pub(crate) fn fatal(failure: Failure, policy: &Path) -> Self {
        let Failure { message, hint: remedy, .. } = failure;
        let rest = message.strip_prefix(&format!("{}:", policy.display()));
        let placed = rest.and_then(|rest| {
            let mut parts = rest.splitn(3, ':');
            let mut number = || parts.next()?.parse().ok();
            let (line, column) = (number()?, number()?);
            Some((Spot { line, column }, parts.next()?.trim_start().to_owned()))
        });
        match placed {
            Some((spot, what)) => Self { at: Some(spot), fatal: true, what, remedy },
            None => Self { at: None, fatal: true, what: message, remedy },
        }
    }
}

impl Judged {
    /// What a report on a policy says, but for mistakes and the command.
    pub(crate) fn of(policy: &Policy, name: &Path, report: &CheckReport) -> Self {
        let told = Findings::from(report);
        let found = |found: &&Finding| {
            let here = Path::new(&found.place.file) == name;
            let asks = policy.requirements.iter();
            let asks = asks.map(|one| (&one.name, &one.place));
            let asks = || asks.clone().find(|(name, _)| Some(*name) == found.requirement.as_ref());
            let at = if here { Some(&found.place) } else { asks().map(|(_, place)| place) };
            Found {
                line: Line::from(*found),
                at: at.map(Spot::of),
                read: (!here).then(|| found.place.to_string()),
            }
        };
        let states = report.scenarios.iter().filter_map(|one| {
            let state = one.state.as_ref()?;
            Some(StateOf::new(one.name.clone(), policy, state))
        });
        Self {
            answer: Some((report.verdict, told.answer.clone())),
            findings: told.all.iter().map(found).collect(),
            states: states.collect(),
            suppressed: told.suppressed.len(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_policy_is_told_apart() {
        let policy = Path::new("holdfast.yaml");
        let told = Mistake::fatal(Failure::usage("holdfast.yaml:3:5: scenario a: no node"), policy);
        assert_eq!(told.at, Some(Spot { line: 3, column: 5 }));
        assert_eq!(told.what, "scenario a: no node");
        let told = Mistake::fatal(Failure::usage("no requirement of holdfast.yaml"), policy);
        assert_eq!((told.at, told.what.as_str()), (None, "no requirement of holdfast.yaml"));
    }
}
