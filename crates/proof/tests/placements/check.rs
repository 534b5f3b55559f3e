//! What must hold of every cluster.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_ingest::{Options, Source, load};
use holdfast_proof::by_rule::{self, Bounds, ByRule};
use holdfast_proof::possible::{self, Arrangement, Budget, Why, possible};
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::seat::Seat;
use holdfast_proof::subject::Subjects;
use holdfast_proof::{FailureSet, Subject};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::oracle::{self, Verdict};
use crate::plan::Plan;
use crate::render;

/// What became of the clusters, so that nobody takes comfort in checks that never applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) yes: u64,
    pub(crate) no: u64,
    pub(crate) unknown: u64,
    /// What the others would have been, where a tally was asked for.
    pub(crate) missed_yes: u64,
    pub(crate) missed_no: u64,
    pub(crate) gaps: BTreeMap<String, u64>,
    pub(crate) reasons: BTreeMap<&'static str, u64>,
    /// Answers that whoever tries all gave up on.
    pub(crate) too_large: u64,
    pub(crate) proved: u64,
    pub(crate) refuted: u64,
    pub(crate) undecided: u64,
    pub(crate) too_few_places: u64,
}

pub(crate) type Checked = Result<(), TestCaseError>;

macro_rules! ensure {
    ($holds:expr, $($told:tt)+) => {
        if !$holds {
            return Err(TestCaseError::fail(format!($($told)+)));
        }
    };
}

pub(crate) fn read(objects: &[Value]) -> Cluster {
    let bytes = serde_json::to_vec(&serde_json::json!({
        "apiVersion": "v1", "kind": "List", "items": objects,
    }));
    let source = Source::named("plan.json", bytes.expect("values are written"));
    load(vec![source], &Options::default()).cluster
}

/// At most four nodes and six pods: all placements are tried.
fn small(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.nodes.truncate(4);
    let mut left = 6;
    for workload in &mut plan.workloads {
        workload.homes.truncate(left);
        left -= workload.homes.len();
    }
    plan.workloads.retain(|workload| !workload.homes.is_empty());
    plan
}

pub(crate) fn check(plan: &Plan, tally: &mut Tally) -> Checked {
    let plan = small(plan);
    let cluster = read(&render::objects(&plan));
    let dynamics = Dynamics::new(&cluster);
    let mut placement = Placement::of(&cluster);
    let subjects = Subjects::of(&cluster, &placement);
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let pair = [plan.pair.0 % nodes.len(), plan.pair.1 % nodes.len()].map(|at| nodes[at]);
    let pair = FailureSet::new(pair.to_vec());
    let sets = [FailureSet::default(), FailureSet::new(vec![pair.nodes()[0]]), pair];
    by_rule_holds(&dynamics, &subjects, &mut placement, &sets[1..], tally)?;
    for set in &sets {
        let mark = placement.mark();
        dynamics.fail(&mut placement, set.nodes());
        let kind = |at: &usize| cluster.workload(subjects.subjects[*at].root).kind;
        let asked = (0..subjects.subjects.len()).filter(|at| !oracle::belongs_to_nodes(kind(at)));
        let only = asked.map(Some);
        for only in std::iter::once(None).chain(only) {
            possible_holds(&dynamics, &subjects, &mut placement, only, tally)?;
        }
        placement.revert(&cluster, mark);
    }
    Ok(())
}

/// Every *yes* is let in by the filters and serves, and for no *no* there is any placement.
fn possible_holds(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: &mut Placement,
    only: Option<usize>,
    tally: &mut Tally,
) -> Checked {
    let before = placement.clone();
    let answer = possible(dynamics, subjects, placement, only, Budget::default());
    ensure!(*placement == before, "the placement is as it was");
    match answer {
        possible::Answer::Yes(arrangement) => {
            tally.yes += 1;
            serves(dynamics, subjects, placement, only, &arrangement)
        }
        possible::Answer::No(why) => {
            tally.no += 1;
            *tally.reasons.entry(name(&why)).or_default() += 1;
            adds_up(dynamics.cluster(), &why)?;
            match oracle::any_placement(dynamics, subjects, placement, only) {
                Verdict::Found(how) => {
                    Err(TestCaseError::fail(format!("{why:?} of {only:?}, yet {how:?}")))
                }
                Verdict::None => Ok(()),
                Verdict::TooLarge => {
                    tally.too_large += 1;
                    Ok(())
                }
            }
        }
        possible::Answer::Unknown(gap) => {
            tally.unknown += 1;
            *tally
                .gaps
                .entry(format!("{gap:?}").split('(').next().unwrap_or("").to_owned())
                .or_default() += 1;
            if std::env::var_os("HOLDFAST_TALLY").is_some() {
                let truth = oracle::any_placement(dynamics, subjects, placement, only);
                tally.missed_yes += u64::from(matches!(truth, Verdict::Found(_)));
                tally.missed_no += u64::from(matches!(truth, Verdict::None));
            }
            Ok(())
        }
    }
}

/// The numbers of a reason are those of its pods, and more is needed than there is.
fn adds_up(cluster: &Cluster, why: &Why) -> Checked {
    let exceeds = match why {
        Why::Sum { pods, resource, needed, available, .. } => {
            let asked: Vec<i64> = pods
                .iter()
                .map(|pod| resource.asked(&cluster.spec_of(pod.class).requests))
                .collect();
            ensure!(asked.iter().sum::<i64>() == *needed, "{why:?}: the pods ask for {asked:?}");
            let least = asked.iter().min().copied().unwrap_or(0);
            let alike = pods.iter().all(|pod| pod.class == pods[0].class);
            ensure!(!alike || needed - least <= *available, "{why:?}: one less would do");
            needed > available
        }
        Why::Prices { pods, nodes, needed, available } => {
            let cost: u64 = pods.iter().map(|one| one.price * one.pods.len() as u64).sum();
            let due: u64 = nodes.iter().map(|one| one.due * one.nodes.len() as u64).sum();
            ensure!((cost, due) == (*needed, *available), "{why:?}: {cost} and {due}");
            needed > available
        }
        Why::Apart { pods, needed, available, .. }
        | Why::Spread { pods, needed, available, .. } => {
            ensure!(pods.len() as u64 == *needed, "{why:?}: as many as there are");
            needed > available
        }
        Why::Cases { cases, .. } => {
            for case in cases {
                adds_up(cluster, &case.why)?;
            }
            !cases.is_empty()
        }
        Why::NothingMakesIt(_) | Why::Starved(_) | Why::NoNode { .. } => true,
    };
    ensure!(exceeds, "{why:?} proves nothing");
    Ok(())
}

fn name(why: &Why) -> &'static str {
    match why {
        Why::NothingMakesIt(_) => "nothing makes it",
        Why::Starved(_) => "starved",
        Why::NoNode { .. } => "no node",
        Why::Sum { .. } => "sum",
        Why::Apart { .. } => "apart",
        Why::Spread { .. } => "spread",
        Why::Prices { .. } => "prices",
        Why::Cases { .. } => "cases",
    }
}

/// Puts an arrangement together once more, with the full decision of the scheduler.
fn serves(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: &Placement,
    only: Option<usize>,
    arrangement: &Arrangement,
) -> Checked {
    let cluster = dynamics.cluster();
    let mut placement = placement.clone();
    let gone = arrangement.moved.iter().filter_map(|seat| seat.from);
    for id in gone.chain(arrangement.left_out.iter().copied()) {
        placement.remove(cluster, id);
    }
    for seat in &arrangement.moved {
        let fits = oracle::let_in(dynamics, &mut placement, seat);
        ensure!(fits, "{seat:?} is let in");
        let stays = oracle::is_kept(cluster, seat.class, seat.node);
        ensure!(stays, "{seat:?} is not evicted again");
    }
    for (at, subject) in subjects.subjects.iter().enumerate() {
        let kind = cluster.workload(subject.root).kind;
        if only.is_none_or(|only| only == at) && !oracle::belongs_to_nodes(kind) {
            let (ready, desired) =
                (subject.ready(&placement), subject.desired(cluster, &placement));
            ensure!(ready >= desired, "{ready} of {desired} serve");
        }
    }
    Ok(())
}

/// Every bound is at least what the worst placement comes to, every refutation is one, and the
/// worst set of a size is no better than any other.
fn by_rule_holds(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: &mut Placement,
    sets: &[FailureSet],
    tally: &mut Tally,
) -> Checked {
    let by_rule = ByRule::new(dynamics.cluster(), placement);
    for subject in &subjects.subjects {
        let Ok(bounds) = by_rule.bounds(placement, subject) else { continue };
        let placements = oracle::placements(dynamics, placement, subject);
        tally.too_large += u64::from(placements.is_none());
        for set in sets {
            let most = bounds.most(set.nodes());
            for held in placements.iter().flatten() {
                let lost = held.iter().filter(|node| set.nodes().contains(node)).count();
                ensure!(lost <= most.pods as usize, "{held:?} of {subject:?}: {set:?}: {most:?}");
            }
            let judge = Judge { dynamics, by_rule: &by_rule, subject, bounds: &bounds, set };
            for need in 1..=bounds.desired() {
                judge.judge(placement, need, tally)?;
            }
        }
        worst_is_the_worst(&bounds, dynamics.cluster())?;
    }
    Ok(())
}

struct Judge<'a, 'c> {
    dynamics: &'a Dynamics<'c>,
    by_rule: &'a ByRule<'c>,
    subject: &'a Subject,
    bounds: &'a Bounds<'a, 'c>,
    set: &'a FailureSet,
}

impl Judge<'_, '_> {
    fn judge(&self, placement: &mut Placement, need: u32, tally: &mut Tally) -> Checked {
        let before = placement.clone();
        let (scheduler, nodes) = (self.dynamics.scheduler(), self.set.nodes());
        let judge = |placement: &mut Placement| {
            self.by_rule.judge(scheduler, placement, self.subject, self.bounds, nodes, need)
        };
        let answer = judge(placement);
        ensure!(*placement == before, "the placement is as it was");
        match answer {
            by_rule::Answer::Proved(_) => tally.proved += 1,
            by_rule::Answer::Unknown(_) => tally.undecided += 1,
            by_rule::Answer::TooFewPlaces(_) => tally.too_few_places += 1,
            by_rule::Answer::Refuted { moved, lost } => {
                tally.refuted += 1;
                return self.is_refuted(before, &moved, lost, need);
            }
        }
        Ok(())
    }

    fn is_refuted(&self, mut at: Placement, moved: &[Seat], lost: u32, need: u32) -> Checked {
        for id in moved.iter().filter_map(|seat| seat.from) {
            at.remove(self.dynamics.cluster(), id);
        }
        for seat in moved {
            ensure!(oracle::let_in(self.dynamics, &mut at, seat), "{seat:?} is let in");
        }
        let there = self.set.nodes().iter().flat_map(|node| &at.node(*node).pods);
        let own = there.filter(|id| {
            let instance = at.instance(**id);
            self.subject.members.contains(&instance.workload) && !instance.terminating
        });
        ensure!(own.count() as u32 == lost, "{lost} are lost");
        ensure!(self.bounds.desired() - lost < need, "fewer than {need} are left");
        Ok(())
    }
}

fn worst_is_the_worst(bounds: &Bounds<'_, '_>, cluster: &Cluster) -> Checked {
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    for k in 0..=nodes.len() {
        let most = |set: FailureSet| bounds.most(set.nodes()).pods;
        let highest = sets_up_to(&nodes, k).map(most).max().unwrap_or(0);
        let worst = bounds.worst(k);
        ensure!(worst.exact, "few sets are all looked at");
        ensure!(worst.most.pods == highest, "{worst:?}, yet {highest} for {k}");
        ensure!(worst.nodes.len() <= k, "{worst:?} has {k} nodes at most");
    }
    Ok(())
}
