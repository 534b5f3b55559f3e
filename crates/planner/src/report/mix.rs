//! The cheapest mix of node types, with names.

use holdfast_cluster::{Cluster, NodeId, Placement, PodId, WorkloadId};
use holdfast_proof::report::VerdictName;
use holdfast_scheduler::{Need, Needs};
use serde::Serialize;

use super::change;
use super::fit::LimitReport;
use super::nodes::{OpenReport, PriceReport, open};
use crate::mix::{Answer, Homeless, Mix, NotFound, Offer, Sold, Tally};
use crate::nodes::Survive;

/// The answer to `plan mix`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MixReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `mix`.
    pub question: &'static str,
    /// Any so many nodes may fail; absent where domains do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survive: Option<usize>,
    /// Any value of this node label may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Everything that can be scaled has so many times as many replicas, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grow: Option<String>,
    /// Workloads that stay as they are, as they cannot be scaled, `KIND/NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_grown: Vec<String>,
    /// What is bought comes on top of today's nodes.
    pub keep: bool,
    /// PROVED of a mix, REFUTED where none has room for some pod, UNKNOWN where none was found.
    pub verdict: VerdictName,
    /// The mix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mix: Option<MixFound>,
    /// No mix costs less, in the catalogue's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// What came of the mixes that were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<TriedMixes>,
    /// Workloads that do not come back however much is bought.
    pub helpless: Vec<OpenReport>,
    /// Pods that wait for something that no node gives them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<LackingReport>,
    /// Pods that no mix has room for, each kind by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub homeless: Vec<HomelessReport>,
}

/// A mix.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MixFound {
    /// What is bought, by type and zone.
    pub bought: Vec<BoughtReport>,
    /// How many nodes that is.
    pub nodes: u32,
    /// What they cost together.
    pub price: PriceReport,
    /// No mix costs less: every one that does was ruled out.
    pub optimal: bool,
    /// How much of the price might be saved at most, in percent, rounded up.
    pub gap_percent: String,
    /// Whole numbers alone tell that no mix costs less than this, wherever pods are put.
    pub arithmetic: String,
    /// Nodes that are there besides.
    pub kept: usize,
    /// Nodes of today's that are replaced.
    pub replaced: usize,
}

/// Nodes of a type in a zone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoughtReport {
    /// The type.
    #[serde(rename = "type")]
    pub of: String,
    /// The zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How many.
    pub count: u32,
    /// What one costs.
    pub each: String,
    /// What all of them cost.
    pub amount: String,
    /// Thousandths of a core that their pods request, of those that pods may.
    pub cpu: UseReport,
    /// Bytes of memory, likewise.
    pub memory: UseReport,
    /// Pods.
    pub pods: UseReport,
}

/// How much of something is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UseReport {
    /// So much.
    pub used: i64,
    /// Of so much.
    pub of: i64,
}

/// What came of the mixes that were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TriedMixes {
    /// Some pod finds no node.
    pub waits: usize,
    /// Something does not come back: REFUTED.
    pub lost: usize,
    /// Nobody knows whether something does.
    pub unknown: usize,
    /// All comes back: PROVED.
    pub holds: usize,
}

/// A pod that waits for something of its own.
#[derive(Clone, Debug, Serialize)]
pub struct LackingReport {
    /// `NAMESPACE/NAME`.
    pub pod: String,
    /// What that is.
    pub limits: Vec<LimitReport>,
}

/// A pod that no mix has room for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HomelessReport {
    /// `NAMESPACE/NAME`.
    pub pod: String,
    /// `KIND/NAMESPACE/NAME` of what made it.
    pub workload: String,
    /// It fits on no node that has nothing else on it; otherwise on none where everything else is.
    pub alone: bool,
    /// What keeps it off each type, and off the nodes that stay.
    pub nodes: Vec<OffReport>,
}

/// What keeps a pod off nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OffReport {
    /// The types, `TYPE` in all its zones or `TYPE in ZONE`, and the names of nodes that stay.
    pub of: Vec<String>,
    /// All of it.
    pub limits: Vec<LimitReport>,
}

/// What the report repeats of the question and of the catalogue.
pub struct Asked<'a> {
    /// The cluster that was asked about, whose workloads are named.
    pub cluster: &'a Cluster,
    /// What is to be survived.
    pub survive: &'a Survive,
    /// How many times as many replicas.
    pub grow: Option<String>,
    /// What could not be scaled.
    pub not_grown: &'a [WorkloadId],
    /// Today's nodes stay.
    pub keep: bool,
    /// An amount of the smallest unit of money as people write it.
    pub written: &'a dyn Fn(i128) -> String,
    /// The same in full.
    pub price: &'a dyn Fn(i128) -> PriceReport,
    /// What is for sale.
    pub sold: &'a [Sold],
}

impl MixReport {
    /// The report on what was found.
    pub fn new(asked: &Asked<'_>, answer: &Answer) -> Self {
        let name = |id: &WorkloadId| change::name(asked.cluster, *id);
        let mut report = Self {
            schema: "holdfast.plan/v1",
            question: "mix",
            survive: match asked.survive {
                Survive::Nodes(most) => Some(*most),
                Survive::Domain(_) => None,
            },
            domain: match asked.survive {
                Survive::Nodes(_) => None,
                Survive::Domain(label) => Some(label.clone()),
            },
            grow: asked.grow.clone(),
            not_grown: asked.not_grown.iter().map(name).collect(),
            keep: asked.keep,
            verdict: VerdictName::Proved,
            mix: None,
            bound: None,
            tried: None,
            helpless: Vec::new(),
            lacking: Vec::new(),
            homeless: Vec::new(),
        };
        match answer {
            Answer::Mix(mix) => {
                report.mix = Some(found(asked, mix));
                report.bound = Some((asked.written)(mix.bound));
                report.tried = Some(TriedMixes::of(mix.tried));
                report.helpless = mix.helpless.iter().map(|one| open(asked.cluster, one)).collect();
                report.lacking = mix.lacking.iter().map(|one| lacking(&mix.cluster, one)).collect();
            }
            Answer::Homeless(homeless) => {
                report.verdict = VerdictName::Refuted;
                report.homeless =
                    homeless.pods.iter().map(|(pod, needs)| off(homeless, *pod, needs)).collect();
            }
            Answer::NotFound(NotFound { bound, tried }) => {
                report.verdict = VerdictName::Unknown;
                report.bound = Some((asked.written)(*bound));
                report.tried = Some(TriedMixes::of(*tried));
            }
        }
        report
    }
}

impl TriedMixes {
    fn of(tally: Tally) -> Self {
        let Tally { waits, lost, unknown, holds } = tally;
        Self { waits, lost, unknown, holds }
    }
}

fn found(asked: &Asked<'_>, mix: &Mix) -> MixFound {
    let placement = Placement::of(&mix.cluster);
    let bought = |(at, offer): (usize, &Offer)| {
        let count = mix.counts[at];
        let own = mix.bought.iter().filter(|(of, _)| *of == at).map(|(_, node)| *node);
        let [cpu, memory, pods] = used(mix, &placement, own);
        let each = asked.sold[offer.sold].price;
        BoughtReport {
            of: offer.name.clone(),
            zone: offer.place.clone(),
            count,
            each: (asked.written)(each),
            amount: (asked.written)(each * i128::from(count)),
            cpu,
            memory,
            pods,
        }
    };
    let some = mix.offers.iter().enumerate().filter(|(at, _)| mix.counts[*at] > 0);
    MixFound {
        bought: some.map(bought).collect(),
        nodes: mix.counts.iter().sum(),
        price: (asked.price)(mix.price),
        optimal: mix.bound >= mix.price,
        gap_percent: gap(mix.price, mix.bound),
        arithmetic: (asked.written)(mix.arithmetic),
        kept: mix.kept,
        replaced: mix.replaced,
    }
}

/// How much of the price might be saved, in percent, to two digits, rounded up.
fn gap(price: i128, bound: i128) -> String {
    let parts = ((price - bound).max(0) * 10_000 + price - 1).checked_div(price).unwrap_or(0);
    format!("{}.{:02}", parts / 100, parts % 100)
}

/// CPU, memory and pods of some nodes.
fn used(mix: &Mix, placement: &Placement, nodes: impl Iterator<Item = NodeId>) -> [UseReport; 3] {
    let mut sums = [UseReport::default(); 3];
    for id in nodes {
        let (node, used) = (mix.cluster.node(id), placement.node(id));
        let pods = i64::try_from(used.pods.len()).unwrap_or(i64::MAX);
        for (sum, (used, of)) in sums.iter_mut().zip([
            (used.requested.cpu_milli, node.allocatable.cpu_milli),
            (used.requested.memory, node.allocatable.memory),
            (pods, node.pods_allocatable),
        ]) {
            sum.used += used;
            sum.of += of;
        }
    }
    sums
}

fn lacking(cluster: &Cluster, (pod, needs): &(PodId, Needs)) -> LackingReport {
    LackingReport { pod: pod_name(cluster, *pod), limits: limits(cluster, needs.pod.iter()) }
}

fn pod_name(cluster: &Cluster, id: PodId) -> String {
    let pod = cluster.pod(id);
    let namespace = cluster.class(pod.class).namespace;
    format!("{}/{}", cluster.text(namespace), cluster.text(pod.name))
}

fn limits<'n>(cluster: &Cluster, needs: impl Iterator<Item = &'n Need>) -> Vec<LimitReport> {
    let mut all: Vec<LimitReport> = needs.map(|need| LimitReport::of(cluster, need)).collect();
    all.sort();
    all.dedup();
    all
}

/// Why a pod has no place, those nodes together that keep it off for the same reasons.
fn off(homeless: &Homeless, pod: PodId, needs: &Needs) -> HomelessReport {
    let cluster = &homeless.cluster;
    let mut groups: Vec<(Vec<LimitReport>, Vec<NodeId>)> = Vec::new();
    for (node, needs) in &needs.nodes {
        let limits = limits(cluster, needs.iter().map(|(_, need)| need));
        match groups.iter_mut().find(|(known, _)| *known == limits) {
            Some((_, nodes)) => nodes.push(*node),
            None => groups.push((limits, vec![*node])),
        }
    }
    let report = |(limits, nodes): (Vec<LimitReport>, Vec<NodeId>)| OffReport {
        of: called(homeless, &nodes),
        limits,
    };
    HomelessReport {
        pod: pod_name(cluster, pod),
        workload: change::name(cluster, cluster.root(cluster.pod(pod).workload)),
        alone: homeless.alone,
        nodes: groups.into_iter().map(report).collect(),
    }
}

/// Nodes by their types, with the zone where they are not of all zones in which the type is sold,
/// and those that stay by their names.
fn called(homeless: &Homeless, nodes: &[NodeId]) -> Vec<String> {
    let offer_of = |node: &NodeId| {
        let known = homeless.bought.iter().find(|(_, one)| one == node);
        known.map(|(at, _)| &homeless.offers[*at])
    };
    let here: Vec<&Offer> = nodes.iter().filter_map(offer_of).collect();
    let mut names: Vec<String> = Vec::new();
    for node in nodes {
        let name = match offer_of(node) {
            None => homeless.cluster.node_name(*node).to_owned(),
            Some(offer) => {
                let mut all = homeless.offers.iter().filter(|one| one.sold == offer.sold);
                let zone = offer.place.as_ref().filter(|_| !all.all(|one| here.contains(&one)));
                zone.map_or_else(|| offer.name.clone(), |zone| format!("{} in {zone}", offer.name))
            }
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
