//! A story with names instead of numbers: what happens when, and how long workloads are short of
//! pods.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement};
use holdfast_failover::controllers::daemon_set;
use holdfast_failover::story::{Happening, Life, Story};
use holdfast_failover::times::Seconds;
use holdfast_failover::{Step, Time, Times};
use serde::Serialize;

use crate::names;
use crate::outcome::key;
use crate::simulation::{Simulator, Stage};
use crate::subject::{Subject, follows_nodes};

/// One run of many, told.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// What happens, in order.
    pub moments: Vec<Moment>,
    /// How long each workload that was touched is short of pods, by `KIND/NAMESPACE/NAME`.
    pub downtime: BTreeMap<String, Downtime>,
    /// How long things were taken to take.
    pub times: Vec<TimeUsed>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// Seconds after the first event.
    pub at: Seconds,
    /// What: `event`, `noticed`, `evict`, `drain`, `end`, `schedule`, `preempt`, `give-up`,
    /// `scale-down`, `renew`, `surge`, `autoscale`, `attach`, `clear`, `ready`, `quiet` or
    /// `endless`.
    pub what: &'static str,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The pod, by namespace and name; one that was made since goes by the pod whose place it
    /// takes, or by its workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// It was made since the export.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replacement: bool,
    /// The node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The workload, by kind, namespace and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// How many pods it is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<i64>,
    /// Further pods: who is preempted, who is deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub victims: Vec<String>,
}

/// How long a workload is short of pods in the run that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Downtime {
    /// Seconds with fewer ready pods than are wanted (or than there were, if fewer).
    pub below_desired: Span,
    /// Seconds without any ready pod.
    pub outage: Span,
    /// What the time goes to, of the pod that was back last.
    pub parts: Vec<Part>,
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// In the run that is told; `null` where it has not ended when all is quiet.
    pub told: Option<Seconds>,
    /// With the last heartbeat as old as may be.
    pub min: Option<Seconds>,
    /// With the failure noticed as late as may be; `null` also where some other run never ends it.
    pub max: Option<Seconds>,
}

/// A part of a downtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `detection`, `toleration`, `ending`, `waiting`, `volume` or `start`.
    pub part: &'static str,
    /// How long.
    pub seconds: Seconds,
}

/// A time that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeUsed {
    /// Its name, as `--assume` takes it.
    pub name: &'static str,
    /// How long.
    pub seconds: Seconds,
    /// `given`, `default` (Kubernetes' own) or `assumed`.
    pub source: &'static str,
}

impl Timeline {
    /// The story of a simulation whose events are called `events`, those that are joined one by
    /// one, and whose stages are `stages`.
    pub fn new(
        simulator: &Simulator<'_>,
        events: &[String],
        stages: &[Stage],
        story: &Story,
        times: &Times,
    ) -> Self {
        let cluster = simulator.dynamics().cluster();
        let downtime = simulator.subjects().iter().enumerate().filter_map(|(at, subject)| {
            let found = downtime(cluster, subject, at, stages, story, times)?;
            Some((key(cluster, subject), found))
        });
        Self {
            moments: moments(cluster, events, story),
            downtime: downtime.collect(),
            times: Time::ALL.map(|time| used(times, time)).to_vec(),
        }
    }
}

/// What happens in a story, moment by moment, whose events go by these names.
pub fn moments(cluster: &Cluster, events: &[String], story: &Story) -> Vec<Moment> {
    let names = Names { cluster, story };
    story.told.iter().map(|told| names.moment(told.at, &told.what, events)).collect()
}

fn used(times: &Times, time: Time) -> TimeUsed {
    let source = match (times.is_given(time), time.is_guess()) {
        (true, _) => "given",
        (false, true) => "assumed",
        (false, false) => "default",
    };
    TimeUsed { name: time.name(), seconds: times.of(time), source }
}

struct Names<'n> {
    cluster: &'n Cluster,
    story: &'n Story,
}

impl Names<'_> {
    fn moment(&self, at: Seconds, what: &Happening, events: &[String]) -> Moment {
        let blank = Moment {
            at,
            what: "",
            event: None,
            pod: None,
            replacement: false,
            node: None,
            workload: None,
            desired: None,
            victims: Vec::new(),
        };
        match what {
            Happening::Event(position) => {
                Moment { what: "event", event: events.get(*position).cloned(), ..blank }
            }
            Happening::Noticed(node) => {
                Moment { what: "noticed", node: Some(self.node(*node)), ..blank }
            }
            Happening::Ready(pod) => self.of_pod(*pod, Moment { what: "ready", ..blank }),
            Happening::Step(step) => self.of_step(step, blank),
            Happening::Quiet => Moment { what: "quiet", ..blank },
            Happening::Endless => Moment { what: "endless", ..blank },
        }
    }

    fn of_step(&self, step: &Step, blank: Moment) -> Moment {
        let (what, node, victims): (_, _, &[InstanceId]) = match step {
            Step::Evict { .. } => ("evict", None, &[]),
            Step::Drain { .. } => ("drain", None, &[]),
            Step::End { .. } => ("end", None, &[]),
            Step::Schedule { node, .. } => ("schedule", Some(*node), &[]),
            Step::Preempt { node, victims, .. } => ("preempt", Some(*node), victims),
            Step::GiveUp { .. } => ("give-up", None, &[]),
            Step::ScaleDown { pods } => ("scale-down", None, pods),
            Step::Renew { pod } => {
                let set = self.story.end.instance(*pod).workload;
                let surges = daemon_set::surges(self.cluster, set);
                (if surges { "surge" } else { "renew" }, None, &[])
            }
            Step::Autoscale { .. } => ("autoscale", None, &[]),
            Step::Attach { .. } => ("attach", None, &[]),
            Step::Start { .. } => ("ready", None, &[]),
            Step::Clear { node } => ("clear", Some(*node), &[]),
        };
        let victims = victims.iter().map(|pod| self.pod(*pod).0).collect();
        let named = Moment { what, victims, ..blank };
        let mut moment = match step.pod() {
            Some(pod) => self.of_pod(pod, named),
            None => named,
        };
        if let Some(node) = node {
            moment.node = Some(self.node(node));
        }
        if let Step::Autoscale { workload, desired } = step {
            moment.workload = Some(names::of_workload(self.cluster, *workload));
            moment.desired = Some(*desired);
        }
        moment
    }

    fn of_pod(&self, pod: InstanceId, blank: Moment) -> Moment {
        let (name, replacement) = self.pod(pod);
        let node = self.story.lives.get(pod.index()).and_then(|life| life.node);
        Moment { pod: Some(name), replacement, node: node.map(|node| self.node(node)), ..blank }
    }

    fn node(&self, id: NodeId) -> String {
        self.cluster.node_name(id).to_owned()
    }

    fn pod(&self, id: InstanceId) -> (String, bool) {
        names::of_pod(self.cluster, &self.story.end, id)
    }
}

/// How long a workload is short of pods; `None` if it never is, or if the number of its pods
/// follows from the nodes.
fn downtime(
    cluster: &Cluster,
    subject: &Subject,
    position: usize,
    stages: &[Stage],
    story: &Story,
    times: &Times,
) -> Option<Downtime> {
    let first: &Placement = &stages.first()?.example;
    let last = stages.last()?;
    if follows_nodes(cluster.workload(subject.root).kind) {
        return None;
    }
    let wanted = subject.ready(first).min(subject.desired(cluster, &story.end));
    let told = story.time_below(&subject.members, wanted);
    if wanted == 0 || told == Some(0) {
        return None;
    }
    let parts = parts(subject, story);
    let noticed = parts.iter().any(|part| part.part == "detection");
    let ready = last.workloads[position].ready;
    let span = |told: Option<Seconds>, needed: u32| {
        let (early, late) = match (noticed, told) {
            (true, Some(seconds)) if seconds > 0 => {
                let (soonest, latest) = times.noticing();
                let told = times.of(Time::NodeMonitorGrace);
                (told - soonest, latest - told)
            }
            _ => (0, 0),
        };
        Span {
            told,
            min: told.map(|seconds| (seconds - early).max(0)),
            max: told.filter(|_| ready.min >= needed).map(|seconds| seconds + late),
        }
    };
    Some(Downtime {
        below_desired: span(told, wanted),
        outage: span(story.time_below(&subject.members, 1), 1),
        parts,
    })
}

/// What the time goes to, of the pod that was back last.
fn parts(subject: &Subject, story: &Story) -> Vec<Part> {
    let end = &story.end;
    let back = end
        .instance_ids()
        .filter(|id| subject.members.contains(&end.instance(*id).workload))
        .filter_map(|id| {
            let life = story.lives.get(id.index())?;
            Some((life.ready?, id, *life))
        })
        .max_by_key(|(ready, id, _)| (*ready, *id));
    let Some((_, id, life)) = back else { return Vec::new() };
    let origin = end.instance(id).origin.map(InstanceId::from).filter(|origin| *origin != id);
    let before = origin.and_then(|origin| story.lives.get(origin.index())).copied();
    let before = before.unwrap_or_default();
    between(&before, &life)
}

fn between(before: &Life, life: &Life) -> Vec<Part> {
    let started = life.attached.or(life.bound);
    let spans = [
        ("detection", before.lost, before.noticed),
        ("toleration", before.noticed, before.deleted),
        ("ending", before.deleted, life.made),
        ("waiting", life.made, life.bound),
        ("volume", life.bound, life.attached),
        ("start", started, life.ready),
    ];
    let lasting = spans.into_iter().filter_map(|(part, from, to)| {
        let seconds = to? - from?;
        (seconds > 0).then_some(Part { part, seconds })
    });
    lasting.collect()
}
