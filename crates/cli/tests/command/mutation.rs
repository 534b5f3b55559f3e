//! Bytes that nobody meant: an export with holes, slips and repeats never brings the engine down.
//!
//! This runs in the test's own process, on the same path as the command: a panic fails the test,
//! and hundreds of cases take as long as a few processes would.

use holdfast_ingest::{Loaded, Options, Severity, Source, load};
use holdfast_proof::report::Question;
use holdfast_proof::{Prover, Report, Settings};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::sample::{list, objects, text};
use crate::shapes::packed::gzip;
use crate::yaml::documents;

/// One thing that happens to bytes on their way.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Delete(Index, usize),
    Repeat(Index, usize),
    Insert(Index, &'static str),
    Truncate(Index),
}

/// Pieces that mean something where they do not belong.
const PIECES: [&str; 14] = [
    "\"",
    "{",
    "]",
    "null",
    "-1",
    "1e99999",
    "---\n",
    "&a [*a]",
    "\u{0}",
    "\u{feff}",
    "\t",
    "<<: ",
    "==== START logs for container ",
    "9223372036854775808",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (at(), 1..2000_usize).prop_map(|(at, length)| Mutation::Delete(at, length)),
        (at(), 1..2000_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        (at(), prop::sample::select(&PIECES[..])).prop_map(|(at, p)| Mutation::Insert(at, p)),
        at().prop_map(Mutation::Truncate),
    ]
}

fn mutate_all(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        mutate(bytes, mutation);
    }
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let until = |at: usize, length: usize| (at + length).min(bytes.len());
    match mutation {
        Mutation::Flip(at, bits) => {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        Mutation::Delete(at, length) => {
            let at = at.index(bytes.len());
            bytes.drain(at..until(at, *length));
        }
        Mutation::Repeat(at, length) => {
            let at = at.index(bytes.len());
            let again = bytes[at..until(at, *length)].to_vec();
            bytes.splice(at..at, again);
        }
        Mutation::Insert(at, piece) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, piece.bytes());
        }
        Mutation::Truncate(at) => bytes.truncate(at.index(bytes.len())),
    }
}

fn senseless() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(1e300),
        json!(true),
        json!(""),
        json!("oak-1"),
        json!("9223372036854775807"),
        json!("150%"),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "app": "web" }),
    ])
}

/// How many values there are, counting those that hold others.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        _ => 0,
    }
}

/// Replaces the value at a position of that count. True once it is done.
fn replace(value: &mut Value, at: &mut usize, by: &Value) -> bool {
    if *at == 0 {
        *value = by.clone();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, by)),
        Value::Object(members) => members.values_mut().any(|member| replace(member, at, by)),
        _ => false,
    }
}

/// What the command does with bytes, but for the printing. A found file is read in part where a
/// named one is refused.
fn prove(bytes: Vec<u8>, named: bool) {
    let source =
        if named { Source::named("x", bytes) } else { Source::found("dir/pods.json", bytes) };
    let Loaded { cluster, diagnostics, .. } = load(vec![source], &Options::default());
    for found in &diagnostics {
        assert!(found.place.as_ref().is_none_or(|place| place.line > 0 && place.column > 0));
    }
    let refused = diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert!(named || !refused, "a file that was found is read as far as it goes");
    if !refused && !cluster.nodes().is_empty() {
        let prover = Prover::new(&cluster, Settings { states_per_set: 100, ..Settings::default() });
        let question = Question::AnyNodes(1);
        let summary =
            holdfast_session::sweep::sweep(&prover, &question, ::holdfast::terminal::rim());
        Report::new(&prover, &question, &summary);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn mutated_json_never_panics(
        mutations in prop::collection::vec(mutation(), 1..4),
        named: bool,
    ) {
        let mut bytes = text().into_bytes();
        mutate_all(&mut bytes, &mutations);
        prove(bytes, named);
    }

    #[test]
    fn mutated_yaml_never_panics(
        mutations in prop::collection::vec(mutation(), 1..4),
        named: bool,
    ) {
        let mut bytes = documents(&objects()).into_bytes();
        mutate_all(&mut bytes, &mutations);
        prove(bytes, named);
    }

    /// Valid JSON with senseless values reaches further than broken text does.
    #[test]
    fn senseless_values_never_panic(
        changes in prop::collection::vec((any::<Index>(), senseless()), 1..6),
        named: bool,
    ) {
        let mut export = list(&objects());
        for (at, value) in changes {
            let count = values(&export);
            replace(&mut export, &mut at.index(count), &value);
        }
        prove(export.to_string().into_bytes(), named);
    }

    #[test]
    fn mutated_archives_never_panic(mutations in prop::collection::vec(mutation(), 1..4)) {
        let mut bytes = gzip(text().as_bytes());
        mutate_all(&mut bytes, &mutations);
        prove(bytes, true);
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prove(bytes, true);
    }
}

/// The same through the command itself, a few times: the code is one of those that are API.
#[test]
fn the_command_ends_with_a_code_of_its_own() {
    let whole = text();
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        let mut bytes = whole.clone().into_bytes();
        bytes.drain(at..(at + 40).min(whole.len()));
        let run = crate::holdfast::run_with(&bytes, &["prove", "-"]);
        assert!(matches!(run.code, Some(0..=4)), "{}", run.transcript());
        assert!(!run.stderr.contains("panicked"), "{}", run.transcript());
    }
}
