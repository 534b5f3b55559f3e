//! What people may get wrong is told with a remedy, and leaves everything as it was.

mod rig;

use holdfast_ingest::Source;
use holdfast_session::changes::Change;
use holdfast_session::check::Check;
use holdfast_session::inspect::Inspect;
use holdfast_session::plan::nodes::Nodes;
use holdfast_session::protocol::{Question, Request};
use holdfast_session::prove::Prove;
use holdfast_session::question::Failures;
use holdfast_session::simulate::Simulate;
use holdfast_session::{Files, Session};
use rig::{PLANS, ask, document, open};

fn question(question: Question) -> Request {
    Request::Ask { question, format: "json".to_owned() }
}

fn simulate(event: &str) -> Simulate {
    Simulate { events: vec![event.to_owned()], ..Simulate::default() }
}

#[test]
fn mistakes_are_told_with_a_remedy_and_change_nothing() {
    let session = &mut open(&PLANS[0]);
    let inspect = Question::Inspect(Inspect::default());
    rig::change(session, &[Change::Cordon("homelab-02".to_owned())]);
    let before = document(session, &inspect, "json");
    let fail = Failures { fail: Some(vec!["homelab-2".to_owned()]), ..Failures::default() };
    let file = Failures { domain_file: Some("racks.yaml".into()), ..Failures::default() };
    let wrong = [
        (Request::Change(vec![Change::Set("nonsense".to_owned())]), "--set nonsense"),
        (Request::Change(vec![Change::Cordon("nobody".to_owned())]), "no Node nobody"),
        (
            Request::Change(vec![Change::Overlay { file: "a.yaml".into(), text: "]".into() }]),
            "refused",
        ),
        (Request::Tell(simulate("fail:homelab-2")), "no node named"),
        (Request::Tell(simulate("recover:homelab-02")), "is healthy"),
        (Request::Tell(simulate("")), "no such event"),
        (question(Question::Simulate(simulate("explode:homelab-02"))), "no such event"),
        (
            question(Question::Prove(Prove { failures: fail, ..Prove::default() })),
            "no node named \"homelab-2\"",
        ),
        (
            question(Question::Prove(Prove { failures: file, ..Prove::default() })),
            "racks.yaml: this file was not handed over",
        ),
        (question(Question::Nodes(Nodes { proofs: 0, ..Nodes::default() })), "--proofs must be"),
        (
            question(Question::Check(Check {
                text: Some("kind: Nothing".into()),
                ..Check::default()
            })),
            "refused",
        ),
        (Request::Ask { question: inspect.clone(), format: "yaml".to_owned() }, "the formats are"),
    ];
    for (request, expected) in wrong {
        let failure = ask(session, &request).expect_err(expected);
        assert!(failure.message.contains(expected), "{request:?}: {failure}");
        assert_eq!(failure.code, 2, "{failure}");
    }
    assert_eq!(document(session, &inspect, "json"), before);
}

#[test]
fn what_cannot_be_opened_is_refused_with_a_remedy() {
    let opened = |text: &str| {
        let exports = vec![Source::named("pasted", text)];
        Session::open(Files { exports, ..Files::default() }, |_, _| {})
    };
    for (text, code, expected) in [
        ("", 2, "refused"),
        (EMPTY, 3, "no API objects in pasted"),
        ("{]", 2, "refused"),
        (POD, 3, "no nodes"),
    ] {
        let Err((failure, told)) = opened(text) else { panic!("{text} is opened") };
        assert!(failure.message.contains(expected), "{text}: {told}{failure}");
        assert_eq!(failure.code, code);
        // Either says what to do.
        assert!(failure.hint.is_some() || told.contains("= help:"), "{told}{failure}");
    }
}

const EMPTY: &str = r#"{"apiVersion":"v1","kind":"List","items":[]}"#;

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},
    "spec":{"containers":[{"name":"c","image":"i"}]}}"#;
