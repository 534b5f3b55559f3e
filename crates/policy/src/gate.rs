//! Requirements against scenarios.

use std::collections::BTreeSet;

use holdfast_cluster::{Placement, WorkloadId};
use holdfast_ingest::policy::{self, Demands, Policy, Requirement, Selector, State, Weight};
use holdfast_ingest::{Loaded, Place};
use holdfast_planner::Asking;
use holdfast_planner::report::{RemediesReport, RemedyReport};
use holdfast_proof::report::{Excluded, Kubernetes, Object, Question, VerdictName};
use holdfast_proof::subject::Subjects;
use holdfast_proof::{Prover, Report, Summary};

use crate::accepted::Accepted;
use crate::finding::{Fault, Finding, SelectorReport};
use crate::form;
use crate::headroom;
use crate::judge::Known;
use crate::majority;
use crate::report::{CheckReport, RequirementReport, ScenarioReport, StateReport, verdict};
use crate::select::selects;

/// What was found of sets of machines that fail together.
pub struct Sets<'a> {
    /// Who was asked.
    pub prover: &'a Prover<'a>,
    /// Which sets.
    pub question: &'a Question,
    /// What was found.
    pub summary: &'a Summary,
    /// How the same is asked of other clusters.
    pub asking: &'a Asking<'a>,
}

/// What holds in a state, of the subjects at these positions.
type Holds = Vec<(BTreeSet<usize>, Demands)>;

/// Judges a policy, scenario by scenario.
pub struct Gate<'a> {
    policy: &'a Policy,
    loaded: &'a Loaded,
    subjects: Subjects,
    /// Positions of the subjects that each requirement is about.
    selected: Vec<BTreeSet<usize>>,
    /// What holds of which subjects in each state; nothing where one of its selectors selects none,
    /// as what is said of nothing holds of itself.
    states: Vec<Option<Holds>>,
    scenarios: Vec<ScenarioReport>,
    /// With the positions of requirement and scenario.
    requirements: Vec<((usize, usize), RequirementReport)>,
    findings: Vec<Finding>,
}

impl<'a> Gate<'a> {
    /// The policy against what was loaded, nothing judged yet.
    pub fn new(policy: &'a Policy, loaded: &'a Loaded) -> Self {
        let cluster = &loaded.cluster;
        let placement = Placement::of(cluster);
        let mut gate = Self {
            policy,
            loaded,
            subjects: Subjects::of(cluster, &placement),
            selected: Vec::new(),
            states: Vec::new(),
            scenarios: Vec::new(),
            requirements: Vec::new(),
            findings: Vec::new(),
        };
        for requirement in &policy.requirements {
            let about = (requirement.name.as_str(), requirement.severity);
            let (selected, _) = gate.select(about, &requirement.workloads);
            gate.selected.push(selected);
        }
        gate.states = policy.states.iter().map(|state| gate.holds(state)).collect();
        for (at, requirement) in policy.requirements.iter().enumerate() {
            if !requirement.form.is_nothing() && !gate.selected[at].is_empty() {
                gate.form(at, requirement, &placement);
            }
        }
        gate
    }

    /// What any of the selectors selects, and whether each of them selects something. What selects
    /// nothing is told once, as what a state asks for may be expected of many scenarios.
    fn select(
        &mut self,
        (name, severity): (&str, Weight),
        selectors: &[Selector],
    ) -> (BTreeSet<usize>, bool) {
        let (mut selected, mut all_do) = (BTreeSet::new(), true);
        for selector in selectors {
            let found = self.positions(selector);
            if found.is_empty() {
                all_do = false;
                let finding = self.matches_nothing((name, severity), selector);
                if self.findings.iter().all(|one| one.fingerprint != finding.fingerprint) {
                    self.findings.push(finding);
                }
            }
            selected.extend(found);
        }
        (selected, all_do)
    }

    fn holds(&mut self, state: &State) -> Option<Holds> {
        let name = policy::of_state(&state.name);
        let holds = state.holds.iter().map(|hold| {
            let (selected, all_do) = self.select((&name, Weight::Error), &hold.workloads);
            all_do.then_some((selected, hold.demands))
        });
        // Every hold is looked at, so that all that selects nothing is told.
        holds.collect::<Vec<_>>().into_iter().collect()
    }

    /// Judges what must be so as the cluster stands.
    fn form(&mut self, at: usize, requirement: &Requirement, placement: &Placement) {
        let cluster = &self.loaded.cluster;
        let mut told = RequirementReport::new(requirement, None, self.selected[at].len());
        for position in self.selected[at].clone() {
            let subject = &self.subjects.subjects[position];
            let root = subject.root;
            let claims = form::judge(cluster, placement, subject, &requirement.form);
            told.count(Object::of(cluster, root), &claims);
            for fault in claims.into_iter().flatten() {
                self.findings.push(self.finding(requirement, None, root, fault));
            }
        }
        self.requirements.push(((at, 0), told));
    }

    /// Whether no requirement is about any workload.
    pub fn is_idle(&self) -> bool {
        let each = self.policy.requirements.iter().zip(&self.selected);
        each.into_iter().all(|(one, selected)| !speaks(one, selected))
    }

    /// Whether a requirement is about some workload in the scenario at this position, or what the
    /// cluster comes to is asked.
    pub fn asks(&self, scenario: usize) -> bool {
        if !self.policy.states.is_empty() {
            return true;
        }
        let each = self.policy.requirements.iter().zip(&self.selected);
        each.into_iter()
            .any(|(one, selected)| speaks(one, selected) && one.scenarios.contains(&scenario))
    }

    /// Judges every requirement by what was found in a scenario.
    /// There are no sets where events come one after another.
    pub fn judge(&mut self, scenario: usize, sets: Option<&Sets<'_>>, report: &Report) {
        let summary = sets.map(|sets| sets.summary);
        let policy = self.policy;
        let name = policy.scenarios[scenario].name.clone();
        let checked = report.checked.clone();
        let state = self.state(summary, report);
        self.scenarios.push(ScenarioReport { name, checked, state });
        for (at, requirement) in policy.requirements.iter().enumerate() {
            let asked = requirement.scenarios.contains(&scenario);
            if asked && speaks(requirement, &self.selected[at]) {
                let mut told = self.requirement((at, scenario), sets, report);
                if let Some(sets) = sets {
                    self.majorities((at, scenario), sets, &mut told);
                }
                self.requirements.push(((at, scenario), told));
            }
        }
    }

    /// Positions of the workloads of which something is refuted in a scenario.
    pub fn refuted(&self, scenario: usize) -> Vec<usize> {
        let name = Some(&self.policy.scenarios[scenario].name);
        let found = self.findings.iter().filter(|one| one.scenario.as_ref() == name);
        let refuted: BTreeSet<_> = found
            .filter(|one| !one.fault.is_open())
            .filter_map(|one| one.object.as_ref())
            .map(|one| (one.name.as_str(), one.namespace.as_str(), one.kind.as_str()))
            .collect();
        let cluster = &self.loaded.cluster;
        let is_refuted = |root: WorkloadId| {
            let workload = cluster.workload(root);
            let (name, namespace) = (cluster.text(workload.name), cluster.text(workload.namespace));
            refuted.contains(&(name, namespace, workload.kind.name(cluster)))
        };
        let all = self.subjects.subjects.iter().enumerate();
        all.filter(|(_, subject)| is_refuted(subject.root)).map(|(at, _)| at).collect()
    }

    /// Tells with each finding of a scenario the cheapest change that mends it.
    pub fn remedy(&mut self, scenario: usize, found: &[RemediesReport]) {
        let name = Some(&self.policy.scenarios[scenario].name);
        for finding in self.findings.iter_mut().filter(|one| one.scenario.as_ref() == name) {
            let of_object = found.iter().find(|one| Some(&one.object) == finding.object.as_ref());
            let mends = |one: &&RemedyReport| match &finding.fault {
                Fault::NoneLeft { .. } => one.proves.contains(&"immediately"),
                Fault::NotRecovered { .. } => one.proves.contains(&"recovered"),
                Fault::NotByRule { .. } => one.by_rule == VerdictName::Proved,
                _ => false,
            };
            let remedy = of_object.and_then(|one| one.remedies.iter().find(mends));
            finding.remedy = remedy.cloned().map(Box::new);
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
        sets: Option<&Sets<'_>>,
        report: &Report,
    ) -> RequirementReport {
        let summary = sets.map(|sets| sets.summary);
        let requirement = &self.policy.requirements[at];
        let name = &self.policy.scenarios[scenario].name;
        let mut told = RequirementReport::new(requirement, Some(name), self.selected[at].len());
        for position in self.selected[at].clone() {
            let mut claims = self.known(position, summary, report).judge(&requirement.demands);
            let root = self.subjects.subjects[position].root;
            claims.extend(requirement.demands.headroom.zip(sets).map(|(wanted, sets)| {
                let Sets { prover, question, asking, .. } = sets;
                headroom::judge(prover, question, asking, (root, wanted))
            }));
            told.count(Object::of(&self.loaded.cluster, root), &claims);
            for fault in claims.into_iter().flatten() {
                self.findings.push(self.finding(requirement, Some(name), root, fault));
            }
        }
        told
    }

    /// Judges what must keep its majority.
    fn majorities(
        &mut self,
        (at, scenario): (usize, usize),
        sets: &Sets<'_>,
        told: &mut RequirementReport,
    ) {
        let requirement = &self.policy.requirements[at];
        let name = &self.policy.scenarios[scenario].name;
        let roots = self.selected[at].iter().map(|at| self.subjects.subjects[*at].root);
        let roots = (!requirement.workloads.is_empty()).then(|| roots.collect());
        let (prover, question) = (sets.prover, sets.question);
        let claims = majority::judge(prover, question, requirement.quorums, roots.as_ref());
        told.count_claims(&claims);
        for fault in claims.into_iter().flatten() {
            let of = (None, requirement.place.clone());
            self.findings.push(about(requirement, Some(name), fault, of));
        }
    }

    fn known<'k>(
        &'k self,
        position: usize,
        summary: Option<&'k Summary>,
        report: &'k Report,
    ) -> Known<'k> {
        Known {
            cluster: &self.loaded.cluster,
            report: &report.workloads[position],
            summary: summary.map(|summary| &summary.subjects[position]),
            complete: report.checked.complete,
        }
    }

    /// What the cluster comes to: the best state of which all is proved.
    fn state(&self, summary: Option<&Summary>, report: &Report) -> Option<StateReport> {
        let mut perhaps = Vec::new();
        let states = &self.policy.states;
        for (state, holds) in states.iter().zip(&self.states) {
            let Some(holds) = holds else { continue };
            let faults = holds.iter().flat_map(|(selected, demands)| {
                let judged = selected.iter().map(|at| self.known(*at, summary, report));
                judged.flat_map(|known| known.judge(demands)).flatten()
            });
            let faults: Vec<Fault> = faults.collect();
            if faults.is_empty() {
                return Some(StateReport { name: Some(state.name.clone()), perhaps });
            }
            if faults.iter().all(Fault::is_open) {
                perhaps.push(state.name.clone());
            }
        }
        (!states.is_empty()).then_some(StateReport { name: None, perhaps })
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
        scenario: Option<&str>,
        root: WorkloadId,
        fault: Fault,
    ) -> Finding {
        let object = Object::of(&self.loaded.cluster, root);
        let place = self.loaded.place_of(root).unwrap_or_else(|| requirement.place.clone());
        about(requirement, scenario, fault, (Some(object), place))
    }

    fn matches_nothing(&self, (name, severity): (&str, Weight), selector: &Selector) -> Finding {
        let cluster = &self.loaded.cluster;
        let excluded = self.subjects.excluded.iter();
        let excluded = excluded.filter(|(id, _)| selects(selector, cluster, *id));
        let fault = Fault::RequirementMatchesNothing {
            selector: SelectorReport::from(selector),
            excluded: excluded.map(|(id, why)| Excluded::new(cluster, *id, *why)).collect(),
        };
        let found = Finding::new((severity, fault), (name, None), (None, selector.place.clone()));
        Finding { requirement: Some(name.to_owned()), ..found }
    }
}

/// A finding about a requirement.
fn about(
    requirement: &Requirement,
    scenario: Option<&str>,
    fault: Fault,
    of: (Option<Object>, Place),
) -> Finding {
    let Requirement { name, severity, .. } = requirement;
    let found = Finding::new((*severity, fault), (name, scenario), of);
    Finding { requirement: Some(name.clone()), ..found }
}

/// Whether a requirement is about something that is there.
fn speaks(requirement: &Requirement, selected: &BTreeSet<usize>) -> bool {
    let of_all = requirement.workloads.is_empty() && !requirement.quorums.is_nothing();
    of_all || !selected.is_empty()
}
