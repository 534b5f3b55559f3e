//! `holdfast plan mix`: the cheapest mix of node types for everything that runs.

use holdfast_cluster::{Cluster, Placement, Quantity, WorkloadId};
use holdfast_ingest::catalog::{Catalog, Price, Prices};
use holdfast_planner::Asking;
use holdfast_planner::mix::{Answer, Factor, Grown, Limits, Mixer, NoMix, Sold};
use holdfast_planner::nodes::Survive;
use holdfast_planner::report::mix::{Asked, MixReport};
use holdfast_planner::report::{RefusedReport, nodes::PriceReport};
use holdfast_proof::report::VerdictName;
use holdfast_proof::{Prover, Settings};

use super::nodes;
use crate::args::MixArguments;
use crate::commands;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render::words;
use crate::{exit, render, sweep};

/// What all tries may come to, in pods that are placed, unless somebody says how many.
const PLACED: usize = 200_000;

/// No fewer tries than so many, and no more.
const TRIES: (usize, usize) = (24, 1_000);

/// With more pods than so many fewer states are searched, as each takes longer.
const SMALL: usize = 50;

/// Ranges of mixes that are held against whole numbers.
const RANGES: usize = 20_000;

/// Runs the command.
///
/// # Errors
/// Bad input, a type without a price, a label of no type, nothing to check.
pub(super) fn run(arguments: &MixArguments) -> Result<u8, Failure> {
    for (option, number) in
        [("--budget", Some(arguments.proof.budget)), ("--tries", arguments.tries)]
    {
        if number == Some(0) {
            return Err(Failure::usage(format!("{option} must be at least one")));
        }
    }
    output::check_plan(&arguments.output.output)?;
    let factor = arguments.grow.as_deref().map(factor).transpose()?;
    let catalog = nodes::read(&arguments.catalog)?;
    let (sold, prices) = sold(&catalog)?;
    let loaded =
        commands::load_cluster(&arguments.input.inputs, &arguments.scheduler, &arguments.what_if)?;
    let loaded = commands::assume(loaded, arguments.proof.assumptions.as_ref())?;
    let few = Settings { states_per_set: 1, ..Settings::default() };
    if Prover::new(&loaded.cluster, few).subjects().subjects.is_empty() {
        return Err(commands::prove::nothing_runs(&loaded));
    }
    let Grown { cluster, left } = match factor {
        Some(factor) => Grown::of(&loaded.cluster, factor),
        None => Grown { cluster: loaded.cluster.clone(), left: Vec::new() },
    };
    let states_per_set = arguments.proof.budget * SMALL / pods(&cluster).max(SMALL);
    let settings = Settings { states_per_set: states_per_set.max(1), ..Settings::default() };
    let survive = Survive::from(&arguments.survivors);
    let mixer = Mixer {
        cluster: &cluster,
        sold: &sold,
        keep: arguments.keep,
        survive: &survive,
        asking: Asking { settings, sweep: &sweep::until },
        limits: Limits { tries: tries(arguments, &cluster), ranges: RANGES },
    };
    let answer = mixer.mix().map_err(|why| wrong(why, &mixer))?;
    let report = report(arguments, &mixer, &answer, (&left, prices));
    output::write_all(&arguments.output.output, |format| match format {
        Format::Json => render::json(&report),
        format => render::plan::mix::render(&report, format),
    })?;
    Ok(code(&report))
}

fn code(report: &MixReport) -> u8 {
    match report.verdict {
        VerdictName::Refuted => exit::REFUTED,
        VerdictName::Unknown => exit::INCONCLUSIVE,
        VerdictName::Proved => nodes::code(&report.helpless),
    }
}

fn report(
    arguments: &MixArguments,
    mixer: &Mixer<'_>,
    answer: &Answer,
    (not_grown, prices): (&[WorkloadId], &Prices),
) -> MixReport {
    let written = |amount: i128| Price::of_billionths(amount).to_string();
    let price =
        |amount: i128| -> PriceReport { nodes::in_full(Price::of_billionths(amount), prices) };
    let asked = Asked {
        cluster: mixer.cluster,
        survive: mixer.survive,
        grow: arguments.grow.clone(),
        not_grown,
        keep: mixer.keep,
        written: &written,
        price: &price,
        sold: mixer.sold,
    };
    MixReport::new(&asked, answer)
}

/// Everything of the catalogue, which all has a price.
fn sold(catalog: &Catalog) -> Result<(Vec<Sold>, &Prices), Failure> {
    let free: Vec<&str> = (catalog.types.iter())
        .filter(|one| one.price.is_none())
        .map(|one| one.name.as_str())
        .collect();
    let Some(prices) = catalog.prices.as_ref().filter(|_| free.is_empty()) else {
        let names = words::list(&free, 8);
        return Err(Failure::usage(format!("the catalogue has no price of {names}"))
            .hint("what is cheapest is only known where every type has a price"));
    };
    let one = |one: &holdfast_ingest::catalog::NodeType| {
        Some(Sold {
            name: one.name.clone(),
            shape: one.shape.clone(),
            price: one.price?.billionths(),
            zones: one.zones.clone(),
        })
    };
    Ok((catalog.types.iter().filter_map(one).collect(), prices))
}

/// How many times as many replicas.
fn factor(text: &str) -> Result<Factor, Failure> {
    let wrong = || {
        Failure::usage(format!("--grow {text}: how many times as many is a number from one on"))
            .hint("--grow 1.5 asks for half as many again")
    };
    let milli = Quantity::parse(text).map_err(|_| wrong())?.milli_value();
    match u64::try_from(milli) {
        Ok(of) if (1_000..=1_000_000).contains(&of) => Ok(Factor { of, each: 1_000 }),
        _ => Err(wrong()),
    }
}

/// How many mixes are tried.
fn tries(arguments: &MixArguments, cluster: &Cluster) -> usize {
    arguments.tries.unwrap_or_else(|| (PLACED / pods(cluster)).clamp(TRIES.0, TRIES.1))
}

fn pods(cluster: &Cluster) -> usize {
    Placement::of(cluster).instances().len().max(1)
}

fn wrong(why: NoMix, mixer: &Mixer<'_>) -> Failure {
    match why {
        NoMix::Label(types) => {
            let label = match mixer.survive {
                Survive::Domain(label) => label.as_str(),
                Survive::Nodes(_) => "",
            };
            let failure = Failure::usage(format!(
                "--domain {label}: the catalogue does not say which value nodes of {} have",
                words::list(&types, 8)
            ));
            failure.hint("give each type the label, or zones for topology.kubernetes.io/zone")
        }
        NoMix::Refused(why) => {
            let why = RefusedReport::new(mixer.cluster, why);
            Failure::usage(format!("no such node can be added: {}", render::plan::refused(&why)))
        }
    }
}
