//! What was changed, as files and lines that do it.

use std::fmt::Write;

use holdfast_planner::patch::Patch;
use holdfast_proof::report::Object;
use serde_json::{Value, json};

/// Partial manifests, each of the API version that it comes with: YAML, as JSON is.
pub fn patches(patched: &[(String, Patch)]) -> String {
    let mut out = String::new();
    for (version, patch) in patched {
        let Some(fields) = &patch.patch else { continue };
        let Object { kind, namespace, name } = &patch.object;
        let mut metadata = json!({ "name": name });
        if !namespace.is_empty() {
            metadata["namespace"] = json!(namespace);
        }
        let mut manifest = json!({ "apiVersion": version, "kind": kind });
        manifest["metadata"] = metadata;
        merge(&mut manifest, fields);
        // Writing to a string cannot fail, here and below.
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        let _ = writeln!(out, "---\n{text}");
    }
    out
}

/// Lays the fields of a patch over what says whose it is.
fn merge(manifest: &mut Value, fields: &Value) {
    match (manifest, fields) {
        (Value::Object(manifest), Value::Object(fields)) => {
            for (key, value) in fields {
                merge(manifest.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (manifest, fields) => *manifest = fields.clone(),
    }
}

/// Lines for a shell: files are applied first, then objects are changed. Of new objects that no
/// file holds, as nodes are, it is said what there has to be.
pub fn kubectl(patched: &[(String, Patch)], made: &[Object], files: &[&str]) -> String {
    let mut out = String::new();
    for object in made.iter().filter(|object| object.kind == "Node") {
        let _ = writeln!(out, "# join a node to the cluster: {}", object.name);
    }
    let nodes_alone = made.iter().all(|object| matches!(&*object.kind, "Node" | "CSINode"));
    for file in files.iter().filter(|_| !nodes_alone || made.is_empty()) {
        let _ = writeln!(out, "kubectl apply -f {file}");
    }
    for (_, patch) in patched {
        if let Some(line) = &patch.kubectl {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_says_whose_it_is() {
        let patch = Patch {
            object: Object { kind: "Node".into(), namespace: String::new(), name: "n1".into() },
            kind: Some("strategic"),
            patch: Some(json!({ "metadata": { "annotations": { "a": "b" } } })),
            kubectl: Some("kubectl patch …".into()),
        };
        let patched = [("v1".to_owned(), patch)];
        let text = patches(&patched);
        let read: Value = serde_json::from_str(text.trim_start_matches("---\n")).unwrap();
        let metadata = json!({ "name": "n1", "annotations": { "a": "b" } });
        assert_eq!(read, json!({ "apiVersion": "v1", "kind": "Node", "metadata": metadata }));
        let node = |name: &str| Object {
            kind: "Node".into(),
            namespace: String::new(),
            name: name.into(),
        };
        let lines = kubectl(&patched, &[node("n2")], &[]);
        assert_eq!(lines, "# join a node to the cluster: n2\nkubectl patch …\n");
    }
}
