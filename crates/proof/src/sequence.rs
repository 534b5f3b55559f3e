//! What holds of workloads through events that come one after another, each once all is quiet.
//!
//! A [`Simulator`] follows the events to every place of rest. A claim is PROVED where it holds over
//! the whole of a range that is wide enough for whatever may happen, REFUTED where it fails in a
//! state that some run surely comes to, and else UNKNOWN.

use std::collections::BTreeMap;

use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::{Cluster, NodeId, Placement, WorkloadId};
use holdfast_failover::{Dynamics, Event, Joined};

use crate::prover::Settings;
use crate::simulation::{Refused, Simulator, Stage};
use crate::subject::{Subject, Subjects, follows_nodes};
use crate::symmetry::Symmetry;
use crate::verdict::{Doubt, Ground, Verdict};

/// What a sequence does to one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Pods that are wanted before anything happens, and that serve.
    pub today: (u32, u32),
    /// Whether at least one pod serves today and right after each event.
    pub immediately: Verdict,
    /// The fewest pods that were seen to serve then.
    pub ready_at_once: u32,
    /// After how many events that is not so, or not known to be so.
    pub none_after: Option<usize>,
    /// Whether as many pods as are wanted serve once all is quiet after the last event.
    pub recovered: Verdict,
    /// After how many events fewer serve, or nobody knows, and still so at the end.
    pub short_since: Option<usize>,
    /// The fewest pods that were seen to serve at the end.
    pub ready: u32,
    /// How many are wanted at the end.
    pub desired: u32,
    /// What the scheduler says at the end to pods that wait.
    pub messages: Vec<String>,
}

/// Follows sequences of one cluster.
pub struct Sequencer<'c> {
    simulator: Simulator<'c>,
    subjects: Subjects,
    /// Where the simulator has each subject, by position.
    at: Vec<usize>,
    lost: Option<InputKind>,
}

/// What is known of the stages so far.
struct Trust {
    /// In some run the cluster never came to rest.
    restless: bool,
    /// Or none was found, as the search was cut short.
    cut_short: bool,
    /// Nothing that a state rests on is unknown, but for what its own doubt says.
    clean: bool,
}

impl<'c> Sequencer<'c> {
    /// A sequencer by the rules of `dynamics`.
    pub fn new(dynamics: Dynamics<'c>, settings: Settings) -> Self {
        let cluster = dynamics.cluster();
        let subjects = Subjects::of(cluster, &Placement::of(cluster));
        let simulator = Simulator::new(dynamics, settings);
        let by_root: BTreeMap<WorkloadId, usize> =
            simulator.subjects().iter().enumerate().map(|(at, one)| (one.root, at)).collect();
        let at = subjects.subjects.iter().map(|subject| by_root[&subject.root]).collect();
        let coverage = &cluster.objects().coverage;
        let lost =
            [InputKind::Node, InputKind::Pod].into_iter().find(|kind| coverage.has_lost(*kind));
        Self { simulator, subjects, at, lost }
    }

    /// The rules.
    pub fn dynamics(&self) -> &Dynamics<'c> {
        self.simulator.dynamics()
    }

    /// The workloads.
    pub fn subjects(&self) -> &Subjects {
        &self.subjects
    }

    /// What the events do to each subject, by position, and the states that were seen.
    ///
    /// # Errors
    /// An event that makes no sense where it stands.
    pub fn follow(&self, events: &[Joined]) -> Result<(Vec<Course>, u64), Refused> {
        let stages = self.stages(events)?;
        Ok((self.courses(&stages), stages.iter().map(|stage| stage.states).sum()))
    }

    /// How the cluster may stand before anything happens, and after each event.
    ///
    /// # Errors
    /// An event that makes no sense where it stands.
    pub fn stages(&self, events: &[Joined]) -> Result<Vec<Stage>, Refused> {
        self.simulator.run(events)
    }

    /// What the events that led to the last of some stages do to each subject, by position.
    pub fn courses(&self, stages: &[Stage]) -> Vec<Course> {
        (0..self.at.len()).map(|position| self.course(position, stages)).collect()
    }

    fn course(&self, position: usize, stages: &[Stage]) -> Course {
        let subject = &self.subjects.subjects[position];
        let at = self.at[position];
        let trust: Vec<Trust> = (0..stages.len()).map(|last| Trust::of(&stages[..=last])).collect();
        let at_once: Vec<(Verdict, u32)> =
            (0..stages.len()).map(|stage| self.at_once(at, stages, &trust, stage)).collect();
        let at_rest: Vec<Verdict> = (0..stages.len())
            .map(|stage| self.at_rest(subject, at, stages, &trust[stage], stage))
            .collect();
        let (mut none_after, mut immediately) = (None, at_once[0].0.clone());
        for (after, (verdict, _)) in at_once.iter().enumerate() {
            if !holds(verdict) && (after == 0 || verdict.is_worse_than(&immediately)) {
                none_after = Some(after);
            }
            if verdict.is_worse_than(&immediately) {
                immediately = verdict.clone();
            }
        }
        let last = stages.len() - 1;
        let recovered = at_rest[last].clone();
        let since = || (0..=last).rev().take_while(|stage| !holds(&at_rest[*stage])).last();
        let ranges = &stages[last].workloads[at];
        Course {
            today: (self.wanted(subject, at, stages, 0).1, stages[0].workloads[at].ready.min),
            immediately,
            ready_at_once: at_once.iter().map(|(_, ready)| *ready).min().unwrap_or(0),
            none_after,
            short_since: since(),
            recovered,
            ready: stages[last].observed[at].surely.map_or(ranges.ready.min, |sure| sure.min),
            desired: self.wanted(subject, at, stages, last).1,
            messages: ranges.messages.iter().cloned().collect(),
        }
    }

    /// Whether at least one pod serves right after the event of a stage, or today; and the fewest
    /// that were seen to.
    fn at_once(
        &self,
        at: usize,
        stages: &[Stage],
        trust: &[Trust],
        stage: usize,
    ) -> (Verdict, u32) {
        let observed = &stages[stage].observed[at];
        let ready = &stages[stage].workloads[at].ready;
        let Some(before) = stage.checked_sub(1) else {
            let sure = observed.surely.filter(|_| trust[0].clean);
            let range = (ready.min, stages[0].exact.then_some(ready.max));
            return (
                self.judge(&stages[..1], &trust[0], range, sure.map(|it| it.min), 1),
                ready.min,
            );
        };
        let sure = observed.surely_at_once.filter(|_| trust[before].clean);
        // At which moments joined events come is known where all of these are.
        let since = if stages[stage].joined { stage } else { before };
        let range = if stages[since].exact {
            (observed.at_once.min, Some(observed.at_once.max))
        } else {
            (stages[stage].holding[at], None)
        };
        let doubts = &stages[..=since];
        let verdict = self.judge(doubts, &trust[before], range, sure.map(|it| it.min), 1);
        let verdict = match verdict {
            // All states are known: only volumes are left to doubt.
            Verdict::Unknown(Doubt::Unsettled) if !trust[before].restless => {
                Verdict::Unknown(Doubt::VolumeCopies)
            }
            verdict => verdict,
        };
        (verdict, observed.at_once.min)
    }

    /// Whether as many pods as are wanted serve once all is quiet.
    fn at_rest(
        &self,
        subject: &Subject,
        at: usize,
        stages: &[Stage],
        trust: &Trust,
        stage: usize,
    ) -> Verdict {
        let ready = stages[stage].workloads[at].ready;
        let (fewest, most) = self.wanted(subject, at, stages, stage);
        let sure = stages[stage].observed[at].surely.filter(|_| trust.clean);
        let short = sure.map(|sure| sure.min).filter(|ready| *ready < fewest);
        let range = (ready.min, stages[stage].exact.then_some(ready.max));
        if short.is_some() {
            return self.judge(&stages[..=stage], trust, range, short, fewest);
        }
        let always = range.1.filter(|most| *most < fewest);
        self.judge(&stages[..=stage], trust, (range.0, always), None, most)
    }

    /// PROVED where at least `least` of a range serves as `needed`, REFUTED where a state that is
    /// sure, or every state there is, falls short of it.
    fn judge(
        &self,
        stages: &[Stage],
        trust: &Trust,
        (least, most): (u32, Option<u32>),
        sure: Option<u32>,
        needed: u32,
    ) -> Verdict {
        let exact = stages.last().is_some_and(|stage| stage.exact);
        let doubts = stages.iter().rev().flat_map(|stage| stage.doubts.iter().copied());
        match self.lost {
            Some(kind) => Verdict::Unknown(Doubt::Lost(kind)),
            None if trust.restless => {
                Verdict::Unknown(if trust.cut_short { Doubt::Budget } else { Doubt::Unsettled })
            }
            None if least >= needed => {
                Verdict::Proved(if exact { Ground::Explored } else { Ground::Bound })
            }
            None if sure.is_some_and(|ready| ready < needed) => Verdict::Refuted,
            None if most.is_some_and(|ready| ready < needed) => Verdict::Refuted,
            None => Verdict::Unknown(doubts.into_iter().next().unwrap_or(Doubt::Unsettled)),
        }
    }

    /// How many pods are wanted at a stage, at least and at most, over all its states.
    fn wanted(&self, subject: &Subject, at: usize, stages: &[Stage], stage: usize) -> (u32, u32) {
        let cluster = self.dynamics().cluster();
        if !follows_nodes(cluster.workload(subject.root).kind) {
            let desired = stages[stage].workloads[at].desired;
            return (desired.min, desired.max);
        }
        wanted_through(cluster, subject, &stages[0].example, &stages[stage].example)
    }
}

/// How many pods of a workload are wanted where a story that began at `start` has come to, at least
/// and at most: of what follows the nodes as many as the nodes had that are heard now, else what
/// was asked for.
pub(crate) fn wanted_through(
    cluster: &Cluster,
    subject: &Subject,
    start: &Placement,
    now: &Placement,
) -> (u32, u32) {
    // Nodes that come back may want more than they had.
    let after = subject.desired(cluster, now);
    if !follows_nodes(cluster.workload(subject.root).kind) {
        return (after, after);
    }
    let heard = |node: NodeId| now.node(node).exists && now.node(node).reachable;
    let own = start.instances().iter().filter(|it| subject.members.contains(&it.workload));
    let wanted = own.filter(|instance| {
        let stays = |node| heard(node) && !instance.terminating;
        instance.is_pending() || instance.node().is_some_and(stays)
    });
    let before = u32::try_from(wanted.count()).unwrap_or(u32::MAX);
    (before.min(after), before.max(after))
}

impl Trust {
    fn of(stages: &[Stage]) -> Self {
        // What cuts a search short leaves what it found, and what an unknown controller may do
        // marks the states that rest on it.
        let harmless = |doubt: &Doubt| {
            matches!(
                doubt,
                Doubt::CustomController | Doubt::Budget | Doubt::Choices | Doubt::Endless
            )
        };
        let restless = stages.iter().any(|stage| stage.restless);
        let clean = stages.iter().all(|stage| stage.doubts.iter().all(harmless));
        let cut = |stage: &Stage| stage.restless && stage.doubts.contains(&Doubt::Budget);
        let cut_short = stages.iter().filter(|stage| stage.restless).all(cut);
        Self { restless, cut_short, clean: clean && !restless }
    }
}

fn holds(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Proved(_))
}

/// For each order of events the position of the first that nothing can tell apart from it, which
/// may be itself: nodes of one class fail one after another in both.
pub fn alike(symmetry: &Symmetry, events: &[Joined], orders: &[Vec<usize>]) -> Vec<usize> {
    let nodes = |event: &Joined| match (event.first(), event.others()) {
        (Event::Fail(nodes), []) => Some(nodes.clone()),
        _ => None,
    };
    let mut named: Vec<NodeId> = events.iter().filter_map(nodes).flatten().collect();
    let all = named.len();
    named.sort_unstable();
    named.dedup();
    let is_known = named.len() == all;
    // Events of other kinds are alike to none but themselves.
    let sort = |at: &usize| {
        let nodes = nodes(&events[*at]).filter(|_| is_known).ok_or(*at)?;
        let mut classes: Vec<usize> = nodes.iter().map(|node| symmetry.class(*node)).collect();
        classes.sort_unstable();
        Ok::<_, usize>(classes)
    };
    let mut first = BTreeMap::new();
    let alike = orders.iter().enumerate().map(|(at, order)| {
        let sorts: Vec<_> = order.iter().map(sort).collect();
        *first.entry(sorts).or_insert(at)
    });
    alike.collect()
}

/// Every order of so many things, in lexical order.
pub fn orders(of: usize) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for _ in 0..of {
        let longer = |order: &Vec<usize>| {
            let next = (0..of).filter(|at| !order.contains(at)).collect::<Vec<usize>>();
            let order = order.clone();
            next.into_iter().map(move |at| [order.as_slice(), &[at]].concat())
        };
        found = found.iter().flat_map(longer).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_all_and_in_order() {
        assert_eq!(orders(0), [Vec::<usize>::new()]);
        let three: [[usize; 3]; 6] =
            [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        assert_eq!(orders(3), three);
        assert_eq!(orders(5).len(), 120);
    }
}
