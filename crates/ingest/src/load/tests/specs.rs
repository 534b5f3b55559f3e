//! What a pod asks for.

use holdfast_cluster::pod::{HostPort, Protocol, Unmodelled};
use holdfast_cluster::selector::{LabelSelector, Operator};
use holdfast_cluster::spread::InclusionPolicy;
use holdfast_cluster::volume::PodVolume;

use super::{loaded, node, pod, rules, spec};
use crate::{Loaded, Rule};

/// A cluster of one node and one pod `p` of this spec and status.
fn with_pod(labels: &str, spec: &str, status: &str) -> Loaded {
    loaded(&format!(
        r#"{}{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"n",
        "labels":{labels}}},
        "spec":{{{spec}}},"status":{{{status}}}}}"#,
        node("a")
    ))
}

#[test]
fn requests_follow_limits() {
    let loaded = with_pod(
        "{}",
        r#""containers":[{"name":"c","resources":{"limits":{"cpu":"1","x.com/gpu":2},
        "requests":{"memory":"1Gi"}}}]"#,
        "",
    );
    let requests = &spec(&loaded.cluster, "p").requests;
    assert_eq!((requests.cpu_milli, requests.memory), (1000, 1 << 30));
    assert_eq!(requests.scalar(loaded.cluster.find("x.com/gpu").unwrap()), 2);
}

#[test]
fn init_containers_sidecars_and_overhead_add_up_in_order() {
    let ask = |name: &str, cpu: &str, more: &str| {
        format!(r#"{{"name":"{name}",{more}"resources":{{"requests":{{"cpu":"{cpu}"}}}}}}"#)
    };
    let spec_text = format!(
        r#""overhead":{{"cpu":"50m"}},"containers":[{},{}],"initContainers":[{},{},{}]"#,
        ask("c", "100m", ""),
        ask("d", "100m", ""),
        ask("first", "700m", ""),
        ask("side", "300m", r#""restartPolicy":"Always","#),
        ask("second", "600m", ""),
    );
    let loaded = with_pod("{}", &spec_text, "");
    // The second init container runs beside the sidecar: 600 + 300 is the peak; then the overhead.
    assert_eq!(spec(&loaded.cluster, "p").requests.cpu_milli, 950);
}

#[test]
fn pods_that_ask_for_nothing_score_a_little() {
    let loaded = with_pod(
        "{}",
        r#""containers":[{"name":"c"},{"name":"d","resources":{"requests":{"cpu":"0"}}}]"#,
        "",
    );
    let spec = spec(&loaded.cluster, "p");
    assert_eq!((spec.requests.cpu_milli, spec.requests.memory), (0, 0));
    assert_eq!(spec.scored_requests.cpu_milli, 100, "an explicit zero stays zero");
    assert_eq!(spec.scored_requests.memory, 400 * 1024 * 1024);
}

#[test]
fn pod_level_resources_prevail() {
    let loaded = with_pod(
        "{}",
        r#""resources":{"limits":{"cpu":"2","memory":"1Gi"}},"containers":[{"name":"c","resources":
        {"requests":{"cpu":"300m","x.com/gpu":"1"}}}]"#,
        "",
    );
    let spec = spec(&loaded.cluster, "p");
    // CPU from the containers, memory from the pod's limit; devices stay the containers' own.
    assert_eq!((spec.requests.cpu_milli, spec.requests.memory), (300, 1 << 30));
    assert_eq!(spec.requests.scalars.len(), 1);
    assert_eq!((spec.scored_requests.cpu_milli, spec.scored_requests.memory), (300, 1 << 30));
}

#[test]
fn a_resize_under_way_counts_the_most() {
    let status = |reason: &str| {
        format!(
            r#""conditions":[{{"type":"PodResizePending","status":"True","reason":"{reason}"}}],
            "containerStatuses":[{{"name":"c","resources":{{"requests":{{"cpu":"800m"}}}},
            "allocatedResources":{{"cpu":"500m"}}}}]"#
        )
    };
    let spec_text = r#""containers":[{"name":"c","resources":{"requests":{"cpu":"900m"}}}]"#;
    for (reason, cpu) in [("Deferred", 900), ("Infeasible", 800)] {
        let loaded = with_pod("{}", spec_text, &status(reason));
        let cluster = &loaded.cluster;
        assert_eq!(spec(cluster, "p").requests.cpu_milli, cpu, "{reason}");
        let replacement = cluster.spec_of(pod(cluster, "p").replacement);
        assert_eq!(replacement.requests.cpu_milli, 900, "a new pod starts from the spec");
    }
}

#[test]
fn host_network_makes_ports_host_ports() {
    let loaded = with_pod(
        "{}",
        r#""hostNetwork":true,"containers":[{"name":"c","ports":[{"containerPort":80},
        {"containerPort":53,"hostPort":53,"protocol":"UDP","hostIP":"127.0.0.1"}]}]"#,
        "",
    );
    let cluster = &loaded.cluster;
    let any = cluster.known().any_address;
    let local = cluster.find("127.0.0.1").unwrap();
    let expected = [
        HostPort { ip: any, protocol: Protocol::Tcp, port: 80 },
        HostPort { ip: local, protocol: Protocol::Udp, port: 53 },
    ];
    assert_eq!(*spec(cluster, "p").host_ports, expected);
}

#[test]
fn label_keys_are_merged_once() {
    let term = |selector: &str| {
        format!(
            r#""affinity":{{"podAntiAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{
            "labelSelector":{selector},"topologyKey":"h","matchLabelKeys":["hash"],
            "mismatchLabelKeys":["tenant"]}}]}}}}"#
        )
    };
    let raw = term(r#"{"matchLabels":{"app":"x"}}"#);
    let merged = term(
        r#"{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"hash","operator":"In",
        "values":["1"]},
        {"key":"tenant","operator":"NotIn","values":["t"]}]}"#,
    );
    let mut selectors = Vec::new();
    for text in [raw, merged] {
        let loaded = with_pod(r#"{"app":"x","hash":"1","tenant":"t"}"#, &text, "");
        let term = &spec(&loaded.cluster, "p").pod_anti_affinity.required[0];
        let LabelSelector::All(requirements) = &term.selector else { panic!("a selector") };
        let operators: Vec<&str> = requirements
            .iter()
            .map(|requirement| match requirement.operator {
                Operator::In(_) => "in",
                Operator::NotIn(_) => "not in",
                _ => "other",
            })
            .collect();
        selectors.push(operators);
    }
    assert_eq!(selectors[0], ["in", "in", "not in"]);
    assert_eq!(selectors[0], selectors[1]);
}

/// Only keys of `matchLabelKeys` may not be named by the selector itself.
#[test]
fn label_keys_are_merged_beside_what_the_selector_says() {
    let requirements = |selector: &str, keys: &str| {
        let text = format!(
            r#""affinity":{{"podAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{
            "labelSelector":{selector},"topologyKey":"h",{keys}}}]}}}}"#
        );
        let loaded = with_pod(r#"{"tenant":"t"}"#, &text, "");
        let term = &spec(&loaded.cluster, "p").pod_affinity.required[0];
        let LabelSelector::All(requirements) = &term.selector else { panic!("a selector") };
        requirements.len()
    };
    let own = r#"{"matchExpressions":[{"key":"tenant","operator":"NotIn","values":["u"]}]}"#;
    assert_eq!(requirements(own, r#""mismatchLabelKeys":["tenant"]"#), 2);
    let merged = r#"{"matchExpressions":[{"key":"tenant","operator":"NotIn","values":["t"]}]}"#;
    assert_eq!(requirements(merged, r#""mismatchLabelKeys":["tenant"]"#), 1);
    let before = r#"{"matchExpressions":[{"key":"tenant","operator":"In","values":["u"]}]}"#;
    assert_eq!(requirements(before, r#""matchLabelKeys":["tenant"]"#), 1);
    assert_eq!(requirements("{}", r#""matchLabelKeys":["tenant"]"#), 1);
}

/// Nothing is proved with a pod whose scheduling may fail.
#[test]
fn a_preference_that_does_not_parse_is_said_and_not_proved_with() {
    let preferring = |weight: u32| {
        format!(
            r#""affinity":{{"nodeAffinity":{{"preferredDuringSchedulingIgnoredDuringExecution":[{{
            "weight":{weight},"preference":{{"matchExpressions":[{{"key":"g","operator":"Gt",
            "values":["x"]}}]}}}}]}}}}"#
        )
    };
    let loaded = with_pod("{}", &preferring(1), "");
    assert_eq!(rules(&loaded), [Rule::BadSelector]);
    let spec_of = spec(&loaded.cluster, "p");
    assert_eq!(*spec_of.unmodelled, [Unmodelled::UnparsableNodePreference]);
    // Upstream does not read terms without weight.
    let loaded = with_pod("{}", &preferring(0), "");
    assert!(spec(&loaded.cluster, "p").unmodelled.is_empty());
}

#[test]
fn spread_constraints_have_their_defaults() {
    let loaded = with_pod(
        r#"{"app":"x","hash":"1"}"#,
        r#""topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone",
        "whenUnsatisfiable":"DoNotSchedule",
        "labelSelector":{"matchLabels":{"app":"x"}},"matchLabelKeys":["hash","absent"]},
        {"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule",
        "matchLabelKeys":["hash"]}]"#,
        "",
    );
    let spread = &spec(&loaded.cluster, "p").spread;
    assert_eq!(spread[0].node_affinity_policy, InclusionPolicy::Honor);
    assert_eq!(spread[0].node_taints_policy, InclusionPolicy::Ignore);
    assert_eq!(spread[0].min_domains, None);
    assert!(matches!(&spread[0].selector, LabelSelector::All(all) if all.len() == 2));
    assert_eq!(spread[1].selector, LabelSelector::Nothing, "no selector stays no selector");
}

#[test]
fn priorities_come_from_classes() {
    let text = |name: &str, spec: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{{spec}}}}}
            "#
        )
    };
    let loaded = loaded(
        &[
            node("a"),
            text("given", r#""priority":5,"priorityClassName":"low""#),
            text("named", r#""priorityClassName":"low""#),
            text("system", r#""priorityClassName":"system-node-critical""#),
            text("default", ""),
            text("lost", r#""priorityClassName":"gone""#),
            r#"{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass",
            "metadata":{"name":"low"},
            "value":-7,"preemptionPolicy":"Never"}
            {"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","metadata":{"name":"usual"},
            "value":3,"globalDefault":true}"#
                .to_owned(),
        ]
        .concat(),
    );
    let cluster = &loaded.cluster;
    let priority = |name| spec(cluster, name).priority;
    assert_eq!(priority("given"), 5, "admission has been here");
    assert_eq!((priority("named"), spec(cluster, "named").preempts), (-7, false));
    assert_eq!(priority("system"), 2_000_001_000);
    assert_eq!(priority("default"), 3);
    assert_eq!(priority("lost"), 0);
    assert_eq!(rules(&loaded), [Rule::UnknownPriorityClass]);
}

#[test]
fn runtime_classes_add_their_overhead_once() {
    let class = r#"{"apiVersion":"node.k8s.io/v1","kind":"RuntimeClass","metadata":{"name":"kata"},
        "handler":"kata","overhead":{"podFixed":{"cpu":"250m"}},
        "scheduling":{"nodeSelector":{"k":"v"}}}"#;
    let pod = |name: &str, overhead: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{
            "runtimeClassName":"kata",{overhead}"containers":[{{"name":"c"}}]}}}}"#
        )
    };
    let text =
        [node("a"), class.to_owned(), pod("raw", ""), pod("live", r#""overhead":{"cpu":"250m"},"#)];
    let loaded = loaded(&text.concat());
    for name in ["raw", "live"] {
        assert_eq!(spec(&loaded.cluster, name).requests.cpu_milli, 250, "{name}");
    }
    assert_eq!(spec(&loaded.cluster, "raw").node_selector.len(), 1);
}

#[test]
fn ephemeral_claims_carry_the_pods_name() {
    let loaded = with_pod("{}", r#""volumes":[{"name":"v","ephemeral":{}}]"#, "");
    let cluster = &loaded.cluster;
    let name = cluster.find("p-v").unwrap();
    let own = PodVolume::Claim { name, read_only: false, ephemeral: true };
    assert_eq!(*spec(cluster, "p").volumes, [own]);
    let replacement = cluster.spec_of(pod(cluster, "p").replacement);
    let volume = cluster.find("v").unwrap();
    assert_eq!(*replacement.volumes, [PodVolume::Ephemeral { volume }]);
}

#[test]
fn nulls_are_nothing() {
    let loaded = with_pod(
        "null",
        r#""containers":[{"name":"c","ports":null,"resources":null}],"initContainers":null,
        "affinity":null,"tolerations":null,"volumes":null,"nodeSelector":null,"nodeName":null,
        "overhead":null,"topologySpreadConstraints":null,"priority":null,"hostNetwork":null"#,
        r#""conditions":null,"containerStatuses":null,"phase":null"#,
    );
    assert_eq!(rules(&loaded), []);
    assert_eq!(loaded.cluster.pods().len(), 1);
}

#[test]
fn pods_that_differ_in_names_alone_share_what_they_ask_for() {
    let daemon = |name: &str, node: &str, token: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}",
            "labels":{{"app":"x"}}}},"spec":{{
            "nodeName":"{node}","hostname":"{name}","affinity":{{"nodeAffinity":{{
            "requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":
            [{{"matchFields":[{{
            "key":"metadata.name","operator":"In","values":["{node}"]}}]}}]}}}}}},
            "containers":[{{"name":"c",
            "volumeMounts":[{{"name":"kube-api-access-{token}"}}],
            "resources":{{"requests":{{"cpu":"1"}}}}}}],
            "volumes":[{{"name":"kube-api-access-{token}","projected":{{}}}}]}}}}"#
        )
    };
    let text = [
        node("a"),
        node("b"),
        daemon("p", "a", "aaaaa"),
        daemon("q", "b", "bbbbb"),
        daemon("r", "a", "ccccc"),
    ];
    let loaded = loaded(&text.concat());
    let cluster = &loaded.cluster;
    assert_eq!(pod(cluster, "p").class, pod(cluster, "r").class);
    for (name, own) in [("p", "a"), ("q", "b"), ("r", "a")] {
        let spec = spec(cluster, name);
        assert_eq!(spec.requests.cpu_milli, 1000);
        let required = spec.node_affinity.required.as_ref().unwrap();
        let on = |node: &str| {
            let name = cluster.find(node).unwrap();
            required.matches(name, &holdfast_cluster::Labels::default(), cluster.symbols())
        };
        assert_eq!((on("a"), on("b")), (own == "a", own == "b"), "{name}");
    }
}

#[test]
fn a_type_error_deep_in_a_spec_has_its_place() {
    let loaded = loaded(&format!(
        "{}\n{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\
         \"metadata\":{{\"name\":\"p\"}},\n\"spec\":{{\n\"tolerations\":7}}}}",
        node("a")
    ));
    assert_eq!(rules(&loaded), [Rule::WrongType]);
    let told = &loaded.diagnostics[0];
    assert_eq!(told.object.as_ref().unwrap().name, "p");
    assert_eq!(told.place.as_ref().unwrap().line, 5, "{told:?}");
}
