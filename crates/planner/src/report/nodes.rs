//! How many nodes must be added, with names.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, WorkloadId};
use holdfast_proof::report::VerdictName;
use holdfast_proof::tolerance::Culprits;
use serde::Serialize;

use super::change;
use crate::nodes::{Growth, Make, Survive, Tried};
use crate::recovery::Recovered;

/// The answer to `plan nodes`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodesReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `nodes`.
    pub question: &'static str,
    /// The node that new ones are like, or the type that they are of.
    pub make: MakeReport,
    /// Any so many nodes may fail; absent where domains do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survive: Option<usize>,
    /// Any value of this node label may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// How many nodes to add; absent where no number helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How many in each domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceReport>,
    /// The zones in which there are nodes of the type, where the catalogue says: new ones are in
    /// one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Every smaller number was tried and does not do; in each domain the same number at first.
    pub least: bool,
    /// Sums alone tell that fewer cannot do.
    pub bound: u32,
    /// What the numbers that were tried came to, in the order of numbers.
    pub tried: Vec<TriedCount>,
    /// Workloads that come back with no number that was tried.
    pub helpless: Vec<OpenReport>,
    /// What they cost together, in the catalogue's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceReport>,
}

/// What new nodes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum MakeReport {
    /// Like this node.
    Like(String),
    /// Of this type of the catalogue.
    Type(String),
}

/// A price, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceReport {
    /// A plain decimal number.
    pub amount: String,
    /// Of what.
    pub currency: String,
    /// For how long: `hour` or `month`.
    pub per: &'static str,
    /// Where prices come from, as the catalogue has it.
    pub source: String,
}

/// How many nodes in a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceReport {
    /// The value of the label.
    pub value: String,
    /// How many.
    pub count: u32,
}

/// A number that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct TriedCount {
    /// How many nodes in all.
    pub count: u32,
    /// How many in each domain, in order of their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<u32>,
    /// Whether everything comes back but what no number brings back.
    pub verdict: VerdictName,
    /// A workload that does not, or of which nobody knows.
    #[serde(flatten)]
    pub open: Option<OpenReport>,
}

/// A workload that is not proved to come back.
#[derive(Clone, Debug, Serialize)]
pub struct OpenReport {
    /// `KIND/NAMESPACE/NAME`.
    pub workload: String,
    /// REFUTED or UNKNOWN.
    #[serde(rename = "of")]
    pub verdict: VerdictName,
    /// After this fails.
    #[serde(flatten)]
    pub but_for: Option<Culprits>,
}

impl NodesReport {
    /// The report on what was found.
    pub fn new(cluster: &Cluster, make: &Make, survive: &Survive, growth: &Growth) -> Self {
        let count = growth.counts.as_ref().map(|counts| counts.iter().sum());
        let places = growth.places.iter().zip(growth.counts.iter().flatten());
        let mut tried: Vec<TriedCount> =
            growth.tried.iter().map(|one| tried_count(cluster, growth, one)).collect();
        tried.sort_by(|one, other| (one.count, &one.places).cmp(&(other.count, &other.places)));
        Self {
            schema: "holdfast.plan/v1",
            question: "nodes",
            make: match make {
                Make::Like(like) => MakeReport::Like(cluster.text(*like).to_owned()),
                Make::Of(name, _) => MakeReport::Type(name.clone()),
            },
            survive: match survive {
                Survive::Nodes(most) => Some(*most),
                Survive::Domain(_) => None,
            },
            domain: match survive {
                Survive::Nodes(_) => None,
                Survive::Domain(label) => Some(label.clone()),
            },
            count,
            places: places
                .map(|(value, count)| PlaceReport { value: value.clone(), count: *count })
                .collect(),
            zones: Vec::new(),
            least: growth.least,
            bound: growth.bound,
            tried,
            helpless: growth.helpless.iter().map(|one| open(cluster, one)).collect(),
            price: None,
        }
    }
}

fn tried_count(cluster: &Cluster, growth: &Growth, tried: &Tried) -> TriedCount {
    let mut left: BTreeMap<WorkloadId, &Recovered> = BTreeMap::new();
    left.extend(
        tried
            .open
            .iter()
            .filter(|(id, _)| growth.counts.is_none() || !growth.helpless.contains_key(id))
            .map(|(id, known)| (*id, known)),
    );
    let refuted = |known: &&Recovered| known.verdict == VerdictName::Refuted;
    let worst = left.iter().min_by_key(|(id, known)| (!refuted(known), **id));
    TriedCount {
        count: tried.counts.iter().sum(),
        places: if growth.places.is_empty() { Vec::new() } else { tried.counts.clone() },
        verdict: worst.map_or(VerdictName::Proved, |(_, known)| known.verdict),
        open: worst.map(|(id, known)| open(cluster, (id, known))),
    }
}

pub(super) fn open(cluster: &Cluster, (id, known): (&WorkloadId, &Recovered)) -> OpenReport {
    OpenReport {
        workload: change::name(cluster, *id),
        verdict: known.verdict,
        but_for: known.but_for.clone(),
    }
}
