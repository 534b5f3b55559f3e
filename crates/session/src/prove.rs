//! `prove`: for every failure, what keeps running and what comes back.

use holdfast_certificate::{Failed, Reader};
use holdfast_cluster::{Cluster, Placement};
use holdfast_ingest::Loaded;
use holdfast_proof::certify::{Asking, Certified, Found, certify, certify_sequences};
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::subject::Subjects;
use holdfast_proof::tolerance::ToleranceReport;
use holdfast_proof::{Prover, Report, Settings, Summary};
use holdfast_render::beside::Beside;
use holdfast_render::{self as render, Format};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::failure::Failure;
use crate::loading::nothing_runs;
use crate::pool::Pool;
use crate::question::{self, Failures};
use crate::rim::Rim;
use crate::sequences::Sequences;
use crate::{exit, remedies, sweep};

/// States to search per failure set unless somebody says otherwise.
pub const STATES: usize = 20_000;

/// What is to be proved, as the flags of the command say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Prove {
    /// What fails.
    pub failures: Failures,
    /// How many failures are survived.
    pub tolerance: bool,
    /// Up to how many of them are asked about.
    pub up_to: Option<usize>,
    /// What fails does so in every order.
    pub orders: bool,
    /// Events that come one after another, instead of failures.
    pub sequence: Option<String>,
    /// States to search per failure set.
    pub budget: usize,
    /// Sets that nothing can tell apart are all looked at.
    pub no_symmetry: bool,
    /// Whether a placement is possible is asked however long it takes.
    pub possible: bool,
    /// Remedies are looked for however long it takes.
    pub remedies: bool,
    /// Why every verdict is so is told, too.
    pub certificate: bool,
    /// Every workload is shown, also in large clusters.
    pub all: bool,
}

impl Default for Prove {
    fn default() -> Self {
        Self {
            failures: Failures::default(),
            tolerance: false,
            up_to: None,
            orders: false,
            sequence: None,
            budget: STATES,
            no_symmetry: false,
            possible: false,
            remedies: false,
            certificate: false,
            all: false,
        }
    }
}

/// What was proved.
pub struct Proved {
    /// The report.
    pub report: Report,
    /// Why every verdict is so, where that was asked for and nobody asked to stop before.
    pub certified: Option<Certified>,
    /// There was to be a certificate, and there is none.
    pub uncertified: bool,
    beside: Beside,
    all: bool,
}

/// The report, and what was found beside it.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(flatten)]
    beside: &'a Beside,
}

impl Prove {
    /// Proves it of a cluster.
    ///
    /// # Errors
    /// Names of nothing, events that make no sense, nothing to check.
    pub fn ask(&self, loaded: &Loaded, rim: &impl Rim) -> Result<Proved, Failure> {
        let cluster = &loaded.cluster;
        if let Some(sequences) = Sequences::of(self, cluster)? {
            return self.through(loaded, &sequences, rim);
        }
        let question = self.question(cluster, rim)?;
        let prover = self.prover(cluster, &question);
        if prover.subjects().subjects.is_empty() {
            return Err(nothing_runs(loaded));
        }
        let summary = sweep::sweep(&prover, &question, rim);
        Ok(self.proved(&prover, (&question, &summary), rim))
    }

    /// Who answers the question.
    pub fn prover<'c>(&self, cluster: &'c Cluster, question: &Question) -> Prover<'c> {
        let mut prover = Prover::new(cluster, self.settings());
        if let Question::AnyNodes(most) = question {
            prover.foresee(*most);
        }
        prover
    }

    /// What is told of all sets that were examined.
    pub fn proved(
        &self,
        prover: &Prover<'_>,
        (question, summary): (&Question, &Summary),
        rim: &impl Rim,
    ) -> Proved {
        let certified = self.certificate.then(|| certify(prover, question, summary, &Around(rim)));
        let uncertified = matches!(certified, Some(None));
        let certified = certified.flatten();
        let mut report = Report::new(prover, question, summary);
        let mut beside = Beside::default();
        if self.tolerance {
            report.tolerance = Some(ToleranceReport::of(&report, question, summary));
        } else {
            report.ask_possible(prover, summary, self.questions(prover.cluster()));
            beside = remedies::beside(prover, (question, summary), self.remedies, rim);
        }
        Proved { report, certified, uncertified, beside, all: self.all }
    }

    /// Which sets fail.
    ///
    /// # Errors
    /// Names of nothing, and more failures than there are machines.
    pub fn question(&self, cluster: &Cluster, rim: &impl Rim) -> Result<Question, Failure> {
        if self.tolerance {
            question::of_tolerance(&self.failures, self.up_to, cluster, rim)
        } else {
            question::of(&self.failures, cluster, rim)
        }
    }

    /// How hard the prover tries.
    pub fn settings(&self) -> Settings {
        let symmetry = !self.no_symmetry;
        Settings { states_per_set: self.budget, symmetry, ..Settings::default() }
    }

    /// The same for events that come one after another.
    fn through(
        &self,
        loaded: &Loaded,
        sequences: &Sequences,
        rim: &impl Rim,
    ) -> Result<Proved, Failure> {
        let cluster = sequences.prepare(&loaded.cluster);
        if Subjects::of(&cluster, &Placement::of(&cluster)).subjects.is_empty() {
            return Err(nothing_runs(loaded));
        }
        let report = sequences.prove(&cluster, self.settings(), rim)?;
        let certified = self.certificate.then(|| {
            let prover = Prover::new(&cluster, self.settings());
            let complete = report.checked.complete;
            let known = |verdict| if complete { verdict } else { VerdictName::Unknown };
            let found = report.workloads.iter().map(|workload| Found {
                immediately: known(workload.immediately.verdict),
                recovered: known(workload.recovered.verdict),
            });
            let found: Vec<Found> = found.collect();
            certify_sequences(&prover, &sequences.events(), &found)
        });
        let (uncertified, beside) = (false, Beside::default());
        Ok(Proved { report, certified, uncertified, beside, all: self.all })
    }

    /// How often it is asked whether a placement is possible: in a large cluster only when told to.
    fn questions(&self, cluster: &Cluster) -> usize {
        const PODS_MAX: usize = 500;
        const QUESTIONS: usize = 40;
        match (self.possible, cluster.pods().len()) {
            (true, _) => usize::MAX,
            (false, pods) if pods <= PODS_MAX => QUESTIONS,
            (false, _) => 0,
        }
    }
}

/// Asks a reader as those around a session do.
struct Around<'r, R>(&'r R);

impl<R: Rim> Asking for Around<'_, R> {
    fn follow(&self, reader: &Reader<'_>, sets: &[Failed]) -> Vec<bool> {
        let pool = Pool::new(|| reader.workspace());
        self.0.each(sets, |set| pool.with(|workspace| reader.check_set(workspace, set).is_ok()))
    }

    fn stopped(&self) -> bool {
        self.0.stopped()
    }

    fn progress(&self, done: usize, all: usize) {
        self.0.progress(done as u64, all as u64);
    }
}

impl Answer for Proved {
    fn text(&self, format: Format) -> String {
        match (format, &self.report.tolerance) {
            (Format::Human, Some(tolerance)) => render::tolerance::human(&self.report, tolerance),
            (Format::Human, None) => render::prove::human(&self.report, &self.beside, self.all),
            _ => render::json(&Document { report: &self.report, beside: &self.beside }),
        }
    }

    fn code(&self) -> u8 {
        if let Some(tolerance) = &self.report.tolerance {
            let is_known = self.report.checked.complete && tolerance.is_exact();
            return if is_known { exit::HOLDS } else { exit::INCONCLUSIVE };
        }
        match self.report.verdict {
            _ if !self.report.checked.complete || self.uncertified => exit::INCONCLUSIVE,
            VerdictName::Proved => exit::HOLDS,
            VerdictName::Refuted => exit::REFUTED,
            VerdictName::Unknown => exit::INCONCLUSIVE,
        }
    }
}
