//! One run on a virtual clock: what happens when, where nothing is slower than it has to be.
//!
//! Of steps that may come next the one that is due first is taken; of several that are due at once
//! the order of the scheduler's queue decides, and of equal nodes the first by name. So a story is
//! one run of many, told because people think in times. Steps that may never come (evictions from a
//! zone that is mostly down) do not come here. An event that joins another may come at any moment
//! of its getting on; here it comes half-way: after half of what would have been told till all was
//! quiet.

mod steps;

use std::collections::BTreeMap;
use std::convert::Infallible;

use holdfast_cluster::placement::{Mark, Whereabouts};
use holdfast_cluster::{Cluster, Instance, InstanceId, Node, NodeId, Placement, WorkloadId};
use holdfast_scheduler::Scratch;

use crate::controllers;
use crate::dynamics::{Dynamics, Situation, Step};
use crate::event::{Event, Impossible, Joined};
use crate::eviction::{self, Delay};
use crate::nodes;
use crate::times::{Seconds, Time, Times};

pub use steps::{Ending, replay};

/// Something that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The event of this position, those that are joined being counted one by one.
    Event(usize),
    /// The control plane takes a node to be down: it is tainted, its pods count as not ready.
    Noticed(NodeId),
    /// A step.
    Step(Step),
    /// A pod that was bound serves.
    Ready(InstanceId),
    /// Nothing more happens.
    Quiet,
    /// The run does not come to rest, and is told no further.
    Endless,
}

/// What happens, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Seconds after the first event.
    pub at: Seconds,
    /// What.
    pub what: Happening,
}

/// When what became of a pod; each where it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The node it was last bound to.
    pub node: Option<NodeId>,
    /// Its node failed.
    pub lost: Option<Seconds>,
    /// Its node was noticed.
    pub noticed: Option<Seconds>,
    /// It was marked for deletion.
    pub deleted: Option<Seconds>,
    /// It was made.
    pub made: Option<Seconds>,
    /// It was bound.
    pub bound: Option<Seconds>,
    /// It got a volume that it waited for.
    pub attached: Option<Seconds>,
    /// It served again, or first.
    pub ready: Option<Seconds>,
}

/// How many of a workload's own pods serve from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serving {
    /// The moment.
    pub at: Seconds,
    /// How many.
    pub ready: u32,
}

/// How a pod stands from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The position of what is told of that moment.
    pub told: usize,
    /// The pod.
    pub pod: InstanceId,
    /// How it stands.
    pub stands: Instance,
}

/// How a node stands from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The position of what is told of that moment.
    pub told: usize,
    /// The node.
    pub node: NodeId,
    /// The node object is there.
    pub exists: bool,
    /// Pods on it can serve.
    pub serves: bool,
    /// It runs on, and nobody hears it.
    pub cut_off: bool,
    /// Nothing new is scheduled there.
    pub cordoned: bool,
}

/// An event of a story that makes no sense where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Senseless {
    /// The position of the event, those that are joined being counted one by one.
    pub event: usize,
    /// Why.
    pub why: Impossible,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Story {
    /// What happens, in order.
    pub told: Vec<Told>,
    /// Every change of how many pods serve, by workload; the first is the start.
    pub serving: Vec<Vec<Serving>>,
    /// What became of each pod, by instance.
    pub lives: Vec<Life>,
    /// Every change of a pod, in order.
    pub seen: Vec<Seen>,
    /// Every change of a node, in order.
    pub stood: Vec<Stood>,
    /// Where everything is at the end.
    pub end: Placement,
}

/// More steps than a story that ends has until all is quiet: each pod is evicted, ended, made,
/// placed and started, and so are those that pile up on silent nodes until these are full.
fn longest(cluster: &Cluster) -> usize {
    let takes = |node: &Node| usize::try_from(node.pods_allocatable).unwrap_or(0);
    8 * (cluster.pods().len() + cluster.nodes().iter().map(takes).sum::<usize>()) + 256
}

/// Tells what happens from `start`, a place of rest, on. The events are known to make sense.
pub fn tell(dynamics: &Dynamics<'_>, start: &Placement, events: &[Joined], times: &Times) -> Story {
    let mut teller = Teller::new(dynamics, start, times);
    let Ok(()) = teller.follow(events, |_, _, _| Ok::<_, Infallible>(()));
    teller.story
}

/// The same of events that nobody has looked at yet, from any start: what is under way there comes
/// to an end first. An event behind what never comes to rest does not happen.
///
/// # Errors
/// An event that makes no sense where it stands. A joined one is judged as if it came at once.
pub fn try_tell(
    dynamics: &Dynamics<'_>,
    start: &Placement,
    events: &[Joined],
    times: &Times,
) -> Result<Story, Senseless> {
    let mut teller = Teller::new(dynamics, start, times);
    // What is under way comes to an end first.
    if teller.next().is_none() || teller.rest() {
        teller.follow(events, Teller::check)?;
    }
    Ok(teller.story)
}

#[derive(Clone)]
struct Teller<'t, 'c> {
    dynamics: &'t Dynamics<'c>,
    times: &'t Times,
    now: Seconds,
    situation: Situation,
    scratch: Scratch,
    /// When nodes are tainted for not being heard.
    tainted: BTreeMap<NodeId, Seconds>,
    /// When the last event happened.
    happened: Seconds,
    /// When the last drain began.
    drained: Seconds,
    /// When nodes were heard again whose pods ran on meanwhile.
    heard: BTreeMap<NodeId, Seconds>,
    /// When pods that start are ready.
    starting: BTreeMap<InstanceId, Seconds>,
    /// Pods that are ready, and when they are so for as long as their controllers ask.
    settling: Vec<(Seconds, InstanceId)>,
    /// When a volume is free for a pod that waits for it.
    freed: BTreeMap<InstanceId, Seconds>,
    story: Story,
}

/// What comes next.
enum Next {
    Noticed(NodeId),
    Available(InstanceId),
    Step(Step),
}

impl<'t, 'c> Teller<'t, 'c> {
    fn new(dynamics: &'t Dynamics<'c>, start: &Placement, times: &'t Times) -> Self {
        let workloads = dynamics.cluster().workload_ids();
        let serving = |id| vec![Serving { at: 0, ready: start.tally(id).ready }];
        let life = |instance: &Instance| Life { node: instance.node(), ..Life::default() };
        let story = Story {
            told: Vec::new(),
            serving: workloads.map(serving).collect(),
            lives: start.instances().iter().map(life).collect(),
            seen: Vec::new(),
            stood: Vec::new(),
            end: start.clone(),
        };
        Self {
            dynamics,
            times,
            now: 0,
            situation: dynamics.situation(start),
            scratch: Scratch::default(),
            tainted: BTreeMap::new(),
            happened: 0,
            drained: 0,
            heard: BTreeMap::new(),
            starting: BTreeMap::new(),
            settling: Vec::new(),
            freed: BTreeMap::new(),
            story,
        }
    }

    /// Lets one event after the other happen that stands the check, until what follows one of them
    /// has no end.
    fn follow<E>(
        &mut self,
        events: &[Joined],
        check: impl Fn(&Self, usize, &Joined) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = 0;
        for joined in events {
            check(self, at, joined)?;
            let goes_on = self.group(at, joined);
            at += 1 + joined.others().len();
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Whether each of the events makes sense right after those before it.
    fn check(&self, at: usize, joined: &Joined) -> Result<(), Senseless> {
        let mut state = self.story.end.clone();
        for (event, at) in joined.events().zip(at..) {
            let senseless = |why| Senseless { event: at, why };
            event.check(self.dynamics, &state).map_err(senseless)?;
            event.join(self.dynamics, &mut state);
        }
        Ok(())
    }

    /// Lets joined events happen, the first of them of this position, and tells all that follows;
    /// whether that comes to an end.
    fn group(&mut self, at: usize, joined: &Joined) -> bool {
        self.stop_draining();
        self.happen(at, joined.first());
        for (event, at) in joined.others().iter().zip(at + 1..) {
            self.go_half_way();
            self.happen(at, event);
        }
        self.rest()
    }

    fn cluster(&self) -> &Cluster {
        self.dynamics.cluster()
    }

    fn tell(&mut self, what: Happening) {
        self.story.told.push(Told { at: self.now, what });
    }

    /// Whoever still drains has run into a timeout by now.
    fn stop_draining(&mut self) {
        nodes::stop_draining(self.dynamics.cluster(), &mut self.story.end);
    }

    fn happen(&mut self, at: usize, event: &Event) {
        self.tell(Happening::Event(at));
        self.happened = self.now;
        let (before, mark) = (self.story.end.clone(), self.story.end.mark());
        event.join(self.dynamics, &mut self.story.end);
        self.situation = self.dynamics.situation(&self.story.end);
        if matches!(event, Event::Drain(_)) {
            self.drained = self.now;
        }
        for node in self.dynamics.cluster().node_ids() {
            if before.node(node).cut_off && !self.story.end.node(node).cut_off {
                self.heard.insert(node, self.now);
            }
        }
        self.schedule_taints(&before);
        self.note_changes(mark);
    }

    /// Nodes that went silent are noticed after the grace period, and tainted one after another.
    fn schedule_taints(&mut self, before: &Placement) {
        let mut in_zone: BTreeMap<_, Seconds> = BTreeMap::new();
        let grace = self.times.of(Time::NodeMonitorGrace);
        for node in self.dynamics.cluster().node_ids() {
            let (was, is) = (before.node(node), self.story.end.node(node));
            if is.serves() || !is.exists {
                self.tainted.remove(&node);
            }
            if was.reachable && is.exists && !is.reachable && self.situation.acts {
                let labels = &self.cluster().node(node).labels;
                let known = self.cluster().known();
                let zone = (labels.get(known.region), labels.get(known.zone));
                let behind = in_zone.entry(zone).or_default();
                let due = self.now + grace + *behind;
                *behind += self.times.of(Time::EvictionInterval);
                self.tainted.insert(node, due);
                for pod in self.story.end.node(node).pods.clone() {
                    self.life(pod).lost = Some(self.now);
                }
            }
        }
    }

    /// Takes step after step until there is none; whether that came to an end.
    fn rest(&mut self) -> bool {
        for _ in 0..longest(self.cluster()) {
            if !self.go_on() {
                self.tell(Happening::Quiet);
                return true;
            }
        }
        self.tell(Happening::Endless);
        false
    }

    /// Takes steps until half of what would be told till all is quiet has been told; none where it
    /// never is.
    fn go_half_way(&mut self) {
        let told = self.story.told.len();
        let mut ahead = self.clone();
        if !ahead.rest() {
            return;
        }
        let half = (ahead.story.told.len() - 1 - told) / 2;
        while self.story.told.len() < told + half && self.go_on() {}
    }

    /// Takes the step that is due first, if there is one.
    fn go_on(&mut self) -> bool {
        let Some((due, next)) = self.next() else { return false };
        self.now = self.now.max(due);
        match next {
            Next::Noticed(node) => self.notice(node),
            Next::Available(pod) => self.settle(pod),
            Next::Step(step) => self.take(step),
        }
        true
    }

    /// What is due first. Of what is due at once the kind decides, then the scheduler's queue.
    fn next(&mut self) -> Option<(Seconds, Next)> {
        let mut found: Option<((Seconds, u8, i64), Next)> = None;
        let mut offer = |due: Seconds, kind: u8, rank: i64, next: Next| {
            let key = (due, kind, rank);
            if found.as_ref().is_none_or(|(known, _)| key < *known) {
                found = Some((key, next));
            }
        };
        for (node, due) in &self.tainted {
            let told = |told: &Told| told.what == Happening::Noticed(*node) && told.at >= *due;
            if !self.story.told.iter().rev().any(told) {
                offer(*due, 0, i64::from(node.0), Next::Noticed(*node));
            }
        }
        for (due, pod) in self.settling.iter().filter(|_| self.situation.acts) {
            offer(*due, 1, i64::from(pod.0), Next::Available(*pod));
        }
        for step in self.dynamics.unscheduled(&self.story.end, &self.situation).sure {
            let (due, kind, rank) = self.due(&step);
            offer(due.max(self.now), kind, rank, Next::Step(step));
        }
        // The scheduler comes behind all that is due at once: nobody asks it before.
        if found.as_ref().is_none_or(|((due, ..), _)| *due > self.now) {
            let (end, scratch) = (&mut self.story.end, &mut self.scratch);
            let steps = self.dynamics.first_scheduled(end, &self.situation, scratch);
            if let Some(step) = steps.into_iter().next() {
                return Some((self.now, Next::Step(step)));
            }
        }
        found.map(|((due, ..), next)| (due, next))
    }

    /// When a step is due, which kind of step goes first, and which of that kind.
    fn due(&self, step: &Step) -> (Seconds, u8, i64) {
        let placement = &self.story.end;
        let Some(pod) = step.pod() else {
            return match step {
                Step::Autoscale { workload, .. } => {
                    (self.happened + self.times.of(Time::AutoscalerSync), 1, i64::from(workload.0))
                }
                _ => (self.now + self.times.of(Time::NodeMonitorPeriod), 1, 0),
            };
        };
        let instance = placement.instance(pod);
        let spec = self.cluster().spec_of(instance.class);
        let life = self.story.lives.get(pod.index()).copied().unwrap_or_default();
        let age = i64::from(pod.0);
        match step {
            Step::Evict { .. } => {
                let node = instance.node().expect("an evictable pod is bound");
                let from = self.tainted.get(&node).copied().unwrap_or(0);
                let delay = eviction::delay(self.cluster(), placement, node, spec);
                let Some(Delay::After(seconds)) = delay else { return (from, 2, age) };
                (from + seconds, 2, age)
            }
            Step::End { .. } => {
                let until_stop = self.times.of(Time::PodStop).min(spec.grace_seconds);
                let heard = instance.node().and_then(|node| self.heard.get(&node)).copied();
                let told = life.deleted.max(heard).unwrap_or(0);
                (told + until_stop, 3, age)
            }
            Step::Start { .. } => (self.starting.get(&pod).copied().unwrap_or(self.now), 1, age),
            Step::Attach { .. } => (self.freed.get(&pod).copied().unwrap_or(self.now), 4, age),
            Step::Drain { .. } => {
                let retry = self.times.of(Time::DrainRetry).max(1);
                let tries = (self.now - self.drained + retry - 1).div_euclid(retry);
                (self.drained + tries * retry, 5, age)
            }
            Step::ScaleDown { .. } | Step::Renew { .. } => (self.now, 6, age),
            Step::Autoscale { .. } | Step::Clear { .. } => unreachable!("of no pod"),
            Step::Schedule { .. } | Step::Preempt { .. } | Step::GiveUp { .. } => {
                unreachable!("the scheduler comes behind all others")
            }
        }
    }

    fn notice(&mut self, node: NodeId) {
        self.tell(Happening::Noticed(node));
        let now = self.now;
        for pod in self.story.end.node(node).pods.clone() {
            self.life(pod).noticed = Some(now);
        }
    }

    /// A pod is about to be ready; from then on its controller waits for it to stay so.
    fn begin_to_settle(&mut self, pod: InstanceId) {
        let cluster = self.dynamics.cluster();
        let settles = controllers::settling_time(cluster, self.story.end.instance(pod).workload);
        if settles > 0 {
            self.story.end.change(cluster, pod, |instance| instance.settling = true);
            self.settling.push((self.now + settles, pod));
        }
    }

    /// A pod has been ready for so long that its controller counts on it.
    fn settle(&mut self, pod: InstanceId) {
        self.settling.retain(|(_, other)| *other != pod);
        let mark = self.story.end.mark();
        self.dynamics.settle(&mut self.story.end, pod);
        self.note_changes(mark);
    }

    fn take(&mut self, step: Step) {
        let mark = self.story.end.mark();
        if let Step::Start { pod } = step {
            self.begin_to_settle(pod);
        }
        self.dynamics.apply_unstarted(&mut self.story.end, &step);
        let ready = self.now + self.times.of(Time::ImageStart);
        match &step {
            Step::Schedule { pod, .. } if !self.story.end.instance(*pod).attaching => {
                self.starting.insert(*pod, ready);
            }
            Step::Attach { pod } => {
                self.starting.insert(*pod, ready);
            }
            _ => {}
        }
        match step {
            Step::Start { pod } if self.story.end.instance(pod).ready => {
                self.tell(Happening::Ready(pod));
            }
            Step::Start { .. } => {}
            step => self.tell(Happening::Step(step)),
        }
        self.note_changes(mark);
    }

    fn life(&mut self, pod: InstanceId) -> &mut Life {
        let lives = &mut self.story.lives;
        if lives.len() <= pod.index() {
            lives.resize(pod.index() + 1, Life::default());
        }
        &mut lives[pod.index()]
    }

    /// Takes down what the changes since a mark meant to each pod and workload.
    fn note_changes(&mut self, since: Mark) {
        let now = self.now;
        let told = self.story.told.len().saturating_sub(1);
        for (id, was) in self.story.end.changed_since(since) {
            let is = *self.story.end.instance(id);
            if was != Some(is) {
                self.note_pod(id, was.as_ref(), &is);
                self.story.seen.push(Seen { told, pod: id, stands: is });
            }
        }
        for id in self.story.end.nodes_changed_since(since) {
            let stood = Stood::of(&self.story.end, told, id);
            self.story.stood.push(stood);
        }
        for id in self.dynamics.cluster().workload_ids() {
            let ready = self.story.end.tally(id).ready;
            let known = &mut self.story.serving[id.index()];
            if known.last().is_none_or(|last| last.ready != ready) {
                known.push(Serving { at: now, ready });
            }
        }
        self.note_freed_volumes();
    }

    fn note_pod(&mut self, id: InstanceId, was: Option<&Instance>, is: &Instance) {
        let now = self.now;
        let is_silent = |node: Option<NodeId>, placement: &Placement| {
            node.is_some_and(|node| !placement.node(node).serves())
        };
        let lost = is_silent(is.node(), &self.story.end);
        let life = self.life(id);
        match was {
            None => life.made = Some(now),
            Some(was) => {
                if was.ready && !is.ready && lost && life.lost.is_none() {
                    life.lost = Some(now);
                }
                if !was.attaching && is.attaching {
                    life.attached = None;
                } else if was.attaching && !is.attaching {
                    life.attached = Some(now);
                }
            }
        }
        let was_terminating = was.is_some_and(|was| was.terminating);
        let was_gone = was.is_some_and(|was| was.whereabouts == Whereabouts::Gone);
        let is_gone = is.whereabouts == Whereabouts::Gone;
        if is.terminating && !was_terminating || is_gone && !was_gone && life.deleted.is_none() {
            life.deleted = Some(now);
        }
        if is.node().is_some() && was.is_none_or(|was| was.node().is_none()) {
            life.bound = Some(now);
            life.node = is.node();
        }
        if is.ready && was.is_none_or(|was| !was.ready) {
            life.ready = Some(now);
        }
    }

    /// From when on volumes may be attached that pods wait for: at once after a kubelet let go of
    /// them or their node was marked out-of-service, else by force.
    fn note_freed_volumes(&mut self) {
        for pod in self.story.end.attaching().to_vec() {
            let cluster = self.dynamics.cluster();
            if crate::volumes::must_wait(cluster, &self.story.end, pod) {
                self.freed.remove(&pod);
            } else if !self.freed.contains_key(&pod) {
                let nodes = self.story.end.nodes();
                let forced = nodes
                    .iter()
                    .any(|node| !node.exists || !node.reachable && !node.taints.out_of_service);
                let wait = if forced { Time::ForceDetach } else { Time::VolumeAttach };
                self.freed.insert(pod, self.now + self.times.of(wait));
            }
        }
    }
}

impl Stood {
    fn of(placement: &Placement, told: usize, id: NodeId) -> Self {
        let node = placement.node(id);
        Self {
            told,
            node: id,
            exists: node.exists,
            serves: node.serves(),
            cut_off: node.cut_off,
            cordoned: node.unschedulable,
        }
    }
}

impl Story {
    /// How long fewer than `wanted` pods of these workloads served together, from the moment that
    /// first happened; `None` where they still are fewer at the end. Zero where they never were.
    pub fn time_below(&self, members: &[WorkloadId], wanted: u32) -> Option<Seconds> {
        let mut moments: Vec<Seconds> = members
            .iter()
            .flat_map(|id| self.serving[id.index()].iter().map(|change| change.at))
            .collect();
        moments.sort_unstable();
        moments.dedup();
        let ready_at = |moment: Seconds| -> u32 {
            let of = |id: &WorkloadId| {
                let changes = &self.serving[id.index()];
                let last = changes.iter().rev().find(|change| change.at <= moment);
                last.map_or(0, |change| change.ready)
            };
            members.iter().map(of).sum()
        };
        let mut below: Option<Seconds> = None;
        let mut total = 0;
        for moment in moments {
            match (ready_at(moment) < wanted, below) {
                (true, None) => below = Some(moment),
                (false, Some(since)) => {
                    total += moment - since;
                    below = None;
                }
                _ => {}
            }
        }
        below.is_none().then_some(total)
    }
}
