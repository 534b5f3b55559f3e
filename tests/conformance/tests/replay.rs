//! What was recorded, without Go: that it is all there, and that Holdfast still decides alike.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use holdfast_conformance::archive::{self, Regression};
use holdfast_conformance::case::Case;
use holdfast_conformance::compare::Tally;
use holdfast_conformance::decider::{Decider, Program};
use holdfast_conformance::kinds::{KINDS, Kind};
use holdfast_conformance::witness;
use serde::Deserialize;

/// The least number of cases that are recorded.
const CASES_MIN: usize = 20_000;

/// The id of a line, which may be long and is not read otherwise.
fn id(line: &str) -> &str {
    #[derive(Deserialize)]
    struct Named<'a> {
        id: &'a str,
    }
    serde_json::from_str::<Named<'_>>(line).expect("an id").id
}

#[test]
fn every_case_is_recorded_once_with_its_decision() {
    let mut seen = BTreeSet::new();
    for kind in KINDS {
        let cases = archive::read(&archive::file("cases", kind.name)).unwrap();
        let decisions = archive::read(&archive::file("decisions", kind.name)).unwrap();
        assert_eq!(cases.lines().count(), decisions.lines().count(), "{}", kind.name);
        for (case, decision) in cases.lines().zip(decisions.lines()) {
            assert_eq!(id(case), id(decision));
            assert!(seen.insert(id(case).to_owned()), "{} is there twice", id(case));
            assert!(Kind::of_case(id(case)).is_some_and(|of| of.name == kind.name));
        }
    }
    assert!(seen.len() >= CASES_MIN, "{} cases", seen.len());
}

/// The runs by which `prove` refuted something, and how the real scheduler took them: the engine
/// takes each step, decides alike, and ends in the same state, where the claim does not hold.
#[test]
fn recorded_witnesses_end_in_the_refuted_state() {
    let recorded = |what| archive::read(&archive::file(what, witness::NAME)).unwrap();
    let (cases, decisions) = (recorded("cases"), recorded("decisions"));
    let cases: Vec<Case> = cases.lines().map(|line| Case::parse(line).unwrap()).collect();
    let answers: Vec<_> =
        decisions.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), answers.len());
    let judged = witness::judge(&cases, &answers).unwrap();
    assert!(judged.differences.is_empty(), "{judged}\n{}", judged.differences.join("\n"));
    assert!(judged.ended >= 200 && judged.preempting >= 20 && judged.ties >= 20, "{judged}");
}

#[test]
fn agreed_kinds_are_kinds() {
    for name in archive::agreed().unwrap() {
        assert!(Kind::named(&name).is_some(), "agreed.txt names {name}, which is no kind");
    }
}

#[test]
fn recorded_cases_are_decided_alike() {
    let agreed = archive::agreed().unwrap();
    if agreed.is_empty() {
        return;
    }
    let holdfast = holdfast();
    let mut lines = Vec::new();
    for name in &agreed {
        let cases = archive::read(&archive::file("cases", name)).unwrap();
        let cases: Vec<Case> = cases.lines().map(|line| Case::parse(line).unwrap()).collect();
        let decisions = archive::read(&archive::file("decisions", name)).unwrap();
        let mut tally = Tally::default();
        for (own, line) in holdfast.decide(&cases).unwrap().iter().zip(decisions.lines()) {
            let differences = tally.compare(&serde_json::from_str(line).unwrap(), own);
            lines.extend(differences.first().map(|first| format!("{}: {first}", id(line))));
        }
    }
    assert!(
        lines.is_empty(),
        "{} cases differ:\n{}",
        lines.len(),
        lines[..20.min(lines.len())].join("\n")
    );
}

#[test]
fn regressions_stay_mended() {
    let agreed = archive::agreed().unwrap();
    for Regression { name, case, decision } in Regression::all().unwrap() {
        let kind = Kind::of_case(&case.id).expect("a kind").name;
        if agreed.iter().any(|agreed| agreed == kind) {
            let answers = holdfast().decide(&[case]).unwrap();
            let differences = Tally::default().compare(&decision, &answers[0]);
            assert!(differences.is_empty(), "{name}: {}", differences[0]);
        }
    }
}

/// Holdfast as these tests were built: cargo builds the command only for its own tests.
fn holdfast() -> Program {
    let arguments = ["build", "--quiet", "--profile", "test", "--package", "holdfast"];
    let status = Command::new(env!("CARGO")).args(arguments).status();
    assert!(status.is_ok_and(|status| status.success()), "holdfast does not build");
    // This test runs from `PROFILE/deps`.
    let mut path: PathBuf = std::env::current_exe().expect("the path of this test");
    path.pop();
    path.pop();
    Program::holdfast(path.join("holdfast"))
}
