//! Certificates of sequences of events: all that may come of each, listed place of rest by place of
//! rest, and runs through them.

use holdfast_certificate::flaw::ClaimName;
use holdfast_certificate::format::{self, Certificate, Claim, Course, Passage, Run, SCHEMA};
use holdfast_certificate::{Flaw, Reader, digest, happening, state};
use holdfast_cluster::placement::Mark;
use holdfast_cluster::{Cluster, InstanceId, Placement};
use holdfast_failover::{Dynamics, Joined, Phases};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::closure::{Look, Moment, Quiet};
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
    sequences: &[Vec<Joined>],
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
    fn through(mut self, sequences: &[Vec<Joined>], found: &[Found]) -> Certified {
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
        let asked = |events: &Vec<Joined>| {
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
            match (verdict, run) {
                (VerdictName::Proved, _) if listed => Claim::Proved,
                (VerdictName::Refuted, Some(run)) => Claim::Refuted { run: run.clone() },
                (VerdictName::Unknown, _) => Claim::Unknown,
                _ => {
                    self.leave_out(at, name);
                    Claim::Unknown
                }
            }
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
            for whose in &withdrawn {
                self.withdraw(certificate, whose);
            }
        }
    }

    /// Lists all that may come of a sequence, and takes down runs that break claims on the way;
    /// `None` where there is too much of it.
    fn follow(
        &mut self,
        (number, events): (usize, &[Joined]),
        scope: Scope,
        found: &[Found],
        runs: &mut Runs,
    ) -> Option<Course> {
        let prover = self.prover;
        let (cluster, subjects) = (prover.cluster(), &prover.subjects().subjects[..]);
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
            runs.note_at_once(subjects, found, number, &rest.here());
        }
        let mut complete = true;
        let mut stages = Vec::new();
        for event in events {
            let mut next: IndexMap<state::Key, Rest, FxBuildHasher> = IndexMap::default();
            let mut lists = Vec::new();
            for rest in &mut rests {
                happen(prover.dynamics(), event, &mut rest.placement)?;
                runs.note_at_once(subjects, found, number, &rest.after(&[]));
                let mut looking = Looking {
                    cluster,
                    number,
                    rest,
                    scope,
                    subjects,
                    found,
                    runs,
                    next: &mut next,
                };
                let listed = self.list(event, &mut looking);
                complete &= listed.is_some();
                lists.push(listed.unwrap_or_default());
            }
            stages.push(lists);
            rests = next.into_values().collect();
            complete &= rests.len() <= RESTS_MAX;
            rests.truncate(RESTS_MAX);
        }
        for (at, subject) in subjects.iter().enumerate() {
            for rest in rests.iter().filter(|rest| rest.known) {
                let begun = self.starts.iter().find(|start| start.settle == rest.settle);
                let begun = begun.expect("a run begins at a start");
                let (ready, now) = (subject.ready(&rest.placement), &rest.placement);
                let (wanted, _) = wanted_through(cluster, subject, &begun.placement, now);
                let known = &mut runs.recovered[at];
                let falls = found[at].recovered == VerdictName::Refuted && ready < wanted;
                if known.is_none() && falls {
                    *known = Some(rest.run(number, (ready, wanted), None));
                }
            }
        }
        complete.then_some(Course(stages))
    }

    /// Lists all states from right after an event on.
    fn list(&mut self, event: &Joined, looking: &mut Looking<'_>) -> Option<Vec<format::State>> {
        let mut placement = looking.rest.placement.clone();
        let mut phases = Phases::new(self.prover.dynamics(), event.others());
        let first = phases.begin(&mut placement);
        self.search_in((phases, first)).run(&mut placement, looking)
    }
}

/// Lets an event happen, the first of joined ones; `None` where one of them makes no sense.
fn happen(dynamics: &Dynamics<'_>, joined: &Joined, placement: &mut Placement) -> Option<()> {
    joined.first().check(dynamics, placement).ok()?;
    joined.first().apply(dynamics, placement);
    let mark = placement.mark();
    let sense = joined.others().iter().all(|event| {
        let sense = event.check(dynamics, placement).is_ok();
        event.join(dynamics, placement);
        sense
    });
    placement.revert(dynamics.cluster(), mark);
    sense.then_some(())
}

/// Whoever looks at the states after an event.
struct Looking<'l> {
    cluster: &'l Cluster,
    /// The number of the sequence.
    number: usize,
    rest: &'l Rest,
    scope: Scope,
    subjects: &'l [Subject],
    found: &'l [Found],
    runs: &'l mut Runs,
    /// The quiet states.
    next: &'l mut IndexMap<state::Key, Rest, FxBuildHasher>,
}

impl Look for Looking<'_> {
    fn quiet(&mut self, quiet: Quiet<'_>) -> bool {
        let known = self.rest.known && quiet.known;
        if known || self.scope == Scope::All {
            let key = state::key(self.cluster, quiet.placement, Mark::default());
            self.next.entry(key).or_insert_with(|| Rest {
                placement: quiet.placement.clone(),
                settle: self.rest.settle.clone(),
                stages: [&self.rest.stages[..], &[quiet.path.to_vec()]].concat(),
                known,
            });
        }
        self.next.len() <= RESTS_MAX
    }

    fn moment(&mut self, moment: Moment<'_>) {
        let at = At {
            placement: moment.placement,
            unsure: moment.unsure,
            known: self.rest.known && moment.known,
            ..self.rest.after(moment.path)
        };
        self.runs.note_at_once(self.subjects, self.found, self.number, &at);
    }
}

/// A moment at which nobody of a workload may serve.
struct At<'a> {
    rest: &'a Rest,
    placement: &'a Placement,
    /// The steps to it since an event came after the place of rest, if one did.
    steps: Option<&'a [usize]>,
    known: bool,
    /// Those of the pods that serve which may not have started.
    unsure: &'a [InstanceId],
}

impl Rest {
    /// The run here as one that breaks a claim, or one that went on for these steps.
    fn run(&self, sequence: usize, (ready, wanted): (u32, u32), steps: Option<&[usize]>) -> Run {
        let mut stages = self.stages.clone();
        stages.extend(steps.map(<[usize]>::to_vec));
        let (settle, through) = (self.settle.clone(), Some(Passage { sequence, stages }));
        Run { settle, through, ready, wanted, ..Run::default() }
    }

    /// As things stand here.
    fn here(&self) -> At<'_> {
        let (placement, known) = (&self.placement, self.known);
        At { rest: self, placement, steps: None, known, unsure: &[] }
    }

    /// After these steps since an event came.
    fn after<'a>(&'a self, steps: &'a [usize]) -> At<'a> {
        At { steps: Some(steps), ..self.here() }
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
        sequence: usize,
        at: &At<'_>,
    ) {
        for (position, subject) in subjects.iter().enumerate() {
            let known = &mut self.immediately[position];
            let is_refuted = found[position].immediately == VerdictName::Refuted;
            if known.is_none() && is_refuted && at.known {
                let late = at.unsure.iter().map(|pod| at.placement.instance(*pod));
                let late = late.filter(|it| it.ready && subject.members.contains(&it.workload));
                if subject.ready(at.placement) as usize == late.count() {
                    *known = Some(at.rest.run(sequence, (0, 1), at.steps));
                }
            }
        }
    }
}
