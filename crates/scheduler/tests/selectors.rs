//! Selectors that do not parse, or that name nodes in ways that exclude each other.

mod support;

use holdfast_cluster::Placement;
use holdfast_scheduler::Scheduler;
use holdfast_scheduler::trace::{DecisionTrace, decide_all};
use serde_json::{Value, json};
use support::{cluster, node, pod, running};

const NOT_A_VALUE: &str = "Invalid value: \"not a value!\": a valid label must be an empty string \
                           or consist of alphanumeric characters, '-', '_' or '.', and must start \
                           and end with an alphanumeric character (e.g. 'MyValue',  or \
                           'my_value',  or '12345', regex used for validation is \
                           '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// What becomes of pod `p`, in a cluster where it is the first in the queue.
fn trace(objects: &[Value]) -> DecisionTrace {
    let cluster = cluster(objects);
    let mut placement = Placement::of(&cluster);
    decide_all(&Scheduler::new(&cluster), &mut placement).swap_remove(0)
}

/// So many nodes of one zone.
fn nodes(count: usize) -> Vec<Value> {
    let zone = json!({"metadata": {"labels": {"zone": "z", "gen": "2", "odd": "not a value!"}}});
    (0..count).map(|at| node(&format!("n{at}"), &zone)).collect()
}

fn with(mut objects: Vec<Value>, more: &[Value]) -> Vec<Value> {
    objects.extend_from_slice(more);
    objects
}

fn requiring(terms: &Value) -> Value {
    json!({"spec": {"affinity": {"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}})
}

fn preferring(terms: &[Value]) -> Value {
    let weighted = |term: &Value| json!({"weight": 1, "preference": term});
    let terms: Vec<Value> = terms.iter().map(weighted).collect();
    json!({"spec": {"affinity": {"nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": terms}}}})
}

fn near(selectors: &[Value]) -> Value {
    let term = |selector: &Value| json!({"labelSelector": selector, "topologyKey": "zone"});
    Value::from(selectors.iter().map(term).collect::<Vec<_>>())
}

/// `PreFilter` of `nodeaffinity/node_affinity.go` reads every name of a list, of which
/// `nodeSelectorRequirementsAsFieldSelector` allows but one.
#[test]
fn a_list_of_names_leaves_the_others_out_and_matches_none() {
    let field = json!({"key": "metadata.name", "operator": "In", "values": ["n0", "n1"]});
    let wish = requiring(&json!([{"matchFields": [field]}]));
    let decided = trace(&with(nodes(3), &[pod("p", &wish)]));
    let plugins: Vec<_> = decided.nodes.values().map(|node| node.plugin.unwrap()).collect();
    assert_eq!(plugins, ["NodeAffinity", "NodeAffinity", "PreFilter"]);
    let text = "0/3 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity], \
                2 node(s) didn't match Pod's node affinity/selector.";
    assert_eq!(decided.message.as_deref(), Some(text));
}

/// A term with a value that no label has does not parse, so that it selects nothing even where a
/// node has that very label (`labels.NewRequirement`). The other terms hold.
#[test]
fn a_term_that_does_not_parse_selects_nothing() {
    let odd = |operator| json!({"key": "odd", "operator": operator, "values": ["not a value!"]});
    let negative = json!({"key": "gen", "operator": "Gt", "values": ["-5"]});
    for requirement in [odd("In"), odd("NotIn"), negative] {
        let term = json!({"matchExpressions": [requirement]});
        let alone = requiring(&json!([term]));
        assert_eq!(trace(&with(nodes(1), &[pod("p", &alone)])).result, "unschedulable");
        let other = json!({"matchExpressions": [{"key": "gen", "operator": "Exists"}]});
        let either = requiring(&json!([term, other]));
        assert_eq!(trace(&with(nodes(1), &[pod("p", &either)])).result, "scheduled");
    }
}

/// `PreScore` of `nodeaffinity/node_affinity.go`: the cycle fails, unless there is nothing to
/// choose from. The API server lets such terms pass for that very reason
/// (`ValidatePreferredSchedulingTerms`).
#[test]
fn a_preference_that_does_not_parse_fails_the_cycle() {
    let number = json!({"matchExpressions": [{"key": "gen", "operator": "Gt", "values": ["x"]}]});
    let text = "running PreScore plugin \"NodeAffinity\": [0].matchExpressions[0].values[0]: \
                Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer";
    let wish = preferring(std::slice::from_ref(&number));
    let decided = trace(&with(nodes(2), &[pod("p", &wish)]));
    assert_eq!((decided.result, decided.message.as_deref()), ("error", Some(text)));
    assert!(decided.nodes.is_empty() && decided.candidates.is_empty());
    assert_eq!(trace(&with(nodes(1), &[pod("p", &wish)])).result, "scheduled");

    let value = json!({"matchExpressions": [{"key": "gen", "operator": "In",
        "values": ["1", "not a value!"]}]});
    let wish = preferring(&[json!({}), value, number]);
    let decided = trace(&with(nodes(2), &[pod("p", &wish)]));
    let text = format!(
        "running PreScore plugin \"NodeAffinity\": [[1].matchExpressions[0].values[1][gen]: \
         {NOT_A_VALUE}, [2].matchExpressions[0].values[0]: Invalid value: \"x\": for 'Gt', 'Lt' \
         operators, the value must be an integer]"
    );
    assert_eq!(decided.message, Some(text));
}

/// `PreFilter` of `interpodaffinity/filtering.go` turns down a pod whose own terms do not parse.
#[test]
fn pod_affinity_that_does_not_parse_is_turned_down_at_once() {
    let odd = json!({"matchLabels": {"app": "not a value!"}});
    let operator = json!({"matchExpressions": [{"key": "app", "operator": "Is"}]});
    let wish = json!({"spec": {"affinity": {
        "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": near(&[operator])},
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            near(&[json!({}), odd])},
    }}});
    let decided = trace(&with(nodes(2), &[pod("p", &wish)]));
    let rejection = decided.pre_filter.unwrap();
    assert_eq!(rejection.plugin, Some("InterPodAffinity"));
    let text = format!(
        "parsing pod: [requiredAffinityTerms: \"Is\" is not a valid label selector operator, \
         requiredAntiAffinityTerms: values[0][app]: {NOT_A_VALUE}]"
    );
    assert_eq!(rejection.reasons, [text]);
}

/// `PodInfo.Update` (`pkg/scheduler/framework/types.go`): of a running pod, the whole list counts
/// for nothing.
#[test]
fn one_term_that_does_not_parse_voids_the_list_of_a_running_pod() {
    let odd = json!({"matchLabels": {"app": "not a value!"}});
    let hermit = |selectors: &[Value]| {
        let terms = near(selectors);
        json!({"spec": {"affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": terms}}}})
    };
    let result = |selectors: &[Value]| {
        let resident = running("r", "n0", &hermit(selectors));
        trace(&with(nodes(1), &[resident, pod("p", &json!({}))])).result
    };
    assert_eq!(result(&[json!({})]), "unschedulable");
    assert_eq!(result(&[json!({}), odd]), "scheduled");
}

/// `podtopologyspread/filtering.go` and `scoring.go`: a required constraint that does not parse
/// fails every cycle, a preferred one those with a choice.
#[test]
fn a_spread_constraint_that_does_not_parse_fails_the_cycle() {
    let decided = |when: &str, count| {
        let constraint = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": when,
            "labelSelector": {"matchLabels": {"app": "not a value!"}}});
        let wish = json!({"spec": {"topologySpreadConstraints": [constraint]}});
        trace(&with(nodes(count), &[pod("p", &wish)]))
    };
    let hard = decided("DoNotSchedule", 1);
    let text = format!(
        "running PreFilter plugin \"PodTopologySpread\": get constraints from pod: obtaining pod's \
         hard topology spread constraints: values[0][app]: {NOT_A_VALUE}"
    );
    assert_eq!((hard.result, hard.message), ("error", Some(text)));
    assert!(hard.pre_filter.is_none() && hard.preemption_message.is_none());
    let soft = decided("ScheduleAnyway", 2);
    let text = format!(
        "running PreScore plugin \"PodTopologySpread\": calculating preScoreState: obtaining pod's \
         soft topology spread constraints: values[0][app]: {NOT_A_VALUE}"
    );
    assert_eq!((soft.result, soft.message), ("error", Some(text)));
    assert_eq!(decided("ScheduleAnyway", 1).result, "scheduled");
}
