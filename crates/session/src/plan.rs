//! `plan`: what to change. One file per question.

pub mod fit;
pub mod mix;
pub mod nodes;
pub mod rebalance;
pub mod remove;
pub mod repair;
pub mod tolerance;
pub mod waste;

use holdfast_cluster::Cluster;
use holdfast_proof::{Prover, Settings};

use crate::failure::Failure;

/// States to search per failure set of what was changed, unless somebody says otherwise.
pub const STATES: usize = 2_000;

/// Refuses numbers that are none.
///
/// # Errors
/// When one is zero.
fn at_least_one(numbers: &[(&str, usize)]) -> Result<(), Failure> {
    match numbers.iter().find(|(_, number)| *number == 0) {
        Some((option, _)) => Err(Failure::usage(format!("{option} must be at least one"))),
        None => Ok(()),
    }
}

/// Whether nothing of a cluster should keep running.
fn is_idle(cluster: &Cluster) -> bool {
    let few = Settings { states_per_set: 1, ..Settings::default() };
    Prover::new(cluster, few).subjects().subjects.is_empty()
}
