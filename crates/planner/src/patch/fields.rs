//! Parts of a pod's spec as the API writes them.

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::selector::{LabelSelector, Operator, Requirement};
use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::taint::{Effect, Toleration, TolerationOperator};
use holdfast_cluster::{Cluster, PodSpec, Symbol};
use serde_json::{Map, Value, json};

/// The label by which a Deployment tells its rollouts apart. What asks for its value was read with
/// `matchLabelKeys`, and is written so.
const HASH: &str = "pod-template-hash";

fn asks_for_hash(cluster: &Cluster, selector: &LabelSelector) -> bool {
    let LabelSelector::All(requirements) = selector else { return false };
    requirements.iter().any(|requirement| cluster.text(requirement.key) == HASH)
}

/// A term of affinity of pods of a namespace.
pub fn term(cluster: &Cluster, namespace: Symbol, term: &PodAffinityTerm) -> Value {
    let mut written = Map::new();
    written.insert("labelSelector".into(), selector(cluster, &term.selector));
    written.insert("topologyKey".into(), json!(cluster.text(term.topology_key)));
    if asks_for_hash(cluster, &term.selector) {
        written.insert("matchLabelKeys".into(), json!([HASH]));
    }
    if term.namespace_selector != LabelSelector::Nothing {
        written.insert("namespaceSelector".into(), selector(cluster, &term.namespace_selector));
    }
    if *term.namespaces != [namespace] {
        let names = term.namespaces.iter().map(|name| cluster.text(*name));
        written.insert("namespaces".into(), names.collect());
    }
    Value::Object(written)
}

/// A spread constraint.
pub fn spread(cluster: &Cluster, constraint: &SpreadConstraint) -> Value {
    let when = match constraint.when_unsatisfiable {
        WhenUnsatisfiable::DoNotSchedule => "DoNotSchedule",
        WhenUnsatisfiable::ScheduleAnyway => "ScheduleAnyway",
    };
    let mut written = json!({
        "labelSelector": selector(cluster, &constraint.selector),
        "maxSkew": constraint.max_skew,
        "topologyKey": cluster.text(constraint.topology_key),
        "whenUnsatisfiable": when,
    });
    if asks_for_hash(cluster, &constraint.selector) {
        written["matchLabelKeys"] = json!([HASH]);
    }
    if let Some(domains) = constraint.min_domains {
        written["minDomains"] = json!(domains);
    }
    if constraint.node_affinity_policy == InclusionPolicy::Ignore {
        written["nodeAffinityPolicy"] = json!("Ignore");
    }
    if constraint.node_taints_policy == InclusionPolicy::Honor {
        written["nodeTaintsPolicy"] = json!("Honor");
    }
    written
}

/// All tolerations of a spec; those that admission adds anyway only where they are meant.
pub fn tolerations(cluster: &Cluster, spec: &PodSpec, meant: bool) -> Value {
    let all = spec.tolerations.iter();
    let own = all.filter(|toleration| meant || !is_default(cluster, toleration));
    own.map(|one| toleration(cluster, one)).collect()
}

/// `DefaultTolerationSeconds` (`plugin/pkg/admission/defaulttolerationseconds`, v1.36.3).
fn is_default(cluster: &Cluster, toleration: &Toleration) -> bool {
    let known = cluster.known();
    let lifecycle = [known.not_ready, known.unreachable];
    toleration.key.is_some_and(|key| lifecycle.contains(&key))
        && toleration.operator == TolerationOperator::Exists
        && toleration.effect == Some(Effect::NoExecute)
        && toleration.seconds == Some(300)
}

fn toleration(cluster: &Cluster, toleration: &Toleration) -> Value {
    let mut written = Map::new();
    if let Some(key) = toleration.key {
        written.insert("key".into(), json!(cluster.text(key)));
    }
    let operator = match toleration.operator {
        TolerationOperator::Equal => "Equal",
        TolerationOperator::Exists => "Exists",
        TolerationOperator::Gt => "Gt",
        TolerationOperator::Lt => "Lt",
    };
    written.insert("operator".into(), json!(operator));
    if toleration.operator != TolerationOperator::Exists {
        written.insert("value".into(), json!(cluster.text(toleration.value)));
    }
    if let Some(effect) = toleration.effect {
        written.insert("effect".into(), json!(effect_name(effect)));
    }
    if let Some(seconds) = toleration.seconds {
        written.insert("tolerationSeconds".into(), json!(seconds));
    }
    Value::Object(written)
}

/// An effect as the API spells it.
pub(crate) fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::NoSchedule => "NoSchedule",
        Effect::PreferNoSchedule => "PreferNoSchedule",
        Effect::NoExecute => "NoExecute",
    }
}

/// A label selector: plain pairs as labels, the rest as expressions.
pub fn selector(cluster: &Cluster, selector: &LabelSelector) -> Value {
    let LabelSelector::All(requirements) = selector else { return Value::Null };
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for Requirement { key, operator } in requirements {
        let key = cluster.text(*key);
        match operator {
            _ if key == HASH => {}
            Operator::In(values) if values.len() == 1 && !labels.contains_key(key) => {
                labels.insert(key.to_owned(), json!(cluster.text(values[0])));
            }
            operator => expressions.push(expression(cluster, key, operator)),
        }
    }
    let mut written = Map::new();
    if !labels.is_empty() {
        written.insert("matchLabels".into(), Value::Object(labels));
    }
    if !expressions.is_empty() {
        written.insert("matchExpressions".into(), Value::Array(expressions));
    }
    Value::Object(written)
}

fn expression(cluster: &Cluster, key: &str, operator: &Operator) -> Value {
    let texts = |values: &[Symbol]| -> Vec<&str> {
        values.iter().map(|value| cluster.text(*value)).collect()
    };
    match operator {
        Operator::In(values) => json!({ "key": key, "operator": "In", "values": texts(values) }),
        Operator::NotIn(values) => {
            json!({ "key": key, "operator": "NotIn", "values": texts(values) })
        }
        Operator::Exists => json!({ "key": key, "operator": "Exists" }),
        Operator::DoesNotExist => json!({ "key": key, "operator": "DoesNotExist" }),
        Operator::Gt(bound) => {
            json!({ "key": key, "operator": "Gt", "values": [bound.to_string()] })
        }
        Operator::Lt(bound) => {
            json!({ "key": key, "operator": "Lt", "values": [bound.to_string()] })
        }
        // Upstream refuses it, and so does whoever reads the patch.
        Operator::Invalid => json!({ "key": key, "operator": "Invalid" }),
    }
}
