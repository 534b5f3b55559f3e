//! What is wrong is told with its place, and refused or left out.

use proptest::prelude::*;

use super::{read, told};
use crate::{Severity, Source};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#;

/// What is told of a file that the user named.
#[track_caller]
fn refused(bytes: impl Into<Vec<u8>>, expected: &str) {
    let (_, diagnostics, _) = read(vec![Source::named("x", bytes)]);
    assert_eq!(told(&diagnostics), [expected], "{diagnostics:?}");
}

#[test]
fn bad_files_are_refused_with_their_place() {
    refused("", "Error empty-file x:1:1");
    refused(" \n", "Error empty-file x:1:1");
    refused(b"\x7fELF\x02\x01\0\0", "Error binary-file x:1:1");
    refused(b"PK\x03\x04....", "Error unsupported-archive x:1:1");
    refused(b"{\0\"\0k\0", "Error wrong-encoding x:1:1");
    refused(b"kind: Pod\nmetadata: {name: \xe9}\n", "Error not-utf8 x:2:18");
    refused("{\"kind\": \"Pod\",\n \"apiVersion\": ", "Error truncated x:2:16");
    refused(&format!("[{POD},\n{{\"kind\": \"Pod")[..], "Error truncated x:2:14");
    refused(&format!("{POD}\n}}")[..], "Error invalid-json x:2:1");
    refused(&format!("{POD},{POD}")[..], "Error invalid-json x:1:57");
    refused("[".repeat(200) + &"]".repeat(200), "Error too-deep x:1:101");
    let deep = format!("{{\"a\":{}1{}", "{\"a\":".repeat(200), "}".repeat(201));
    refused(deep, "Error too-deep x:1:501");
    refused("- ".repeat(200) + "a\n", "Error too-deep x:1:201");
    refused("{a: ".repeat(200) + &"}".repeat(200), "Error too-deep x:1:401");
}

#[test]
fn what_breaks_within_an_object_names_it() {
    let text = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":7}}"#;
    let (_, diagnostics, _) = read(vec![Source::named("x", text)]);
    assert_eq!(told(&diagnostics), ["Error wrong-type x:1:52"]);
    let text =
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\n\"metadata\":{\"name\":\"a\"},\"metadata\":{}}";
    let (_, diagnostics, _) = read(vec![Source::named("x", text)]);
    assert_eq!(diagnostics[0].object.as_ref().map(|object| object.kind.as_str()), Some("Pod"));
    assert_eq!(told(&diagnostics), ["Error duplicate-key x:2:34"]);
}

#[test]
fn an_object_that_breaks_off_is_told_once() {
    let text = format!("[{POD},{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"na");
    let (objects, diagnostics, _) = read(vec![Source::named("x", text.clone())]);
    assert_eq!(objects, ["v1 Pod a @1:2"]);
    assert_eq!(told(&diagnostics), ["Error truncated x:1:106"]);
    let (objects, diagnostics, _) = read(vec![Source::found("x", text)]);
    assert_eq!(objects.len(), 1);
    assert_eq!(diagnostics[0].severity, Severity::Warning);
}

#[test]
fn duplicate_keys_of_a_list_are_told() {
    let list = r#"{"kind":"List","items":[],"items":[]}"#;
    refused(list, "Error duplicate-key x:1:27");
}

#[test]
fn files_of_a_bundle_that_hold_nothing_are_counted() {
    let sources = [
        "",
        "2024-01-01 starting\n",
        "[INFO] ready\n",
        "{not json}",
        "{\"level\":\"info\"}\n{\"level\":\"warn\"}\n{\"le",
        "null",
        "{\"gitVersion\":\"v1.30.0\"}",
    ];
    let sources = sources.map(|text| Source::found("x", text));
    let (_, diagnostics, inventory) = read(sources.to_vec());
    assert_eq!(told(&diagnostics), ["Warning no-objects"]);
    assert_eq!(inventory.skipped.values().sum::<u64>(), 9, "{:?}", inventory.skipped);
}

#[test]
fn lists_nested_without_end_are_refused() {
    let text = r#"{"kind":"List","apiVersion":"v1","items":["#.repeat(40) + &"]}".repeat(40);
    refused(text, "Error too-deep x:1:715");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..Default::default()
    })]

    /// No bytes panic the reader, and nothing is told of a place outside the text.
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(vec![Source::named("x", bytes)]);
    }

    /// Nor does what almost is an export.
    #[test]
    fn no_near_export_panics(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\""),
                Just("\n"), Just("---\n"), Just("- "), Just("  "), Just("\"kind\""), Just("kind: "),
                Just("\"List\""), Just("\"items\""), Just("items:"), Just("apiVersion: v1\n"),
                Just("\"apiVersion\":\"v1\","), Just("metadata"), Just("&a "), Just("*a"),
                Just("<<: "), Just("***HIDDEN***"), Just("\\u"), Just("é"), Just("null"),
                Just("0x"), Just("==== START logs for container c ====\n"),
                Just("|\n"), Just("? "), Just("!!int "),
                Just("==== END logs for container c ====\n"), Just("%YAML 1.2\n"), Just("...\n"),
                Just(POD),
            ],
            0..40,
        ),
    ) {
        let text = parts.concat();
        read(vec![Source::named("x", text.clone()), Source::found("pods.json", text)]);
    }

    /// Nor does an archive with a byte changed.
    #[test]
    fn no_damaged_archive_panics(at in 0_usize..2048, byte in any::<u8>()) {
        let mut tar = super::packed::tar(&[("a/pod.json", POD), ("b.txt", "log")]);
        let len = tar.len();
        tar[at % len] = byte;
        read(vec![Source::named("x", tar)]);
        let mut gz = super::packed::gzip(POD.as_bytes());
        let len = gz.len();
        gz[at % len] = byte;
        read(vec![Source::named("x", gz)]);
    }
}
