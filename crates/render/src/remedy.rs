//! Changes in words.

use std::fmt::Write;

use holdfast_planner::report::{ChangeReport, RemedyReport};
use holdfast_proof::report::VerdictName;

use crate::words;

/// What a remedy is, in a sentence without its full stop: `run 2 replicas instead of 1 and …`.
pub fn sentence(changes: &[ChangeReport]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for change in changes {
        let part = one(change);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    words::list(&parts, parts.len())
}

/// What a remedy is, and what it does not do.
pub fn with_limits(remedy: &RemedyReport) -> String {
    let mut text = sentence(&remedy.changes);
    if !remedy.leaves.is_empty() {
        let proves = words::list(&remedy.proves, 2);
        let leaves = words::list(&remedy.leaves, 2);
        let _ = write!(text, "; then {proves} is PROVED, and {leaves} is not");
    }
    if remedy.by_rule == VerdictName::Refuted && remedy.proves.contains(&"immediately") {
        text += "; as its pods are placed then, not by rule";
    }
    text
}

fn one(change: &ChangeReport) -> String {
    match change {
        ChangeReport::Replicas { from, to, .. } => format!("run {to} replicas instead of {from}"),
        ChangeReport::Apart { topology_key, .. } => {
            format!("keep its pods apart by {topology_key} (required anti-affinity)")
        }
        ChangeReport::RequirePreferred { .. } => {
            "require the anti-affinity that it prefers".to_owned()
        }
        ChangeReport::Spread { topology_key, max_skew, hard, .. } => {
            let how = if *hard { "DoNotSchedule" } else { "ScheduleAnyway" };
            format!("spread its pods over {topology_key} (maxSkew {max_skew}, {how})")
        }
        ChangeReport::Tolerate { .. } => tolerate(change),
        ChangeReport::Requests { cpu_milli, memory, .. } => {
            let cpu = cpu_milli.map(|milli| format!("{} CPU", words::cpu(milli)));
            let memory = memory.map(|bytes| format!("{} memory", words::bytes_up(bytes)));
            let parts: Vec<String> = cpu.into_iter().chain(memory).collect();
            format!("request {}", words::list(&parts, 2))
        }
        ChangeReport::Priority { class, value, .. } => {
            format!("raise its priority to {class} ({value})")
        }
        ChangeReport::NodeSelector { key, value: None, .. } => {
            format!("let it run on nodes without {key}")
        }
        ChangeReport::NodeSelector { key, value: Some(value), .. } => {
            format!("let it run on nodes with {key}={value} alone")
        }
        ChangeReport::Strategy { strategy, max_unavailable, max_surge, .. } => {
            let amounts = max_unavailable.zip(*max_surge).map(|(unavailable, surge)| {
                format!(" (maxUnavailable {unavailable}, maxSurge {surge})")
            });
            format!("roll it out by {strategy}{}", amounts.unwrap_or_default())
        }
        ChangeReport::Budget { name, .. } => format!("put the budget {name} on its pods"),
        ChangeReport::NoBudget { namespace, name } => {
            format!("take away the budget {namespace}/{name}")
        }
        of_node => node(of_node),
    }
}

fn tolerate(change: &ChangeReport) -> String {
    let ChangeReport::Tolerate { key, value, effect, seconds, .. } = change else {
        return String::new();
    };
    let key = key.as_deref().unwrap_or("every taint");
    let value = if value.is_empty() { String::new() } else { format!("={value}") };
    let effect = effect.map(|effect| format!(":{effect}")).unwrap_or_default();
    match seconds {
        Some(seconds) => format!("bear {key}{value}{effect} for {seconds} s only"),
        None => format!("tolerate {key}{value}{effect}"),
    }
}

fn node(change: &ChangeReport) -> String {
    match change {
        ChangeReport::AddNode { like, labels, .. } if labels.is_empty() => {
            format!("add a node like {like}")
        }
        ChangeReport::AddNode { like, labels, .. } => {
            format!("add a node like {like} with {}", words::list(labels, labels.len()))
        }
        ChangeReport::RemoveNode { node } => format!("take away {node}"),
        ChangeReport::Cordon { node, cordoned: true } => format!("cordon {node}"),
        ChangeReport::Cordon { node, cordoned: false } => format!("uncordon {node}"),
        ChangeReport::Taint { node, taint } => format!("taint {node} with {taint}"),
        ChangeReport::Untaint { node, key } => format!("take the taint {key} off {node}"),
        ChangeReport::Label { node, key, value: Some(value) } => {
            format!("label {node} with {key}={value}")
        }
        ChangeReport::Label { node, key, value: None } => {
            format!("take the label {key} off {node}")
        }
        ChangeReport::Copies { of, name, replicas } => {
            let what = match *of {
                "longhorn" => "volume",
                "ceph-pool" => "pool",
                _ => "storage class",
            };
            format!("keep {replicas} copies in the {what} {name}")
        }
        _ => String::new(),
    }
}
