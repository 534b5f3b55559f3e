//! What an object means, as plain JSON that both sides can be brought to.

use std::collections::BTreeMap;

use serde_json::Value;

/// The meaning of every object, by kind, namespace and name.
pub(crate) type Facts = BTreeMap<String, Value>;

/// The name of an object among [`Facts`].
pub(crate) fn key(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind} {namespace}/{name}")
}

/// Asserts that every fact of the judge stands in ours, and says which do not. Facts that only we
/// state are not judged.
pub(crate) fn assert_agree(judged: &Facts, ours: &Facts) {
    let mut differences = Vec::new();
    for (object, facts) in judged {
        let Some(own) = ours.get(object) else {
            differences.push(format!("{object}: lost"));
            continue;
        };
        for (field, wanted) in facts.as_object().expect("facts are objects") {
            if own.get(field) != Some(wanted) {
                let got = own.get(field).unwrap_or(&Value::Null);
                differences.push(format!("{object}: {field}: judge {wanted}, ours {got}"));
            }
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
