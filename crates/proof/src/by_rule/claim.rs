//! The claim that at least one pod is left, whatever the placement, for all that a question asks
//! about.

use holdfast_cluster::{ClassId, NodeId, Placement};

use super::spreading::Rule;
use super::{Answer, Bounds, ByRule, Most, Unbounded};
use crate::doubts::Doubts;
use crate::prover::Prover;
use crate::report::{Question, VerdictName};
use crate::rules::is_fixed;
use crate::scenario::FailureSet;
use crate::seat::{self, Seat};
use crate::subject::Subject;
use crate::summary::{SubjectSummary, Summary};
use crate::verdict::{Doubt, Verdict};

/// As many pods must be left.
const NEED: u32 = 1;

/// What is known of the claim for one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The answer.
    pub answer: Known,
    /// The nodes that may hold most of the pods; those that do, where that is refuted.
    pub nodes: Vec<NodeId>,
    /// How many they hold at most; `None` where nothing is bounded.
    pub most: Option<Most>,
    /// Position of the prover's start that it is about, of which pods that are moved are.
    pub start: usize,
}

/// Whether a pod is left in every placement that the rules allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is, and stays so.
    Proved,
    /// It is not: already as the pods are placed today.
    RefutedToday,
    /// It is not: in this placement.
    Refuted {
        /// The pods that are put somewhere, in an order in which every filter lets them in.
        moved: Vec<Seat>,
        /// Pods of the workload that are lost.
        lost: u32,
    },
    /// Its pods belong to their nodes: this is known of the only placement there is.
    Nodes(Verdict),
    /// Nobody knows.
    Unknown(Gap),
}

/// Why nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// It holds for pods that come with none leaving in between, by topology spread. What a rollout
    /// leaves behind may be spread less evenly.
    Freshly,
    /// The bound does not do, and no placement was found that refutes it.
    NoPlacement,
    /// Not all pods that are wanted can run at once.
    TooFewPlaces,
    /// Not all pods that are wanted serve today.
    NotAllServe,
    /// Nothing is bounded.
    Unbounded(Unbounded),
    /// Something is not known.
    Doubt(Doubt),
}

/// The claim for each subject, by position: the worst of where the cluster may come to rest. What
/// rolls out has other pods there than today, which other rules may hold for.
pub fn claims(prover: &Prover<'_>, question: &Question, summary: &Summary) -> Vec<Claim> {
    let everyone: Vec<usize> = (0..summary.subjects.len()).collect();
    let mut all = claims_of(prover, &[(question, summary)], &everyone);
    all.pop().expect("one question was asked")
}

/// The claims of these subjects for each of several questions: what they have in common is looked
/// at once.
pub fn claims_of(
    prover: &Prover<'_>,
    asked: &[(&Question, &Summary)],
    positions: &[usize],
) -> Vec<Vec<Claim>> {
    let Some((first, _)) = asked.first() else { return Vec::new() };
    let starts = prover.starts();
    let loose = starts.loose.as_ref().filter(|_| starts.at_rest);
    let mut each: Vec<Vec<Vec<Claim>>> = vec![vec![Vec::new(); positions.len()]; asked.len()];
    let mut judge_all = |start: usize, concerns: &dyn Fn(usize) -> bool| {
        let concerned: Vec<(usize, usize)> =
            positions.iter().copied().enumerate().filter(|(_, it)| concerns(*it)).collect();
        if concerned.is_empty() {
            return;
        }
        let placement = starts.at(start).placement.clone();
        let by_rule = ByRule::new(prover.cluster(), &placement);
        let doubts = Doubts::new(prover.cluster());
        let settled = starts.complete || loose.is_some();
        let (question, by_rule) = (*first, &by_rule);
        let mut judge = Judge { prover, question, by_rule, placement, doubts, settled };
        for ((question, summary), found) in asked.iter().zip(&mut each) {
            judge.question = question;
            for (at, position) in &concerned {
                let claim = judge.judge(*position, &summary.subjects[*position], summary.complete);
                found[*at].push(Claim { start, ..claim });
            }
        }
    };
    judge_all(0, &|_| true);
    match loose {
        // All others are at every start where they are at the first.
        Some(loose) => judge_all(starts.starts.len(), &|position| loose.is_of(position)),
        None => {
            for start in 1..starts.starts.len() {
                let differing = differing(prover, start);
                judge_all(start, &|position| differing.contains(&position));
            }
        }
    }
    let of_all = |claims: Vec<Claim>| match <[Claim; 2]>::try_from(claims) {
        Ok([one, waiting]) if loose.is_some() => one.and_waiting(waiting),
        Ok(claims) => worst(prover, claims.to_vec()),
        Err(claims) => worst(prover, claims),
    };
    each.into_iter().map(|found| found.into_iter().map(of_all).collect()).collect()
}

/// The worst of the claims from several starts, of equal ones the first from a start that is known.
fn worst(prover: &Prover<'_>, claims: Vec<Claim>) -> Claim {
    let doubt = |claim: &Claim| prover.starts().starts[claim.start].doubt;
    let all_alike =
        claims.iter().all(|one| one.answer.verdict().rank() == claims[0].answer.verdict().rank());
    let claims = claims.into_iter().rev();
    let worst = claims.max_by_key(|claim| (claim.answer.verdict().rank(), doubt(claim).is_none()));
    let worst = worst.expect("there is at least one start");
    match doubt(&worst) {
        // Nobody knows whether it comes there.
        Some(doubt) if !all_alike => Claim { answer: Known::Unknown(Gap::Doubt(doubt)), ..worst },
        _ => worst,
    }
}

/// The subjects whose own pods stand otherwise at a start than at the first one; all of them where
/// pods do that belong to their nodes, as these leave others more room or less. Where others' pods
/// are that may be anywhere does not matter.
fn differing(prover: &Prover<'_>, start: usize) -> Vec<usize> {
    let starts = &prover.starts().starts;
    let cluster = prover.cluster();
    let stand = |start: usize, subject: &Subject| {
        let placement = &starts[start].placement;
        let stand = |id| {
            let one = placement.instance(id);
            (one.class, one.node(), one.terminating, one.is_pending())
        };
        let mut all: Vec<_> = subject.instances(placement).map(stand).collect();
        all.sort_unstable();
        all
    };
    let subjects = &prover.subjects().subjects;
    let differs = |at: &usize| stand(0, &subjects[*at]) != stand(start, &subjects[*at]);
    let found: Vec<usize> = (0..subjects.len()).filter(differs).collect();
    let fixed = |start: usize| -> Vec<_> {
        let placement = &starts[start].placement;
        let all = placement.instance_ids().filter(|id| is_fixed(cluster, placement, *id));
        let mut all: Vec<_> =
            all.map(|id| (placement.instance(id).class, placement.instance(id).node())).collect();
        all.sort_unstable();
        all
    };
    if fixed(0) == fixed(start) { found } else { (0..subjects.len()).collect() }
}

impl Known {
    /// The verdict without its reasons.
    pub fn verdict(&self) -> VerdictName {
        match self {
            Self::Proved => VerdictName::Proved,
            Self::RefutedToday | Self::Refuted { .. } => VerdictName::Refuted,
            Self::Nodes(verdict) => verdict.into(),
            Self::Unknown(_) => VerdictName::Unknown,
        }
    }
}

struct Judge<'a, 'c> {
    prover: &'a Prover<'c>,
    question: &'a Question,
    by_rule: &'a ByRule<'c>,
    placement: Placement,
    doubts: Doubts,
    /// All starts are known, or what is said of this one is said of all.
    settled: bool,
}

/// What a set may hold: the most, and the set.
type Held = (Most, Vec<NodeId>);

impl Judge<'_, '_> {
    fn judge(&mut self, position: usize, summed: &SubjectSummary, complete: bool) -> Claim {
        let subject = &self.prover.subjects().subjects[position];
        let by_rule = self.by_rule;
        let bounds = match by_rule.bounds(&self.placement, subject) {
            Ok(bounds) => bounds,
            Err(Unbounded::FollowsNodes) => return belongs_to_nodes(summed, complete),
            Err(why) => return Claim::unknown(Gap::Unbounded(why), None),
        };
        let all_serve = summed.ready_before() >= bounds.desired();
        let today = summed.immediately.counterexample.as_ref().filter(|_| all_serve);
        if let Some((set, _)) = today {
            let nodes = set.nodes().to_vec();
            let most = Some(bounds.most(&nodes));
            return Claim { answer: Known::RefutedToday, nodes, most, start: 0 };
        }
        let (most, nodes) = self.worst(&bounds);
        let lasting = bounds.lasting();
        let stays = match &lasting {
            _ if most.lasts => is_left(&bounds, &most).then(|| (most.clone(), nodes.clone())),
            None => None,
            Some(lasting) => Some(self.worst(lasting)).filter(|held| is_left(&bounds, &held.0)),
        };
        if let Some(held) = stays {
            let doubt = self.doubt_of_proof(subject, &bounds, all_serve);
            return match doubt {
                None => Claim::of(Known::Proved, held),
                Some(gap) => Claim::unknown(gap, Some(held)),
            };
        }
        if is_left(&bounds, &most) {
            let doubt = self.doubt_of_proof(subject, &bounds, all_serve);
            return Claim::unknown(doubt.unwrap_or(Gap::Freshly), Some((most, nodes)));
        }
        self.refute(subject, &bounds, (most, nodes))
    }

    /// The most that anything the question asks about may hold.
    fn worst(&self, bounds: &Bounds<'_, '_>) -> Held {
        match self.question {
            Question::AnyNodes(most) => {
                let worst = bounds.worst(*most);
                (worst.most, worst.nodes)
            }
            Question::Set(set) => (bounds.most(set.nodes()), set.nodes().to_vec()),
            Question::AnyDomains(domains, most) => {
                let held = |set: FailureSet| (bounds.most(set.nodes()), set.nodes().to_vec());
                let sets = domains.sets_up_to(*most).map(held);
                // Of equally bad ones the first, which is a smallest one.
                sets.reduce(|one, other| if other.0.pods > one.0.pods { other } else { one })
                    .unwrap_or_else(|| held(FailureSet::default()))
            }
        }
    }

    /// Looks for a placement in which nobody is left.
    fn refute(&mut self, subject: &Subject, bounds: &Bounds<'_, '_>, held: Held) -> Claim {
        if let Some(doubt) = self.doubt_of_all(subject) {
            return Claim::unknown(Gap::Doubt(doubt), Some(held));
        }
        let Self { prover, by_rule, placement, .. } = self;
        let scheduler = prover.dynamics().scheduler();
        match by_rule.judge(scheduler, placement, subject, bounds, &held.1, NEED) {
            Answer::Refuted { moved, lost } => match self.doubt_of_moves(&moved) {
                None => Claim::of(Known::Refuted { moved, lost }, held),
                Some(doubt) => Claim::unknown(Gap::Doubt(doubt), Some(held)),
            },
            Answer::TooFewPlaces(places) => {
                Claim::unknown(Gap::TooFewPlaces, Some((places, Vec::new())))
            }
            // What is proved of a set that is the worst by some reasons only speaks for no other.
            Answer::Proved(_) | Answer::Unknown(_) => Claim::unknown(Gap::NoPlacement, Some(held)),
        }
    }

    /// What keeps a bound from being a proof: it speaks of pods that run, and serve unless they are
    /// lost.
    fn doubt_of_proof(
        &self,
        subject: &Subject,
        bounds: &Bounds<'_, '_>,
        all_serve: bool,
    ) -> Option<Gap> {
        if let Some(doubt) = self.doubt_of_all(subject) {
            return Some(Gap::Doubt(doubt));
        }
        let storage = self.prover.dynamics().storage();
        if bounds.classes().any(|class| storage.keeps_for(class)) {
            return Some(Gap::Doubt(Doubt::VolumeCopies));
        }
        let everywhere: Vec<NodeId> = self.prover.cluster().node_ids().collect();
        match all_serve {
            true => None,
            false if bounds.most(&everywhere).pods < bounds.desired() => Some(Gap::TooFewPlaces),
            false => Some(Gap::NotAllServe),
        }
    }

    /// What is not known of any pod of a workload, wherever it is.
    fn doubt_of_all(&self, subject: &Subject) -> Option<Doubt> {
        let root = self.prover.cluster().workload(subject.root);
        match self.prover.lost() {
            Some(kind) => Some(Doubt::Lost(kind)),
            None => Doubt::of_maker(root).or_else(|| (!self.settled).then_some(Doubt::Unsettled)),
        }
    }

    /// What is not known of pods that the scheduler would have to put somewhere.
    fn doubt_of_moves(&mut self, moved: &[Seat]) -> Option<Doubt> {
        let cluster = self.prover.cluster();
        let mark = self.placement.mark();
        let made: Vec<_> =
            moved.iter().map(|seat| seat::make(cluster, &mut self.placement, seat)).collect();
        let of_pod = |pod| self.doubts.of_pod(cluster, &self.placement, pod);
        let doubt = made.into_iter().filter_map(of_pod).min();
        self.placement.revert(cluster, mark);
        doubt
    }
}

/// Whether enough pods are left when nodes that hold so many fail.
fn is_left(bounds: &Bounds<'_, '_>, most: &Most) -> bool {
    bounds.desired().saturating_sub(most.pods) >= NEED
}

/// Where there is one placement only, what is known of it is known by rule.
fn belongs_to_nodes(summed: &SubjectSummary, complete: bool) -> Claim {
    let verdict = match summed.immediately.verdict() {
        Verdict::Proved(_) if !complete => Verdict::Unknown(Doubt::Budget),
        verdict => verdict,
    };
    let refuting = summed.immediately.counterexample.as_ref();
    let nodes = refuting.map(|(set, _)| set.nodes().to_vec()).unwrap_or_default();
    Claim { answer: Known::Nodes(verdict), nodes, most: None, start: 0 }
}

impl Claim {
    /// What is known of pods that may be anywhere: what is refuted where they came to be in one
    /// run, and what is proved where they still wait.
    fn and_waiting(self, waiting: Self) -> Self {
        match (self.answer.verdict(), waiting.answer.verdict()) {
            (VerdictName::Refuted, _) => self,
            (_, VerdictName::Proved) => Self { start: self.start, ..waiting },
            _ => Self { answer: Known::Unknown(Gap::Doubt(Doubt::Unsettled)), ..self },
        }
    }

    fn of(answer: Known, (most, nodes): Held) -> Self {
        Self { answer, nodes, most: Some(most), start: 0 }
    }

    fn unknown(gap: Gap, held: Option<Held>) -> Self {
        let (most, nodes) = held.unzip();
        Self { answer: Known::Unknown(gap), nodes: nodes.unwrap_or_default(), most, start: 0 }
    }
}

impl Bounds<'_, '_> {
    /// What they say of pods of which some come and others go; `None` where they are as they are.
    pub fn lasting(&self) -> Option<Self> {
        (!self.spreads.is_empty()).then(|| {
            let among = |rule: &Rule| self.together.and_then(|together| rule.lasting(together));
            Self { spreads: self.spreads.iter().filter_map(among).collect(), ..self.clone() }
        })
    }

    /// What its pods may be.
    fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.kinds.iter().map(|kind| kind.class)
    }
}
