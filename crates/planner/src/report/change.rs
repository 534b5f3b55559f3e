//! A change with names.

use holdfast_cluster::change::{BudgetChange, CopiesOf, Edit, NewNode, Refused, StrategyChange};
use holdfast_cluster::{Change, Cluster, Symbol, WorkloadId};
use holdfast_proof::report::Object;
use serde::Serialize;

use crate::patch;

/// A change: workloads are `KIND/NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ChangeReport {
    /// A workload wants so many pods.
    Replicas {
        /// The workload.
        workload: String,
        /// How many it wants today.
        from: i64,
        /// How many it is to want.
        to: u32,
    },
    /// No two of its pods in one domain.
    Apart {
        /// The workload.
        workload: String,
        /// The node label whose values are the domains.
        topology_key: String,
    },
    /// What it prefers of anti-affinity is required.
    RequirePreferred {
        /// The workload.
        workload: String,
    },
    /// Its pods are spread evenly.
    Spread {
        /// The workload.
        workload: String,
        /// The node label whose values are the domains.
        topology_key: String,
        /// How many more than the emptiest domain one may hold.
        max_skew: u32,
        /// A node that would break it is filtered out.
        hard: bool,
    },
    /// It tolerates a taint.
    Tolerate {
        /// The workload.
        workload: String,
        /// The taint's key; absent for every key.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The taint's value, where it is compared.
        #[serde(skip_serializing_if = "String::is_empty")]
        value: String,
        /// The effect; absent for every effect.
        #[serde(skip_serializing_if = "Option::is_none")]
        effect: Option<&'static str>,
        /// For how long; absent for ever.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<i64>,
    },
    /// What its pods request.
    Requests {
        /// The workload.
        workload: String,
        /// Thousandths of a core.
        #[serde(skip_serializing_if = "Option::is_none")]
        cpu_milli: Option<i64>,
        /// Bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        memory: Option<i64>,
    },
    /// How important its pods are.
    Priority {
        /// The workload.
        workload: String,
        /// The priority class.
        class: String,
        /// Its value.
        value: i32,
    },
    /// A node label that its pods must find.
    NodeSelector {
        /// The workload.
        workload: String,
        /// The label's key.
        key: String,
        /// Its value; absent where it need not be found any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// How it rolls out.
    Strategy {
        /// The workload.
        workload: String,
        /// `Recreate`, `RollingUpdate` or `OnDelete`.
        strategy: &'static str,
        /// How many may be missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_unavailable: Option<u32>,
        /// How many may be added.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_surge: Option<u32>,
    },
    /// A disruption budget.
    Budget {
        /// Whose pods.
        workload: String,
        /// Its name.
        name: String,
        /// At least so many stay.
        #[serde(skip_serializing_if = "Option::is_none")]
        min_available: Option<u32>,
        /// At most so many are missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_unavailable: Option<u32>,
    },
    /// No such budget any more.
    NoBudget {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Another node.
    AddNode {
        /// Its name.
        node: String,
        /// The node it is like.
        like: String,
        /// Labels that it has besides.
        labels: Vec<String>,
    },
    /// A node less.
    RemoveNode {
        /// Its name.
        node: String,
    },
    /// A node takes no new pods, or does again.
    Cordon {
        /// Its name.
        node: String,
        /// It takes none.
        cordoned: bool,
    },
    /// A node has a taint.
    Taint {
        /// Its name.
        node: String,
        /// The taint, `KEY=VALUE:EFFECT`.
        taint: String,
    },
    /// A node has a taint no more.
    Untaint {
        /// Its name.
        node: String,
        /// The taint's key.
        key: String,
    },
    /// A node has a label, or has it no more.
    Label {
        /// Its name.
        node: String,
        /// The label's key.
        key: String,
        /// Its value; absent where it has none any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// So many copies of volumes.
    Copies {
        /// `longhorn`, `ceph-pool` or `storage-class`.
        of: &'static str,
        /// The name of the volume, the pool or the class.
        name: String,
        /// How many.
        replicas: u32,
    },
}

impl ChangeReport {
    /// A change with names.
    pub fn new(cluster: &Cluster, change: &Change) -> Self {
        let text = |symbol: Symbol| cluster.text(symbol).to_owned();
        match change {
            Change::Replicas { workload, replicas } => Self::Replicas {
                workload: name(cluster, *workload),
                from: cluster.workload(*workload).desired,
                to: *replicas,
            },
            Change::Template { workload, edit } => Self::edit(name(cluster, *workload), edit),
            Change::Strategy { workload, strategy } => {
                Self::strategy(name(cluster, *workload), *strategy)
            }
            Change::Budget { workload, name: called, rule } => {
                let (min_available, max_unavailable) = match rule {
                    BudgetChange::MinAvailable(count) => (Some(*count), None),
                    BudgetChange::MaxUnavailable(count) => (None, Some(*count)),
                };
                let (workload, name) = (name(cluster, *workload), called.clone());
                Self::Budget { workload, name, min_available, max_unavailable }
            }
            Change::NoBudget { namespace, name } => {
                Self::NoBudget { namespace: text(*namespace), name: text(*name) }
            }
            Change::AddNode(NewNode { name, like, labels }) => Self::AddNode {
                node: name.clone(),
                like: text(*like),
                labels: labels.iter().map(|(key, value)| format!("{key}={value}")).collect(),
            },
            Change::RemoveNode(node) => Self::RemoveNode { node: text(*node) },
            Change::Cordon { node, cordoned } => {
                Self::Cordon { node: text(*node), cordoned: *cordoned }
            }
            Change::Taint { node, key, value, effect } => {
                let effect = patch::effect_name(*effect);
                Self::Taint { node: text(*node), taint: format!("{key}={value}:{effect}") }
            }
            Change::Untaint { node, key, .. } => {
                Self::Untaint { node: text(*node), key: text(*key) }
            }
            Change::Label { node, key, value } => {
                Self::Label { node: text(*node), key: key.clone(), value: value.clone() }
            }
            Change::Copies { of, replicas } => {
                let (of, name) = match of {
                    CopiesOf::Longhorn(volume) => ("longhorn", *volume),
                    CopiesOf::CephPool(_, pool) => ("ceph-pool", *pool),
                    CopiesOf::Declared(class) => ("storage-class", *class),
                };
                Self::Copies { of, name: text(name), replicas: *replicas }
            }
        }
    }

    fn edit(workload: String, edit: &Edit) -> Self {
        match edit.clone() {
            Edit::Apart { topology_key } => Self::Apart { workload, topology_key },
            Edit::RequirePreferred => Self::RequirePreferred { workload },
            Edit::Spread { topology_key, max_skew, hard } => {
                Self::Spread { workload, topology_key, max_skew, hard }
            }
            Edit::Tolerate { key, value, effect, seconds, .. } => Self::Tolerate {
                workload,
                key,
                value,
                effect: effect.map(patch::effect_name),
                seconds,
            },
            Edit::Requests { cpu_milli, memory } => Self::Requests { workload, cpu_milli, memory },
            Edit::Priority { class, value, .. } => Self::Priority { workload, class, value },
            Edit::NodeSelector { key, value } => Self::NodeSelector { workload, key, value },
        }
    }

    fn strategy(workload: String, change: StrategyChange) -> Self {
        let (strategy, max_unavailable, max_surge) = match change {
            StrategyChange::Recreate => ("Recreate", None, None),
            StrategyChange::OnDelete => ("OnDelete", None, None),
            StrategyChange::RollingUpdate { max_unavailable, max_surge } => {
                ("RollingUpdate", Some(max_unavailable), Some(max_surge))
            }
        };
        Self::Strategy { workload, strategy, max_unavailable, max_surge }
    }
}

/// A workload as `KIND/NAMESPACE/NAME`.
pub(super) fn name(cluster: &Cluster, id: WorkloadId) -> String {
    key(&patch::object(cluster, id))
}

/// `KIND/NAMESPACE/NAME`.
pub(crate) fn key(object: &Object) -> String {
    format!("{}/{}/{}", object.kind, object.namespace, object.name)
}

/// Why a change cannot be made, or told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedReport {
    /// A stable word for it.
    pub reason: &'static str,
    /// The object it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

impl RefusedReport {
    /// A reason with names.
    pub fn new(cluster: &Cluster, why: Refused) -> Self {
        let of = |reason, id| Self { reason, about: Some(name(cluster, id)) };
        let node = |reason, name: Symbol| Self {
            reason,
            about: Some(format!("Node/{}", cluster.text(name))),
        };
        match why {
            Refused::NoScale(id) => of("no-scale", id),
            Refused::NoTemplate(id) => of("no-template", id),
            Refused::NotRead(id) => of("not-in-export", id),
            Refused::Surges(id) => of("surges", id),
            Refused::NoStrategy(id) => of("no-strategy", id),
            Refused::Differ(id) => of("pods-differ", id),
            Refused::SeveralContainers(id) => of("several-containers", id),
            Refused::NothingPreferred(id) => of("nothing-preferred", id),
            Refused::Unparsable(id) => of("unparsable", id),
            Refused::NoSelector(id) => of("no-selector", id),
            Refused::NoPods(id) => of("no-pods", id),
            Refused::PicksNodes(id) => of("picks-nodes", id),
            Refused::NoAmount(id) => of("no-amount", id),
            Refused::NoNode(name) => node("no-node", name),
            Refused::NodeExists(name) => node("node-exists", name),
            Refused::ControlPlane(name) => node("control-plane", name),
            Refused::NoSuchBudget(namespace, name) => Self {
                reason: "no-budget",
                about: Some(format!(
                    "PodDisruptionBudget/{}/{}",
                    cluster.text(namespace),
                    cluster.text(name)
                )),
            },
            Refused::NoSuchCopies => Self { reason: "no-copies", about: None },
        }
    }
}
