//! Taints, ports, images, gates and declared features.

use super::Feature;
use crate::shape::{Json, any_of, just, list, number, pick, record, record_or_absent, some};

const TAINTS: [&str; 6] = [
    "dedicated",
    "gpu",
    "CriticalAddonsOnly",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unschedulable",
    "node-role.kubernetes.io/control-plane",
];

const EFFECTS: [&str; 3] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];

/// Taints and tolerations, and nodes that are cordoned.
pub(super) fn taints() -> Feature {
    let taint = record(vec![
        ("key", pick(&TAINTS)),
        ("value", some(50, pick(&["a", "b", "1", "10"]))),
        ("effect", pick(&EFFECTS)),
    ]);
    let node = record(vec![
        ("taints", some(65, list(1..=3, taint))),
        ("unschedulable", some(12, just(true))),
    ]);
    let toleration = any_of(vec![
        (4, toleration(pick(&TAINTS), some(70, just("Equal")), some(60, pick(&["a", "b"])))),
        (4, toleration(pick(&TAINTS), just("Exists"), crate::shape::absent())),
        (1, toleration(crate::shape::absent(), just("Exists"), crate::shape::absent())),
        // Behind a gate that is off: such a toleration matches nothing.
        (1, toleration(pick(&TAINTS), pick(&["Lt", "Gt"]), pick(&["5", "1", "x"]))),
    ]);
    let pod = record(vec![("tolerations", some(70, list(1..=3, toleration)))]);
    Feature {
        node: Some(record(vec![("spec", node)])),
        pod: Some(record(vec![("spec", pod)])),
        ..Feature::NONE
    }
}

fn toleration(key: Json, operator: Json, value: Json) -> Json {
    record(vec![
        ("key", key),
        ("operator", operator),
        ("value", value),
        ("effect", some(60, pick(&EFFECTS))),
        ("tolerationSeconds", some(10, number(0..=600))),
    ])
}

/// Host ports on one address or all, and pods on the host's own network.
pub(super) fn ports() -> Feature {
    let port = record(vec![
        ("containerPort", pick(&[80, 443, 8_080])),
        ("hostPort", some(75, pick(&[80, 443, 8_080]))),
        ("protocol", some(50, pick(&["TCP", "UDP", "SCTP"]))),
        ("hostIP", some(40, pick(&["0.0.0.0", "127.0.0.1", "10.0.0.1", "::", ""]))),
    ]);
    let with_ports = || record(vec![("ports", some(80, list(1..=2, port.clone())))]);
    let init = crate::shape::layered(
        with_ports(),
        vec![record(vec![("restartPolicy", some(50, just("Always")))])],
    );
    let pod = record(vec![
        ("containers", list(1..=2, with_ports())),
        ("initContainers", some(20, list(1..=2, init))),
        ("hostNetwork", some(20, just(true))),
    ]);
    Feature { pod: Some(record(vec![("spec", pod)])), ..Feature::NONE }
}

/// Images that nodes have and containers want.
pub(super) fn images() -> Feature {
    let names = |number: u32| -> Json {
        let tag = format!("reg/img{number}:v1");
        let digest = format!("reg/img{number}@sha256:{number}");
        any_of(vec![
            (3, just(vec![tag.clone()])),
            (1, just(vec![digest, tag])),
            (1, just(vec![format!("docker.io/library/img{number}:latest")])),
        ])
    };
    let image = |number| {
        let sizes = [5_000_000_i64, 30_000_000, 300_000_000, 999_999_999, 2_500_000_000, 0];
        record(vec![("names", names(number)), ("sizeBytes", pick(&sizes))])
    };
    let on_node = crate::shape::sequence((0..5).map(|n| some(45, image(n))).collect());
    let wanted = any_of(vec![
        (6, crate::shape::numbered("reg/img", 0..=4).prop_map_suffix(":v1")),
        (1, crate::shape::numbered("reg/img", 0..=4)),
        (1, pick(&["docker.io/library/img1", "docker.io/library/img1:latest", "other"])),
        (1, pick(&["reg/img1@sha256:1", "reg:5000/img1", "REG/img1:v1"])),
    ]);
    let container = || record(vec![("image", wanted.clone())]);
    let pod = record(vec![
        ("containers", list(1..=3, container())),
        ("initContainers", some(30, list(1..=2, container()))),
    ]);
    Feature {
        node: Some(record(vec![("status", record(vec![("images", on_node)]))])),
        pod: Some(record(vec![("spec", pod)])),
        ..Feature::NONE
    }
}

/// Adds an ending to texts.
trait PropMapSuffix {
    fn prop_map_suffix(self, suffix: &'static str) -> Json;
}

impl PropMapSuffix for Json {
    fn prop_map_suffix(self, suffix: &'static str) -> Json {
        use proptest::strategy::Strategy;
        self.prop_map(move |text| format!("{}{suffix}", text.as_str().unwrap_or_default()).into())
            .boxed()
    }
}

/// Pods that are not for this scheduler, or not yet, or no longer.
pub(super) fn gates() -> Feature {
    let gate = record(vec![("name", pick(&["example.com/wait", "example.com/quota"]))]);
    let spec = record(vec![
        ("schedulingGates", some(35, list(1..=2, gate))),
        ("schedulerName", some(15, pick(&["default-scheduler", "other"]))),
        ("priority", some(50, number(-2..=3))),
    ]);
    let metadata = record(vec![("deletionTimestamp", some(10, just("2026-01-02T00:00:00Z")))]);
    let status = record(vec![("phase", some(25, pick(&["Pending", "Succeeded", "Failed"])))]);
    let pending = record(vec![("metadata", metadata.clone()), ("spec", spec), ("status", status)]);
    let phases = pick(&["Running", "Succeeded", "Failed", "Unknown", "Pending"]);
    let status = record_or_absent(vec![("phase", some(60, phases))]);
    let bound = record(vec![("metadata", metadata), ("status", status)]);
    Feature { bound: Some(bound), pending: Some(pending), ..Feature::NONE }
}

/// Features that nodes declare and pods need.
pub(super) fn declared_features() -> Feature {
    let declared = list(
        0..=3,
        pick(&[
            "RestartAllContainersOnContainerExits",
            "UserNamespacesHostNetworkSupport",
            "GuaranteedQoSPodCPUResize",
            "Unheard",
        ]),
    );
    let codes = record(vec![("operator", just("In")), ("values", list(1..=1, number(1..=9)))]);
    let rule =
        record(vec![("action", pick(&["RestartAllContainers", "Restart"])), ("exitCodes", codes)]);
    let container = || {
        record(vec![
            ("restartPolicy", some(30, just("Never"))),
            ("restartPolicyRules", some(40, list(1..=2, rule.clone()))),
        ])
    };
    let pod = record(vec![
        ("hostNetwork", some(45, just(true))),
        ("hostUsers", some(60, pick(&[false, false, true]))),
        ("containers", list(1..=2, container())),
        ("initContainers", some(25, list(1..=1, container()))),
    ]);
    Feature {
        node: Some(record(vec![("status", record(vec![("declaredFeatures", declared)]))])),
        pod: Some(record(vec![("spec", pod)])),
        ..Feature::NONE
    }
}
