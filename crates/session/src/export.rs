//! `simulate --export`: where a story ends, as an export.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::story::{Happening, Story};
use holdfast_failover::{Dynamics, budgets};
use holdfast_ingest::export::{self, BudgetStatus, End, Moments, Unscheduled};
use holdfast_ingest::{Origins, Source};
use holdfast_scheduler::decision::Outcome;
use holdfast_scheduler::message;
use holdfast_scheduler::wording::Words;
use serde_json::Value;

use crate::failure::Failure;

/// The end of a story as an export. `sources` are those that its cluster was read from.
///
/// # Errors
/// A story that never comes to rest has no end.
pub fn of(
    sources: Vec<Source>,
    dynamics: &Dynamics<'_>,
    origins: &Origins,
    story: &Story,
) -> Result<Value, Failure> {
    if story.told.last().is_some_and(|told| told.what == Happening::Endless) {
        return Err(Failure::usage("--export: the story never comes to rest, so it has no end")
            .hint("leave out the last events, or --export"));
    }
    let cluster = dynamics.cluster();
    let end = End {
        placement: &story.end,
        seconds: story.told.last().map_or(0, |told| told.at),
        moments: moments(story),
        unscheduled: unscheduled(dynamics, &story.end),
        budgets: standings(cluster, &story.end),
    };
    Ok(export::export(sources, cluster, origins, &end))
}

fn moments(story: &Story) -> Vec<Moments> {
    let lives = story.lives.iter();
    lives
        .map(|life| Moments { made: life.made, bound: life.bound, deleted: life.deleted })
        .collect()
}

/// What the scheduler says of every pod that waits, where anybody decides.
fn unscheduled(
    dynamics: &Dynamics<'_>,
    placement: &Placement,
) -> BTreeMap<InstanceId, Unscheduled> {
    let cluster = dynamics.cluster();
    let mut told = BTreeMap::new();
    if !dynamics.control_plane().acts(placement) {
        return told;
    }
    for pod in holdfast_scheduler::queue::order(cluster, placement) {
        let decision = dynamics.scheduler().decide(placement, pod);
        let reason = match decision.outcome {
            Outcome::Gated => "SchedulingGated",
            Outcome::Failed(_) => "SchedulerError",
            Outcome::Scheduled { .. } | Outcome::Unschedulable | Outcome::NoNodes => {
                "Unschedulable"
            }
        };
        if let Some(message) = message::of_condition(Words::of(cluster), &decision) {
            told.insert(pod, Unscheduled { reason, message });
        }
    }
    told
}

fn standings(cluster: &Cluster, placement: &Placement) -> Vec<BudgetStatus> {
    let standings = budgets::standings(cluster, placement).into_iter();
    standings
        .map(|stands| BudgetStatus {
            healthy: stands.healthy,
            needed: stands.needed,
            expected: stands.expected,
            allowed: stands.allowed,
        })
        .collect()
}
