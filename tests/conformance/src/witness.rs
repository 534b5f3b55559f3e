//! Cases that `prove` makes: random small clusters in which it refutes that a workload recovers,
//! with the run that shows it.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result, anyhow};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_proof::prover::Finding;
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::{FailureSet, Prover, Settings, Verdict};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::case::Case;
use crate::compare::Tally;
use crate::plan::{self, Family, Plan};
use crate::play::{self, Followed, Input, Play, subject_name};
use crate::render;

/// The name of this kind of case, which is not drawn as the others are.
pub const NAME: &str = "witness";

/// States that `prove` may take for one set: small clusters need few.
const STATES: usize = 4_000;

/// What the clusters are rich in, in turn.
const FAMILIES: [Family; 4] = [
    Family { affinity: 0.3, spread: 0.2, trouble: 0.1, ..PLAIN },
    Family { affinity: 0.6, spread: 0.5, trouble: 0.2, ..PLAIN },
    Family { affinity: 0.2, spread: 0.2, priority: 0.6, budgets: 0.3, ..PLAIN },
    Family { affinity: 0.2, spread: 0.2, priority: 0.4, odd_kinds: true, ..PLAIN },
];

const PLAIN: Family = Family {
    affinity: 0.0,
    spread: 0.0,
    priority: 0.0,
    trouble: 0.0,
    odd_kinds: false,
    budgets: 0.0,
    volumes: 0.0,
    symmetry: 0.0,
};

fn settings() -> Settings {
    Settings { states_per_set: STATES, ..Settings::default() }
}

/// Draws so many cases; the same seed gives the same ones.
///
/// # Errors
/// When a strategy gives up.
pub fn draw(count: usize, seed: u64) -> Result<Vec<Case>> {
    let strategies: Vec<BoxedStrategy<Plan>> =
        FAMILIES.iter().map(|family| plan::plan(*family).boxed()).collect();
    let mut cases = Vec::new();
    let mut number = 0_u64;
    while cases.len() < count {
        let mut runner = TestRunner::new_with_rng(Config::default(), rng(seed, number));
        let strategy = &strategies[number as usize % strategies.len()];
        let tree = strategy.new_tree(&mut runner).map_err(|reason| anyhow!("draw: {reason}"))?;
        cases.extend(refuted(&tree.current(), format!("{NAME}-{seed}-{number}")));
        number += 1;
    }
    Ok(cases)
}

fn rng(seed: u64, number: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// The most telling run that refutes anything about the cluster: one with preemption before one
/// without, one that another order would not have come to before one that all come to, one with
/// more to schedule.
fn refuted(plan: &Plan, id: String) -> Option<Case> {
    if shares_a_port(plan) {
        return None;
    }
    // Read twice: what is made of the plan, like a DaemonSet's missing pods, is to be told, too.
    let input = Input::read(Play::new(&Input::read(render::objects(plan))).export());
    let cluster = &input.cluster;
    let prover = Prover::new(cluster, settings());
    let starts = prover.starts();
    let stands = starts.complete && starts.at_rest && starts.starts.len() == 1;
    // Only the run from where the cluster comes to rest is told, so it must stand there.
    if !stands || starts.starts[0].placement != *Play::new(&input).placement() {
        return None;
    }
    let mut workspace = prover.workspace();
    let nodes: Vec<_> = cluster.node_ids().collect();
    let mut best: Option<(usize, Vec<Value>)> = None;
    for set in sets_up_to(&nodes, 2) {
        let examination = prover.examine(&mut workspace, &set);
        for (position, finding) in &examination.findings {
            if finding.recovered != Verdict::Refuted || set.is_empty() {
                continue;
            }
            let told = run(&prover, &input, (*position, finding), &set);
            if let Some((rank, told)) = told
                && best.as_ref().is_none_or(|(known, _)| *known < rank)
            {
                best = Some((rank, told));
            }
        }
    }
    let (_, told) = best?;
    let objects = input.objects().to_vec();
    Some(Case { id, objects, config: None, run: Some(told.into()) })
}

/// Whether two pods have the same port of one node, which a kubelet does not admit: the scheduler's
/// cache takes the port for free once one of them is gone (`HostPortInfo`).
fn shares_a_port(plan: &Plan) -> bool {
    let with_port = plan.workloads.iter().filter(|workload| workload.template.port);
    let homes = with_port.flat_map(|workload| &workload.homes).filter_map(|home| home.node);
    let mut taken = BTreeSet::new();
    !homes.map(|node| node % plan.nodes.len()).all(|node| taken.insert(node))
}

/// The run in words, and how telling it is; `None` where nobody decides anything in it.
fn run(
    prover: &Prover<'_>,
    input: &Input,
    (position, finding): (usize, &Finding),
    set: &FailureSet,
) -> Option<(usize, Vec<Value>)> {
    let subject = &prover.subjects().subjects[position];
    // Whoever replaces its pods by a rule of its own is not for the recorder to tell.
    if matches!(input.cluster.workload(subject.root).kind, WorkloadKind::Custom(_)) {
        return None;
    }
    let witness = prover.whole_run(position, set, finding);
    // What goes round for ever has no end to compare.
    if !witness.again.is_empty() {
        return None;
    }
    let mut play = Play::new(input);
    play.fail(set.nodes());
    if !play.acts() {
        return None;
    }
    for step in &witness.steps {
        play.take(step);
    }
    play.rest();
    play.told[0]["workload"] = subject_name(&input.cluster, subject).into();
    play.told[0]["desired"] = finding.desired.into();
    let preempted = play.told.iter().filter(|step| step["do"] == "preempt").count();
    let ties = play.decisions.iter().filter(|decision| decision["candidates"][1].is_string());
    let ordered = finding.recovered_range.0 != finding.recovered_range.1;
    let rank =
        preempted * 100 + usize::from(ordered) * 50 + ties.count() * 10 + play.decisions.len();
    (!play.decisions.is_empty()).then_some((rank, play.told))
}

/// How far the real scheduler takes the runs.
#[derive(Debug, Default)]
pub struct Judged {
    /// Runs that it ends as they do, in a state in which the claim does not hold.
    pub ended: u64,
    /// Of these, runs in which somebody is preempted.
    pub preempting: u64,
    /// Choices between nodes of the same score that it was asked to make as the run does.
    pub ties: u64,
    /// Decisions that were compared in all.
    pub decisions: u64,
    /// Where both sides differ; one line a case.
    pub differences: Vec<String>,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ended, preempting, ties, decisions, differences } = self;
        let all = *ended as usize + differences.len();
        write!(
            f,
            "{ended} of {all} runs end in the refuted state, {preempting} of them by way of \
             preemption; {decisions} decisions, {ties} of them ties"
        )
    }
}

/// Compares what the real scheduler said of each run with the engine.
///
/// # Errors
/// When the engine does not take a run of its own.
pub fn judge(cases: &[Case], answers: &[Value]) -> Result<Judged> {
    let mut judged = Judged::default();
    for (case, answer) in cases.iter().zip(answers) {
        let mut followed = play::follow(case).with_context(|| case.id.clone())?;
        let mut answer = answer.clone();
        if case.objects.iter().any(|object| object["kind"] == "PodDisruptionBudget") {
            keep_nodes(&mut answer);
            keep_nodes(&mut followed.answer);
        }
        let differences = Tally::default().compare(&answer, &followed.answer);
        if let Some(first) = differences.first() {
            judged.differences.push(format!("{}: {first}", case.id));
        } else if followed.ready >= followed.desired {
            let Followed { ready, desired, .. } = followed;
            judged.differences.push(format!("{}: {ready} of {desired} serve", case.id));
        } else if proves(case)? {
            judged.differences.push(format!("{}: PROVED, and yet this run", case.id));
        } else {
            judged.ended += 1;
            let pods = answer["pods"].as_array().map_or(&[][..], Vec::as_slice);
            judged.decisions += pods.len() as u64;
            let ties = pods.iter().filter(|pod| pod["candidates"][1].is_string());
            judged.ties += ties.count() as u64;
            let preempts = |step: &Value| step["do"] == "preempt";
            judged.preempting += u64::from(case.steps().iter().any(preempts));
        }
    }
    Ok(judged)
}

/// Whether `prove` holds true what the run of the case refutes.
fn proves(case: &Case) -> Result<bool> {
    let input = Input::read(case.objects.clone());
    let (set, claim) = play::claim(case, &input.cluster)?;
    let prover = Prover::new(&input.cluster, settings());
    let examination = prover.examine(&mut prover.workspace(), &FailureSet::new(set));
    let position = prover.subjects().position(claim.root).context("a subject")?;
    let finding = examination.findings.get(&position);
    let verdict = finding
        .map_or_else(|| prover.standing(position).recovered, |finding| finding.recovered.clone());
    Ok(matches!(verdict, Verdict::Proved(_)))
}

/// Leaves of preemptions only where they help. A trace of the engine has the victims that the
/// budgets of the export suggest, and these have changed; the recorder sees to it that those of the
/// run are among the best.
fn keep_nodes(answer: &mut Value) {
    let pods = answer["pods"].as_array_mut().into_iter().flatten();
    for candidate in pods.filter_map(|pod| pod["preemption"].as_array_mut()).flatten() {
        *candidate = json!({"node": candidate["node"]});
    }
}
