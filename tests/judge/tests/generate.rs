//! Pods and nodes as somebody might export them: fields absent, null, empty and odd. Every amount
//! is a valid quantity and every enumerated word one of the API's own: the judge takes any text
//! there, and Holdfast rightly does not.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A field's name, and its value unless it is absent.
type Field = BoxedStrategy<Option<(&'static str, Value)>>;

fn field(name: &'static str, value: impl Strategy<Value = Value> + 'static) -> Field {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some((name, Value::Null))),
        4 => value.prop_map(move |value| Some((name, value))),
    ]
    .boxed()
}

fn always(name: &'static str, value: impl Strategy<Value = Value> + 'static) -> Field {
    value.prop_map(move |value| Some((name, value))).boxed()
}

fn object(fields: Vec<Field>) -> BoxedStrategy<Value> {
    let object = |fields: Vec<Option<(&'static str, Value)>>| {
        let named = fields.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        Value::Object(named.collect())
    };
    fields.prop_map(object).boxed()
}

fn list(item: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    vec(item, 0..4).prop_map(Value::from).boxed()
}

fn word(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(words).prop_map(Value::from).boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

fn labels() -> BoxedStrategy<Value> {
    let keys = ["app", "tier", "kubernetes.io/hostname", "topology.kubernetes.io/zone"];
    let pair = (select(keys.to_vec()), select(&["", "a", "b", "x_y.z-1", "B", "1", "true"][..]));
    vec(pair, 0..4)
        .prop_map(|pairs| {
            let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into()));
            Value::Object(pairs.collect())
        })
        .boxed()
}

/// Amounts as texts, and as the numbers that hand-written files hold.
fn amount() -> BoxedStrategy<Value> {
    let text = (0_u32..5000, select(&["", "m", "k", "M", "G", "Ki", "Mi", "Gi"][..]))
        .prop_map(|(number, suffix)| json!(format!("{number}{suffix}")));
    let decimal = (0_u32..50, 0_u32..1000, select(&["", "k", "Mi", "Gi"][..]))
        .prop_map(|(whole, part, suffix)| json!(format!("{whole}.{part:03}{suffix}")));
    let odd = word(&["0", "100n", "250u", ".5", "1.", "007", "0.0001", "1e3", "12E6"]);
    let numbers = prop_oneof![
        (0_u32..5000).prop_map(Value::from),
        (1_u32..100).prop_map(|quarters| json!(f64::from(quarters) / 4.0)),
    ];
    prop_oneof![4 => text, 2 => decimal, 1 => odd, 1 => numbers].boxed()
}

fn amounts() -> BoxedStrategy<Value> {
    let amount = |name| {
        let present = amount().prop_map(move |value| Some((name, value)));
        prop_oneof![1 => Just(None), 3 => present].boxed()
    };
    object(["cpu", "memory", "ephemeral-storage", "example.com/gpu"].map(amount).into())
}

fn resources() -> BoxedStrategy<Value> {
    object(vec![field("requests", amounts()), field("limits", amounts())])
}

fn port() -> BoxedStrategy<Value> {
    object(vec![
        always("containerPort", (1_i32..65_536).prop_map(Value::from)),
        field("hostPort", select(&[0, 80, 443, 65_535][..]).prop_map(Value::from)),
        field("hostIP", word(&["", "0.0.0.0", "127.0.0.1", "::"])),
        field("protocol", word(&["", "TCP", "UDP", "SCTP"])),
        field("name", word(&["", "http"])),
    ])
}

fn container() -> BoxedStrategy<Value> {
    object(vec![
        always("name", word(&["main", "proxy", "log"])),
        field("image", word(&["", "nginx", "host:5000/app@sha256:00"])),
        field("resources", resources()),
        field("ports", list(port())),
        field("env", list(Just(json!({ "name": "A", "value": "b" })))),
        field("command", list(word(&["sh", "-c"]))),
    ])
}

fn init_container() -> BoxedStrategy<Value> {
    object(vec![
        always("name", word(&["setup", "sidecar"])),
        field("restartPolicy", word(&["Always"])),
        field("resources", resources()),
        field("ports", list(port())),
    ])
}

fn toleration() -> BoxedStrategy<Value> {
    object(vec![
        field("key", word(&["", "node.kubernetes.io/not-ready", "dedicated"])),
        field("operator", word(&["", "Equal", "Exists", "Gt", "Lt"])),
        field("value", word(&["", "a", "10"])),
        field("effect", word(&["", "NoSchedule", "PreferNoSchedule", "NoExecute"])),
        field("tolerationSeconds", (-5_i64..5000).prop_map(Value::from)),
    ])
}

fn selector() -> BoxedStrategy<Value> {
    let expression = object(vec![
        always("key", word(&["app", "tier"])),
        always("operator", word(&["Exists", "DoesNotExist"])),
        field("values", Just(json!([]))),
    ]);
    object(vec![field("matchLabels", labels()), field("matchExpressions", list(expression))])
}

fn pod_term() -> BoxedStrategy<Value> {
    object(vec![
        always("topologyKey", word(&["kubernetes.io/hostname", "topology.kubernetes.io/zone"])),
        field("labelSelector", selector()),
        field("namespaceSelector", selector()),
        field("namespaces", list(word(&["default", "shop"]))),
        field("matchLabelKeys", list(word(&["tier"]))),
    ])
}

fn affinity() -> BoxedStrategy<Value> {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let pods = || {
        let weighted = object(vec![
            always("weight", (1_i32..101).prop_map(Value::from)),
            always("podAffinityTerm", pod_term()),
        ]);
        object(vec![field(REQUIRED, list(pod_term())), field(PREFERRED, list(weighted))])
    };
    let node_term = object(vec![field(
        "matchExpressions",
        list(Just(json!({ "key": "tier", "operator": "In", "values": ["a", "b"] }))),
    )]);
    let nodes =
        object(vec![field(REQUIRED, object(vec![always("nodeSelectorTerms", list(node_term))]))]);
    object(vec![
        field("nodeAffinity", nodes),
        field("podAffinity", pods()),
        field("podAntiAffinity", pods()),
    ])
}

fn spread() -> BoxedStrategy<Value> {
    object(vec![
        always("maxSkew", (1_i32..4).prop_map(Value::from)),
        always("topologyKey", word(&["kubernetes.io/hostname", "topology.kubernetes.io/zone"])),
        always("whenUnsatisfiable", word(&["DoNotSchedule", "ScheduleAnyway"])),
        field("labelSelector", selector()),
        field("minDomains", (1_i32..4).prop_map(Value::from)),
        field("nodeAffinityPolicy", word(&["Honor", "Ignore"])),
        field("nodeTaintsPolicy", word(&["Honor", "Ignore"])),
        field("matchLabelKeys", list(word(&["tier"]))),
    ])
}

fn volume() -> BoxedStrategy<Value> {
    let source = prop_oneof![
        Just(json!({ "name": "v", "emptyDir": {} })),
        Just(json!({ "name": "v", "hostPath": { "path": "/srv", "type": null } })),
        Just(json!({ "name": "v", "configMap": { "name": "c", "items": null } })),
        Just(json!({ "name": "v", "nfs": { "server": "s", "path": "/" } })),
        Just(json!({ "name": "v", "persistentVolumeClaim": { "claimName": "data-0" } })),
        Just(json!({
            "name": "v",
            "persistentVolumeClaim": { "claimName": "data-1", "readOnly": true },
        })),
    ];
    source.boxed()
}

fn metadata(name: &'static str) -> BoxedStrategy<Value> {
    object(vec![
        always("name", Just(json!(name))),
        field("namespace", word(&["", "default", "shop"])),
        field("labels", labels()),
        field("annotations", labels()),
        field("creationTimestamp", word(&["2026-01-02T03:04:05Z"])),
        field("deletionTimestamp", word(&["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00"])),
        field("managedFields", Just(json!([]))),
        field("ownerReferences", Just(json!([]))),
        field("unheardOf", Just(json!({ "a": [1, null] }))),
    ])
}

fn condition() -> BoxedStrategy<Value> {
    object(vec![
        always("type", word(&["Ready", "PodScheduled", "DiskPressure"])),
        always("status", word(&["True", "False", "Unknown"])),
        field("reason", word(&["", "Because"])),
        field("message", word(&["", "it \"is\"\nso"])),
    ])
}

/// A pod.
pub(crate) fn pod() -> BoxedStrategy<Value> {
    let spec = object(vec![
        always("containers", list(container())),
        field("initContainers", list(init_container())),
        field("nodeName", word(&["", "node-1"])),
        field("hostNetwork", flag()),
        field("priority", any::<i32>().prop_map(Value::from)),
        field("overhead", amounts()),
        field("nodeSelector", labels()),
        field("tolerations", list(toleration())),
        field("affinity", affinity()),
        field("topologySpreadConstraints", list(spread())),
        field("volumes", list(volume())),
        field("restartPolicy", word(&["Always", "OnFailure", "Never"])),
        field("securityContext", Just(json!({}))),
    ]);
    let phases = word(&["", "Pending", "Running", "Succeeded", "Failed", "Unknown"]);
    let status = object(vec![
        field("phase", phases),
        field("conditions", list(condition())),
        field("podIP", word(&["10.0.0.1"])),
    ]);
    object(vec![
        always("apiVersion", Just(json!("v1"))),
        always("kind", Just(json!("Pod"))),
        always("metadata", metadata("pod-1")),
        always("spec", spec),
        field("status", status),
    ])
}

/// A node.
pub(crate) fn node() -> BoxedStrategy<Value> {
    let taint = object(vec![
        always("key", word(&["dedicated", "node.kubernetes.io/unschedulable"])),
        always("effect", word(&["NoSchedule", "PreferNoSchedule", "NoExecute"])),
        field("value", word(&["", "a"])),
        field("timeAdded", word(&["2026-01-02T03:04:05Z"])),
    ]);
    let spec = object(vec![
        field("unschedulable", flag()),
        field("taints", list(taint)),
        field("podCIDR", word(&["10.0.0.0/24"])),
    ]);
    let with_pods = || {
        (amounts(), select(vec![json!("110"), json!(110), json!("0")])).prop_map(
            |(mut amounts, pods)| {
                amounts["pods"] = pods;
                amounts
            },
        )
    };
    let image = object(vec![
        field("names", list(word(&["nginx:1", "nginx:2"]))),
        field("sizeBytes", (0_i64..1 << 40).prop_map(Value::from)),
    ]);
    let status = object(vec![
        field("allocatable", with_pods()),
        field("capacity", with_pods()),
        field("conditions", list(condition())),
        field("images", list(image)),
    ]);
    object(vec![
        always("apiVersion", Just(json!("v1"))),
        always("kind", Just(json!("Node"))),
        always("metadata", metadata("node-1")),
        field("spec", spec),
        field("status", status),
    ])
}
