//! A policy that somebody is writing: judged as the command judges it, with places to look at.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]

mod rig;

use holdfast_proof::report::VerdictName;
use holdfast_session::Session;
use holdfast_session::check::Check;
use holdfast_session::judged::{Judged, Spot};
use holdfast_session::protocol::{Given, Question, Request};
use holdfast_session::states::StateOf;
use rig::{PLANS, ask, document, fixture, open, same, source, write};
use serde_json::Value;

fn judged(session: &mut Session, asked: &Check) -> Judged {
    match ask(session, &Request::Judge(asked.clone())) {
        Ok(Given::Judged(judged)) => *judged,
        other => panic!("{other:?}"),
    }
}

fn typed(text: &str) -> Check {
    Check { policy: "holdfast.yaml".into(), text: Some(text.to_owned()), ..Check::default() }
}

fn text_of(name: &str) -> String {
    String::from_utf8(source(&format!("policies/{name}.yaml")).bytes.to_vec()).unwrap()
}

fn state(session: &mut Session, policy: &Check, events: &[&str]) -> Option<StateOf> {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    match ask(session, &Request::State { policy: policy.clone(), events }) {
        Ok(Given::State(state)) => state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn findings_are_those_of_the_command() {
    for plan in &PLANS {
        let session = &mut open(plan);
        let path = fixture(&format!("policies/{}.yaml", plan.policy));
        let asked =
            Check { policy: path.into(), text: Some(text_of(plan.policy)), ..Check::default() };
        same(session, &Question::Check(asked.clone()), "json");
        let document = document(session, &Question::Check(asked.clone()), "json");
        let report: Value = serde_json::from_str(&document.text).unwrap();
        let judged = judged(session, &asked);
        let ids = report["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str());
        let mut ids: Vec<&str> = ids.map(Option::unwrap).collect();
        let mut told: Vec<&str> = judged.findings.iter().map(|one| one.line.id.as_str()).collect();
        ids.sort_unstable();
        told.sort_unstable();
        assert_eq!(ids, told);
        assert!(judged.findings.iter().all(|one| one.at.is_some()), "{judged:?}");
        assert_eq!(judged.command, document.command);
        assert_eq!(judged.mistakes, []);
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let session = &mut open(&PLANS[0]);
    let told = judged(session, &typed("apiVersion: holdfast.dev/v1\nkind: Policy\nscenario: []\n"));
    assert_eq!(told.answer, None);
    let mistake = &told.mistakes[0];
    assert_eq!(mistake.at, Some(Spot { line: 3, column: 1 }), "{mistake:?}");
    assert!(mistake.fatal && mistake.remedy.is_some());
    let policy = text_of("homelab").replacen("anyNodes: 1", "fail: [homelab-99]", 1);
    let told = judged(session, &typed(&policy));
    let mistake = told.mistakes.iter().find(|one| one.fatal).unwrap();
    assert!(mistake.at.is_some() && mistake.what.contains("homelab-99"), "{told:?}");
    assert!(!mistake.what.contains("holdfast.yaml"), "{told:?}");
}

#[test]
fn the_state_is_that_of_what_has_failed() {
    let session = &mut open(&PLANS[1]);
    let policy = typed(&text_of("edge").replace("assumptions: ../edge/assumptions.yaml\n", ""));
    let states = judged(session, &policy).states;
    let in_scenario = |when: &str| states.iter().find(|one| one.when == when).cloned();
    let named = |state: Option<StateOf>, when: &str| {
        state.map(|state| StateOf { when: when.to_owned(), ..state })
    };
    let one = state(session, &policy, &["fail:worker-1"]);
    assert_eq!(one.as_ref().map(|one| one.when.as_str()), Some("worker-1"));
    assert_eq!(named(one.clone(), "one-worker"), in_scenario("one-worker"));
    let both = state(session, &policy, &["fail:worker-1", "fail:worker-2"]);
    assert_eq!(both.as_ref().map(|one| one.when.as_str()), Some("worker-1 + worker-2"));
    assert_eq!(named(both.clone(), "both-workers"), in_scenario("both-workers"));
    assert!(one.is_some_and(|one| one.name.is_some()), "{states:?}");
    let back = ["fail:worker-1", "fail:worker-2", "recover:worker-2"];
    let back = state(session, &policy, &back);
    assert_eq!(named(back, "one-worker"), in_scenario("one-worker"));
    assert_eq!(state(session, &policy, &["fail:worker-1", "recover:worker-1"]), None);
    assert_eq!(state(session, &policy, &["drain:worker-1"]), None, "no failure");
    let homelab = typed(&text_of("homelab"));
    assert_eq!(state(session, &homelab, &["fail:worker-1"]), None, "no states");
}

#[test]
fn a_draft_is_what_init_writes_and_holds() {
    let session = &mut open(&PLANS[1]);
    let Ok(Given::Draft(text)) = ask(session, &Request::Draft) else { panic!("no draft") };
    let judged = judged(session, &typed(&text));
    assert_eq!(judged.answer.as_ref().map(|(verdict, _)| *verdict), Some(VerdictName::Proved));
    assert_eq!((judged.findings.as_slice(), judged.mistakes.as_slice()), (&[][..], &[][..]));
    let path = write("init.yaml", "");
    let export = fixture(PLANS[1].export);
    let words = ["holdfast", "init", "--force", "--policy", &path, &export];
    let assumed = ["--assumptions", &fixture(PLANS[1].assumptions)].map(str::to_owned);
    holdfast::run(words.map(str::to_owned).into_iter().chain(assumed).map(Into::into));
    let written = std::fs::read_to_string(&path).unwrap();
    let required = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let lines = lines.filter(|line| !line.starts_with("assumptions:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(required(&written), required(&text));
}
