//! What became of a cluster in one run: who moved, who waits and why, and how it came, frame by
//! frame.
//!
//! It is one run of many, told at once; what every run has in common is what [`crate::simulate`]
//! tells.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, PodId, WorkloadId};
use holdfast_failover::story::{Happening, Stood, Story};
use holdfast_failover::{Dynamics, Joined, Times, story};
use holdfast_proof::timeline::moments;
use holdfast_render::aftermath::Consequence;
use holdfast_render::simulate::told;
use holdfast_scheduler::{Words, message};
use serde::{Deserialize, Serialize};

use crate::events::{self, Told};
use crate::failure::Failure;
use crate::overview::{PodState, position, roots};

/// What became of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aftermath {
    /// All of it in one sentence.
    pub sentence: String,
    /// The pods that something became of.
    pub pods: Vec<PodFate>,
    /// The workloads that have more or fewer pods that serve.
    pub workloads: Vec<WorkloadFate>,
    /// How each node that is not as it was stands.
    pub nodes: Vec<NodeFate>,
    /// Pods that were made on the way; their numbers follow those of the overview.
    pub made: Vec<Made>,
    /// The run, step by step.
    pub frames: Vec<Frame>,
}

/// What became of a pod, and of those made in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodFate {
    /// The number of the last of them.
    pub pod: u32,
    /// The pod of the overview, unless it is new.
    pub origin: Option<u32>,
    /// The position of its workload.
    pub workload: u32,
    /// The node that it was on.
    pub from: Option<u32>,
    /// The node that it is on.
    pub to: Option<u32>,
    /// What became of it.
    pub fate: Fate,
    /// What the scheduler says, where it waits for a node.
    pub why: Option<String>,
}

/// What may become of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It runs on another node.
    Moved,
    /// It was made again where it was, or serves again.
    Renewed,
    /// It waited for a node, and has one.
    Placed,
    /// There was none before.
    New,
    /// It waits for a node.
    Pending,
    /// It is down with its node, and nobody makes it again elsewhere.
    Down,
    /// It is marked for deletion, and nobody tells that it has ended.
    Terminating,
    /// It is bound and waits: for a volume, or to be ready.
    Waiting,
    /// It is gone, and nobody makes it again.
    Lost,
}

/// How many pods of a workload serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadFate {
    /// Its position.
    pub workload: u32,
    /// Before.
    pub before: u32,
    /// After.
    pub after: u32,
}

/// How a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFate {
    /// Its position.
    pub node: u32,
    /// The node object is there.
    pub exists: bool,
    /// Pods on it can serve.
    pub serves: bool,
    /// It runs on, and nobody hears it.
    pub cut_off: bool,
    /// Nothing new is scheduled there.
    pub cordoned: bool,
}

/// A pod that was made on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// Its number.
    pub pod: u32,
    /// The pod of the overview whose place it takes.
    pub origin: Option<u32>,
    /// The position of its workload.
    pub workload: u32,
}

/// A step of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Seconds after the first event; none where a run is told without a clock.
    pub at: Option<i64>,
    /// What happens, as the command tells it.
    pub text: String,
    /// How the pods stand then that it touches.
    pub pods: Vec<PodStands>,
    /// How the nodes stand then that it touches.
    pub nodes: Vec<NodeFate>,
}

/// How a pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStands {
    /// Its number.
    pub pod: u32,
    /// The position of its node.
    pub node: Option<u32>,
    /// How it stands.
    pub state: PodState,
}

/// The run of `told` from `start`, once all is quiet there.
///
/// # Errors
/// An event that makes no sense where it stands.
pub fn of(
    dynamics: &Dynamics<'_>,
    start: &Placement,
    told: &[Told],
    times: &Times,
) -> Result<Aftermath, Failure> {
    let story = story(dynamics, start, told, times)?;
    let typed: Vec<String> =
        told.iter().flat_map(Told::all).map(|named| named.name.clone()).collect();
    Ok(Teller::new(dynamics, start, &story).tell(&typed))
}

/// The same run as it happens.
pub(crate) fn story(
    dynamics: &Dynamics<'_>,
    start: &Placement,
    told: &[Told],
    times: &Times,
) -> Result<Story, Failure> {
    let joined: Vec<Joined> = told.iter().map(Told::joined).collect();
    story::try_tell(dynamics, start, &joined, times).map_err(|senseless| {
        let named = told.iter().flat_map(Told::all).nth(senseless.event);
        let named = named.expect("it is one of the events");
        events::refused(dynamics.cluster(), named, senseless.why)
    })
}

/// A run that is known step by step, and told without a clock. Where it does not begin as the
/// export stands, `before` says how it came there.
pub(crate) fn of_known(
    dynamics: &Dynamics<'_>,
    start: &Placement,
    story: &Story,
    (events, before): (&[String], &str),
) -> Aftermath {
    let teller = Teller::new(dynamics, start, story);
    let mut aftermath = teller.tell(events);
    aftermath.frames.iter_mut().for_each(|frame| frame.at = None);
    let pods = teller.moved_before();
    if !pods.is_empty() {
        let text = before.to_owned();
        aftermath.frames.insert(0, Frame { at: None, text, pods, nodes: Vec::new() });
    }
    aftermath
}

/// A pod, and all that were made in its place; or one that takes nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Of(PodId),
    Own(InstanceId),
}

struct Teller<'t, 'c> {
    dynamics: &'t Dynamics<'c>,
    start: &'t Placement,
    story: &'t Story,
    roots: Vec<WorkloadId>,
}

impl<'t, 'c> Teller<'t, 'c> {
    fn new(dynamics: &'t Dynamics<'c>, start: &'t Placement, story: &'t Story) -> Self {
        Self { dynamics, start, story, roots: roots(dynamics.cluster()) }
    }

    /// The pods that stand otherwise at the start than in the export.
    fn moved_before(&self) -> Vec<PodStands> {
        let export = Placement::of(self.cluster());
        let known = export.instances().len();
        let ids = self.start.instance_ids();
        let stands = ids.map(|id| PodStands::of(id, self.start.instance(id)));
        let differs = |now: &PodStands| {
            let id = InstanceId(now.pod);
            id.index() >= known || *now != PodStands::of(id, export.instance(id))
        };
        stands.filter(differs).collect()
    }

    fn tell(&self, events: &[String]) -> Aftermath {
        let pods = self.pods();
        let workloads = self.workloads(&pods);
        let mut told = self.consequence(&pods, &workloads);
        told.events = events.to_vec();
        Aftermath {
            sentence: told.sentence(),
            pods,
            workloads,
            nodes: self.nodes(),
            made: self.made(),
            frames: self.frames(events),
        }
    }

    fn cluster(&self) -> &Cluster {
        self.dynamics.cluster()
    }

    fn line(&self, id: InstanceId) -> Line {
        match self.story.end.instance(id).origin {
            Some(pod) => Line::Of(pod),
            None => Line::Own(id),
        }
    }

    /// Every line that anything happened to, with its pods in the order in which they were made.
    fn lines(&self) -> BTreeMap<Line, Vec<InstanceId>> {
        let touched = self.story.seen.iter().map(|seen| self.line(seen.pod));
        let mut lines: BTreeMap<Line, Vec<InstanceId>> =
            touched.map(|line| (line, Vec::new())).collect();
        for (line, members) in &mut lines {
            if let Line::Of(pod) = line {
                members.push((*pod).into());
            }
        }
        for id in self.made_since() {
            if let Some(members) = lines.get_mut(&self.line(id)) {
                members.push(id);
            }
        }
        lines
    }

    /// The pods that the export does not have.
    fn made_since(&self) -> impl Iterator<Item = InstanceId> + use<> {
        let known = self.cluster().pods().len();
        (known..self.story.end.instances().len()).map(InstanceId::at)
    }

    fn pods(&self) -> Vec<PodFate> {
        let mut known = BTreeMap::new();
        let mut fates = Vec::new();
        for (line, members) in self.lines() {
            let (_, before) = last(self.start, &members).unzip();
            let Some((id, after)) = last(&self.story.end, &members) else { continue };
            let Some(fate) = self.fate(before, id, &after) else { continue };
            let waits = fate == Fate::Pending;
            let why = waits.then(|| self.why(id, &after, &mut known)).flatten();
            let from = before.and_then(|pod| pod.node());
            fates.push(PodFate {
                pod: id.0,
                origin: if let Line::Of(pod) = line { Some(pod.0) } else { None },
                workload: position(self.cluster(), &self.roots, after.workload),
                from: from.map(|node| node.0),
                to: after.node().map(|node| node.0),
                fate,
                why,
            });
        }
        fates
    }

    /// What became of a pod; nothing where it is as it was.
    fn fate(&self, before: Option<Instance>, id: InstanceId, after: &Instance) -> Option<Fate> {
        let was_there = before.filter(|pod| pod.whereabouts != Whereabouts::Gone);
        let is_silent = || after.node().is_some_and(|node| !self.story.end.node(node).serves());
        let same = was_there == Some(*after) && (id.index() < self.start.instances().len());
        Some(match after.whereabouts {
            _ if same => return None,
            Whereabouts::Gone if was_there.is_none() => return None,
            Whereabouts::Gone => Fate::Lost,
            Whereabouts::Pending => Fate::Pending,
            _ if after.terminating => Fate::Terminating,
            _ if !after.ready && is_silent() => Fate::Down,
            _ if !after.ready => Fate::Waiting,
            _ => match was_there {
                None => Fate::New,
                Some(pod) if pod.is_pending() => Fate::Placed,
                Some(pod) if pod.node() == after.node() => Fate::Renewed,
                Some(_) => Fate::Moved,
            },
        })
    }

    /// What the scheduler says to a pod that waits for a node, where anybody decides.
    fn why(
        &self,
        id: InstanceId,
        pod: &Instance,
        known: &mut BTreeMap<(u32, u32), Option<String>>,
    ) -> Option<String> {
        let end = &self.story.end;
        if !self.dynamics.control_plane().acts(end) {
            return None;
        }
        let say = || {
            let decision = self.dynamics.scheduler().decide(end, id);
            message::of_condition(Words::of(self.cluster()), &decision)
        };
        known.entry((pod.class.0, pod.workload.0)).or_insert_with(say).clone()
    }

    fn workloads(&self, pods: &[PodFate]) -> Vec<WorkloadFate> {
        let touched: BTreeSet<u32> = pods.iter().map(|pod| pod.workload).collect();
        let mut counts: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for id in self.cluster().workload_ids() {
            let root = position(self.cluster(), &self.roots, id);
            if touched.contains(&root) {
                let (before, after) = counts.entry(root).or_default();
                *before += self.start.tally(id).ready;
                *after += self.story.end.tally(id).ready;
            }
        }
        let changed = counts.into_iter().filter(|(_, (before, after))| before != after);
        changed
            .map(|(workload, (before, after))| WorkloadFate { workload, before, after })
            .collect()
    }

    fn nodes(&self) -> Vec<NodeFate> {
        let ids = self.cluster().node_ids();
        let changed =
            ids.filter(|id| self.start.node(*id).standing() != self.story.end.node(*id).standing());
        let fate = |id: holdfast_cluster::NodeId| {
            let node = self.story.end.node(id);
            NodeFate {
                node: id.0,
                exists: node.exists,
                serves: node.serves(),
                cut_off: node.cut_off,
                cordoned: node.unschedulable,
            }
        };
        changed.map(fate).collect()
    }

    fn made(&self) -> Vec<Made> {
        let made = self.made_since().map(|id| {
            let pod = self.story.end.instance(id);
            Made {
                pod: id.0,
                origin: pod.origin.map(|pod| pod.0),
                workload: position(self.cluster(), &self.roots, pod.workload),
            }
        });
        made.collect()
    }

    fn frames(&self, events: &[String]) -> Vec<Frame> {
        let moments = moments(self.cluster(), events, self.story);
        let mut seen = self.story.seen.as_slice();
        let mut stood = self.story.stood.as_slice();
        let mut reached = 0;
        let mut frames = Vec::new();
        for together in told::together(&moments) {
            reached += together.len();
            let here = seen.partition_point(|seen| seen.told < reached);
            let (now, later) = seen.split_at(here);
            seen = later;
            let here = stood.partition_point(|stood| stood.told < reached);
            let (nodes, later) = stood.split_at(here);
            stood = later;
            let stands = |seen: &story::Seen| PodStands::of(seen.pod, &seen.stands);
            frames.push(Frame {
                at: Some(together[0].at),
                text: told::line(together),
                pods: now.iter().map(stands).collect(),
                nodes: nodes.iter().map(NodeFate::of).collect(),
            });
        }
        frames
    }

    fn consequence(&self, pods: &[PodFate], workloads: &[WorkloadFate]) -> Consequence {
        let count = |fate: Fate| pods.iter().filter(|pod| pod.fate == fate).count();
        let pending = pods.iter().filter(|pod| pod.fate == Fate::Pending);
        let pending = pending.map(|pod| self.pod_name(pod));
        let without = workloads.iter().filter(|one| one.after == 0);
        let without = without.map(|one| self.workload_name(one.workload));
        let endless = self.story.told.last().is_some_and(|told| told.what == Happening::Endless);
        Consequence {
            events: Vec::new(),
            moved: count(Fate::Moved),
            renewed: count(Fate::Renewed),
            placed: count(Fate::Placed),
            new: count(Fate::New),
            down: count(Fate::Down),
            terminating: count(Fate::Terminating),
            waiting: count(Fate::Waiting),
            lost: count(Fate::Lost),
            pending: pending.collect(),
            without: without.collect(),
            endless,
        }
    }

    fn pod_name(&self, pod: &PodFate) -> String {
        let cluster = self.cluster();
        match pod.origin {
            Some(origin) => {
                let pod = cluster.pod(PodId(origin));
                let namespace = cluster.class(pod.class).namespace;
                format!("{}/{}", cluster.text(namespace), cluster.text(pod.name))
            }
            None => format!("a pod of {}", self.workload_name(pod.workload)),
        }
    }

    fn workload_name(&self, position: u32) -> String {
        let cluster = self.cluster();
        let workload = cluster.workload(self.roots[position as usize]);
        let (namespace, name) = (cluster.text(workload.namespace), cluster.text(workload.name));
        format!("{} {namespace}/{name}", workload.kind.name(cluster))
    }
}

impl PodStands {
    fn of(id: InstanceId, instance: &Instance) -> Self {
        let node = instance.node().map(|node| node.0);
        Self { pod: id.0, node, state: PodState::of(instance) }
    }
}

impl NodeFate {
    fn of(stood: &Stood) -> Self {
        let Stood { node, exists, serves, cut_off, cordoned, .. } = *stood;
        Self { node: node.0, exists, serves, cut_off, cordoned }
    }
}

/// The last of these pods that is there, or else the last of all.
fn last(placement: &Placement, members: &[InstanceId]) -> Option<(InstanceId, Instance)> {
    let known = placement.instances().len();
    let all = members.iter().filter(|id| id.index() < known);
    let all = all.map(|id| (*id, *placement.instance(*id))).rev();
    let mut there = all.clone().filter(|(_, pod)| pod.whereabouts != Whereabouts::Gone);
    there.next().or_else(|| all.clone().next())
}
