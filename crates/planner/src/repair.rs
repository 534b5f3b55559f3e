//! The cheapest changes that turn REFUTED into PROVED.
//!
//! A proposal is first looked at where the claim fails today. One that helps there is proved like
//! any cluster, over every set that was asked about: the claim must hold for all of them, no claim
//! about another workload that is proved today may be lost, and the rollout that the change begins
//! must come to its end in every run. How much is tried is counted, so that answers repeat.

use std::collections::BTreeSet;

use holdfast_cluster::change::Refused;
use holdfast_cluster::{Change, Cluster, WorkloadId};
use holdfast_proof::by_rule::claim;
use holdfast_proof::report::{Question, VerdictName};
use holdfast_proof::stuck::{self, Stuck};
use holdfast_proof::summary::{SubjectSummary, Summary};
use holdfast_proof::{FailureSet, Prover, Verdict};

use crate::asked::Asked;
use crate::cost;
use crate::propose::{self, Proposal};

/// How much is tried for one workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Proposals that are looked at where the claim fails.
    pub looks: usize,
    /// Proposals that are proved over all sets.
    pub proofs: usize,
    /// Remedies that are looked for; the cheapest is found first.
    pub remedies: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { looks: 64, proofs: 16, remedies: 1 }
    }
}

impl Effort {
    /// The same where all workloads together are given so many proofs: an equal share for each of
    /// these, and no less than one.
    #[must_use]
    pub fn shared(self, proofs: usize, workloads: usize) -> Self {
        Self { proofs: (proofs / workloads.max(1)).clamp(1, self.proofs), ..self }
    }
}

/// The claims about a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claims {
    /// At least one pod serves as soon as the nodes are gone.
    pub immediately: bool,
    /// As many as are wanted serve once all is quiet.
    pub recovered: bool,
}

impl Claims {
    /// Whether none of them is meant.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn proved(subject: &SubjectSummary) -> Self {
        let holds = |verdict| matches!(verdict, Verdict::Proved(_));
        Self {
            immediately: holds(subject.immediately.verdict()),
            recovered: holds(subject.recovered.verdict()),
        }
    }

    fn refuted(subject: &SubjectSummary) -> Self {
        Self {
            immediately: subject.immediately.verdict() == Verdict::Refuted,
            recovered: subject.recovered.verdict() == Verdict::Refuted,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            immediately: self.immediately && other.immediately,
            recovered: self.recovered && other.recovered,
        }
    }

    fn not(self) -> Self {
        Self { immediately: !self.immediately, recovered: !self.recovered }
    }
}

/// Changes that were proved to help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The changes, to be made together.
    pub changes: Vec<Change>,
    /// What they cost.
    pub cost: u64,
    /// The claims that were refuted and are proved then.
    pub proves: Claims,
    /// The claims that are not, although they were refuted.
    pub leaves: Claims,
    /// Whether at least one pod is left wherever the hard rules let the pods be, too.
    pub by_rule: VerdictName,
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It cannot be made, or what follows from it cannot be told.
    Refused(Refused),
    /// Where the cluster comes to rest then is not known.
    Unsettled,
    /// A rollout that it begins may get stuck.
    Stuck,
    /// The claim still fails where it fails today, or nobody knows.
    NoHelp,
    /// The claim is not proved for every set.
    Unproved,
    /// Claims about other workloads would be lost.
    Breaks(Vec<WorkloadId>),
    /// It was proved to help.
    Helps,
}

/// What was found for one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedies {
    /// The workload, by position of the subject.
    pub position: usize,
    /// The claims that are refuted.
    pub refuted: Claims,
    /// Remedies, the cheapest first. Those that prove less are there only where none proves all.
    pub found: Vec<Remedy>,
    /// What was tried, in order.
    pub tried: Vec<(Vec<Change>, Outcome)>,
    /// Proposals that were left, as enough had been tried.
    pub left: usize,
}

/// Looks for repairs.
#[derive(Clone, Copy)]
pub struct Repairer<'a, 'c> {
    /// What was asked of the cluster, and what came of it.
    pub asked: Asked<'a, 'c>,
    /// How much is tried for each workload.
    pub effort: Effort,
}

/// What repairs several workloads together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// The changes, to be made together.
    pub changes: Vec<Change>,
    /// The verdict on everything that was asked about, once they are made.
    pub verdict: VerdictName,
    /// Workloads about which a claim is still not proved then.
    pub left: Vec<WorkloadId>,
}

/// What a proposal proves.
struct Found {
    proves: Claims,
    by_rule: VerdictName,
    outcome: Outcome,
}

impl From<Outcome> for Found {
    fn from(outcome: Outcome) -> Self {
        Self { proves: Claims::default(), by_rule: VerdictName::Unknown, outcome }
    }
}

impl Repairer<'_, '_> {
    /// The positions of subjects about which a claim is refuted.
    pub fn refuted(&self) -> Vec<usize> {
        let subjects = self.asked.summary.subjects.iter().enumerate();
        let refuted = subjects.filter(|(_, subject)| !Claims::refuted(subject).is_empty());
        refuted.map(|(position, _)| position).collect()
    }

    /// The cheapest changes that are proved to make the subject at `position` survive.
    pub fn repair(&self, position: usize) -> Remedies {
        let refuted = Claims::refuted(&self.asked.summary.subjects[position]);
        let (mut tried, mut whole, mut partial) =
            (Vec::new(), Vec::<Remedy>::new(), Vec::<Remedy>::new());
        let mut proposals = propose::proposals(&self.asked, position).into_iter();
        let mut proofs = 0;
        for changes in proposals.by_ref().take(self.effort.looks) {
            // More than enough is dearer, unless enough is not so by rule.
            let within = |known: &&Remedy| known.changes.iter().all(|one| changes.contains(one));
            let less: Option<VerdictName> = whole.iter().find(within).map(|known| known.by_rule);
            if less == Some(VerdictName::Proved) {
                continue;
            }
            let Found { proves, by_rule, outcome } =
                self.attempt(position, refuted, &changes, &mut proofs);
            if outcome == Outcome::Helps {
                let cost = cost::of(self.asked.cluster(), &changes);
                let leaves = refuted.and(proves.not());
                let remedy = Remedy { changes: changes.clone(), cost, proves, leaves, by_rule };
                if leaves.is_empty() {
                    if less.is_none() || by_rule == VerdictName::Proved {
                        whole.push(remedy);
                    }
                } else if partial.iter().all(|known| known.proves != proves) {
                    partial.push(remedy);
                }
            }
            tried.push((changes, outcome));
            if whole.len() >= self.effort.remedies || proofs >= self.effort.proofs {
                break;
            }
        }
        let found = if whole.is_empty() { partial } else { whole };
        Remedies { position, refuted, found, tried, left: proposals.count() }
    }

    /// What becomes of a proposal.
    fn attempt(
        &self,
        position: usize,
        refuted: Claims,
        changes: &Proposal,
        proofs: &mut usize,
    ) -> Found {
        let after = match self.asked.cluster().changed(changes) {
            Ok(after) => after,
            Err(why) => return Outcome::Refused(why).into(),
        };
        let mut prover = Prover::new(&after, self.asked.settings);
        if let Some(unfit) = self.is_unfit(&prover) {
            return unfit.into();
        }
        if self.look(position, refuted, &after, &prover).is_empty() {
            return Outcome::NoHelp.into();
        }
        *proofs += 1;
        let (question, summary) = self.prove(&after, &mut prover);
        let (won, outcome) = self.judge(position, refuted, &prover, &summary);
        let mut found = Found { proves: won, ..outcome.into() };
        if found.outcome == Outcome::Helps {
            found.by_rule = self.by_rule(position, &prover, &question, &summary);
        }
        found
    }

    /// Why nothing is known, or known to end well, of the rollouts that a change begins.
    fn is_unfit(&self, prover: &Prover<'_>) -> Option<Outcome> {
        let starts = prover.starts();
        if !starts.complete || !starts.at_rest {
            return Some(Outcome::Unsettled);
        }
        self.may_get_stuck(prover).then_some(Outcome::Stuck)
    }

    fn prove(&self, cluster: &Cluster, prover: &mut Prover<'_>) -> (Question, Summary) {
        let question = self.asked.of(cluster);
        if let Question::AnyNodes(most) = question {
            prover.foresee(most);
        }
        let summary = (self.asked.sweep)(prover, &question);
        (question, summary)
    }

    fn by_rule(
        &self,
        position: usize,
        prover: &Prover<'_>,
        question: &Question,
        summary: &Summary,
    ) -> VerdictName {
        let Some(at) = self.same(position, prover) else { return VerdictName::Unknown };
        claim::claims(prover, question, summary)[at].answer.verdict()
    }

    /// The cheapest remedies of each workload, made together as far as they go together: each is
    /// added to those before it, and proved with them.
    pub fn together(&self, found: &[Remedies]) -> Together {
        let summary = self.asked.summary;
        let mut together = Together {
            changes: Vec::new(),
            verdict: overall(summary),
            left: left(self.asked.prover, summary),
        };
        for remedy in found.iter().filter_map(|one| one.found.first()) {
            let mut changes = together.changes.clone();
            let new = remedy.changes.iter().filter(|change| !together.changes.contains(change));
            changes.extend(new.cloned());
            if changes.len() > together.changes.len() {
                together = self.joined(changes, &together).unwrap_or(together);
            }
        }
        together
    }

    /// The changes together, where nothing is lost that was proved with fewer.
    fn joined(&self, changes: Vec<Change>, before: &Together) -> Option<Together> {
        let after = self.asked.cluster().changed(&changes).ok()?;
        let mut prover = Prover::new(&after, self.asked.settings);
        if self.is_unfit(&prover).is_some() {
            return None;
        }
        let (_, summary) = self.prove(&after, &mut prover);
        let left = left(&prover, &summary);
        let fewer = left.iter().all(|id| before.left.contains(id));
        fewer.then(|| Together { changes, verdict: overall(&summary), left })
    }

    /// Whether a rollout may be stuck at rest that is not stuck today.
    fn may_get_stuck(&self, prover: &Prover<'_>) -> bool {
        let stuck = |prover: &Prover<'_>| -> BTreeSet<WorkloadId> {
            let starts = prover.starts().starts.iter();
            let all = starts.flat_map(|start| stuck::of(prover.dynamics(), &start.placement));
            all.filter_map(|one| match one {
                Stuck::Rollout(workload) => Some(workload),
                Stuck::Drain { .. } | Stuck::Job(_) => None,
            })
            .collect()
        };
        !stuck(prover).is_subset(&stuck(self.asked.prover))
    }

    /// The claims that hold where they fail today.
    fn look(
        &self,
        position: usize,
        refuted: Claims,
        after: &Cluster,
        prover: &Prover<'_>,
    ) -> Claims {
        let subject = &self.asked.summary.subjects[position];
        let mut workspace = prover.workspace();
        let mut holds = |set: Option<&FailureSet>, of: fn(&Verdicts) -> &Verdict| {
            let Some(set) = set else { return false };
            let set = self.asked.carry(set, after);
            let found = self.verdicts(position, prover, &mut workspace, &set);
            found.is_some_and(|found| matches!(of(&found), Verdict::Proved(_)))
        };
        let immediately = subject.immediately.counterexample.as_ref().map(|(set, _)| set);
        let recovered = subject.recovered.counterexample.as_ref().map(|(set, _)| set);
        Claims {
            immediately: refuted.immediately && holds(immediately, |found| &found.0),
            recovered: refuted.recovered && holds(recovered, |found| &found.1),
        }
    }

    /// What a set does to the same subject of the changed cluster.
    fn verdicts(
        &self,
        position: usize,
        prover: &Prover<'_>,
        workspace: &mut holdfast_proof::prover::Workspace,
        set: &FailureSet,
    ) -> Option<Verdicts> {
        let at = self.same(position, prover)?;
        let mut examination = prover.examine(workspace, set);
        let finding = examination.findings.remove(&at).unwrap_or_else(|| prover.standing(at));
        Some((finding.immediately, finding.recovered))
    }

    /// The position of the same workload.
    fn same(&self, position: usize, prover: &Prover<'_>) -> Option<usize> {
        let root = self.asked.prover.subjects().subjects[position].root;
        prover.subjects().subjects.iter().position(|subject| subject.root == root)
    }

    /// What was proved, and what was lost by it.
    fn judge(
        &self,
        position: usize,
        refuted: Claims,
        prover: &Prover<'_>,
        summary: &Summary,
    ) -> (Claims, Outcome) {
        let claims = |position| {
            let at = self.same(position, prover)?;
            summary.complete.then(|| Claims::proved(&summary.subjects[at]))
        };
        let now = claims(position).unwrap_or_default();
        let was = |position: usize| Claims::proved(&self.asked.summary.subjects[position]);
        let lost = |position: &usize| {
            let now = claims(*position).unwrap_or_default();
            !was(*position).and(now.not()).is_empty()
        };
        let all = 0..self.asked.summary.subjects.len();
        let roots = &self.asked.prover.subjects().subjects;
        let broken: Vec<WorkloadId> = all.filter(lost).map(|at| roots[at].root).collect();
        let won = refuted.and(now);
        let outcome = match () {
            () if won.is_empty() => Outcome::Unproved,
            () if !broken.is_empty() => Outcome::Breaks(broken),
            () => Outcome::Helps,
        };
        (won, outcome)
    }
}

/// Workloads about which a claim is not proved.
fn left(prover: &Prover<'_>, summary: &Summary) -> Vec<WorkloadId> {
    let subjects = prover.subjects().subjects.iter().zip(&summary.subjects);
    let open = subjects
        .filter(|(_, subject)| !summary.complete || !Claims::proved(subject).not().is_empty());
    open.map(|(subject, _)| subject.root).collect()
}

/// The worst verdict on any workload.
fn overall(summary: &Summary) -> VerdictName {
    let all = 0..summary.subjects.len();
    let worst = all
        .map(|position| summary.verdict(position))
        .reduce(|one, other| if other.is_worse_than(&one) { other } else { one });
    worst.as_ref().map_or(VerdictName::Proved, VerdictName::from)
}

/// Whether pods serve at once, and in the end.
type Verdicts = (Verdict, Verdict);
