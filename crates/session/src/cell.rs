//! A cell of the matrix: why its verdict is so, and the run that shows it, step by step.

use holdfast_cluster::{NodeId, Placement};
use holdfast_failover::story::{self, Ending};
use holdfast_proof::by_rule::claim::Known;
use holdfast_proof::report::{self, Question, VerdictName};
use holdfast_proof::seat::Seat;
use holdfast_proof::{FailureSet, Prover};
use holdfast_render::cell::{self as told, Claimed};
use serde::{Deserialize, Serialize};

use crate::aftermath::{self, Aftermath};
use crate::failure::Failure;
use crate::prove::Prove;
use crate::question::Failures;

/// What is claimed of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Claim {
    /// At least one pod serves as soon as the set is gone.
    Immediately,
    /// The same wherever the hard rules let the pods be.
    ByRule,
    /// As many as are wanted serve once all is quiet.
    Recovered,
}

/// A cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The position of the set.
    pub set: usize,
    /// The position of the workload.
    pub workload: usize,
    /// What is claimed.
    pub claim: Claim,
}

/// What there is to tell of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CellStory {
    /// The verdict.
    pub verdict: VerdictName,
    /// Why it is so, in one sentence.
    pub why: String,
    /// The workload's part of the run that refutes it, as the command tells it.
    pub telling: String,
    /// The run on the map; none where no run is known.
    pub run: Option<Aftermath>,
    /// The command that proves it.
    pub command: String,
}

/// The question about one set alone, for the command.
pub(crate) fn question_of(asked: &Prove, set: &[String]) -> Prove {
    let mut alone = asked.clone();
    if !set.is_empty() {
        alone.failures = Failures { fail: Some(set.to_vec()), ..Failures::default() };
    }
    alone
}

/// What is told of a cell, and the names of what fails.
///
/// # Errors
/// A set or a workload that there is not.
pub(crate) fn of(
    prover: &Prover<'_>,
    question: &Question,
    place: Place,
) -> Result<(CellStory, Vec<String>), Failure> {
    let nodes: Vec<NodeId> = prover.cluster().node_ids().collect();
    let set = question.orbits(&nodes, prover.symmetry()).nth(place.set).map(|(set, _)| set);
    let known = place.workload < prover.subjects().subjects.len();
    let Some(set) = set.filter(|_| known) else {
        return Err(Failure::usage("there is no such cell").hint("ask for the matrix anew"));
    };
    let cell = report::Cell::of(prover, question, &set, place.workload);
    let fail = report::machines(prover.cluster(), &set);
    let claim = match place.claim {
        Claim::Immediately => Claimed::Immediately,
        Claim::ByRule => Claimed::ByRule,
        Claim::Recovered => Claimed::Recovered,
    };
    let verdict = told::verdict(&cell.report, claim);
    let run = run(prover, (&set, &fail), &cell, (place.claim, verdict));
    let story = CellStory {
        verdict,
        why: told::why(&cell.report, claim, &fail),
        telling: told::telling(&cell.report, claim),
        run,
        command: String::new(),
    };
    Ok((story, fail))
}

/// The run on the map. Where nothing is known of a claim there is none to tell, and none where a
/// claim by rule holds, as it is about all placements.
fn run(
    prover: &Prover<'_>,
    (set, fail): (&FailureSet, &[String]),
    cell: &report::Cell,
    (claim, verdict): (Claim, VerdictName),
) -> Option<Aftermath> {
    let refuted = verdict == VerdictName::Refuted;
    let events: Vec<String> =
        (!fail.is_empty()).then(|| format!("fail:{}", fail.join(","))).into_iter().collect();
    let hosts = (set.nodes(), set.machines());
    let dynamics = prover.dynamics();
    if claim == Claim::ByRule {
        let start = &prover.starts().starts[cell.by_rule.start].placement;
        let seats: &[Seat] = match &cell.by_rule.answer {
            Known::Refuted { moved, .. } => moved,
            _ if refuted => &[],
            _ => return None,
        };
        let start = seated(prover, start, seats);
        let story = story::replay(dynamics, &start, hosts, &[], Ending::Open);
        let before = told::elsewhere(&cell.report);
        return Some(aftermath::of_known(dynamics, &start, &story, (&events, &before)));
    }
    if verdict == VerdictName::Unknown {
        return None;
    }
    let start = &prover.starts().starts[cell.finding.start].placement;
    let ending = match (cell.alone, cell.run.again.is_empty()) {
        (true, _) => Ending::Open,
        (false, true) => Ending::Quiet,
        (false, false) => Ending::Endless,
    };
    let steps: Vec<_> = cell.run.steps.iter().chain(&cell.run.again).cloned().collect();
    let story = story::replay(dynamics, start, hosts, &steps, ending);
    Some(aftermath::of_known(dynamics, start, &story, (&events, told::AT_REST)))
}

/// The pods where the rules let them be: those that are elsewhere than today are made anew there.
fn seated(prover: &Prover<'_>, start: &Placement, seats: &[Seat]) -> Placement {
    let cluster = prover.cluster();
    let mut placement = start.clone();
    let home = |seat: &Seat| seat.from.and_then(|id| start.instance(id).node());
    let elsewhere = || seats.iter().filter(|seat| home(seat) != Some(seat.node));
    for id in elsewhere().filter_map(|seat| seat.from) {
        placement.remove(cluster, id);
    }
    for seat in elsewhere() {
        let pod = placement.add(cluster, seat.class, seat.workload, seat.origin);
        placement.bind(cluster, pod, seat.node);
    }
    placement
}
