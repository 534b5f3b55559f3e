//! The scheduler's own messages: part of what is modelled, to the letter.
//!
//! Models `FitError.Error` of `pkg/scheduler/framework/types.go` and the texts of
//! `pkg/scheduler/framework/preemption/preemption.go` and `plugins/defaultpreemption` (v1.36.3).

use std::collections::BTreeMap;

use holdfast_cluster::NodeId;

use crate::decision::{Decision, NodeVerdict, Outcome, Preemption};
use crate::reason::{Code, Failure, Reason, Rejection, Stage};
use crate::release::Release;
use crate::wording::{self, Words};

/// Why the pod is not scheduled: `0/3 nodes are available: …`. `None` if it is.
pub fn of(words: Words<'_>, decision: &Decision, gates: &[&str]) -> Option<String> {
    match decision.outcome {
        Outcome::Scheduled { .. } => None,
        Outcome::Gated => Some(format!("waiting for scheduling gates: [{}]", gates.join(" "))),
        Outcome::NoNodes => Some("no nodes available to schedule pods".to_owned()),
        Outcome::Unschedulable => Some(unschedulable(words, decision)),
        Outcome::Failed(failure) => Some(failed(words, failure)),
    }
}

fn failed(words: Words<'_>, failure: Failure) -> String {
    let plugin = failure.plugin.name();
    let text = wording::text(words, failure.reason);
    match failure.stage {
        Stage::PreFilter => format!("running PreFilter plugin \"{plugin}\": {text}"),
        Stage::Filter => format!("running \"{plugin}\" filter plugin: {text}"),
        Stage::PreScore => format!("running PreScore plugin \"{plugin}\": {text}"),
        Stage::Score => {
            format!("running Score plugins: plugin \"{plugin}\" failed with: {text}")
        }
    }
}

fn unschedulable(words: Words<'_>, decision: &Decision) -> String {
    if let Some(rejection) = &decision.pre_filter {
        let texts: Vec<_> =
            rejection.reasons.iter().map(|reason| wording::text(words, *reason)).collect();
        return format!("0/{} nodes are available: {}.", decision.nodes_total, texts.join(", "));
    }
    // Before 1.32 nobody counted the nodes that were never looked at.
    let counted = decision.narrowed_by.filter(|_| words.release >= Release::V32);
    let left_out = counted.map(Reason::LeftOutBy);
    let nominated = decision.nominated.as_ref();
    let reasons = decision.nodes.iter().flat_map(|(node, verdict)| match verdict {
        NodeVerdict::Rejected(rejection) => rejection.reasons.clone(),
        // The node kept free for the pod was looked at before the nodes were narrowed.
        NodeVerdict::LeftOut => match nominated.filter(|(known, _)| known == node) {
            Some((_, rejection)) => rejection.reasons.clone(),
            None => left_out.into_iter().collect(),
        },
        NodeVerdict::Feasible(_) => Vec::new(),
    });
    fit_error(words, decision.nodes_total, reasons)
}

/// Why evictions would not help either. `None` if they would.
pub fn of_preemption(
    words: Words<'_>,
    decision: &Decision,
    preemption: &Preemption,
) -> Option<String> {
    match preemption {
        Preemption::Helps(_) => None,
        Preemption::NotAllowed => Some("not eligible due to preemptionPolicy=Never.".to_owned()),
        Preemption::AlreadyUnderWay => {
            Some("not eligible due to a terminating pod on the nominated node.".to_owned())
        }
        Preemption::DoesNotHelp(nodes) => {
            if let Some(text) = dry_run_failures(words, nodes) {
                return Some(format!("preemption: {text}"));
            }
            let others = decision.nodes_total - nodes.len();
            let reasons = nodes
                .iter()
                .flat_map(|(_, rejection)| rejection.reasons.iter().copied())
                .chain(std::iter::repeat_n(Reason::PreemptionNotHelpful, others));
            Some(format!("preemption: {}", fit_error(words, decision.nodes_total, reasons)))
        }
    }
}

/// What went wrong on nodes where evictions were tried, each text once (`aggregate.Error`,
/// `k8s.io/apimachinery/pkg/util/errors/errors.go`).
fn dry_run_failures(words: Words<'_>, nodes: &[(NodeId, Rejection)]) -> Option<String> {
    let mut texts = Vec::new();
    for (node, rejection) in nodes.iter().filter(|(_, rejection)| rejection.code == Code::Error) {
        let plugin = rejection.plugin;
        let text = if let Some(&reason) = rejection.reasons.last() {
            failed(words, Failure { stage: Stage::Filter, plugin, reason })
        } else {
            let node = words.cluster.node_name(*node);
            format!("expected at least one victim pod on node \"{node}\"")
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.len() {
        0 | 1 => texts.pop(),
        _ => Some(format!("[{}]", texts.join(", "))),
    }
}

/// The message of the pod's `PodScheduled` condition in a live cluster, which joins the two above:
/// since 1.34 `DynamicResources` speaks before `DefaultPreemption` does. `None` if the pod is
/// scheduled.
pub fn of_condition(words: Words<'_>, decision: &Decision) -> Option<String> {
    if decision.outcome == Outcome::Gated {
        // What the API server writes; the scheduler never looks at such a pod.
        return Some("Scheduling is blocked due to non-empty scheduling gates".to_owned());
    }
    let message = of(words, decision, &[])?;
    let preemption = decision.preemption.as_ref();
    let Some(text) = preemption.and_then(|found| of_preemption(words, decision, found)) else {
        return Some(message);
    };
    let claims = if words.release >= Release::V34 { "no new claims to deallocate, " } else { "" };
    let prefix = if text.starts_with("preemption: ") { "" } else { "preemption: " };
    Some(format!("{message} {claims}{prefix}{text}"))
}

/// Each reason with how often it holds, sorted as texts: a count of 10 comes before one of 9.
fn fit_error(
    words: Words<'_>,
    nodes_total: usize,
    reasons: impl Iterator<Item = Reason>,
) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    for reason in reasons {
        *counts.entry(wording::text(words, reason).into_owned()).or_default() += 1;
    }
    let mut texts: Vec<String> =
        counts.into_iter().map(|(text, count)| format!("{count} {text}")).collect();
    texts.sort();
    let head = format!("0/{nodes_total} nodes are available:");
    if texts.is_empty() { head } else { format!("{head} {}.", texts.join(", ")) }
}
