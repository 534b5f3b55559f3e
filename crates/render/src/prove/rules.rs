//! *Immediately by rule* in words: why a pod is left wherever the rules let the pods be, one
//! sentence for all workloads of which it is true.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_proof::report::rules::{
    ByRuleReport, GapReport, MoveReport, ReasonReport, RefusalReport,
};
use holdfast_proof::report::{Report, VerdictName, WorkloadReport};

use super::{WIDTH, doubt_reason, failure_words, verdict};
use crate::words;

/// How many workloads are named before the rest is counted.
const NAMES_MAX: usize = 4;
/// How many sentences there are where not all are shown.
const SENTENCES_MAX: usize = 8;
/// The width of a verdict and a gap.
const LABEL: usize = 9;

/// What stands in the table.
pub(super) fn cell(report: Option<&ByRuleReport>) -> &'static str {
    report.map_or("–", |report| verdict(report.verdict))
}

/// The sentences, those that are true of most workloads first within a verdict.
pub(super) fn tell(out: &mut String, report: &Report, every: bool, all: bool) {
    let checked = &report.checked;
    let many = checked.nodes.or(checked.domains.as_ref().map(|domains| domains.most));
    let leave = if many.is_some_and(|many| many > 1) { "leave" } else { "leaves" };
    let failure = format!("{} {leave}", failure_words(report));
    let mut groups: BTreeMap<(u8, String), Vec<String>> = BTreeMap::new();
    for workload in &report.workloads {
        let Some(by_rule) = &workload.by_rule else { continue };
        let key = (rank(by_rule.verdict), sentence(workload, by_rule, &failure));
        groups.entry(key).or_default().push(workload.object.name.clone());
    }
    if groups.is_empty() {
        return;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((rank, _), names)| (*rank, std::cmp::Reverse(names.len())));
    let left_out = if every { 0 } else { groups.len().saturating_sub(SENTENCES_MAX) };
    groups.truncate(groups.len() - left_out);
    let _ = writeln!(out, "Why, by rule: wherever the hard rules let the pods be\n");
    for ((rank, sentence), names) in &groups {
        let named = words::list(names, if all { usize::MAX } else { NAMES_MAX });
        let lines = words::wrap(sentence, WIDTH - LABEL);
        for (at, line) in lines.into_iter().chain(words::wrap(&named, WIDTH - LABEL)).enumerate() {
            let label = if at == 0 { NAMES[usize::from(*rank)] } else { "" };
            let _ = writeln!(out, "{label:<LABEL$}{line}");
        }
        out.push('\n');
    }
    if left_out > 0 {
        let more = words::count(left_out, "reason is", "reasons are");
        let _ = writeln!(out, "{more} not shown; --all shows them.\n");
    }
}

const NAMES: [&str; 3] = ["PROVED", "REFUTED", "UNKNOWN"];

fn rank(verdict: VerdictName) -> u8 {
    match verdict {
        VerdictName::Proved => 0,
        VerdictName::Refuted => 1,
        VerdictName::Unknown => 2,
    }
}

/// Why, for one workload.
pub(crate) fn sentence(workload: &WorkloadReport, report: &ByRuleReport, failure: &str) -> String {
    let desired = workload.desired;
    if report.why.contains(&ReasonReport::FollowsNodes) {
        return "its pods belong to their nodes: where they are is where they may be".to_owned();
    }
    let reasons = reasons(report, desired);
    let left = desired.saturating_sub(report.holds_at_most.unwrap_or(desired));
    let leaves = format!("{failure} at least {left} of {desired}");
    match (&report.doubt, &report.moved) {
        (Some(doubt), _) => unknown(report, doubt, desired, &reasons, &leaves),
        (None, None) => format!("{reasons}: {leaves}{}", comes_back(workload)),
        (None, Some(_)) if desired == 1 => "there is only one replica".to_owned(),
        (None, Some(moved)) if moved.is_empty() => {
            let holds = if report.fail.len() == 1 { "holds" } else { "hold" };
            let fail = words::list(&report.fail, NAMES_MAX);
            let all = if desired == 2 { "both".to_owned() } else { format!("all {desired}") };
            format!("{fail} {holds} {all} replicas as they are placed today")
        }
        (None, Some(moved)) => {
            let fail = words::list(&report.fail, NAMES_MAX);
            let shown = moves(moved);
            format!("{reasons}: {fail} may come to hold all of them, as when {shown}")
        }
    }
}

/// How it is known that the lost pods come back.
fn comes_back(workload: &WorkloadReport) -> &'static str {
    match workload.recovered.by {
        Some("bound") => "; what is lost finds a node wherever the others go",
        Some("exploration") => "; what is lost comes back in every order that there is",
        _ => "",
    }
}

fn unknown(
    report: &ByRuleReport,
    doubt: &GapReport,
    desired: u32,
    reasons: &str,
    leaves: &str,
) -> String {
    let most = report.holds_at_most.unwrap_or(desired);
    match doubt.reason {
        "freshly-placed" => {
            format!("as freshly placed, {reasons}, and {leaves}; a rollout may leave more there")
        }
        "no-placement-found" => {
            let fail = words::list(&report.fail, NAMES_MAX);
            format!(
                "{reasons}: the rules may let {fail} hold {most} of {desired}, but no such \
                 placement was found"
            )
        }
        "too-few-places" if desired == 1 => "no node ever takes its only replica".to_owned(),
        "too-few-places" => {
            format!("not all {desired} replicas can run at once: there are places for {most}")
        }
        "not-all-serve" => "not all of its pods serve today".to_owned(),
        "no-template" => {
            "pods are missing, and nothing in the export says what they would ask for".to_owned()
        }
        reason => doubt_reason(reason, doubt.detail.as_deref().unwrap_or_default()),
    }
}

/// The reasons, joined.
fn reasons(report: &ByRuleReport, desired: u32) -> String {
    let mut told: Vec<String> = report.why.iter().map(|why| reason(why, desired)).collect();
    told.dedup();
    if told.is_empty() {
        told.push(reason(&ReasonReport::NoMorePods, desired));
    }
    words::list(&told, NAMES_MAX)
}

fn reason(why: &ReasonReport, desired: u32) -> String {
    let replicas = |number: u32| {
        let word = if number == 1 { "replica" } else { "replicas" };
        format!("{} {word}", words::number(number as usize))
    };
    match why {
        ReasonReport::NoMorePods => match desired {
            1 => "there is only one replica".to_owned(),
            many => format!("no rule keeps its {} apart", replicas(many)),
        },
        ReasonReport::FollowsNodes => "its pods belong to their nodes".to_owned(),
        ReasonReport::Refused { refusal: why } => {
            format!("nodes take none of its pods ({})", refusal(why))
        }
        ReasonReport::Elsewhere { at_most, refusal: why } => {
            let there = replicas(*at_most);
            format!("at most {there} there, as the others are turned down ({})", refusal(why))
        }
        ReasonReport::Room { resource, at_most } => {
            format!("a node has {resource} for at most {}", replicas(*at_most))
        }
        ReasonReport::Apart { label, by_node, at_most } => {
            let place = if *by_node { "node" } else { topology(label) };
            format!("at most {} per {place}, by required anti-affinity", replicas(*at_most))
        }
        ReasonReport::Port { port } => format!("one replica per node, as all need port {port}"),
        ReasonReport::Spread { label, max_skew, at_most } => {
            let place = topology(label);
            let there = replicas(*at_most);
            format!("at most {there} there, by topology spread over {place} (max skew {max_skew})")
        }
        ReasonReport::Staying { at_most } => {
            format!("{} on one node today, which may stay", replicas(*at_most))
        }
    }
}

/// What the domains of a label are called.
pub(super) fn topology(label: &str) -> &str {
    match label {
        "kubernetes.io/hostname" => "node",
        _ => label.strip_prefix("topology.kubernetes.io/").unwrap_or(label),
    }
}

/// What a node has against a pod.
pub(super) fn refusal(why: &RefusalReport) -> String {
    match why {
        RefusalReport::Cordoned => "cordoned".to_owned(),
        RefusalReport::Taint { taint } => format!("taint {taint}"),
        RefusalReport::Evicts { taint } => format!("evicted again by taint {taint}"),
        RefusalReport::Affinity => "node selector or affinity".to_owned(),
        RefusalReport::ProfileAffinity => "affinity of the scheduler's profile".to_owned(),
        RefusalReport::Volume { claim } => format!("the volume of claim {claim} is elsewhere"),
        RefusalReport::NoDomain { label } => format!("no label {label}, over which it is spread"),
        RefusalReport::HeldPort { port } => format!("port {port} is taken"),
        RefusalReport::NotApart { label } => {
            format!("a pod that cannot move is in its {}, by anti-affinity", topology(label))
        }
        RefusalReport::NoCompany { label } => {
            format!("nobody whom it needs near can be in its {}", topology(label))
        }
        RefusalReport::NoRoom { resource, needed, available } => {
            let (needed, available) = (need(resource, *needed), left(resource, *available));
            format!("needs {needed}, {available} left")
        }
        RefusalReport::Earlier => "as good as another case".to_owned(),
    }
}

/// What is asked for of a resource, rounded up.
pub(super) fn need(resource: &str, amount: i64) -> String {
    measure(resource, amount, words::bytes_up)
}

/// What is left of a resource, rounded down.
pub(super) fn left(resource: &str, amount: i64) -> String {
    measure(resource, amount, words::bytes_down)
}

fn measure(resource: &str, amount: i64, bytes: fn(i64) -> String) -> String {
    match resource {
        "cpu" => format!("{} CPU", words::cpu(amount)),
        "memory" => format!("{} memory", bytes(amount)),
        "ephemeral-storage" => format!("{} ephemeral storage", bytes(amount)),
        "pods" => words::count(usize::try_from(amount).unwrap_or(0), "place", "places"),
        other if other.starts_with("hugepages-") => format!("{} {other}", bytes(amount)),
        other => format!("{amount} {other}"),
    }
}

/// How many moves a sentence names.
const MOVES_NAMED: usize = 2;

/// Moves in words.
pub(crate) fn moves(moved: &[MoveReport]) -> String {
    let told: Vec<String> = moved.iter().map(one_move).collect();
    words::list(&told, MOVES_NAMED)
}

/// The moves line by line, where a sentence does not name them all.
pub(crate) fn story(out: &mut String, moved: &[MoveReport]) {
    const SHOWN: usize = 12;
    if moved.len() <= MOVES_NAMED {
        return;
    }
    for (at, one) in moved.iter().take(SHOWN).enumerate() {
        let label = if at == 0 { "as when" } else { "" };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "  {label:<10}{}", one_move(one));
    }
    if moved.len() > SHOWN {
        let _ = writeln!(out, "            and {} more", moved.len() - SHOWN);
    }
}

fn one_move(moved: &MoveReport) -> String {
    let MoveReport { pod, from, to } = moved;
    match from {
        Some(from) => format!("{pod} goes from {from} to {to}"),
        None => format!("{pod} goes to {to}"),
    }
}
