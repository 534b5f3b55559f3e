//! Cells of the matrix as stories: the verdict is the matrix's, and the run leads to what it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]

mod rig;

use std::collections::BTreeMap;

use holdfast_proof::report::VerdictName;
use holdfast_session::Session;
use holdfast_session::cell::{CellStory, Claim, Place};
use holdfast_session::cells::{Matrix, Verdicts};
use holdfast_session::overview::{Overview, PodState};
use holdfast_session::protocol::{Given, Question, Request};
use holdfast_session::prove::Prove;
use holdfast_session::question::Failures;
use rig::{PLANS, ask, document, open, overview, same};
use serde_json::Value;

fn matrix(session: &mut Session, asked: &Prove) -> (Matrix, Vec<Vec<Verdicts>>) {
    let Ok(Given::Matrix(matrix)) = ask(session, &Request::Matrix(asked.clone())) else { panic!() };
    let to = matrix.sets.len();
    let request = Request::Examine { question: asked.clone(), from: 0, to };
    let Ok(Given::Part(part)) = ask(session, &request) else { panic!() };
    let row = |cell: &Vec<_>| {
        let mut row = matrix.standing.clone();
        for one in cell {
            let one: &holdfast_session::cells::Touched = one;
            row[one.workload as usize] = one.verdicts;
        }
        row
    };
    let rows = part.cells.iter().map(row).collect();
    (matrix, rows)
}

fn by_rule(session: &mut Session, asked: &Prove, to: usize) -> Vec<Vec<VerdictName>> {
    let request = Request::ByRule { question: asked.clone(), from: 0, to };
    match ask(session, &request) {
        Ok(Given::ByRule(part)) => part.verdicts,
        other => panic!("{other:?}"),
    }
}

fn cell(session: &mut Session, asked: &Prove, place: Place) -> CellStory {
    match ask(session, &Request::Cell { question: asked.clone(), place }) {
        Ok(Given::Cell(story)) => *story,
        other => panic!("{other:?}"),
    }
}

/// How many pods of a workload serve after so many frames of a story.
fn ready(overview: &Overview, story: &CellStory, name: &str, frames: usize) -> usize {
    let run = story.run.as_ref().unwrap();
    let of = |at: u32| overview.workloads.get(at as usize).unwrap();
    let is = |at: u32| format!("{}/{}/{}", of(at).kind, of(at).namespace, of(at).name) == name;
    let known = overview.pods.workloads.iter().zip(&overview.pods.states).zip(0..);
    let mut pods: BTreeMap<u32, (u32, PodState)> =
        known.map(|((workload, state), pod)| (pod, (*workload, *state))).collect();
    pods.extend(run.made.iter().map(|made| (made.pod, (made.workload, PodState::Gone))));
    for stands in run.frames.iter().take(frames).flat_map(|frame| &frame.pods) {
        pods.entry(stands.pod).and_modify(|(_, state)| *state = stands.state);
    }
    pods.values().filter(|(at, state)| is(*at) && *state == PodState::Ready).count()
}

/// The frame in which the set fails.
fn failing(story: &CellStory) -> usize {
    let frames = &story.run.as_ref().unwrap().frames;
    frames.iter().position(|frame| frame.text.starts_with("──")).map_or(0, |at| at + 1)
}

#[test]
fn every_cell_tells_why_its_verdict_is_so() {
    let mut seen: BTreeMap<(u8, u8), usize> = BTreeMap::new();
    for plan in PLANS.iter().take(3) {
        let session = &mut open(plan);
        let (asked, overview) = (Prove::default(), overview(session));
        let (matrix, rows) = matrix(session, &asked);
        let rules = by_rule(session, &asked, matrix.sets.len());
        for (set, row) in rows.iter().enumerate() {
            for (workload, verdicts) in row.iter().enumerate() {
                let place = |claim| Place { set, workload, claim };
                let name = &matrix.workloads[workload];
                let at_once = cell(session, &asked, place(Claim::Immediately));
                let found = cell(session, &asked, place(Claim::ByRule));
                let back = cell(session, &asked, place(Claim::Recovered));
                assert_eq!(at_once.verdict, verdicts.immediately, "{name} {}", at_once.why);
                assert_eq!(found.verdict, rules[set][workload], "{name} {}", found.why);
                assert_eq!(back.verdict, verdicts.recovered, "{name} {}", back.why);
                for (number, story) in [(0, &at_once), (1, &found), (2, &back)] {
                    *seen.entry((number, story.verdict.rank())).or_default() += 1;
                    let is_unknown = story.verdict == VerdictName::Unknown;
                    assert!(!is_unknown || story.run.is_none(), "{}", story.why);
                    if story.verdict != VerdictName::Refuted {
                        continue;
                    }
                    let all = story.run.as_ref().unwrap().frames.len();
                    if number == 2 {
                        let end = ready(&overview, story, name, all);
                        let wanted = back.why.split(" of ").nth(1).unwrap();
                        let wanted: usize = wanted.split(' ').next().unwrap().parse().unwrap();
                        assert!(end < wanted, "{end}: {}", story.why);
                    } else {
                        let left = ready(&overview, story, name, failing(story));
                        assert_eq!(left, 0, "{}", story.why);
                    }
                }
            }
        }
    }
    // Otherwise little was looked at.
    for kind in [(0, 0), (0, 2), (1, 0), (1, 2), (2, 0), (2, 2)] {
        assert!(seen.get(&kind).is_some_and(|count| *count > 3), "{seen:?}");
    }
}

/// The worst of the sets is what the command says of all of them.
#[test]
fn cells_by_rule_come_to_the_verdict_of_the_command() {
    for plan in &PLANS {
        let session = &mut open(plan);
        let asked = Prove::default();
        let (matrix, _) = matrix(session, &asked);
        let rules = by_rule(session, &asked, matrix.sets.len());
        let report = document(session, &Question::Prove(asked), "json");
        let report: Value = serde_json::from_str(&report.text).unwrap();
        for (at, name) in matrix.workloads.iter().enumerate() {
            let verdict = |text: &str| text == report["workloads"][at]["byRule"]["verdict"];
            let refuted = rules.iter().any(|row| row[at] == VerdictName::Refuted);
            assert_eq!(refuted, verdict("REFUTED"), "{name}");
            let proved = rules.iter().all(|row| row[at] == VerdictName::Proved);
            assert!(!verdict("PROVED") || proved, "{name}");
        }
    }
}

#[test]
fn the_command_of_a_cell_proves_the_same() {
    let session = &mut open(&PLANS[0]);
    let asked = Prove::default();
    let (matrix, _) = matrix(session, &asked);
    let set = matrix.sets.iter().position(|set| set.fail == ["homelab-02"]).unwrap();
    let story = cell(session, &asked, Place { set, workload: 0, claim: Claim::Recovered });
    let failures = Failures { fail: Some(vec!["homelab-02".to_owned()]), ..Failures::default() };
    let alone = Question::Prove(Prove { failures, ..Prove::default() });
    assert_eq!(document(session, &alone, "json").command, story.command);
    same(session, &alone, "json");
    let wrong = Place { set: 999, workload: 0, claim: Claim::Recovered };
    assert!(ask(session, &Request::Cell { question: asked, place: wrong }).is_err());
}
