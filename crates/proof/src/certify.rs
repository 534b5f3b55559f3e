//! Certificates: why each answer of a sweep is so, written down for a second reader.
//!
//! What is claimed comes from the sweep. Why it is so is found by asking the reader itself: where a
//! set does not follow from what is written down so far, a room is added for the pod that lacks
//! one, or else the states that may come are listed. What cannot be shown that way is not claimed,
//! and said.

mod asking;
mod closure;
mod courses;
mod headroom;
mod rooms;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_certificate::flaw::{ClaimName, Whose};
use holdfast_certificate::format::{
    self, Certificate, Claim, Closed, Run, SCHEMA, State, Summary as Counts, Workload,
};
use holdfast_certificate::{Broken, Failed, Flaw, Reader, Workspace, digest, names};
use holdfast_cluster::{ClassId, Cluster, Placement};
use holdfast_failover::{Phase, Phases, Situation};
use holdfast_scheduler::Scratch;

use crate::domain::Domain;
use crate::explore::PODS_SMALL;
use crate::prover::{Finding, Prover};
use crate::report::Question;
use crate::scenario::FailureSet;
use crate::summary::{ClaimSummary, Summary};
use crate::verdict::Verdict;
use crate::witness::Witness;
pub use asking::{Asking, OneByOne};
use closure::{Moves, Quiet, Search};
pub use courses::{Found, certify_sequences};
use rooms::Rooms;

/// A certificate, and what it leaves out.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The certificate.
    pub certificate: Certificate,
    /// Claims that the sweep decided and that the certificate does not show.
    pub left_out: Vec<Whose>,
}

/// A place of rest before anything fails, and how the cluster comes there.
struct Start {
    number: usize,
    placement: Placement,
    settle: Vec<usize>,
    /// No step on the way is a guess.
    known: bool,
}

/// Makes the certificate of a sweep; `None` if somebody asks to stop before it shows what was
/// proved.
pub fn certify(
    prover: &Prover<'_>,
    question: &Question,
    summary: &Summary,
    asking: &dyn Asking,
) -> Option<Certified> {
    Maker::new(prover).make(question, summary, asking)
}

/// For how many sets is asked at once. What a reader learns from one lets later ones follow, which
/// are then looked at twice.
const AT_ONCE: usize = 1024;

/// What fails in a set.
fn failed(set: &FailureSet) -> Failed {
    Failed { nodes: set.nodes().to_vec(), machines: set.machines().to_vec() }
}

/// The set of what fails.
fn set_of(failed: &Failed) -> FailureSet {
    FailureSet::new(failed.nodes.clone()).and_machines(failed.machines.clone())
}

/// The question as a certificate has it.
fn asked(cluster: &Cluster, question: &Question) -> format::Question {
    match question {
        Question::AnyNodes(most) => format::Question::Nodes(*most),
        Question::Set(set) => format::Question::Fail(failed(set).names(cluster)),
        Question::AnyDomains(domains, most) => {
            let listed = |domain: &Domain| {
                let set = FailureSet::new(domain.nodes.clone());
                let set = set.and_machines(domain.machines.clone());
                format::Domain { name: domain.name.clone(), fail: failed(&set).names(cluster) }
            };
            let all = domains.all.iter().filter(|_| domains.label.is_none()).map(listed);
            format::Question::Domains(format::Domains {
                label: domains.label.clone(),
                all: all.collect(),
                most: *most,
            })
        }
    }
}

/// What each sort of pods goes by.
type Sorts = BTreeMap<ClassId, String>;

struct Maker<'p, 'c> {
    prover: &'p Prover<'c>,
    sorts: Sorts,
    scratch: Scratch,
    moves: Moves,
    states: Vec<State>,
    starts: Vec<Start>,
    /// All places of rest are known.
    settled: bool,
    left_out: Vec<Whose>,
    /// Ends are counted where headroom tells them.
    counts: bool,
    /// Failures, and starts, from which more states come than are listed.
    too_many: BTreeSet<(Failed, usize)>,
}

impl<'p, 'c> Maker<'p, 'c> {
    fn new(prover: &'p Prover<'c>) -> Self {
        let dynamics = prover.dynamics();
        let mut sorts = Sorts::new();
        for (name, class) in names::sorts(dynamics.cluster()) {
            // Of several names of one sort the first stays.
            sorts.entry(class).or_insert(name);
        }
        let mut maker = Self {
            prover,
            sorts,
            scratch: Scratch::default(),
            moves: Moves::default(),
            states: Vec::new(),
            starts: Vec::new(),
            settled: false,
            left_out: Vec::new(),
            counts: false,
            too_many: BTreeSet::new(),
        };
        let mut placement = Placement::of(dynamics.cluster());
        dynamics.begin(&mut placement);
        let situation = dynamics.situation(&placement);
        dynamics.evict_unnoticed(&mut placement, &situation);
        let starts = &mut maker.starts;
        let mut search = Search {
            dynamics,
            phases: Phases::single(dynamics, &situation),
            scratch: &mut maker.scratch,
            moves: &mut maker.moves,
            budget: prover.settings().states_per_set,
        };
        let found = search.run(&mut placement, &mut |quiet: Quiet<'_>| {
            starts.push(Start {
                number: quiet.number,
                placement: quiet.placement.clone(),
                settle: quiet.path.to_vec(),
                known: quiet.known,
            });
            starts.len() <= STARTS_MAX
        });
        // A cluster that may never come to rest has no list of places of rest, and where the prover
        // did not see all of them nobody knows whether it has.
        let found = found.filter(|_| prover.starts().complete);
        maker.settled = found.is_some();
        maker.states = found.unwrap_or_default();
        maker
    }

    fn make(
        mut self,
        question: &Question,
        summary: &Summary,
        asking: &dyn Asking,
    ) -> Option<Certified> {
        let cluster = self.prover.cluster();
        let headroom = self.prover.headroom().filter(|_| matches!(question, Question::AnyNodes(_)));
        self.counts = headroom.is_some();
        let mut certificate = Certificate {
            schema: SCHEMA.to_owned(),
            input: digest::of(cluster),
            question: asked(cluster, question),
            summary: Counts::default(),
            workloads: self.workloads(summary),
            starts: self.states.clone(),
            headroom: headroom
                .map_or_else(Vec::new, |known| headroom::written(cluster, &self.sorts, known)),
            rooms: Vec::new(),
            sets: Vec::new(),
            courses: Vec::new(),
            steps: Vec::new(),
        };
        // Of a sweep that was stopped nothing is proved.
        if let Some(mut reader) = self.open(&mut certificate, summary)
            && summary.complete
        {
            self.supply(&mut reader, &mut certificate, asking)?;
        }
        certificate.steps = self.moves.list();
        certificate.summary = count(&certificate);
        Some(Certified { certificate, left_out: self.left_out })
    }

    /// What is claimed of each workload.
    fn workloads(&mut self, summary: &Summary) -> Vec<Workload> {
        self.left_out.clear();
        (0..summary.subjects.len()).map(|at| self.workload(summary, at)).collect()
    }

    /// What is claimed of a workload.
    fn workload(&mut self, summary: &Summary, at: usize) -> Workload {
        let subject = &summary.subjects[at];
        let mut claim = |of: &ClaimSummary, name: ClaimName| {
            let claim = match of.verdict() {
                Verdict::Proved(_) if summary.complete && self.settled => Some(Claim::Proved),
                Verdict::Refuted => {
                    let shown = of.counterexample.as_ref();
                    let run = shown.and_then(|(set, finding)| {
                        let counted = || self.count(set, finding, name);
                        counted().or_else(|| self.refute(at, set, finding, name))
                    });
                    run.map(|run| Claim::Refuted { run })
                }
                Verdict::Unknown(_) => return Claim::Unknown,
                Verdict::Proved(_) => None,
            };
            claim.unwrap_or_else(|| {
                self.leave_out(at, name);
                Claim::Unknown
            })
        };
        let immediately = claim(&subject.immediately, ClaimName::Immediately);
        let recovered = claim(&subject.recovered, ClaimName::Recovered);
        self.named(at, immediately, recovered)
    }

    /// These claims about the workload of this position.
    fn named(&self, at: usize, immediately: Claim, recovered: Claim) -> Workload {
        let cluster = self.prover.cluster();
        let root = self.prover.subjects().subjects[at].root;
        let text = |symbol| cluster.text(symbol).to_owned();
        Workload {
            kind: names::kind(cluster, root),
            namespace: text(cluster.workload(root).namespace),
            name: text(cluster.workload(root).name),
            immediately,
            recovered,
        }
    }

    /// Takes down that a claim that was decided is not shown.
    fn leave_out(&mut self, at: usize, claim: ClaimName) {
        let root = self.prover.subjects().subjects[at].root;
        let workload = names::workload(self.prover.cluster(), root);
        self.left_out.push(Whose { workload, claim });
    }

    /// The end of every run, where headroom tells it.
    fn count(&self, set: &FailureSet, finding: &Finding, claim: ClaimName) -> Option<Run> {
        let counts = self.counts && claim == ClaimName::Recovered && !set.is_empty();
        (counts && self.prover.is_foreseen(set)).then(|| Run {
            fail: failed(set).names(self.prover.cluster()),
            counted: true,
            ready: finding.recovered_range.0,
            wanted: finding.desired,
            ..Run::default()
        })
    }

    /// A run from the export that breaks a claim.
    fn refute(
        &mut self,
        at: usize,
        set: &FailureSet,
        finding: &Finding,
        claim: ClaimName,
    ) -> Option<Run> {
        (0..self.starts.len()).find_map(|number| match claim {
            ClaimName::Immediately => self.refute_at_once(number, at, set),
            ClaimName::Recovered => self.refute_recovery(number, at, (set, finding)),
        })
    }

    /// No pod serves as soon as the nodes are gone that fail at this place of rest.
    fn refute_at_once(&self, number: usize, at: usize, set: &FailureSet) -> Option<Run> {
        let start = &self.starts[number];
        let mut placement = start.placement.clone();
        self.prover.dynamics().fail_hosts(&mut placement, set.nodes(), set.machines());
        let ready = self.prover.subjects().subjects[at].ready(&placement);
        let run = self.run_from(start, set);
        (start.known && ready == 0).then_some(Run { ready, wanted: 1, ..run })
    }

    /// A run from this place of rest to where too few pods serve.
    fn refute_recovery(
        &mut self,
        number: usize,
        at: usize,
        (set, finding): (&FailureSet, &Finding),
    ) -> Option<Run> {
        let (prover, start) = (self.prover, &self.starts[number]);
        let dynamics = prover.dynamics();
        if !start.known {
            return None;
        }
        let found = &prover.starts().starts[finding.start].placement;
        let (is_found, run) = (start.placement == *found, self.run_from(start, set));
        let mut placement = start.placement.clone();
        dynamics.fail_hosts(&mut placement, set.nodes(), set.machines());
        let situation = dynamics.situation(&placement);
        let done = dynamics.evict_unnoticed(&mut placement, &situation);
        if is_found {
            let base = placement.mark();
            let witness = prover.whole_run(at, set, finding);
            let steps = witness.steps[done.len()..].iter().map(|step| {
                let number = self.moves.add(dynamics.cluster(), &placement, step);
                dynamics.apply(&mut placement, step);
                number
            });
            let steps: Vec<usize> = steps.collect();
            let goes_round = !witness.again.is_empty();
            let round = goes_round.then(|| self.search(&situation).round(&mut placement, base));
            let round = round.map_or(Some(Vec::new()), |states| states)?;
            let Witness { ready, desired: wanted, .. } = witness;
            return Some(Run { steps, round, ready, wanted, ..run });
        }
        let subject = &prover.subjects().subjects[at];
        let mut shortest = None;
        self.search(&situation).run(&mut placement, &mut |quiet: Quiet<'_>| {
            let ready = subject.ready(quiet.placement);
            if quiet.known && ready < finding.desired {
                shortest = Some((quiet.path.to_vec(), ready));
            }
            shortest.is_none()
        });
        let (steps, ready) = shortest?;
        Some(Run { steps, ready, wanted: finding.desired, ..run })
    }

    /// The beginning of a run: the set fails at a place of rest.
    fn run_from(&self, start: &Start, set: &FailureSet) -> Run {
        let fail = failed(set).names(self.prover.cluster());
        Run { settle: start.settle.clone(), fail, ..Run::default() }
    }

    /// A search for the states that may come while this holds.
    fn search<'s>(&'s mut self, situation: &Situation) -> Search<'s, 'c> {
        self.search_in(Phases::single(self.prover.dynamics(), situation))
    }

    /// A search for the states that may come from where a phase begins.
    fn search_in<'s>(&'s mut self, phases: (Phases<'s, 'c>, Phase)) -> Search<'s, 'c> {
        Search {
            dynamics: self.prover.dynamics(),
            phases,
            scratch: &mut self.scratch,
            moves: &mut self.moves,
            budget: self.prover.settings().states_per_set,
        }
    }

    /// The reader of the certificate as it stands; claims that it does not accept are withdrawn.
    fn open(&mut self, certificate: &mut Certificate, summary: &Summary) -> Option<Reader<'c>> {
        loop {
            certificate.steps = self.moves.list();
            certificate.summary = count(certificate);
            let flaw = match Reader::new(self.prover.cluster(), certificate) {
                Ok(reader) => return Some(reader),
                Err(flaw) => flaw,
            };
            let withdrawn = match flaw {
                // A guess refutes where every other run does, too.
                Flaw::Run { whose, what: Broken::NotKnown } => {
                    let closed = self.failing(certificate, &whose);
                    match closed.and_then(|set| self.close(certificate, &set)) {
                        Some(closed) => {
                            certificate.sets.push(closed);
                            continue;
                        }
                        None => vec![whose],
                    }
                }
                // The reader does not follow what was worked out beforehand, here or at all.
                Flaw::Headroom(what) => {
                    withhold(&mut certificate.headroom, &what);
                    continue;
                }
                Flaw::Run { what: Broken::Uncounted, .. } if self.counts => {
                    self.counts = false;
                    certificate.workloads = self.workloads(summary);
                    continue;
                }
                Flaw::Run { whose, .. } | Flaw::Set { whose: Some(whose), .. } => vec![whose],
                Flaw::Start(_) => claimed(certificate, |claim| *claim == Claim::Proved),
                Flaw::LostInput => claimed(certificate, |claim| *claim != Claim::Unknown),
                // The rest this module itself would have got wrong.
                flaw => unreachable!("a new certificate is not read: {flaw:?}"),
            };
            if withdrawn.is_empty() {
                return None;
            }
            for whose in &withdrawn {
                self.withdraw(certificate, whose);
            }
        }
    }

    /// What fails in the run against a recovery.
    fn failing(&self, certificate: &Certificate, whose: &Whose) -> Option<Failed> {
        let workload = certificate.workloads.iter().find(|one| name(one) == whose.workload)?;
        let Claim::Refuted { run } = &workload.recovered else { return None };
        Failed::find(self.prover.cluster(), &run.fail)
    }

    fn withdraw(&mut self, certificate: &mut Certificate, whose: &Whose) {
        for workload in &mut certificate.workloads {
            if name(workload) == whose.workload {
                *match whose.claim {
                    ClaimName::Immediately => &mut workload.immediately,
                    ClaimName::Recovered => &mut workload.recovered,
                } = Claim::Unknown;
            }
        }
        self.left_out.push(whose.clone());
    }

    /// Adds to the certificate what its reader misses, set by set; `None` if somebody asks to stop.
    fn supply(
        &mut self,
        reader: &mut Reader<'c>,
        certificate: &mut Certificate,
        asking: &dyn Asking,
    ) -> Option<()> {
        let mut workspace = reader.workspace();
        let mut rooms = Rooms::new(self.prover.dynamics());
        let sets: Vec<Failed> = reader.sets().collect();
        for (done, at_once) in sets.chunks(AT_ONCE).enumerate() {
            asking.progress(done * AT_ONCE, sets.len());
            let follow = asking.follow(reader, at_once);
            let missed = at_once.iter().zip(follow).filter(|(_, follows)| !follows);
            for (set, _) in missed.take_while(|_| !asking.stopped()) {
                self.supply_set(reader, certificate, &mut rooms, (set, &mut workspace));
            }
            if asking.stopped() {
                break;
            }
        }
        asking.progress(sets.len(), sets.len());
        certificate.rooms = rooms.list(&self.sorts);
        (!asking.stopped()).then_some(())
    }

    fn supply_set(
        &mut self,
        reader: &mut Reader<'c>,
        certificate: &mut Certificate,
        rooms: &mut Rooms<'_, 'c>,
        (set, workspace): (&Failed, &mut Workspace),
    ) {
        rooms.begin();
        while let Err(flaw) = reader.check_set(workspace, set) {
            let Flaw::Set { whose, what, .. } = &flaw else { unreachable!("a set is checked") };
            if let Some(added) = self.add_room(rooms, set, what) {
                reader.add_rooms(&added).expect("rooms are named by the cluster");
            } else if let Some(closed) = self.close(certificate, set) {
                reader.set_steps(&self.moves.list());
                reader.add_closed(&closed).expect("it is asked about, and not listed yet");
                certificate.sets.push(closed);
            } else {
                let whose = whose.as_ref().expect("what is listed here is in order");
                self.withdraw(certificate, whose);
                reader.withdraw(whose);
            }
        }
    }

    /// Adds a room for the pod that a set leaves without, if there is one to add.
    fn add_room(
        &mut self,
        rooms: &mut Rooms<'_, 'c>,
        set: &Failed,
        what: &Broken,
    ) -> Option<format::Rooms> {
        let Broken::NoRoom(pod) = what else { return None };
        let Self { starts, scratch, sorts, .. } = self;
        starts
            .iter()
            .find_map(|start| rooms.add(sorts, &mut start.placement.clone(), set, pod, scratch))
    }

    /// Lists all states that may come after a failure, from the first start whose states are not
    /// listed yet; `None` where all are, or there are too many.
    fn close(&mut self, certificate: &Certificate, set: &Failed) -> Option<Closed> {
        let dynamics = self.prover.dynamics();
        let fail = set.names(self.prover.cluster());
        // What the prover did not search, no list would hold, unless it knew better in a small
        // cluster.
        let mut workspace = self.prover.workspace();
        let searched = self.prover.examine(&mut workspace, &set_of(set)).states;
        if searched == 0 && self.prover.cluster().pods().len() > PODS_SMALL {
            return None;
        }
        let listed = |number| {
            certificate.sets.iter().any(|closed| closed.fail == fail && closed.from == number)
        };
        for at in 0..self.starts.len() {
            let number = self.starts[at].number;
            let key = (set.clone(), number);
            if listed(number) || self.too_many.contains(&key) {
                continue;
            }
            let mut placement = self.starts[at].placement.clone();
            dynamics.fail_hosts(&mut placement, &set.nodes, &set.machines);
            let situation: Situation = dynamics.situation(&placement);
            if !situation.acts {
                continue;
            }
            dynamics.evict_unnoticed(&mut placement, &situation);
            let every = &mut |_: Quiet<'_>| true;
            let Some(states) = self.search(&situation).run(&mut placement, every) else {
                self.too_many.insert(key);
                continue;
            };
            return Some(Closed { fail, from: number, states });
        }
        None
    }
}

/// Leaves out what the reader does not follow: what shows it of one sort of pods, or all.
fn withhold(headroom: &mut Vec<format::Headroom>, what: &Broken) {
    match what {
        Broken::NoRoom(sort) => headroom.iter_mut().for_each(|one| one.like.retain(|l| l != sort)),
        _ => headroom.clear(),
    }
    headroom.retain(|one| !one.like.is_empty());
}

/// As many places of rest as a certificate tells of.
const STARTS_MAX: usize = 64;

fn name(workload: &Workload) -> String {
    format!("{}/{}/{}", workload.kind, workload.namespace, workload.name)
}

/// The claims that are such.
fn claimed(certificate: &Certificate, such: impl Fn(&Claim) -> bool) -> Vec<Whose> {
    let mut found = Vec::new();
    for workload in &certificate.workloads {
        let claims = [
            (&workload.immediately, ClaimName::Immediately),
            (&workload.recovered, ClaimName::Recovered),
        ];
        let such = claims.into_iter().filter(|(claim, _)| such(claim));
        found.extend(such.map(|(_, claim)| Whose { workload: name(workload), claim }));
    }
    found
}

fn count(certificate: &Certificate) -> Counts {
    let of = |such: fn(&Claim) -> bool| claimed(certificate, such).len();
    Counts {
        proved: of(|claim| *claim == Claim::Proved),
        refuted: of(|claim| matches!(claim, Claim::Refuted { .. })),
        unknown: of(|claim| *claim == Claim::Unknown),
    }
}
