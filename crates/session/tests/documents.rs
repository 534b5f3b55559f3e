//! What a session gives is what the command prints, byte by byte, for the command that it names.

mod rig;

use holdfast_session::changes::Change;
use holdfast_session::check::Check;
use holdfast_session::explain::Explain;
use holdfast_session::inspect::Inspect;
use holdfast_session::plan::fit::Fit;
use holdfast_session::plan::mix::Mix;
use holdfast_session::plan::nodes::Nodes;
use holdfast_session::plan::rebalance::{LoadOf, Rebalance};
use holdfast_session::plan::remove::Remove;
use holdfast_session::plan::repair::Repair;
use holdfast_session::plan::tolerance::Tolerance;
use holdfast_session::plan::waste::Waste;
use holdfast_session::protocol::Question;
use holdfast_session::prove::Prove;
use holdfast_session::question::{Failures, Survivors};
use holdfast_session::simulate::Simulate;
use rig::{CATALOG, PLANS, Plan, document, fixture, open};

/// A node, a pod and a workload that there are.
fn names(plan: &Plan) -> (String, String, String) {
    let mut session = open(plan);
    let overview = rig::overview(&mut session);
    let node = overview.nodes.last().expect("a node").name.clone();
    let runs = |at: &usize| overview.pods.nodes[*at].is_some();
    let pod = (0..overview.pods.names.len()).find(runs).expect("a pod that runs");
    let namespace = |at: usize| &overview.workloads[overview.pods.workloads[at] as usize].namespace;
    let pod = format!("{}/{}", namespace(pod), &overview.pods.names[pod]);
    let workload = overview.workloads.iter().find(|one| one.kind == "Deployment");
    let workload = workload.expect("a Deployment");
    (node, pod, format!("deployment/{}/{}", workload.namespace, workload.name))
}

fn check(plan: &Plan) -> Question {
    let today = "2026-01-01".to_owned();
    let policy = fixture(&format!("policies/{}.yaml", plan.policy)).into();
    Question::Check(Check { policy, today, ..Check::default() })
}

#[test]
fn documents_are_the_bytes_of_the_command() {
    for plan in &PLANS {
        let (node, pod, workload) = names(plan);
        let session = &mut open(plan);
        let event = vec![format!("fail:{node}"), format!("recover:{node}")];
        let sequence = Some(format!("fail {node}; recover {node}"));
        for question in [
            Question::Inspect(Inspect::default()),
            Question::Prove(Prove::default()),
            Question::Prove(Prove { sequence, ..Prove::default() }),
            Question::Simulate(Simulate { events: event, ..Simulate::default() }),
            Question::Explain(Explain { pod: Some(pod), ..Explain::default() }),
            Question::Fit(Fit { of: workload, ..Fit::default() }),
            Question::Waste(Waste::default()),
            check(plan),
        ] {
            rig::same(session, &question, "json");
        }
    }
}

#[test]
fn plans_are_the_bytes_of_the_command() {
    let plan = &PLANS[0];
    let (node, ..) = names(plan);
    let session = &mut open(plan);
    let catalog = fixture(CATALOG);
    for question in [
        Question::Nodes(Nodes { like: Some(node), up_to: 4, ..Nodes::default() }),
        Question::Mix(Mix { catalog: catalog.into(), tries: Some(4), ..Mix::default() }),
        Question::Tolerance(Tolerance { up_to: Some(1), ..Tolerance::default() }),
        Question::Remove(Remove { proofs: 8, ..Remove::default() }),
        Question::Rebalance(Rebalance { load: Some(LoadOf::Cpu), ..Rebalance::default() }),
        Question::Repair(Repair { proposals: 8, proofs: 8, remedies: 1, ..Repair::default() }),
    ] {
        rig::same(session, &question, "json");
        rig::same(session, &question, "human");
    }
}

#[test]
fn every_format_is_the_command_s() {
    let plan = &PLANS[1];
    let session = &mut open(plan);
    for format in ["human", "markdown", "html", "csv", "sarif", "junit", "gitlab", "concise"] {
        rig::same(session, &check(plan), format);
    }
    rig::same(session, &Question::Waste(Waste { all: true }), "markdown");
    rig::same(session, &Question::Prove(Prove { all: true, ..Prove::default() }), "human");
}

#[test]
fn flags_that_are_not_as_usual_are_in_the_command() {
    let plan = &PLANS[0];
    let (node, pod, workload) = names(plan);
    let session = &mut open(plan);
    let failures = Failures { fail: Some(vec![node.clone()]), ..Failures::default() };
    let by_host =
        Failures { domain: Some("kubernetes.io/hostname".to_owned()), ..Failures::default() };
    let survivors = Survivors { survive: 0, domain: None };
    for question in [
        Question::Prove(Prove { failures: failures.clone(), budget: 500, ..Prove::default() }),
        Question::Prove(Prove { failures, orders: true, ..Prove::default() }),
        Question::Prove(Prove { failures: by_host, no_symmetry: true, ..Prove::default() }),
        Question::Prove(Prove { tolerance: true, up_to: Some(1), ..Prove::default() }),
        Question::Simulate(Simulate {
            events: vec![format!("drain:{node}")],
            assume: vec!["image-start=20s".to_owned()],
            budget: Some(1_000),
            all: true,
        }),
        Question::Explain(Explain { pod: Some(pod), node: Some(node), ..Explain::default() }),
        Question::Fit(Fit { of: workload, survivors, up_to: 5, ..Fit::default() }),
    ] {
        rig::same(session, &question, "json");
    }
}

#[test]
fn changes_are_the_command_s_and_can_be_taken_back() {
    let plan = &PLANS[0];
    let (node, _, workload) = names(plan);
    let session = &mut open(plan);
    let question = Question::Prove(Prove::default());
    let before = document(session, &question, "json");
    let changes = vec![
        Change::Cordon(node.clone()),
        Change::Set(format!("{workload}.replicas=3")),
        Change::AddNode(format!("one-more={node},example.com/kind=new one")),
        Change::Taint(format!("{node}:dedicated=db:NoSchedule")),
        Change::Overlay { file: rig::write("extra.yaml", EXTRA), text: EXTRA.to_owned() },
    ];
    for so_far in 1..=changes.len() {
        rig::change(session, &changes[..so_far]);
        rig::same(session, &question, "json");
    }
    let after = document(session, &question, "json");
    assert_ne!(before.text, after.text);
    assert!(after.command.contains("--add-node 'one-more="), "{}", after.command);
    rig::change(session, &[]);
    assert_eq!(document(session, &question, "json"), before);
    rig::change(session, &changes);
    assert_eq!(document(session, &question, "json"), after);
}

const EXTRA: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: extra, namespace: extra }
spec:
  replicas: 2
  selector: { matchLabels: { app: extra } }
  template:
    metadata: { labels: { app: extra } }
    spec: { containers: [{ name: c, image: i, resources: { requests: { cpu: 100m } } }] }
";
