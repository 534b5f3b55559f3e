//! Everything that the engine says of an input, as one text: what is wrong with it, `prove` with
//! its certificate, `simulate` and `explain`.
//!
//! The program `parity` prints it for files natively, `parity.mjs` does the same with this library
//! built for WebAssembly. `cargo xtask test` compares both, byte for byte.

pub mod door;

use holdfast_cluster::{Cluster, NodeId, Placement};
use holdfast_failover::{Dynamics, Event, Joined, Times, story};
use holdfast_ingest::{Loaded, Options, Severity, Source, assume, load};
use holdfast_proof::certify::{OneByOne, certify};
use holdfast_proof::report::Question;
use holdfast_proof::scenario::sets_up_to;
use holdfast_proof::{Outcome, Prover, Report, Settings, Simulator, Summary, Timeline};
use holdfast_scheduler::{Scheduler, trace};
use serde_json::{Value, json};

/// States that each question may take. What runs out says so, on both sides at the same state.
const STATES: usize = 5_000;

/// How often it is asked whether a placement is possible.
const QUESTIONS: usize = 10;

/// A file: its name, and what it holds.
pub type File = (String, Vec<u8>);

/// What the engine says of the first file, and of it on the assumptions of the second.
#[must_use]
pub fn answer(input: File, assumptions: Option<File>) -> String {
    let source = |(name, bytes): File| Source::named(&name, bytes);
    let loaded = load(vec![source(input)], &Options::default());
    let mut said = json!({"as read": ask(&loaded)});
    if let Some(file) = assumptions {
        said["assumed"] = ask(&assume(loaded, source(file)));
    }
    said.to_string()
}

/// Every question about an input; what is wrong with it where it is refused.
fn ask(loaded: &Loaded) -> Value {
    let told: Vec<String> = loaded.diagnostics.iter().map(|found| format!("{found:?}")).collect();
    if loaded.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return json!({"refused": told});
    }
    json!({
        "diagnostics": told,
        "explain": explain(&loaded.cluster),
        "prove": prove(&loaded.cluster),
        "simulate": simulate(&loaded.cluster),
    })
}

fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("an answer is JSON")
}

fn explain(cluster: &Cluster) -> Value {
    json(trace::decide_all(&Scheduler::new(cluster), &mut Placement::of(cluster)))
}

/// Any two nodes fail; a certificate for any one of them.
fn prove(cluster: &Cluster) -> Value {
    let settings = Settings { states_per_set: STATES, ..Settings::default() };
    let nodes: Vec<NodeId> = cluster.node_ids().collect();
    let mut answers = Vec::new();
    for most in 1..=nodes.len().min(2) {
        let mut prover = Prover::new(cluster, settings);
        prover.foresee(most);
        let mut workspace = prover.workspace();
        let mut summary = Summary::new(&prover);
        for set in sets_up_to(&nodes, most) {
            summary.add(&set, &prover.examine(&mut workspace, &set));
        }
        summary.finish();
        let question = Question::AnyNodes(most);
        let mut report = Report::new(&prover, &question, &summary);
        report.ask_possible(&prover, &summary, QUESTIONS);
        let certified = || certify(&prover, &question, &summary, &OneByOne);
        let certified = if most == 1 { certified().map(|it| it.certificate) } else { None };
        answers.push(json!({"report": json(report), "certificate": json(certified)}));
    }
    answers.into()
}

/// The first node fails, and comes back.
fn simulate(cluster: &Cluster) -> Value {
    let Some(node) = cluster.node_ids().next() else { return Value::Null };
    let settings = Settings { states_per_set: STATES, ..Settings::default() };
    let simulator = Simulator::new(Dynamics::new(cluster), settings);
    let events: Vec<Joined> =
        [Event::Fail(vec![node]), Event::Recover(vec![node])].map(Joined::from).into();
    let Ok(stages) = simulator.run(&events) else { return Value::Null };
    let titles = ["fail".to_owned(), "recover".to_owned()];
    let groups: Vec<Vec<String>> = titles.iter().map(|title| vec![title.clone()]).collect();
    let mut outcome = Outcome::new(&simulator, &groups, &stages);
    let times = Times::of_cluster(cluster);
    let story = story::tell(simulator.dynamics(), &stages[0].example, &events, &times);
    outcome.timeline = Some(Timeline::new(&simulator, &titles, &stages, &story, &times));
    json(outcome)
}
