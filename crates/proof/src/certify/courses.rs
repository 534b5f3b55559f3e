//! Certificates of sequences of events: all that may come of each, listed place of rest by place of
//! rest, and runs through them.

use holdfast_certificate::flaw::ClaimName;
use holdfast_certificate::format::{self, Certificate, Claim, Course, Passage, Run, SCHEMA};
use holdfast_certificate::{Flaw, Reader, digest, happening, state};
use holdfast_cluster::Placement;
use holdfast_cluster::placement::Mark;
use holdfast_failover::Event;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{Certified, Maker, claimed, count};
use crate::prover::Prover;
use crate::report::VerdictName;
use crate::sequence::wanted_through;
use crate::subject::Subject;

/// Places of rest between two events of which a certificate tells.
const RESTS_MAX: usize = 512;

/// What was found of the two claims about a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// A pod serves today and right after each event.
    pub immediately: VerdictName,
    /// Enough pods serve once all is quiet after the last.
    pub recovered: VerdictName,
}

/// Makes the certificate of what was found of each workload over all of these sequences.
pub fn certify_sequences(
    prover: &Prover<'_>,
    sequences: &[Vec<Event>],
    found: &[Found],
) -> Certified {
    Maker::new(prover).through(sequences, found)
}

/// A place of rest, and a run to it.
struct Rest {
    placement: Placement,
    settle: Vec<usize>,
    stages: Vec<Vec<usize>>,
    /// No step of the run is a guess.
    known: bool,
}

/// The runs that break claims, by position of the subject.
#[derive(Default)]
struct Runs {
    immediately: Vec<Option<Run>>,
    recovered: Vec<Option<Run>>,
}

/// How much of a sequence is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// All states, to be listed.
    All,
    /// Runs that are known alone.
    Known,
}

impl Maker<'_, '_> {
    fn through(mut self, sequences: &[Vec<Event>], found: &[Found]) -> Certified {
        let cluster = self.prover.cluster();
        let mut runs =
            Runs { immediately: vec![None; found.len()], recovered: vec![None; found.len()] };
        let mut courses: Option<Vec<Course>> = Some(Vec::new());
        for (number, events) in sequences.iter().enumerate() {
            let listed = self.follow((number, events), Scope::All, found, &mut runs);
            match (&mut courses, listed) {
                (Some(courses), Some(course)) => courses.push(course),
                _ => courses = None,
            }
        }
        for (number, events) in sequences.iter().enumerate() {
            if runs.lack(found) {
                self.follow((number, events), Scope::Known, found, &mut runs);
            }
        }
        let asked = |events: &Vec<Event>| {
            events.iter().map(|event| happening::told(cluster, event)).collect()
        };
        let workloads = self.claims(found, &runs, courses.is_some() && self.settled);
        let mut certificate = Certificate {
            schema: SCHEMA.to_owned(),
            input: digest::of(cluster),
            question: format::Question::Sequences(sequences.iter().map(asked).collect()),
            summary: format::Summary::default(),
            workloads,
            starts: self.states.clone(),
            headroom: Vec::new(),
            rooms: Vec::new(),
            sets: Vec::new(),
            courses: courses.unwrap_or_default(),
            steps: self.moves.list(),
        };
        self.withdraw_what_fails(&mut certificate);
        Certified { certificate, left_out: self.left_out }
    }

    /// What is claimed of each workload.
    fn claims(&mut self, found: &[Found], runs: &Runs, listed: bool) -> Vec<format::Workload> {
        let mut claim = |at: usize, name: ClaimName| {
            let (verdict, run) = match name {
                ClaimName::Immediately => (found[at].immediately, &runs.immediately[at]),
                ClaimName::Recovered => (found[at].recovered, &runs.recovered[at]),
            };
            let claim = match (verdict, run) {
                (VerdictName::Proved, _) if listed => Claim::Proved,
                (VerdictName::Refuted, Some(run)) => Claim::Refuted { run: run.clone() },
                (VerdictName::Unknown, _) => return Claim::Unknown,
                _ => {
                    self.leave_out(at, name);
                    Claim::Unknown
                }
            };
            claim
        };
        let claims: Vec<(Claim, Claim)> = (0..found.len())
            .map(|at| (claim(at, ClaimName::Immediately), claim(at, ClaimName::Recovered)))
            .collect();
        let named = |(at, (immediately, recovered))| self.named(at, immediately, recovered);
        claims.into_iter().enumerate().map(named).collect()
    }

    /// Withdraws claims until the reader accepts what is left.
    fn withdraw_what_fails(&mut self, certificate: &mut Certificate) {
        let proved = |claim: &Claim| *claim == Claim::Proved;
        loop {
            if claimed(certificate, proved).is_empty() {
                certificate.courses.clear();
                certificate.starts.clear();
            }
            certificate.summary = count(certificate);
            let checked = Reader::new(self.prover.cluster(), certificate).and_then(|reader| {
                (0..reader.sequences()).try_for_each(|at| reader.check_sequence(at))
            });
            let withdrawn = match checked {
                Ok(()) => return,
                Err(Flaw::Run { whose, .. } | Flaw::Sequence { whose: Some(whose), .. }) => {
                    vec![whose]
                }
                Err(Flaw::Sequence { whose: None, .. } | Flaw::Start(_)) => {
                    claimed(certificate, proved)
                }
                Err(Flaw::LostInput) => claimed(certificate, |claim| *claim != Claim::Unknown),
                // The rest this module itself would have got wrong.
                Err(flaw) => unreachable!("a new certificate is not read: {flaw:?}"),
            };
            withdrawn.iter().for_each(|whose| self.withdraw(certificate, whose));
        }
    }

    /// Lists all that may come of a sequence, and takes down runs that break claims on the way;
    /// `None` where there is too much of it.
    fn follow(
        &mut self,
        (number, events): (usize, &[Event]),
        scope: Scope,
        found: &[Found],
        runs: &mut Runs,
    ) -> Option<Course> {
        let prover = self.prover;
        let subjects = &prover.subjects().subjects;
        let starts = self.starts.iter().filter(|start| scope == Scope::All || start.known);
        let mut rests: Vec<Rest> = starts
            .map(|start| Rest {
                placement: start.placement.clone(),
                settle: start.settle.clone(),
                stages: Vec::new(),
                known: start.known,
            })
            .collect();
        for rest in &rests {
            runs.note_at_once(subjects, found, (number, rest), false);
        }
        let mut complete = true;
        let mut stages = Vec::new();
        for event in events {
            let mut next: IndexMap<state::Key, Rest, FxBuildHasher> = IndexMap::default();
            let mut lists = Vec::new();
            for rest in &mut rests {
                if event.check(prover.dynamics(), &rest.placement).is_err() {
                    return None;
                }
                event.apply(prover.dynamics(), &mut rest.placement);
                runs.note_at_once(subjects, found, (number, rest), true);
                let states = self.list(rest, scope, &mut next);
                complete &= states.is_some();
                lists.push(states.unwrap_or_default());
            }
            stages.push(lists);
            rests = next.into_values().collect();
            complete &= rests.len() <= RESTS_MAX;
            rests.truncate(RESTS_MAX);
        }
        let cluster = prover.cluster();
        for (at, subject) in subjects.iter().enumerate() {
            for rest in rests.iter().filter(|rest| rest.known) {
                let begun = self.starts.iter().find(|start| start.settle == rest.settle);
                let begun = begun.expect("a run begins at a start");
                let (ready, now) = (subject.ready(&rest.placement), &rest.placement);
                let (wanted, _) = wanted_through(cluster, subject, &begun.placement, now);
                let known = &mut runs.recovered[at];
                let falls = found[at].recovered == VerdictName::Refuted && ready < wanted;
                if known.is_none() && falls {
                    *known = Some(rest.run(number, ready, wanted, false));
                }
            }
        }
        complete.then_some(Course(stages))
    }

    /// Lists all states from right after an event on, and adds the quiet ones to `next`.
    fn list(
        &mut self,
        rest: &Rest,
        scope: Scope,
        next: &mut IndexMap<state::Key, Rest, FxBuildHasher>,
    ) -> Option<Vec<format::State>> {
        let dynamics = self.prover.dynamics();
        let cluster = dynamics.cluster();
        let mut placement = rest.placement.clone();
        let situation = dynamics.situation(&placement);
        dynamics.evict_unnoticed(&mut placement, &situation);
        let mut search = self.search(&situation);
        search.run(&mut placement, &mut |quiet| {
            let known = rest.known && quiet.known;
            if known || scope == Scope::All {
                let key = state::key(cluster, quiet.placement, Mark::default());
                next.entry(key).or_insert_with(|| Rest {
                    placement: quiet.placement.clone(),
                    settle: rest.settle.clone(),
                    stages: [&rest.stages[..], &[quiet.path.to_vec()]].concat(),
                    known,
                });
            }
            next.len() <= RESTS_MAX
        })
    }
}

impl Rest {
    /// The run here as one that breaks a claim, be it right after an event that came since.
    fn run(&self, sequence: usize, ready: u32, wanted: u32, at_once: bool) -> Run {
        let mut stages = self.stages.clone();
        stages.extend(at_once.then(Vec::new));
        let (settle, through) = (self.settle.clone(), Some(Passage { sequence, stages }));
        Run { settle, through, ready, wanted, ..Run::default() }
    }
}

impl Runs {
    /// Whether some claim is refuted without a run so far.
    fn lack(&self, found: &[Found]) -> bool {
        let refuted = VerdictName::Refuted;
        found.iter().enumerate().any(|(at, found)| {
            found.immediately == refuted && self.immediately[at].is_none()
                || found.recovered == refuted && self.recovered[at].is_none()
        })
    }

    /// Takes down a run to where no pod of a workload serves.
    fn note_at_once(
        &mut self,
        subjects: &[Subject],
        found: &[Found],
        (number, rest): (usize, &Rest),
        at_once: bool,
    ) {
        for (at, subject) in subjects.iter().enumerate() {
            let known = &mut self.immediately[at];
            let is_refuted = found[at].immediately == VerdictName::Refuted;
            if known.is_none() && is_refuted && rest.known && subject.ready(&rest.placement) == 0 {
                *known = Some(rest.run(number, 0, 1, at_once));
            }
        }
    }
}
