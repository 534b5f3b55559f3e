//! What is free and cannot be used, with names.

use holdfast_cluster::{Cluster, WorkloadId};
use serde::Serialize;

use super::change;
use crate::waste::{Amounts, NodeWaste, Reason, Waste};

/// The answer to `plan waste`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WasteReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `waste`.
    pub question: &'static str,
    /// Of all nodes together: what there is for pods, what is free, what of that is stranded.
    pub total: TotalReport,
    /// By reason, how much is stranded for it.
    pub reasons: Vec<ReasonReport>,
    /// Every node, by name.
    pub nodes: Vec<NodeWasteReport>,
    /// Workloads that might take what is free, `KIND/NAMESPACE/NAME`.
    pub takers: Vec<String>,
    /// The least that any of them asks for, of each resource by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest: Option<SmallestReport>,
}

/// The least that a pod asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SmallestReport {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
}

/// All nodes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TotalReport {
    /// What there is for pods.
    pub allocatable: AmountsReport,
    /// What is free.
    pub free: AmountsReport,
    /// What of that is stranded, at the least.
    pub stranded: AmountsReport,
}

/// Amounts of what every pod takes some of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountsReport {
    /// Thousandths of a core.
    pub cpu_milli: i128,
    /// Bytes.
    pub memory: i128,
    /// Pods.
    pub pods: i128,
}

/// How much is stranded for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonReport {
    /// Why.
    pub reason: Reason,
    /// On how many nodes.
    pub nodes: usize,
    /// Thousandths of a core.
    pub cpu_milli: i128,
    /// Bytes.
    pub memory: i128,
}

/// What is stranded on a node.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeWasteReport {
    /// Its name.
    pub node: String,
    /// What there is for pods.
    pub allocatable: AmountsReport,
    /// What is free.
    pub free: AmountsReport,
    /// What of that is stranded, at the least.
    pub stranded: AmountsReport,
    /// Why CPU is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Reason>,
    /// Why memory is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Reason>,
    /// Of how many kinds of pod it takes one more.
    pub takers: usize,
}

impl WasteReport {
    /// The report on what was found.
    pub fn new(cluster: &Cluster, waste: &Waste) -> Self {
        let nodes: Vec<NodeWasteReport> = waste
            .nodes
            .iter()
            .map(|one| NodeWasteReport {
                node: cluster.node_name(one.node).to_owned(),
                allocatable: allocatable(cluster, one),
                free: one.free.into(),
                stranded: one.stranded.into(),
                cpu: one.cpu,
                memory: one.memory,
                takers: one.takers,
            })
            .collect();
        let sum = |of: fn(&NodeWasteReport) -> AmountsReport| {
            nodes.iter().map(of).fold(AmountsReport::default(), AmountsReport::plus)
        };
        let name = |id: &WorkloadId| change::name(cluster, *id);
        Self {
            schema: "holdfast.plan/v1",
            question: "waste",
            total: TotalReport {
                allocatable: sum(|node| node.allocatable),
                free: sum(|node| node.free),
                stranded: sum(|node| node.stranded),
            },
            reasons: reasons(&waste.nodes),
            takers: waste.takers.iter().map(name).collect(),
            smallest: waste
                .smallest
                .map(|(cpu_milli, memory)| SmallestReport { cpu_milli, memory }),
            nodes,
        }
    }
}

fn allocatable(cluster: &Cluster, one: &NodeWaste) -> AmountsReport {
    let node = cluster.node(one.node);
    Amounts {
        cpu_milli: node.allocatable.cpu_milli,
        memory: node.allocatable.memory,
        pods: node.pods_allocatable,
    }
    .into()
}

/// What is stranded by reason, in their order.
fn reasons(nodes: &[NodeWaste]) -> Vec<ReasonReport> {
    let mut all: Vec<Reason> =
        nodes.iter().flat_map(|one| [one.cpu, one.memory]).flatten().collect();
    all.sort_unstable();
    all.dedup();
    let of = |reason: Reason| {
        let cpu = nodes.iter().filter(|one| one.cpu == Some(reason));
        let memory = nodes.iter().filter(|one| one.memory == Some(reason));
        let is = |one: &&NodeWaste| one.cpu == Some(reason) || one.memory == Some(reason);
        ReasonReport {
            reason,
            nodes: nodes.iter().filter(is).count(),
            cpu_milli: cpu.map(|one| i128::from(one.stranded.cpu_milli)).sum(),
            memory: memory.map(|one| i128::from(one.stranded.memory)).sum(),
        }
    };
    all.into_iter().map(of).collect()
}

impl AmountsReport {
    fn plus(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli + other.cpu_milli,
            memory: self.memory + other.memory,
            pods: self.pods + other.pods,
        }
    }
}

impl From<Amounts> for AmountsReport {
    fn from(amounts: Amounts) -> Self {
        Self {
            cpu_milli: amounts.cpu_milli.into(),
            memory: amounts.memory.into(),
            pods: amounts.pods.into(),
        }
    }
}
