//! Whether what is proved follows for one set from one start.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::{ClassId, InstanceId, Placement, WorkloadId};
use holdfast_failover::{Situation, Step};
use holdfast_scheduler::Scratch;

use crate::claims::Subject;
use crate::closed::{Shown, Walk};
use crate::flaw::{Broken, ClaimName};
use crate::format::{Claim, State};
use crate::names;
use crate::question::Failed;
use crate::reader::{Reader, Start};
use crate::room::{Lost, Room};

/// One set from one start. What is wrong comes with the subject whose claim it is.
pub(crate) struct Case<'r, 'c> {
    pub(crate) reader: &'r Reader<'c>,
    pub(crate) start: &'r Start,
    pub(crate) failed: &'r Failed,
}

pub(crate) type Checked = Result<(), (Option<(usize, ClaimName)>, Broken)>;

/// The recovery of a subject does not follow.
fn broken(at: usize, what: Broken) -> Checked {
    Err((Some((at, ClaimName::Recovered)), what))
}

impl Case<'_, '_> {
    fn subject(&self, at: usize) -> &Subject {
        &self.reader.subjects.all[at]
    }

    fn is_proved(&self, at: usize) -> bool {
        self.reader.claims[at].1 == Claim::Proved
    }

    fn wanted(&self, at: usize) -> u32 {
        self.subject(at).wanted(&self.start.placement, &self.failed.nodes)
    }

    /// Whether all that is proved follows. `placement` is where the nodes fail, and another
    /// afterwards.
    pub(crate) fn check(&self, placement: &mut Placement, scratch: &mut Scratch) -> Checked {
        let reader = self.reader;
        reader.dynamics.fail_hosts(placement, &self.failed.nodes, &self.failed.machines);
        let shaky = self.shaky(placement);
        let mut touched = self.touched(placement);
        for &at in &touched {
            let ready = self.subject(at).ready(placement);
            let sure = ready - shaky.get(&at).copied().unwrap_or(0).min(ready);
            if reader.claims[at].0 == Claim::Proved && sure == 0 {
                let what = Broken::TooFew { ready, wanted: 1 };
                return Err((Some((at, ClaimName::Immediately)), what));
            }
        }
        touched.retain(|at| self.is_proved(*at));
        let situation = reader.dynamics.situation(placement);
        if !situation.acts {
            return touched.iter().try_for_each(|at| self.serves(*at, placement, &shaky));
        }
        reader.dynamics.evict_unnoticed(placement, &situation);
        let key = (self.failed.clone(), self.start.number);
        let mark = placement.mark();
        let closed = reader.closed.get(&key);
        let closed =
            closed.map(|states| self.check_closed(placement, &situation, states, &shaky, scratch));
        match closed {
            Some(Ok(())) => return Ok(()),
            // What is listed must be right, even where rooms would do.
            Some(Err((None, what))) => return Err((None, what)),
            Some(Err(_)) | None => {}
        }
        let Err(flaw) = self.find_rooms(placement, &situation, touched.clone(), &shaky, scratch)
        else {
            return Ok(());
        };
        placement.revert(reader.cluster(), mark);
        if self.is_quiet(placement, &situation, scratch) {
            return self.check_quiet(placement, &touched, &shaky);
        }
        Err(flaw)
    }

    /// Those whose pods the failure may touch at once: all, where nothing fails or volumes are kept
    /// on the nodes.
    fn touched(&self, placement: &Placement) -> BTreeSet<usize> {
        let reader = self.reader;
        if self.failed.is_empty() || !reader.dynamics.storage().is_empty() {
            return (0..reader.subjects.all.len()).collect();
        }
        let pods = self.failed.nodes.iter().flat_map(|node| &placement.node(*node).pods);
        let pods = pods.chain(placement.pending());
        pods.filter_map(|pod| reader.subjects.position(placement.instance(*pod))).collect()
    }

    /// How many pods of each subject use volumes of which nobody knows whether enough copies are
    /// up, and how many of those serve.
    fn shaky(&self, placement: &Placement) -> BTreeMap<usize, u32> {
        let mut shaky = BTreeMap::new();
        for pod in self.reader.dynamics.storage().doubtful(placement) {
            let pod = placement.instance(pod);
            if let Some(at) = self.reader.subjects.position(pod) {
                *shaky.entry(at).or_default() += u32::from(pod.ready);
            }
        }
        shaky
    }

    /// Whether as many pods of a subject serve as are wanted, and it is known of all.
    fn serves(&self, at: usize, placement: &Placement, shaky: &BTreeMap<usize, u32>) -> Checked {
        let (ready, wanted) = (self.subject(at).ready(placement), self.wanted(at));
        if shaky.contains_key(&at) {
            return broken(at, Broken::NotKnown);
        }
        if ready < wanted {
            return broken(at, Broken::TooFew { ready, wanted });
        }
        Ok(())
    }

    /// Whether a controller that nobody knows may do something about pods of a subject.
    fn is_odd(&self, at: usize, placement: &Placement) -> bool {
        let lost = || {
            let mut pods = self.failed.nodes.iter().flat_map(|node| &placement.node(*node).pods);
            pods.any(|pod| self.reader.subjects.position(placement.instance(*pod)) == Some(at))
        };
        let subject = self.subject(at);
        subject.is_unpredictable
            && (subject.terminating(placement) > 0 || subject.pending(placement) > 0 || lost())
    }

    /// Whether all that is proved holds in each state of a closed set that is quiet or comes again.
    fn check_closed(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        states: &[State],
        shaky: &BTreeMap<usize, u32>,
        scratch: &mut Scratch,
    ) -> Checked {
        let reader = self.reader;
        let cluster = reader.cluster();
        let all = 0..reader.subjects.all.len();
        let proved: Vec<usize> = all.filter(|at| self.is_proved(*at)).collect();
        // Whoever waits in some state, and of whom something is not known: the highest priority at
        // which they preempt.
        let mut gap: Option<i32> = None;
        let mut moved: BTreeSet<usize> = self.touched(placement);
        let mut wrong = None;
        let walk = Walk::new(&reader.dynamics, situation, &reader.moves, scratch);
        let walked = walk.check(placement, states, &mut |shown: Shown<'_>| {
            let now = shown.placement;
            // Whom budgets spare depends on who serves.
            let preempts = shown.steps.sure.iter().any(|s| matches!(s, Step::Preempt { .. }));
            for pod in now.pending() {
                let instance = now.instance(*pod);
                let spec = cluster.spec_of(instance.class);
                moved.extend(reader.subjects.position(instance));
                let guess = reader.unknown.of_pod(cluster, now, *pod).is_open
                    || reader.unknown.scores_of(spec)
                    || preempts && !shaky.is_empty();
                if guess {
                    let rank = if spec.preempts { spec.priority } else { i32::MIN };
                    gap = Some(gap.map_or(rank, |known| known.max(rank)));
                }
            }
            let lasts = shown.is_quiet() || shown.comes_again;
            for &at in proved.iter().filter(|_| lasts) {
                let checked = self.serves(at, now, shaky);
                if checked.is_err() {
                    wrong = checked.err();
                    return Err(Broken::NotKnown);
                }
            }
            Ok(())
        });
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        walked.map_err(|what| (None, what))?;
        let weak = |at: &&usize| {
            let outranked = gap.is_some_and(|rank| self.subject(**at).priority < rank);
            let touched = gap.is_some() && moved.contains(*at);
            let odd = self.subject(**at).is_unpredictable
                && (moved.contains(*at) || self.is_odd(**at, placement));
            outranked || touched || odd
        };
        match proved.iter().find(weak) {
            Some(at) => broken(*at, Broken::NotKnown),
            None => Ok(()),
        }
    }

    /// Whether nothing happens at all.
    fn is_quiet(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        scratch: &mut Scratch,
    ) -> bool {
        let next = self.reader.dynamics.steps(placement, situation, scratch);
        next.sure.is_empty() && next.possible.is_empty() && !next.coarse
    }

    /// Whether all that is proved holds where nothing happens.
    fn check_quiet(
        &self,
        placement: &Placement,
        touched: &BTreeSet<usize>,
        shaky: &BTreeMap<usize, u32>,
    ) -> Checked {
        let reader = self.reader;
        let cluster = reader.cluster();
        let gaps = placement
            .pending()
            .iter()
            .filter(|pod| reader.unknown.of_pod(cluster, placement, **pod).is_open);
        let specs = gaps.map(|pod| cluster.spec_of(placement.instance(*pod).class));
        let rank = specs.filter(|spec| spec.preempts).map(|spec| spec.priority).max();
        for at in (0..reader.subjects.all.len()).filter(|at| self.is_proved(*at)) {
            if rank.is_some_and(|rank| self.subject(at).priority < rank) {
                return broken(at, Broken::NotKnown);
            }
            if touched.contains(&at) {
                self.serves(at, placement, shaky)?;
            }
            if self.is_odd(at, placement) {
                return broken(at, Broken::NotKnown);
            }
        }
        Ok(())
    }

    fn find_rooms(
        &self,
        placement: &mut Placement,
        situation: &Situation,
        mut touched: BTreeSet<usize>,
        shaky: &BTreeMap<usize, u32>,
        scratch: &mut Scratch,
    ) -> Checked {
        let reader = self.reader;
        let cluster = reader.cluster();
        let before: BTreeMap<usize, u32> = (0..reader.subjects.all.len())
            .filter(|at| touched.contains(at))
            .map(|at| (at, self.subject(at).ready(placement)))
            .collect();
        let evicted = reader.dynamics.evict_all(placement, situation);
        let waiting = placement.pending().to_vec();
        let known = self.start.placement.instances().len();
        let mut lost = Lost {
            hints: &reader.hints,
            since: evicted.uncertain.is_empty().then_some(known),
            evicted: &evicted.pods,
            ..Lost::new(&reader.dynamics, &reader.unknown, &evicted.uncertain, scratch)
        };
        let rooms = Found::of(&mut lost, placement, &waiting, self.start.lowest);
        let placement = &*placement;
        let position = |pod: &_| reader.subjects.position(placement.instance(*pod));
        let moved = waiting.iter().chain(&evicted.pods).filter_map(position);
        touched.extend(moved.filter(|at| self.is_proved(*at)));
        let doubted: BTreeSet<usize> = evicted.uncertain.iter().filter_map(position).collect();
        let rank = match rooms.loose {
            _ if !self.is_steady(placement) => Some(i32::MAX),
            loose => loose.map(|(rank, _)| rank),
        };
        for at in (0..reader.subjects.all.len()).filter(|_| rank.is_some()) {
            let outranked = rank.is_some_and(|rank| self.subject(at).priority < rank);
            if self.is_proved(at) && outranked {
                let pod = rooms.loose.filter(|(own, _)| Some(*own) == rank);
                let pod = pod.map(|(_, pod)| names::pod(cluster, placement, pod));
                return broken(at, pod.map_or(Broken::Unsteady, Broken::NoRoom));
            }
        }
        for at in touched {
            let back = waiting.iter().filter(|pod| position(pod) == Some(at));
            let back = back.filter(|pod| rank.is_none() && rooms.sure.contains(pod)).count();
            let serving = self.subject(at).ready(placement);
            let serving = serving.min(before.get(&at).copied().unwrap_or(serving));
            let ready = serving + u32::try_from(back).unwrap_or(u32::MAX);
            let wanted = self.wanted(at);
            if shaky.contains_key(&at) || doubted.contains(&at) || self.is_odd(at, placement) {
                return broken(at, Broken::NotKnown);
            }
            if ready < wanted {
                let unsure = |pod: &&InstanceId| !rooms.sure.contains(pod);
                let mut own = waiting.iter().filter(|pod| position(pod) == Some(at));
                let own = own.find(unsure);
                let pod = own.map(|pod| names::pod(cluster, placement, *pod));
                return broken(at, pod.map_or(Broken::TooFew { ready, wanted }, Broken::NoRoom));
            }
        }
        Ok(())
    }

    /// Whether controllers do nothing but make up for pods that are lost, and no pod ends that
    /// might be made again.
    fn is_steady(&self, placement: &Placement) -> bool {
        let ends = placement.ending().next().is_some();
        self.start.steady && !ends && placement.nominated().is_empty()
    }
}

/// What was found out about pods that wait.
struct Found {
    /// Those that are sure of a place, as long as nobody preempts.
    sure: BTreeSet<InstanceId>,
    /// One that is not, or not from the first, and may preempt, of the highest priority, and that:
    /// then more pods may come. One that may go round for ever is as bad as any.
    loose: Option<(i32, InstanceId)>,
}

impl Found {
    fn of(
        lost: &mut Lost<'_, '_>,
        placement: &mut Placement,
        waiting: &[InstanceId],
        lowest: i32,
    ) -> Self {
        let mut found = Self { sure: BTreeSet::new(), loose: None };
        let priority = |placement: &Placement, pod: InstanceId| {
            lost.cluster().spec_of(placement.instance(pod).class).priority
        };
        let lowest = waiting.iter().map(|pod| priority(placement, *pod)).fold(lowest, i32::min);
        let mut known: BTreeMap<(ClassId, WorkloadId), bool> = BTreeMap::new();
        for pod in waiting {
            let instance = *placement.instance(*pod);
            let sort = (instance.class, instance.workload);
            let is_sure = known.get(&sort).copied().unwrap_or_else(|| {
                let room = lost.room(placement, *pod);
                let is_sure = room != Room::None;
                let spec = lost.cluster().spec_of(instance.class);
                let outranks = room != Room::Always && spec.preempts && lowest < spec.priority;
                let goes_round = lost.dynamics.goes_round(instance.class);
                if (outranks || goes_round) && !lost.is_hopeless(placement, *pod) {
                    let rank = if goes_round { i32::MAX } else { spec.priority };
                    found.loose = found.loose.max(Some((rank, *pod)));
                }
                is_sure
            });
            known.insert(sort, is_sure);
            if is_sure {
                found.sure.insert(*pod);
            }
        }
        found
    }
}
