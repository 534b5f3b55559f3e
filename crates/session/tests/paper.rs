//! The report: what was opened, done and found, with the numbers of the session's own answers.

mod rig;

use holdfast_proof::report::VerdictName;
use holdfast_session::changes::Change;
use holdfast_session::check::Check;
use holdfast_session::paper::{PaperAsked, SoFar};
use holdfast_session::protocol::{Given, Request};
use holdfast_session::prove::Prove;
use holdfast_session::simulate::Simulate;
use rig::{PLANS, ask, change, open, overview, source};

fn paper(session: &mut holdfast_session::Session, asked: &PaperAsked, format: &str) -> String {
    match ask(
        session,
        &Request::Paper { asked: Box::new(asked.clone()), format: format.to_owned() },
    ) {
        Ok(Given::Paper(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_says_what_was_done_and_what_came_of_it() {
    for plan in &PLANS {
        let session = &mut open(plan);
        let events = vec![format!("fail:{}", overview(session).nodes[0].name)];
        let run = Simulate { events: events.clone(), ..Simulate::default() };
        let Ok(Given::Aftermath { aftermath, command }) = ask(session, &Request::Tell(run)) else {
            panic!("no run");
        };
        let asked = PaperAsked { name: "cluster".to_owned(), events, ..PaperAsked::default() };
        let page = paper(session, &asked, "html");
        let text = paper(session, &asked, "markdown");
        // Markdown escapes what might mean something.
        let plain = text.replace('\\', "");
        assert!(plain.contains(&aftermath.sentence), "{plain}\n{}", aftermath.sentence);
        assert!(text.contains(&command), "{text}");
        for title in ["What happened", "Failure map", "Workloads", "What it rests on"] {
            assert!(text.contains(&format!("## {title}\n")), "{text}");
            assert!(page.contains(&format!("<h2>{title}</h2>")));
        }
        for node in overview(session).nodes {
            assert!(plain.contains(&format!("| {} |", node.name)), "{plain}");
        }
        assert!(!page.contains("<script"), "{page}");
    }
}

#[test]
fn what_was_proved_and_judged_is_told() {
    let session = &mut open(&PLANS[0]);
    let policy = String::from_utf8(source("policies/homelab.yaml").bytes.to_vec()).unwrap();
    let check = Check { text: Some(policy), ..Check::default() };
    let Ok(Given::Judged(judged)) = ask(session, &Request::Judge(check)) else { panic!("none") };
    let (_, sentence) = judged.answer.clone().unwrap();
    let proved = SoFar {
        question: Prove::default(),
        sets: (5, 5),
        workloads: vec![(
            "Deployment/traefik/traefik".to_owned(),
            VerdictName::Proved,
            VerdictName::Refuted,
        )],
    };
    let asked = PaperAsked {
        name: "cluster".to_owned(),
        proved: Some(proved.clone()),
        policy: Some(("holdfast.yaml".to_owned(), *judged)),
        ..PaperAsked::default()
    };
    let text = paper(session, &asked, "markdown");
    assert!(text.contains("Nothing has happened"), "{text}");
    assert!(text.contains(&sentence), "{text}");
    assert!(text.contains("1 keep a pod at once and 0 come back in full, in all 5 sets"), "{text}");
    assert!(text.contains("| PROVED | REFUTED |"), "{text}");
    let part = PaperAsked { proved: Some(SoFar { sets: (2, 5), ..proved }), ..asked };
    let text = paper(session, &part, "markdown");
    assert!(text.contains("| UNKNOWN | REFUTED |"), "{text}");
}

#[test]
fn changes_and_the_digest_of_what_was_opened_are_told() {
    let session = &mut open(&PLANS[0]);
    let Ok(Given::Digest(digest)) = ask(session, &Request::Digest) else { panic!("none") };
    change(session, &[Change::Set("deployment/traefik/traefik.replicas=1".to_owned())]);
    assert_eq!(ask(session, &Request::Digest), Ok(Given::Digest(digest.clone())));
    let text = paper(session, &PaperAsked::default(), "markdown");
    assert!(text.contains("--set deployment/traefik/traefik.replicas=1"), "{text}");
    assert!(text.contains(&digest), "{text}");
    let refused = Request::Paper { asked: Box::default(), format: "json".to_owned() };
    assert!(ask(session, &refused).is_err());
}
