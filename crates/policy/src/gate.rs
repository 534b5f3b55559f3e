//! Requirements against scenarios.

use std::collections::BTreeSet;

use holdfast_cluster::{Placement, WorkloadId};
use holdfast_ingest::Loaded;
use holdfast_ingest::policy::{Policy, Requirement, Selector};
use holdfast_proof::report::{Excluded, Kubernetes, Object};
use holdfast_proof::subject::Subjects;
use holdfast_proof::{Report, Summary};

use crate::accepted::Accepted;
use crate::finding::{Fault, Finding, SelectorReport, fingerprint};
use crate::judge::Known;
use crate::report::{CheckReport, RequirementReport, ScenarioReport, verdict};
use crate::select::selects;

/// Judges a policy, scenario by scenario.
pub struct Gate<'a> {
    policy: &'a Policy,
    loaded: &'a Loaded,
    subjects: Subjects,
    /// Positions of the subjects that each requirement is about.
    selected: Vec<BTreeSet<usize>>,
    scenarios: Vec<ScenarioReport>,
    /// With the positions of requirement and scenario.
    requirements: Vec<((usize, usize), RequirementReport)>,
    findings: Vec<Finding>,
}

impl<'a> Gate<'a> {
    /// The policy against what was loaded, nothing judged yet.
    pub fn new(policy: &'a Policy, loaded: &'a Loaded) -> Self {
        let cluster = &loaded.cluster;
        let mut gate = Self {
            policy,
            loaded,
            subjects: Subjects::of(cluster, &Placement::of(cluster)),
            selected: Vec::new(),
            scenarios: Vec::new(),
            requirements: Vec::new(),
            findings: Vec::new(),
        };
        for requirement in &policy.requirements {
            let mut selected = BTreeSet::new();
            for selector in &requirement.workloads {
                let found = gate.positions(selector);
                if found.is_empty() {
                    gate.findings.push(gate.matches_nothing(requirement, selector));
                }
                selected.extend(found);
            }
            gate.selected.push(selected);
        }
        gate
    }

    /// Whether no requirement is about any workload.
    pub fn is_idle(&self) -> bool {
        self.selected.iter().all(BTreeSet::is_empty)
    }

    /// Whether a requirement is about some workload in the scenario at this position.
    pub fn asks(&self, scenario: usize) -> bool {
        let each = self.policy.requirements.iter().zip(&self.selected);
        each.into_iter()
            .any(|(one, selected)| !selected.is_empty() && one.scenarios.contains(&scenario))
    }

    /// Judges every requirement by what was found in a scenario.
    pub fn judge(&mut self, scenario: usize, summary: &Summary, report: &Report) {
        let policy = self.policy;
        let name = policy.scenarios[scenario].name.clone();
        self.scenarios.push(ScenarioReport { name, checked: report.checked.clone() });
        for (at, requirement) in policy.requirements.iter().enumerate() {
            if requirement.scenarios.contains(&scenario) && !self.selected[at].is_empty() {
                let told = self.requirement((at, scenario), summary, report);
                self.requirements.push(((at, scenario), told));
            }
        }
    }

    /// Everything that was found, and is not lived with.
    pub fn finish(mut self, accepted: Accepted) -> CheckReport {
        self.requirements.sort_by_key(|(at, _)| *at);
        let (suppressed, fixed) = accepted.settle(&mut self.findings);
        CheckReport {
            schema: "holdfast.findings/v1",
            verdict: verdict(&self.findings),
            kubernetes: Kubernetes::of(&self.loaded.cluster),
            scenarios: self.scenarios,
            requirements: self.requirements.into_iter().map(|(_, told)| told).collect(),
            findings: self.findings,
            suppressed,
            fixed,
        }
    }

    fn requirement(
        &mut self,
        (at, scenario): (usize, usize),
        summary: &Summary,
        report: &Report,
    ) -> RequirementReport {
        let requirement = &self.policy.requirements[at];
        let name = &self.policy.scenarios[scenario].name;
        let mut told = RequirementReport {
            name: requirement.name.clone(),
            scenario: name.clone(),
            severity: requirement.severity,
            workloads: self.selected[at].len(),
            hold: 0,
            fail: 0,
            unknown: 0,
        };
        for position in self.selected[at].clone() {
            let known = Known {
                cluster: &self.loaded.cluster,
                report: &report.workloads[position],
                summary: &summary.subjects[position],
                complete: report.checked.complete,
            };
            for fault in known.judge(&requirement.demands) {
                let Some(fault) = fault else {
                    told.hold += 1;
                    continue;
                };
                told.fail += usize::from(!fault.is_open());
                told.unknown += usize::from(fault.is_open());
                let root = self.subjects.subjects[position].root;
                self.findings.push(self.finding(requirement, name, root, fault));
            }
        }
        told
    }

    /// Positions of the subjects that a selector selects.
    fn positions(&self, selector: &Selector) -> Vec<usize> {
        let cluster = &self.loaded.cluster;
        let all = self.subjects.subjects.iter().enumerate();
        all.filter(|(_, one)| selects(selector, cluster, one.root)).map(|(at, _)| at).collect()
    }

    fn finding(
        &self,
        requirement: &Requirement,
        scenario: &str,
        root: WorkloadId,
        fault: Fault,
    ) -> Finding {
        let object = Object::of(&self.loaded.cluster, root);
        let names = (requirement.name.as_str(), Some(scenario));
        Finding {
            severity: requirement.severity,
            requirement: Some(requirement.name.clone()),
            scenario: Some(scenario.to_owned()),
            place: self.loaded.place_of(root).unwrap_or_else(|| requirement.place.clone()),
            fingerprint: fingerprint(&fault, names, Some(&object)),
            object: Some(object),
            since: None,
            standing: None,
            fault,
        }
    }

    fn matches_nothing(&self, requirement: &Requirement, selector: &Selector) -> Finding {
        let cluster = &self.loaded.cluster;
        let excluded = self.subjects.excluded.iter();
        let excluded = excluded.filter(|(id, _)| selects(selector, cluster, *id));
        let fault = Fault::RequirementMatchesNothing {
            selector: SelectorReport::from(selector),
            excluded: excluded.map(|(id, why)| Excluded::new(cluster, *id, *why)).collect(),
        };
        Finding {
            severity: requirement.severity,
            requirement: Some(requirement.name.clone()),
            scenario: None,
            object: None,
            place: selector.place.clone(),
            fingerprint: fingerprint(&fault, (&requirement.name, None), None),
            since: None,
            standing: None,
            fault,
        }
    }
}
