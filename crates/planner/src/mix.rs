//! The cheapest mix of node types for everything that runs.
//!
//! A mix says how many nodes of each type are bought in each place. It does when the scheduler puts
//! every pod on them ([`Packed`]) and the prover then says of every failure that is asked about
//! that all comes back that any mix brings back. What mixes cost at least whole numbers tell
//! (`bound`), whoever puts the pods; between that and the cheapest mix that was found lies the
//! gap. Nothing is taken to do because a larger mix does, or not to do because a smaller one does
//! not: each mix that is told was packed and proved.

mod bound;
mod ground;
mod growth;
mod linear;
mod market;
mod packing;
mod search;
mod suggest;

use std::collections::BTreeMap;

use holdfast_cluster::change::{Refused, Shape};
use holdfast_cluster::{Cluster, NodeId, PodId, WorkloadId};
use holdfast_scheduler::{Needs, Scheduler};

pub use growth::{Factor, Grown};
pub use linear::Solver;
pub use packing::Packed;

use self::ground::Ground;
use self::search::Search;
use crate::nodes::Survive;
use crate::recovery::{Asking, Recovered};

/// A type of node that is for sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    /// Its name.
    pub name: String,
    /// What it has.
    pub shape: Shape,
    /// What it costs, in the smallest unit of money; more than nothing.
    pub price: i128,
    /// The zones in which there are any; empty is all.
    pub zones: Vec<String>,
}

/// A type in a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// The name of the type.
    pub name: String,
    /// The zone, where there are any.
    pub place: Option<String>,
    /// The position of the type.
    pub sold: usize,
}

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Mixes to be packed and proved about.
    pub tries: usize,
    /// Ranges of mixes to be held against whole numbers.
    pub ranges: usize,
}

/// Why there can be no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoMix {
    /// Nodes are to fail together by a label that these types do not have.
    Label(Vec<String>),
    /// No such node can be added.
    Refused(Refused),
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A mix.
    Mix(Box<Mix>),
    /// Pods that no mix has room for.
    Homeless(Box<Homeless>),
    /// No mix that was tried does.
    NotFound(NotFound),
}

/// Pods that wait for ever.
#[derive(Clone, Debug)]
pub struct Homeless {
    /// The cluster with nodes of every type.
    pub cluster: Cluster,
    /// Those nodes, with the position of their offer.
    pub bought: Vec<(usize, NodeId)>,
    /// What is for sale.
    pub offers: Vec<Offer>,
    /// Each kind of them by one, with what it lacks on each node.
    pub pods: Vec<(PodId, Needs)>,
    /// On one node of each type with nothing else on it; otherwise on as many as it takes for all
    /// else.
    pub alone: bool,
}

/// What is known where nothing was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// No mix costs less.
    pub bound: i128,
    /// Mixes that were tried.
    pub tried: Tally,
}

/// What came of the mixes that were tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Some pod finds no node.
    pub waits: usize,
    /// Something does not come back.
    pub lost: usize,
    /// Nobody knows whether something does.
    pub unknown: usize,
    /// All comes back.
    pub holds: usize,
}

/// The cheapest mix that was found.
#[derive(Clone, Debug)]
pub struct Mix {
    /// What is for sale.
    pub offers: Vec<Offer>,
    /// How many of each are bought.
    pub counts: Vec<u32>,
    /// What they cost.
    pub price: i128,
    /// No mix costs less that does: whole numbers tell, or it was tried.
    pub bound: i128,
    /// Whole numbers alone tell so much.
    pub arithmetic: i128,
    /// What came of those that were tried.
    pub tried: Tally,
    /// The cluster with the mix, everything in its place.
    pub cluster: Cluster,
    /// The nodes that are bought, with the position of their offer.
    pub bought: Vec<(usize, NodeId)>,
    /// Workloads that do not come back however much is bought.
    pub helpless: BTreeMap<WorkloadId, Recovered>,
    /// Pods that wait for something that no node gives them.
    pub lacking: Vec<(PodId, Needs)>,
    /// How many nodes there are besides: those of the control plane, or all of today's.
    pub kept: usize,
    /// How many nodes of today's are replaced.
    pub replaced: usize,
}

/// Looks for it.
pub struct Mixer<'a> {
    /// The cluster as it is, grown if it is to be.
    pub cluster: &'a Cluster,
    /// What is for sale.
    pub sold: &'a [Sold],
    /// Today's nodes stay; otherwise those of the control plane alone do.
    pub keep: bool,
    /// What is to be survived.
    pub survive: &'a Survive,
    /// How it is proved.
    pub asking: Asking<'a>,
    /// How much is tried.
    pub limits: Limits,
    /// Who solves the linear programs that suggest.
    pub solver: Solver,
}

impl Mixer<'_> {
    /// The cheapest mix.
    ///
    /// # Errors
    /// When the question makes no sense.
    pub fn mix(&self) -> Result<Answer, NoMix> {
        let mut ground = Ground::of(self)?;
        let market = ground.market().map_err(NoMix::Refused)?;
        if !market.homeless.is_empty() {
            let (cluster, bought) = ground.site().map_err(NoMix::Refused)?;
            let (offers, pods) = (ground.offers, market.homeless);
            let homeless = Homeless { cluster, bought, offers, pods, alone: true };
            return Ok(Answer::Homeless(Box::new(homeless)));
        }
        let mut search = Search::new(&ground, market);
        let waiting = search.open().map_err(NoMix::Refused)?;
        if let Some(packed) = waiting {
            return Ok(Answer::Homeless(Box::new(crowded(&ground, packed))));
        }
        search.run().map_err(NoMix::Refused)
    }

    /// Whether a mix, by the counts of offers in their order, leaves no pod waiting, and what is
    /// known then of every workload that is not back after some failure.
    ///
    /// # Errors
    /// When the question makes no sense.
    pub fn held(&self, counts: &[u32]) -> Result<(Packed, BTreeMap<WorkloadId, Recovered>), NoMix> {
        let mut ground = Ground::of(self)?;
        ground.market().map_err(NoMix::Refused)?;
        let mut packed = ground.packed(counts).map_err(NoMix::Refused)?;
        packed.waiting = ground.waits(&packed);
        let open = ground.open(&packed.cluster);
        Ok((packed, open))
    }

    /// What is for sale, in the order of names and places.
    pub fn offers(&self) -> Vec<Offer> {
        ground::offers(self)
    }
}

/// The pods that wait, each kind by one, with what they lack where everything else is in its place.
fn crowded(ground: &Ground<'_>, packed: Packed) -> Homeless {
    let waiting = ground.waits(&packed);
    let Packed { cluster, bought, .. } = packed;
    let placement = holdfast_cluster::Placement::of(&cluster);
    let scheduler = Scheduler::new(&cluster);
    let mut kinds: BTreeMap<_, PodId> = BTreeMap::new();
    for pod in waiting {
        kinds.entry(cluster.pod(pod).workload).or_insert(pod);
    }
    let needs = |pod: PodId| (pod, scheduler.needs(&placement, pod.into()));
    let pods = kinds.into_values().map(needs).collect();
    Homeless { pods, alone: false, offers: ground.offers.clone(), bought, cluster }
}
