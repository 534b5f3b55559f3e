//! Recorded stories told by Holdfast's own engine, to be compared with what really happened.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, NodeId, PodId, WorkloadId};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_ingest::{Options, Severity, Source};
use holdfast_proof::{Outcome, Settings, Simulator};
use rayon::prelude::*;

use crate::agreement::Agreement;
use crate::recorded::{Recording, State, Step};

/// States that a step may take: a quarter of what the command tries on clusters as small as these,
/// so that the tests that replay them take a minute at most.
pub const STATES: usize = 50_000;

/// How much of a story is told from one export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// All of it: every step rests on what the engine made of those before.
    Story,
    /// The next step: every export is told to be at rest, and one step further.
    Step,
}

/// A step as it was told, beside the step as it was recorded.
#[derive(Debug)]
pub struct Told {
    /// The recording's name.
    pub story: String,
    /// How much was told.
    pub reading: Reading,
    /// The step whose export was read.
    pub from: usize,
    /// The step that is compared.
    pub step: usize,
    /// What it did.
    pub event: String,
    /// How far both sides agree.
    pub agreement: Agreement,
}

/// What the export itself is called, before anything happens.
pub const AT_REST: &str = "at rest";

/// Tells all recordings of a folder in both ways, in the order of their names.
///
/// # Errors
/// When a recording cannot be read, or as [`replay`].
pub fn replay_all(folder: &Path) -> Result<Vec<Told>> {
    let paths = Recording::paths(folder)?;
    ensure!(!paths.is_empty(), "no recordings in {}", folder.display());
    let told: Result<Vec<Vec<Told>>> = paths
        .par_iter()
        .map(|path| {
            let recording = Recording::open(path)?;
            let mut told = replay(&recording, Reading::Story, STATES)?;
            told.extend(replay(&recording, Reading::Step, STATES)?);
            Ok(told)
        })
        .collect();
    Ok(told?.into_iter().flatten().collect())
}

/// Tells a recording, trying so many states a step at most. Steps that no event expresses (objects
/// are created, or deleted other than pods; a node is back that the export read does not hold) are
/// not told: what follows is told from their own exports. Restless steps are left out.
///
/// # Errors
/// When an export is refused, or an event that really happened makes no sense to the engine.
pub fn replay(recording: &Recording, reading: Reading, budget: usize) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    let mut from = 0;
    while from < recording.steps.len() {
        if recording.steps[from].restless.is_some() {
            from += 1;
            continue;
        }
        let stages = tell(recording, reading, from, budget)
            .with_context(|| format!("{} from step {from}", recording.name))?;
        from = match reading {
            Reading::Story => from + stages.len(),
            Reading::Step => from + 1,
        };
        told.extend(stages);
    }
    Ok(told)
}

/// Tells what follows from one export.
fn tell(recording: &Recording, reading: Reading, from: usize, budget: usize) -> Result<Vec<Told>> {
    let cluster = load(&recording.exports[from].objects)?;
    let following = recording.steps[from + 1..].iter().take_while(|step| step.restless.is_none());
    let most = if reading == Reading::Step { 1 } else { usize::MAX };
    let events: Vec<Event> = following.take(most).map_while(|step| event(&cluster, step)).collect();
    let cluster = cluster.with_rollouts(&rollouts(&events));
    let settings = Settings { states_per_set: budget, ..Settings::default() };
    let simulator = Simulator::new(Dynamics::new(&cluster), settings);
    let story: Vec<Joined> = events.iter().cloned().map(Joined::from).collect();
    let stages = match simulator.run(&story) {
        Ok(stages) => stages,
        Err(refused) => {
            let step = from + 1 + refused.event;
            bail!("step {step} ({}) is refused: {:?}", recording.steps[step].verb, refused.why);
        }
    };
    let names = vec![vec![String::new()]; events.len()];
    let outcome = Outcome::new(&simulator, &names, &stages);
    let mut told = Vec::new();
    for (step, stage) in (from..).zip(&outcome.steps) {
        let recorded = State::of(&recording.exports[step])?;
        let name = if step == from { AT_REST.to_owned() } else { label(&recording.steps[step]) };
        told.push(Told {
            story: recording.name.clone(),
            reading,
            from,
            step,
            event: name,
            agreement: Agreement::of(stage, &recorded),
        });
    }
    Ok(told)
}

fn load(export: &[u8]) -> Result<Cluster> {
    let loaded = holdfast_ingest::load(vec![Source::named("export", export)], &Options::default());
    let refused = loaded.diagnostics.iter().find(|found| found.severity == Severity::Error);
    ensure!(refused.is_none(), "the export is refused: {refused:?}");
    Ok(loaded.cluster)
}

fn label(step: &Step) -> String {
    let gave_up = if step.error.is_some() { ", given up" } else { "" };
    format!("{}{gave_up}", step.verb)
}

/// The event that a step is, if it is one and names what the cluster holds.
fn event(cluster: &Cluster, step: &Step) -> Option<Event> {
    let nodes = || step.args.iter().map(|name| node(cluster, name)).collect::<Option<Vec<_>>>();
    let first = step.args.first().map_or("", String::as_str);
    match step.verb.as_str() {
        "fail" => nodes().map(Event::Fail),
        "recover" => nodes().map(Event::Recover),
        "forget" => nodes().map(Event::Delete),
        "out-of-service" => nodes().map(Event::OutOfService),
        "cordon" => nodes().map(Event::Cordon),
        "uncordon" => nodes().map(Event::Uncordon),
        "drain" => nodes().map(Event::Drain),
        "rollout" => workload(cluster, first).map(Event::Rollout),
        "scale" => Some(Event::Scale(workload(cluster, first)?, step.args.get(1)?.parse().ok()?)),
        "delete" => pod(cluster, first).map(Event::DeletePod),
        _ => None,
    }
}

fn node(cluster: &Cluster, name: &str) -> Option<NodeId> {
    cluster.find(name).and_then(|symbol| cluster.node_named(symbol))
}

/// `KIND/NAME` in the namespace `default`, or `KIND/NAMESPACE/NAME`.
fn parts(what: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = what.split_once('/')?;
    let (namespace, name) = rest.split_once('/').unwrap_or(("default", rest));
    Some((kind, namespace, name))
}

fn workload(cluster: &Cluster, what: &str) -> Option<WorkloadId> {
    let (kind, namespace, name) = parts(what)?;
    let kind = match kind {
        "deployment" => WorkloadKind::Deployment,
        "replicaset" => WorkloadKind::ReplicaSet,
        "statefulset" => WorkloadKind::StatefulSet,
        "daemonset" => WorkloadKind::DaemonSet,
        _ => return None,
    };
    cluster.workload_ids().find(|id| {
        let workload = cluster.workload(*id);
        let (own, of) = (cluster.text(workload.name), cluster.text(workload.namespace));
        workload.kind == kind && own == name && of == namespace
    })
}

fn pod(cluster: &Cluster, what: &str) -> Option<PodId> {
    let (_, namespace, name) = parts(what).filter(|(kind, ..)| *kind == "pod")?;
    cluster.pod_ids().find(|id| {
        let pod = cluster.pod(*id);
        let of = cluster.text(cluster.class(pod.class).namespace);
        cluster.text(pod.name) == name && of == namespace
    })
}

/// How many rollouts of each workload there are.
fn rollouts(events: &[Event]) -> BTreeMap<WorkloadId, u32> {
    let mut counts = BTreeMap::new();
    for event in events {
        if let Event::Rollout(id) = event {
            *counts.entry(*id).or_default() += 1;
        }
    }
    counts
}
