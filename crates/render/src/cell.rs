//! Why the verdict on one workload and one failure is so.

use holdfast_proof::report::{ClaimReport, Counterexample, VerdictName, WorkloadReport};

use crate::prove::{doubt_reason, rules, story, with_failure};
use crate::words;

/// What is claimed of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// At least one pod serves as soon as the set is gone.
    Immediately,
    /// The same wherever the hard rules let the pods be.
    ByRule,
    /// As many as are wanted serve once all is quiet.
    Recovered,
}

/// How a run begins that does not begin as the export stands.
pub const AT_REST: &str = "what is under way comes to rest first";

/// The verdict on a claim.
pub fn verdict(report: &WorkloadReport, claim: Claimed) -> VerdictName {
    match claim {
        Claimed::Immediately => report.immediately.verdict,
        Claimed::ByRule => report.by_rule.as_ref().map_or(VerdictName::Unknown, |it| it.verdict),
        Claimed::Recovered => report.recovered.verdict,
    }
}

/// Why it is so, when these fail, in one sentence.
pub fn why(report: &WorkloadReport, claim: Claimed, fail: &[String]) -> String {
    match claim {
        Claimed::Immediately => at_once(report, fail),
        Claimed::ByRule => by_rule(report, fail),
        Claimed::Recovered => recovered(report, fail),
    }
}

fn at_once(report: &WorkloadReport, fail: &[String]) -> String {
    let when = when(fail);
    if let Some(doubt) = doubt(&report.immediately) {
        return format!("nobody knows whether a pod is left at once {when}: {doubt}");
    }
    match (report.immediately.verdict, report.ready_at_once) {
        (VerdictName::Proved, ready) => {
            let of = report.desired.max(ready);
            format!("{when} {ready} of {of} pods serve on, which is counted: they are elsewhere")
        }
        _ => format!("no pod is left at once {when}"),
    }
}

fn by_rule(report: &WorkloadReport, fail: &[String]) -> String {
    let Some(found) = &report.by_rule else {
        return "nothing is known by rule".to_owned();
    };
    let leaves = match fail {
        [] => "nothing that fails leaves".to_owned(),
        fail => format!("the failure of {} leaves", words::list(fail, 8)),
    };
    rules::sentence(report, found, &leaves)
}

fn recovered(report: &WorkloadReport, fail: &[String]) -> String {
    let when = when(fail);
    if let Some(doubt) = doubt(&report.recovered) {
        return format!("nobody knows whether all pods are back {when}: {doubt}");
    }
    match (&report.recovered.counterexample, report.recovered.by) {
        (Some(example), _) => {
            let Counterexample { ready, desired, .. } = example;
            let least = (*ready).min(*desired);
            if example.again.is_empty() {
                format!("{when} {least} of {desired} pods serve once all is quiet, in this run")
            } else {
                format!("{when} pods go round for ever in this run, and {least} of {desired} serve")
            }
        }
        (None, Some("bound")) => {
            format!("{when} every pod that is lost finds a node, wherever the others go")
        }
        (None, Some("exploration")) => {
            format!("{when} all are back in every order and with every tie that there is")
        }
        (None, Some(_)) => format!("{when} no pod of it is lost that is to come back"),
        (None, None) => format!("{when} not all of its pods serve"),
    }
}

fn doubt<E>(claim: &ClaimReport<E>) -> Option<String> {
    let doubt = claim.doubt.as_ref().filter(|_| claim.verdict == VerdictName::Unknown)?;
    Some(doubt_reason(doubt.reason, doubt.detail.as_deref().unwrap_or_default()))
}

/// `when n1 fails`; `today` where nothing does.
fn when(fail: &[String]) -> String {
    match fail {
        [] => "today, with nothing failed,".to_owned(),
        fail => with_failure(fail),
    }
}

/// The workload's part of the run that refutes a claim, as `prove` tells it.
pub fn telling(report: &WorkloadReport, claim: Claimed) -> String {
    let mut out = String::new();
    let example = match claim {
        Claimed::Immediately => report.counterexample.as_ref(),
        Claimed::Recovered => report.recovered.counterexample.as_ref(),
        Claimed::ByRule => {
            let moved = report.by_rule.as_ref().and_then(|found| found.moved.as_deref());
            rules::story(&mut out, moved.unwrap_or_default());
            None
        }
    };
    if let Some(example) = example {
        story(&mut out, &report.object.kind, example);
    }
    out
}

/// Where the rules let the pods be.
pub fn elsewhere(report: &WorkloadReport) -> String {
    let moved = report.by_rule.as_ref().and_then(|found| found.moved.as_deref());
    match moved.unwrap_or_default() {
        [] => "the pods are as they are placed today".to_owned(),
        moved => format!("the rules let {}", let_go(&rules::moves(moved))),
    }
}

/// `web-1 goes from n1 to n2` as what somebody is let do.
fn let_go(moves: &str) -> String {
    moves.replace(" goes ", " go ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_are_let_happen() {
        assert_eq!(let_go("shop/web-1 goes from n1 to n2"), "shop/web-1 go from n1 to n2");
        assert_eq!(when(&[]), "today, with nothing failed,");
        assert_eq!(when(&["n1".to_owned()]), "when n1 fails");
    }
}
