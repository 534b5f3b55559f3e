//! Configurations of the scheduler: profiles, plugins and their arguments, some that it refuses.

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Feature;
use super::base::TOPOLOGIES;
use super::bits::{node_expression, node_terms};
use crate::shape::{
    Json, any_of, just, list, number, pick, record, record_or_absent, sequence, some,
};

/// Names of profiles, and of a scheduler that nobody is.
const SCHEDULERS: [&str; 3] = ["default-scheduler", "packing", "stranger"];

const FILTERS: [&str; 9] = [
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeDeclaredFeatures",
];

const SCORES: [&str; 9] = [
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "VolumeBinding",
    "PodTopologySpread",
    "InterPodAffinity",
    "DynamicResources",
    "NodeResourcesBalancedAllocation",
    "ImageLocality",
];

/// Pods that ask for one of several schedulers.
pub(super) fn schedulers() -> Feature {
    let name = pick(&[SCHEDULERS[0], SCHEDULERS[1], SCHEDULERS[1], SCHEDULERS[2]]);
    let spec = record(vec![("schedulerName", some(60, name))]);
    Feature { pending: Some(record(vec![("spec", spec)])), ..Feature::NONE }
}

/// A `KubeSchedulerConfiguration`.
pub(super) fn configuration() -> Json {
    let version = any_of(vec![
        (60, just("kubescheduler.config.k8s.io/v1")),
        (1, pick(&["kubescheduler.config.k8s.io/v1beta3", "v1", "apps/v1"])),
    ]);
    let one =
        any_of(vec![(6, profile(pick(&SCHEDULERS[..2]))), (2, profile(crate::shape::absent()))]);
    let two = any_of(vec![
        (30, sequence(vec![profile(just(SCHEDULERS[0])), profile(just(SCHEDULERS[1]))])),
        // Two that nothing tells apart.
        (1, sequence(vec![profile(just(SCHEDULERS[1])), profile(just(SCHEDULERS[1]))])),
    ]);
    let profiles = any_of(vec![(5, sequence(vec![one])), (5, two), (1, crate::shape::absent())]);
    record(vec![
        ("apiVersion", version),
        ("kind", just("KubeSchedulerConfiguration")),
        ("parallelism", some(10, rarely(pick(&[1, 16, 32]), 0))),
        ("percentageOfNodesToScore", some(20, rarely(pick(&[0, 50, 100, 5]), 101))),
        ("podMaxBackoffSeconds", some(5, rarely(pick(&[10, 60]), 0))),
        ("leaderElection", some(20, record(vec![("leaderElect", just(false))]))),
        ("profile", some(1, just(true))),
        ("profiles", profiles),
    ])
}

/// What is refused, now and then, among what is not.
fn rarely(right: Json, wrong: impl Into<Value>) -> Json {
    any_of(vec![(60, right), (1, just(wrong))])
}

fn profile(name: Json) -> Json {
    record(vec![
        ("schedulerName", name),
        ("percentageOfNodesToScore", some(10, rarely(pick(&[0, 30, 100]), -1))),
        ("plugins", some(75, plugins().prop_map(mended).boxed())),
        ("pluginConfig", some(75, sequence(arguments()))),
    ])
}

fn plugins() -> Json {
    let some_of = |names: &[&str]| list(1..=3, plugin(pick(names), crate::shape::absent()));
    let weighed = || list(1..=3, plugin(pick(&SCORES), weight()));
    let set =
        |enabled: Json, disabled: Json| record(vec![("enabled", enabled), ("disabled", disabled)]);
    let all = || list(1..=1, plugin(just("*"), crate::shape::absent()));
    let score = any_of(vec![
        (4, set(some(40, weighed()), some(60, some_of(&SCORES)))),
        (2, set(some(80, weighed()), all())),
        (1, set(some_of(&SCORES), some_of(&SCORES))),
    ]);
    let filter = any_of(vec![
        (4, set(some(30, some_of(&FILTERS)), some(60, some_of(&FILTERS)))),
        (2, set(some(80, some_of(&FILTERS)), all())),
    ]);
    // Others fail for what they did not find out here.
    let before_score = ["NodeAffinity", "NodeResourcesFit", "NodeResourcesBalancedAllocation"];
    let before_filter = ["NodeAffinity", "VolumeZone", "NodeVolumeLimits"];
    let others = ["SchedulingGates", "DefaultPreemption"];
    let anything = any_of(vec![(6, pick(&SCORES)), (6, pick(&FILTERS)), (2, pick(&others))]);
    let multi_point = any_of(vec![
        (
            5,
            set(
                some(30, weighed()),
                some(80, list(1..=3, plugin(anything, crate::shape::absent()))),
            ),
        ),
        (2, set(essentials(), all())),
    ]);
    let off = |names: &[&str]| set(crate::shape::absent(), some_of(names));
    record_or_absent(vec![
        ("multiPoint", some(50, multi_point)),
        ("score", some(50, score)),
        ("filter", some(40, filter)),
        ("preScore", some(15, off(&before_score))),
        ("preFilter", some(15, off(&before_filter))),
        ("postFilter", some(10, set(crate::shape::absent(), all()))),
        ("preEnqueue", some(10, off(&["SchedulingGates"]))),
        ("queueSort", some(1, off(&["PrioritySort"]))),
        ("bind", some(1, set(some(50, some_of(&["NodeName"])), all()))),
    ])
}

/// Plugins that find out before they filter, or score, what they need for it.
const BEFORE: [(&str, &str, &str); 12] = [
    ("filter", "preFilter", "NodeAffinity"),
    ("filter", "preFilter", "NodePorts"),
    ("filter", "preFilter", "NodeResourcesFit"),
    ("filter", "preFilter", "PodTopologySpread"),
    ("filter", "preFilter", "InterPodAffinity"),
    ("filter", "preFilter", "NodeDeclaredFeatures"),
    ("score", "preFilter", "DynamicResources"),
    ("score", "preScore", "TaintToleration"),
    ("score", "preScore", "NodeAffinity"),
    ("score", "preScore", "NodeResourcesBalancedAllocation"),
    ("score", "preScore", "PodTopologySpread"),
    ("score", "preScore", "InterPodAffinity"),
];

/// Names nobody twice at a point, and nobody without what it needs: such schedulers start, and fail
/// every pod.
fn mended(mut plugins: Value) -> Value {
    let names = |plugins: &Value, point: &str, field: &str| -> Vec<Value> {
        let list = plugins[point][field].as_array().into_iter().flatten();
        list.map(|plugin| plugin["name"].clone()).collect()
    };
    for point in ["filter", "score"] {
        let known = names(&plugins, point, "enabled");
        if let Some(list) = plugins[point]["enabled"].as_array_mut() {
            let mut at = 0..known.len();
            list.retain(|plugin| {
                at.next().is_some_and(|at| !known[..at].contains(&plugin["name"]))
            });
        }
    }
    let off = names(&plugins, "multiPoint", "disabled");
    for (point, before, name) in BEFORE {
        let name = json!(name);
        let alone = off.contains(&json!("*")) || off.contains(&name);
        let there = names(&plugins, before, "enabled").contains(&name);
        if alone && !there && names(&plugins, point, "enabled").contains(&name) {
            let mut list = plugins[before]["enabled"].as_array().cloned().unwrap_or_default();
            list.push(json!({"name": name}));
            plugins[before]["enabled"] = list.into();
        }
    }
    let points = plugins.as_object_mut().into_iter().flatten();
    for (_, set) in points {
        // Reading what is not there leaves `null` behind.
        if let Some(fields) = set.as_object_mut() {
            fields.retain(|_, list| !list.is_null());
        }
    }
    plugins
}

/// A few plugins named one by one, with what no scheduler starts without.
fn essentials() -> Json {
    let named = |names: &[&str], percent| -> Vec<Json> {
        names.iter().map(|name| some(percent, plugin(just(*name), weight()))).collect()
    };
    let mut all = named(&["PrioritySort", "DefaultBinder"], 99);
    all.extend(named(&["NodeResourcesFit", "InterPodAffinity", "PodTopologySpread"], 70));
    all.extend(named(&["TaintToleration", "NodeAffinity", "ImageLocality"], 50));
    all.extend(named(&["SchedulingGates", "DefaultPreemption", "NodeUnschedulable"], 50));
    sequence(all)
}

fn plugin(name: Json, weight: Json) -> Json {
    record(vec![("name", name), ("weight", weight)])
}

fn weight() -> Json {
    some(70, pick(&[1, 2, 5, 10, 100, 0]))
}

fn arguments() -> Vec<Json> {
    let one = |name: &str, args: Json| {
        some(
            30,
            record(vec![
                ("name", just(name)),
                ("args", any_of(vec![(12, args), (1, just(json!({})))])),
            ]),
        )
    };
    let balanced = record(vec![("resources", some(90, resources(rarely(just(1), 2))))]);
    let preemption = record(vec![
        ("minCandidateNodesPercentage", some(50, rarely(pick(&[10, 50, 100]), 0))),
        ("minCandidateNodesAbsolute", some(50, rarely(pick(&[100, 1, 10, 0]), -1))),
    ]);
    let between_pods = record(vec![
        ("hardPodAffinityWeight", some(70, rarely(pick(&[0, 1, 10, 100, 50]), 101))),
        ("ignorePreferredTermsOfExistingPods", some(50, pick(&[true, false]))),
    ]);
    let mut all = vec![
        one("NodeResourcesFit", fit()),
        one("NodeResourcesFit", fit()),
        one("NodeResourcesBalancedAllocation", balanced),
        one("NodeAffinity", record(vec![("addedAffinity", some(95, added_affinity()))])),
        one("PodTopologySpread", spread()),
        one("InterPodAffinity", between_pods),
        one("DefaultPreemption", preemption),
    ];
    // Named twice it is refused; now and then is enough.
    let first = all.swap_remove(0);
    all.push(some(2, first));
    all.push(some(
        2,
        record(vec![
            ("name", just("VolumeBinding")),
            ("args", record(vec![("bindTimeoutSeconds", rarely(just(1), -1))])),
        ]),
    ));
    all
}

fn resources(weight: Json) -> Json {
    let names = [
        "cpu",
        "memory",
        "ephemeral-storage",
        "nvidia.com/gpu",
        "example.com/fpga",
        "hugepages-2Mi",
        "pods",
    ];
    let one = record(vec![("name", pick(&names)), ("weight", some(80, weight))]);
    list(1..=4, one)
}

fn fit() -> Json {
    let utilization = || pick(&[0, 25, 50, 70, 100]);
    let point = || record(vec![("utilization", utilization()), ("score", number(0..=10))]);
    let shapes = [
        json!([{"utilization": 0, "score": 0}, {"utilization": 100, "score": 10}]),
        json!([{"utilization": 0, "score": 10}, {"utilization": 100, "score": 0}]),
        json!([
            {"utilization": 10, "score": 1}, {"utilization": 35, "score": 9},
            {"utilization": 70, "score": 3}
        ]),
    ];
    let shape = any_of(vec![(10, pick(&shapes)), (3, list(1..=1, point()))]);
    let ratio = record(vec![("shape", shape)]);
    let weight = || rarely(pick(&[1, 2, 3, 5, 10, 50, 100]), 101);
    let strategy = any_of(vec![
        (
            6,
            record(vec![
                ("type", pick(&["LeastAllocated", "MostAllocated"])),
                ("resources", some(80, resources(weight()))),
                ("requestedToCapacityRatio", some(2, ratio.clone())),
            ]),
        ),
        (
            6,
            record(vec![
                ("type", just("RequestedToCapacityRatio")),
                ("resources", some(80, resources(weight()))),
                ("requestedToCapacityRatio", some(98, ratio)),
            ]),
        ),
        (1, record(vec![("type", rarely(just("MostAllocated"), "BestFit"))])),
    ]);
    record(vec![
        ("scoringStrategy", some(85, strategy)),
        (
            "ignoredResources",
            some(25, list(1..=2, pick(&["nvidia.com/gpu", "example.com/fpga", "cpu"]))),
        ),
        (
            "ignoredResourceGroups",
            some(20, list(1..=1, rarely(pick(&["nvidia.com", "example.com"]), "a/b"))),
        ),
    ])
}

fn added_affinity() -> Json {
    let labels = ["disk", "topology.kubernetes.io/zone", "gen"];
    let among = record(vec![
        ("key", pick(&labels)),
        ("operator", pick(&["In", "NotIn"])),
        ("values", list(1..=2, pick(&["z1", "z2", "ssd", "hdd", "2"]))),
    ]);
    let expression = any_of(vec![(12, among), (1, node_expression())]);
    let preference = record(vec![("matchExpressions", list(0..=2, expression))]);
    let preferred =
        record(vec![("weight", pick(&[1, 10, 50, 100, 0])), ("preference", preference)]);
    let simple =
        record(vec![("key", pick(&labels)), ("operator", pick(&["Exists", "DoesNotExist"]))]);
    let simple = record(vec![("matchExpressions", list(1..=1, simple))]);
    let terms = any_of(vec![(8, list(1..=2, simple)), (1, node_terms())]);
    record(vec![
        (
            "requiredDuringSchedulingIgnoredDuringExecution",
            some(50, record(vec![("nodeSelectorTerms", terms)])),
        ),
        ("preferredDuringSchedulingIgnoredDuringExecution", some(60, list(1..=2, preferred))),
    ])
}

fn spread() -> Json {
    let policy = || some(20, pick(&["Honor", "Ignore"]));
    let constraint = record(vec![
        ("maxSkew", pick(&[1, 1, 2, 3, 5])),
        ("topologyKey", pick(&TOPOLOGIES)),
        ("whenUnsatisfiable", pick(&["DoNotSchedule", "ScheduleAnyway"])),
        ("minDomains", some(8, number(1..=4))),
        ("nodeAffinityPolicy", policy()),
        ("nodeTaintsPolicy", policy()),
        ("labelSelector", some(1, just(json!({})))),
    ]);
    any_of(vec![
        (
            12,
            record(vec![
                ("defaultingType", just("List")),
                ("defaultConstraints", some(90, list(1..=2, constraint.clone()))),
            ]),
        ),
        (
            1,
            record(vec![
                ("defaultingType", some(50, rarely(just("System"), "None"))),
                ("defaultConstraints", some(10, list(1..=1, constraint))),
            ]),
        ),
    ])
}
