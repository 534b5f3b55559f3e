//! A sweep that several workers share comes to the very bytes of one.

mod rig;

use holdfast_ingest::Source;
use holdfast_session::cells::{Matrix, Part, Verdicts};
use holdfast_session::changes::Change;
use holdfast_session::protocol::{Document, Given, Question, Request};
use holdfast_session::prove::Prove;
use holdfast_session::question::Failures;
use holdfast_session::{Files, Session};
use rig::{PLANS, Plan, ask, document, open};
use serde_json::{Value, json};

fn matrix(session: &mut Session, asked: &Prove) -> Matrix {
    match ask(session, &Request::Matrix(asked.clone())) {
        Ok(Given::Matrix(matrix)) => matrix,
        other => panic!("{other:?}"),
    }
}

fn examine(session: &mut Session, asked: &Prove, from: usize, to: usize) -> Part {
    match ask(session, &Request::Examine { question: asked.clone(), from, to }) {
        Ok(Given::Part(part)) => part,
        other => panic!("{other:?}"),
    }
}

fn join(session: &mut Session, asked: &Prove, parts: Vec<Part>) -> Document {
    let format = "json".to_owned();
    match ask(session, &Request::Join { question: asked.clone(), parts, format }) {
        Ok(Given::Document(document)) => document,
        other => panic!("{other:?}"),
    }
}

/// Parts of three sets each, examined by two workers in turn, the last one first.
fn shared(plan: &Plan, asked: &Prove, sets: usize) -> Vec<Part> {
    let workers = &mut [open(plan), open(plan)];
    let starts = (0..sets).step_by(3).enumerate();
    let mut parts: Vec<Part> = starts
        .map(|(number, from)| examine(&mut workers[number % 2], asked, from, (from + 3).min(sets)))
        .collect();
    parts.reverse();
    parts
}

/// How many sets are proved, refuted and not known of a claim of each workload.
fn counts(
    matrix: &Matrix,
    parts: &[Part],
    claim: impl Fn(&Verdicts) -> holdfast_proof::report::VerdictName,
) -> Vec<[u64; 3]> {
    let mut counts = vec![[0; 3]; matrix.workloads.len()];
    for part in parts {
        for (at, cell) in part.cells.iter().enumerate() {
            let mut row = matrix.standing.clone();
            for touched in cell {
                row[touched.workload as usize] = touched.verdicts;
            }
            for (workload, verdicts) in row.iter().enumerate() {
                let rank = usize::from(claim(verdicts).rank());
                counts[workload][rank] += matrix.sets[part.from + at].count;
            }
        }
    }
    counts
}

#[test]
fn parts_join_to_the_bytes_of_one_sweep() {
    let host = Some("kubernetes.io/hostname".to_owned());
    let any = |nodes| Failures { nodes, ..Failures::default() };
    for (plan, failures) in [
        (&PLANS[0], any(1)),
        (&PLANS[0], any(2)),
        (&PLANS[1], any(2)),
        (&PLANS[2], any(1)),
        (&PLANS[3], any(1)),
        (&PLANS[4], any(1)),
        (&PLANS[0], Failures { domain: host, ..Failures::default() }),
    ] {
        let asked = Prove { failures, ..Prove::default() };
        let session = &mut open(plan);
        let matrix = matrix(session, &asked);
        let parts = shared(plan, &asked, matrix.sets.len());
        let joined = join(session, &asked, parts.clone());
        assert_eq!(joined, document(&mut open(plan), &Question::Prove(asked.clone()), "json"));
        let report: Value = serde_json::from_str(&joined.text).unwrap();
        let workloads = report["workloads"].as_array().unwrap();
        let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
        let name =
            |one: &Value| ["kind", "namespace", "name"].map(|field| text(one, field)).join("/");
        assert_eq!(workloads.iter().map(name).collect::<Vec<_>>(), matrix.workloads);
        for claim in ["immediately", "recovered"] {
            let of = |verdicts: &Verdicts| match claim {
                "immediately" => verdicts.immediately,
                _ => verdicts.recovered,
            };
            for (at, counted) in counts(&matrix, &parts, of).into_iter().enumerate() {
                let told = |what: &str| workloads[at][claim][what].as_u64().unwrap();
                let told = [told("proved"), told("unknown"), told("refuted")];
                assert_eq!(counted, told, "{} {claim}", matrix.workloads[at]);
            }
        }
    }
}

#[test]
fn what_is_missing_is_never_proved() {
    let plan = &PLANS[0];
    let (session, asked) = (&mut open(plan), Prove::default());
    let sets = matrix(session, &asked).sets.len();
    let mut parts = shared(plan, &asked, sets);
    assert!(parts.len() > 1);
    // The one that comes first in the order of sets.
    parts.pop();
    let joined = join(session, &asked, parts);
    let report: Value = serde_json::from_str(&joined.text).unwrap();
    assert_eq!(report["checked"]["complete"], false);
    assert_eq!(joined.code, 4);
    for workload in report["workloads"].as_array().unwrap() {
        assert_ne!(workload["verdict"], "PROVED", "{workload}");
    }
}

#[test]
fn parts_of_another_cluster_are_refused() {
    let (session, asked) = (&mut open(&PLANS[1]), Prove::default());
    let sets = matrix(session, &asked).sets.len();
    let mut foreign = open(&PLANS[0]);
    let part = examine(&mut foreign, &asked, 0, sets);
    let format = "json".to_owned();
    let request = Request::Join { question: asked.clone(), parts: vec![part], format };
    assert!(ask(session, &request).unwrap_err().message.contains("another cluster"));
    let own = examine(session, &asked, 0, sets);
    let harder = Prove { budget: 10, ..asked };
    let request = Request::Join { question: harder, parts: vec![own], format: "json".to_owned() };
    assert!(ask(session, &request).unwrap_err().message.contains("another question"));
}

#[test]
fn events_one_after_another_have_no_cells() {
    let session = &mut open(&PLANS[0]);
    let sequence = Some("fail homelab-02".to_owned());
    let refused = ask(session, &Request::Matrix(Prove { sequence, ..Prove::default() }));
    assert!(refused.unwrap_err().hint.is_some());
}

/// What was kept for the cluster as it was is of no use for another.
#[test]
fn a_change_is_a_change_of_the_matrix() {
    let (session, asked) = (&mut open(&PLANS[0]), Prove::default());
    let before = matrix(session, &asked);
    rig::change(session, &[Change::AddNode("one-more=homelab-02".to_owned())]);
    let after = matrix(session, &asked);
    let fail = |matrix: &Matrix| matrix.sets.iter().map(|set| set.count).sum::<u64>();
    assert_eq!(fail(&after), fail(&before) + 1);
    rig::change(session, &[]);
    assert_eq!(matrix(session, &asked), before);
}

/// Nodes that can all be told apart, and a workload.
fn many(nodes: u32) -> Session {
    let node = |number: u32| {
        let gives = json!({ "cpu": format!("{}m", 1_000 + number), "memory": "4Gi", "pods": "9" });
        let metadata = json!({ "name": format!("n{number}") });
        let status = json!({ "allocatable": gives, "capacity": gives });
        json!({ "apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status })
    };
    let containers = json!([{ "name": "only", "image": "only" }]);
    let template = json!({
        "metadata": { "labels": { "app": "web" } }, "spec": { "containers": containers },
    });
    let spec = json!({
        "replicas": 1, "selector": { "matchLabels": { "app": "web" } }, "template": template,
    });
    let web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop" }, "spec": spec,
    });
    let items: Vec<Value> = (0..nodes).map(node).chain([web]).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let exports = vec![Source::named("many.json", list.to_string())];
    match Session::open(Files { exports, ..Files::default() }, |_, _| {}) {
        Ok((session, _)) => session,
        Err((failure, told)) => panic!("{told}{failure}"),
    }
}

#[test]
fn more_sets_than_anybody_looks_through_are_refused() {
    let session = &mut many(320);
    assert_eq!(matrix(session, &Prove::default()).sets.len(), 321);
    let failures = Failures { nodes: 2, ..Failures::default() };
    let refused = ask(session, &Request::Matrix(Prove { failures, ..Prove::default() }));
    assert!(refused.unwrap_err().message.contains("more than 50000"));
}
