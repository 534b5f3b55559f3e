//! A cluster, and what is worked out once for all that is asked of it.

use std::cell::{OnceCell, RefCell};

use holdfast_certificate::digest;
use holdfast_cluster::{InstanceId, Placement};
use holdfast_failover::{Dynamics, Times};
use holdfast_ingest::Loaded;
use holdfast_proof::report::Question;
use holdfast_proof::{Prover, Settings, Simulator};
use self_cell::self_cell;

use crate::aftermath::{self, Aftermath};
use crate::events::{self, Told};
use crate::failure::Failure;
use crate::loading::nothing_runs;
use crate::prove::Prove;
use crate::simulate::{self, Simulate};
use crate::why::{self, Why};

self_cell! {
    /// A cluster, and what is worked out once.
    pub(crate) struct Held {
        owner: Loaded,

        #[not_covariant]
        dependent: Worked,
    }
}

/// What is worked out when it is first asked for.
pub(crate) struct Worked<'c> {
    simulator: OnceCell<Simulator<'c>>,
    /// Where every story begins.
    start: OnceCell<Placement>,
    /// Which cluster it is.
    digest: OnceCell<String>,
    /// Who answered last, and what is settled by how it was asked.
    prover: RefCell<Option<(Effort, Prover<'c>)>>,
}

/// What a prover rests on: its settings, and how many nodes are foreseen to fail.
type Effort = (Settings, Option<usize>);

impl Held {
    /// Nothing is worked out yet.
    pub(crate) fn of(loaded: Loaded) -> Self {
        Self::new(loaded, |_| Worked {
            simulator: OnceCell::new(),
            start: OnceCell::new(),
            digest: OnceCell::new(),
            prover: RefCell::new(None),
        })
    }

    /// What was loaded.
    pub(crate) fn loaded(&self) -> &Loaded {
        self.borrow_owner()
    }

    /// Which cluster it is: a SHA-256 over every fact that was read.
    pub(crate) fn digest(&self) -> String {
        self.with_dependent(|loaded, worked| {
            worked.digest.get_or_init(|| digest::of(&loaded.cluster)).clone()
        })
    }

    /// Lets somebody work with who answers a question: the same as last time, where it can be.
    ///
    /// # Errors
    /// When nothing should keep running.
    pub(crate) fn prove<T>(
        &self,
        asked: &Prove,
        question: &Question,
        work: impl FnOnce(&Prover<'_>) -> T,
    ) -> Result<T, Failure> {
        let foreseen = match question {
            Question::AnyNodes(most) => Some(*most),
            Question::AnyDomains(..) | Question::Set(_) => None,
        };
        let effort = (asked.settings(), foreseen);
        self.with_dependent(|loaded, worked| {
            let mut kept = worked.prover.borrow_mut();
            let fits = kept.take().filter(|(known, _)| *known == effort);
            let anew = || (effort, asked.prover(&loaded.cluster, question));
            let (_, prover) = kept.insert(fits.unwrap_or_else(anew));
            if prover.subjects().subjects.is_empty() {
                return Err(nothing_runs(loaded));
            }
            Ok(work(prover))
        })
    }

    /// What becomes of the cluster in one run.
    ///
    /// # Errors
    /// An event that names nothing, or makes no sense where it stands.
    pub(crate) fn tell(&self, asked: &Simulate) -> Result<Aftermath, Failure> {
        self.run(asked, |run| aftermath::of(run.dynamics, run.start, run.told, run.times))
    }

    /// What the scheduler says to a pod where a run ends.
    ///
    /// # Errors
    /// As [`Held::tell`], and a pod that is not there.
    pub(crate) fn why(&self, asked: &Simulate, pod: u32) -> Result<Why, Failure> {
        self.run(asked, |run| {
            let story = aftermath::story(run.dynamics, run.start, run.told, run.times)?;
            why::of(run.dynamics, story.end, InstanceId(pod))
        })
    }

    /// Lets somebody look at a run.
    fn run<T>(
        &self,
        asked: &Simulate,
        look: impl FnOnce(&Run<'_, '_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let cluster = &self.loaded().cluster;
        let times = simulate::times(Times::of_cluster(cluster), &asked.assume)?;
        let told = events::parse(cluster, &asked.events)?;
        let rollouts = events::rollouts(&told);
        if !rollouts.is_empty() {
            // Rollouts have pods of their own, so that nothing that is known of this one helps.
            let cluster = cluster.with_rollouts(&rollouts);
            let simulator = simulator(&cluster);
            let start = start(&simulator);
            let dynamics = simulator.dynamics();
            return look(&Run { dynamics, start: &start, told: &told, times: &times });
        }
        self.with_dependent(|loaded, worked| {
            let simulator = worked.simulator.get_or_init(|| simulator(&loaded.cluster));
            let start = worked.start.get_or_init(|| start(simulator));
            let dynamics = simulator.dynamics();
            look(&Run { dynamics, start, told: &told, times: &times })
        })
    }
}

/// What a run is told from.
struct Run<'r, 'c> {
    dynamics: &'r Dynamics<'c>,
    start: &'r Placement,
    told: &'r [Told],
    times: &'r Times,
}

fn simulator(cluster: &holdfast_cluster::Cluster) -> Simulator<'_> {
    let settings =
        Settings { states_per_set: simulate::default_budget(cluster, &[]), ..Settings::default() };
    Simulator::new(Dynamics::new(cluster), settings)
}

/// A cluster as it stands, with what its controllers do of themselves about to begin.
fn start(simulator: &Simulator<'_>) -> Placement {
    let dynamics = simulator.dynamics();
    let mut start = Placement::of(dynamics.cluster());
    dynamics.begin(&mut start);
    start
}
