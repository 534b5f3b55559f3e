//! What is said of a policy.

use holdfast_session::judged::{Line, Spot};
use holdfast_session::states::StateOf;

pub(crate) const TITLE: &str = "Policy";
pub(crate) const TEXT: &str = "The policy as YAML";
pub(crate) const EMPTY: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\n…";
pub(crate) const FOUND: &str = "What comes of it";
pub(crate) const NO_POLICY: &str = "There is no policy yet. Begin with one, drop or choose a file, \
                                    or write: what does not hold is told while you write.";
pub(crate) const JUDGING: &str = "Working it out…";
pub(crate) const NO_SENSE: &str = "The policy cannot be judged yet.";
pub(crate) const STATES: &str = "What the cluster comes to";
pub(crate) const STATE: &str = "State";
pub(crate) const SAVE_FINDINGS: &str = "Save findings as JSON";
pub(crate) const HOW: &str = "How it comes to that";
pub(crate) const BEGIN_WITH: &str = "Begin with ";
pub(crate) const DRAFT: &str = "what this cluster survives today";
pub(crate) const BEGIN: &str = "Begin";
pub(crate) const REPLACE: &str = "Replace the text";
pub(crate) const PICK: &str = "Choose a file…";
pub(crate) const SAVE: &str = "Save the policy";
pub(crate) const DRAFTING: &str = "Working out what holds today…";

/// A policy that others begin with.
pub(crate) fn preset(name: &str) -> String {
    let means = match name {
        "baseline" => ": what one node takes comes back",
        "ha" => ": no node takes a Deployment away",
        "homelab-2x3" => ": two replicas on three workers",
        _ => "",
    };
    format!("{name}{means}")
}

/// A place in the text.
pub(crate) fn spot(spot: Spot) -> String {
    format!("{}:{}", spot.line, spot.column)
}

/// What pressing a place does.
pub(crate) fn show(spot: Spot) -> String {
    format!("{}: show line {} of the policy", self::spot(spot), spot.line)
}

/// How much a finding weighs, and whether it is known.
pub(crate) fn severity(line: &Line) -> String {
    if line.open { format!("{}, UNKNOWN", line.severity) } else { line.severity.clone() }
}

/// Where a workload was read.
pub(crate) fn read_at(place: &str) -> String {
    format!(" · {place}")
}

/// So many findings are accepted.
pub(crate) fn suppressed(count: usize) -> String {
    format!("{} accepted.", super::several(count, "finding is", "findings are"))
}

/// In which scenario.
pub(crate) fn when(scenario: &str) -> String {
    format!("in scenario {scenario}")
}

/// A state by its name, and what else it may be.
pub(crate) fn state(state: &StateOf) -> String {
    let name = state.name.as_deref().unwrap_or("no state is PROVED");
    if state.perhaps.is_empty() {
        name.to_owned()
    } else {
        format!("{name}, perhaps {}", state.perhaps.join(", "))
    }
}

/// What the badge is about, for whoever does not see the map.
pub(crate) fn state_after(failed: &str) -> String {
    format!(" with {failed} down: ")
}
