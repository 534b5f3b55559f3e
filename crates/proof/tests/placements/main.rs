//! Placements that could be: every *by rule* and every *possible* on random small clusters, against
//! whoever tries all of them with the scheduler itself; packings that no order of size solves; and
//! the rows of plan H.
//!
//! `HOLDFAST_LONG=1` runs ten times as many clusters; `HOLDFAST_SEED=N` runs others;
//! `HOLDFAST_TALLY=1` fails with what was checked.

#[path = "../soundness/plan.rs"]
mod plan;
#[path = "../soundness/render.rs"]
mod render;

mod check;
mod homelab;
mod oracle;
mod packing;
mod rollouts;
mod spreading;

use std::cell::RefCell;

use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};

use crate::check::Tally;
use crate::plan::Family;

/// Clusters of each family.
fn cases() -> u32 {
    if std::env::var_os("HOLDFAST_LONG").is_some() { 7_500 } else { 300 }
}

fn run(number: u8, regressions: &'static str, family: Family) -> Tally {
    let given = std::env::var("HOLDFAST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seed = [number; 32];
    seed[..8].copy_from_slice(&given.unwrap_or(1_u64).to_le_bytes());
    let persistence = FileFailurePersistence::Direct(regressions);
    let config = Config {
        cases: cases(),
        failure_persistence: Some(Box::new(persistence)),
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let tally = RefCell::new(Tally::default());
    let check = |plan| check::check(&plan, &mut tally.borrow_mut());
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&plan::plan(family), check) {
        panic!("{error}");
    }
    let tally = tally.into_inner();
    assert!(std::env::var_os("HOLDFAST_TALLY").is_none(), "as asked: {tally:#?}");
    tally
}

/// Enough of every answer was checked to mean something.
fn applied(tally: &Tally) {
    assert!(tally.yes + tally.no >= 2_000 && tally.no > 500, "{tally:?}");
    assert!(tally.proved > 100 && tally.refuted > 100, "{tally:?}");
    assert!(tally.unknown * 10 < tally.yes + tally.no, "{tally:?}");
}

#[test]
fn plain_clusters() {
    let family = Family { affinity: 0.3, spread: 0.2, trouble: 0.1, ..Family::default() };
    applied(&run(1, "proptest-regressions/placements-plain.txt", family));
}

#[test]
fn crowded_clusters() {
    let family = Family { affinity: 0.7, spread: 0.5, trouble: 0.2, ..Family::default() };
    applied(&run(2, "proptest-regressions/placements-crowded.txt", family));
}

#[test]
fn odd_clusters() {
    let family = Family {
        affinity: 0.3,
        spread: 0.3,
        priority: 0.3,
        trouble: 0.3,
        odd_kinds: true,
        budgets: 0.1,
        ..Family::default()
    };
    applied(&run(3, "proptest-regressions/placements-odd.txt", family));
}
