//! `holdfast init`: a policy of what a cluster survives today, so that the gate starts green.
//!
//! It is what `check` leaves of a policy that asks for everything: the same prover, the same judge.

use std::path::{Component, Path, PathBuf};

use holdfast_cluster::{Cluster, Placement};
use holdfast_ingest::policy::Date;
use holdfast_ingest::{Loaded, Source};
use holdfast_policy::accepted::Accepted;
use holdfast_policy::suppress::Suppressions;
use holdfast_policy::{CheckReport, Finding};
use holdfast_proof::Domains;
use holdfast_proof::report::Object;
use holdfast_proof::subject::Subjects;
use holdfast_session::check::{self, Effort};
use holdfast_session::loading::nothing_runs;
use holdfast_session::prove::STATES;

use super::check::FILE;
use crate::args::{InitArguments, WhatIfArguments};
use crate::failure::Failure;
use crate::render::init::{Asked, Draft, Failing, Group};
use crate::{exit, input, output, render, terminal};

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

/// Runs the command.
///
/// # Errors
/// Bad input, a file that is there already, or nothing that could be required.
pub fn run(arguments: &InitArguments) -> Result<u8, Failure> {
    super::check_budget(Some(arguments.proof.budget))?;
    let path = &arguments.policy;
    let is_file = path.as_os_str() != "-";
    if is_file {
        may_be_written(path, arguments.force)?;
    }
    let what_if = WhatIfArguments::default();
    let loaded = super::load_cluster(&arguments.input.inputs, &arguments.scheduler, &what_if)?;
    let loaded = super::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let scenarios = scenarios(&loaded.cluster);
    let report = judge(&scenarios, &loaded, arguments.proof.budget)?;
    let mut draft = draft(words(arguments), scenarios, &loaded.cluster, report);
    draft.assumptions = arguments.proof.assumptions.as_ref().map(|file| seen_from(path, file));
    if draft.held == 0 {
        let text = "of no workload any claim is PROVED, so there is nothing to require";
        return Err(Failure::nothing(text).hint("holdfast plan repair looks for what to change"));
    }
    let text = render::init::policy(&draft);
    let name = if is_file { path.display().to_string() } else { "the policy".to_owned() };
    if is_file {
        output::write_file(path, &text)?;
    } else {
        output::print(text.as_bytes())?;
    }
    terminal::tell(&render::init::told(&name, &draft));
    Ok(exit::HOLDS)
}

fn may_be_written(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::usage(format!("{} is there already", path.display()))
            .hint("--force writes over it; --policy FILE writes another"));
    }
    output::check_folder(path)
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
fn judge(scenarios: &[Failing], loaded: &Loaded, budget: usize) -> Result<CheckReport, Failure> {
    let names: Vec<&str> = scenarios.iter().map(|one| one.name).collect();
    let mut text = render::init::head(None, scenarios);
    for Asked { name, field, .. } in ASKED {
        text += &render::init::requirement(name, &names, field, &["{}".to_owned()]);
    }
    let (policy, wrong) = holdfast_ingest::policy(Source::named("what init asks", text));
    let policy = policy.unwrap_or_else(|| panic!("it is written here: {wrong:?}"));
    let effort = Effort { budget, remedies: None };
    let gate = check::judge(&policy, Path::new(FILE), loaded, effort, terminal::rim())?;
    let gate = gate.ok_or_else(|| nothing_runs(loaded))?;
    // What somebody lives with is found all the same: it does not hold.
    let (suppressions, today) = (Suppressions::default(), Date { days: 0 });
    Ok(gate.finish(Accepted { suppressions, today, baseline: None }))
}

/// What `check` needs to come to the same.
fn words(arguments: &InitArguments) -> Vec<String> {
    let InitArguments { input, proof, scheduler, .. } = arguments;
    let mut words = Vec::new();
    if let Some(file) = &scheduler.scheduler_config {
        words.extend(["--scheduler-config".to_owned(), file.display().to_string()]);
    }
    if proof.budget != STATES {
        words.extend(["--budget".to_owned(), proof.budget.to_string()]);
    }
    words.extend(input.inputs.iter().map(|path| input::name(path)));
    words
}

/// A file as a policy names it that is written elsewhere. Nothing but the path is looked at: where
/// the policy is above, it stays as it was given.
fn seen_from(policy: &Path, file: &Path) -> String {
    let folder = policy.parent().unwrap_or(Path::new(""));
    let plain = folder.components().all(|part| matches!(part, Component::Normal(_)));
    if file.is_absolute() || !plain {
        return file.display().to_string();
    }
    let up: PathBuf = folder.components().map(|_| Component::ParentDir).collect();
    up.join(file).display().to_string()
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
