//! The report on sequences of events: one, or every order of some failures.

use holdfast_cluster::Cluster;
use serde::Serialize;

use super::{
    Checked, ClaimReport, DoubtReport, Namer, Report, VerdictName, WorkloadReport, doubt_id,
    ground_id,
};
use crate::sequence::{Course, Sequencer};
use crate::verdict::{Ground, Verdict};

/// Where a sequence breaks a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Break {
    /// The whole sequence.
    pub sequence: Vec<String>,
    /// After how many of its events the claim fails; 0 is today.
    pub after: usize,
    /// `immediately` or `recovered`.
    pub claim: &'static str,
    /// Pods that serve then: right after that event, or once all is quiet after the last.
    pub ready: u32,
    /// Pods that are wanted at the end.
    pub desired: u32,
    /// What the scheduler says at the end to pods that wait.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

const IMMEDIATELY: &str = "immediately";
const RECOVERED: &str = "recovered";

/// What was asked: one sequence, or the failures whose every order was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One sequence, by the names of its events.
    Sequence(Vec<String>),
    /// Every order of these failures.
    Orders(Vec<String>),
}

/// What a sequence, by the names of its events, does to each subject, and the states seen.
pub type Followed = (Vec<String>, Vec<Course>, u64);

impl Report {
    /// The report on sequences, in order; `complete` says that all that were asked for were
    /// followed, and `played` how many of them there are when those that nothing can tell apart
    /// count once, where that was asked.
    pub fn of_sequences(
        sequencer: &Sequencer<'_>,
        asked: &Asked,
        followed: &[Followed],
        complete: bool,
        played: Option<u64>,
    ) -> Self {
        let cluster = sequencer.dynamics().cluster();
        let subjects = sequencer.subjects();
        let workloads: Vec<WorkloadReport> = (0..subjects.subjects.len())
            .map(|position| workload(sequencer, position, followed, complete))
            .collect();
        let namer = Namer { cluster, domains: None };
        let checked = checked(cluster, asked, followed, complete);
        let checked = Checked { sets_up_to_symmetry: played, ..checked };
        Self::of(&namer, subjects, checked, workloads)
    }
}

fn checked(cluster: &Cluster, asked: &Asked, followed: &[Followed], complete: bool) -> Checked {
    let (sequence, orders) = match asked {
        Asked::Sequence(names) => (Some(names.clone()), None),
        Asked::Orders(names) => (None, Some(names.clone())),
    };
    Checked {
        nodes: None,
        fail: None,
        domains: None,
        sequence,
        orders,
        cluster_nodes: cluster.nodes().len(),
        sets: followed.len() as u64,
        sets_up_to_symmetry: None,
        states: followed.iter().map(|(.., states)| states).sum(),
        complete,
        possible_not_asked: 0,
    }
}

fn workload(
    sequencer: &Sequencer<'_>,
    position: usize,
    followed: &[Followed],
    complete: bool,
) -> WorkloadReport {
    let cluster = sequencer.dynamics().cluster();
    let courses = || followed.iter().map(|(names, courses, _)| (names, &courses[position]));
    let immediately =
        claim(courses().map(|(names, one)| (names, &one.immediately, one.none_after)));
    let recovered = claim(courses().map(|(names, one)| (names, &one.recovered, one.short_since)));
    let worse = match (immediately.verdict, recovered.verdict) {
        (VerdictName::Refuted, _) | (_, VerdictName::Refuted) => VerdictName::Refuted,
        (VerdictName::Proved, VerdictName::Proved) if complete => VerdictName::Proved,
        _ => VerdictName::Unknown,
    };
    let (desired, ready) = courses().next().map_or((0, 0), |(_, course)| course.today);
    let root = sequencer.subjects().subjects[position].root;
    WorkloadReport {
        object: Namer { cluster, domains: None }.object(root),
        desired,
        ready,
        verdict: worse,
        immediately,
        by_rule: None,
        recovered,
        ready_at_once: courses().map(|(_, one)| one.ready_at_once).min().unwrap_or(0),
        downtime: None,
        counterexample: None,
        broken: courses()
            .filter_map(|(names, one)| broken(names, one))
            .min_by_key(|one| (one.claim != RECOVERED, one.ready)),
    }
}

fn claim<'f, E>(
    verdicts: impl Iterator<Item = (&'f Vec<String>, &'f Verdict, Option<usize>)>,
) -> ClaimReport<E> {
    let (mut proved, mut refuted, mut unknown) = (0, 0, 0);
    let (mut weakest, mut doubtful) = (None::<Ground>, None);
    for (names, verdict, after) in verdicts {
        match verdict {
            Verdict::Proved(ground) => {
                proved += 1;
                weakest = weakest.max(Some(*ground));
            }
            Verdict::Refuted => refuted += 1,
            Verdict::Unknown(doubt) => {
                unknown += 1;
                doubtful.get_or_insert((names, *doubt, after.unwrap_or(0)));
            }
        }
    }
    let verdict = match (refuted, unknown) {
        (1.., _) => VerdictName::Refuted,
        (0, 1..) => VerdictName::Unknown,
        (0, 0) => VerdictName::Proved,
    };
    ClaimReport {
        by: weakest.filter(|_| verdict == VerdictName::Proved).map(ground_id),
        verdict,
        proved,
        refuted,
        unknown,
        doubt: doubtful.map(|(names, doubt, after): (&Vec<String>, _, usize)| {
            let (reason, detail) = doubt_id(doubt);
            let events = names[..after].to_vec();
            let (fail, domains) = (Vec::new(), Vec::new());
            DoubtReport { reason, detail, fail, domains, events, possible: None }
        }),
        counterexample: None,
    }
}

/// The recovery first: it tells the longer story.
fn broken(names: &[String], course: &Course) -> Option<Break> {
    let of = |claim, after: Option<usize>, ready| Break {
        sequence: names.to_vec(),
        after: after.unwrap_or(0),
        claim,
        ready,
        desired: course.desired,
        messages: course.messages.clone(),
    };
    match (&course.recovered, &course.immediately) {
        (Verdict::Refuted, _) => Some(of(RECOVERED, course.short_since, course.ready)),
        (_, Verdict::Refuted) => Some(of(IMMEDIATELY, course.none_after, course.ready_at_once)),
        _ => None,
    }
}
