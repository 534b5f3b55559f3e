//! `holdfast plan nodes`: how many nodes must be added so that failures are survived.

use std::path::Path;

use holdfast_cluster::Cluster;
use holdfast_ingest::Severity;
use holdfast_ingest::catalog::{Catalog, NodeType, Price, Prices};
use holdfast_planner::Asking;
use holdfast_planner::nodes::{Grower, Limits, Make, Survive, ZONE};
use holdfast_planner::report::RefusedReport;
use holdfast_planner::report::nodes::{NodesReport, OpenReport, PriceReport};
use holdfast_proof::report::VerdictName;
use holdfast_proof::{Prover, Settings};

use crate::args::{NodesArguments, SurvivorArguments};
use crate::commands;
use crate::failure::{Failure, nearest};
use crate::output::{self, Format};
use crate::render::words;
use crate::{exit, input, question, render, sweep};

/// Runs the command.
///
/// # Errors
/// Bad input, an unknown node or type, nothing to check.
pub(super) fn run(arguments: &NodesArguments) -> Result<u8, Failure> {
    for (option, number) in [
        ("--budget", arguments.proof.budget),
        ("--up-to", arguments.up_to as usize),
        ("--proofs", arguments.proofs),
    ] {
        if number == 0 {
            return Err(Failure::usage(format!("{option} must be at least one")));
        }
    }
    output::check_plan(&arguments.output.output)?;
    let catalog = arguments.catalog.as_deref().map(read).transpose()?;
    let chosen = match (&catalog, &arguments.make) {
        (Some(catalog), Some(name)) => Some(of_name(catalog, name)?),
        _ => None,
    };
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let cluster = &loaded.cluster;
    let survive = survive(&arguments.survivors, cluster)?;
    let settings = Settings { states_per_set: arguments.proof.budget, ..Settings::default() };
    if Prover::new(cluster, Settings { states_per_set: 1, ..settings })
        .subjects()
        .subjects
        .is_empty()
    {
        return Err(commands::prove::nothing_runs(&loaded));
    }
    let make = make(arguments, chosen, cluster)?;
    let asking = Asking { settings, sweep: &sweep::until };
    let limits = Limits { nodes: arguments.up_to, proofs: arguments.proofs };
    // A type with a label of its own is in the zone that this says.
    let sold = chosen.filter(|one| one.shape.labels.iter().all(|(key, _)| key != ZONE));
    let zones = sold.map_or(&[][..], |one| &one.zones);
    let grower = Grower { cluster, make: &make, zones, survive: &survive, asking, limits };
    let growth = grower.grow().map_err(|why| {
        let why = RefusedReport::new(cluster, why);
        Failure::usage(format!("no such node can be added: {}", render::plan::refused(&why)))
            .hint("name a worker that new nodes are like, or a type of a catalogue")
    })?;
    let mut report = NodesReport::new(cluster, &make, &survive, &growth);
    report.zones = zones.to_vec();
    report.price = price(&report, catalog.as_ref(), chosen);
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::nodes::render(&report, format),
    })?;
    Ok(code(&report.helpless))
}

/// The exit code, given what nothing brings back.
pub(super) fn code(helpless: &[OpenReport]) -> u8 {
    let is = |verdict: VerdictName| helpless.iter().any(|open| open.verdict == verdict);
    match () {
        () if is(VerdictName::Refuted) => exit::REFUTED,
        () if is(VerdictName::Unknown) => exit::INCONCLUSIVE,
        () => exit::HOLDS,
    }
}

fn survive(survivors: &SurvivorArguments, cluster: &Cluster) -> Result<Survive, Failure> {
    if question::surviving(survivors, cluster)?.is_none() {
        return Err(Failure::usage("--survive 0: with no node failing there is nothing to prove")
            .hint("--survive 1 asks for every single node"));
    }
    Ok(survivors.into())
}

/// What the new nodes are.
fn make(
    arguments: &NodesArguments,
    chosen: Option<&NodeType>,
    cluster: &Cluster,
) -> Result<Make, Failure> {
    if let Some(chosen) = chosen {
        return Ok(Make::Of(chosen.name.clone(), chosen.shape.clone()));
    }
    let like = arguments.like.as_deref().unwrap_or_default();
    let node = commands::node_named(cluster, "--like", like)?;
    Ok(Make::Like(cluster.node(node).name))
}

/// What so many nodes cost, if the catalogue tells.
fn price(
    report: &NodesReport,
    catalog: Option<&Catalog>,
    chosen: Option<&NodeType>,
) -> Option<PriceReport> {
    let (prices, price) = (catalog?.prices.as_ref()?, chosen?.price?);
    Some(in_full(price.times(report.count?), prices))
}

/// A price with what a catalogue says of all of them.
pub(super) fn in_full(price: Price, prices: &Prices) -> PriceReport {
    PriceReport {
        amount: price.to_string(),
        currency: prices.currency.clone(),
        per: prices.per.word(),
        source: prices.source.clone(),
    }
}

impl From<&SurvivorArguments> for Survive {
    fn from(survivors: &SurvivorArguments) -> Self {
        match &survivors.domain {
            Some(label) => Self::Domain(label.clone()),
            None => Self::Nodes(survivors.survive),
        }
    }
}

/// Reads a catalogue.
pub(super) fn read(file: &Path) -> Result<Catalog, Failure> {
    let mut sources = input::read(&[file.to_owned()])?;
    let source = sources.pop().filter(|_| sources.is_empty());
    let source = source
        .ok_or_else(|| Failure::usage(format!("catalogue {}: name one file", file.display())))?;
    let (catalog, told) = holdfast_ingest::catalog(source);
    render::diagnostics::tell(told.iter(), true);
    if told.iter().any(|found| found.severity == Severity::Error) {
        return Err(Failure::refused());
    }
    Ok(catalog)
}

fn of_name<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c NodeType, Failure> {
    let found = catalog.types.iter().find(|one| one.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = catalog.types.iter().map(|one| one.name.as_str()).collect();
        let failure = Failure::usage(format!("--type {name}: the catalogue has no such type"));
        match nearest(name, names.iter().copied()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(format!("it has {}", words::list(&names, 12))),
        }
    })
}
