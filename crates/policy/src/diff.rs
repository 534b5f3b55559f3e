//! What a change makes worse, without a policy: the same questions to a cluster before and after.
//!
//! Of each workload the claims are compared that the prover makes about it, and of all that is
//! worse one finding tells, named for the worst of it. A verdict that was PROVED and is UNKNOWN is
//! no better than unknown. What is found beside the verdicts is what they do not see: rollouts that
//! do not get on or leave nothing in between, and budgets.

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, WorkloadId};
use holdfast_ingest::edit::Manifests;
use holdfast_ingest::overlay::{Manifest, Named};
use holdfast_ingest::policy::Weight;
use holdfast_ingest::{Loaded, Place};
use holdfast_proof::report::{Checked, Kubernetes, Object, VerdictName};
use holdfast_proof::simulation::{Simulator, Stage};
use holdfast_proof::stuck::Stuck;
use holdfast_proof::subject::Subjects;
use holdfast_proof::{Report, Summary};
use serde::Serialize;

use crate::accepted::Accepted;
use crate::changes::{Change, Field, What, changes};
use crate::finding::{Claim, Fault, Finding, Since, Why};
use crate::report::verdict;
use crate::suppress::Suppressed;

mod budgets;
mod compare;
mod moved;
mod rollout;

pub use moved::Moved;

/// A cluster, and what was proved of it.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The cluster.
    pub loaded: &'a Loaded,
    /// What people wrote.
    pub manifests: &'a BTreeMap<Named, Manifest>,
    /// The workloads, in the order of the report.
    pub subjects: &'a Subjects,
    /// What was proved.
    pub report: &'a Report,
    /// What the report was made from.
    pub summary: &'a Summary,
}

/// How what has begun to roll out comes to rest.
#[derive(Clone, Copy)]
pub struct Rollouts<'a> {
    /// The workloads that roll out.
    pub workloads: &'a [WorkloadId],
    /// Who has followed them.
    pub simulator: &'a Simulator<'a>,
    /// Where they come to rest.
    pub stage: &'a Stage,
    /// They surely come to their end, whether or not all orders were followed.
    pub end: bool,
}

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct DiffReport {
    /// `holdfast.diff/v1`.
    pub schema: &'static str,
    /// Whether nothing is worse.
    pub verdict: VerdictName,
    /// What is modelled and what was read.
    pub kubernetes: Kubernetes,
    /// What was looked at after the change.
    pub checked: Checked,
    /// Workloads by what became of them.
    pub counts: Counts,
    /// What is worse: errors first, and what is refuted before what is not known.
    pub findings: Vec<Finding>,
    /// Findings that somebody accepts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// How many findings of the baseline are there no more; absent without a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<usize>,
    /// What is better.
    pub better: Vec<Better>,
    /// Workloads whose pods are elsewhere, with as many of them as before.
    pub moved: Vec<Moved>,
    /// What was changed.
    pub changes: Vec<Change>,
}

/// Workloads by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// In which something is worse.
    pub worse: usize,
    /// Of which something is not known any more, and nothing worse.
    pub unknown: usize,
    /// In which something is better, and nothing worse.
    pub better: usize,
    /// All others that were there before.
    pub same: usize,
    /// That are new.
    pub added: usize,
    /// That run no longer.
    pub gone: usize,
}

/// A workload in which something is better.
#[derive(Clone, Debug, Serialize)]
pub struct Better {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: Object,
    /// What holds now, and did not.
    pub claims: Vec<Claim>,
}

impl DiffReport {
    /// What has become of everything. Changed fields are placed in what was `written` for it.
    pub fn new(
        (before, after): (Side<'_>, Side<'_>),
        rollouts: Option<Rollouts<'_>>,
        (written, accepted): (&Manifests, Accepted),
    ) -> Self {
        let changes = changes(before.manifests, after.manifests, written);
        let mut diff = Diff { before, after, changes, findings: Vec::new() };
        let mut counts = Counts::default();
        let better = diff.workloads(rollouts, &mut counts);
        diff.gone(&mut counts);
        diff.budgets();
        let (suppressed, fixed) = accepted.settle(&mut diff.findings);
        Self {
            schema: "holdfast.diff/v1",
            verdict: verdict(&diff.findings),
            kubernetes: Kubernetes::of(&after.loaded.cluster),
            checked: after.report.checked.clone(),
            counts,
            findings: diff.findings,
            suppressed,
            fixed,
            better,
            moved: moved::moved(before, after),
            changes: diff.changes,
        }
    }
}

impl DiffReport {
    /// Judges anew whether nothing is worse, where findings have come to be known.
    pub fn judge(&mut self) {
        self.verdict = verdict(&self.findings);
    }
}

/// The comparison while it is made.
struct Diff<'a> {
    before: Side<'a>,
    after: Side<'a>,
    changes: Vec<Change>,
    findings: Vec<Finding>,
}

/// Something that is worse, and what that is worth.
type Worse = (Weight, Fault);

impl Diff<'_> {
    /// Compares the workloads that are there after the change; tells what is better.
    fn workloads(&mut self, rollouts: Option<Rollouts<'_>>, counts: &mut Counts) -> Vec<Better> {
        let was = by_name(self.before.report);
        let mut better = Vec::new();
        let after = self.after;
        for (at, is) in after.report.workloads.iter().enumerate() {
            let root = after.subjects.subjects[at].root;
            let before = was.get(&key(&is.object)).copied();
            let was_root = before.map(|at| self.before.subjects.subjects[at].root);
            let was = before.map(|at| &self.before.report.workloads[at]);
            let mut worse = match was {
                Some(was) if is.desired == 0 && was.desired > 0 => {
                    counts.gone += 1;
                    let worse = vec![(Weight::Error, Fault::RunsNoMore { scaled_to_zero: true })];
                    self.tell(is.object.clone(), after.loaded.place_of(root), worse);
                    continue;
                }
                Some(was) => compare::worse(was, is, &after.summary.subjects[at], after),
                None => compare::of_new(is),
            };
            worse.extend(self.rollout(was_root, root, rollouts));
            let claims = was.map(|was| compare::better(was, is)).unwrap_or_default();
            match (was, worse.iter().all(|(_, fault)| fault.is_open())) {
                (None, _) => counts.added += 1,
                (Some(_), false) => counts.worse += 1,
                (Some(_), true) if !worse.is_empty() => counts.unknown += 1,
                (Some(_), true) if !claims.is_empty() => counts.better += 1,
                (Some(_), true) => counts.same += 1,
            }
            if !claims.is_empty() {
                better.push(Better { object: is.object.clone(), claims });
            }
            let place = after.loaded.place_of(root);
            self.tell(is.object.clone(), place, worse);
        }
        better
    }

    /// What the rollout of a workload comes to.
    fn rollout(
        &self,
        was: Option<WorkloadId>,
        root: WorkloadId,
        rollouts: Option<Rollouts<'_>>,
    ) -> Vec<Worse> {
        let mut worse = Vec::new();
        let rolled = rollouts.filter(|all| all.workloads.contains(&root));
        if let Some(rollouts) = rolled {
            worse.extend(rollout::stuck(rollouts, root).map(|fault| (Weight::Error, fault)));
        }
        let (before, after) = (&self.before.loaded.cluster, &self.after.loaded.cluster);
        let outage = was.and_then(|was| rollout::outage((before, was), (after, root)));
        worse.extend(outage.map(|fault| (Weight::Error, fault)));
        worse
    }

    /// Tells of workloads that run no longer.
    fn gone(&mut self, counts: &mut Counts) {
        let is = by_name(self.after.report);
        let excluded = &self.after.report.excluded;
        let gone: Vec<(Object, Option<Place>, bool)> = self
            .before
            .report
            .workloads
            .iter()
            .zip(&self.before.subjects.subjects)
            .filter(|(was, _)| !is.contains_key(&key(&was.object)))
            .map(|(was, subject)| {
                let there = excluded.iter().any(|one| one.object == was.object);
                (was.object.clone(), self.before.loaded.place_of(subject.root), there)
            })
            .collect();
        for (object, place, scaled_to_zero) in gone {
            counts.gone += 1;
            let worse = vec![(Weight::Error, Fault::RunsNoMore { scaled_to_zero })];
            self.tell(object, place, worse);
        }
    }

    fn budgets(&mut self) {
        let worse = budgets::worse(&self.before.loaded.cluster, &self.after.loaded.cluster);
        for (named, fault) in worse {
            let place = self.after.manifests.get(&named).map(|one| one.place.clone());
            let Named { kind, namespace, name } = named;
            self.tell(Object { kind, namespace, name }, place, vec![(Weight::Error, fault)]);
        }
    }

    /// One finding for all that is worse in an object.
    fn tell(&mut self, object: Object, place: Option<Place>, worse: Vec<Worse>) {
        let mut worse = worse.into_iter();
        let Some((severity, fault)) = worse.next() else { return };
        let own = self.changes.iter().find(|one| {
            (&one.kind, &one.namespace, &one.name)
                == (&object.kind, &object.namespace, &object.name)
        });
        let (new, fields) = match own.map(|one| &one.what) {
            Some(What::Fields { fields }) => (false, fields.clone()),
            Some(What::Added) => (true, Vec::new()),
            Some(What::Removed) | None => (false, Vec::new()),
        };
        // What is not known besides matters little where something is known to be worse.
        let is_told = |other: &Fault| fault.is_open() || !other.is_open();
        let also = worse.filter(|(_, other)| is_told(other)).map(|(_, other)| other.id()).collect();
        let nowhere = || Place { file: "-".to_owned(), line: 1, column: 1 };
        // The first field that is another says most.
        let field = fields.iter().find_map(|field: &Field| field.place.clone());
        let whole = || own.map(|one| one.place.clone());
        let place = field.or_else(whole).or(place).unwrap_or_else(nowhere);
        let since = Some(Since { new, own: fields, also });
        let found = Finding::new((severity, fault), ("diff", None), (Some(object), place));
        self.findings.push(Finding { since, ..found });
    }
}

type Key<'r> = (&'r str, &'r str, &'r str);

fn key(object: &Object) -> Key<'_> {
    (&object.kind, &object.namespace, &object.name)
}

fn by_name(report: &Report) -> BTreeMap<Key<'_>, usize> {
    report.workloads.iter().enumerate().map(|(at, one)| (key(&one.object), at)).collect()
}
