//! Joined events, against the plainest reading of them: the second happens in every state that the
//! first can lead to, one after the other, and from each of these every run is followed.
//!
//! Nothing is left out here because nobody could notice it: no step comes first, no states are
//! merged but those that are the same to the last bit, and every pod starts in a step of its own.

use std::collections::BTreeMap;

use holdfast_cluster::placement::{NodeUse, Target};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, NodeId, Placement, PodId, WorkloadId};
use holdfast_failover::{Dynamics, Event, Joined};
use holdfast_proof::outcome::key;
use holdfast_proof::simulation::{Range, Stage, WorkloadRanges};
use holdfast_proof::{Settings, Simulator, Subject};
use holdfast_scheduler::Scratch;
use indexmap::IndexMap;
use proptest::test_runner::TestCaseError;

use crate::check::read;
use crate::plan::Plan;
use crate::render;

/// States that are followed before a cluster is given up.
const STATES: usize = 4_000;

/// What became of the clusters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The ranges were exact, and the same.
    pub(crate) same: u64,
    /// They were wider, and contained what can happen.
    pub(crate) wider: u64,
    /// The second event comes to something else once all is quiet after the first.
    pub(crate) telling: u64,
    /// The fewest that serve right after one of the events, of each workload, are told exactly.
    pub(crate) seen: u64,
    /// There were too many states.
    pub(crate) too_large: u64,
}

/// Two events, chosen by number.
pub(crate) fn check(
    plan: &Plan,
    (first, second): (usize, usize),
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let (cluster, deployment) = prepared(plan);
    let (Some(first), Some(second)) =
        (event(plan, deployment, first, plan.pair.0), event(plan, deployment, second, plan.pair.1))
    else {
        return Ok(());
    };
    let simulator = Simulator::new(Dynamics::new(&cluster), settings(20_000));
    let joined = Joined::from(first.clone()).and(second.clone());
    let Ok(stages) = simulator.run(std::slice::from_ref(&joined)) else { return Ok(()) };
    let brute = Brute { dynamics: simulator.dynamics(), cluster: &cluster };
    let story = [Joined::from(first.clone()), Joined::from(second.clone())];
    let (Some(told), Some(in_turn)) =
        (brute.follow(std::slice::from_ref(&joined)), brute.follow(&story))
    else {
        tally.too_large += 1;
        return Ok(());
    };
    let at_once = AtOnce::of(&simulator, &told.at_once[1]);
    tally.seen += u64::from(at_once.compare(&stages, &joined)?);
    let in_turn = Truth::of(&simulator, &in_turn.ends);
    let truth = Truth::of(&simulator, &told.ends);
    let told = &stages[1];
    if told.exact {
        tally.same += 1;
    } else {
        tally.wider += 1;
    }
    truth.compare(&simulator, told, "joined", &joined)?;
    for states in [1, 7, 60] {
        let narrow = Simulator::new(Dynamics::new(&cluster), settings(states));
        if let Ok(stages) = narrow.run(std::slice::from_ref(&joined)) {
            at_once.compare(&stages, &joined)?;
            truth.compare(&narrow, &stages[1], "joined", &joined)?;
        }
        if let Ok(stages) = narrow.run(&story) {
            in_turn.compare(&narrow, &stages[2], "in turn", &joined)?;
        }
    }
    if let Ok(stages) = simulator.run(&story) {
        in_turn.compare(&simulator, &stages[2], "in turn", &joined)?;
        let differs = truth.0.0 != in_turn.0.0;
        tally.telling += u64::from(told.exact && stages[2].exact && differs);
    }
    Ok(())
}

/// The cluster, with pods for two rollouts of its Deployment, if it has one that rolls out.
pub(crate) fn prepared(plan: &Plan) -> (Cluster, Option<WorkloadId>) {
    let cluster = read(&render::objects(plan));
    let deployment = cluster
        .workload_ids()
        .find(|id| cluster.workload(*id).kind == WorkloadKind::Deployment)
        .filter(|id| cluster.workload(*id).strategy.is_some());
    let rollouts: BTreeMap<WorkloadId, u32> = deployment.into_iter().map(|id| (id, 2)).collect();
    (cluster.with_rollouts(&rollouts), deployment)
}

fn settings(states: usize) -> Settings {
    Settings { states_per_set: states, ..Settings::default() }
}

/// An event by number, about a node or a Deployment.
pub(crate) fn event(
    plan: &Plan,
    deployment: Option<WorkloadId>,
    kind: usize,
    at: usize,
) -> Option<Event> {
    let node = |at: usize| vec![NodeId(u32::try_from(at % plan.nodes.len()).expect("few nodes"))];
    Some(match kind {
        0 => Event::Fail(node(at)),
        1 => Event::Drain(node(at)),
        2 => Event::Rollout(deployment?),
        3 => Event::Scale(deployment?, 1),
        4 => Event::Scale(deployment?, 3),
        5 => Event::Recover(node(plan.pair.0)),
        6 => Event::Delete(node(at)),
        7 => Event::DeletePod(PodId(0)),
        8 => Event::Drain(node(at + 1)),
        _ => Event::Fail((0..plan.nodes.len()).filter(|one| one % 2 == 0).flat_map(node).collect()),
    })
}

/// Every range that a stage tells: of workloads, then of nodes.
struct Ranges(Vec<[Range; 3]>, Vec<Range>);

impl Ranges {
    fn of(stage: &Stage) -> Self {
        let of = |w: &WorkloadRanges| [w.ready, w.pending, w.terminating];
        Self(stage.workloads.iter().map(of).collect(), stage.pods.clone())
    }
}

/// What the brute force comes to.
struct Truth(Ranges);

impl Truth {
    fn of(simulator: &Simulator<'_>, ends: &[Placement]) -> Self {
        let over = |count: &dyn Fn(&Placement) -> u32| {
            let counts: Vec<u32> = ends.iter().map(count).collect();
            let (min, max) = (counts.iter().min(), counts.iter().max());
            Range { min: min.copied().unwrap_or(0), max: max.copied().unwrap_or(0) }
        };
        let workloads = simulator.subjects().iter().map(|subject| {
            [
                over(&|end| subject.ready(end)),
                over(&|end| subject.pending(end)),
                over(&|end| subject.terminating(end)),
            ]
        });
        let nodes = simulator.dynamics().cluster().node_ids();
        let pods = nodes.map(|node| over(&|end| end.node(node).pods.len() as u32));
        Self(Ranges(workloads.collect(), pods.collect()))
    }

    fn compare(
        &self,
        simulator: &Simulator<'_>,
        stage: &Stage,
        how: &str,
        joined: &Joined,
    ) -> Result<(), TestCaseError> {
        let told = Ranges::of(stage);
        let of_workloads = self.0.0.iter().zip(&told.0);
        let workloads = of_workloads.flat_map(|(truth, told)| truth.iter().zip(told));
        for (at, (truth, told)) in workloads.chain(self.0.1.iter().zip(&told.1)).enumerate() {
            let holds = if stage.exact {
                truth == told
            } else {
                told.min <= truth.min && truth.max <= told.max
            };
            if !holds {
                let subjects: Vec<String> = simulator
                    .subjects()
                    .iter()
                    .map(|subject| key(simulator.dynamics().cluster(), subject))
                    .collect();
                return Err(TestCaseError::fail(format!(
                    "{how} {joined:?}, number {at} of {subjects:?}: {told:?} told, {truth:?} is \
                     so, exact {}, {:?}, {} states",
                    stage.exact, stage.doubts, stage.states
                )));
            }
        }
        Ok(())
    }
}

/// The fewest pods of each workload that serve right after one of the events.
struct AtOnce(Vec<u32>);

impl AtOnce {
    fn of(simulator: &Simulator<'_>, moments: &[Placement]) -> Self {
        let least = |subject: &Subject| moments.iter().map(|state| subject.ready(state)).min();
        let all = simulator.subjects().iter();
        Self(all.map(|subject| least(subject).expect("an event came")).collect())
    }

    /// Whether the same is told; no fewer where it is exact, nor more where it is sure.
    fn compare(&self, stages: &[Stage], joined: &Joined) -> Result<bool, TestCaseError> {
        let stage = &stages[1];
        let mut same = stage.exact;
        for (at, (truth, told)) in self.0.iter().zip(&stage.observed).enumerate() {
            let sure = told.surely_at_once.filter(|_| !stages[0].restless);
            let more = sure.is_some_and(|sure| sure.min < *truth);
            if more || stage.exact && told.at_once.min > *truth {
                return Err(TestCaseError::fail(format!(
                    "right after {joined:?}, number {at}: {told:?} told, {truth} is so, exact {}",
                    stage.exact
                )));
            }
            same &= told.at_once.min == *truth;
        }
        Ok(same)
    }
}

/// Follows every run, in the plainest way.
pub(crate) struct Brute<'b, 'c> {
    pub(crate) dynamics: &'b Dynamics<'c>,
    pub(crate) cluster: &'b Cluster,
}

/// All that may come of a story.
pub(crate) struct Told {
    /// Places of rest before anything happens, and all states right after an event, by stage.
    pub(crate) at_once: Vec<Vec<Placement>>,
    /// Places of rest after the last event.
    pub(crate) ends: Vec<Placement>,
}

/// All that two states may differ in, and what budgets allowed when an event came.
type Key = (Vec<Instance>, Vec<NodeUse>, Vec<Target>, Vec<i64>);

impl Brute<'_, '_> {
    /// All that may come of a story; `None` where it is too much.
    pub(crate) fn follow(&self, story: &[Joined]) -> Option<Told> {
        let mut start = Placement::of(self.cluster);
        self.dynamics.begin(&mut start);
        let mut quiet = self.explore(vec![start], false)?.1;
        let mut at_once = vec![quiet.clone()];
        for joined in story {
            for state in &mut quiet {
                joined.first().apply(self.dynamics, state);
            }
            let (mut moments, mut now) = (quiet.clone(), quiet);
            for event in joined.others() {
                now = self.explore(now, true)?.0;
                for state in &mut now {
                    event.join(self.dynamics, state);
                }
                moments.extend(now.iter().cloned());
            }
            at_once.push(moments);
            quiet = self.explore(now, false)?.1;
        }
        Some(Told { at_once, ends: quiet })
    }

    /// All states that can be reached from these, and those of them that are quiet. With `slow` a
    /// pod starts some time after it is bound.
    fn explore(
        &self,
        from: Vec<Placement>,
        slow: bool,
    ) -> Option<(Vec<Placement>, Vec<Placement>)> {
        let mut all: IndexMap<Key, Placement> = IndexMap::new();
        let mut quiet: IndexMap<Key, Placement> = IndexMap::new();
        let mut scratch = Scratch::default();
        for start in from {
            // Whatever comes may come to notice anything.
            let situation = self.dynamics.situation_awaiting(&start, &[Event::Heal]);
            let mut open = vec![start];
            while let Some(mut state) = open.pop() {
                let key = self.key(&state, &situation.allowed);
                if all.contains_key(&key) {
                    continue;
                }
                all.insert(key.clone(), state.clone());
                if all.len() > STATES || state.instances().len() > 40 {
                    return None;
                }
                let steps = self.dynamics.steps(&mut state, &situation, &mut scratch);
                if steps.coarse {
                    return None;
                }
                if steps.sure.is_empty() {
                    quiet.insert(key, state.clone());
                }
                for step in steps.sure.iter().chain(&steps.possible) {
                    let mut next = state.clone();
                    if slow {
                        self.dynamics.apply_unstarted(&mut next, step);
                    } else {
                        self.dynamics.apply(&mut next, step);
                    }
                    open.push(next);
                }
            }
        }
        let values = |states: IndexMap<Key, Placement>| states.into_values().collect();
        Some((values(all), values(quiet)))
    }

    fn key(&self, state: &Placement, allowed: &[i64]) -> Key {
        let targets = self.cluster.workload_ids().map(|id| state.target(id)).collect();
        (state.instances().to_vec(), state.nodes().to_vec(), targets, allowed.to_vec())
    }
}
