//! What a story of events comes to, event by event, as ranges over every order and tie-break.
//!
//! Every event happens once the cluster is quiet after the one before it. From each state in which
//! it may then be the event is followed to every place of rest. Events that are [`Joined`] make one
//! stage: each but the first may come at any moment of what follows from those before it, and every
//! such moment is followed. Where there are more states than
//! the budget allows, or something that the outcome depends on is not known, the ranges are those
//! of an envelope instead, which is wide enough for whatever may happen.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::controllers::daemon_set;
use holdfast_failover::{Dynamics, Event, Impossible, Joined};
use holdfast_scheduler::{Scratch, Words, message};

use crate::doubts::Doubts;
use crate::envelope::Envelope;
use crate::explore::canonical;
use crate::observed::{Observed, Observer};
use crate::prover::Settings;
use crate::rest::{Limits, Rest, Rests, Search};
use crate::stuck::{self, Stuck};
use crate::subject::{Subject, follows_nodes};
use crate::verdict::Doubt;

/// States of rest that are kept between two events, and how many pods all of them have together.
const RESTS_MAX: usize = 16_384;
const PODS_KEPT: usize = 1 << 22;

/// The fewest and the most over every order and tie-break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// How a workload may stand once all is quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRanges {
    /// Pods that are wanted.
    pub desired: Range,
    /// Pods that serve.
    pub ready: Range,
    /// Pods that wait for a node.
    pub pending: Range,
    /// Pods that are marked for deletion and cannot end.
    pub terminating: Range,
    /// Pods that are bound and wait for a volume.
    pub attaching: Range,
    /// Pods that are bound and cannot use a volume, as too few copies of it are up.
    pub starved: Range,
    /// What the scheduler says to those that wait for a node, in its own words.
    pub messages: BTreeSet<String>,
}

/// How the cluster may stand after an event, or after joined ones, once all is quiet.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Other events came at any moment after the one that it begins with.
    pub joined: bool,
    /// By position of the subject.
    pub workloads: Vec<WorkloadRanges>,
    /// What was seen of each in single states, by position of the subject.
    pub observed: Vec<Observed>,
    /// How many pods of each serve right after each of its events, at least, whatever happened
    /// before, by position of the subject; what was observed may tell more.
    pub holding: Vec<u32>,
    /// How many pods are on each node, by node.
    pub pods: Vec<Range>,
    /// How the nodes stand, which no order changes; one state of many.
    pub example: Placement,
    /// Some run comes to each end of the ranges; otherwise they are wider than need be.
    pub exact: bool,
    /// What the ranges rest on, or why they are wider than need be.
    pub doubts: BTreeSet<Doubt>,
    /// States that were seen.
    pub states: u64,
    /// In some run the cluster never comes to rest.
    pub restless: bool,
    /// What does not get on, in some run.
    pub stuck: BTreeSet<Stuck>,
}

/// A story that cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The position of the event, those that are joined being counted one by one.
    pub event: usize,
    /// Why.
    pub why: Impossible,
}

/// Where an event ends from one place of rest.
#[derive(Clone, Debug)]
pub struct Ends {
    /// The places of rest that were found.
    pub states: Vec<Placement>,
    /// These are all, and nothing they rest on is unknown.
    pub exact: bool,
    /// States that were seen.
    pub seen: u64,
}

/// What came before a stage is at rest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Past {
    /// How many events have happened.
    pub(crate) events: usize,
    /// How many of them belong to the stage.
    pub(crate) joined: usize,
    /// Volumes may have been made anew elsewhere since nodes were lost.
    pub(crate) rebuilt: bool,
}

/// Follows stories of one cluster.
pub struct Simulator<'c> {
    dynamics: Dynamics<'c>,
    subjects: Vec<Subject>,
    doubts: Doubts,
    settings: Settings,
}

impl<'c> Simulator<'c> {
    /// A simulator by the rules of `dynamics`.
    pub fn new(dynamics: Dynamics<'c>, settings: Settings) -> Self {
        let cluster = dynamics.cluster();
        Self { subjects: subjects(cluster), doubts: Doubts::new(cluster), dynamics, settings }
    }

    /// The rules.
    pub fn dynamics(&self) -> &Dynamics<'c> {
        &self.dynamics
    }

    /// Every workload, jobs included, in order of kind, namespace and name.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The cluster as it comes to rest before anything happens, and after each event, or each group
    /// of joined ones.
    ///
    /// # Errors
    /// An event that makes no sense where it stands. A joined one is judged as if it came at once.
    pub fn run(&self, story: &[Joined]) -> Result<Vec<Stage>, Refused> {
        let mut scratch = Scratch::default();
        let mut start = Placement::of(self.dynamics.cluster());
        self.dynamics.begin(&mut start);
        let mut envelope = Envelope::default();
        let (stage, mut from) =
            self.stage(vec![(start, None)], None, Past::default(), &mut envelope, &mut scratch);
        let mut stages = vec![stage];
        let mut past = Past::default();
        for joined in story {
            self.check(joined, &from[0].0, past.events)?;
            for (state, _) in &mut from {
                joined.first().apply(&self.dynamics, state);
            }
            past.joined = 1 + joined.others().len();
            past.events += past.joined;
            // All is quiet for long before each of the others, in some run.
            let mut before_last = joined.events().take(joined.others().len());
            past.rebuilt |= before_last.any(Event::takes_nodes);
            let (stage, rests) = self.stage(from, Some(joined), past, &mut envelope, &mut scratch);
            stages.push(stage);
            from = rests;
            past.rebuilt |= joined.events().any(Event::takes_nodes);
        }
        Ok(stages)
    }

    /// Every place of rest that an event leads to from one.
    ///
    /// # Errors
    /// An event that makes no sense there.
    pub fn ends(
        &self,
        from: &Placement,
        event: &Event,
        scratch: &mut Scratch,
    ) -> Result<Ends, Impossible> {
        event.check(&self.dynamics, from)?;
        let mut state = from.clone();
        event.apply(&self.dynamics, &mut state);
        let limits = self.limits();
        let mut search = Search::new(&self.dynamics, scratch, state.mark(), limits);
        search.follow(&mut state, None);
        let Rests { found, complete, states: seen, .. } = search.finish();
        let exact = complete && !found.is_empty() && self.doubts_of(&found, false).is_empty();
        let states = distinct(self.dynamics.cluster(), found).into_iter().map(|(it, _)| it);
        Ok(Ends { states: states.collect(), exact, seen })
    }

    /// How far a search goes: as far as memory allows in a large cluster.
    fn limits(&self) -> Limits {
        let pods = self.dynamics.cluster().pods().len().max(1);
        let rests = (PODS_KEPT / pods).clamp(1, RESTS_MAX);
        Limits { states: self.settings.states_per_set, rests }
    }

    /// Whether each of the events makes sense right after those before it; the first of them is the
    /// event of position `first`.
    fn check(&self, joined: &Joined, from: &Placement, first: usize) -> Result<(), Refused> {
        let mut state = from.clone();
        for (event, at) in joined.events().zip(first..) {
            let refused = |why| Refused { event: at, why };
            event.check(&self.dynamics, &state).map_err(refused)?;
            event.join(&self.dynamics, &mut state);
        }
        Ok(())
    }

    /// What is not known of places of rest.
    fn doubts_of(&self, rests: &[Rest], rebuilt: bool) -> BTreeSet<Doubt> {
        let mut doubts: BTreeSet<Doubt> = rests.iter().filter_map(|(_, doubt)| *doubt).collect();
        for (state, _) in rests {
            doubts.extend(self.doubts.of_state(&self.dynamics, state, rebuilt));
        }
        doubts
    }

    /// Follows all states to rest, right after the first of the `joined` events, while the others
    /// come.
    fn stage(
        &self,
        mut states: Vec<Rest>,
        joined: Option<&Joined>,
        past: Past,
        envelope: &mut Envelope,
        scratch: &mut Scratch,
    ) -> (Stage, Vec<Rest>) {
        let cluster = self.dynamics.cluster();
        let others = joined.map_or(&[][..], Joined::others);
        let rebuilt = past.rebuilt;
        let Rests { found, complete, coarse, endless, states: seen, mut observed } =
            self.follow(&mut states, others, rebuilt, scratch);
        let mut widest = envelope.clone();
        widest.begin_stage(cluster, &states);
        for (state, _) in &mut states {
            widest.widen(&self.dynamics, &self.doubts, state, joined, rebuilt, scratch);
        }
        let holding = widest.holding(&self.dynamics, &self.subjects, !others.is_empty());
        let mut rests = distinct(cluster, found);
        let restless = rests.is_empty();
        if restless {
            rests = states;
            rests.truncate(1);
        }
        let mut doubts = self.doubts_of(&rests, rebuilt);
        if !complete {
            doubts.insert(match (coarse, endless) {
                (true, _) => Doubt::Choices,
                (_, true) => Doubt::Endless,
                _ => Doubt::Budget,
            });
        }
        // Both what such a controller does and what it does not do was followed.
        let known = doubts.iter().all(|doubt| *doubt == Doubt::CustomController);
        let exact = complete && known && !restless && envelope.is_empty();
        if !exact {
            *envelope = widest;
        }
        for (observed, subject) in observed.iter_mut().zip(&self.subjects) {
            observed.settle(subject, &rests);
        }
        let mut stage = Stage {
            joined: !others.is_empty(),
            observed,
            holding,
            workloads: self
                .subjects
                .iter()
                .map(|subject| ranges(&self.dynamics, subject, &rests))
                .collect(),
            pods: cluster.node_ids().map(|node| pods(node, &rests)).collect(),
            example: rests[0].0.clone(),
            exact,
            doubts,
            states: seen,
            restless,
            stuck: rests.iter().flat_map(|(state, _)| stuck::of(&self.dynamics, state)).collect(),
        };
        self.add_messages(&mut stage, &rests);
        if !exact {
            envelope.stretch(&self.dynamics, &self.subjects, &mut stage, past);
        }
        (stage, rests)
    }

    /// Follows all states, right after an event, to rest, while the `joined` ones come, and looks
    /// at the moments at which they do.
    fn follow(
        &self,
        states: &mut [Rest],
        joined: &[Event],
        rebuilt: bool,
        scratch: &mut Scratch,
    ) -> Rests {
        let limits = self.limits();
        let mut observer = Observer::new(&self.dynamics, &self.subjects, &self.doubts, rebuilt);
        for (state, doubt) in &*states {
            observer.see(state, doubt.is_none(), &[]);
        }
        let search = Search::new(&self.dynamics, scratch, Mark::default(), limits);
        let mut search = search.joined(joined, observer);
        for (state, doubt) in states {
            search.follow(state, *doubt);
        }
        search.finish()
    }

    /// What the scheduler says to pods that wait, in each state; nothing where it does not act.
    fn add_messages(&self, stage: &mut Stage, rests: &[Rest]) {
        let control_plane = self.dynamics.control_plane();
        for (state, _) in rests.iter().filter(|(state, _)| control_plane.acts(state)) {
            let mut known: BTreeMap<_, String> = BTreeMap::new();
            for &pod in state.pending() {
                let instance = state.instance(pod);
                let Some(at) =
                    self.subjects.iter().position(|s| s.members.contains(&instance.workload))
                else {
                    continue;
                };
                let kind = (instance.class, instance.workload, instance.nominated);
                let text = known.entry(kind).or_insert_with(|| {
                    let decision = self.dynamics.scheduler().decide(state, pod);
                    let cluster = self.dynamics.cluster();
                    let gates = cluster.spec_of(instance.class).gates.iter();
                    let gates: Vec<&str> = gates.map(|gate| cluster.text(*gate)).collect();
                    message::of(Words::of(cluster), &decision, &gates).unwrap_or_default()
                });
                if !text.is_empty() {
                    stage.workloads[at].messages.insert(text.clone());
                }
            }
        }
    }
}

/// Every workload that people know, with everything that makes its pods.
fn subjects(cluster: &Cluster) -> Vec<Subject> {
    let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for id in cluster.workload_ids() {
        members.entry(cluster.root(id)).or_default().push(id);
    }
    let mut subjects: Vec<Subject> =
        members.into_iter().map(|(root, members)| Subject { root, members }).collect();
    subjects.sort_by_key(|subject| {
        let workload = cluster.workload(subject.root);
        let text = |symbol| cluster.text(symbol).to_owned();
        (workload.kind, text(workload.namespace), text(workload.name))
    });
    subjects
}

/// The states, those that nothing can tell apart once.
fn distinct(cluster: &Cluster, found: Vec<Rest>) -> Vec<Rest> {
    let mut seen = BTreeMap::new();
    let mut kept: Vec<Rest> = Vec::new();
    for (state, doubt) in found {
        match seen.entry(canonical(cluster, &state, Mark::default(), false)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push((state, doubt));
            }
            // The way to come there that rests on least is enough.
            std::collections::btree_map::Entry::Occupied(entry) => {
                let known = &mut kept[*entry.get()].1;
                let least = |(known, doubt)| match known {
                    Doubt::CustomController => known,
                    _ => doubt,
                };
                *known = known.zip(doubt).map(least);
            }
        }
    }
    kept
}

fn ranges(dynamics: &Dynamics<'_>, subject: &Subject, rests: &[Rest]) -> WorkloadRanges {
    let cluster = dynamics.cluster();
    let over =
        |count: &dyn Fn(&Placement) -> u32| range(rests.iter().map(|(state, _)| count(state)));
    let attaching = |state: &Placement| {
        let own = state
            .attaching()
            .iter()
            .filter(|pod| subject.members.contains(&state.instance(**pod).workload));
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    };
    let starved = |state: &Placement| {
        let all = dynamics.storage().starved(state);
        let own = all.filter(|id| subject.members.contains(&state.instance(*id).workload));
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    };
    let desired = |state: &Placement| {
        let workload = cluster.workload(subject.root);
        if follows_nodes(workload.kind) {
            // Those on nodes that nobody hears are still wanted.
            let of = |id| {
                let doubles = daemon_set::doubles(state, id);
                state.tally(id).active.saturating_sub(u32::try_from(doubles).unwrap_or(u32::MAX))
            };
            return subject.members.iter().map(|id| of(*id)).sum();
        }
        subject.desired(cluster, state)
    };
    WorkloadRanges {
        desired: over(&desired),
        ready: over(&|state| subject.ready(state)),
        pending: over(&|state| subject.pending(state)),
        terminating: over(&|state| subject.terminating(state)),
        attaching: over(&attaching),
        starved: over(&starved),
        messages: BTreeSet::new(),
    }
}

fn pods(node: NodeId, rests: &[Rest]) -> Range {
    let count = |(state, _): &Rest| u32::try_from(state.node(node).pods.len()).unwrap_or(u32::MAX);
    range(rests.iter().map(count))
}

fn range(counts: impl Iterator<Item = u32>) -> Range {
    let mut all = Range { min: u32::MAX, max: 0 };
    for count in counts {
        all = Range { min: all.min.min(count), max: all.max.max(count) };
    }
    all
}
