//! `holdfast simulate`: one story, event by event, and every way it may end.

use holdfast_cluster::Cluster;
use holdfast_failover::{Dynamics, Event};
use holdfast_proof::{Outcome, Settings, Simulator};

use crate::args::SimulateArguments;
use crate::events::{self, Named};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, render};

/// Runs the command.
///
/// # Errors
/// Bad input, an event that names nothing or makes no sense.
pub fn run(arguments: &SimulateArguments) -> Result<u8, Failure> {
    if arguments.budget == Some(0) {
        return Err(Failure::usage("--budget must be at least one state"));
    }
    output::check(&arguments.output.output)?;
    let loaded = super::load_cluster(&arguments.input.inputs)?;
    let loaded = super::assume(loaded, arguments.assumptions.as_ref())?;
    let named = events::parse(&loaded.cluster, &arguments.event)?;
    let cluster = loaded.cluster.with_rollouts(&events::rollouts(&named));
    let states_per_set = arguments.budget.unwrap_or_else(|| default_budget(&cluster));
    let settings = Settings { states_per_set, ..Settings::default() };
    let simulator = Simulator::new(Dynamics::new(&cluster), settings);
    let told: Vec<Event> = named.iter().map(|named| named.event.clone()).collect();
    let stages = simulator
        .run(&told)
        .map_err(|refused| events::refused(&cluster, &named[refused.event], refused.why))?;
    let names: Vec<String> = named.iter().map(|Named { name, .. }| name.clone()).collect();
    let outcome = Outcome::new(&simulator, &names, &stages);
    output::refuse_ndjson(&arguments.output.output)?;
    output::write_all(&arguments.output.output, |format| match format {
        Format::Human => render::simulate::human(&outcome),
        Format::Json | Format::Ndjson => render::json(&outcome),
    })?;
    let all_known = outcome.steps.iter().all(|step| step.exact);
    Ok(if all_known { exit::HOLDS } else { exit::INCONCLUSIVE })
}

/// Small clusters are searched further: their states are cheap.
fn default_budget(cluster: &Cluster) -> usize {
    if cluster.pods().len() <= 200 { 200_000 } else { Settings::default().states_per_set }
}
