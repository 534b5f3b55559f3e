//! Whether one demand on one workload holds in one scenario.
//!
//! Nothing holds that was not proved: bounds that do not reach, and a search that was interrupted,
//! leave it open.

use holdfast_cluster::Cluster;
use holdfast_failover::times::Seconds;
use holdfast_ingest::policy::{Demands, MinReady};
use holdfast_proof::report::{AtOnce, ClaimReport, VerdictName, WorkloadReport};
use holdfast_proof::summary::SubjectSummary;

use crate::finding::{Claim, Fault, Why};

/// What is known of a workload in a scenario.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// For names.
    pub cluster: &'a Cluster,
    /// The report on it.
    pub report: &'a WorkloadReport,
    /// What the report was made from; nothing where events come one after another.
    pub summary: Option<&'a SubjectSummary>,
    /// Every set was looked at.
    pub complete: bool,
}

impl Known<'_> {
    /// What is wrong with each demand; nothing where it is proved to hold.
    pub fn judge(&self, demands: &Demands) -> Vec<Option<Fault>> {
        let mut all = Vec::new();
        all.extend(demands.immediately.then(|| self.immediately()));
        all.extend(demands.by_rule.then(|| self.by_rule()));
        all.extend(demands.recovered.then(|| self.recovered()));
        all.extend(demands.min_ready.map(|least| self.min_ready(least)));
        all.extend(demands.max_downtime.map(|limit| self.max_downtime(limit)));
        all
    }

    fn immediately(&self) -> Option<Fault> {
        let known = &self.report.immediately;
        self.claim(Claim::Immediately, known, |counterexample| Fault::NoneLeft { counterexample })
    }

    fn recovered(&self) -> Option<Fault> {
        self.claim(Claim::Recovered, &self.report.recovered, |example| Fault::NotRecovered {
            counterexample: Box::new(example),
        })
    }

    fn claim<E: Clone>(
        &self,
        claim: Claim,
        known: &ClaimReport<E>,
        refuted: impl FnOnce(E) -> Fault,
    ) -> Option<Fault> {
        match (known.verdict, &known.counterexample, &known.doubt) {
            (VerdictName::Proved, ..) => self.holds(claim),
            (VerdictName::Refuted, Some(example), _) => Some(refuted(example.clone())),
            (_, _, Some(doubt)) => Some(open(claim, Why::from(doubt))),
            (..) => Some(open(claim, Why::of("unsettled"))),
        }
    }

    fn by_rule(&self) -> Option<Fault> {
        let Some(known) = &self.report.by_rule else {
            return Some(open(Claim::ByRule, Why::of("unsettled")));
        };
        match known.verdict {
            VerdictName::Proved => self.holds(Claim::ByRule),
            VerdictName::Refuted => Some(Fault::NotByRule { counterexample: known.clone() }),
            VerdictName::Unknown => Some(open(Claim::ByRule, Why::of_rule(known))),
        }
    }

    fn min_ready(&self, least: MinReady) -> Option<Fault> {
        let desired = self.report.desired;
        let needed = least.of(desired);
        let Some(summary) = self.summary else {
            return Some(open(Claim::MinReady, Why::of("ready-unknown")));
        };
        let (set, fewest) = &summary.fewest_at_once;
        if *fewest < needed {
            let counterexample = AtOnce::new(self.cluster, set, *fewest);
            return Some(Fault::TooFewReady { needed, desired, counterexample });
        }
        if summary.surely_at_once >= needed {
            return self.holds(Claim::MinReady);
        }
        let doubts = [&self.report.immediately.doubt, &self.report.recovered.doubt];
        let why = doubts.into_iter().flatten().next().map(Why::from);
        Some(open(Claim::MinReady, why.unwrap_or_else(|| Why::of("ready-unknown"))))
    }

    fn max_downtime(&self, limit: Seconds) -> Option<Fault> {
        let Some(outage) = self.report.downtime.as_ref().map(|downtime| &downtime.outage) else {
            return Some(open(Claim::MaxDowntime, Why::of("unsettled")));
        };
        if outage.for_ever.is_some() || outage.at_least.is_some_and(|least| least > limit) {
            return Some(Fault::DownTooLong { limit, outage: outage.clone() });
        }
        if outage.and.is_empty() && outage.at_most.is_some_and(|most| most <= limit) {
            return self.holds(Claim::MaxDowntime);
        }
        let mut why = match &outage.unknown {
            Some(unknown) => Why { detail: unknown.detail.clone(), ..Why::of(unknown.reason) },
            None if outage.and.is_empty() => Why::of("bounds"),
            None => Why::of("start"),
        };
        why.fail = outage.fail.clone().unwrap_or_default();
        why.outage = Some(outage.clone());
        Some(open(Claim::MaxDowntime, why))
    }

    /// What was proved of all sets that were looked at.
    fn holds(&self, claim: Claim) -> Option<Fault> {
        if self.complete { None } else { Some(open(claim, Why::of("interrupted"))) }
    }
}

fn open(claim: Claim, why: Why) -> Fault {
    Fault::Inconclusive { claim, why }
}
