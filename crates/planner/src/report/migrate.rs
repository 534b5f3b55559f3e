//! The way between two layouts, with names.

use holdfast_proof::report::VerdictName;
use serde::Serialize;

use crate::migration::{Facts, Risk, Step};

/// The answer to `plan migrate`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrateReport {
    /// `holdfast.plan/v1`.
    pub schema: &'static str,
    /// `migrate`.
    pub question: &'static str,
    /// The layout that is moved from.
    pub from: StandReport,
    /// The layout that is moved to, as its export has it.
    pub to: StandReport,
    /// What is done, in order.
    pub steps: Vec<StepReport>,
    /// Workloads that survive any one node in the first layout, PROVED, and not in the second.
    pub gives_up: Vec<String>,
    /// The other way round.
    pub wins: Vec<String>,
    /// Workloads of which the same is PROVED of the second layout's export, and not behind the
    /// last step: nobody moves what runs already.
    pub unreached: Vec<String>,
    /// All steps were followed.
    pub complete: bool,
}

/// A step, what it may cost, and how the cluster stands behind it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// What is done.
    #[serde(flatten)]
    pub step: Step,
    /// What of workloads changes, `KIND/NAMESPACE/NAME`; of the step that changes them alone.
    #[serde(skip_serializing_if = "ChangedReport::is_empty")]
    pub workloads_changed: ChangedReport,
    /// PROVED where nothing is at risk, REFUTED where something is.
    pub safe: VerdictName,
    /// What is.
    pub risks: Vec<Risk>,
    /// How the cluster stands then.
    pub then: StandReport,
}

/// What of workloads changes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangedReport {
    /// Those that come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Those that say something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Those that go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// How a cluster stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandReport {
    /// How many nodes.
    pub nodes: usize,
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Members of etcd; 0 where it is outside.
    pub etcd: usize,
    /// Hosts whose loss alone stops the control plane.
    pub stops_control_plane: Vec<String>,
    /// How many workloads survive any one node, PROVED.
    pub surviving: usize,
    /// Of how many.
    pub workloads: usize,
    /// Those that do.
    pub survive: Vec<String>,
}

impl ChangedReport {
    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl MigrateReport {
    /// The report on a way.
    pub fn new(from: &Facts, to: &Facts, steps: Vec<StepReport>, complete: bool) -> Self {
        let (to_stand, last) = (StandReport::from(to), steps.last());
        let survives = |name: &&String| last.is_none_or(|last| last.then.survive.contains(name));
        let unreached = to_stand.survive.iter().filter(|name| !survives(name)).cloned().collect();
        Self {
            unreached,
            schema: "holdfast.plan/v1",
            question: "migrate",
            from: from.into(),
            to: to_stand,
            steps,
            gives_up: from.lost_in(to),
            wins: to.lost_in(from),
            complete: complete && from.complete && to.complete,
        }
    }
}

impl StepReport {
    /// The report on a step.
    pub fn new(
        step: Step,
        workloads_changed: ChangedReport,
        mut risks: Vec<Risk>,
        then: &Facts,
    ) -> Self {
        risks.sort();
        risks.dedup();
        let open = |risk: &Risk| matches!(risk, Risk::ClaimUnknown { .. } | Risk::NotFollowed);
        let safe = match risks.as_slice() {
            [] => VerdictName::Proved,
            all if all.iter().all(open) => VerdictName::Unknown,
            _ => VerdictName::Refuted,
        };
        Self { step, workloads_changed, safe, risks, then: then.into() }
    }
}

impl From<&Facts> for StandReport {
    fn from(facts: &Facts) -> Self {
        let survive = facts.workloads.iter().filter(|(_, is)| **is == VerdictName::Proved);
        let survive: Vec<String> = survive.map(|(name, _)| name.clone()).collect();
        Self {
            nodes: facts.nodes,
            cpu_milli: facts.cpu_milli,
            memory: facts.memory,
            etcd: facts.etcd,
            stops_control_plane: facts.stops.iter().cloned().collect(),
            surviving: survive.len(),
            workloads: facts.workloads.len(),
            survive,
        }
    }
}
