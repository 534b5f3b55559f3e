//! The decision trace, version 1: a decision as serialisable data.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use serde::Serialize;

use crate::decision::{Decision, NodeVerdict, Outcome, Preemption};
use crate::reason::Rejection;
use crate::scheduler::Scheduler;
use crate::wording::{self, Words};
use crate::{message, queue};

/// What the scheduler makes of one pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionTrace {
    /// `namespace/name`.
    pub pod: String,
    /// `scheduled`, `unschedulable`, `gated` or `error`.
    pub result: &'static str,
    /// Where it goes: of the candidates the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Every node with the highest total, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// Why `PreFilter` rejected the pod outright.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_filter: Option<RejectionTrace>,
    /// What was said of each node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, NodeTrace>,
    /// The scheduler's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Every node where preemption would help.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preemption: Vec<PreemptionTrace>,
    /// The text when it would not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption_message: Option<String>,
}

/// Why a node, or the pod, was turned down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RejectionTrace {
    /// The plugin's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<&'static str>,
    /// `Unschedulable` or `UnschedulableAndUnresolvable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The reasons in upstream's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// What was said of a node: a rejection, scores, or nothing for the only feasible one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeTrace {
    /// The plugin's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<&'static str>,
    /// `Unschedulable` or `UnschedulableAndUnresolvable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The reasons in upstream's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Weighted and normalized scores by plugin.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<&'static str, i64>,
    /// Their sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// A node where evictions would make room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreemptionTrace {
    /// The node's name.
    pub node: String,
    /// `namespace/name` of each victim, sorted.
    pub victims: Vec<String>,
    /// How many of them a disruption budget protects.
    #[serde(rename = "pdbViolations")]
    pub pdb_violations: usize,
    /// Whether it ties at the top.
    pub best: bool,
}

/// Decides every pending pod in queue order, binding each to its first candidate before the next is
/// decided, in the words of the newest release. The placement is left with those pods bound.
pub fn decide_all(scheduler: &Scheduler<'_>, placement: &mut Placement) -> Vec<DecisionTrace> {
    let cluster = scheduler.cluster();
    let mut traces = Vec::new();
    for pod in queue::order(cluster, placement) {
        let decision = scheduler.decide(placement, pod);
        traces.push(of(Words::newest(cluster), placement, &decision));
        if let Outcome::Scheduled { candidates } = &decision.outcome {
            placement.bind(cluster, pod, candidates[0]);
        }
    }
    traces
}

/// The trace of a decision. `placement` is the one that was decided on.
pub fn of(words: Words<'_>, placement: &Placement, decision: &Decision) -> DecisionTrace {
    let cluster = words.cluster;
    let name = |node: &NodeId| cluster.node_name(*node).to_owned();
    let candidates: Vec<String> = match &decision.outcome {
        Outcome::Scheduled { candidates } => candidates.iter().map(name).collect(),
        _ => Vec::new(),
    };
    let preemption = decision.preemption.as_ref();
    DecisionTrace {
        pod: pod_name(cluster, placement, decision.pod),
        result: match decision.outcome {
            Outcome::Scheduled { .. } => "scheduled",
            Outcome::Gated => "gated",
            Outcome::Unschedulable | Outcome::NoNodes => "unschedulable",
            Outcome::Failed(_) => "error",
        },
        node: candidates.first().cloned(),
        candidates,
        pre_filter: decision.pre_filter.as_ref().map(|rejection| of_rejection(words, rejection)),
        nodes: decision
            .nodes
            .iter()
            .map(|(node, verdict)| (name(node), of_node(words, verdict)))
            .collect(),
        message: message::of(words, decision, &gates(cluster, placement, decision.pod)),
        preemption: preemption
            .map(|found| of_preemption(cluster, placement, found))
            .unwrap_or_default(),
        preemption_message: preemption
            .and_then(|found| message::of_preemption(words, decision, found)),
    }
}

/// `namespace/name` of a pod. A pod made anew has no name yet and carries its workload's, a dash
/// and its number.
pub fn pod_name(cluster: &Cluster, placement: &Placement, pod: InstanceId) -> String {
    let instance = placement.instance(pod);
    let namespace = cluster.text(cluster.class(instance.class).namespace);
    let own = instance.origin.filter(|origin| InstanceId::from(*origin) == pod);
    if let Some(origin) = own {
        return format!("{namespace}/{}", cluster.text(cluster.pod(origin).name));
    }
    let workload = cluster.workload(instance.workload);
    format!("{namespace}/{}-{}", cluster.text(workload.name), pod.0)
}

fn gates<'c>(cluster: &'c Cluster, placement: &Placement, pod: InstanceId) -> Vec<&'c str> {
    let spec = cluster.spec_of(placement.instance(pod).class);
    spec.gates.iter().map(|gate| cluster.text(*gate)).collect()
}

fn texts(words: Words<'_>, rejection: &Rejection) -> Vec<String> {
    let text = |reason| wording::text(words, reason).into_owned();
    rejection.reasons.iter().copied().map(text).collect()
}

fn of_rejection(words: Words<'_>, rejection: &Rejection) -> RejectionTrace {
    RejectionTrace {
        plugin: Some(rejection.plugin.name()),
        code: Some(rejection.code.name()),
        reasons: texts(words, rejection),
    }
}

fn of_node(words: Words<'_>, verdict: &NodeVerdict) -> NodeTrace {
    let mut trace = NodeTrace {
        plugin: verdict.plugin().map(crate::Plugin::name),
        code: verdict.code().map(crate::reason::Code::name),
        ..NodeTrace::default()
    };
    match verdict {
        NodeVerdict::Rejected(rejection) => trace.reasons = texts(words, rejection),
        NodeVerdict::Feasible(Some(scores)) => {
            let named = scores.by_plugin.iter().map(|(plugin, score)| (plugin.name(), *score));
            trace.scores = named.collect();
            trace.total = Some(scores.total);
        }
        NodeVerdict::Feasible(None) | NodeVerdict::LeftOut => {}
    }
    trace
}

fn of_preemption(
    cluster: &Cluster,
    placement: &Placement,
    preemption: &Preemption,
) -> Vec<PreemptionTrace> {
    let Preemption::Helps(candidates) = preemption else { return Vec::new() };
    candidates
        .iter()
        .map(|candidate| {
            let name = |pod: &InstanceId| pod_name(cluster, placement, *pod);
            let mut victims: Vec<String> = candidate.victims.iter().map(name).collect();
            victims.sort();
            PreemptionTrace {
                node: cluster.node_name(candidate.node).to_owned(),
                victims,
                pdb_violations: candidate.budget_violations,
                best: candidate.best,
            }
        })
        .collect()
}
