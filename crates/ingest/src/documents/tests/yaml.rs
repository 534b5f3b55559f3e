//! YAML in, with its own lines and columns.

use super::{objects, read, told};
use crate::{RawObject, Skipped, Source, for_each_object};

#[test]
fn reads_lists_and_streams() {
    let text = "apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata:
    name: m
kind: List
";
    assert_eq!(objects(text), ["v1 Node m @3:3"]);
    let text = "# rendered
---
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
...
---
kind: Pod
apiVersion: v1
metadata:
  name: p
";
    assert_eq!(objects(text), ["apps/v1 Deployment d @4:1", "v1 Pod p @9:1"]);
    assert_eq!(
        objects("- apiVersion: v1\r\n  kind: Pod\r\n  metadata: {name: p}\r\n"),
        ["v1 Pod p @1:3"]
    );
}

#[test]
fn a_broken_document_does_not_stop_the_others() {
    let text = "kind: Pod
metadata: *gone
---
apiVersion: v1
kind: Pod
metadata: {name: p}
---
a: [
---
apiVersion: v1
kind: Pod
metadata: {name: q}
";
    let (objects, diagnostics, _) = read(vec![Source::found("x", text)]);
    assert_eq!(objects, ["v1 Pod p @4:1", "v1 Pod q @10:1"]);
    assert_eq!(told(&diagnostics), ["Warning invalid-yaml x:2:11", "Warning invalid-yaml x:8:4"]);
}

#[test]
fn what_a_redactor_hid_is_read_around() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostname: ***HIDDEN***\n";
    let (objects, diagnostics, _) = read(vec![Source::found("x", text)]);
    assert_eq!(objects, ["v1 Pod p @1:1"]);
    assert_eq!(told(&diagnostics), ["Warning hidden-value x:5:13"]);
}

#[test]
fn duplicate_keys_are_told_with_their_place() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  name: q\n";
    let (_, diagnostics, _) = read(vec![Source::named("x", text)]);
    assert_eq!(told(&diagnostics), ["Error duplicate-key x:5:3"]);
}

#[test]
fn aliases_unfold_within_bounds() {
    let text = "apiVersion: v1
kind: Pod
metadata: &m {name: p}
copy: *m
more:
  <<: [*m, {name: q, x: 1}]
  z: 2
";
    assert_eq!(
        json_of(text),
        [concat!(
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"copy":{"name":"p"},"#,
            r#""more":{"z":2,"name":"p","x":1}}"#,
        )]
    );
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        let ten = vec![alias; 10].join(", ");
        laughs = format!("{laughs}a{level}: &a{level} [{ten}]\n");
    }
    let (_, diagnostics, _) = read(vec![Source::named("x", laughs)]);
    assert_eq!(told(&diagnostics), ["Error yaml-too-large x:6:10"]);
    let (_, diagnostics, _) = read(vec![Source::named("x", "a: &a [*a]\n")]);
    assert_eq!(told(&diagnostics), ["Error invalid-yaml x:1:8"]);
}

#[test]
fn scalars_mean_what_kubectl_takes_them_for() {
    let text = r#"apiVersion: v1
kind: Pod
a: yes
b: "yes"
c: 1e3
d: =
e: 010
f: |
  t"
  u
g: ~
h: !!str 1
1: one
i: 2020-01-01T00:00:00Z
"#;
    assert_eq!(
        json_of(text),
        [concat!(
            r#"{"apiVersion":"v1","kind":"Pod","a":true,"b":"yes","c":1000,"d":"=","e":8,"#,
            r#""f":"t\"\nu\n","g":null,"h":"1","1":"one","i":"2020-01-01T00:00:00Z"}"#,
        )]
    );
}

#[test]
fn dumps_in_yaml_hold_logs_too() {
    let text = "apiVersion: v1
kind: NodeList
items:
- metadata: {name: m}
==== START logs for container c of pod a/b ====
}{ : *x
==== END logs for container c of pod a/b ====
apiVersion: v1
kind: PodList
items: []
";
    let (objects, diagnostics, inventory) = read(vec![Source::named("x", text)]);
    assert_eq!(told(&diagnostics), [] as [&str; 0]);
    assert_eq!(objects, ["v1 Node m @4:3"]);
    assert_eq!(inventory.lists_seen.get("", "Pod"), Some(0));
    assert_eq!(inventory.skipped.get(&Skipped::LogBlock), Some(&1));
}

#[test]
fn places_within_an_object_are_those_of_the_yaml() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels:\n    a: b\n";
    let mut places = Vec::new();
    let mut visit = |raw: RawObject<'_>| {
        let at = raw.json().unwrap().find("\"labels\"").unwrap();
        places.push(raw.place_at(at));
    };
    for_each_object(vec![Source::named("x", text)], &mut visit, &mut Vec::new());
    assert_eq!((places[0].line, places[0].column), (5, 3));
}

fn json_of(text: &str) -> Vec<String> {
    let mut json = Vec::new();
    let mut diagnostics = Vec::new();
    for_each_object(
        vec![Source::named("x", text)],
        &mut |raw| json.push(raw.json().unwrap().to_owned()),
        &mut diagnostics,
    );
    assert_eq!(diagnostics, []);
    json
}
