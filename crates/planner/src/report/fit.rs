//! What was found of how many more fit, with names.

use std::collections::BTreeMap;

use holdfast_cluster::profile::ResourceName;
use holdfast_cluster::quota::{Allowance, Charged, Quota};
use holdfast_cluster::{Cluster, NodeId, Placement, Symbol};
use holdfast_proof::report::{Object, VerdictName};
use holdfast_proof::tolerance::Culprits;
use holdfast_scheduler::Need;
use serde::Serialize;

use super::change;
use crate::copies::Copies;
use crate::fit::{Beyond, Fit, Survival};
use crate::patch;

/// The answer to `plan fit`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FitReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `fit`.
    pub question: &'static str,
    /// What there is to be more of.
    pub of: Object,
    /// Nothing scales it: its copies are taken to be kept by a ReplicaSet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub as_replica_set: bool,
    /// How many copies the scheduler places, one after the other.
    pub fits: usize,
    /// It found no node for the next; otherwise these are as many as were asked about.
    pub complete: bool,
    /// How many there could be at most, wherever anybody put them; absent where no node is looked
    /// at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<BestReport>,
    /// Every node, by name.
    pub nodes: Vec<NodeFit>,
    /// What keeps the next copy off, with how many nodes; each node counts for all that it lacks.
    pub limits: Vec<LimitCount>,
    /// What the next copy needs whatever the node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<LimitReport>,
    /// Pods that wait for a node already, and are left waiting.
    pub pending: usize,
    /// The quotas of the namespace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<QuotaReport>,
    /// How many may be added, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survival: Option<SurvivalReport>,
}

/// What a quota makes of copies.
#[derive(Clone, Debug, Serialize)]
pub struct QuotaReport {
    /// Its name.
    pub name: String,
    /// How many copies it lets in, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allows: Option<u64>,
    /// What there is too little of for the next one: `limit` is `pods` or `resource`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub for_want_of: Option<LimitReport>,
    /// It may refuse copies for another reason, which is not held against them.
    pub more: bool,
}

/// How many there could be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BestReport {
    /// So many were found to go in.
    pub found: u64,
    /// No placement holds more.
    pub bound: u64,
}

/// How many fit on a node.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFit {
    /// Its name.
    pub node: String,
    /// How many the scheduler puts there.
    pub fits: u32,
    /// How many it would take if no other node took any.
    pub alone: u64,
    /// What is requested of CPU and memory, before and with the copies, and what there is.
    pub cpu: Level,
    /// The same of memory, in bytes.
    pub memory: Level,
    /// The same of pods.
    pub pods: Level,
    /// What keeps the next copy off.
    pub limits: Vec<LimitReport>,
}

/// How full something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Before.
    pub before: i64,
    /// With the copies.
    pub after: i64,
    /// In all.
    pub of: i64,
}

/// What keeps a copy off a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LimitReport {
    /// A stable word for it.
    pub limit: Limit,
    /// Of what: the resource, the label, the taint's key, the claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How much a copy asks for, of a resource: thousandths of a core, bytes or whole units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<i64>,
    /// How much is free of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<i64>,
}

/// What there is too little of, or which rule is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Too little of a resource.
    Resource,
    /// As many pods as the node takes.
    Pods,
    /// A port of the node that is taken.
    Port,
    /// Required anti-affinity, of the pod or of one that runs.
    Apart,
    /// Required spread.
    Spread,
    /// Required affinity.
    Together,
    /// The label of a topology is missing.
    Topology,
    /// A taint.
    Taint,
    /// The node is cordoned.
    Cordoned,
    /// Node selector or affinity.
    NodeAffinity,
    /// A volume cannot be used there.
    Volume,
    /// The kubelet lacks a feature.
    Feature,
    /// It is kept free for pods that preempted others.
    KeptFree,
    /// A scheduling gate.
    Gate,
    /// Something of the pod or of the node does not parse.
    Broken,
}

/// A limit, and how many nodes it holds on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitCount {
    /// The limit.
    pub limit: Limit,
    /// Of what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How many nodes.
    pub nodes: usize,
}

/// How many may be added.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SurvivalReport {
    /// Any so many nodes may fail; absent where domains do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// Any value of this node label may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// It is proved with so many; absent where it is not even of what runs today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What is made of the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextReport>,
    /// Workloads that are not proved to come back today, `KIND/NAMESPACE/NAME`: nothing is asked
    /// about them.
    pub amiss: Vec<String>,
    /// How many numbers were proved about.
    pub proofs: usize,
}

/// What is made of one more than is proved.
#[derive(Clone, Debug, Serialize)]
pub struct NextReport {
    /// How many that is.
    pub count: u32,
    /// The verdict.
    pub verdict: VerdictName,
    /// On this workload, `KIND/NAMESPACE/NAME`.
    pub workload: String,
    /// After this fails.
    #[serde(flatten)]
    pub but_for: Option<Culprits>,
}

impl FitReport {
    /// The report on what was found.
    pub fn new(copies: &Copies, fit: &Fit) -> Self {
        let cluster = copies.cluster();
        let today = Placement::of(cluster);
        let (held, full) = (fit.held(), Placement::of(&fit.full));
        let limits: BTreeMap<NodeId, Vec<LimitReport>> = fit
            .needs
            .nodes
            .iter()
            .map(|(node, needs)| {
                let mut all: Vec<LimitReport> =
                    needs.iter().map(|(_, need)| LimitReport::of(&fit.full, need)).collect();
                all.sort();
                all.dedup();
                (*node, all)
            })
            .collect();
        let node = |id: NodeId| {
            let levels = levels(cluster, (&today, &full), id);
            NodeFit {
                node: cluster.node_name(id).to_owned(),
                fits: held.get(&id).copied().unwrap_or(0),
                alone: fit.alone.get(&id).copied().unwrap_or(0),
                cpu: levels[0],
                memory: levels[1],
                pods: levels[2],
                limits: limits.get(&id).cloned().unwrap_or_default(),
            }
        };
        let blocked = fit.needs.pod.iter();
        let blocked = blocked.map(|need| LimitReport::of(&fit.full, need)).collect();
        Self {
            schema: "holdfast.plan/v1",
            question: "fit",
            of: patch::object(cluster, copies.named()),
            as_replica_set: copies.named() != copies.workload(),
            fits: fit.seats.len(),
            complete: fit.complete,
            best: fit.best.map(|best| BestReport { found: best.found, bound: best.bound }),
            nodes: cluster.node_ids().map(node).collect(),
            limits: counted(&limits),
            blocked,
            pending: today.pending().len(),
            quotas: fit.quotas.iter().map(|known| QuotaReport::new(cluster, known)).collect(),
            survival: None,
        }
    }
}

impl QuotaReport {
    fn new(cluster: &Cluster, (quota, allowance): &(Quota, Option<Allowance>)) -> Self {
        let want = |known: &Allowance| {
            let of = match known.of {
                Charged::Pods => None,
                Charged::Cpu => Some(ResourceName::Cpu),
                Charged::Memory => Some(ResourceName::Memory),
                Charged::EphemeralStorage => Some(ResourceName::EphemeralStorage),
            };
            LimitReport {
                limit: if of.is_some() { Limit::Resource } else { Limit::Pods },
                of: of.map(|name| resource(cluster, name)),
                wanted: Some(known.wanted),
                free: Some(known.free),
            }
        };
        Self {
            name: cluster.text(quota.name).to_owned(),
            allows: allowance.map(|known| known.pods),
            for_want_of: allowance.as_ref().map(want),
            more: quota.more || quota.scoped,
        }
    }
}

/// CPU, memory and pods of a node.
fn levels(cluster: &Cluster, (today, full): (&Placement, &Placement), id: NodeId) -> [Level; 3] {
    let (node, before, after) = (cluster.node(id), today.node(id), full.node(id));
    let count = |pods: &[_]| i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let level = |before, after, of| Level { before, after, of };
    [
        level(before.requested.cpu_milli, after.requested.cpu_milli, node.allocatable.cpu_milli),
        level(before.requested.memory, after.requested.memory, node.allocatable.memory),
        level(count(&before.pods), count(&after.pods), node.pods_allocatable),
    ]
}

/// Each limit with the number of its nodes, the most frequent first.
fn counted(limits: &BTreeMap<NodeId, Vec<LimitReport>>) -> Vec<LimitCount> {
    let mut counts: BTreeMap<(Limit, Option<String>), usize> = BTreeMap::new();
    for all in limits.values() {
        let mut kinds: Vec<_> = all.iter().map(|one| (one.limit, one.of.clone())).collect();
        kinds.dedup();
        for kind in kinds {
            *counts.entry(kind).or_default() += 1;
        }
    }
    let mut counts: Vec<LimitCount> =
        counts.into_iter().map(|((limit, of), nodes)| LimitCount { limit, of, nodes }).collect();
    counts.sort_by_key(|count| usize::MAX - count.nodes);
    counts
}

impl LimitReport {
    /// What a need comes to.
    pub(crate) fn of(cluster: &Cluster, need: &Need) -> Self {
        let text = |symbol: Symbol| Some(cluster.text(symbol).to_owned());
        let of = |limit: Limit, of: Option<String>| Self { limit, of, wanted: None, free: None };
        match need {
            Need::Amount(amount) => Self {
                limit: Limit::Resource,
                of: Some(resource(cluster, amount.resource)),
                wanted: Some(amount.wanted),
                free: Some(amount.free()),
            },
            Need::PodSlot { .. } => of(Limit::Pods, None),
            Need::Port(port, _) => of(Limit::Port, Some(port.port.to_string())),
            Need::Away(key, _) | Need::Repelled(key, _) => of(Limit::Apart, text(*key)),
            Need::Skew(skew) => of(Limit::Spread, text(skew.topology_key)),
            Need::Near(_) => of(Limit::Together, None),
            Need::Topology(key) => of(Limit::Topology, text(*key)),
            Need::Tolerate(taint) => of(Limit::Taint, text(taint.key)),
            Need::Uncordon => of(Limit::Cordoned, None),
            Need::Label(wanted) => of(Limit::NodeAffinity, text(wanted.key)),
            Need::NameNode | Need::Name(_) | Need::Affinity | Need::AffinityConflict => {
                of(Limit::NodeAffinity, None)
            }
            Need::ClaimMade(claim)
            | Need::ClaimKept(claim)
            | Need::ClaimFound(claim)
            | Need::ClaimOwned(claim)
            | Need::ClaimBound(claim)
            | Need::VolumeMade(claim, _)
            | Need::Claim(claim, _)
            | Need::Reach(claim, _)
            | Need::Bind(claim, _) => of(Limit::Volume, text(*claim)),
            Need::Attach { driver, .. } => of(Limit::Volume, text(*driver)),
            Need::Zone { volume, .. } => of(Limit::Volume, text(*volume)),
            Need::Disk(_) => of(Limit::Volume, None),
            Need::Feature(feature) => of(Limit::Feature, text(*feature)),
            Need::KeptFree(_) => of(Limit::KeptFree, None),
            Need::Gate(gate) => of(Limit::Gate, text(*gate)),
            Need::Mend(_) => of(Limit::Broken, None),
        }
    }
}

/// A resource as an API object names it.
pub(crate) fn resource(cluster: &Cluster, name: ResourceName) -> String {
    match name {
        ResourceName::Cpu => "cpu".to_owned(),
        ResourceName::Memory => "memory".to_owned(),
        ResourceName::EphemeralStorage => "ephemeral-storage".to_owned(),
        ResourceName::Scalar(name) => cluster.text(name).to_owned(),
    }
}

impl SurvivalReport {
    /// The report on how many may be added.
    pub fn new(
        copies: &Copies,
        survival: &Survival,
        (nodes, domain): (usize, Option<&str>),
    ) -> Self {
        let name = |id| {
            let named = if id == copies.workload() { copies.named() } else { id };
            change::name(copies.cluster(), named)
        };
        let next = |beyond: &Beyond| NextReport {
            count: beyond.count,
            verdict: beyond.verdict,
            workload: name(beyond.workload),
            but_for: beyond.but_for.clone(),
        };
        Self {
            nodes: domain.is_none().then_some(nodes),
            domain: domain.map(str::to_owned),
            count: survival.most,
            next: survival.beyond.as_ref().map(next),
            amiss: survival.amiss.iter().map(|id| name(*id)).collect(),
            proofs: survival.proofs,
        }
    }
}
