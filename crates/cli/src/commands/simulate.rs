//! `holdfast simulate`: one story, event by event, and every way it may end.

use holdfast_cluster::Cluster;
use holdfast_failover::{Dynamics, Event, Times, story};
use holdfast_proof::{Outcome, Settings, Simulator};

use crate::args::SimulateArguments;
use crate::events::{self, Named};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::{exit, export, input, render};

/// Runs the command.
///
/// # Errors
/// Bad input, an event that names nothing or makes no sense.
pub fn run(arguments: &SimulateArguments) -> Result<u8, Failure> {
    if arguments.budget == Some(0) {
        return Err(Failure::usage("--budget must be at least one state"));
    }
    output::check(&arguments.output.output)?;
    output::refuse_ndjson(&arguments.output.output)?;
    arguments.export.as_deref().map_or(Ok(()), output::check_folder)?;
    let inputs = &arguments.input.inputs;
    let sources = input::read(inputs)?;
    let kept = arguments.export.is_some().then(|| sources.clone());
    let loaded = super::with_nodes(super::load_sources(sources, inputs)?)?;
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
    if let (Some(path), Some(sources)) = (&arguments.export, kept) {
        let start = &stages[0].example;
        let story = story::tell(simulator.dynamics(), start, &told, &Times::default());
        let export = export::of(sources, simulator.dynamics(), &loaded.origins, &story)?;
        output::write_file(path, &render::json(&export))?;
    }
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
