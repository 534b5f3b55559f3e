//! Deletions that bring pods back to where they belong: brute force over sequences of them, and the
//! simulator's own word on where they end.

use std::cell::RefCell;

use holdfast_cluster::placement::Whereabouts;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, InstanceId, Placement, PodId};
use holdfast_failover::{Dynamics, Event, Joined, budgets};
use holdfast_planner::rebalance::measure::{By, Goal, Measure};
use holdfast_planner::rebalance::{Limits, Rebalance, Rebalancer};
use holdfast_proof::{Settings, Simulator};
use holdfast_scheduler::Scratch;
use proptest::prelude::*;

use crate::plan::{self, Family, Plan};
use crate::{Tally, export, family, read, run};

const MOVES: usize = 3;

fn settings() -> Settings {
    Settings { states_per_set: 2_000, ..Settings::default() }
}

fn rebalance(cluster: &Cluster, goal: Goal) -> Option<Rebalance<'_>> {
    let limits = Limits { moves: MOVES, steps: 20_000 };
    Some(Rebalancer::new(cluster, settings(), limits).ok()?.reach(goal))
}

/// Every sequence of deletions of pods that the export has, up to the shortest that does.
struct Brute<'m, 'c> {
    simulator: Simulator<'c>,
    measure: &'m Measure<'c>,
    start: Placement,
    /// Something was not known of a step.
    unknown: bool,
}

impl Brute<'_, '_> {
    fn cluster(&self) -> &Cluster {
        self.simulator.dynamics().cluster()
    }

    fn does(&mut self, states: &[Placement], left: usize) -> bool {
        if states.iter().all(|state| self.measure.holds(state)) {
            return true;
        }
        let pods: Vec<PodId> = self.cluster().pod_ids().collect();
        left > 0
            && pods.into_iter().any(|pod| {
                let next = self.after(states, pod);
                next.is_some_and(|next| self.does(&next, left - 1))
            })
    }

    fn after(&mut self, states: &[Placement], pod: PodId) -> Option<Vec<Placement>> {
        let id = InstanceId::from(pod);
        let mut ends = Vec::new();
        for state in states {
            let instance = *state.instance(id);
            let kind = self.cluster().workload(instance.workload).kind;
            let kept = matches!(
                kind,
                WorkloadKind::ReplicaSet
                    | WorkloadKind::StatefulSet
                    | WorkloadKind::ReplicationController
            );
            let untouched = instance == *self.start.instance(id);
            let root = |it: &Instance| self.cluster().root(it.workload);
            let serving =
                state.instances().iter().filter(|it| it.ready && root(it) == root(&instance));
            let others = serving.count() - usize::from(instance.ready);
            if !kept
                || !untouched
                || instance.node().is_none()
                || instance.terminating
                || others == 0
                || budgets::may_evict(self.cluster(), state, id).is_err()
            {
                return None;
            }
            let event = Event::DeletePod(pod);
            let found = self.simulator.ends(state, &event, &mut Scratch::default()).ok()?;
            if !found.exact {
                self.unknown = true;
                return None;
            }
            for end in found.states {
                let all_there = end.instance_ids().all(|other| {
                    let is = end.instance(other);
                    match state.instances().get(other.index()) {
                        Some(was) if other != id => was == is,
                        _ => is.ready || is.whereabouts == Whereabouts::Gone,
                    }
                });
                let bound = |it: &Instance| it.node().is_some();
                let count = |it: &Placement| it.instances().iter().filter(|it| bound(it)).count();
                if !all_there || count(&end) != count(state) {
                    return None;
                }
                ends.push(end);
            }
        }
        Some(ends)
    }
}

fn spread() -> Family {
    Family { affinity: 0.4, spread: 0.6, priority: 0.1, ..family() }
}

#[test]
fn as_few_moves_as_brute_force_finds() {
    let tally = RefCell::new(Tally::default());
    let strategy = (plan::plan(spread()), 0_u8..3);
    run(5, &strategy, |(plan, what): (Plan, u8)| {
        let goal = match what {
            0 => Goal::Load { by: By::Cpu, within: 10 },
            _ => Goal::Spread,
        };
        let cluster = read(export(&plan));
        let Some(found) = rebalance(&cluster, goal) else { return Ok(()) };
        if found.measure.holds(&found.before) {
            prop_assert_eq!((found.moves.len(), found.bound, found.fewest), (0, 0, true));
            return Ok(());
        }
        let start = vec![found.before.clone()];
        let simulator = Simulator::new(Dynamics::new(&cluster), settings());
        let measure = &found.measure;
        let mut brute = Brute { simulator, measure, start: start[0].clone(), unknown: false };
        let least = (0..=MOVES).find(|most| brute.does(&start, *most));
        let mut tally = tally.borrow_mut();
        if let Some(least) = least {
            prop_assert!(found.bound <= least, "{} and {least}", found.bound);
        }
        if found.reached {
            let least = least.expect("the plan does it");
            prop_assert!(least <= found.moves.len());
            prop_assert!(!found.fewest || least == found.moves.len(), "{least}: {:?}", found.moves);
            prop_assert!(found.fewest || brute.unknown, "{:?}", found.moves);
            replays(&cluster, &found)?;
            tally.same += 1;
            tally.telling += u32::from(found.moves.len() > 1);
        } else {
            prop_assert!(least.is_none() || brute.unknown, "{least:?} would do");
            tally.none += 1;
        }
        Ok(())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.same > 20 && tally.telling > 2 && tally.none > 0, "{tally:?}");
}

/// `simulate` with the same deletions ends where the plan says.
fn replays(cluster: &Cluster, found: &Rebalance<'_>) -> Result<(), TestCaseError> {
    let simulator = Simulator::new(Dynamics::new(cluster), settings());
    let story: Vec<Joined> = found
        .moves
        .iter()
        .map(|step| found.before.instance(step.pod).origin.expect("it is in the export"))
        .map(|pod| Event::DeletePod(pod).into())
        .collect();
    let stages = simulator.run(&story).expect("each can be deleted");
    let last = stages.last().expect("there is one");
    for node in cluster.node_ids() {
        let counts = found.after.iter().map(|state| state.node(node).pods.len() as u32);
        let (min, max) = (counts.clone().min(), counts.max());
        let told = last.pods[node.index()];
        prop_assert_eq!((Some(told.min), Some(told.max)), (min, max), "{:?}", found.moves);
    }
    prop_assert!(last.exact);
    Ok(())
}
