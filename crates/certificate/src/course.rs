//! Events that come one after another, each once all is quiet, joined ones at any moment after the
//! one before.
//!
//! For each place of rest where the cluster may be when an event comes all states are listed that
//! may follow ([`crate::closed`]), those before the next of joined events and those after it. Their
//! quiet states are the places of rest before the next event. So every run through the events
//! passes listed states alone: a pod serves right after an event where one does in each of the
//! states that it makes of those in which it may come, and enough serve in the end where they do
//! in each of the last.
//!
//! A pod that is bound may take any time to start until the last of joined events has come. Where
//! nobody notices when it does no state tells, and it counts as not serving right after an event.
//!
//! More is left open than set by set: wherever anything is not known of a pod that waits, or of
//! volumes that are kept on the nodes, nothing of the course is proved.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Instance, InstanceId, NodeId, Placement};
use holdfast_failover::{Event, Joined, Phases};
use holdfast_scheduler::Scratch;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::case::Checked;
use crate::claims::Subject;
use crate::closed::{Look, Shown, Walk};
use crate::flaw::{Broken, ClaimName};
use crate::format::{Claim, Passage, Run, State};
use crate::reader::Reader;
use crate::run::{Bases, Replay};
use crate::state::{self, Key};

/// The places of rest that nothing can tell apart once, in their order.
type Rests = IndexMap<Key, Placement, FxBuildHasher>;

/// One sequence.
pub(crate) struct Through<'r, 'c> {
    pub(crate) reader: &'r Reader<'c>,
    pub(crate) events: &'r [Joined],
}

/// Whoever walks over the states after an event.
struct Looking<'l, 'r, 'c> {
    through: &'l Through<'r, 'c>,
    rebuilt: bool,
    /// The quiet states.
    next: &'l mut Rests,
    /// What is wrong at a moment at which one of joined events comes.
    wrong: Checked,
}

impl Look for Looking<'_, '_, '_> {
    fn state(&mut self, shown: Shown<'_>) -> Result<(), Broken> {
        if !self.through.is_known(shown.placement, self.rebuilt) {
            return Err(Broken::NotKnown);
        }
        if shown.comes_again {
            return Err(Broken::NoRest);
        }
        if shown.is_quiet() {
            let cluster = self.through.reader.cluster();
            let key = state::key(cluster, shown.placement, Mark::default());
            self.next.entry(key).or_insert_with(|| shown.placement.clone());
        }
        Ok(())
    }

    fn moment(&mut self, placement: &Placement, unsure: &[InstanceId]) -> Result<(), Broken> {
        self.wrong = self.through.check_at_once(placement, unsure);
        self.wrong.clone().map_err(|(_, what)| what)
    }
}

impl Through<'_, '_> {
    /// Whether all that is proved follows from the states listed by event and place of rest.
    pub(crate) fn check(&self, stages: &[Vec<Vec<State>>], scratch: &mut Scratch) -> Checked {
        if stages.len() != self.events.len() {
            return Err((None, Broken::Order(stages.len())));
        }
        let starts = &self.reader.starts;
        let mut rests: Vec<Placement> = starts.iter().map(|it| it.placement.clone()).collect();
        for rest in &rests {
            self.check_at_once(rest, &[])?;
        }
        for (at, (event, lists)) in self.events.iter().zip(stages).enumerate() {
            if lists.len() != rests.len() {
                return Err((None, Broken::Order(at)));
            }
            let mut next = Rests::default();
            for (mut rest, states) in rests.into_iter().zip(lists) {
                self.happen(event, &mut rest).map_err(|what| (None, what))?;
                self.check_at_once(&rest, &[])?;
                self.walk(&mut rest, (at, states), &mut next, scratch)?;
            }
            rests = next.into_values().collect();
        }
        rests.iter().try_for_each(|rest| self.check_end(rest))
    }

    /// Lets an event happen where the cluster is at rest, the first of joined ones. Each of the
    /// others must make sense right after it.
    fn happen(&self, joined: &Joined, rest: &mut Placement) -> Result<(), Broken> {
        let dynamics = &self.reader.dynamics;
        let check =
            |event: &Event, at: &Placement| event.check(dynamics, at).map_err(|_| Broken::NotKnown);
        check(joined.first(), rest)?;
        joined.first().apply(dynamics, rest);
        let mark = rest.mark();
        let checked = joined.others().iter().try_for_each(|event| {
            check(event, rest)?;
            event.join(dynamics, rest);
            Ok(())
        });
        rest.revert(self.reader.cluster(), mark);
        checked
    }

    /// Walks over all states after an event, and keeps the quiet ones.
    fn walk(
        &self,
        placement: &mut Placement,
        (event, states): (usize, &[State]),
        next: &mut Rests,
        scratch: &mut Scratch,
    ) -> Checked {
        let Reader { dynamics, moves, .. } = self.reader;
        let joined = self.events[event].others();
        let walk = Walk::since(dynamics, placement, joined, moves, scratch);
        let rebuilt = self.rebuilt(event);
        let mut looking = Looking { through: self, rebuilt, next, wrong: Ok(()) };
        let walked = walk.check(placement, states, &mut looking);
        looking.wrong?;
        walked.map_err(|what| (None, what))
    }

    /// Whether all is known of the pods that wait and of volumes that are kept on the nodes.
    fn is_known(&self, placement: &Placement, rebuilt: bool) -> bool {
        let (cluster, unknown) = (self.reader.cluster(), &self.reader.unknown);
        let mut waiting = placement.pending().iter();
        let is_open = |pod: &_| {
            let spec = cluster.spec_of(placement.instance(*pod).class);
            unknown.of_pod(cluster, placement, *pod).is_open || unknown.scores_of(spec)
        };
        !waiting.any(is_open) && self.has_volumes(placement, rebuilt)
    }

    /// Whether it is known which volumes that are kept on the nodes can be used: where nodes were
    /// lost before, new copies may have been made elsewhere.
    fn has_volumes(&self, placement: &Placement, rebuilt: bool) -> bool {
        let storage = self.reader.dynamics.storage();
        storage.doubtful(placement).is_empty()
            && !(rebuilt && storage.starved(placement).next().is_some())
    }

    /// Whether nodes may have been lost for long before this event, or the last of joined ones.
    fn rebuilt(&self, event: usize) -> bool {
        let now = &self.events[event];
        let before = self.events[..event].iter().flat_map(Joined::events);
        before.chain(now.events().take(now.others().len())).any(Event::takes_nodes)
    }

    /// Whether a pod serves of each workload of which that is claimed, the `unsure` ones aside.
    fn check_at_once(&self, placement: &Placement, unsure: &[InstanceId]) -> Checked {
        let doubtful = self.reader.dynamics.storage().doubtful(placement);
        let shaky: BTreeSet<_> = doubtful.iter().chain(unsure).collect();
        for (at, subject) in self.reader.subjects.all.iter().enumerate() {
            if self.reader.claims[at].0 != Claim::Proved {
                continue;
            }
            let own = |pod: &&Instance| pod.ready && subject.members.contains(&pod.workload);
            let doubted = shaky.iter().map(|pod| placement.instance(**pod)).filter(own).count();
            if subject.ready(placement) as usize <= doubted {
                let what = Broken::TooFew { ready: 0, wanted: 1 };
                return Err((Some((at, ClaimName::Immediately)), what));
            }
        }
        Ok(())
    }

    /// Whether as many pods serve as are wanted of each workload of which that is claimed, and no
    /// controller that nobody knows has a say in it.
    fn check_end(&self, end: &Placement) -> Checked {
        let reader = self.reader;
        let moved = end.changed_since(Mark::default());
        let moved: BTreeSet<usize> = moved
            .iter()
            .filter_map(|(id, _)| reader.subjects.position(end.instance(*id)))
            .collect();
        for (at, subject) in reader.subjects.all.iter().enumerate() {
            if reader.claims[at].1 != Claim::Proved {
                continue;
            }
            let broken = |what| Err((Some((at, ClaimName::Recovered)), what));
            if subject.is_unpredictable && moved.contains(&at) {
                return broken(Broken::NotKnown);
            }
            let ready = subject.ready(end);
            for start in &reader.starts {
                let (_, wanted) = wanted(subject, &start.placement, end);
                if ready < wanted {
                    return broken(Broken::TooFew { ready, wanted });
                }
            }
        }
        Ok(())
    }

    /// Whether a run breaks a claim about a subject.
    pub(crate) fn check_run(
        &self,
        replay: &mut Replay<'_, '_>,
        bases: &mut Bases,
        (subject, claim): (&Subject, ClaimName),
        (run, passage): (&Run, &Passage),
    ) -> Result<(), Broken> {
        let start = replay.base(bases, run)?.clone();
        let mut now = start.clone();
        let come = passage.stages.len();
        let whole = claim == ClaimName::Recovered;
        if come > self.events.len() || whole && come < self.events.len() {
            return Err(Broken::Order(come));
        }
        let mut unsure = Vec::new();
        for (at, (event, steps)) in self.events.iter().zip(&passage.stages).enumerate() {
            self.happen(event, &mut now)?;
            let breaks = !whole && at + 1 == come;
            if breaks && steps.is_empty() {
                continue;
            }
            let mut phases = Phases::new(&self.reader.dynamics, event.others());
            let first = phases.begin(&mut now);
            let followed = replay.follow(&mut now, (&mut phases, first), steps)?;
            let rebuilt = self.rebuilt(at);
            let known = match followed.unsure {
                Some(late) if breaks => {
                    unsure = late;
                    self.has_volumes(&now, rebuilt)
                }
                // It breaks right after an event and not some steps later.
                _ if breaks => return Err(Broken::Needless),
                _ if phases.next(followed.phase).is_some() => return Err(Broken::Unrest),
                _ => {
                    replay.rests(&mut now, phases.situation(followed.phase))?;
                    self.is_known(&now, rebuilt)
                }
            };
            if !followed.known || !known {
                return Err(Broken::NotKnown);
            }
        }
        let moved = now.changed_since(Mark::default());
        let mut moved = moved.iter().map(|(id, _)| now.instance(*id).workload);
        if subject.is_unpredictable && moved.any(|id| subject.members.contains(&id)) {
            return Err(Broken::NotKnown);
        }
        let late = unsure.iter().map(|pod| now.instance(*pod));
        let late = late.filter(|pod| pod.ready && subject.members.contains(&pod.workload)).count();
        let ready = subject.ready(&now) - u32::try_from(late).unwrap_or(u32::MAX);
        let wanted = if whole { wanted(subject, &start, &now).0 } else { 1 };
        match () {
            () if ready >= wanted => Err(Broken::Enough),
            () if (run.ready, run.wanted) != (ready, wanted) => {
                Err(Broken::Counts { ready, wanted })
            }
            () => Ok(()),
        }
    }
}

/// How many pods of a subject are wanted, at least and at most: what was asked for, or where a pod
/// belongs to its node as many as were on nodes that are heard now, or are there.
fn wanted(subject: &Subject, start: &Placement, now: &Placement) -> (u32, u32) {
    if !subject.follows_nodes() {
        let asked = u32::try_from(now.target(subject.root).desired.max(0)).unwrap_or(u32::MAX);
        return (asked, asked);
    }
    let heard = |node: NodeId| now.node(node).exists && now.node(node).reachable;
    let count = |of: &Placement, is_there: &dyn Fn(NodeId) -> bool| {
        let own = of.instances().iter().filter(|one| subject.members.contains(&one.workload));
        let wanted = own.filter(|one| {
            one.is_pending() || one.node().is_some_and(|at| is_there(at) && !one.terminating)
        });
        u32::try_from(wanted.count()).unwrap_or(u32::MAX)
    };
    let before = count(start, &heard);
    let after = count(now, &|node| now.node(node).reachable);
    (before.min(after), before.max(after))
}
