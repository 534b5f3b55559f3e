//! Whether there is a placement at all, in words.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_proof::report::Report;
use holdfast_proof::report::possible::{AgainstReport, AnswerReport, PossibleReport, WhyReport};
use holdfast_proof::report::rules::{GapReport, MoveReport};

use super::rules::{left, moves, need, refusal, topology};
use super::{doubt_reason, paragraph, with_failure};
use crate::words;

/// How many pods or nodes are named before the rest is counted.
const NAMES_MAX: usize = 4;

/// The answer for a workload; `waits` where it has pods that the scheduler finds no node for.
pub(super) fn words(report: &PossibleReport, waits: bool) -> String {
    match (&report.everybody, &report.workload) {
        (AnswerReport::Yes { moved, .. }, _) if waits => {
            let moves = moves(moved);
            format!("yes, a placement serves everybody: the scheduler misses it ({moves})")
        }
        (AnswerReport::Yes { moved, .. }, _) => {
            format!("yes, there is a place for everybody{}", where_to(moved))
        }
        (everybody, Some(AnswerReport::Yes { moved, .. })) => {
            let for_all = match everybody {
                AnswerReport::No { .. } => "not for everybody",
                _ => "whether for everybody nobody knows",
            };
            format!("for it alone{}; {for_all}", where_to(moved))
        }
        (_, Some(alone)) => answer(alone),
        (everybody, None) => answer(everybody),
    }
}

/// Why there is no placement that serves everybody, once for each failure; left out where the
/// workloads themselves tell as much.
pub(super) fn for_everybody(out: &mut String, report: &Report) {
    let mut told: Vec<(&[String], &AnswerReport)> = Vec::new();
    for workload in &report.workloads {
        let Some(example) = &workload.recovered.counterexample else { continue };
        let Some(asked) = &example.possible else { continue };
        let alone = matches!(asked.workload, Some(AnswerReport::Yes { .. }));
        if alone && told.iter().all(|(fail, _)| *fail != example.fail) {
            told.push((&example.fail, &asked.everybody));
        }
    }
    for (at, (fail, everybody)) in told.into_iter().enumerate() {
        if at == 0 {
            let _ = writeln!(out, "Why not for everybody\n");
        }
        let _ = writeln!(out, "{}", with_failure(fail));
        paragraph(out, &answer(everybody));
        out.push('\n');
    }
}

/// Who would go where, in parentheses; nothing where nobody has to.
fn where_to(moved: &[MoveReport]) -> String {
    if moved.is_empty() { String::new() } else { format!(" ({})", moves(moved)) }
}

fn answer(report: &AnswerReport) -> String {
    match report {
        AnswerReport::Yes { moved, .. } => format!("yes{}", where_to(moved)),
        AnswerReport::No { why } => format!("no: {}", reason(why)),
        AnswerReport::Unknown { doubt } => format!("nobody knows: {}", gap(doubt)),
    }
}

fn gap(doubt: &GapReport) -> String {
    match doubt.reason {
        "budget" => "neither a placement nor a reason against one was found in time".to_owned(),
        "no-template" => {
            let whose = doubt.detail.as_deref().map(words::short_name).unwrap_or_default();
            format!("pods of {whose} are missing, and nothing says what they would ask for")
        }
        reason => doubt_reason(reason, doubt.detail.as_deref().unwrap_or_default()),
    }
}

fn reason(why: &WhyReport) -> String {
    match why {
        WhyReport::NothingMakesIt { pod } => format!("nothing makes {pod} again"),
        WhyReport::Starved { pod } => {
            format!("too few copies are up of a volume that {pod} needs")
        }
        WhyReport::NoNode { pod, nodes } if nodes.is_empty() => {
            format!("no node that serves is left for {pod}")
        }
        WhyReport::NoNode { pod, nodes } => format!("no node takes {pod} ({})", against(nodes)),
        WhyReport::Sum { pods, nodes, resource, needed, available } => {
            let (whom, nodes) = (these(pods), words::list(nodes, NAMES_MAX));
            let needs = if pods.len() == 1 { "needs" } else { "need" };
            let (needed, available) = (need(resource, *needed), left(resource, *available));
            format!("{whom} {needs} {needed} on {nodes}, and {available} is left there")
        }
        WhyReport::Apart { pods, label, port, nodes, available, .. } => {
            let by = match (label, port) {
                (Some(label), _) if topology(label) == "node" => "on one node".to_owned(),
                (Some(label), _) => format!("in one {}", topology(label)),
                (None, Some(port)) => format!("on one node, as each needs port {port}"),
                (None, None) => "on one node".to_owned(),
            };
            let (whom, nodes) = (these(pods), words::list(nodes, NAMES_MAX));
            let places = words::count(usize::try_from(*available).unwrap_or(0), "place", "places");
            format!("no two of {whom} may be {by}, and {nodes} have {places} for them all")
        }
        WhyReport::Spread { pods, label, max_skew, emptiest, available, .. } => {
            let (whom, place) = (these(pods), topology(label));
            let places = words::count(usize::try_from(*available).unwrap_or(0), "place", "places");
            format!(
                "{whom} are spread over {place} with a skew of at most {max_skew}: as the emptiest \
                 holds at most {emptiest}, there are {places}"
            )
        }
        WhyReport::Prices { pods, needed, available, .. } => {
            let number = pods.iter().map(|one| one.pods.len()).sum();
            let pods = words::count(number, "pod", "pods");
            format!(
                "however they are packed, {pods} do not fit: weighed by what a node can hold at \
                 once they come to {needed}, and the nodes to {available}"
            )
        }
        WhyReport::Cases { pod, cases, .. } => {
            let number = words::count(cases.len(), "place is", "places are");
            let last = cases.first().map(|case| reason(&case.why)).unwrap_or_default();
            let first = cases.first().map(|case| case.node.as_str()).unwrap_or_default();
            format!(
                "wherever {pod} goes ({number} looked at), others do not fit; on {first}, for \
                 instance: {last}"
            )
        }
    }
}

/// `these 3 pods (a, b and c)`, or the name of the only one.
fn these(pods: &[String]) -> String {
    match pods {
        [one] => one.clone(),
        many => {
            format!("these {} pods ({})", words::number(many.len()), words::list(many, NAMES_MAX))
        }
    }
}

/// What the nodes have against a pod, those that say the same together.
fn against(nodes: &[AgainstReport]) -> String {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in nodes {
        groups.entry(refusal(&one.refusal)).or_default().push(&one.node);
    }
    let told = groups.iter().map(|(why, nodes)| format!("{}: {why}", words::list(nodes, 3)));
    told.collect::<Vec<_>>().join("; ")
}
