//! Runs that may go round for ever, against all states that the oracle knows and the ways between
//! them.
//!
//! What a run may come by again and again is worked out here once more: a trap is a component that
//! no sure way leaves; in any other a run may stay for ever unless somebody's turn comes in all of
//! its states and whatever he does leads out.

use std::collections::BTreeSet;

use holdfast_cluster::{NodeId, Placement};
use holdfast_proof::{Doubt, FailureSet, Prover, Settings, Subject, Verdict};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::check::{self, desired, read, ready, told};
use crate::oracle::{Actor, Custom, Graph, Oracle, Way};
use crate::plan::{self, Family, Home, NodeState, Patience, Plan, TaintPlan};
use crate::{certify, render};

/// States that the oracle follows.
const STATES: usize = 500;

/// What became of the claims.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) clusters: u64,
    /// Failures after which some run goes round, or the oracle gave up.
    pub(crate) round: u64,
    pub(crate) too_large: u64,
    /// Claims about failures after which some run goes round.
    pub(crate) proved: u64,
    pub(crate) refuted: u64,
    /// Those of them that no quiet end breaks.
    pub(crate) trapped: u64,
    pub(crate) endless: u64,
    pub(crate) unknown: u64,
    /// Decided claims that certificates show, and that they leave out.
    pub(crate) certified: u64,
    pub(crate) left_out: u64,
}

/// Clusters in which nodes let pods in for a while and evict them again: first nodes that do not,
/// where those pods are, then nodes that do.
pub(crate) fn plans() -> impl Strategy<Value = Plan> {
    let family = Family { affinity: 0.1, spread: 0.1, priority: 0.15, ..Family::default() };
    let visits = vec(proptest::bool::weighted(0.7), 4);
    (plan::plan(family), visits, 0_usize..2).prop_map(|(mut plan, visits, more)| {
        plan.workloads.truncate(2);
        let open = 1 + more.min(plan.nodes.len() - 2);
        for (at, node) in plan.nodes.iter_mut().enumerate() {
            node.state = NodeState::Ready;
            node.cordoned &= at > 0;
            node.control_plane = false;
            node.taint = (at >= open).then_some(TaintPlan::NoExecute);
        }
        for (workload, visits) in plan.workloads.iter_mut().zip(visits) {
            if visits {
                workload.template.patience = Patience::Visiting;
            }
            workload.homes.truncate(2);
            for (at, home) in workload.homes.iter_mut().enumerate() {
                let node = Some(home.node.map_or(at, |node| node) % open);
                *home = Home { node, ready: true, terminating: false };
            }
        }
        plan.pair = (0, plan.pair.1);
        plan
    })
}

/// Every answer about each open node, and two nodes, holds in the oracle's graph.
pub(crate) fn check(plan: &Plan, tally: &mut Tally) -> Result<(), TestCaseError> {
    let cluster = read(&render::objects(plan));
    let settings = Settings { states_per_set: 4_000, ..Settings::default() };
    let prover = Prover::new(&cluster, settings);
    let oracle = Oracle::new(&cluster, STATES);
    let node = |at: usize| NodeId(u32::try_from(at).expect("few nodes"));
    tally.clusters += 1;
    let mut sets = vec![FailureSet::new(vec![node(0)]), FailureSet::new(vec![node(1)])];
    if plan.pair.0 != plan.pair.1 {
        sets.push(FailureSet::new(vec![node(plan.pair.0), node(plan.pair.1)]));
    }
    let Some(before) = oracle.graph(&Placement::of(&cluster), Custom::Either) else {
        tally.too_large += 1;
        return Ok(());
    };
    // Where today is never at rest nothing is said.
    if !Loops::of(&before).rounds.is_empty() {
        return Ok(());
    }
    for set in &sets {
        agrees(&prover, &oracle, (&before, set), tally)?;
    }
    let mut certified = check::Tally::default();
    certify::is_accepted(&prover, &mut certified)?;
    tally.certified += certified.certified;
    tally.left_out += certified.left_out;
    Ok(())
}

fn agrees(
    prover: &Prover<'_>,
    oracle: &Oracle<'_>,
    (before, set): (&Graph, &FailureSet),
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let cluster = prover.cluster();
    let quiet = before.states.iter().zip(&before.quiet).filter(|(_, quiet)| **quiet);
    let mut graphs = Vec::new();
    for (start, _) in quiet {
        let Some(graph) = oracle.graph(&oracle.fail(start, set.nodes()), Custom::Either) else {
            tally.too_large += 1;
            return Ok(());
        };
        graphs.push((start, Loops::of(&graph), graph));
    }
    let round = graphs.iter().any(|(_, loops, _)| !loops.rounds.is_empty());
    tally.round += u64::from(round);
    let examination = prover.examine(&mut prover.workspace(), set);
    for (position, subject) in prover.subjects().subjects.iter().enumerate() {
        let mut truth = Truth::default();
        for (start, loops, graph) in &graphs {
            truth.add(graph, loops, subject, desired(cluster, start, set, subject));
        }
        let (_, verdict) = told(prover, &examination, position);
        let holds = match &verdict {
            Verdict::Proved(_) => !truth.quiet && !truth.round && !truth.trap,
            Verdict::Refuted => truth.quiet || truth.trap,
            Verdict::Unknown(Doubt::Endless) => truth.round,
            Verdict::Unknown(_) => true,
        };
        if !holds {
            let text = format!("{position} at {set:?} is {verdict:?}, yet {truth:?}");
            return Err(TestCaseError::fail(text));
        }
        if !round {
            continue;
        }
        match &verdict {
            Verdict::Proved(_) => tally.proved += 1,
            Verdict::Refuted => {
                tally.refuted += 1;
                tally.trapped += u64::from(!truth.quiet);
            }
            Verdict::Unknown(Doubt::Endless) => tally.endless += 1,
            Verdict::Unknown(_) => tally.unknown += 1,
        }
    }
    Ok(())
}

/// Where fewer pods serve than are wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Truth {
    /// At a quiet end.
    quiet: bool,
    /// In a trap.
    trap: bool,
    /// Where a run may come by again and again.
    round: bool,
}

impl Truth {
    fn add(&mut self, graph: &Graph, loops: &Loops, subject: &Subject, desired: u32) {
        let short = |at: &usize| ready(&graph.states[*at], subject) < desired;
        self.quiet |= (0..graph.states.len()).any(|at| graph.quiet[at] && short(&at));
        self.trap |= loops.traps.iter().flatten().any(short);
        self.round |= loops.rounds.iter().flatten().any(short);
    }
}

/// Where runs go round.
struct Loops {
    /// Components that no sure way leaves.
    traps: Vec<BTreeSet<usize>>,
    /// Those in which a run may stay for ever with nobody passed over.
    rounds: Vec<BTreeSet<usize>>,
}

impl Loops {
    fn of(graph: &Graph) -> Self {
        let mut sure: Vec<Vec<&Way>> = vec![Vec::new(); graph.states.len()];
        for way in graph.ways.iter().filter(|way| way.sure) {
            sure[way.from].push(way);
        }
        let (mut traps, mut rounds) = (components(graph, &sure, true), Vec::new());
        traps.retain(|states| {
            let mut ways = states.iter().flat_map(|at| &sure[*at]);
            ways.all(|way| states.contains(&way.to))
        });
        for states in components(graph, &sure, false) {
            let first = states.first().expect("a component has states");
            let leaves = |actor: &Actor| {
                states.iter().all(|at| {
                    let mut turns = sure[*at].iter().filter(|way| way.actor == *actor).peekable();
                    turns.peek().is_some() && turns.all(|way| !states.contains(&way.to))
                })
            };
            if !sure[*first].iter().any(|way| leaves(&way.actor)) {
                rounds.push(states);
            }
        }
        Self { traps, rounds }
    }
}

/// Strong components with a sure way in them, over all ways or the sure ones.
fn components(graph: &Graph, sure: &[Vec<&Way>], sure_alone: bool) -> Vec<BTreeSet<usize>> {
    let mut ways: DiGraph<(), ()> = DiGraph::new();
    for _ in &graph.states {
        ways.add_node(());
    }
    for way in graph.ways.iter().filter(|way| way.sure || !sure_alone) {
        ways.add_edge(NodeIndex::new(way.from), NodeIndex::new(way.to), ());
    }
    let found = tarjan_scc(&ways).into_iter();
    let found = found.map(|states| states.into_iter().map(NodeIndex::index).collect());
    let goes_round = |states: &BTreeSet<usize>| {
        states.iter().any(|at| sure[*at].iter().any(|way| states.contains(&way.to)))
    };
    found.filter(goes_round).collect()
}
