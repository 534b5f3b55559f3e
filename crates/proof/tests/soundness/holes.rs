//! Holes that were found, each as the smallest cluster that showed it.

use crate::check::{self, Tally};
use crate::joined;
use crate::plan::{
    Home, Kind, Near, NodePlan, NodeState, Patience, Plan, PodPlan, Spread, TaintPlan, Term,
    Volume, WorkloadPlan,
};

fn node() -> NodePlan {
    NodePlan {
        cpu: 4000,
        pods: 110,
        zone: None,
        taint: None,
        cordoned: false,
        state: NodeState::Ready,
        control_plane: false,
    }
}

fn pod() -> PodPlan {
    PodPlan {
        app: 0,
        cpu: 100,
        patience: Patience::Default,
        tolerates_taint: false,
        zone: None,
        host: None,
        anti_affinity: None,
        affinity: None,
        spread: None,
        port: false,
        priority: 0,
        never_preempts: false,
        volume: None,
    }
}

/// Strict spread over hosts with the pods of an app.
fn by_host(app: u8) -> Spread {
    Spread { hard: true, near: Near::Host, skew: 1, min_domains: None, honor_taints: false, app }
}

fn on(node: usize) -> Home {
    Home { node: Some(node), ready: true, terminating: false }
}

const PENDING: Home = Home { node: None, ready: false, terminating: false };

fn workload(kind: Kind, template: PodPlan, homes: &[Home]) -> WorkloadPlan {
    WorkloadPlan { kind, template, parallel: false, homes: homes.to_vec() }
}

fn holds(nodes: Vec<NodePlan>, workloads: Vec<WorkloadPlan>) {
    let plan = Plan { nodes, workloads, budget: None, service: false, pair: (0, 1) };
    if let Err(error) = check::check(&plan, &mut Tally::default()) {
        panic!("{error}");
    }
}

/// A failure that touches a pod in one place of rest leaves it alone in another.
#[test]
fn a_pod_that_may_stand_elsewhere_counts_from_there_too() {
    holds(vec![node(), node()], vec![workload(Kind::Bare, pod(), &[PENDING, PENDING])]);
}

/// Nobody makes a claim about a Job, yet its pods preempt those of others.
#[test]
fn a_job_may_preempt_what_was_not_touched() {
    let job = PodPlan { priority: 1, ..pod() };
    holds(
        vec![NodePlan { pods: 2, ..node() }, node()],
        vec![
            workload(Kind::ReplicaSet, pod(), &[on(0), on(0)]),
            workload(Kind::Job, job, &[PENDING]),
        ],
    );
}

/// A subject without pending pods is not settled while a pod of others may preempt its own.
#[test]
fn what_serves_may_be_preempted() {
    let high = PodPlan { priority: 1, ..pod() };
    holds(
        vec![NodePlan { pods: 2, ..node() }, node()],
        vec![
            workload(Kind::ReplicaSet, high, &[PENDING]),
            workload(Kind::StatefulSet, pod(), &[PENDING, PENDING, PENDING]),
        ],
    );
}

/// Pods on a node that was silent before are not lost once more when it fails.
#[test]
fn a_silent_node_that_fails_takes_nothing_from_what_is_wanted() {
    let far = Term { required: true, near: Near::Host, app: 0 };
    let daemon = PodPlan { anti_affinity: Some(far), ..pod() };
    let high = PodPlan { priority: 2, ..pod() };
    holds(
        vec![node(), NodePlan { state: NodeState::Unknown, ..node() }],
        vec![
            workload(Kind::ReplicaSet, high, &[PENDING]),
            workload(Kind::DaemonSet, daemon, &[on(1)]),
        ],
    );
}

/// What a foreign controller does about a pod that did not serve is as unknown as about one that
/// did.
#[test]
fn nobody_knows_what_a_custom_controller_does() {
    let idle = Home { ready: false, ..on(0) };
    holds(vec![node(), node()], vec![workload(Kind::Custom, pod(), &[idle])]);
}

/// Nor, where nothing fails, what it made of a pod that is stuck on a silent node.
#[test]
fn nor_what_it_made_of_a_pod_that_is_stuck() {
    let silent = NodePlan { state: NodeState::Unknown, ..node() };
    let stuck = Home { ready: false, terminating: true, ..on(1) };
    let waiting = Home { ready: false, ..on(0) };
    holds(
        vec![NodePlan { cpu: 1000, ..node() }, silent],
        vec![
            workload(Kind::Custom, pod(), &[PENDING, stuck]),
            workload(Kind::ReplicaSet, PodPlan { cpu: 500, ..pod() }, &[waiting, waiting]),
        ],
    );
}

/// The same before anything fails.
#[test]
fn nor_what_it_did_about_a_node_that_is_silent() {
    let silent = NodePlan { state: NodeState::Unknown, ..node() };
    holds(vec![node(), silent], vec![workload(Kind::Custom, pod(), &[on(1)])]);
}

/// Pods that came to their nodes in one second are preempted in any order.
#[test]
fn victims_that_tie_are_not_told_by_their_number() {
    let small = PodPlan { cpu: 100, ..pod() };
    let large = PodPlan { cpu: 1000, ..pod() };
    let high = PodPlan { cpu: 1000, priority: 1, ..pod() };
    holds(
        vec![NodePlan { cpu: 2000, ..node() }, node()],
        vec![
            workload(Kind::ReplicaSet, small, &[PENDING]),
            workload(Kind::ReplicaSet, high, &[PENDING, PENDING, PENDING]),
            workload(Kind::ReplicaSet, large, &[PENDING, PENDING]),
        ],
    );
}

/// A pod that comes back to the dead node goes round for ever: no rest, no answer, and no hanging.
#[test]
fn a_pod_that_returns_to_a_dead_node_has_no_rest() {
    let returning = PodPlan { patience: Patience::Returning, ..pod() };
    let silent = NodePlan { state: NodeState::Unknown, ..node() };
    holds(
        vec![silent.clone(), silent, node()],
        vec![workload(Kind::ReplicaSet, returning, &[on(0)])],
    );
}

/// A pod that cannot come to a node keeps others off it from next door.
#[test]
fn anti_affinity_reaches_over_the_zone() {
    let far = Term { required: true, near: Near::Zone, app: 1 };
    let shy = PodPlan { anti_affinity: Some(far), ..pod() };
    let pinned = PodPlan { app: 1, host: Some(2), ..pod() };
    let zoned = NodePlan { zone: Some(0), ..node() };
    let pinned = workload(Kind::ReplicaSet, pinned, &[on(0)]);
    holds(
        vec![node(), zoned.clone(), zoned],
        vec![workload(Kind::ReplicaSet, shy, &[on(0)]), pinned],
    );
}

/// A pod that ends is made again, and counts the pods of silent nodes until they are evicted.
#[test]
fn the_successor_of_a_pod_that_ends_notices_evictions() {
    let zoned = |zone| NodePlan { zone: Some(zone), ..node() };
    let silent = NodePlan { state: NodeState::Unknown, ..zoned(1) };
    let ending = Home { terminating: true, ..on(0) };
    let rather_far = Term { required: false, near: Near::Host, app: 0 };
    let other = PodPlan { host: Some(2), anti_affinity: Some(rather_far), ..pod() };
    holds(
        vec![NodePlan { cpu: 1000, ..zoned(0) }, zoned(1), node(), silent, node()],
        vec![
            workload(Kind::StatefulSet, pod(), &[ending, on(3)]),
            workload(Kind::ReplicaSet, other, &[on(4)]),
        ],
    );
}

/// A preemption that does not help yet, as pods on silent nodes still count for spread, may later.
#[test]
fn preemption_may_help_later() {
    let far = Term { required: true, near: Near::Host, app: 1 };
    let shy = PodPlan { app: 1, anti_affinity: Some(far), ..pod() };
    let even = by_host(1);
    let spread = PodPlan { app: 1, cpu: 1000, spread: Some(even), priority: 1, ..pod() };
    let nodes = vec![node(), NodePlan { cpu: 2000, ..node() }, node()];
    let workloads = vec![
        workload(Kind::ReplicaSet, shy, &[on(2), on(1)]),
        workload(Kind::ReplicaSet, spread, &[on(1), PENDING]),
        workload(Kind::ReplicaSet, PodPlan { app: 1, ..pod() }, &[PENDING]),
    ];
    let plan = Plan { nodes, workloads, budget: None, service: false, pair: (0, 2) };
    if let Err(error) = check::check(&plan, &mut Tally::default()) {
        panic!("{error}");
    }
}

/// A node that failed keeps its place in a spread without its pods: with one less there than
/// elsewhere nobody may come anywhere else.
#[test]
fn spread_holds_a_place_free_on_a_node_that_failed() {
    let spread = Spread { min_domains: Some(1), ..by_host(0) };
    let spread = PodPlan { spread: Some(spread), ..pod() };
    holds(
        vec![node(), node(), node(), node()],
        vec![
            workload(Kind::ReplicaSet, pod(), &[on(1)]),
            workload(Kind::ReplicaSet, pod(), &[on(0)]),
            workload(Kind::ReplicaSet, spread, &[PENDING, PENDING]),
        ],
    );
}

/// A Job that gives up leaves the nodes that stand, and who waited in vain comes there.
#[test]
fn who_waits_may_come_when_a_job_gives_up() {
    let large = PodPlan { cpu: 4000, ..pod() };
    let bearing = PodPlan { tolerates_taint: true, ..large.clone() };
    let job = WorkloadPlan { parallel: true, ..workload(Kind::Job, bearing, &[on(0), on(1)]) };
    let taint = Some(TaintPlan::NoSchedule);
    let tainted = NodePlan { taint, cpu: 16_000, ..node() };
    holds(vec![node(), node(), tainted], vec![job, workload(Kind::ReplicaSet, large, &[PENDING])]);
}

/// A pod that keeps coming back to a dead node fills it up in the end, and preempts there who bears
/// it: that one is made again elsewhere.
#[test]
fn who_bears_a_dead_node_may_be_preempted_there() {
    let returning = PodPlan { patience: Patience::Returning, host: Some(0), priority: 1, ..pod() };
    let bearing = PodPlan { patience: Patience::Forever, ..pod() };
    holds(
        vec![node(), node(), node(), node()],
        vec![
            workload(Kind::ReplicaSet, returning, &[on(0)]),
            workload(Kind::ReplicaSet, bearing, &[on(0)]),
        ],
    );
}

/// It waits there for a victim that never ends, yet for none that was told to go before: when pods
/// on a dead node are told to go may be noticed by who preempts them there.
#[test]
fn a_victim_that_was_told_to_go_holds_back_nobody() {
    let returning = PodPlan { patience: Patience::Returning, cpu: 1000, priority: 2, ..pod() };
    let victim = PodPlan { cpu: 1500, ..pod() };
    let silent = NodePlan { state: NodeState::Unknown, zone: Some(0), ..node() };
    let workloads = vec![
        workload(Kind::ReplicaSet, returning, &[PENDING]),
        workload(Kind::ReplicaSet, victim, &[PENDING, PENDING]),
    ];
    holds(vec![node(), node(), silent, NodePlan { cpu: 2000, ..node() }], workloads);
}

/// A place alone is not enough for a pod whose volume is attached to a dead node, be it that others
/// preempt or not.
#[test]
fn who_cannot_use_his_volume_does_not_come_back() {
    let apart = by_host(0);
    let preempts = PodPlan { spread: Some(apart), priority: 1, ..pod() };
    let attached = PodPlan { priority: 1, volume: Some(Volume::Attached), ..pod() };
    let waits = PodPlan { zone: Some(2), ..pod() };
    let workloads = vec![
        workload(Kind::ReplicaSet, preempts, &[on(1)]),
        workload(Kind::ReplicaSet, attached, &[on(1)]),
        workload(Kind::ReplicaSet, waits, &[PENDING]),
    ];
    holds(vec![NodePlan { zone: Some(1), ..node() }, node()], workloads);
}

/// A pod that waited is deleted, and the control plane fails at some moment: whoever else waited
/// may have been placed by then, also where not all moments could be tried.
#[test]
fn who_waits_may_be_placed_before_the_control_plane_fails() {
    let wish = Term { required: false, near: Near::Host, app: 1 };
    let first = PodPlan { anti_affinity: Some(wish), ..pod() };
    let second = PodPlan { app: 1, ..pod() };
    let nodes = vec![NodePlan { zone: Some(0), control_plane: true, ..node() }, node()];
    let workloads = vec![
        workload(Kind::ReplicaSet, first, &[PENDING]),
        workload(Kind::ReplicaSet, second, &[PENDING]),
    ];
    let plan = Plan { nodes, workloads, budget: None, service: false, pair: (0, 0) };
    if let Err(error) = joined::check(&plan, (7, 9), &mut joined::Tally::default()) {
        panic!("{error}");
    }
}

/// A Job that gives up deletes all it has, and with it the company that others need.
#[test]
fn company_that_a_job_gives_up_is_none() {
    let near = Term { required: true, near: Near::Host, app: 1 };
    let apart = by_host(0);
    let needs = PodPlan { affinity: Some(near), spread: Some(apart), ..pod() };
    let other = PodPlan { app: 1, ..pod() };
    let homes = [on(0), on(2), on(1)].map(|home| Home { ready: false, ..home });
    let job = WorkloadPlan { parallel: true, ..workload(Kind::Job, other.clone(), &homes) };
    holds(
        vec![node(), node(), node()],
        vec![
            workload(Kind::ReplicaSet, other, &[PENDING]),
            workload(Kind::ReplicaSet, needs, &[PENDING, PENDING]),
            job,
        ],
    );
}

/// A pod on a silent node counts for the spread of one that may come there, zone or none.
#[test]
fn a_silent_node_that_lets_pods_in_counts_by_host() {
    let zoned = || NodePlan { zone: Some(0), ..node() };
    let silent = NodePlan { state: NodeState::Unknown, ..node() };
    let returning = PodPlan { patience: Patience::Returning, ..pod() };
    let there = Home { ready: false, ..on(2) };
    holds(
        vec![zoned(), node(), silent, zoned(), zoned()],
        vec![workload(Kind::StatefulSet, returning, &[PENDING, there, PENDING])],
    );
}

/// A failure empties a domain for good, so that nobody lost comes back; but the first of two lost
/// pods of one node may come while the second still counts there.
#[test]
fn who_comes_before_the_last_eviction_finds_an_even_spread() {
    let even = by_host(0);
    let even = PodPlan { spread: Some(even), ..pod() };
    for homes in [[on(0), on(1), on(2)], [on(0), on(0), on(1)], [on(0), on(0), on(0)]] {
        let nodes = vec![node(), node(), node()];
        holds(nodes, vec![workload(Kind::ReplicaSet, even.clone(), &homes)]);
    }
}

/// Two events, by number, joined and in turn, whether all states are seen or hardly any.
fn holds_through(nodes: Vec<NodePlan>, workloads: Vec<WorkloadPlan>, events: (usize, usize)) {
    let plan = Plan { nodes, workloads, budget: None, service: false, pair: (1, 1) };
    if let Err(error) = joined::check(&plan, events, &mut joined::Tally::default()) {
        panic!("{error}");
    }
}

/// A pod that its node would not let in again may be there all the same, though others like it went
/// elsewhere: nobody counts on what it has.
#[test]
fn who_would_not_be_let_in_again_may_still_be_there() {
    let important = PodPlan { cpu: 500, priority: 1, ..pod() };
    let picky = PodPlan { cpu: 1500, host: Some(0), ..pod() };
    let plain = PodPlan { cpu: 1000, ..pod() };
    holds_through(
        vec![NodePlan { cpu: 2000, ..node() }, node(), node()],
        vec![
            workload(Kind::ReplicaSet, important, &[PENDING, PENDING, PENDING]),
            workload(Kind::ReplicaSet, picky, &[on(1), on(0)]),
            workload(Kind::ReplicaSet, plain, &[on(1), on(1)]),
        ],
        (8, 7),
    );
}

/// A set that makes one pod after the other may never make the next again, once a drain has taken
/// it.
#[test]
fn the_next_of_a_set_may_never_come() {
    let stuck = Home { ready: false, ..on(1) };
    holds_through(
        vec![node(), node()],
        vec![workload(Kind::StatefulSet, pod(), &[stuck, PENDING])],
        (8, 8),
    );
}
