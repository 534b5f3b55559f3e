use super::*;
use crate::{Diagnostic, Source};

const HEAD: &str = "apiVersion: holdfast.dev/v1\nkind: Policy\n";
const ONE_NODE: &str = "scenarios:\n- name: one-node\n  anyNodes: 1\n";

fn read(text: &str) -> (Option<Policy>, Vec<(u32, String)>) {
    let (found, told) = policy(Source::named("file", format!("{HEAD}{text}")));
    let line = |one: &Diagnostic| one.place.as_ref().map_or(0, |place| place.line);
    (found, told.iter().map(|one| (line(one), one.detail.clone())).collect())
}

/// A policy with one requirement that says this besides its name.
fn requiring(more: &str) -> String {
    let workloads = "  workloads: [{namespace: shop}]\n  scenarios: [one-node]\n";
    format!("{ONE_NODE}requirements:\n- name: web\n{workloads}{more}")
}

#[test]
fn a_policy_is_read_with_its_places() {
    let (found, told) = read(concat!(
        "scenarios:\n- name: zone\n  domains: {label: zone}\n- {name: pair, fail: [a, b]}\n",
        "requirements:\n- name: web\n  severity: warning\n  workloads:\n  - {}\n  - kind: Pod\n",
        "    podLabels: {app: web}\n  scenarios: [pair, zone]\n  minReady: 50%\n",
        "  maxDowntime: 1m30s\n",
    ));
    assert_eq!(told, []);
    let Policy { scenarios, requirements, .. } = found.unwrap();
    assert_eq!(scenarios[0].fails, Fails::Domains { label: "zone".to_owned(), at_most: 1 });
    assert_eq!(scenarios[1].fails, Fails::These(vec!["a".to_owned(), "b".to_owned()]));
    let web = &requirements[0];
    assert_eq!((web.severity, web.place.line, &*web.scenarios), (Weight::Warning, 8, &[1, 0][..]));
    let places: Vec<u32> = web.workloads.iter().map(|one| one.place.line).collect();
    assert_eq!(places, [8, 12]);
    let half = Some(MinReady::Amount(Amount::Percent(50)));
    let demands = Demands { min_ready: half, max_downtime: Some(90), ..Demands::default() };
    assert_eq!(web.demands, demands);
}

#[test]
fn shares_are_rounded_up() {
    let of = |text: &str, desired| MinReady::read(text).unwrap().of(desired);
    assert_eq!([of("all", 3), of("quorum", 3), of("quorum", 4)], [3, 2, 3]);
    assert_eq!([of("50%", 3), of("2", 3), of("2", 1)], [2, 2, 2]);
    assert_eq!(["0", "101%", "-1", "most", "%", ""].map(MinReady::read), [None; 6]);
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    let cases = [
        (format!("{ONE_NODE}requirements: []\n"), 1, "it requires nothing"),
        (requiring(""), 7, "requirement web: nothing must hold"),
        (requiring("  minReady: some\n"), 7, "minReady is a number above 0"),
        (requiring("  maxDowntime: soon\n"), 7, "\"soon\" is no duration"),
        (requiring("  immediately: true\n  severity: note\n"), 7, "not note"),
        (
            requiring("  recovered: true\n").replace("[one-node]", "[one-nodes]"),
            9,
            "there is no scenario one-nodes; did you mean one-node?",
        ),
        (
            requiring("  recovered: true\n").replace("anyNodes: 1", "anyNodes: 0"),
            4,
            "anyNodes must be at least 1",
        ),
        (
            requiring("  recovered: true\n").replace("  anyNodes: 1", "  fail: []"),
            4,
            "what fails is either",
        ),
        (
            requiring("  recovered: true\n").replace("[{namespace: shop}]", "[]"),
            7,
            "it selects no workloads",
        ),
        (requiring("  immediatly: true\n"), 10, "unknown field `immediatly`"),
        (
            requiring(
                "  recovered: true\n- name: web\n  scenarios: []\n  workloads: []\n  \
                    recovered: true\n",
            ),
            11,
            "requirement web is there twice",
        ),
        (
            requiring(&format!("  recovered: true\n---\n{HEAD}scenarios: []\nrequirements: []\n")),
            12,
            "a second Policy",
        ),
    ];
    for (text, line, detail) in cases {
        let (found, told) = read(&text);
        assert_eq!(found, None, "{text}");
        let is_told = |(at, said): &(u32, String)| *at == line && said.contains(detail);
        assert!(told.iter().any(is_told), "{text}{told:?}");
    }
}

#[test]
fn a_policy_may_begin_with_another() {
    let (found, told) = read("extends: ha\n");
    assert_eq!(told, []);
    let whole = found.unwrap();
    assert_eq!(whole.scenarios.len(), 1);
    assert_eq!(whole.requirements.len(), 2);
    assert_eq!(whole.requirements[0].place.file, "<preset ha>");
    // What goes by the same name is its own.
    let (found, told) = read(&format!(
        "extends: ha\n{}requirements:\n- name: highly-available\n  workloads: [{{}}]\n  \
         scenarios: [two]\n  recovered: true\n",
        "scenarios: [{name: two, anyNodes: 2}]\n"
    ));
    assert_eq!(told, []);
    let own = found.unwrap();
    let spoken_of: Vec<&[usize]> = own.requirements.iter().map(|one| &*one.scenarios).collect();
    assert_eq!((own.scenarios.len(), spoken_of), (2, vec![&[0][..], &[]]));
    let wrong = read("extends: hal\n").1;
    assert_eq!(wrong, [(3, "there is no preset hal; did you mean ha?".to_owned())]);
}

#[test]
fn a_scenario_that_nobody_speaks_of_is_an_error() {
    let text = requiring("  recovered: true\n")
        .replace("requirements:", "- {name: two, anyNodes: 2}\nrequirements:");
    let told = read(&text).1;
    assert_eq!(told, [(6, "no requirement speaks of scenario two".to_owned())]);
}
