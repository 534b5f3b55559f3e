//! Events that come one after another, each once all is quiet.
//!
//! For each place of rest where the cluster may be when an event comes all states are listed that
//! may follow ([`crate::closed`]). Their quiet states are the places of rest before the next event.
//! So every run through the events passes listed states alone: a pod serves right after an event
//! where one does in each of the states that it makes of places of rest, and enough serve in the
//! end where they do in each of the last.
//!
//! More is left open than set by set: wherever anything is not known of a pod that waits, or of
//! volumes that are kept on the nodes, nothing of the course is proved.

use std::collections::BTreeSet;

use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Instance, NodeId, Placement};
use holdfast_failover::Event;
use holdfast_scheduler::Scratch;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::case::Checked;
use crate::claims::Subject;
use crate::closed::Walk;
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
    pub(crate) events: &'r [Event],
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
            self.check_at_once(rest)?;
        }
        for (at, (event, lists)) in self.events.iter().zip(stages).enumerate() {
            if lists.len() != rests.len() {
                return Err((None, Broken::Order(at)));
            }
            let mut next = Rests::default();
            for (mut rest, states) in rests.into_iter().zip(lists) {
                self.happen(event, &mut rest).map_err(|what| (None, what))?;
                self.check_at_once(&rest)?;
                let walked = self.walk(&mut rest, states, self.rebuilt(at), &mut next, scratch);
                walked.map_err(|what| (None, what))?;
            }
            rests = next.into_values().collect();
        }
        rests.iter().try_for_each(|rest| self.check_end(rest))
    }

    /// Lets an event happen where the cluster is at rest.
    fn happen(&self, event: &Event, rest: &mut Placement) -> Result<(), Broken> {
        let dynamics = &self.reader.dynamics;
        event.check(dynamics, rest).map_err(|_| Broken::NotKnown)?;
        event.apply(dynamics, rest);
        Ok(())
    }

    /// Walks over all states after an event, and keeps the quiet ones.
    fn walk(
        &self,
        placement: &mut Placement,
        states: &[State],
        rebuilt: bool,
        next: &mut Rests,
        scratch: &mut Scratch,
    ) -> Result<(), Broken> {
        let reader = self.reader;
        let cluster = reader.cluster();
        let situation = reader.dynamics.situation(placement);
        reader.dynamics.evict_unnoticed(placement, &situation);
        let walk = Walk::new(&reader.dynamics, &situation, &reader.moves, scratch);
        walk.check(placement, states, &mut |shown| {
            if !self.is_known(shown.placement, rebuilt) {
                return Err(Broken::NotKnown);
            }
            if shown.steps.sure.is_empty() {
                let key = state::key(cluster, shown.placement, Mark::default());
                next.entry(key).or_insert_with(|| shown.placement.clone());
            }
            Ok(())
        })
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

    /// Whether nodes may have been lost for long before this event.
    fn rebuilt(&self, event: usize) -> bool {
        self.events[..event].iter().any(Event::takes_nodes)
    }

    /// Whether a pod serves of each workload of which that is claimed.
    fn check_at_once(&self, placement: &Placement) -> Checked {
        let shaky: BTreeSet<_> =
            self.reader.dynamics.storage().doubtful(placement).into_iter().collect();
        for (at, subject) in self.reader.subjects.all.iter().enumerate() {
            if self.reader.claims[at].0 != Claim::Proved {
                continue;
            }
            let own = |pod: &&Instance| pod.ready && subject.members.contains(&pod.workload);
            let doubted = shaky.iter().map(|pod| placement.instance(*pod)).filter(own).count();
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
        for (at, (event, steps)) in self.events.iter().zip(&passage.stages).enumerate() {
            self.happen(event, &mut now)?;
            if !whole && at + 1 == come {
                // The claim breaks right then.
                if !steps.is_empty() {
                    return Err(Broken::Needless);
                }
                continue;
            }
            let situation = self.reader.dynamics.situation(&now);
            self.reader.dynamics.evict_unnoticed(&mut now, &situation);
            let known = replay.follow(&mut now, &situation, steps)?;
            replay.rests(&mut now, &situation)?;
            if !known || !self.is_known(&now, self.rebuilt(at)) {
                return Err(Broken::NotKnown);
            }
        }
        let moved = now.changed_since(Mark::default());
        let mut moved = moved.iter().map(|(id, _)| now.instance(*id).workload);
        if subject.is_unpredictable && moved.any(|id| subject.members.contains(&id)) {
            return Err(Broken::NotKnown);
        }
        let ready = subject.ready(&now);
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
