//! Which pods to delete, with names.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId};
use serde::Serialize;

use super::{change, pod_name};
use crate::rebalance::measure::{Asks, By, Goal, Rule};
use crate::rebalance::{Hindrance, Move, Rebalance};
use crate::shell::kubectl;

/// The answer to `plan rebalance`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RebalanceReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `rebalance`.
    pub question: &'static str,
    /// What is to hold: `spread` or `load`.
    pub goal: &'static str,
    /// What nodes are loaded with: `cpu` or `memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<&'static str>,
    /// Shares differ by so many hundredths at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
    /// It holds once the moves are made.
    pub reached: bool,
    /// The pods to delete, in order.
    pub moves: Vec<MoveReport>,
    /// Fewer moves do not do, as sums tell.
    pub bound: usize,
    /// It was shown that no fewer do.
    pub fewest: bool,
    /// Rules that do not hold today, or not in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleReport>,
    /// How nodes are loaded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<LoadReport>,
    /// What keeps pods that crowd in the end, each with how many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hindered: Vec<HinderedReport>,
    /// Deletions that were followed.
    pub steps: usize,
    /// The lines that do it, in order. Before each all pods must be ready again.
    pub commands: Vec<String>,
}

/// A pod that is deleted.
#[derive(Clone, Debug, Serialize)]
pub struct MoveReport {
    /// `NAMESPACE/NAME`.
    pub pod: String,
    /// Where it is.
    pub from: String,
    /// The next one comes to be on one of these nodes.
    pub to: Vec<String>,
}

/// A rule of a workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    /// `KIND/NAMESPACE/NAME`.
    pub workload: String,
    /// The node label whose values are the domains.
    pub label: String,
    /// How many more pods one domain may have than another; absent where no two may share one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_skew: Option<i64>,
    /// It keeps pods off nodes; otherwise it is a preference.
    pub required: bool,
    /// Pods in each domain that takes them, today.
    pub before: BTreeMap<String, i64>,
    /// The fewest that must move for it.
    pub excess: i64,
    /// The same in the end, at the worst.
    pub excess_after: i64,
}

/// How a node is loaded, in hundredths of what it has.
#[derive(Clone, Debug, Serialize)]
pub struct LoadReport {
    /// The node.
    pub node: String,
    /// Today.
    pub before: i64,
    /// In the end, at the least and at the most.
    pub after: (i64, i64),
}

/// What keeps pods.
#[derive(Clone, Debug, Serialize)]
pub struct HinderedReport {
    /// `budget`, `alone`, `unknown`, `disturbs` or `no-help`.
    pub reason: &'static str,
    /// How many kinds of pods on a node.
    pub pods: usize,
}

impl RebalanceReport {
    /// The report on what was found.
    pub fn new(cluster: &Cluster, found: &Rebalance<'_>) -> Self {
        let (goal, resource, within) = match found.measure.goal {
            Goal::Spread => ("spread", None, None),
            Goal::Load { by, within } => ("load", Some(resource(by)), Some(within)),
        };
        let moves: Vec<MoveReport> =
            found.moves.iter().map(|step| move_report(cluster, step)).collect();
        let line = |step: &MoveReport| {
            let (namespace, name) = step.pod.split_once('/').unwrap_or(("", &step.pod));
            kubectl(namespace, &["delete", "pod", name])
        };
        let rules = found.measure.rules.iter().map(|rule| rule_report(cluster, found, rule));
        Self {
            schema: "holdfast.plan/v1",
            question: "rebalance",
            goal,
            resource,
            within,
            reached: found.reached,
            bound: found.bound,
            fewest: found.fewest,
            rules: rules.filter(|rule| rule.excess > 0 || rule.excess_after > 0).collect(),
            nodes: loads(cluster, found),
            hindered: found
                .hindered
                .iter()
                .map(|(why, pods)| HinderedReport { reason: hindrance(*why), pods: *pods })
                .collect(),
            steps: found.steps,
            commands: moves.iter().map(line).collect(),
            moves,
        }
    }
}

fn move_report(cluster: &Cluster, step: &Move) -> MoveReport {
    let name = |node: &NodeId| cluster.node_name(*node).to_owned();
    MoveReport {
        pod: pod_name(cluster, step.pod).unwrap_or_default(),
        from: name(&step.from),
        to: step.to.iter().map(name).collect(),
    }
}

fn rule_report(cluster: &Cluster, found: &Rebalance<'_>, rule: &Rule) -> RuleReport {
    let now = rule.standing(&found.before);
    let after = found.after.iter().map(|state| rule.standing(state).excess);
    let text = |symbol| cluster.text(symbol).to_owned();
    RuleReport {
        workload: change::name(cluster, rule.workload),
        label: text(rule.key),
        max_skew: match rule.asks {
            Asks::Skew(most) => Some(most),
            Asks::Apart => None,
        },
        required: rule.hard,
        before: now.counts.iter().map(|(name, count)| (text(*name), *count)).collect(),
        excess: now.excess,
        excess_after: after.max().unwrap_or(0),
    }
}

/// Nodes by name, with what they are loaded with.
fn loads(cluster: &Cluster, found: &Rebalance<'_>) -> Vec<LoadReport> {
    let Goal::Load { by, .. } = found.measure.goal else { return Vec::new() };
    let hundredths = |share: i128| i64::try_from(share / 10_000).unwrap_or(i64::MAX);
    let shares = |state| -> BTreeMap<NodeId, i64> {
        let all = found.measure.by_share(state, by).into_iter();
        all.map(|(node, share)| (node, hundredths(share))).collect()
    };
    let after: Vec<_> = found.after.iter().map(shares).collect();
    let of = |(node, before): (NodeId, i64)| {
        let then = || after.iter().map(|shares| shares[&node]);
        let range = (then().min().unwrap_or(before), then().max().unwrap_or(before));
        LoadReport { node: cluster.node_name(node).to_owned(), before, after: range }
    };
    shares(&found.before).into_iter().map(of).collect()
}

fn resource(by: By) -> &'static str {
    match by {
        By::Cpu => "cpu",
        By::Memory => "memory",
    }
}

fn hindrance(why: Hindrance) -> &'static str {
    match why {
        Hindrance::Budget => "budget",
        Hindrance::Alone => "alone",
        Hindrance::Unknown => "unknown",
        Hindrance::Disturbs => "disturbs",
        Hindrance::NoHelp => "no-help",
    }
}
