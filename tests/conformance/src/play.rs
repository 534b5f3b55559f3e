//! A run of the engine as a case: each step in words, with the objects that it changes, and what
//! the engine's scheduler decides on the way.
//!
//! The recorder has the real scheduler take the same steps. What the rest of Kubernetes does it is
//! told; whom the scheduler places, preempts and leaves waiting it finds out by itself, and where
//! the real one may choose it is asked to choose as the run does.

use anyhow::{Context, Result, bail, ensure};
use holdfast_cluster::placement::{Instance, Whereabouts};
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_failover::{Dynamics, Situation, Step, budgets};
use holdfast_ingest::export::{self, BudgetStatus, End, Moments};
use holdfast_ingest::{Options, Origins, Source, load};
use holdfast_proof::Subject;
use holdfast_proof::subject::Subjects;
use holdfast_scheduler::wording::Words;
use holdfast_scheduler::{Decision, Scratch, queue, trace};
use serde_json::{Map, Value, json};

use crate::case::Case;

/// Objects, and the cluster that they are.
pub struct Input {
    objects: Vec<Value>,
    /// The cluster.
    pub cluster: Cluster,
    origins: Origins,
}

impl Input {
    /// Reads objects as the command reads an export.
    pub fn read(objects: Vec<Value>) -> Self {
        let loaded = load(vec![source(&objects)], &Options::default());
        Self { objects, cluster: loaded.cluster, origins: loaded.origins }
    }

    /// What was read.
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }
}

fn source(objects: &[Value]) -> Source {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    Source::named("case", list.to_string().into_bytes())
}

/// What happens where in a run.
pub struct Play<'i> {
    input: &'i Input,
    dynamics: Dynamics<'i>,
    placement: Placement,
    situation: Situation,
    /// The steps so far, as the recorder is told them.
    pub told: Vec<Value>,
    /// What the scheduler decided so far, as traces.
    pub decisions: Vec<Value>,
}

impl<'i> Play<'i> {
    /// Before anything happens.
    pub fn new(input: &'i Input) -> Self {
        let dynamics = Dynamics::new(&input.cluster);
        let mut placement = Placement::of(&input.cluster);
        dynamics.begin(&mut placement);
        let situation = dynamics.situation(&placement);
        Self { input, dynamics, placement, situation, told: Vec::new(), decisions: Vec::new() }
    }

    /// Who runs where by now.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// The nodes fail.
    pub fn fail(&mut self, nodes: &[NodeId]) {
        self.dynamics.fail(&mut self.placement, nodes);
        self.situation = self.dynamics.situation(&self.placement);
        let names: Vec<&str> =
            nodes.iter().map(|node| self.input.cluster.node_name(*node)).collect();
        let failed = |item: &Value| {
            let name = item["metadata"]["name"].as_str().unwrap_or_default();
            item["kind"] == "Node" && names.contains(&name) || item["kind"] == "PodDisruptionBudget"
        };
        let put: Vec<Value> = self.export().into_iter().filter(failed).collect();
        self.told.push(json!({"do": "fail", "nodes": names, "put": put}));
    }

    /// Whether anybody evicts and schedules.
    pub fn acts(&self) -> bool {
        self.situation.acts
    }

    /// Takes a step, which must be one that may come.
    pub fn take(&mut self, step: &Step) {
        let mut told = self.words(step);
        if let Some(pod) = decides(step) {
            let decision = self.dynamics.scheduler().decide(&self.placement, pod);
            self.tell_budgets(step, &decision);
            let mut trace = self.trace(&decision);
            steer(&mut trace, &told);
            self.decisions.push(trace);
        }
        let before = self.placement.instances().to_vec();
        let was = self.placement.clone();
        self.dynamics.apply(&mut self.placement, step);
        self.add_changes(&was, &before, &mut told);
        self.told.push(Value::Object(told));
    }

    /// The step that may come next and that these words are about.
    fn find(&mut self, words: &Map<String, Value>) -> Result<Step> {
        let next =
            self.dynamics.steps(&mut self.placement, &self.situation, &mut Scratch::default());
        let evictable: Vec<InstanceId> = self.dynamics.evictable(&self.placement).collect();
        let unnoticed = evictable.into_iter().map(|pod| Step::Evict { pod, replaced: false });
        next.sure
            .into_iter()
            .chain(next.possible)
            .chain(unnoticed)
            .find(|step| self.words(step).iter().all(|(key, value)| words.get(key) == Some(value)))
            .with_context(|| format!("no such step may come: {words:?}"))
    }

    /// All is quiet: whoever waits is decided once more, in vain.
    pub fn rest(&mut self) {
        for pod in queue::order(&self.input.cluster, &self.placement) {
            let decision = self.dynamics.scheduler().decide(&self.placement, pod);
            self.decisions.push(self.trace(&decision));
        }
        self.told.push(json!({"do": "rest"}));
    }

    fn trace(&self, decision: &Decision) -> Value {
        let words = Words::newest(&self.input.cluster);
        let trace = trace::of(words, &self.placement, decision);
        serde_json::to_value(trace).expect("a trace is JSON")
    }

    fn name(&self, pod: InstanceId) -> String {
        trace::pod_name(&self.input.cluster, &self.placement, pod)
    }

    /// What a step is called, without what it changes.
    fn words(&self, step: &Step) -> Map<String, Value> {
        let node = |node: &NodeId| Value::from(self.input.cluster.node_name(*node));
        let names = |pods: &[InstanceId]| pods.iter().map(|pod| self.name(*pod)).collect::<Value>();
        let mut told = Map::new();
        let what = match step {
            Step::Evict { .. } => "evict",
            Step::Schedule { .. } => "schedule",
            Step::Preempt { .. } => "preempt",
            Step::End { .. } => "end",
            Step::GiveUp { .. } => "give-up",
            Step::Drain { .. } => "drain",
            Step::ScaleDown { .. } => "scale-down",
            Step::Renew { .. } => "renew",
            Step::Autoscale { .. } => "autoscale",
            Step::Clear { .. } => "clear",
            Step::Attach { .. } => "attach",
            Step::Start { .. } => "start",
        };
        told.insert("do".into(), what.into());
        if let Some(pod) = step.pod() {
            told.insert("pod".into(), self.name(pod).into());
        }
        match step {
            Step::Evict { replaced, .. } | Step::End { replaced, .. } => {
                told.insert("replaced".into(), (*replaced).into());
            }
            Step::Schedule { node: to, .. } => drop(told.insert("node".into(), node(to))),
            Step::Preempt { node: on, victims, .. } => {
                told.insert("node".into(), node(on));
                told.insert("victims".into(), names(victims));
            }
            Step::ScaleDown { pods } => drop(told.insert("pods".into(), names(pods))),
            _ => {}
        }
        told
    }

    /// What the step did to pods: which are new, which are to be deleted, which are gone.
    fn add_changes(&self, was: &Placement, before: &[Instance], told: &mut Map<String, Value>) {
        let gone = |instance: &Instance| instance.whereabouts == Whereabouts::Gone;
        let (mut marked, mut lost, mut made) = (Vec::new(), Vec::new(), Vec::new());
        for (id, now) in self.placement.instance_ids().zip(self.placement.instances()) {
            let Some(then) = before.get(id.index()) else {
                made.extend((!gone(now)).then_some(id));
                continue;
            };
            let name = trace::pod_name(&self.input.cluster, was, id);
            if gone(now) && !gone(then) {
                lost.push(name);
            } else if now.terminating && !then.terminating {
                marked.push(name);
            }
        }
        told.insert("marked".into(), marked.into());
        told.insert("gone".into(), lost.into());
        if !made.is_empty() {
            told.insert("put".into(), self.pods(&made).into());
        }
    }

    /// Pods that were made since, as objects, by the names that traces give them.
    fn pods(&self, made: &[InstanceId]) -> Vec<Value> {
        let items = self.export();
        let mut pods: Vec<Value> = items.into_iter().filter(|item| item["kind"] == "Pod").collect();
        let since: Vec<InstanceId> =
            self.placement.instance_ids().filter(|id| self.is_new(*id)).collect();
        let mut written = Vec::new();
        for (id, mut pod) in since.iter().rev().zip(std::iter::from_fn(|| pods.pop())) {
            if made.contains(id) {
                let name = self.name(*id);
                let (_, own) = name.split_once('/').expect("a namespace and a name");
                pod["metadata"]["name"] = own.into();
                pod["metadata"]["uid"] = name.into();
                written.push(pod);
            }
        }
        written.reverse();
        written
    }

    /// Whether a pod lives that the input does not have.
    fn is_new(&self, id: InstanceId) -> bool {
        let instance = self.placement.instance(id);
        let read = instance.origin.is_some_and(|origin| InstanceId::from(origin) == id);
        !read && instance.whereabouts != Whereabouts::Gone
    }

    /// The scheduler reads what a budget allowed when all was quiet or what it allows now: tells it
    /// that by which it picks these victims.
    fn tell_budgets(&mut self, step: &Step, decision: &Decision) {
        let Step::Preempt { node, victims, .. } = step else { return };
        let now = budgets::standings(&self.input.cluster, &self.placement);
        if now.is_empty() {
            return;
        }
        let allowed: Vec<i64> = now.iter().map(|standing| standing.allowed).collect();
        let found = self.dynamics.scheduler().preemptions(&self.placement, decision, &[allowed]);
        if found.all.iter().any(|(on, who)| on == node && who == victims) {
            let items = self.export();
            let is_budget = |item: &Value| item["kind"] == "PodDisruptionBudget";
            let put: Vec<Value> = items.into_iter().filter(is_budget).collect();
            self.told.push(json!({"do": "count-budgets", "put": put}));
        }
    }

    /// The objects as they are by now.
    pub fn export(&self) -> Vec<Value> {
        let (cluster, placement) = (&self.input.cluster, &self.placement);
        let standings = budgets::standings(cluster, placement).into_iter();
        let end = End {
            placement,
            seconds: 0,
            moments: vec![Moments::default(); placement.instances().len()],
            unscheduled: std::collections::BTreeMap::new(),
            budgets: standings
                .map(|stands| BudgetStatus {
                    healthy: stands.healthy,
                    needed: stands.needed,
                    expected: stands.expected,
                    allowed: stands.allowed,
                })
                .collect(),
        };
        let list =
            export::export(vec![source(&self.input.objects)], cluster, &self.input.origins, &end);
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Where each pod is that is not to be deleted; those that wait are nowhere.
    pub fn ends(&self) -> Value {
        let ids = self.placement.instance_ids();
        let here = ids.filter_map(|id| {
            let instance = self.placement.instance(id);
            let lives = instance.whereabouts != Whereabouts::Gone && !instance.terminating;
            let node = instance.node().map_or("", |node| self.input.cluster.node_name(node));
            lives.then(|| (self.name(id), Value::from(node)))
        });
        Value::Object(here.collect())
    }
}

/// The pod that the scheduler decides on in a step.
fn decides(step: &Step) -> Option<InstanceId> {
    match step {
        Step::Schedule { pod, .. } | Step::Preempt { pod, .. } | Step::GiveUp { pod } => Some(*pod),
        _ => None,
    }
}

/// Where the engine's trace names the first of equals it is to name those of the run.
fn steer(trace: &mut Value, told: &Map<String, Value>) {
    if trace["result"] == "scheduled" {
        trace["node"] = told["node"].clone();
    }
    let Some(candidates) = trace["preemption"].as_array_mut() else { return };
    for candidate in candidates.iter_mut().filter(|one| told.get("node") == Some(&one["node"])) {
        let mut victims = told["victims"].clone();
        let list = victims.as_array_mut().expect("a preemption has victims");
        list.sort_by_key(|name| name.as_str().map(str::to_owned));
        candidate["victims"] = victims;
    }
}

/// What the engine says of a case with a run, and how the claim stands that it refutes.
pub struct Followed {
    /// The decisions, as the recorder answers.
    pub answer: Value,
    /// Pods of the subject that serve in the end.
    pub ready: u32,
    /// How many ought to.
    pub desired: u32,
}

/// Takes the steps of a case.
///
/// # Errors
/// When the engine holds a step impossible, or things are not quiet at the end.
pub fn follow(case: &Case) -> Result<Followed> {
    let input = Input::read(case.objects.clone());
    let mut play = Play::new(&input);
    let (failing, subject) = claim(case, &input.cluster)?;
    let mut desired = 0;
    for step in case.steps() {
        let words = step.as_object().context("a step is an object")?;
        match words.get("do").and_then(Value::as_str) {
            Some("fail") => {
                desired = step["desired"].as_u64().context("how many are wanted")? as u32;
                play.fail(&failing);
            }
            Some("rest") => {
                let next = play.dynamics.steps(
                    &mut play.placement,
                    &play.situation,
                    &mut Scratch::default(),
                );
                ensure!(next.sure.is_empty(), "the run ends before all is quiet");
                play.rest();
            }
            // Told again by the preemption that follows.
            Some("count-budgets") => {}
            _ => {
                let step = play.find(words)?;
                play.take(&step);
            }
        }
    }
    let answer = json!({"id": case.id, "pods": play.decisions, "ends": play.ends()});
    Ok(Followed { answer, ready: subject.ready(&play.placement), desired })
}

/// What fails first in the run of a case, and whose recovery it refutes.
///
/// # Errors
/// When the cluster has no such node or workload.
pub fn claim(case: &Case, cluster: &Cluster) -> Result<(Vec<NodeId>, Subject)> {
    let first = case.steps().first().context("a case without a run")?;
    Ok((nodes(cluster, &first["nodes"])?, subject(cluster, &first["workload"])?))
}

fn nodes(cluster: &Cluster, names: &Value) -> Result<Vec<NodeId>> {
    let find = |name: &Value| cluster.node_named(cluster.find(name.as_str()?)?);
    let names = names.as_array().context("the nodes that fail")?;
    names.iter().map(|name| find(name).with_context(|| format!("no node {name}"))).collect()
}

/// What the subject of a claim is called in a case.
pub fn subject_name(cluster: &Cluster, subject: &Subject) -> String {
    let root = cluster.workload(subject.root);
    format!("{:?}/{}", root.kind, cluster.text(root.name))
}

fn subject(cluster: &Cluster, name: &Value) -> Result<Subject> {
    let subjects = Subjects::of(cluster, &Placement::of(cluster)).subjects;
    match subjects.into_iter().find(|subject| *name == subject_name(cluster, subject)) {
        Some(subject) => Ok(subject),
        None => bail!("no workload {name}"),
    }
}
