//! Downtimes in words: one column for the time without any pod, and below the table how long it
//! takes until every wanted pod serves again, one sentence for all workloads of which it is true.

use std::collections::BTreeMap;
use std::fmt::Write;

use holdfast_proof::Report;
use holdfast_proof::report::WorkloadReport;
use holdfast_proof::report::downtime::{DowntimeReport, NoReturn, PartReport, SpanReport};

use super::{WIDTH, doubt_reason};
use crate::words;

/// How many workloads are named before the rest is counted.
const NAMES_MAX: usize = 4;
/// How many sentences there are where not all workloads are shown.
const SENTENCES_MAX: usize = 8;
/// The width of a bound and a gap.
const LABEL: usize = 15;

/// What stands in the table: the longest time without any pod.
pub(super) fn cell(report: &DowntimeReport) -> String {
    bound(&report.outage)
}

/// An upper bound in short.
pub(crate) fn bound(span: &SpanReport) -> String {
    match span.at_most {
        Some(0) if span.and.is_empty() => "0s".to_owned(),
        Some(seconds) if span.and.is_empty() => format!("≤{}", words::length(seconds)),
        Some(seconds) => format!("≤{} + start", words::length(seconds)),
        None if span.for_ever.is_some() => "for ever".to_owned(),
        None => "UNKNOWN".to_owned(),
    }
}

/// The sentences, the longest that end first, then those that do not, then what nobody knows.
pub(super) fn tell(out: &mut String, report: &Report, every: bool, all: bool) {
    let mut groups: BTreeMap<(u8, i64, String, String), Vec<String>> = BTreeMap::new();
    for workload in &report.workloads {
        let Some(span) = workload.downtime.as_ref().map(|downtime| &downtime.shortage) else {
            continue;
        };
        if span.at_most != Some(0) {
            let rank =
                if span.at_most.is_some() { 0 } else { 1 + u8::from(span.unknown.is_some()) };
            let longest = -span.at_most.unwrap_or(0);
            let key = (rank, longest, bound(span), sentence(workload, span));
            groups.entry(key).or_default().push(workload.object.name.clone());
        }
    }
    if groups.is_empty() {
        return;
    }
    let shown = if every || all { usize::MAX } else { SENTENCES_MAX };
    let left_out = groups.len().saturating_sub(shown);
    let what = "until every wanted pod serves again (DOWN: until one does)";
    let _ = writeln!(out, "Downtime by the worst failure: {what}\n");
    for ((_, _, label, sentence), names) in groups.iter().take(shown) {
        let named = words::list(names, if all { usize::MAX } else { NAMES_MAX });
        let lines = words::wrap(sentence, WIDTH - LABEL);
        for (at, line) in lines.into_iter().chain(words::wrap(&named, WIDTH - LABEL)).enumerate() {
            let label = if at == 0 { label } else { "" };
            let _ = writeln!(out, "{label:<LABEL$}{line}");
        }
        out.push('\n');
    }
    if left_out > 0 {
        let more = words::count(left_out, "downtime is", "downtimes are");
        let _ = writeln!(out, "{more} not shown; --all shows them.\n");
    }
}

fn sentence(workload: &WorkloadReport, span: &SpanReport) -> String {
    if let Some(why) = span.for_ever {
        return never(&workload.object.kind, why).to_owned();
    }
    if let Some(unknown) = &span.unknown {
        return why_unknown(unknown.reason, unknown.detail.as_deref().unwrap_or_default());
    }
    let told = |one: &PartReport| format!("{} {}", part(one.part), words::length(one.at_most));
    let mut parts: Vec<String> = span.parts.iter().map(told).collect();
    if !span.and.is_empty() {
        parts.push("and the start of the pods, which --assumptions may tell".to_owned());
    }
    let least = words::length(span.at_least.unwrap_or(0));
    format!("at least {least}; {}", parts.join(", "))
}

/// A part in words.
fn part(name: &str) -> &str {
    match name {
        "takeover" => "another control plane member takes over",
        "detection" => "noticed after",
        "limiter" => "tainted in turn",
        "toleration" => "evicted after",
        "retries" => "scheduled again after",
        "start" => "started after",
        other => other,
    }
}

pub(crate) fn never(kind: &str, why: NoReturn) -> &'static str {
    match why {
        NoReturn::Today => "some pods do not serve today",
        NoReturn::FollowsNodes => "its pods belong to the nodes that are gone",
        NoReturn::SilentNode if kind == "StatefulSet" => {
            "a StatefulSet's pod is not made again while a silent node may still run it"
        }
        NoReturn::SilentNode => "a pod stays Terminating on a node that nobody hears",
        NoReturn::HeldVolume => "a volume stays attached to a node that nobody hears",
        NoReturn::VolumeCopies => "too few copies of a volume are up",
        NoReturn::Endless => "pods are placed and evicted again and again",
        NoReturn::NoNode => "no node takes a pod that was lost",
        NoReturn::NoControlPlane => "no control plane is left that would make its pods again",
        NoReturn::NotMadeAgain => "a lost pod is not made again",
    }
}

pub(crate) fn why_unknown(reason: &str, detail: &str) -> String {
    match reason {
        "preemption" => "pods may be preempted meanwhile, one after another",
        "rollout" => "a rollout is under way",
        "returning" => "a pod may be placed on a silent node, and have to leave it again",
        "orders" => "orders differ in how many pods come back",
        other => return doubt_reason(other, detail),
    }
    .to_owned()
}
