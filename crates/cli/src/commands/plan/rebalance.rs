//! `holdfast plan rebalance`: which pods to delete so that they are spread, or load is.

use holdfast_planner::rebalance::measure::{By, Goal};
use holdfast_planner::rebalance::{Limits, Rebalancer, Unsure};
use holdfast_planner::report::RebalanceReport;
use holdfast_proof::Settings;

use crate::args::{LoadOf, RebalanceArguments};
use crate::commands;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, render};

/// Runs the command.
///
/// # Errors
/// Bad input, a cluster that does not rest.
pub(super) fn run(arguments: &RebalanceArguments) -> Result<u8, Failure> {
    for (option, number) in [
        ("--budget", arguments.proof.budget),
        ("--moves", arguments.moves),
        ("--steps", arguments.steps),
    ] {
        if number == 0 {
            return Err(Failure::usage(format!("{option} must be at least one")));
        }
    }
    if arguments.within > 100 {
        let text = format!("--within {}: shares differ by 100 at most", arguments.within);
        return Err(Failure::usage(text).hint("ask for fewer, for instance --within 20"));
    }
    output::check_plan(&arguments.output.output)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let cluster = &loaded.cluster;
    let goal = match arguments.load {
        None => Goal::Spread,
        Some(LoadOf::Cpu) => Goal::Load { by: By::Cpu, within: arguments.within },
        Some(LoadOf::Memory) => Goal::Load { by: By::Memory, within: arguments.within },
    };
    let settings = Settings { states_per_set: arguments.proof.budget, ..Settings::default() };
    let limits = Limits { moves: arguments.moves, steps: arguments.steps };
    let rebalancer = Rebalancer::new(cluster, settings, limits).map_err(unsure)?;
    let report = RebalanceReport::new(cluster, &rebalancer.reach(goal));
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::rebalance::render(&report, format),
    })?;
    Ok(match (report.reached, report.fewest) {
        (true, true) => exit::HOLDS,
        (true, false) => exit::INCONCLUSIVE,
        (false, _) => exit::REFUTED,
    })
}

fn unsure(why: Unsure) -> Failure {
    match why {
        Unsure::Unsettled => {
            Failure::usage("the cluster is on the move, and may come to rest in several places")
                .hint("export it once all is quiet; holdfast simulate tells where it may go")
        }
        Unsure::NobodyActs => {
            Failure::usage("no control plane acts: nobody makes pods again that are deleted")
        }
    }
}
