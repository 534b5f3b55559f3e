//! Which nodes can go, with names.

use holdfast_cluster::{Cluster, Instance, InstanceId, Node, NodeId, Placement, PodSpec};
use holdfast_proof::report::VerdictName;
use holdfast_proof::subject::follows_nodes;
use holdfast_proof::tolerance::Culprits;
use serde::Serialize;

use super::{change, pod_name};
use crate::remove::{Grounds, Kept, Lack, Removal, Scarce};
use crate::shell::kubectl;

/// The answer to `plan remove`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoveReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `remove`.
    pub question: &'static str,
    /// Any so many nodes may fail afterwards; absent where domains may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survive: Option<usize>,
    /// Any value of this node label may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The nodes that can go, in the order in which they are drained.
    pub nodes: Vec<GoneReport>,
    /// No more can go.
    pub bound: usize,
    /// It was shown that no larger set can go.
    pub largest: bool,
    /// How that was proved: `bound`, `exploration`; absent where none can go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Every other node, and why it stays.
    pub kept: Vec<KeptReport>,
    /// Workloads that do not run in full today: nothing is asked about them.
    pub short: Vec<String>,
    /// Workloads that are not proved to come back today: they are to run in full after the drains,
    /// and no more is asked about them.
    pub amiss: Vec<String>,
    /// What pods ask of all nodes together; empty where none can go.
    pub loads: Vec<LoadReport>,
    /// Sets and orders that were proved about.
    pub proofs: usize,
    /// The lines that do it, in order. Each drain waits until its pods are gone; before the next
    /// all must be ready.
    pub commands: Vec<String>,
}

/// A node that can go.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GoneReport {
    /// Its name.
    pub node: String,
    /// Pods that its drain evicts as it stands today; earlier drains may bring more.
    pub evicts: usize,
}

/// A node that stays.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptReport {
    /// Its name.
    pub node: String,
    /// A stable word for why.
    pub reason: &'static str,
    /// The pod that keeps it, `NAMESPACE/NAME`; a pod made since the export has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The budgets that do, `NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<String>,
    /// What is too scarce without it: `cpu`, `memory`, `pods`, `nodes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scarce: Option<&'static str>,
    /// Who asks for it, and how much is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lack: Option<LackReport>,
    /// The workload that is not proved to be back, `KIND/NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// REFUTED or UNKNOWN, where runs tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<VerdictName>,
    /// After this fails.
    #[serde(flatten)]
    pub but_for: Option<Culprits>,
}

/// Pods that ask for more than is left, of which each is needed for that to be so: the fewest,
/// those that ask for most.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LackReport {
    /// How many they are.
    pub pods: usize,
    /// What they need together: thousandths of a CPU, bytes, pods or nodes.
    pub needed: i128,
    /// What is left of it.
    pub left: i128,
}

/// What pods ask of the nodes before and after.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadReport {
    /// `cpu` in thousandths, `memory` in bytes, `pods`.
    pub resource: &'static str,
    /// Today.
    pub before: Share,
    /// On the nodes that are left, once all runs there.
    pub after: Share,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// What is requested.
    pub requested: i64,
    /// What there is to be requested.
    pub allocatable: i64,
}

impl RemoveReport {
    /// The report on what was found.
    pub fn new(
        cluster: &Cluster,
        (survive, domain): (Option<usize>, Option<String>),
        removal: &Removal,
    ) -> Self {
        let node = |id: &NodeId| cluster.node_name(*id).to_owned();
        let lines = removal.order.iter().map(node).flat_map(|name| {
            let options = ["--ignore-daemonsets", "--delete-emptydir-data", "--force"];
            let drain = [&["drain", &name], &options[..]].concat();
            [kubectl("", &drain), kubectl("", &["delete", "node", &name])]
        });
        let gone = removal.order.iter().zip(&removal.evicted);
        let names = |ids: &[holdfast_cluster::WorkloadId]| {
            ids.iter().map(|id| change::name(cluster, *id)).collect()
        };
        Self {
            schema: "holdfast.plan/v1",
            question: "remove",
            survive,
            domain,
            nodes: gone
                .map(|(id, evicted)| GoneReport { node: node(id), evicts: evicted.len() })
                .collect(),
            bound: removal.bound,
            largest: removal.largest,
            by: removal.grounds.map(|grounds| match grounds {
                Grounds::Bound => "bound",
                Grounds::Explored => "exploration",
            }),
            kept: removal.kept.iter().map(|(id, why)| kept(cluster, node(id), why)).collect(),
            short: names(&removal.short),
            amiss: names(&removal.amiss),
            loads: if removal.order.is_empty() { Vec::new() } else { loads(cluster, removal) },
            proofs: removal.proofs,
            commands: lines.collect(),
        }
    }
}

/// What pods ask of all nodes, of each resource: those that follow a node go with it.
fn loads(cluster: &Cluster, removal: &Removal) -> Vec<LoadReport> {
    let placement = Placement::of(cluster);
    let all: Vec<NodeId> = cluster.node_ids().collect();
    let is_left = |node: &NodeId| !removal.order.contains(node);
    let left: Vec<NodeId> = all.iter().copied().filter(is_left).collect();
    let resources: [(&str, Given, Asked); 3] = [
        ("cpu", |node| node.allocatable.cpu_milli, |asked| asked.requests.cpu_milli),
        ("memory", |node| node.allocatable.memory, |asked| asked.requests.memory),
        ("pods", |node| node.pods_allocatable, |_| 1),
    ];
    let load = |(resource, given, asked): (&'static str, Given, Asked)| {
        let gives = |nodes: &[NodeId]| nodes.iter().map(|id| given(cluster.node(*id))).sum();
        let on = |node: &NodeId| {
            let pods = placement.node(*node).pods.iter().map(|pod| placement.instance(*pod));
            let stays = |pod: &&Instance| {
                is_left(node) || !follows_nodes(cluster.workload(pod.workload).kind)
            };
            let asked = |pod: &Instance| asked(cluster.spec_of(pod.class));
            (pods.clone().map(asked).sum::<i64>(), pods.filter(stays).map(asked).sum::<i64>())
        };
        let asked: Vec<(i64, i64)> = all.iter().map(on).collect();
        let (before, after) = asked.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        LoadReport {
            resource,
            before: Share { requested: before, allocatable: gives(&all) },
            after: Share { requested: after, allocatable: gives(&left) },
        }
    };
    resources.into_iter().map(load).collect()
}

/// What a node has of a resource.
type Given = fn(&Node) -> i64;

/// What a pod asks of it.
type Asked = fn(&PodSpec) -> i64;

fn kept(cluster: &Cluster, node: String, why: &Kept) -> KeptReport {
    let told = KeptReport {
        node,
        reason: reason(why),
        pod: None,
        budgets: Vec::new(),
        scarce: None,
        lack: None,
        workload: None,
        of: None,
        but_for: None,
    };
    let pod = |id: &InstanceId| pod_name(cluster, *id);
    let budget = |at: &usize| {
        let budget = &cluster.objects().budgets[*at];
        format!("{}/{}", cluster.text(budget.namespace), cluster.text(budget.name))
    };
    match why {
        Kept::Budget(id, at) => KeptReport { pod: pod(id), budgets: vec![budget(at)], ..told },
        Kept::TwoBudgets(id, one, other) => {
            KeptReport { pod: pod(id), budgets: vec![budget(one), budget(other)], ..told }
        }
        Kept::NothingMakes(id) | Kept::Nowhere(id) => KeptReport { pod: pod(id), ..told },
        Kept::Stuck(id, of) => KeptReport { pod: pod(id), of: Some(*of), ..told },
        Kept::Sums(Lack { scarce, pods, needed, left }) => {
            let lack = LackReport { pods: *pods, needed: *needed, left: *left };
            KeptReport { scarce: Some(scarce_name(*scarce)), lack: Some(lack), ..told }
        }
        Kept::Drained(id, of) => {
            KeptReport { workload: Some(change::name(cluster, *id)), of: Some(*of), ..told }
        }
        Kept::After(id, known) => KeptReport {
            workload: Some(change::name(cluster, *id)),
            of: Some(known.verdict),
            but_for: known.but_for.clone(),
            ..told
        },
        Kept::ControlPlane | Kept::Silent | Kept::Unsettled | Kept::NobodyActs | Kept::Untried => {
            told
        }
    }
}

fn reason(why: &Kept) -> &'static str {
    match why {
        Kept::ControlPlane => "control-plane",
        Kept::Silent => "not-ready",
        Kept::Budget(..) => "budget",
        Kept::TwoBudgets(..) => "two-budgets",
        Kept::NothingMakes(_) => "nothing-makes-it",
        Kept::Nowhere(_) => "nowhere-else",
        Kept::Sums(_) => "sums",
        Kept::Stuck(..) => "drain-stuck",
        Kept::Unsettled => "not-emptied",
        Kept::Drained(..) => "not-back",
        Kept::After(..) => "not-survived",
        Kept::NobodyActs => "no-control-plane",
        Kept::Untried => "not-tried",
    }
}

fn scarce_name(scarce: Scarce) -> &'static str {
    match scarce {
        Scarce::Cpu => "cpu",
        Scarce::Memory => "memory",
        Scarce::Pods => "pods",
        Scarce::Nodes => "nodes",
    }
}
