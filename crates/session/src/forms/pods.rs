//! What is to be another about a workload and its pods.

use holdfast_cluster::{Cluster, PodSpec, Symbol, WorkloadId};
use holdfast_planner::patch;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{manifests, set};
use crate::changes::Change;
use crate::events;
use crate::failure::Failure;

/// What is to be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Edit {
    /// How many pods are wanted.
    Replicas(u32),
    /// What one of its containers asks for.
    Request {
        /// The container, counted from zero.
        container: u32,
        /// Of what.
        resource: Resource,
        /// As Kubernetes writes it.
        amount: String,
    },
    /// Its pods keep away from each other within values of a label of nodes.
    Apart {
        /// The label.
        key: String,
        /// Or else preferred.
        required: bool,
    },
    /// Its pods are spread over values of a label of nodes.
    Spread {
        /// The label.
        key: String,
        /// How uneven it may be.
        max_skew: u32,
        /// Or else as well as can be.
        strict: bool,
    },
    /// Its pods tolerate a taint.
    Tolerate {
        /// Its key.
        key: String,
        /// Its value; any where there is none.
        value: Option<String>,
        /// Its effect; any where there is none.
        effect: Option<String>,
    },
    /// So many seconds its pods stay on a node that is not heard.
    Outlast(u32),
    /// Its pods are of a priority class.
    Priority(String),
    /// How many of its pods may be evicted.
    Budget {
        /// What is said.
        rule: Rule,
        /// How many, or which share: `1`, `50%`.
        amount: String,
    },
}

/// What a pod asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
}

/// What a disruption budget says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// So many stay.
    MinAvailable,
    /// So many may be missing.
    MaxUnavailable,
}

/// Where the pods of a template are told what they are.
const POD: &str = "spec.template.spec";

impl Edit {
    /// The change of a workload that it is.
    pub(super) fn change(&self, cluster: &Cluster, workload: &str) -> Result<Change, Failure> {
        let id = events::workload(cluster, workload, workload)?;
        let pod = |field: &str, value: &Value| set(workload, &format!("{POD}.{field}"), value);
        let own = Own::of(cluster, id);
        let own = own.as_ref();
        Ok(match self {
            Self::Replicas(count) => set(workload, "replicas", &json!(count)),
            Self::Request { container, resource, amount } => {
                let resource = match resource {
                    Resource::Cpu => "cpu",
                    Resource::Memory => "memory",
                };
                let field = format!("containers[{container}].resources.requests.{resource}");
                pod(&field, &json!(amount))
            }
            Self::Apart { key, required } => {
                let selector = patch::selector(cluster, &cluster.workload(id).selector);
                let term = json!({ "labelSelector": selector, "topologyKey": key });
                let rules = "affinity.podAntiAffinity";
                if *required {
                    let terms =
                        besides(own.map_or_else(Vec::new, Own::terms), "topologyKey", &term);
                    let field = "requiredDuringSchedulingIgnoredDuringExecution";
                    pod(&format!("{rules}.{field}"), &json!(terms))
                } else {
                    let field = "preferredDuringSchedulingIgnoredDuringExecution";
                    let term = json!([{ "weight": 100, "podAffinityTerm": term }]);
                    pod(&format!("{rules}.{field}"), &term)
                }
            }
            Self::Spread { key, max_skew, strict } => {
                let selector = patch::selector(cluster, &cluster.workload(id).selector);
                let when = if *strict { "DoNotSchedule" } else { "ScheduleAnyway" };
                let one = json!({
                    "labelSelector": selector,
                    "maxSkew": max_skew,
                    "topologyKey": key,
                    "whenUnsatisfiable": when,
                });
                let all = besides(own.map_or_else(Vec::new, Own::spread), "topologyKey", &one);
                pod("topologySpreadConstraints", &json!(all))
            }
            Self::Tolerate { key, value, effect } => {
                let one = toleration(key, value.as_deref(), effect.as_deref());
                pod(
                    "tolerations",
                    &json!(besides(own.map_or_else(Vec::new, Own::tolerations), "key", &one)),
                )
            }
            Self::Outlast(seconds) => {
                let lifecycle = ["not-ready", "unreachable"].map(|what| {
                    let key = format!("node.kubernetes.io/{what}");
                    let mut one = toleration(&key, None, Some("NoExecute"));
                    one["tolerationSeconds"] = json!(seconds);
                    one
                });
                let all = lifecycle
                    .into_iter()
                    .fold(own.map_or_else(Vec::new, Own::tolerations), |all, one| {
                        besides(all, "key", &one)
                    });
                pod("tolerations", &json!(all))
            }
            Self::Priority(class) => pod("priorityClassName", &json!(class)),
            Self::Budget { rule, amount } => budget(cluster, id, *rule, amount),
        })
    }
}

/// A list and one more, in the place of those that are told apart from it by nothing.
fn besides(all: Vec<Value>, key: &str, one: &Value) -> Vec<Value> {
    let others = all.into_iter().filter(|other| other[key] != one[key]);
    others.chain([one.clone()]).collect()
}

fn toleration(key: &str, value: Option<&str>, effect: Option<&str>) -> Value {
    let mut one = match value {
        Some(value) => json!({ "key": key, "operator": "Equal", "value": value }),
        None => json!({ "key": key, "operator": "Exists" }),
    };
    if let Some(effect) = effect {
        one["effect"] = json!(effect);
    }
    one
}

/// What the pods of a workload ask for today.
struct Own<'c> {
    cluster: &'c Cluster,
    namespace: Symbol,
    spec: &'c PodSpec,
}

impl<'c> Own<'c> {
    fn of(cluster: &'c Cluster, id: WorkloadId) -> Option<Self> {
        let class = cluster.workload(id).template?;
        let namespace = cluster.class(class).namespace;
        Some(Self { cluster, namespace, spec: cluster.spec_of(class) })
    }

    fn terms(&self) -> Vec<Value> {
        let terms = self.spec.pod_anti_affinity.required.iter();
        terms.map(|term| patch::term(self.cluster, self.namespace, term)).collect()
    }

    fn spread(&self) -> Vec<Value> {
        self.spec.spread.iter().map(|one| patch::spread(self.cluster, one)).collect()
    }

    fn tolerations(&self) -> Vec<Value> {
        let all = patch::tolerations(self.cluster, self.spec, false);
        all.as_array().cloned().unwrap_or_default()
    }
}

/// A disruption budget: the one that there is for the same pods, else another.
fn budget(cluster: &Cluster, id: WorkloadId, rule: Rule, amount: &str) -> Change {
    let workload = cluster.workload(id);
    let (namespace, name) = (cluster.text(workload.namespace), cluster.text(workload.name));
    let field = match rule {
        Rule::MinAvailable => "minAvailable",
        Rule::MaxUnavailable => "maxUnavailable",
    };
    let amount = serde_json::from_str(amount).unwrap_or_else(|_| json!(amount));
    let selector = patch::selector(cluster, &workload.selector);
    let mut spec = json!({ "selector": selector, field: amount });
    let same = |one: &&holdfast_cluster::budget::Budget| {
        one.namespace == workload.namespace && one.selector == workload.selector
    };
    if let Some(known) = cluster.objects().budgets.iter().find(same) {
        if known.evict_unhealthy {
            spec["unhealthyPodEvictionPolicy"] = json!("AlwaysAllow");
        }
        let object = format!("poddisruptionbudget/{namespace}/{}", cluster.text(known.name));
        return set(&object, "spec", &spec);
    }
    let budget = json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": { "name": name, "namespace": namespace },
        "spec": spec,
    });
    manifests(format!("{name}-budget.json"), &[budget])
}
