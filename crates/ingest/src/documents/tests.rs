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
