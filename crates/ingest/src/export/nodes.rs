//! Nodes as they stand, and what budgets allow.

use holdfast_cluster::node::Readiness;
use holdfast_cluster::taint::{self, Effect, Taint};
use holdfast_cluster::{Cluster, NodeId};
use serde_json::{Value, json};

use super::{Condition, Object, Writer, object_in, set_condition};

/// Conditions that the lifecycle controller no longer believes of a silent node
/// (`tryUpdateNodeHealth`, `pkg/controller/nodelifecycle/node_lifecycle_controller.go`, v1.36.3).
const BELIEVED: [&str; 4] = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"];

impl Writer<'_> {
    /// A node, unless it is gone.
    pub(super) fn node(&self, id: NodeId, raw: &Object) -> Option<Object> {
        let usage = self.end.placement.node(id);
        let node = self.cluster.node(id);
        if !usage.exists {
            return None;
        }
        let mut object = raw.clone();
        if usage.unschedulable != node.unschedulable {
            let spec = object_in(&mut object, "spec");
            if usage.unschedulable {
                spec.insert("unschedulable".into(), true.into());
            } else {
                spec.remove("unschedulable");
            }
        }
        let standing: Vec<Taint> = taint::standing(self.cluster.known(), node, usage).collect();
        if standing[..] != node.taints[..] {
            self.taint(object_in(&mut object, "spec"), &standing);
        }
        self.readiness(id, &mut object);
        Some(object)
    }

    /// Writes taints; those that were there before stay as they were.
    fn taint(&self, spec: &mut Object, standing: &[Taint]) {
        let before = spec.remove("taints");
        let before = before.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let taints: Vec<Value> = standing
            .iter()
            .map(|taint| {
                let known = before.iter().find(|known| is(self.cluster, taint, known));
                known.cloned().unwrap_or_else(|| self.new_taint(taint))
            })
            .collect();
        if !taints.is_empty() {
            spec.insert("taints".into(), taints.into());
        }
    }

    fn new_taint(&self, taint: &Taint) -> Value {
        let mut written = json!({
            "key": self.cluster.text(taint.key),
            "effect": effect(taint.effect),
        });
        let value = self.cluster.text(taint.value);
        if !value.is_empty() {
            written["value"] = value.into();
        }
        if taint.effect == Effect::NoExecute {
            written["timeAdded"] = self.clock.at(self.end.seconds).into();
        }
        written
    }

    fn readiness(&self, id: NodeId, object: &mut Object) {
        let usage = self.end.placement.node(id);
        let wanted = match (usage.reachable, usage.healthy) {
            (false, _) => Readiness::Unknown,
            (true, true) => Readiness::Ready,
            (true, false) => Readiness::NotReady,
        };
        let was = self.cluster.node(id).readiness;
        if was == wanted || was.serves() && wanted.serves() {
            return;
        }
        let now = self.clock.at(self.end.seconds);
        let status = object_in(object, "status");
        let conditions = status.get("conditions").and_then(Value::as_array);
        let told = |kind: &str| {
            kind == "Ready"
                || conditions.is_some_and(|all| all.iter().any(|known| known["type"] == kind))
        };
        let told: Vec<&str> = BELIEVED.into_iter().filter(|kind| told(kind)).collect();
        for kind in told {
            let says = match wanted {
                Readiness::Unknown => Condition {
                    status: "Unknown",
                    reason: "NodeStatusUnknown",
                    message: "Kubelet stopped posting node status.",
                },
                _ if kind != "Ready" => Condition { status: "False", ..Condition::TRUE },
                Readiness::NotReady => {
                    Condition { status: "False", reason: "KubeletNotReady", message: "" }
                }
                Readiness::Ready | Readiness::Unstated => Condition {
                    status: "True",
                    reason: "KubeletReady",
                    message: "kubelet is posting ready status",
                },
            };
            set_condition(status, kind, &says, &now);
        }
    }

    /// A budget with its status.
    pub(super) fn budget(&self, at: usize, raw: &Object) -> Object {
        let stands = &self.end.budgets[at];
        let mut object = raw.clone();
        let status = object_in(&mut object, "status");
        status.insert("disruptionsAllowed".into(), stands.allowed.into());
        if let Some(expected) = stands.expected {
            status.insert("currentHealthy".into(), stands.healthy.into());
            status.insert("desiredHealthy".into(), stands.needed.into());
            status.insert("expectedPods".into(), expected.into());
        }
        object
    }
}

fn is(cluster: &Cluster, taint: &Taint, known: &Value) -> bool {
    let text = |field: &str| known[field].as_str().unwrap_or_default();
    text("key") == cluster.text(taint.key)
        && text("value") == cluster.text(taint.value)
        && text("effect") == effect(taint.effect)
}

pub(super) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::NoSchedule => "NoSchedule",
        Effect::PreferNoSchedule => "PreferNoSchedule",
        Effect::NoExecute => "NoExecute",
    }
}
