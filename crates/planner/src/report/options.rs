//! Layouts side by side, with names.

use holdfast_cluster::{Cluster, NodeId};
use holdfast_proof::report::VerdictName;
use holdfast_proof::tolerance::{Culprits, ToleranceReport};
use serde::Serialize;

use super::change;
use super::nodes::PriceReport;
use crate::layout::{Layout, Point};

/// The answer to `plan options`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionsReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `options`.
    pub question: &'static str,
    /// Any so many nodes may fail; absent where domains do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survive: Option<usize>,
    /// Any value of this node label may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// In the order of the file.
    pub options: Vec<OptionReport>,
}

/// One layout.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionReport {
    /// What it is called.
    pub name: String,
    /// How large it is.
    #[serde(flatten)]
    pub size: SizeReport,
    /// Whether all its workloads survive what was asked.
    pub verdict: VerdictName,
    /// How many of them do, PROVED.
    pub surviving: usize,
    /// A smallest set that breaks something, and what it breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_by: Option<BrokenReport>,
    /// How many failures each workload survives.
    pub tolerance: ToleranceReport,
    /// Every set that was asked for was looked at.
    pub complete: bool,
    /// How many nodes the control plane stands without; absent where it runs somewhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_plane: Option<StandingReport>,
    /// Nodes and machines whose loss alone breaks something.
    pub single_points: Vec<PointReport>,
}

/// How large a layout is, and what it costs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SizeReport {
    /// How many nodes.
    pub nodes: usize,
    /// Thousandths of a core, of the types of its nodes where all have one, else as nodes tell.
    pub cpu_milli: i64,
    /// Bytes, likewise.
    pub memory: i64,
    /// All nodes have a type of the catalogue.
    pub typed: bool,
    /// What its nodes cost, where the catalogue tells of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceReport>,
    /// What somebody said that it has, and whether it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub says: Vec<SaidReport>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SaidReport {
    /// `cpu` in thousandths of a core or `memory` in bytes.
    pub what: &'static str,
    /// How much they said.
    pub said: i64,
    /// PROVED where it is so, else REFUTED.
    pub verdict: VerdictName,
}

/// What a set breaks.
#[derive(Clone, Debug, Serialize)]
pub struct BrokenReport {
    /// What fails.
    #[serde(flatten)]
    pub culprits: Culprits,
    /// Workloads whose counterexample it is, `KIND/NAMESPACE/NAME`.
    pub workloads: Vec<String>,
}

/// How many nodes the control plane stands without.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingReport {
    /// Whichever so many fail; absent where it does not act today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survives: Option<usize>,
    /// A smallest set of nodes without which it does not act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_by: Option<Vec<String>>,
}

/// A single point of failure.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PointReport {
    /// The node or machine.
    pub name: String,
    /// Workloads about which a claim does not hold without it, `KIND/NAMESPACE/NAME`.
    pub breaks: Vec<String>,
    /// Workloads of which it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// The control plane does not act without it.
    pub stops_control_plane: bool,
}

impl OptionsReport {
    /// The report on layouts.
    pub fn new(survive: Option<usize>, domain: Option<String>, options: Vec<OptionReport>) -> Self {
        Self { schema: "holdfast.plan/v1", question: "options", survive, domain, options }
    }
}

impl OptionReport {
    /// The report on a layout that is asked whether it survives so many failures.
    pub fn new(
        name: String,
        size: SizeReport,
        cluster: &Cluster,
        layout: &Layout,
        most: usize,
    ) -> Self {
        let workloads = &layout.tolerance.workloads;
        let broken = layout.broken_by().map(|(culprits, breaks)| BrokenReport {
            culprits: culprits.clone(),
            workloads: breaks.iter().map(|at| change::key(&workloads[*at].object)).collect(),
        });
        let node = |id: &NodeId| cluster.node_name(*id).to_owned();
        let standing = layout.control_plane.as_ref().map(|standing| StandingReport {
            survives: standing.survives,
            broken_by: standing.broken_by.as_ref().map(|nodes| nodes.iter().map(node).collect()),
        });
        Self {
            name,
            size,
            verdict: layout.verdict(most),
            surviving: layout.surviving(most),
            broken_by: broken,
            tolerance: layout.tolerance.clone(),
            complete: layout.complete,
            control_plane: standing,
            single_points: layout.points.iter().map(|point| told(cluster, point)).collect(),
        }
    }
}

impl SizeReport {
    /// Compares what somebody said with what is there.
    #[must_use]
    pub fn and_said(mut self, cpu_milli: Option<i64>, memory: Option<i64>) -> Self {
        let each = [("cpu", cpu_milli, self.cpu_milli), ("memory", memory, self.memory)];
        self.says = each
            .into_iter()
            .filter_map(|(what, said, is)| {
                let said = said?;
                let verdict = if said == is { VerdictName::Proved } else { VerdictName::Refuted };
                Some(SaidReport { what, said, verdict })
            })
            .collect();
        self
    }
}

fn told(cluster: &Cluster, point: &Point) -> PointReport {
    let names = |ids: &[_]| ids.iter().map(|id| change::name(cluster, *id)).collect();
    PointReport {
        name: point.name.clone(),
        breaks: names(&point.breaks),
        unknown: names(&point.unknown),
        stops_control_plane: point.stops_control_plane,
    }
}
