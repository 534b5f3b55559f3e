//! The outcome of a story, for people: the answer first, then what happens when, then the tables.

mod control_plane;
mod storage;
mod tables;
pub mod told;

use std::fmt::Write;

use holdfast_proof::outcome::{DoubtOutcome, Outcome, StepOutcome, WorkloadOutcome};
use holdfast_proof::timeline::{Downtime, Timeline};

use crate::table::Grid;
use crate::{autoscaled, words};

/// The width of running text.
const WIDTH: usize = 96;
/// Workloads whose downtime is taken apart.
const DOWNTIMES_SHOWN: usize = 6;

/// The whole story. With `all` every workload and node is shown.
pub fn human(outcome: &Outcome, all: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    for line in words::wrap(&answer(outcome), WIDTH) {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
    if let Some(timeline) = &outcome.timeline {
        told::timeline(&mut out, timeline);
    }
    tables::workloads(&mut out, outcome, all);
    tables::nodes(&mut out, outcome, all);
    stuck(&mut out, outcome);
    if let Some(last) = outcome.steps.last() {
        pending(&mut out, last);
        unusable(&mut out, last);
        control_plane::tell(&mut out, last);
        storage::tell(&mut out, last);
    }
    joined(&mut out, outcome);
    if let (Some(timeline), Some(last)) = (&outcome.timeline, outcome.steps.last()) {
        downtimes(&mut out, timeline, last);
        times(&mut out, timeline);
    }
    autoscaled::tell(&mut out, &outcome.autoscaled, WIDTH);
    doubts(&mut out, outcome);
    out
}

/// One sentence that answers, with what did not get on besides.
fn answer(outcome: &Outcome) -> String {
    let mut sentence = shortage(outcome);
    let after = || outcome.steps.iter().skip(1);
    let mut nodes: Vec<&String> =
        after().flat_map(|step| &step.blocked).map(|it| &it.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut workloads: Vec<String> =
        after().flat_map(|step| &step.stuck).map(|name| words::short_name(name)).collect();
    workloads.sort_unstable();
    workloads.dedup();
    for (what, names, is) in [
        ("drain", words::list(&nodes, 6), "blocked"),
        ("rollout", words::list(&workloads, 6), "stuck"),
    ] {
        if !names.is_empty() {
            let _ = write!(sentence, "; the {what} of {names} is {is}, in some order at least");
        }
    }
    let plane = outcome.steps.last().and_then(|last| last.control_plane.as_ref());
    if plane.is_some_and(|plane| !plane.acts) {
        sentence.push_str("; the control plane does not act");
    }
    sentence
}

/// Who lacks pods.
fn shortage(outcome: &Outcome) -> String {
    let (Some(first), Some(last)) = (outcome.steps.first(), outcome.steps.last()) else {
        return "nothing was asked".to_owned();
    };
    let when = match outcome.steps.as_slice() {
        [] | [_] => "as it stands".to_owned(),
        [_, only] => format!("after {}", only.event),
        [_, .., last] => {
            format!("after {} events, the last of them {}", outcome.steps.len() - 1, last.event)
        }
    };
    let short = |workload: &WorkloadOutcome| workload.ready.min < workload.desired;
    // What follows its nodes is as many as there are nodes.
    let follows = |name: &str| name.starts_with("DaemonSet/") || name.starts_with("StaticPod/");
    let names = |pick: &dyn Fn(&str, &WorkloadOutcome) -> bool| -> Vec<String> {
        let asked = last.workloads.iter().filter(|(name, _)| !follows(name));
        let picked = asked.filter(|(name, workload)| pick(name, workload));
        picked.map(|(name, _)| words::short_name(name)).collect()
    };
    let was_short = |name: &str| first.workloads.get(name).is_some_and(short);
    let sure = names(&|_, w| w.ready.max < w.desired);
    let maybe = names(&|_, w| short(w) && w.ready.max >= w.desired);
    let asked = last.workloads.keys().filter(|name| !follows(name)).count();
    let total = words::count(asked, "workload", "workloads");
    if sure.is_empty() && maybe.is_empty() {
        return format!("{when}, all {total} have the pods they want, in every order");
    }
    let mut sentence = format!("{when}, ");
    if !sure.is_empty() {
        let lacks = if sure.len() == 1 { "lacks" } else { "lack" };
        let _ =
            write!(sentence, "{} of {total} {lacks} pods: {}", sure.len(), words::list(&sure, 6));
    }
    if !maybe.is_empty() {
        let (joint, may_what) =
            if sure.is_empty() { ("", "may lack pods") } else { ("; ", "may, too") };
        let may = words::list(&maybe, 6);
        let custom = last.doubts.iter().any(|doubt| doubt.reason == "custom-controller");
        let why = match (last.exact, custom) {
            (true, false) => "depending on the order of things",
            (true, true) => {
                "depending on the order of things, and on controllers that Kubernetes does not ship"
            }
            (false, _) => "for all that is known (see the end)",
        };
        let _ = write!(sentence, "{joint}{may} {may_what}, {why}");
    }
    let before = names(&|name, w| short(w) && was_short(name));
    if outcome.steps.len() > 1 && before.len() == sure.len() + maybe.len() {
        sentence.push_str(", as before");
    } else if outcome.steps.len() > 1 && !before.is_empty() {
        let _ = write!(sentence, "; of these {} before, too", words::list(&before, 6));
    }
    sentence
}

/// Drains and rollouts that do not get on, by name.
fn stuck(out: &mut String, outcome: &Outcome) {
    let mut told = false;
    for step in outcome.steps.iter().skip(1) {
        for blocked in &step.blocked {
            let (node, pod) = (&blocked.node, &blocked.pod);
            let why = match blocked.budgets.as_slice() {
                [one] => format!("its budget {one} allows no eviction"),
                several => format!(
                    "the eviction API refuses pods with more than one budget: {}",
                    words::list(several, several.len())
                ),
            };
            paragraph(out, &format!("{}: {pod} blocks the drain of {node}: {why}", step.event));
            told = true;
        }
        for workload in &step.stuck {
            let name = words::short_name(workload);
            paragraph(out, &format!("{}: the rollout of {name} is stuck", step.event));
            told = true;
        }
        for job in &step.gave_up {
            let name = words::short_name(job);
            let text =
                format!("{}: {name} gives up, with more pods lost than it bears", step.event);
            paragraph(out, &text);
            told = true;
        }
    }
    if told {
        out.push('\n');
    }
}

/// When events come that are joined.
fn joined(out: &mut String, outcome: &Outcome) {
    let mut told = false;
    for step in outcome.steps.iter().filter(|step| !step.joined.is_empty()) {
        let (first, others) = (&step.joined[0], &step.joined[1..]);
        let others = words::list(others, others.len());
        let text = format!(
            "{}: the tables cover every moment after {first} at which {others} may come, from at \
             once to when all is quiet; in the run above it is half-way, after half of what would \
             have been told until all was quiet.",
            step.event
        );
        paragraph(out, &text);
        told = true;
    }
    if told {
        out.push('\n');
    }
}

fn paragraph(out: &mut String, text: &str) {
    for line in words::wrap(text, WIDTH) {
        let _ = writeln!(out, "{line}");
    }
}

/// What the scheduler says to those that wait at the end.
fn pending(out: &mut String, last: &StepOutcome) {
    let waiting: Vec<_> = last.workloads.iter().filter(|(_, w)| !w.messages.is_empty()).collect();
    if waiting.is_empty() {
        return;
    }
    let _ = writeln!(out, "Pending at the end, in kube-scheduler's words\n");
    for (name, workload) in waiting {
        let _ = writeln!(out, "  {}", words::short_name(name));
        for message in &workload.messages {
            for line in words::wrap(message, WIDTH - 4) {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    out.push('\n');
}

/// Pods that have a node and lack a volume.
fn unusable(out: &mut String, last: &StepOutcome) {
    let mut told = false;
    for (name, workload) in &last.workloads {
        let whys = [
            (workload.attaching, "waiting for a volume that is attached to another node"),
            (workload.starved, "without a volume, as too few copies of it are up"),
        ];
        for (pods, why) in whys.into_iter().filter_map(|(pods, why)| Some((pods?, why))) {
            let noun = if pods.max == 1 { "pod" } else { "pods" };
            let (name, count) = (words::short_name(name), tables::range(pods));
            paragraph(out, &format!("{name}: {count} {noun} {why}"));
            told = true;
        }
    }
    if told {
        out.push('\n');
    }
}

/// The longest downtimes, with what they are made of.
fn downtimes(out: &mut String, timeline: &Timeline, last: &StepOutcome) {
    let mut all: Vec<(&String, &Downtime)> = timeline.downtime.iter().collect();
    if all.is_empty() {
        return;
    }
    let length = |downtime: &Downtime| downtime.below_desired.told.unwrap_or(i64::MAX);
    all.sort_by_key(|(name, downtime)| (std::cmp::Reverse(length(downtime)), (*name).clone()));
    out.push('\n');
    let mut grid = Grid::new(&["SHORT OF PODS", "FOR"], &[]);
    for (name, downtime) in all.iter().take(DOWNTIMES_SHOWN) {
        let may = last.workloads.get(*name).is_some_and(|w| w.ready.max >= w.desired);
        let back = match (may, last.exact) {
            (true, true) => "not back in this run, but in another",
            (true, false) => "not back in this run",
            (false, _) => "not back when all is quiet",
        };
        grid.row([words::short_name(name), told::downtime(downtime, back)]);
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{line}");
    }
    if all.len() > DOWNTIMES_SHOWN {
        let _ = writeln!(out, "and {} more", all.len() - DOWNTIMES_SHOWN);
    }
    out.push('\n');
}

/// The times that were used.
fn times(out: &mut String, timeline: &Timeline) {
    for text in times_told(timeline) {
        for line in words::wrap(&text, WIDTH) {
            let _ = writeln!(out, "{line}");
        }
    }
}

/// The times that were used, a sentence for each source.
pub fn times_told(timeline: &Timeline) -> Vec<String> {
    let of = |source: &str| -> Vec<String> {
        let used = timeline.times.iter().filter(|time| time.source == source);
        used.map(|time| format!("{} {}", time.name, words::length(time.seconds))).collect()
    };
    let told = [
        ("given", "Times as given"),
        ("assumed", "Times assumed (--assume NAME=TIME sets them)"),
        ("default", "Times by Kubernetes' defaults"),
    ];
    let told = told.into_iter().filter_map(|(source, heading)| {
        let used = of(source);
        let told = || format!("{heading}: {}.", words::list(&used, used.len()));
        (!used.is_empty()).then(told)
    });
    told.collect()
}

/// What the ranges of every step rest on, a sentence each.
pub fn doubts_told(outcome: &Outcome) -> Vec<String> {
    let steps = outcome.steps.iter();
    let told = steps.flat_map(|step| {
        let tell = |doubt| format!("{}: {}", step.event, doubt_words(doubt, step.exact));
        step.doubts.iter().map(tell)
    });
    told.collect()
}

/// What the ranges rest on.
fn doubts(out: &mut String, outcome: &Outcome) {
    let states: u64 = outcome.steps.iter().map(|step| step.states).sum();
    let all = outcome.steps.iter().flat_map(|step| &step.doubts);
    let cut = all.into_iter().any(|doubt| matches!(doubt.reason, "budget" | "choices"));
    let orders = if cut { "" } else { ", in every order" };
    let _ = writeln!(out, "Tried: {} states{orders}.", words::thousands(states));
    for step in &outcome.steps {
        if step.restless {
            let text = format!("{}: the cluster never comes to rest", step.event);
            let _ = writeln!(out, "{text}");
        }
        for doubt in &step.doubts {
            let text = format!("{}: {}", step.event, doubt_words(doubt, step.exact));
            for line in words::wrap(&text, WIDTH) {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    let wide = outcome.steps.iter().any(|step| !step.exact);
    if wide {
        let _ =
            writeln!(out, "Where that is so the ranges are wider than need be, never narrower.");
    }
}

fn doubt_words(doubt: &DoubtOutcome, exact: bool) -> String {
    if doubt.reason == "custom-controller" && exact {
        return "controllers that Kubernetes does not ship may replace their pods or not; both is \
                in the ranges"
            .to_owned();
    }
    super::prove::doubt_reason(doubt.reason, doubt.detail.as_deref().unwrap_or_default())
}
