//! A policy of what a cluster survives today, so that the gate starts green.
//!
//! It is what `check` leaves of a policy that asks for everything: the same prover, the same judge.

use std::path::Path;

use holdfast_cluster::{Cluster, Placement};
use holdfast_ingest::policy::Date;
use holdfast_ingest::{Loaded, Source};
use holdfast_policy::accepted::Accepted;
use holdfast_policy::suppress::Suppressions;
use holdfast_policy::{CheckReport, Finding};
use holdfast_proof::Domains;
use holdfast_proof::report::Object;
use holdfast_proof::subject::Subjects;
use holdfast_render::config::FILE;
use holdfast_render::init::{self, Asked, Draft, Failing, Group};

use crate::check::{self, Effort};
use crate::failure::Failure;
use crate::loading::nothing_runs;
use crate::rim::Rim;

/// The label that says in which zone a node is.
const ZONE: &str = "topology.kubernetes.io/zone";

/// What is asked of every workload.
const ASKED: [Asked; 3] = [
    Asked {
        name: "immediately",
        field: "immediately",
        means: "At least one pod is ready as soon as the machines are gone, as placed today.",
    },
    Asked {
        name: "by-rule",
        field: "byRule",
        means: "At least one is ready wherever the hard rules let them be, after a rollout, too.",
    },
    Asked {
        name: "recovered",
        field: "recovered",
        means: "All wanted pods are ready once Kubernetes has done all it will do.",
    },
];

/// What a policy is to require; `words` are what was read, and how, as the command takes it.
///
/// # Errors
/// When nothing should keep running, or nothing could be required.
pub fn of(
    words: Vec<String>,
    loaded: &Loaded,
    budget: usize,
    rim: &impl Rim,
) -> Result<Draft, Failure> {
    let scenarios = scenarios(&loaded.cluster);
    let report = judge(&scenarios, loaded, budget, rim)?;
    let draft = draft(words, scenarios, &loaded.cluster, report);
    if draft.held == 0 {
        let text = "of no workload any claim is PROVED, so there is nothing to require";
        return Err(Failure::nothing(text).hint("holdfast plan repair looks for what to change"));
    }
    Ok(draft)
}

/// What somebody lives with is found all the same: it does not hold.
pub(crate) fn nothing_accepted() -> Accepted {
    let (suppressions, today) = (Suppressions::default(), Date { days: 0 });
    Accepted { suppressions, today, baseline: None }
}

/// Any one node, and any one zone where there are several.
fn scenarios(cluster: &Cluster) -> Vec<Failing> {
    let mut all = vec![Failing { name: "one-node", field: "anyNodes: 1".to_owned() }];
    if Domains::of_label(cluster, ZONE).all.len() > 1 {
        let field = format!("domains: {{ label: {ZONE}, atMost: 1 }}");
        all.push(Failing { name: "one-zone", field });
    }
    all
}

/// What `check` finds of a policy that asks for every claim of every workload.
fn judge(
    scenarios: &[Failing],
    loaded: &Loaded,
    budget: usize,
    rim: &impl Rim,
) -> Result<CheckReport, Failure> {
    let names: Vec<&str> = scenarios.iter().map(|one| one.name).collect();
    let mut text = init::head(None, scenarios);
    for Asked { name, field, .. } in ASKED {
        text += &init::requirement(name, &names, field, &["{}".to_owned()]);
    }
    let (policy, wrong) = holdfast_ingest::policy(Source::named("what init asks", text));
    let policy = policy.unwrap_or_else(|| panic!("it is written here: {wrong:?}"));
    let effort = Effort { budget, remedies: None };
    let gate = check::judge(&policy, Path::new(FILE), loaded, effort, rim)?;
    let gate = gate.ok_or_else(|| nothing_runs(loaded))?;
    Ok(gate.finish(nothing_accepted()))
}

/// What is to be required, by what `check` found.
fn draft(
    words: Vec<String>,
    scenarios: Vec<Failing>,
    cluster: &Cluster,
    report: CheckReport,
) -> Draft {
    let subjects = Subjects::of(cluster, &Placement::of(cluster)).subjects;
    let mut workloads: Vec<Object> =
        subjects.iter().map(|one| Object::of(cluster, one.root)).collect();
    let key = |one: &Object| (one.namespace.clone(), one.kind.clone(), one.name.clone());
    workloads.sort_by_key(key);
    // What goes by the same name is selected by the same selector.
    workloads.dedup();
    let (mut findings, mut claims) = (report.findings, Vec::new());
    for asked in ASKED {
        let is_of = |found: &Finding| found.requirement.as_deref() == Some(asked.name);
        let (left, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_of);
        findings = rest;
        let groups = groups(&scenarios, &workloads, &left);
        claims.push((asked, groups, left));
    }
    let groups = || claims.iter().flat_map(|(_, groups, _)| groups);
    let held = groups().map(|group| group.scenarios.len() * group.workloads.len()).sum();
    let is_used = |one: &Failing| groups().any(|group| group.scenarios.contains(&one.name));
    let (used, hopeless) = scenarios.into_iter().partition(is_used);
    Draft { words, assumptions: None, scenarios: used, hopeless, claims, held }
}

/// Workloads of which nothing was found in some scenarios, by those scenarios: most of them first.
fn groups(scenarios: &[Failing], workloads: &[Object], left: &[Finding]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for workload in workloads {
        let holds = |one: &&Failing| {
            let of = |found: &&Finding| {
                found.object.as_ref() == Some(workload)
                    && found.scenario.as_deref() == Some(one.name)
            };
            !left.iter().any(|found| of(&found))
        };
        let held: Vec<&str> = scenarios.iter().filter(holds).map(|one| one.name).collect();
        match groups.iter_mut().find(|group| group.scenarios == held) {
            _ if held.is_empty() => {}
            Some(group) => group.workloads.push(workload.clone()),
            None => groups.push(Group { scenarios: held, workloads: vec![workload.clone()] }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.scenarios.len()));
    groups
}
