//! A placement that leaves too few pods, let in pod by pod by the scheduler's own filters.

use std::collections::BTreeSet;

use holdfast_cluster::{InstanceId, NodeId, Placement};
use holdfast_scheduler::{KeepSpread, Scheduler, Scratch};

use super::{Answer, Bounds, ByRule};
use crate::rules::is_fixed;
use crate::seat::{self, Seat};
use crate::subject::Subject;

impl ByRule<'_> {
    /// Whether at least `need` pods of the workload, all of which run, are left when `nodes` fail.
    ///
    /// `placement` is that of [`ByRule::new`], and is the same afterwards.
    pub fn judge(
        &self,
        scheduler: &Scheduler<'_>,
        placement: &mut Placement,
        subject: &Subject,
        bounds: &Bounds<'_, '_>,
        nodes: &[NodeId],
        need: u32,
    ) -> Answer {
        let everywhere: Vec<NodeId> = self.cluster().node_ids().collect();
        if bounds.pods(&everywhere) < bounds.desired {
            return Answer::TooFewPlaces(bounds.most(&everywhere));
        }
        let most = bounds.most(nodes);
        if bounds.desired.saturating_sub(most.pods) >= need {
            return Answer::Proved(most);
        }
        let mut search = Search {
            by_rule: self,
            scheduler,
            placement,
            scratch: Scratch::default(),
            nodes,
            need,
        };
        // Others stay, if that is enough; else those on the nodes make room and find another place.
        let found =
            search.find(subject, bounds, false).or_else(|| search.find(subject, bounds, true));
        match found {
            Some((moved, lost)) => Answer::Refuted { moved, lost },
            None => Answer::Unknown(most),
        }
    }
}

struct Search<'a, 'c> {
    by_rule: &'a ByRule<'a>,
    scheduler: &'a Scheduler<'c>,
    placement: &'a mut Placement,
    scratch: Scratch,
    nodes: &'a [NodeId],
    need: u32,
}

impl Search<'_, '_> {
    fn find(
        &mut self,
        subject: &Subject,
        bounds: &Bounds<'_, '_>,
        clear: bool,
    ) -> Option<(Vec<Seat>, u32)> {
        let own = self.own(subject, bounds)?;
        let others = if clear { self.others(subject) } else { Vec::new() };
        let cluster = self.scheduler.cluster();
        let mark = self.placement.mark();
        for id in own.iter().chain(&others).filter_map(|seat| seat.from) {
            self.placement.remove(cluster, id);
        }
        let seats = self.crowd(own, bounds).and_then(|mut seats| {
            seats.extend(self.settle(others)?);
            Some(seats)
        });
        self.placement.revert(cluster, mark);
        let seats = seats?;
        // What was found is believed once it was put together again from today's placement.
        let again = seat::put(self.scheduler, self.placement, &seats, &[]);
        let lost = subject.members.iter().flat_map(|member| self.held_by(*member)).count();
        self.placement.revert(cluster, mark);
        let lost = u32::try_from(lost).unwrap_or(u32::MAX);
        (bounds.desired < lost + self.need).then_some((again?, lost))
    }

    /// The pods of a workload on the nodes.
    fn held_by(&self, workload: holdfast_cluster::WorkloadId) -> Vec<InstanceId> {
        let on_nodes = self.nodes.iter().flat_map(|node| &self.placement.node(*node).pods);
        on_nodes
            .filter(|id| {
                let instance = self.placement.instance(**id);
                instance.workload == workload && !instance.terminating
            })
            .copied()
            .collect()
    }

    /// The pods of the workload, each to be made again; `None` if not as many are there as are
    /// wanted: what is missing or too much is not for us to choose.
    fn own(&self, subject: &Subject, bounds: &Bounds<'_, '_>) -> Option<Vec<Seat>> {
        let ids = subject.members.iter().flat_map(|member| &self.by_rule.active[member.index()]);
        let own: Vec<Seat> = ids.map(|id| self.again(*id)).collect();
        (own.len() == bounds.desired as usize).then_some(own)
    }

    /// Everybody else on the nodes who can move.
    fn others(&self, subject: &Subject) -> Vec<Seat> {
        let cluster = self.scheduler.cluster();
        let on_nodes = self.nodes.iter().flat_map(|node| &self.placement.node(*node).pods);
        on_nodes
            .filter(|id| {
                let instance = self.placement.instance(**id);
                !is_fixed(cluster, self.placement, **id)
                    && !instance.terminating
                    && !subject.members.contains(&instance.workload)
            })
            .map(|id| self.again(*id))
            .collect()
    }

    /// The pod made again; where is yet to be found.
    fn again(&self, id: InstanceId) -> Seat {
        let instance = self.placement.instance(id);
        Seat {
            from: Some(id),
            class: instance.next_class(self.scheduler.cluster()),
            workload: instance.workload,
            origin: instance.origin,
            node: instance.node().unwrap_or(NodeId(0)),
        }
    }

    /// Puts the pods onto the nodes while these let any in, and one elsewhere where they do not.
    fn crowd(&mut self, mut left: Vec<Seat>, bounds: &Bounds<'_, '_>) -> Option<Vec<Seat>> {
        let cluster = self.scheduler.cluster();
        let failing: BTreeSet<NodeId> = self.nodes.iter().copied().collect();
        let mut elsewhere = bounds.desired.min(self.need.saturating_sub(1));
        let mut seats = Vec::new();
        while !left.is_empty() {
            let mut outside = None;
            let mut chosen = None;
            let mut known = BTreeSet::new();
            for (at, seat) in left.iter().enumerate() {
                if !known.insert(seat.class) {
                    continue;
                }
                let mark = self.placement.mark();
                let pod = seat::make(cluster, self.placement, seat);
                let look = self.scheduler.look(self.placement, pod, KeepSpread::Yes);
                let inside = look
                    .and_then(|mut look| failing.iter().copied().find(|node| look.takes(*node)));
                if inside.is_none() && outside.is_none() && elsewhere > 0 {
                    let fits = self.scheduler.feasible(self.placement, pod, &mut self.scratch);
                    let other = fits.iter().find(|node| !failing.contains(node));
                    outside = other.map(|node| (at, *node));
                }
                self.placement.revert(cluster, mark);
                chosen = inside.map(|node| (at, node));
                if chosen.is_some() {
                    break;
                }
            }
            if chosen.is_none() && outside.is_some() {
                elsewhere -= 1;
            }
            let (at, node) = chosen.or(outside)?;
            let seat = Seat { node, ..left.remove(at) };
            let pod = seat::make(cluster, self.placement, &seat);
            self.placement.bind(cluster, pod, node);
            seats.push(seat);
        }
        Some(seats)
    }

    /// Puts each of the others wherever it is let in.
    fn settle(&mut self, others: Vec<Seat>) -> Option<Vec<Seat>> {
        let cluster = self.scheduler.cluster();
        let mut seats = Vec::new();
        for seat in others {
            let pod = seat::make(cluster, self.placement, &seat);
            let fits = self.scheduler.feasible(self.placement, pod, &mut self.scratch);
            let node = *fits.first()?;
            self.placement.bind(cluster, pod, node);
            seats.push(Seat { node, ..seat });
        }
        Some(seats)
    }
}
