//! What upstream says of selectors that do not parse.
//!
//! Models `field.Error.Error` (`k8s.io/apimachinery/pkg/util/validation/field/errors.go`),
//! `aggregate.Error` (`pkg/util/errors/errors.go`), `IsLabelKey` and `IsLabelValue`
//! (`pkg/api/validate/content/kube.go`, v0.36.3), and `PodInfo.Update`
//! (`pkg/scheduler/framework/types.go`, v1.36.3).

use holdfast_cluster::fault::{Fault, Flaw, RequirementList};
use holdfast_cluster::spread::WhenUnsatisfiable;
use holdfast_cluster::{Cluster, SpecId, Symbol, label};

/// What `PreFilter` of `InterPodAffinity` says of the spec.
pub(super) fn pod_affinity(cluster: &Cluster, spec: SpecId) -> String {
    let spec = cluster.spec(spec);
    let lists = [
        ("requiredAffinityTerms", &spec.pod_affinity.required_faults),
        ("requiredAntiAffinityTerms", &spec.pod_anti_affinity.required_faults),
        ("preferredAffinityTerms", &spec.pod_affinity.preferred_faults),
        ("preferredAntiAffinityTerms", &spec.pod_anti_affinity.preferred_faults),
    ];
    let wrong = lists.into_iter().filter(|(_, faults)| !faults.is_empty());
    let texts = wrong.map(|(list, faults)| format!("{list}: {}", of_faults(cluster, faults)));
    format!("parsing pod: {}", aggregate(texts.collect()))
}

/// What `PreScore` of `NodeAffinity` says of the spec.
pub(super) fn node_preferences(cluster: &Cluster, spec: SpecId) -> String {
    of_faults(cluster, &cluster.spec(spec).node_affinity.preferred_faults)
}

/// What `PreFilter` of `PodTopologySpread` says of the spec.
pub(super) fn hard_spread(cluster: &Cluster, spec: SpecId) -> String {
    let text = spread(cluster, spec, WhenUnsatisfiable::DoNotSchedule);
    format!("get constraints from pod: obtaining pod's hard topology spread constraints: {text}")
}

/// What `PreScore` of `PodTopologySpread` says of the spec.
pub(super) fn soft_spread(cluster: &Cluster, spec: SpecId) -> String {
    let text = spread(cluster, spec, WhenUnsatisfiable::ScheduleAnyway);
    format!("calculating preScoreState: obtaining pod's soft topology spread constraints: {text}")
}

/// What is wrong with the first constraint of the sort that does not parse.
fn spread(cluster: &Cluster, spec: SpecId, when: WhenUnsatisfiable) -> String {
    let mut of_sort =
        cluster.spec(spec).spread.iter().filter(|known| known.when_unsatisfiable == when);
    let first = of_sort.find(|constraint| !constraint.faults.is_empty());
    first.map_or_else(String::new, |constraint| of_faults(cluster, &constraint.faults))
}

fn of_faults(cluster: &Cluster, faults: &[Fault]) -> String {
    aggregate(faults.iter().map(|fault| of_fault(cluster, fault)).collect())
}

/// Several errors as one: each text once.
fn aggregate(texts: Vec<String>) -> String {
    let mut distinct = Vec::<String>::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    match &*distinct {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn of_fault(cluster: &Cluster, fault: &Fault) -> String {
    let (key, name) = (cluster.text(fault.key), |symbol: Symbol| cluster.text(symbol));
    let at = |field: &str| path(fault, field);
    let all = |values: &[Symbol]| {
        let quoted: Vec<String> =
            values.iter().map(|value| format!("{:?}", name(*value))).collect();
        format!("[{}]", quoted.join(","))
    };
    let invalid = |field: &str, value: &str, why: &str| {
        format!("{}: Invalid value: {value}: {why}", at(field))
    };
    let unsupported = |operator: Symbol, known: &str| {
        let operator = name(operator);
        format!("{}: Unsupported value: {operator:?}: supported values: {known}", at("operator"))
    };
    match &fault.flaw {
        Flaw::LabelOperator(operator) => {
            format!("{:?} is not a valid label selector operator", name(*operator))
        }
        Flaw::NodeOperator(operator) => {
            unsupported(*operator, r#""In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt""#)
        }
        Flaw::FieldOperator(operator) => unsupported(*operator, r#""In", "NotIn""#),
        Flaw::Key => invalid("key", &format!("{key:?}"), &key_errors(key).join("; ")),
        Flaw::NoValues => {
            invalid("values", "null", "for 'in', 'notin' operators, values set can't be empty")
        }
        Flaw::NeedlessValues(values) => invalid(
            "values",
            &all(values),
            "values set must be empty for exists and does not exist",
        ),
        Flaw::NotOneNumber(values) => {
            let why = "for 'Gt', 'Lt' operators, exactly one value is required";
            invalid("values", &all(values), why)
        }
        Flaw::NoInteger(position, value) => invalid(
            &format!("values[{position}]"),
            &format!("{:?}", name(*value)),
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        Flaw::Value(position, value) => invalid(
            &format!("values[{position}][{key}]"),
            &format!("{:?}", name(*value)),
            &value_errors(name(*value)).join("; "),
        ),
        Flaw::NotOneField(values) => invalid("values", &all(values), "must have one element"),
    }
}

/// The path of a requirement's field.
fn path(fault: &Fault, field: &str) -> String {
    let Some(place) = fault.place else { return field.to_owned() };
    let list = match place.list {
        RequirementList::Expressions => "matchExpressions",
        RequirementList::Fields => "matchFields",
    };
    format!("[{}].{list}[{}].{field}", place.term, place.requirement)
}

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and \
                    end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
                    '123-abc', regex used for validation is \
                    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                         characters, '-' or '.', and must start and end with an alphanumeric \
                         character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
                     '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
                     'MyValue',  or 'my_value',  or '12345', regex used for validation is \
                     '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn too_long(bytes: usize) -> String {
    format!("must be no more than {bytes} bytes")
}

fn value_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > label::NAME_MAX {
        errors.push(too_long(label::NAME_MAX));
    }
    if !value.is_empty() && !label::is_name(value) {
        errors.push(VALUE.to_owned());
    }
    errors
}

fn key_errors(key: &str) -> Vec<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let (prefix, name) = match &*parts {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            let rest = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {NAME} {rest}")];
        }
    };
    let mut errors = prefix.map_or_else(Vec::new, prefix_errors);
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > label::NAME_MAX {
        errors.push(format!("name part {}", too_long(label::NAME_MAX)));
    }
    if !label::is_name(name) {
        errors.push(format!("name part {NAME}"));
    }
    errors
}

fn prefix_errors(prefix: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".to_owned()];
    }
    if prefix.len() > label::PREFIX_MAX {
        errors.push(format!("prefix part {}", too_long(label::PREFIX_MAX)));
    }
    if !label::is_subdomain(prefix) {
        errors.push(format!("prefix part {SUBDOMAIN}"));
    }
    errors
}
