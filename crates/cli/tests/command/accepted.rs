//! What is lived with: suppressions on objects, in policies and for one run, and baselines.

use std::path::Path;

use serde_json::{Value, json};

use crate::check::valid;
use crate::holdfast::{Run, fixtures, folder, run, run_in, write};

const HOMELAB: &str = "homelab/cluster.json";

fn ids(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// A manifest of one replica, with an annotation.
fn reset(annotation: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: traefik\n  namespace: traefik\n\
         \x20 annotations:\n    {annotation}\nspec: {{ replicas: 1 }}\n"
    )
}

fn diff(folder: &Path, annotation: &str, more: &[&str]) -> Run {
    write(folder, "change.yaml", reset(annotation));
    let cluster = fixtures().join(HOMELAB).display().to_string();
    let today = ["--today", "2026-11-22"];
    run_in(folder, &[&["diff", &cluster, "--overlay", "change.yaml"], &today[..], more].concat())
}

#[test]
fn an_object_says_what_is_accepted_of_it() {
    let folder = folder("accepted-annotation");
    let suppress = |text: &str| format!("suppress.holdfast.dev/none-left: {text}");
    let accepted = suppress("one is enough at home; until 2026-12-31");
    let told = diff(&folder, &accepted, &["--show-suppressed"]).ended(0);
    insta::assert_snapshot!("annotation", told.transcript());
    let report = diff(&folder, &accepted, &["-o", "json"]).ended(0).json();
    assert_eq!(valid("holdfast.diff.v1.json", &report), Ok(()));
    assert_eq!(report["suppressed"][0]["finding"]["id"], "none-left");
    let wrong = [
        (suppress("one is enough; until 2026-11-21"), "suppression-expired"),
        (suppress("''"), "suppression-unclear"),
        (suppress("one is enough; until tomorrow"), "suppression-unclear"),
        ("suppress.holdfast.dev/not-recovered: why not".to_owned(), "suppression-unmatched"),
        ("suppress.holdfast.dev/nonleft: why not".to_owned(), "suppression-unmatched"),
    ];
    for (annotation, id) in wrong {
        let report = diff(&folder, &annotation, &["-o", "json"]).ended(1).json();
        assert_eq!(ids(&report), ["none-left", id], "{annotation}");
        assert_eq!(valid("holdfast.diff.v1.json", &report), Ok(()));
    }
    // Its last day is one on which it holds.
    diff(&folder, &suppress("one is enough; until 2026-11-22"), &[]).ended(0);
}

#[test]
fn one_run_may_accept_with_a_reason() {
    let change = ["diff", HOMELAB, "--set", "deployment/traefik/traefik.replicas=1"];
    let with = |text: &str| run(&[&change[..], &["--suppress", text]].concat());
    with("none-left=by design").ended(0);
    with("none-left:Deployment/traefik/traefik=by design").ended(0);
    let other = with("none-left:Deployment/traefik/other=by design").ended(1);
    assert!(other.stdout.contains("warning[suppression-unmatched]"), "{}", other.stdout);
    for (text, said) in [
        ("none-left", "for which reason?"),
        ("none-left= ", "for which reason?"),
        ("none-lef=why not", "did you mean none-left?"),
        ("none-left:traefik=why not", "an object is KIND/NAMESPACE/NAME"),
    ] {
        let refused = with(text).ended(2);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}

const POLICY: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\nscenarios: [{name: one, anyNodes: \
                      1}]\nrequirements:\n- name: databases\n  workloads: [{namespace: \
                      databases}]\n  scenarios: [one]\n  immediately: true\n";

fn check(folder: &Path, suppressions: &str, more: &[&str]) -> Run {
    write(folder, "holdfast.yaml", format!("{POLICY}{suppressions}"));
    let cluster = fixtures().join(HOMELAB).display().to_string();
    run_in(folder, &[&["check", &cluster, "--today", "2026-11-22"], more].concat())
}

#[test]
fn a_policy_accepts_by_id_and_object() {
    let folder = folder("accepted-policy");
    let accept = |object: &str, more: &str| {
        format!("suppressions:\n- id: none-left\n  object: {object}\n  reason: restored\n{more}")
    };
    let report = check(&folder, &accept("{ namespace: databases }", ""), &["-o", "json"]);
    let report = report.ended(0).json();
    assert_eq!(valid("holdfast.findings.v1.json", &report), Ok(()));
    assert_eq!((ids(&report).len(), report["suppressed"].as_array().unwrap().len()), (0, 2));
    let one = check(&folder, &accept("{ name: valkey }", ""), &["-o", "json"]).ended(1).json();
    assert_eq!(ids(&one), ["none-left"]);
    let expired = accept("{ namespace: databases }", "  until: 2026-01-01\n");
    let expired = check(&folder, &expired, &["-o", "json"]).ended(1).json();
    assert_eq!(ids(&expired), ["none-left", "none-left", "suppression-expired"]);
    for (suppression, said) in [
        ("- { id: none-left, reason: '' }", "without a reason"),
        ("- { id: none-left }", "reason"),
        ("- { id: non-left, reason: r }", "did you mean none-left?"),
        ("- { id: none-left, reason: r, until: 2026-02-30 }", "no date such as 2027-01-31"),
        ("- { id: none-left, reason: r, object: { podLabels: { a: b } } }", "name its object"),
    ] {
        let refused = check(&folder, &format!("suppressions:\n{suppression}\n"), &[]).ended(2);
        let told = &refused.stderr;
        assert!(told.contains(said) && told.contains("holdfast.yaml:10:"), "{told}");
    }
}

#[test]
fn a_baseline_lets_only_what_is_new_or_worse_close_the_gate() {
    let folder = folder("accepted-baseline");
    check(&folder, "", &[]).ended(1);
    check(&folder, "", &["--write-baseline", "known.json"]).ended(0);
    let text = std::fs::read_to_string(folder.join("known.json")).unwrap();
    let mut known: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(valid("holdfast.baseline.v1.json", &known), Ok(()));
    let with = ["--baseline", "known.json"];
    let told = check(&folder, "", &with).ended(0);
    let told = told.transcript().replace(&fixtures().display().to_string(), "FIXTURES");
    insta::assert_snapshot!("baseline", told);
    // Lines that move change nothing.
    write(&folder, "moved.yaml", format!("\n\n# moved\n{POLICY}"));
    let cluster = fixtures().join(HOMELAB).display().to_string();
    run_in(&folder, &[&["check", &cluster, "--policy", "moved.yaml"], &with[..]].concat()).ended(0);
    // It was less bad: two machines had to fail.
    let first = known["findings"].as_object_mut().unwrap().values_mut().next().unwrap();
    first["gravity"] = json!([-2]);
    write(&folder, "known.json", known.to_string());
    let worse = check(&folder, "", &[&with[..], &["-o", "json"]].concat()).ended(1).json();
    let standings: Vec<&Value> =
        worse["findings"].as_array().unwrap().iter().map(|one| &one["standing"]).collect();
    assert_eq!(standings, ["worse", "known"]);
    // What is not there is new; what is there no more can be left out.
    let findings = known["findings"].as_object_mut().unwrap();
    let (fingerprint, entry) = findings.iter().next().unwrap();
    let (fingerprint, entry) = (fingerprint.clone(), entry.clone());
    findings.remove(&fingerprint);
    findings.insert("0".repeat(32), entry);
    write(&folder, "known.json", known.to_string());
    let new = check(&folder, "", &[&with[..], &["-o", "json"]].concat()).ended(1).json();
    assert_eq!(new["findings"][0]["standing"], "new");
    assert_eq!(new["fixed"], 1);
    for (text, said) in [("{}", "no baseline"), ("[", "no baseline")] {
        write(&folder, "known.json", text);
        let refused = check(&folder, "", &with).ended(2);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}
