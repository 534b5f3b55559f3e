//! `plan mix`: the cheapest mix of node types for everything that runs.

use std::path::PathBuf;

use holdfast_cluster::{Cluster, Placement, Quantity, WorkloadId};
use holdfast_ingest::Loaded;
use holdfast_ingest::catalog::{Catalog, Price, Prices};
use holdfast_planner::Asking;
use holdfast_planner::mix::{Answer as Found, Factor, Grown, Limits, Mixer, NoMix, Sold, Solver};
use holdfast_planner::nodes::Survive;
use holdfast_planner::report::mix::{Asked, MixReport};
use holdfast_planner::report::{RefusedReport, nodes::PriceReport};
use holdfast_proof::Settings;
use holdfast_proof::report::VerdictName;
use holdfast_render::{self as render, Format, words};
use serde::{Deserialize, Serialize};

use super::{STATES, at_least_one, is_idle, nodes};
use crate::answer::Answer;
use crate::failure::Failure;
use crate::loading::nothing_runs;
use crate::question::Survivors;
use crate::rim::Rim;
use crate::{exit, sweep};

/// What all tries may come to, in pods that are placed, unless somebody says how many.
const PLACED: usize = 200_000;

/// No fewer tries than so many, and no more.
const TRIES: (usize, usize) = (24, 1_000);

/// With more pods than so many fewer states are searched, as each takes longer.
const SMALL: usize = 50;

/// Ranges of mixes that are held against whole numbers.
const RANGES: usize = 20_000;

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Mix {
    /// The file that tells which types of nodes there are, and what they cost.
    pub catalog: PathBuf,
    /// What is to be survived.
    pub survivors: Survivors,
    /// Today's nodes are kept, and others are bought in addition.
    pub keep: bool,
    /// So many times as many replicas.
    pub grow: Option<String>,
    /// How many mixes are packed and proved about.
    pub tries: Option<usize>,
    /// States to search per failure set.
    pub budget: usize,
    /// Who solves the linear programs.
    #[serde(skip)]
    pub solver: Solver,
}

impl Default for Mix {
    fn default() -> Self {
        let survivors = Survivors::default();
        let (catalog, budget) = (PathBuf::new(), STATES);
        let solver = Solver::default();
        Self { catalog, survivors, keep: false, grow: None, tries: None, budget, solver }
    }
}

/// What is to be bought.
pub struct Mixed {
    /// The report.
    pub report: MixReport,
}

impl Mix {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero, or no factor.
    pub fn check(&self) -> Result<(), Failure> {
        at_least_one(&[("--budget", self.budget), ("--tries", self.tries.unwrap_or(1))])?;
        self.grow.as_deref().map_or(Ok(()), |text| factor(text).map(|_| ()))
    }

    /// The catalogue.
    ///
    /// # Errors
    /// When it cannot be read, makes no sense, or has something without a price.
    pub fn catalog(&self, rim: &impl Rim) -> Result<Catalog, Failure> {
        let catalog = nodes::catalog(&self.catalog, rim)?;
        sold(&catalog)?;
        Ok(catalog)
    }

    /// Asks it of a cluster.
    ///
    /// # Errors
    /// A type without a price, a label of no type, nothing to check.
    pub fn ask(
        &self,
        loaded: &Loaded,
        catalog: &Catalog,
        rim: &impl Rim,
    ) -> Result<Mixed, Failure> {
        self.check()?;
        let factor = self.grow.as_deref().map(factor).transpose()?;
        let (sold, prices) = sold(catalog)?;
        if is_idle(&loaded.cluster) {
            return Err(nothing_runs(loaded));
        }
        let Grown { cluster, left } = match factor {
            Some(factor) => Grown::of(&loaded.cluster, factor),
            None => Grown { cluster: loaded.cluster.clone(), left: Vec::new() },
        };
        let states_per_set = self.budget * SMALL / pods(&cluster).max(SMALL);
        let settings = Settings { states_per_set: states_per_set.max(1), ..Settings::default() };
        let survive = Survive::from(&self.survivors);
        let sweep = sweep::few(rim);
        let mixer = Mixer {
            cluster: &cluster,
            sold: &sold,
            keep: self.keep,
            survive: &survive,
            asking: Asking { settings, sweep: &sweep },
            limits: Limits { tries: self.tries(&cluster), ranges: RANGES },
            solver: self.solver,
        };
        let found = mixer.mix().map_err(|why| wrong(why, &mixer))?;
        Ok(Mixed { report: report(self.grow.as_deref(), &mixer, &found, (&left, prices)) })
    }

    /// How many mixes are tried.
    fn tries(&self, cluster: &Cluster) -> usize {
        self.tries.unwrap_or_else(|| (PLACED / pods(cluster)).clamp(TRIES.0, TRIES.1))
    }
}

impl Answer for Mixed {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Json => render::json(&self.report),
            format => render::plan::mix::render(&self.report, format),
        }
    }

    fn code(&self) -> u8 {
        match self.report.verdict {
            VerdictName::Refuted => exit::REFUTED,
            VerdictName::Unknown => exit::INCONCLUSIVE,
            VerdictName::Proved => nodes::code(&self.report.helpless),
        }
    }
}

fn report(
    grow: Option<&str>,
    mixer: &Mixer<'_>,
    found: &Found,
    (not_grown, prices): (&[WorkloadId], &Prices),
) -> MixReport {
    let written = |amount: i128| Price::of_billionths(amount).to_string();
    let price =
        |amount: i128| -> PriceReport { nodes::in_full(Price::of_billionths(amount), prices) };
    let asked = Asked {
        cluster: mixer.cluster,
        survive: mixer.survive,
        grow: grow.map(str::to_owned),
        not_grown,
        keep: mixer.keep,
        written: &written,
        price: &price,
        sold: mixer.sold,
    };
    MixReport::new(&asked, found)
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
