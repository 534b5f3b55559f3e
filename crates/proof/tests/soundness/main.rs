//! Soundness is tested, not claimed: random small clusters, every verdict against brute force.
//!
//! A false PROVED is the worst bug Holdfast can ship, a false REFUTED the second. `HOLDFAST_LONG=1`
//! runs ten times as many clusters; `HOLDFAST_SEED=N` runs others.

mod certify;
mod check;
mod downtime;
mod endless;
mod foreseen;
mod holes;
mod joined;
mod oracle;
mod plan;
mod render;
mod sequences;
mod symmetry;
mod tampering;
mod waiting;

use std::cell::RefCell;

use proptest::strategy::Strategy;
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestRng, TestRunner,
};

use crate::check::Tally;
use crate::plan::Family;

/// Clusters of each family.
fn cases() -> u32 {
    if std::env::var_os("HOLDFAST_LONG").is_some() { 12_500 } else { 1_250 }
}

fn seed(family: u8) -> [u8; 32] {
    let given = std::env::var("HOLDFAST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seed = [family; 32];
    seed[..8].copy_from_slice(&given.unwrap_or(1_u64).to_le_bytes());
    seed
}

fn run(number: u8, regressions: &'static str, family: Family) -> Tally {
    let tally = RefCell::new(Tally::default());
    draw(number, regressions, plan::plan(family), |plan| {
        check::check(&plan, &mut tally.borrow_mut())
    });
    tally.into_inner()
}

/// Draws from `plans`, and shrinks what fails the check.
fn draw<S: Strategy>(
    number: u8,
    regressions: &'static str,
    plans: S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let persistence = FileFailurePersistence::Direct(regressions);
    let config = Config {
        cases: cases(),
        failure_persistence: Some(Box::new(persistence)),
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed(number));
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&plans, check) {
        panic!("{error}");
    }
}

#[test]
fn plain_clusters() {
    let tally = run(
        1,
        "proptest-regressions/plain.txt",
        Family { affinity: 0.3, spread: 0.2, trouble: 0.1, ..Family::default() },
    );
    assert!(tally.proved > 0 && tally.refuted > 0);
    assert!(tally.foreseen > 0, "some sets are decided beforehand");
    assert!(tally.at_once > 0, "and certified at once");
    println!("{tally:?}");
    assert!(tally.timed > 5_000, "many runs are held against bounds that end: {tally:?}");
}

#[test]
fn crowded_clusters() {
    let family = Family { affinity: 0.6, spread: 0.5, trouble: 0.3, ..Family::default() };
    let tally = run(2, "proptest-regressions/crowded.txt", family);
    assert!(tally.undecided_by_order > 0, "order decides somewhere");
}

#[test]
fn ranked_clusters() {
    let family =
        Family { affinity: 0.2, spread: 0.2, priority: 0.6, trouble: 0.2, ..Family::default() };
    let tally = run(3, "proptest-regressions/ranked.txt", family);
    assert!(tally.preemptions > 0, "somebody is preempted somewhere");
}

#[test]
fn odd_clusters() {
    let family = Family {
        affinity: 0.2,
        spread: 0.2,
        priority: 0.3,
        trouble: 0.3,
        odd_kinds: true,
        budgets: 0.2,
        ..Family::default()
    };
    run(4, "proptest-regressions/odd.txt", family);
}

/// The report is the same whether one of alike sets stands for all or not.
#[test]
fn symmetric_clusters() {
    let family = Family {
        affinity: 0.4,
        spread: 0.3,
        priority: 0.2,
        odd_kinds: true,
        symmetry: 0.9,
        ..Family::default()
    };
    let tally = run(8, "proptest-regressions/symmetric.txt", family);
    println!("{tally:?}");
    assert!(tally.alike > 1_000 && tally.proved > 0 && tally.refuted > 0, "{tally:?}");
}

/// What events come to in the middle of others depends on budgets most.
const BUDGETED: Family = Family {
    affinity: 0.2,
    spread: 0.2,
    priority: 0.2,
    trouble: 0.1,
    odd_kinds: false,
    budgets: 0.4,
    volumes: 0.0,
    symmetry: 0.0,
};

#[test]
fn joined_events() {
    let tally = RefCell::new(joined::Tally::default());
    let plans = (plan::plan(BUDGETED), (0_usize..9, 0_usize..10));
    draw(5, "proptest-regressions/joined.txt", plans, |(plan, events)| {
        joined::check(&plan, events, &mut tally.borrow_mut())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.same > 100 && tally.telling > 10 && tally.seen > 100, "{tally:?}");
}

#[test]
fn stored_clusters() {
    let family = Family {
        affinity: 0.2,
        spread: 0.1,
        priority: 0.2,
        trouble: 0.1,
        volumes: 0.6,
        ..Family::default()
    };
    let tally = run(6, "proptest-regressions/stored.txt", family);
    println!("{tally:?}");
    assert!(tally.proved > 0 && tally.refuted > 0 && tally.attaching > 0, "{tally:?}");
}

#[test]
fn sequences_of_events() {
    let family = Family {
        affinity: 0.3,
        spread: 0.3,
        priority: 0.3,
        trouble: 0.1,
        volumes: 0.2,
        budgets: 0.2,
        ..Family::default()
    };
    let tally = RefCell::new(sequences::Tally::default());
    draw(7, "proptest-regressions/sequences.txt", plan::plan(family), |plan| {
        sequences::check(&plan, &mut tally.borrow_mut())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.proved > 100 && tally.refuted > 100, "{tally:?}");
    assert!(tally.certified > 100 && tally.tampered > 10 * tally.believed, "{tally:?}");
    assert!(tally.hasty > 100, "bounds tell of recoveries by themselves: {tally:?}");
}

#[test]
fn sequences_of_joined_events() {
    let tally = RefCell::new(sequences::Tally::default());
    let kinds = [0_usize..9, 0_usize..10, 0_usize..10];
    let plans = (plan::plan(BUDGETED), (0_usize..4, kinds));
    draw(9, "proptest-regressions/joined-sequences.txt", plans, |(plan, story)| {
        sequences::check_joined(&plan, story, &mut tally.borrow_mut())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.proved > 100 && tally.refuted > 100, "{tally:?}");
    assert!(tally.certified > 100 && tally.tampered > 10 * tally.believed, "{tally:?}");
    assert!(tally.hasty > 100, "bounds tell of recoveries by themselves: {tally:?}");
}

/// What bounds prove of pods that may be anywhere holds wherever they are.
#[test]
fn waiting_clusters() {
    let tally = RefCell::new(waiting::Tally::default());
    let regressions = "proptest-regressions/waiting.txt";
    draw(11, regressions, waiting::plans(), |plan| waiting::check(&plan, &mut tally.borrow_mut()));
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.loose > 300 && tally.foreseen > 100, "{tally:?}");
    assert!(tally.proved > 1_000 && tally.refuted > 10, "{tally:?}");
}

/// Nodes let pods in for a while, evict them, and let in the next.
#[test]
fn endless_runs() {
    let tally = RefCell::new(endless::Tally::default());
    draw(10, "proptest-regressions/endless.txt", endless::plans(), |plan| {
        endless::check(&plan, &mut tally.borrow_mut())
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    assert!(tally.round > 200 && tally.proved > 50 && tally.trapped > 100, "{tally:?}");
    assert!(tally.endless > 50, "{tally:?}");
    // What is left out has more states than are searched.
    assert!(tally.certified > 40 * tally.left_out, "{tally:?}");
}
