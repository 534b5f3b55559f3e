//! The outcome of a story, version 1: everything with names instead of numbers, for machines.

mod control_plane;
mod storage;

use std::collections::BTreeMap;

use holdfast_cluster::placement::NodeUse;
use holdfast_cluster::{Cluster, NodeId};
use holdfast_failover::budgets::Refusal;
use serde::Serialize;

pub use self::control_plane::{ControlPlaneOutcome, PartOutcome, TakeoverOutcome};
pub use self::storage::VolumeOutcome;
use crate::names;
use crate::report::doubt_id;
use crate::simulation::{Range, Simulator, Stage, WorkloadRanges};
use crate::stuck::Stuck;
use crate::subject::Subject;
use crate::timeline::Timeline;

/// `holdfast.outcome/v1`.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The format.
    pub schema: &'static str,
    /// The start, then each event.
    pub steps: Vec<StepOutcome>,
    /// Workloads whose number of pods is taken to stay within these bounds where it is, though an
    /// autoscaler may change it, by `KIND/NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub autoscaled: BTreeMap<String, BoundsOutcome>,
    /// One run on a virtual clock, unless there are no events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// How the cluster stands once all is quiet after an event.
#[derive(Clone, Debug, Serialize)]
pub struct StepOutcome {
    /// The event as it was asked for, joined ones with `+` between them; the first is `start`.
    pub event: String,
    /// The events, where several are joined: each but the first may come at any moment after the
    /// one before it. Left out otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<String>,
    /// By `KIND/NAMESPACE/NAME`.
    pub workloads: BTreeMap<String, WorkloadOutcome>,
    /// By name.
    pub nodes: BTreeMap<String, NodeOutcome>,
    /// How the control plane stands; left out where all of it is outside.
    #[serde(rename = "controlPlane", skip_serializing_if = "Option::is_none")]
    pub control_plane: Option<ControlPlaneOutcome>,
    /// What can be done with volumes that are kept on the nodes, by `NAMESPACE/NAME` of the claim;
    /// left out where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, VolumeOutcome>,
    /// Drains that are blocked once all is quiet, in some run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<BlockedOutcome>,
    /// Workloads whose rollout does not get on, in some run, by `KIND/NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<String>,
    /// Jobs that have lost more pods than their `backoffLimit` bears, in some run, by
    /// `KIND/NAMESPACE/NAME`.
    #[serde(rename = "gaveUp", skip_serializing_if = "Vec::is_empty")]
    pub gave_up: Vec<String>,
    /// Every end of every range is reached in some run; otherwise they are wider than need be.
    pub exact: bool,
    /// What the ranges rest on, or why they are wider than need be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<DoubtOutcome>,
    /// In some run the cluster never comes to rest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub restless: bool,
    /// States that were tried.
    pub states: u64,
}

/// How far an autoscaler goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BoundsOutcome {
    /// The lowest count that it sets.
    pub min: i64,
    /// The highest.
    pub max: i64,
}

/// The autoscalers whose workloads may have another number of pods than they are taken to have.
pub fn autoscaled(cluster: &Cluster) -> BTreeMap<String, BoundsOutcome> {
    let of = |id| {
        let (min, max) = cluster.workload(id).autoscaled?;
        (min < max).then(|| (names::of_workload(cluster, id), BoundsOutcome { min, max }))
    };
    cluster.workload_ids().filter_map(of).collect()
}

/// A pod that stands in the way of a drain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BlockedOutcome {
    /// The node.
    pub node: String,
    /// The pod, by namespace and name.
    pub pod: String,
    /// The budgets that select it, by namespace and name: one that allows no more, or two, which
    /// the eviction API refuses.
    pub budgets: Vec<String>,
}

/// A doubt, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoubtOutcome {
    /// Its name, as in reports.
    pub reason: &'static str,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The fewest and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RangeOutcome {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// How a workload stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadOutcome {
    /// Pods that are wanted.
    pub desired: u32,
    /// Pods that serve.
    pub ready: RangeOutcome,
    /// Pods that wait for a node.
    pub pending: RangeOutcome,
    /// Pods that are marked for deletion and cannot end.
    pub terminating: RangeOutcome,
    /// Pods that are bound and wait for a volume; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attaching: Option<RangeOutcome>,
    /// Pods that are bound and cannot use a volume, as too few copies of it are up; left out where
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starved: Option<RangeOutcome>,
    /// What the scheduler says to those that wait for a node.
    pub messages: Vec<String>,
}

/// How a node stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeOutcome {
    /// `Ready`, `NotReady` or `Deleted`.
    pub state: &'static str,
    /// Nothing new is scheduled there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cordoned: bool,
    /// It runs on, unheard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
    /// Its pods.
    pub pods: RangeOutcome,
}

impl Outcome {
    /// The outcome of a story whose events are called `events`, joined ones together.
    pub fn new(simulator: &Simulator<'_>, events: &[Vec<String>], stages: &[Stage]) -> Self {
        let start = vec!["start".to_owned()];
        let names = std::iter::once(&start).chain(events);
        let steps = names.zip(stages).map(|(names, stage)| step(simulator, names, stage)).collect();
        let autoscaled = autoscaled(simulator.dynamics().cluster());
        Self { schema: "holdfast.outcome/v1", steps, autoscaled, timeline: None }
    }
}

fn step(simulator: &Simulator<'_>, names: &[String], stage: &Stage) -> StepOutcome {
    let dynamics = simulator.dynamics();
    let cluster = dynamics.cluster();
    let workloads = simulator.subjects().iter().zip(&stage.workloads);
    let nodes = cluster.node_ids().zip(&stage.pods);
    StepOutcome {
        event: names.join("+"),
        joined: if names.len() > 1 { names.to_vec() } else { Vec::new() },
        workloads: workloads
            .map(|(subject, ranges)| (key(cluster, subject), workload(ranges)))
            .collect(),
        nodes: nodes
            .map(|(id, pods)| (cluster.node_name(id).to_owned(), node(stage, id, *pods)))
            .collect(),
        control_plane: control_plane::control_plane(dynamics.control_plane(), &stage.example),
        storage: storage::storage(cluster, dynamics.storage(), &stage.example),
        blocked: stage.stuck.iter().filter_map(|stuck| blocked(cluster, stage, *stuck)).collect(),
        stuck: simulator
            .subjects()
            .iter()
            .filter(|subject| stage.stuck.contains(&Stuck::Rollout(subject.root)))
            .map(|subject| key(cluster, subject))
            .collect(),
        gave_up: stage
            .stuck
            .iter()
            .filter_map(|stuck| match stuck {
                Stuck::Job(id) => Some(names::of_workload(cluster, *id)),
                _ => None,
            })
            .collect(),
        exact: stage.exact,
        doubts: stage
            .doubts
            .iter()
            .map(|doubt| {
                let (reason, detail) = doubt_id(*doubt);
                DoubtOutcome { reason, detail }
            })
            .collect(),
        restless: stage.restless,
        states: stage.states,
    }
}

fn blocked(cluster: &Cluster, stage: &Stage, stuck: Stuck) -> Option<BlockedOutcome> {
    let Stuck::Drain { node, pod, why } = stuck else { return None };
    let budget = |at: usize| {
        let budget = &cluster.objects().budgets[at];
        format!("{}/{}", cluster.text(budget.namespace), cluster.text(budget.name))
    };
    let budgets = match why {
        Refusal::Budget(one) => vec![budget(one)],
        Refusal::TwoBudgets(one, other) => vec![budget(one), budget(other)],
    };
    // Whoever is drained was there before the story, or has taken the place of one that was.
    stage.example.instances().get(pod.index())?;
    let (pod, _) = names::of_pod(cluster, &stage.example, pod);
    Some(BlockedOutcome { node: cluster.node_name(node).to_owned(), pod, budgets })
}

/// `KIND/NAMESPACE/NAME`.
pub fn key(cluster: &Cluster, subject: &Subject) -> String {
    names::of_workload(cluster, subject.root)
}

fn workload(ranges: &WorkloadRanges) -> WorkloadOutcome {
    let attaching = range(ranges.attaching);
    let starved = range(ranges.starved);
    WorkloadOutcome {
        desired: ranges.desired.max,
        ready: range(ranges.ready),
        pending: range(ranges.pending),
        terminating: range(ranges.terminating),
        attaching: (attaching.max > 0).then_some(attaching),
        starved: (starved.max > 0).then_some(starved),
        messages: ranges.messages.iter().cloned().collect(),
    }
}

fn node(stage: &Stage, id: NodeId, pods: Range) -> NodeOutcome {
    let usage: &NodeUse = stage.example.node(id);
    let standing = match (usage.exists, usage.serves()) {
        (false, _) => "Deleted",
        (true, true) => "Ready",
        (true, false) => "NotReady",
    };
    NodeOutcome {
        state: standing,
        cordoned: usage.exists && usage.unschedulable,
        cut_off: usage.cut_off,
        pods: range(pods),
    }
}

fn range(range: Range) -> RangeOutcome {
    RangeOutcome { min: range.min, max: range.max }
}
