//! Downtimes with names: how long a failure keeps a workload from serving.

use holdfast_failover::times::Seconds;
use serde::Serialize;

use super::{Counterexample, Namer, doubt_id};
use crate::downtime::{Clock, Gap, Latest, Most};
use crate::prover::{Prover, Workspace};
use crate::scenario::FailureSet;
use crate::subject::follows_nodes;
use crate::summary::{Longest, SubjectSummary};

/// How long any of the sets that were asked about keeps a workload from serving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DowntimeReport {
    /// No pod of it serves.
    pub outage: SpanReport,
    /// Fewer serve than are wanted.
    pub shortage: SpanReport,
}

/// Bounds of a length of time, in seconds from the failure on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanReport {
    /// Some set costs no less in any run; `null` where one costs for ever, in every run or in the
    /// one that refutes the recovery.
    pub at_least: Option<Seconds>,
    /// No set costs more in any run, but for the parts in `and`; `null` where no bound is known.
    pub at_most: Option<Seconds>,
    /// What `atMost` is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartReport>,
    /// Parts that come on top and that nobody declared: `start`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub and: Vec<&'static str>,
    /// Why it does not end, in some run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_ever: Option<NoReturn>,
    /// Why no bound is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownReport>,
    /// The nodes that cost most, the first such set; absent where nothing costs anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<Vec<String>>,
    /// The domains that fail as a whole with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
}

/// A part of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartReport {
    /// `takeover`, `detection`, `limiter`, `toleration`, `retries` or `start`.
    pub part: &'static str,
    /// So many seconds at most.
    pub at_most: Seconds,
}

/// Why pods do not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoReturn {
    /// Nothing failed: they are missing today.
    Today,
    /// They belong to the nodes that are gone, and more are not wanted.
    FollowsNodes,
    /// Their pods stay terminating on a node that nobody hears, and are made again only when it is
    /// back, deleted or marked out-of-service.
    SilentNode,
    /// A volume stays attached to a node that nobody hears.
    HeldVolume,
    /// Too few copies of a volume are up.
    VolumeCopies,
    /// They find no node.
    NoNode,
    /// They are evicted again and again from where they are placed.
    Endless,
    /// Nobody is left who would evict them and make others.
    NoControlPlane,
    /// They are not made again: nobody does, or they bear a silent node for ever.
    NotMadeAgain,
}

/// Why no bound is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownReport {
    /// A stable word for it.
    pub reason: &'static str,
    /// What is missing or not modelled, where that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Namer<'_> {
    /// The downtimes of a subject. `run` is the one told against its recovery.
    pub(super) fn downtime(
        &self,
        prover: &Prover<'_>,
        (position, subject): (usize, &SubjectSummary),
        run: Option<&Counterexample>,
        workspace: &mut Workspace,
    ) -> DowntimeReport {
        let clock = prover.clock();
        let refuted = subject.recovered.counterexample.as_ref().map(|(set, _)| set);
        let never = |longest: &Longest| longest.span.most == Most::ForEver;
        let shortage = refuted.zip(run).map(|(set, run)| NoReturn::of(prover, set, run));
        let shortage = shortage.unwrap_or(NoReturn::NotMadeAgain);
        let kind = self.cluster.workload(prover.subjects().subjects[position].root).kind;
        let outage = match &subject.outage {
            _ if follows_nodes(kind) => NoReturn::FollowsNodes,
            outage if never(outage) && outage.set.as_ref() != refuted => {
                let set = outage.set.clone().unwrap_or_default();
                let findings = prover.examine(workspace, &set).findings;
                findings.get(&position).map_or(shortage, |finding| {
                    prover.witness(workspace, position, (&set, finding), |witness, end| {
                        let run = self.counterexample(witness, end, position, prover);
                        NoReturn::of(prover, &set, &run)
                    })
                })
            }
            _ => shortage,
        };
        DowntimeReport {
            outage: self.span(clock, &subject.outage, outage),
            shortage: self.span(clock, &subject.shortage, shortage),
        }
    }

    fn span(&self, clock: &Clock, longest: &Longest, never: NoReturn) -> SpanReport {
        let costs = longest.set.as_ref().filter(|set| !set.is_empty());
        let mut report = SpanReport {
            at_least: longest.span.least,
            fail: costs.map(|set| self.machines(set)),
            domains: costs.map(|set| self.domains(set)).unwrap_or_default(),
            ..SpanReport::default()
        };
        match &longest.span.most {
            Most::Never => report.at_most = Some(0),
            Most::Within(latest) => within(&mut report, latest, clock.start()),
            Most::ForEver => {
                report.at_least = None;
                report.for_ever = Some(never);
            }
            Most::Unknown(gap) => {
                let (reason, detail) = gap_id(*gap);
                report.unknown = Some(UnknownReport { reason, detail });
            }
        }
        report
    }
}

fn within(report: &mut SpanReport, latest: &Latest, start: Option<Seconds>) {
    let parts = [
        ("takeover", latest.takeover),
        ("detection", latest.detection),
        ("limiter", latest.limiter),
        ("toleration", latest.toleration),
        ("retries", latest.retries),
        ("start", start.unwrap_or(0)),
    ];
    let lasting = parts.into_iter().filter(|(_, seconds)| *seconds > 0);
    report.parts = lasting.map(|(part, at_most)| PartReport { part, at_most }).collect();
    report.at_most = Some(latest.total().saturating_add(start.unwrap_or(0)));
    if start.is_none() {
        report.and.push("start");
    }
}

/// A stable word for why no bound is known.
fn gap_id(gap: Gap) -> (&'static str, Option<String>) {
    match gap {
        Gap::Doubt(doubt) => doubt_id(doubt),
        Gap::Preemption => ("preemption", None),
        Gap::Rollout => ("rollout", None),
        Gap::Evictions => ("evictions-stop", None),
        Gap::Returning => ("returning", None),
        Gap::Orders => ("orders", None),
    }
}

impl NoReturn {
    /// What keeps the pods away at the end of a run.
    fn of(prover: &Prover<'_>, set: &FailureSet, run: &Counterexample) -> Self {
        let kept = [
            (set.is_empty(), Self::Today),
            (!acts_after(prover, set), Self::NoControlPlane),
            (!run.again.is_empty(), Self::Endless),
            (!run.attaching.is_empty(), Self::HeldVolume),
            (!run.starved.is_empty(), Self::VolumeCopies),
            (!run.pending.is_empty(), Self::NoNode),
            (!run.terminating.is_empty(), Self::SilentNode),
        ];
        let found = kept.into_iter().find(|(keeps, _)| *keeps);
        found.map_or(Self::NotMadeAgain, |(_, why)| why)
    }
}

/// Whether a control plane acts once the set has failed.
fn acts_after(prover: &Prover<'_>, set: &FailureSet) -> bool {
    let (dynamics, start) = (prover.dynamics(), &prover.starts().starts[0].placement);
    if set.machines().is_empty() {
        return dynamics.control_plane().acts_without(start, set.nodes());
    }
    let mut placement = start.clone();
    dynamics.fail_hosts(&mut placement, set.nodes(), set.machines());
    dynamics.control_plane().acts(&placement)
}
