//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;

use holdfast_policy::Finding;
use holdfast_policy::catalogue::{Id, Page};
use holdfast_policy::finding::Standing;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Findings, reason};

/// What the standard calls this version of itself.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What stands for something else in the path of a URI.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'!');

/// A log with one run.
pub fn sarif(told: &Findings<'_>) -> String {
    let ids: BTreeSet<Id> = told.all.iter().map(|found| Id::of(&found.fault)).collect();
    let rules: Vec<Value> = ids.iter().copied().map(rule).collect();
    let index = |found: &Finding| ids.iter().position(|id| *id == Id::of(&found.fault));
    let results: Vec<Value> = told.all.iter().map(|found| result(found, index(found))).collect();
    crate::json(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Holdfast",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "automationDetails": { "id": format!("holdfast-{}/", told.command) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// An id with its page. The standard asks for an absolute URI where it has one, and the page is a
/// file of the repository, so that its text comes along.
fn rule(id: Id) -> Value {
    let Page { title, what, why, instead, .. } = id.page();
    let (path, instead) = (id.path(), instead.says);
    json!({
        "id": id.name(),
        "name": format!("{id:?}"),
        "shortDescription": { "text": title },
        "fullDescription": { "text": what },
        "help": {
            "text": format!("{what}\n\n{why}\n\nInstead: {instead}\n\nSee {path}"),
            "markdown": id.markdown(),
        },
    })
}

fn result(found: &Finding, rule: Option<usize>) -> Value {
    let place = &found.place;
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": { "startLine": place.line, "startColumn": place.column },
        },
    });
    if let Some(object) = reason::object(found) {
        location["logicalLocations"] =
            json!([{ "fullyQualifiedName": object, "kind": "resource" }]);
    }
    let print = &found.fingerprint;
    let mut result = json!({
        "ruleId": found.fault.id(),
        "ruleIndex": rule,
        "level": reason::severity(found.severity),
        "message": { "text": reason::text(found).trim_end() },
        "locations": [location],
        // GitHub follows a finding by the second alone, and would make it from the line otherwise.
        "partialFingerprints": { "holdfast/v1": print, "primaryLocationLineHash": print },
    });
    if let Some(standing) = found.standing {
        result["baselineState"] = match standing {
            Standing::New => "new",
            Standing::Worse => "updated",
            Standing::Known => "unchanged",
        }
        .into();
    }
    result
}

/// A path as a reference to a file, relative as it was given.
fn uri(path: &str) -> String {
    let path = path.trim_start_matches("./");
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(path, ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("./out/a b#1.yaml"), "out/a%20b%231.yaml");
        assert_eq!(uri("dump.tar.gz!/x:y.yaml"), "dump.tar.gz!/x%3Ay.yaml");
        assert_eq!(uri("/srv/cluster.json"), "file:///srv/cluster.json");
    }
}
