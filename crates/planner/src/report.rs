//! What was found, with names: `holdfast.plan/v1`. Fields are only ever added within the version.

mod change;
pub mod fit;
pub mod migrate;
pub mod mix;
pub mod nodes;
pub mod options;
pub mod rebalance;
pub mod remove;
pub mod waste;

use holdfast_cluster::{Change, Cluster, InstanceId, Placement};
use holdfast_proof::report::{Object, VerdictName};
use serde::Serialize;

pub(crate) use self::change::key;
pub use self::change::{ChangeReport, RefusedReport};
pub use self::fit::{FitReport, SurvivalReport};
pub use self::migrate::MigrateReport;
pub use self::mix::MixReport;
pub use self::nodes::NodesReport;
pub use self::options::{OptionReport, OptionsReport, SizeReport};
pub use self::rebalance::RebalanceReport;
pub use self::remove::RemoveReport;
pub use self::waste::WasteReport;
use crate::asked::Asked;
use crate::patch::{self, Patch};
use crate::repair::{Claims, Outcome, Remedies, Remedy, Together};

/// The answer to `plan repair`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `repair`.
    pub question: &'static str,
    /// Workloads about which a claim is refuted, by namespace, name and kind.
    pub workloads: Vec<RemediesReport>,
    /// What repairs as many of them as were found to be repaired together.
    pub together: TogetherReport,
}

/// What was found for one workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemediesReport {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: Object,
    /// The claims that are refuted: `immediately`, `recovered`.
    pub refuted: Vec<&'static str>,
    /// What was proved to help, the cheapest first.
    pub remedies: Vec<RemedyReport>,
    /// How many proposals were tried.
    pub proposals: usize,
    /// What was tried, the cheapest first, where that was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<TriedReport>,
    /// Proposals that were not tried, as enough had been.
    pub left: usize,
}

/// Changes that were proved to help.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemedyReport {
    /// The claims that are proved then.
    pub proves: Vec<&'static str>,
    /// The claims that are refuted today and not proved then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<&'static str>,
    /// Whether at least one pod is left wherever the hard rules let the pods be, too.
    pub by_rule: VerdictName,
    /// What is changed.
    pub changes: Vec<ChangeReport>,
    /// The same as patches and lines.
    pub patches: Vec<Patch>,
    /// What it costs in the order of remedies; larger is dearer, and the number means nothing
    /// else.
    pub cost: u64,
}

/// What was tried.
#[derive(Clone, Debug, Serialize)]
pub struct TriedReport {
    /// What would be changed.
    pub changes: Vec<ChangeReport>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: OutcomeReport,
}

/// What came of a proposal.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum OutcomeReport {
    /// It cannot be made, or told.
    Refused {
        /// Why.
        #[serde(flatten)]
        why: RefusedReport,
    },
    /// Where the cluster comes to rest is not known.
    Unsettled,
    /// A rollout may get stuck.
    Stuck,
    /// The claim still fails where it fails today.
    NoHelp,
    /// The claim is not proved for every set.
    Unproved,
    /// Claims about these workloads would be lost.
    Breaks {
        /// `KIND/NAMESPACE/NAME`.
        workloads: Vec<String>,
    },
    /// It was proved.
    Helps,
}

/// What is done for all workloads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TogetherReport {
    /// The verdict on all that is asked about once it is done.
    pub verdict: VerdictName,
    /// What is changed.
    pub changes: Vec<ChangeReport>,
    /// The same as patches and lines.
    pub patches: Vec<Patch>,
    /// Workloads about which a claim is still not proved, `KIND/NAMESPACE/NAME`.
    pub left: Vec<String>,
}

impl PlanReport {
    /// The report on what was found.
    pub fn new(asked: &Asked<'_, '_>, found: &[Remedies], together: &Together) -> Self {
        Self {
            schema: "holdfast.plan/v1",
            question: "repair",
            workloads: found.iter().map(|one| RemediesReport::new(asked, one)).collect(),
            together: TogetherReport::new(asked, together),
        }
    }
}

impl RemediesReport {
    /// The report on what was found for one workload.
    pub fn new(asked: &Asked<'_, '_>, found: &Remedies) -> Self {
        let cluster = asked.cluster();
        let root = asked.prover.subjects().subjects[found.position].root;
        let tried = found.tried.iter().map(|(changes, outcome)| TriedReport {
            changes: changes.iter().map(|one| ChangeReport::new(cluster, one)).collect(),
            outcome: OutcomeReport::new(cluster, outcome),
        });
        Self {
            object: patch::object(cluster, root),
            refuted: names(found.refuted),
            remedies: found.found.iter().map(|one| RemedyReport::new(cluster, one)).collect(),
            proposals: found.tried.len(),
            tried: tried.collect(),
            left: found.left,
        }
    }
}

impl RemedyReport {
    fn new(cluster: &Cluster, remedy: &Remedy) -> Self {
        let (changes, patches) = told(cluster, &remedy.changes);
        Self {
            proves: names(remedy.proves),
            leaves: names(remedy.leaves),
            by_rule: remedy.by_rule,
            changes,
            patches,
            cost: remedy.cost,
        }
    }
}

impl TogetherReport {
    fn new(asked: &Asked<'_, '_>, together: &Together) -> Self {
        let cluster = asked.cluster();
        let (changes, patches) = told(cluster, &together.changes);
        let left = together.left.iter().map(|id| change::name(cluster, *id)).collect();
        Self { verdict: together.verdict, changes, patches, left }
    }
}

impl OutcomeReport {
    fn new(cluster: &Cluster, outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Refused(why) => Self::Refused { why: RefusedReport::new(cluster, *why) },
            Outcome::Unsettled => Self::Unsettled,
            Outcome::Stuck => Self::Stuck,
            Outcome::NoHelp => Self::NoHelp,
            Outcome::Unproved => Self::Unproved,
            Outcome::Breaks(workloads) => Self::Breaks {
                workloads: workloads.iter().map(|id| change::name(cluster, *id)).collect(),
            },
            Outcome::Helps => Self::Helps,
        }
    }
}

/// Changes with names, and as patches.
fn told(cluster: &Cluster, changes: &[Change]) -> (Vec<ChangeReport>, Vec<Patch>) {
    let after = cluster.changed(changes).expect("it was proved about");
    let reports = changes.iter().map(|change| ChangeReport::new(cluster, change)).collect();
    (reports, patch::patches(cluster, &after, changes))
}

/// A pod of the export as `NAMESPACE/NAME`; others have no name yet.
fn pod_name(cluster: &Cluster, id: InstanceId) -> Option<String> {
    let known = *Placement::of(cluster).instances().get(id.index())?;
    let pod = cluster.pod(known.origin?);
    let namespace = cluster.class(pod.class).namespace;
    Some(format!("{}/{}", cluster.text(namespace), cluster.text(pod.name)))
}

fn names(claims: Claims) -> Vec<&'static str> {
    let each = [(claims.immediately, "immediately"), (claims.recovered, "recovered")];
    each.into_iter().filter(|(meant, _)| *meant).map(|(_, name)| name).collect()
}
