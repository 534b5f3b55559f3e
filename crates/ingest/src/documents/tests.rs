//! What each shape of input yields.

use crate::{Diagnostic, Inventory, Source, for_each_object};

/// Everything a reading gives, as text: `apiVersion kind name @line:column` for each object.
pub(super) fn read(sources: Vec<Source>) -> (Vec<String>, Vec<Diagnostic>, Inventory) {
    #[derive(serde::Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(serde::Deserialize)]
    struct Metadata {
        name: String,
    }
    let mut objects = Vec::new();
    let mut diagnostics = Vec::new();
    let mut own = Vec::new();
    let inventory = for_each_object(
        sources,
        &mut |raw| match raw.parse::<Object>() {
            Ok(object) => {
                let origin = raw.origin();
                objects.push(format!(
                    "{} {} {} @{}:{}",
                    raw.api_version, raw.kind, object.metadata.name, origin.line, origin.column
                ));
            }
            Err(diagnostic) => own.push(diagnostic),
        },
        &mut diagnostics,
    );
    diagnostics.extend(own);
    (objects, diagnostics, inventory)
}

/// The objects of one named text that is wholly right.
fn objects(text: &str) -> Vec<String> {
    let (objects, diagnostics, _) = read(vec![Source::named("x", text)]);
    assert_eq!(diagnostics, [], "{text}");
    objects
}

#[test]
fn reads_what_kubectl_get_prints() {
    let text = r#"{
    "apiVersion": "v1",
    "items": [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "b"}}
    ],
    "kind": "List",
    "metadata": {"resourceVersion": ""}
}"#;
    assert_eq!(objects(text), ["v1 Node a @4:9", "apps/v1 Deployment b @5:9"]);
}

#[test]
fn typed_lists_lend_their_kind() {
    let head =
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"}}]}"#;
    assert_eq!(objects(head), ["v1 Pod a @1:60"]);
    let tail = r#"{"items":[{"metadata":{"name":"a"}}],"apiVersion":"v1","kind":"PodList"}"#;
    assert_eq!(objects(tail), ["v1 Pod a @1:11"]);
}

#[test]
fn empty_typed_lists_prove_absence() {
    let text = r#"{"kind":"PodDisruptionBudgetList","apiVersion":"policy/v1","items":[]}
        {"kind":"PodList","apiVersion":"v1","items":null}
        {"kind":"List","apiVersion":"v1","items":[]}"#;
    let (_, _, inventory) = read(vec![Source::named("x", text)]);
    assert_eq!(inventory.lists_seen.get("policy", "PodDisruptionBudget"), Some(0));
    assert_eq!(inventory.lists_seen.get("", "Pod"), Some(0));
    assert_eq!(inventory.lists_seen.get("", "Node"), None);
    assert_eq!(inventory.lists_of_nothing, 1);
}

mod bad;
mod packed;
mod yaml;

#[test]
fn lists_within_lists_are_followed() {
    let text = r#"{"kind":"List","apiVersion":"v1","items":[
{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]},
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"b"}}]}"#;
    assert_eq!(objects(text), ["v1 ConfigMap a @2:52", "v1 Pod b @3:1"]);
}

#[test]
fn values_follow_each_other_with_anything_between() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#;
    let a = "v1 Pod a @1:1";
    assert_eq!(objects(pod), [a]);
    assert_eq!(objects(&format!("{pod}{pod}")), [a, "v1 Pod a @1:57"]);
    assert_eq!(objects(&format!("{pod}\r\n{pod}\r\n")), [a, "v1 Pod a @2:1"]);
    assert_eq!(objects(&format!("{pod}\n---\n{pod}\n---\n")), [a, "v1 Pod a @3:1"]);
    assert_eq!(objects(&format!("\u{FEFF}{pod}\n\u{FEFF}{pod}")), [a, "v1 Pod a @2:2"]);
    assert_eq!(objects(&format!("[{pod}, {pod}]")), ["v1 Pod a @1:2", "v1 Pod a @1:60"]);
    let yaml = format!("{pod}\n---\nkind: Node\napiVersion: v1\nmetadata: {{name: m}}\n");
    assert_eq!(objects(&yaml), [a, "v1 Node m @3:1"]);
}

#[test]
fn kind_and_version_may_stand_anywhere() {
    let text = r#"{"metadata":{"name":"a"},"kind":"Pod","apiVersion":"v1"}"#;
    assert_eq!(objects(text), ["v1 Pod a @1:1"]);
    // Go writes what was never set as empty strings.
    let text = r#"{"kind":"NodeList","apiVersion":"v1","items":[
{"kind":"","apiVersion":"","metadata":{"name":"n"}}]}"#;
    assert_eq!(objects(text), ["v1 Node n @2:1"]);
}

#[test]
fn a_node_of_another_group_stays_one() {
    let text = r#"{"kind":"NodeList","apiVersion":"longhorn.io/v1beta1","items":[
{"metadata":{"name":"n"}}]}"#;
    assert_eq!(objects(text), ["longhorn.io/v1beta1 Node n @2:1"]);
}

#[test]
fn cluster_info_dumps_hold_logs_in_between() {
    let text = r#"{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n"}}]}
==== START logs for container c of pod a/b ====
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"not-this"}}
==== END logs for container other of pod a/b ====
}}
==== END logs for container c of pod a/b ====
{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"p"}}]}
"#;
    assert_eq!(objects(text), ["v1 Node n @1:47", "v1 Pod p @7:46"]);
    let cut = &text[..text.find("==== END").unwrap()];
    let (objects, diagnostics, _) = read(vec![Source::named("x", cut)]);
    assert_eq!(objects, ["v1 Node n @1:47"]);
    assert_eq!(told(&diagnostics), ["Warning unended-log x:2:1"]);
}

#[test]
fn items_without_kind_take_it_from_the_path_at_last() {
    let text = r#"{"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}"#;
    let (objects, diagnostics, _) = read(vec![Source::found("b/pods/default.json", text)]);
    assert_eq!(objects, ["v1 Pod a @1:11", "v1 Pod b @1:37"]);
    assert_eq!(told(&diagnostics), ["Note kind-from-path b/pods/default.json:1:11"]);
    let (objects, diagnostics, _) = read(vec![Source::found("things.json", text)]);
    assert!(objects.is_empty());
    assert_eq!(told(&diagnostics), ["Warning no-kind things.json:1:11", "Warning no-objects"]);
}

#[test]
fn api_errors_are_told() {
    let text = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"forbidden"}"#;
    let (_, diagnostics, _) = read(vec![Source::found("x", text)]);
    assert_eq!(told(&diagnostics), ["Warning api-error x:1:1", "Warning no-objects"]);
    assert_eq!(diagnostics[0].detail, "forbidden");
}

#[test]
fn whoever_does_not_parse_still_gets_the_next_object() {
    let text = r#"[{"apiVersion":"v1","kind":"Pod","x":"]}"},{"apiVersion":"v1","kind":"Node"}]"#;
    let mut kinds = Vec::new();
    let mut diagnostics = Vec::new();
    for_each_object(
        vec![Source::named("x", text)],
        &mut |raw| {
            kinds.push(format!("{} {}", raw.kind, raw.json().unwrap().len()));
            assert_eq!(raw.place_at(2).column, raw.origin().column + 2);
        },
        &mut diagnostics,
    );
    assert_eq!(kinds, ["Pod 41", "Node 33"]);
}

/// Severity, rule and place of each diagnostic.
pub(super) fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |diagnostic: &Diagnostic| {
        diagnostic.place.as_ref().map_or(String::new(), |place| format!(" {place}"))
    };
    let tell = |one: &Diagnostic| format!("{:?} {}{}", one.severity, one.rule.id(), place(one));
    diagnostics.iter().map(tell).collect()
}

#[test]
fn go_field_names_are_read() {
    let text = r#"{"TypeMeta":{"Kind":"PodList","APIVersion":"v1"},"ListMeta":{},"Items":[
{"ObjectMeta":{"Name":"a"}}]}
{"TypeMeta":{"Kind":"Node","APIVersion":"v1"},"ObjectMeta":{"Name":"n"}}"#;
    let (objects, diagnostics, _) = read(vec![Source::named("x", text)]);
    assert_eq!(objects, ["v1 Pod a @1:1", "v1 Node n @3:1"]);
    assert_eq!(told(&diagnostics), ["Note go-field-names x:1:1"]);
}
