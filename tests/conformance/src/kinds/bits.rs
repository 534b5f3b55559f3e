//! Selectors, which many fields share.

use serde_json::json;

use super::base::{APPS, TIERS};
use crate::shape::{Json, any_of, just, list, pick, record, record_or_absent, some};

/// A label selector over the labels that pods have; `{}` selects all.
pub(super) fn label_selector() -> Json {
    let by_labels =
        record_or_absent(vec![("app", some(70, pick(&APPS))), ("tier", some(30, pick(&TIERS)))]);
    any_of(vec![
        (6, record(vec![("matchLabels", by_labels.clone())])),
        (3, record(vec![("matchExpressions", list(1..=2, expression()))])),
        (
            1,
            record(vec![
                ("matchLabels", by_labels),
                ("matchExpressions", list(1..=1, expression())),
            ]),
        ),
    ])
}

/// One requirement of a label selector.
fn expression() -> Json {
    let key = pick(&["app", "tier", "ver"]);
    let values = || list(1..=2, pick(&["web", "api", "db", "fe", "be", "1"]));
    any_of(vec![
        (3, with_operator(key.clone(), &["In", "NotIn"], values())),
        (2, with_operator(key, &["Exists", "DoesNotExist"], crate::shape::absent())),
    ])
}

/// A requirement of any selector.
pub(super) fn with_operator(key: Json, operators: &[&str], values: Json) -> Json {
    record(vec![("key", key), ("operator", pick(operators)), ("values", values)])
}

/// A selector of nodes: terms that are alternatives.
pub(super) fn node_terms() -> Json {
    let expressions = list(0..=2, node_expression());
    let names = pick(&["node-00", "node-01", "node-02", "node-03"]);
    let field = any_of(vec![
        (3, with_operator(just("metadata.name"), &["In"], list(1..=1, names.clone()))),
        (1, with_operator(just("metadata.name"), &["NotIn"], list(1..=1, names))),
    ]);
    let term = record(vec![
        ("matchExpressions", expressions),
        ("matchFields", some(15, list(1..=1, field))),
    ]);
    list(1..=2, term)
}

/// One requirement on a node's labels.
pub(super) fn node_expression() -> Json {
    let values = list(1..=2, pick(&["z1", "z2", "ssd", "hdd", "r1", "2", "x"]));
    let key =
        pick(&["topology.kubernetes.io/zone", "disk", "gen", "topology.kubernetes.io/region"]);
    any_of(vec![
        (4, with_operator(key.clone(), &["In", "NotIn"], values)),
        (2, with_operator(key, &["Exists", "DoesNotExist"], crate::shape::absent())),
        (1, with_operator(just("gen"), &["Gt", "Lt"], list(1..=1, pick(&["1", "2", "7", "x"])))),
    ])
}

/// A list of node selector terms on the zone alone, as volumes have it.
pub(super) fn zone_terms() -> Json {
    let zones = list(1..=2, pick(&super::base::ZONES));
    let key = just("topology.kubernetes.io/zone");
    let expression = with_operator(key, &["In"], zones);
    let hostname = with_operator(
        just("kubernetes.io/hostname"),
        &["In"],
        list(1..=2, pick(&["node-00", "node-01", "node-02"])),
    );
    let expression = any_of(vec![(2, expression), (1, hostname)]);
    list(1..=2, record(vec![("matchExpressions", list(1..=1, expression))]))
}

/// Some owner, for what asks which controller a pod has.
pub(super) fn owner(kind: &'static str, name: Json) -> Json {
    let owner = record(vec![
        ("apiVersion", just(if kind == "ReplicationController" { "v1" } else { "apps/v1" })),
        ("kind", just(kind)),
        ("name", name),
        ("uid", just(json!("uid-owner"))),
        ("controller", just(true)),
    ]);
    list(1..=1, owner)
}
