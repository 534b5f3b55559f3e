//! What happens when, in words.

use std::fmt::Write;

use holdfast_proof::timeline::{Downtime, Moment, Timeline};

use crate::words;

/// Lines of a timeline that are shown.
const LINES_MAX: usize = 60;
/// Running text beside the clock starts here.
const INDENT: usize = 11;

/// The run, moments of one kind at one time in one line.
pub(super) fn timeline(out: &mut String, timeline: &Timeline) {
    let _ = writeln!(out, "What happens, in one run of many\n");
    let together = together(&timeline.moments).into_iter();
    let mut lines: Vec<(i64, String)> = together.map(|all| (all[0].at, line(all))).collect();
    let left_out = lines.len().saturating_sub(LINES_MAX);
    if left_out > 0 {
        let from = LINES_MAX / 2;
        let at = lines[from].0;
        lines.splice(from..=from + left_out, [(at, format!("… {} more …", left_out + 1))]);
    }
    let mut before = None;
    for (at, text) in lines {
        let clock = if before == Some(at) { String::new() } else { clock(at) };
        before = Some(at);
        for (number, line) in words::wrap(&text, super::WIDTH - INDENT).into_iter().enumerate() {
            let head = if number == 0 { clock.as_str() } else { "" };
            let _ = writeln!(out, "{head:>9}  {line}");
        }
    }
    out.push('\n');
}

/// The moments that are told together: those of one kind at one time.
pub fn together(moments: &[Moment]) -> Vec<&[Moment]> {
    let mut found = Vec::new();
    let mut rest = moments;
    while let Some(first) = rest.first() {
        let alike = |other: &&Moment| (other.at, other.what) == (first.at, first.what);
        let count = if joins(first) { rest.iter().take_while(alike).count() } else { 1 };
        let (all, others) = rest.split_at(count);
        found.push(all);
        rest = others;
    }
    found
}

/// Whether several of these at one time are told together.
fn joins(moment: &Moment) -> bool {
    matches!(moment.what, "evict" | "drain" | "end" | "schedule" | "ready" | "attach")
}

/// What is said of moments that are told together, node by node.
pub fn line(moments: &[Moment]) -> String {
    let mut nodes: Vec<&Option<String>> = moments.iter().map(|moment| &moment.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let of_node = |node: &Option<String>| {
        let here: Vec<Moment> = moments.iter().filter(|m| m.node == *node).cloned().collect();
        of_one_node(&here)
    };
    let parts: Vec<String> = nodes.into_iter().map(of_node).collect();
    parts.join("; ")
}

fn of_one_node(moments: &[Moment]) -> String {
    let first = &moments[0];
    let node = first.node.as_deref().unwrap_or("its node");
    let pods: Vec<String> = moments.iter().filter_map(|m| Some(pod(m, m.pod.as_ref()?))).collect();
    let names = match pods.as_slice() {
        [_] | [_, _] => words::list(&pods, 2),
        [first, ..] => format!("{} pods ({first}, …)", pods.len()),
        [] => String::new(),
    };
    let are = if pods.len() == 1 { "is" } else { "are" };
    match first.what {
        "event" => format!("── {}", first.event.as_deref().unwrap_or_default()),
        "noticed" => format!("{node} is taken to be down"),
        "evict" => format!("{names} {are} evicted from {node}"),
        "drain" => format!("{names} {are} evicted from {node}, as the budgets allow"),
        "end" => format!("{names} {} ended", if pods.len() == 1 { "has" } else { "have" }),
        "schedule" => format!("{names} {} to {node}", if pods.len() == 1 { "goes" } else { "go" }),
        "preempt" => {
            format!("{} must go from {node} for {names}", words::list(&first.victims, 3))
        }
        "give-up" => format!("{names} gives up the node kept free for it"),
        "scale-down" => format!("{} deleted", words::list(&first.victims, 3)),
        "renew" => format!("{names} is deleted on {node}, to be made again"),
        "surge" => format!("{names} gets its next beside it on {node}"),
        "autoscale" => format!(
            "the autoscaler sets {} to {}",
            first.workload.as_deref().map(words::short_name).unwrap_or_default(),
            words::count(first.desired.unwrap_or(0) as usize, "pod", "pods")
        ),
        "attach" => format!("{names} {} the volume it waited for", gets(pods.len())),
        "clear" => format!("the taints of {node} are taken off"),
        "ready" => format!("{names} {are} ready on {node}"),
        "quiet" => "all is quiet".to_owned(),
        _ => "and so on for ever: the cluster does not come to rest".to_owned(),
    }
}

fn gets(pods: usize) -> &'static str {
    if pods == 1 { "gets" } else { "get" }
}

fn pod(moment: &Moment, name: &str) -> String {
    if moment.replacement { format!("a pod for {name}") } else { name.to_owned() }
}

/// How long, and of what: `6:20 = detection 0:50 + toleration 5:00 + start 0:20`, or that pods are
/// not `back`.
pub(super) fn downtime(downtime: &Downtime, back: &str) -> String {
    let span = downtime.below_desired;
    let mut text = match (span.told, span.min, span.max) {
        (None, ..) => back.to_owned(),
        (Some(told), Some(min), Some(max)) if min != max => {
            format!("{} ({}–{})", words::length(told), words::length(min), words::length(max))
        }
        (Some(told), _, None) => format!("{}, in another order for good", words::length(told)),
        (Some(told), ..) => words::length(told),
    };
    let parts: Vec<String> = downtime
        .parts
        .iter()
        .map(|part| format!("{} {}", part.part, words::length(part.seconds)))
        .collect();
    if span.told.is_some() && !parts.is_empty() {
        let _ = write!(text, " = {}", parts.join(" + "));
    }
    match downtime.outage.told {
        Some(0) => {}
        Some(seconds) => {
            let _ = write!(text, "; none ready for {}", words::length(seconds));
        }
        None => text.push_str("; none ready any more"),
    }
    text
}

/// A moment: `+0:50`, `+1:02:03`.
fn clock(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("+{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("+{minutes}:{seconds:02}")
    }
}
