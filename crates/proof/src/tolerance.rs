//! How many failures each workload is proved to survive, and what breaks it.
//!
//! Sets are examined small ones first, so that the first that refutes a claim is a smallest one,
//! and every smaller set is proved or at least one of them is UNKNOWN.

use serde::Serialize;

use crate::report::{Counterexample, DoubtReport, Object, Question, Report, WorkloadReport};
use crate::scenario::count_up_to;
use crate::summary::{ClaimSummary, SubjectSummary, Summary};

/// How many failures are survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tolerance {
    /// Every set of up to so many is proved to be survived; none where a claim does not hold
    /// today, or is not known to.
    pub proved: Option<usize>,
    /// The size of a smallest set that breaks it, if one was found.
    pub broken: Option<usize>,
    /// The size of a smallest set of which nothing is known, if there is one.
    pub unknown: Option<usize>,
}

impl Tolerance {
    /// The tolerance of one subject, where all sets of up to `most` were examined.
    pub fn of(subject: &SubjectSummary, most: usize) -> Self {
        let claims = [&subject.immediately, &subject.recovered];
        let broken = |claim: &&ClaimSummary| Some(claim.counterexample.as_ref()?.0.size());
        let unknown = |claim: &&ClaimSummary| Some(claim.doubt.as_ref()?.0.size());
        let broken = claims.iter().filter_map(broken).min();
        let unknown = claims.iter().filter_map(unknown).min();
        let proved = match [broken, unknown].into_iter().flatten().min() {
            None => Some(most),
            Some(first) => first.checked_sub(1).map(|proved| proved.min(most)),
        };
        Self { proved, broken, unknown }
    }

    /// That of all of them: what every one survives, and what breaks the first.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        let fewer =
            |one: Option<usize>, other: Option<usize>| [one, other].into_iter().flatten().min();
        Self {
            proved: self.proved.min(other.proved),
            broken: fewer(self.broken, other.broken),
            unknown: fewer(self.unknown, other.unknown),
        }
    }

    /// Whether one failure more than is proved surely breaks it, or no more were asked about.
    pub fn is_exact(self) -> bool {
        match (self.broken, self.unknown) {
            (_, None) => true,
            (Some(broken), Some(unknown)) => broken <= unknown,
            (None, Some(_)) => false,
        }
    }
}

/// How many of `all` may fail so that every such set was examined, when `sets` of at least one
/// were, up to `most`.
fn examined_up_to(all: usize, most: usize, sets: u64) -> usize {
    let within = |size: &usize| count_up_to(all, *size).is_some_and(|count| count - 1 <= sets);
    (0..=most).rev().find(within).unwrap_or(0)
}

/// How many failures the cluster and each workload survive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToleranceReport {
    /// Sets of up to so many were asked about.
    pub up_to: usize,
    /// Every workload is proved to survive every set of up to so many; absent where some workload
    /// does not run as it should today, or is not known to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved: Option<usize>,
    /// By namespace, name and kind.
    pub workloads: Vec<WorkloadTolerance>,
}

/// How many failures a workload survives.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadTolerance {
    /// Kind, namespace and name.
    #[serde(flatten)]
    pub object: Object,
    /// Every set of up to so many is proved to be survived; absent where it does not run as it
    /// should today, or is not known to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved: Option<usize>,
    /// A smallest set that breaks it, if one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_by: Option<Culprits>,
    /// A smallest set of which nothing is known, where it is smaller than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<DoubtReport>,
}

/// What fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Culprits {
    /// Nodes, and machines that are none; empty where it is broken today.
    pub fail: Vec<String>,
    /// The domains that fail as a whole: `LABEL=VALUE`, or a name of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
}

impl ToleranceReport {
    /// What a summary over all sets of up to `up_to` comes to, of which all with up to `examined`
    /// were examined; `report` is the report on the same summary.
    fn new(report: &Report, summary: &Summary, up_to: usize, examined: usize) -> Self {
        let each: Vec<Tolerance> =
            summary.subjects.iter().map(|subject| Tolerance::of(subject, examined)).collect();
        let workload = |(told, tolerance): (&WorkloadReport, &Tolerance)| {
            let claims = [&told.recovered.doubt, &told.immediately.doubt];
            let doubts = claims.into_iter().flatten().cloned();
            let size = |doubt: &DoubtReport| size(&doubt.fail, &doubt.domains);
            WorkloadTolerance {
                object: told.object.clone(),
                proved: tolerance.proved,
                broken_by: told.counterexample.as_ref().map(Culprits::of),
                unknown: doubts.min_by_key(size).filter(|_| !tolerance.is_exact()),
            }
        };
        Self {
            up_to,
            proved: each.iter().copied().reduce(Tolerance::least).and_then(|least| least.proved),
            workloads: report.workloads.iter().zip(&each).map(workload).collect(),
        }
    }
}

impl ToleranceReport {
    /// The same of a question, as far as every set of one size was examined.
    pub fn of(report: &Report, question: &Question, summary: &Summary) -> Self {
        let (most, all) = match question {
            Question::AnyNodes(most) => (*most, report.checked.cluster_nodes),
            Question::AnyDomains(domains, most) => (*most, domains.all.len()),
            Question::Set(_) => (1, 1),
        };
        Self::new(report, summary, most, examined_up_to(all, most, summary.sets))
    }

    /// Whether every number is known.
    pub fn is_exact(&self) -> bool {
        self.workloads.iter().all(|workload| workload.unknown.is_none())
    }
}

impl Culprits {
    fn of(example: &Counterexample) -> Self {
        Self { fail: example.fail.clone(), domains: example.domains.clone() }
    }
}

fn size(fail: &[String], domains: &[String]) -> usize {
    if domains.is_empty() { fail.len() } else { domains.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_set_that_is_not_proved_ends_it() {
        let of = |broken, unknown| {
            let first = [broken, unknown].into_iter().flatten().min();
            Tolerance {
                proved: first.map_or(Some(3), |at: usize| at.checked_sub(1)),
                broken,
                unknown,
            }
        };
        let cases = [
            (of(None, None), Some(3), true),
            (of(Some(2), None), Some(1), true),
            (of(Some(2), Some(2)), Some(1), true),
            (of(Some(2), Some(1)), Some(0), false),
            (of(None, Some(3)), Some(2), false),
            (of(Some(0), None), None, true),
        ];
        for (tolerance, proved, exact) in cases {
            assert_eq!((tolerance.proved, tolerance.is_exact()), (proved, exact), "{tolerance:?}");
        }
        let least = of(Some(3), None).least(of(Some(2), Some(1)));
        assert_eq!(least, Tolerance { proved: Some(0), broken: Some(2), unknown: Some(1) });
        assert_eq!(of(Some(0), None).least(of(None, None)).proved, None);
    }

    #[test]
    fn what_was_interrupted_counts_as_far_as_all_sets_of_a_size_were_seen() {
        // Of 5 nodes: 5 sets of one, 10 of two, 10 of three.
        let up_to = |sets| examined_up_to(5, 3, sets);
        assert_eq!([0, 4, 5, 14, 15, 24, 25].map(up_to), [0, 0, 1, 1, 2, 2, 3]);
    }
}
