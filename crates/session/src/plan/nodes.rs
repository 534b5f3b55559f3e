//! `plan nodes`: how many nodes must be added so that failures are survived.

use std::path::{Path, PathBuf};

use holdfast_cluster::Cluster;
use holdfast_ingest::Loaded;
use holdfast_ingest::catalog::{Catalog, NodeType, Price, Prices};
use holdfast_planner::Asking;
use holdfast_planner::nodes::{Grower, Limits, Make, Survive, ZONE};
use holdfast_planner::report::RefusedReport;
use holdfast_planner::report::nodes::{NodesReport, OpenReport, PriceReport};
use holdfast_proof::Settings;
use holdfast_proof::report::VerdictName;
use holdfast_render::{self as render, Format, words};
use serde::{Deserialize, Serialize};

use super::{STATES, at_least_one, is_idle};
use crate::answer::Answer;
use crate::failure::{Failure, nearest};
use crate::loading::{self, nothing_runs};
use crate::names::node_named;
use crate::question::{self, Survivors};
use crate::rim::Rim;
use crate::{exit, sweep};

/// The question, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Nodes {
    /// What is to be survived.
    pub survivors: Survivors,
    /// New nodes are like this one.
    pub like: Option<String>,
    /// The file that tells which types of nodes there are.
    pub catalog: Option<PathBuf>,
    /// New nodes are of this type of it.
    #[serde(rename = "type")]
    pub make: Option<String>,
    /// How many are added at most, in each domain.
    pub up_to: u32,
    /// How many numbers are proved about.
    pub proofs: usize,
    /// States to search per failure set.
    pub budget: usize,
}

impl Default for Nodes {
    fn default() -> Self {
        let survivors = Survivors::default();
        let (like, catalog, make) = (None, None, None);
        Self { survivors, like, catalog, make, up_to: 64, proofs: 64, budget: STATES }
    }
}

/// How many nodes it takes.
pub struct Grown {
    /// The report.
    pub report: NodesReport,
}

impl Nodes {
    /// Refuses numbers that are none.
    ///
    /// # Errors
    /// When one is zero.
    pub fn check(&self) -> Result<(), Failure> {
        at_least_one(&[
            ("--budget", self.budget),
            ("--up-to", self.up_to as usize),
            ("--proofs", self.proofs),
        ])
    }

    /// The catalogue.
    ///
    /// # Errors
    /// When it cannot be read, makes no sense, or has no such type.
    pub fn catalog(&self, rim: &impl Rim) -> Result<Option<Catalog>, Failure> {
        let catalog = self.catalog.as_deref().map(|file| catalog(file, rim)).transpose()?;
        self.chosen(catalog.as_ref())?;
        Ok(catalog)
    }

    fn chosen<'c>(&self, catalog: Option<&'c Catalog>) -> Result<Option<&'c NodeType>, Failure> {
        match (catalog, &self.make) {
            (Some(catalog), Some(name)) => of_name(catalog, name).map(Some),
            _ => Ok(None),
        }
    }

    /// Asks it of a cluster.
    ///
    /// # Errors
    /// An unknown node, nothing to check.
    pub fn ask(
        &self,
        loaded: &Loaded,
        catalog: Option<&Catalog>,
        rim: &impl Rim,
    ) -> Result<Grown, Failure> {
        self.check()?;
        let chosen = self.chosen(catalog)?;
        let cluster = &loaded.cluster;
        let survive = survive(&self.survivors, cluster)?;
        let settings = Settings { states_per_set: self.budget, ..Settings::default() };
        if is_idle(cluster) {
            return Err(nothing_runs(loaded));
        }
        let make = self.make(chosen, cluster)?;
        let sweep = sweep::few(rim);
        let asking = Asking { settings, sweep: &sweep };
        let limits = Limits { nodes: self.up_to, proofs: self.proofs };
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
        report.price = price(&report, catalog, chosen);
        Ok(Grown { report })
    }

    /// What the new nodes are.
    fn make(&self, chosen: Option<&NodeType>, cluster: &Cluster) -> Result<Make, Failure> {
        if let Some(chosen) = chosen {
            return Ok(Make::Of(chosen.name.clone(), chosen.shape.clone()));
        }
        let node = node_named(cluster, "--like", self.like.as_deref().unwrap_or_default())?;
        Ok(Make::Like(cluster.node(node).name))
    }
}

impl Answer for Grown {
    fn text(&self, format: Format) -> String {
        match format {
            Format::Json => render::json(&self.report),
            format => render::plan::nodes::render(&self.report, format),
        }
    }

    fn code(&self) -> u8 {
        code(&self.report.helpless)
    }
}

/// The exit code, given what nothing brings back.
pub(crate) fn code(helpless: &[OpenReport]) -> u8 {
    let is = |verdict: VerdictName| helpless.iter().any(|open| open.verdict == verdict);
    match () {
        () if is(VerdictName::Refuted) => exit::REFUTED,
        () if is(VerdictName::Unknown) => exit::INCONCLUSIVE,
        () => exit::HOLDS,
    }
}

fn survive(survivors: &Survivors, cluster: &Cluster) -> Result<Survive, Failure> {
    if question::surviving(survivors, cluster)?.is_none() {
        return Err(Failure::usage("--survive 0: with no node failing there is nothing to prove")
            .hint("--survive 1 asks for every single node"));
    }
    Ok(survivors.into())
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
pub fn in_full(price: Price, prices: &Prices) -> PriceReport {
    PriceReport {
        amount: price.to_string(),
        currency: prices.currency.clone(),
        per: prices.per.word(),
        source: prices.source.clone(),
    }
}

impl From<&Survivors> for Survive {
    fn from(survivors: &Survivors) -> Self {
        match &survivors.domain {
            Some(label) => Self::Domain(label.clone()),
            None => Self::Nodes(survivors.survive),
        }
    }
}

/// The catalogue of a file.
///
/// # Errors
/// When it cannot be read, or makes no sense.
pub fn catalog(file: &Path, rim: &impl Rim) -> Result<Catalog, Failure> {
    let (catalog, told) = holdfast_ingest::catalog(rim.read("catalogue", file)?);
    loading::heed(&told, rim)?;
    Ok(catalog)
}

pub(crate) fn of_name<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c NodeType, Failure> {
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
