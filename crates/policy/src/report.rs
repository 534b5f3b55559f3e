//! The findings, version 1: everything with names, for machines and for renderers.
//!
//! The shape is `holdfast.findings/v1`; fields are only ever added within the version.

use holdfast_ingest::policy::{Requirement, Weight};
use holdfast_proof::report::{Checked, Kubernetes, Object, VerdictName};
use serde::Serialize;

use crate::catalogue::Id;
use crate::finding::{Fault, Finding, Standing};
use crate::suppress::Suppressed;

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// `holdfast.findings/v1`.
    pub schema: &'static str,
    /// Whether all requirements hold that are worth an error.
    pub verdict: VerdictName,
    /// What is modelled and what was read.
    pub kubernetes: Kubernetes,
    /// What was looked at, in the order of the policy.
    pub scenarios: Vec<ScenarioReport>,
    /// Each requirement in each of its scenarios, in the order of the policy.
    pub requirements: Vec<RequirementReport>,
    /// Errors first, and what is refuted before what is not known.
    pub findings: Vec<Finding>,
    /// Findings that somebody accepts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// How many findings of the baseline are there no more; absent without a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<usize>,
}

impl CheckReport {
    /// Judges anew whether all hold, where findings have come to be known.
    pub fn judge(&mut self) {
        self.verdict = verdict(&self.findings);
    }
}

/// A scenario that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// How much was looked at.
    pub checked: Checked,
    /// What the cluster comes to, where the policy has states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateReport>,
}

/// What the cluster comes to in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateReport {
    /// The best state that is PROVED; absent where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Better ones of which it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub perhaps: Vec<String>,
}

/// A requirement in a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct RequirementReport {
    /// Its name.
    pub name: String,
    /// The scenario; absent where it is about the cluster as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What it is worth.
    pub severity: Weight,
    /// How many workloads it is about.
    pub workloads: usize,
    /// Claims about them that are proved.
    pub hold: usize,
    /// Claims that are refuted.
    pub fail: usize,
    /// Claims of which it is not known.
    pub unknown: usize,
    /// How each workload came out, for maps; findings say the rest.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

/// How a workload came out of a requirement in a scenario.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The workload.
    pub object: Object,
    /// The worst verdict of its claims.
    pub verdict: VerdictName,
    /// What was found, once each.
    pub found: Vec<Id>,
}

impl Judged {
    /// By what is wrong with each claim.
    pub(crate) fn new(object: Object, claims: &[Option<Fault>]) -> Self {
        let faults = || claims.iter().flatten();
        let mut found: Vec<Id> = faults().map(Id::of).collect();
        found.sort_unstable();
        found.dedup();
        let verdict = match faults().map(Fault::is_open).min() {
            None => VerdictName::Proved,
            Some(false) => VerdictName::Refuted,
            Some(true) => VerdictName::Unknown,
        };
        Self { object, verdict, found }
    }
}

impl RequirementReport {
    /// Nothing counted yet.
    pub(crate) fn new(
        requirement: &Requirement,
        scenario: Option<&String>,
        workloads: usize,
    ) -> Self {
        let (name, severity) = (requirement.name.clone(), requirement.severity);
        let scenario = scenario.cloned();
        let judged = Vec::new();
        Self { name, scenario, severity, workloads, hold: 0, fail: 0, unknown: 0, judged }
    }

    /// Counts claims about a workload, by what is wrong with each.
    pub(crate) fn count(&mut self, object: Object, claims: &[Option<Fault>]) {
        self.count_claims(claims);
        self.judged.push(Judged::new(object, claims));
    }

    /// Counts claims about no workload.
    pub(crate) fn count_claims(&mut self, claims: &[Option<Fault>]) {
        for claim in claims {
            match claim {
                None => self.hold += 1,
                Some(fault) if fault.is_open() => self.unknown += 1,
                Some(_) => self.fail += 1,
            }
        }
    }
}

/// Whether all hold that are worth an error.
pub(crate) fn verdict(findings: &[Finding]) -> VerdictName {
    let closes =
        |one: &&Finding| one.severity == Weight::Error && one.standing != Some(Standing::Known);
    let errors = || findings.iter().filter(closes);
    if errors().any(|one| !one.fault.is_open()) {
        VerdictName::Refuted
    } else if errors().next().is_some() {
        VerdictName::Unknown
    } else {
        VerdictName::Proved
    }
}
