//! How long the subjects of one failure set are without pods.

use std::collections::BTreeMap;

use holdfast_cluster::InstanceId;
use holdfast_failover::times::{Seconds, TRIED_AGAIN};

use super::{Case, Preemption};
use crate::bound;
use crate::downtime::{self, Comeback, Counts, Gap, Latest};
use crate::start::Loose;
use crate::verdict::Verdict;

/// How long lost pods bear their nodes.
#[derive(Clone, Debug, Default)]
struct Borne {
    /// From so long to so long, by position of the subject.
    subjects: BTreeMap<usize, (Seconds, Seconds)>,
    /// The longest, of whatever pod.
    longest: Seconds,
}

impl Case<'_, '_> {
    /// Takes down how long every touched subject is without pods.
    pub(super) fn note_downtimes(&mut self) {
        let borne = self.borne();
        let (noticed, tainted) = self.prover.clock.tainted(self.set);
        let mut found = std::mem::take(&mut self.examination.findings);
        for (position, finding) in &mut found {
            let own = borne.subjects.get(position).copied();
            let mut back = Comeback::undisturbed(noticed, tainted, own);
            back.settled = !self.searched.contains(position);
            back.threatened = self.is_threatened(*position);
            if own.is_none() || !self.is_back_by_eviction_alone(*position) {
                back.soonest = 0;
            }
            if let Some(latest) =
                self.latest(*position, Latest { toleration: borne.longest, ..tainted })
            {
                back.latest = latest.map(|latest| (latest, latest));
            }
            let counts = Counts {
                at_once: finding.ready_at_once,
                at_rest: finding.recovered_range,
                desired: finding.desired,
            };
            let recovers = matches!(finding.recovered, Verdict::Proved(_));
            finding.downtime = back.downtime(counts, recovers);
            finding.downtime.heed(&finding.immediately, &finding.recovered);
        }
        self.examination.findings = found;
        let preempted = self.preempted.iter();
        let positions = preempted.filter_map(|id| self.prover.subjects.position(*id));
        self.examination.disturbed = positions.collect();
    }

    /// When its last pod is bound at the latest, all evictions having come by `evicted`; `None`
    /// where each is bound as soon as it is made.
    fn latest(&self, position: usize, evicted: Latest) -> Option<Result<Latest, Gap>> {
        let searched = self.searched.contains(&position);
        let waits = searched || self.comers.waiting.contains(&position);
        match self.preemption {
            _ if !self.start.steady && searched => Some(Err(Gap::Rollout)),
            Preemption::Anybody => Some(Err(Gap::Preemption)),
            Preemption::Few if self.is_threatened(position) => Some(Err(Gap::Preemption)),
            Preemption::Few if searched && !self.preempted.is_empty() => Some(Err(Gap::Preemption)),
            _ if waits && self.comers.uncertain => Some(Err(Gap::Evictions)),
            _ if searched && self.comers.returning => Some(Err(Gap::Returning)),
            // In so long somebody is placed, as long as somebody can be.
            _ if waits => {
                let times = Seconds::try_from(self.comers.number);
                let retries = TRIED_AGAIN * times.unwrap_or(Seconds::MAX / TRIED_AGAIN);
                Some(Ok(Latest { retries, ..evicted }))
            }
            _ => None,
        }
    }

    /// Whether a pod that is sure of a node may be turned down before the last eviction: it was
    /// before the failure, or it is strictly spread with several pods that count until they are
    /// evicted, each in its turn.
    pub(super) fn may_wait(&self, pod: InstanceId) -> bool {
        let (cluster, start) = (self.prover.cluster(), &self.start.placement);
        let spec = cluster.spec_of(self.placement.instance(pod).class);
        let lost = || self.set.nodes().iter().flat_map(|node| start.node(*node).pods.iter());
        let loose = || self.loose.iter().flat_map(|loose| loose.pods.iter());
        let counted =
            |lost: &&InstanceId| bound::is_spread_with(cluster, self.placement, pod, **lost);
        let held_up = || lost().chain(loose()).filter(counted).count() > 1;
        start.pending().contains(&pod) && !loose().any(|it| *it == pod)
            || bound::strict_spread(spec).next().is_some() && held_up()
    }

    /// Whether pods of the subject may be preempted.
    fn is_threatened(&self, position: usize) -> bool {
        let subject = &self.prover.subjects.subjects[position];
        match self.preemption {
            Preemption::Nobody => false,
            Preemption::Few => subject.members.iter().any(|id| self.preempted.contains(id)),
            Preemption::Anybody => {
                let lowest = self.prover.lowest_priority[position];
                !self.start.steady || self.comers.highest.is_some_and(|highest| highest > lowest)
            }
        }
    }

    /// Whether nothing brings a pod of the subject back but the eviction of one that was lost.
    fn is_back_by_eviction_alone(&self, position: usize) -> bool {
        let subject = &self.prover.subjects.subjects[position];
        let placement = &self.start.placement;
        let lowest = self.prover.lowest_priority[position];
        let on_silence = self.prover.clock.may_be_preempted_on_silence(lowest);
        let serves = |id| {
            let instance = placement.instance(id);
            instance.ready || instance.node().is_none() && !instance.is_pending()
        };
        self.start.steady
            && !(on_silence && self.preemption != Preemption::Nobody)
            && subject.instances(placement).all(serves)
    }

    /// How long the lost pods bear their nodes.
    fn borne(&self) -> Borne {
        let (cluster, start) = (self.prover.cluster(), &self.start.placement);
        let mut found = Borne::default();
        for position in self.loose.into_iter().flat_map(Loose::positions) {
            let Some(range) = self.loose.and_then(|loose| loose.borne(position)) else { continue };
            found.longest = found.longest.max(range.1);
            found.subjects.insert(position, range);
        }
        for node in self.set.nodes().iter().copied() {
            let pods = start.node(node).pods.iter().copied();
            for pod in pods.filter(|pod| !start.instance(*pod).terminating) {
                let Some(borne) = downtime::borne(cluster, self.placement, pod) else { continue };
                found.longest = found.longest.max(borne);
                let position = self.prover.subjects.position(start.instance(pod).workload);
                let Some(position) = position else { continue };
                let known = found.subjects.get(&position).copied();
                let joined = downtime::range(known.into_iter().chain([(borne, borne)]));
                found.subjects.extend(joined.map(|range| (position, range)));
            }
        }
        found
    }
}
