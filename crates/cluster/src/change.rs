//! What if: changes as data, and the cluster that stands once they are applied.
//!
//! A cluster never changes, so a change makes another, in which every workload and every pod keeps
//! its id ([`Cluster::changed`]). It stands as the API server and the controllers leave it at once:
//! pods that are missing have been made and wait for a node; a Deployment whose template changed
//! has its next ReplicaSet, which wants no pods yet; the pods that a StatefulSet or DaemonSet is to
//! replace are marked. Everything that takes time is left to be followed like any other rollout
//! that is under way in an export, in every order: a claim about the changed cluster speaks of
//! every state in which the rollout may end, one in which it is stuck included.
//!
//! An edit of a template is made to what the pods ask for today, with all that admission added, and
//! not to the bare template. What cannot be told is refused by name ([`Refused`]).

mod anew;
mod begun;
mod edit;
mod nodes;
mod pods;
mod seats;
mod settings;
mod shapes;

use std::collections::BTreeMap;

use crate::budget::{Amount, BudgetRule};
use crate::cluster::Builder;
use crate::selector::LabelSelector;
use crate::taint::{Effect, TolerationOperator};
use crate::workload::Strategy;
use crate::{Cluster, Symbol, WorkloadId};

pub use shapes::{Amounts, Shape, Shaped};

/// A change that somebody may make to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A workload wants so many pods.
    Replicas {
        /// The workload.
        workload: WorkloadId,
        /// How many.
        replicas: u32,
    },
    /// The template of a workload is edited, which begins a rollout.
    Template {
        /// The workload.
        workload: WorkloadId,
        /// What becomes of it.
        edit: Edit,
    },
    /// A workload rolls out another way.
    Strategy {
        /// The workload.
        workload: WorkloadId,
        /// How.
        strategy: StrategyChange,
    },
    /// There is a disruption budget for a workload's pods, whatever one of that name said before.
    Budget {
        /// Whose pods.
        workload: WorkloadId,
        /// The name of the budget.
        name: String,
        /// What it asks.
        rule: BudgetChange,
    },
    /// A disruption budget is gone.
    NoBudget {
        /// Its namespace.
        namespace: Symbol,
        /// Its name.
        name: Symbol,
    },
    /// There is another node.
    AddNode(NewNode),
    /// A node is taken away, with whatever ran there.
    RemoveNode(Symbol),
    /// A node takes no new pods, or does again.
    Cordon {
        /// Its name.
        node: Symbol,
        /// Whether it takes none.
        cordoned: bool,
    },
    /// A node has a taint.
    Taint {
        /// Its name.
        node: Symbol,
        /// The taint's key.
        key: String,
        /// The taint's value.
        value: String,
        /// What it does.
        effect: Effect,
    },
    /// A node has no taint of this key any more.
    Untaint {
        /// Its name.
        node: Symbol,
        /// The taint's key.
        key: Symbol,
        /// The one effect that goes; `None` is all of them.
        effect: Option<Effect>,
    },
    /// A node has a label, or has it no more.
    Label {
        /// Its name.
        node: Symbol,
        /// The label's key.
        key: String,
        /// Its value; `None` takes it off.
        value: Option<String>,
    },
    /// There are so many copies of volumes.
    Copies {
        /// Which volumes.
        of: CopiesOf,
        /// How many.
        replicas: u32,
    },
}

/// What becomes of the template of a workload's pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    /// No two of its pods in one domain of this node label: required anti-affinity to its own
    /// labels.
    Apart {
        /// The node label.
        topology_key: String,
    },
    /// What its preferred anti-affinity wishes is required.
    RequirePreferred,
    /// Its pods are spread evenly over the values of a node label.
    Spread {
        /// The node label.
        topology_key: String,
        /// How many more than the emptiest domain one may hold.
        max_skew: u32,
        /// Whether a node that would break it is filtered out.
        hard: bool,
    },
    /// It tolerates a taint, however long one of the same key and effect was tolerated before.
    Tolerate {
        /// The taint's key; `None` is every key.
        key: Option<String>,
        /// How values compare.
        operator: ValueOperator,
        /// The value to compare with.
        value: String,
        /// The effect; `None` is every effect.
        effect: Option<Effect>,
        /// For how long, in seconds; `None` is for ever.
        seconds: Option<i64>,
    },
    /// What it requests in all; only of pods with one container.
    Requests {
        /// Thousandths of a core.
        cpu_milli: Option<i64>,
        /// Bytes.
        memory: Option<i64>,
    },
    /// How important it is.
    Priority {
        /// The name of its priority class.
        class: String,
        /// The value of that class.
        value: i32,
        /// Whether it may evict others.
        preempts: bool,
    },
    /// A node label that it must find, or need not find any more.
    NodeSelector {
        /// The label's key.
        key: String,
        /// Its value; `None` asks for none.
        value: Option<String>,
    },
}

/// How a toleration compares values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueOperator {
    /// The values are equal.
    Equal,
    /// Any value.
    Exists,
}

/// How a workload rolls out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StrategyChange {
    /// All old pods end before the first new one starts.
    Recreate,
    /// A few at a time: so many may be missing, and so many may be added.
    RollingUpdate {
        /// How many may be missing.
        max_unavailable: u32,
        /// How many may be added.
        max_surge: u32,
    },
    /// When somebody deletes the old pod.
    OnDelete,
}

/// What a budget asks, in pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetChange {
    /// At least so many healthy pods stay.
    MinAvailable(u32),
    /// At most so many may be missing.
    MaxUnavailable(u32),
}

/// A node that is added: as another is, ready and empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewNode {
    /// Its name.
    pub name: String,
    /// The name of the node that it is like: allocatable, labels, taints and storage drivers.
    pub like: Symbol,
    /// Labels that it has besides, or with another value.
    pub labels: Vec<(String, String)>,
}

/// Which volumes are kept in how many copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CopiesOf {
    /// A volume of Longhorn, by name.
    Longhorn(Symbol),
    /// A block pool of Rook, by namespace and name.
    CephPool(Symbol, Symbol),
    /// The volumes of a storage class, as somebody declared them.
    Declared(Symbol),
}

/// Why a change cannot be made, or cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// Workloads of this kind have no count.
    NoScale(WorkloadId),
    /// Workloads of this kind do not make their pods from a template that can be edited.
    NoTemplate(WorkloadId),
    /// The workload is known from its pods alone: how it rolls out is not in the export.
    NotRead(WorkloadId),
    /// A DaemonSet that makes its new pods beside the old ones: its rollout is not followed.
    Surges(WorkloadId),
    /// Workloads of this kind do not roll out that way.
    NoStrategy(WorkloadId),
    /// The pods of the workload differ in what they ask for, and cannot be edited as one.
    Differ(WorkloadId),
    /// The pod has several containers, and nobody said which is meant.
    SeveralContainers(WorkloadId),
    /// Nothing is preferred that could be required.
    NothingPreferred(WorkloadId),
    /// The affinity of the pods does not parse.
    Unparsable(WorkloadId),
    /// The workload selects no pods, or everybody's.
    NoSelector(WorkloadId),
    /// The workload has no pod that tells what its next ones ask for.
    NoPods(WorkloadId),
    /// Which nodes a DaemonSet has its pods on would change, which is not followed.
    PicksNodes(WorkloadId),
    /// An amount that is zero, or less.
    NoAmount(WorkloadId),
    /// There is no node of this name.
    NoNode(Symbol),
    /// There is a node of this name already.
    NodeExists(Symbol),
    /// The node is a part of the control plane, to which nobody adds one by adding a node.
    ControlPlane(Symbol),
    /// There is no such budget.
    NoSuchBudget(Symbol, Symbol),
    /// The volumes are not among those that copies are known of.
    NoSuchCopies,
}

impl Cluster {
    /// The cluster that stands once all the changes are applied. Ids of workloads and pods stay
    /// what they are; those of nodes follow their names.
    ///
    /// # Errors
    /// The first change that makes no sense, or of which the outcome cannot be told.
    pub fn changed(&self, changes: &[Change]) -> Result<Self, Refused> {
        let mut work = Work::new(self);
        for change in changes {
            work.apply(change)?;
        }
        work.finish()
    }
}

/// A cluster that is being changed.
struct Work {
    builder: Builder,
    /// What becomes of templates, by workload, in order.
    edits: BTreeMap<WorkloadId, Vec<Edit>>,
    /// Nodes on which DaemonSets have yet to look.
    looked_over: bool,
}

impl Work {
    fn new(cluster: &Cluster) -> Self {
        let builder = Builder::from(cluster.clone());
        Self { builder, edits: BTreeMap::new(), looked_over: true }
    }

    fn cluster(&self) -> &Cluster {
        self.builder.so_far()
    }

    fn apply(&mut self, change: &Change) -> Result<(), Refused> {
        match change {
            Change::Replicas { workload, replicas } => self.scale(*workload, *replicas),
            Change::Template { workload, edit } => {
                self.edits.entry(*workload).or_default().push(edit.clone());
                Ok(())
            }
            Change::Strategy { workload, strategy } => self.set_strategy(*workload, *strategy),
            Change::Budget { workload, name, rule } => self.put_budget(*workload, name, *rule),
            Change::NoBudget { namespace, name } => self.drop_budget(*namespace, *name),
            Change::AddNode(new) => self.add_node(new),
            Change::RemoveNode(node) => self.remove_node(*node),
            Change::Copies { of, replicas } => self.copy(*of, *replicas),
            Change::Cordon { node, .. }
            | Change::Taint { node, .. }
            | Change::Untaint { node, .. }
            | Change::Label { node, .. } => self.edit_node(*node, change),
        }
    }

    /// Lets the controllers look at all that was changed.
    fn finish(mut self) -> Result<Cluster, Refused> {
        for (workload, edits) in std::mem::take(&mut self.edits) {
            self.roll_out(workload, &edits)?;
        }
        if !self.looked_over {
            self.run_daemons();
        }
        Ok(self.builder.finish())
    }
}

impl From<ValueOperator> for TolerationOperator {
    fn from(operator: ValueOperator) -> Self {
        match operator {
            ValueOperator::Equal => Self::Equal,
            ValueOperator::Exists => Self::Exists,
        }
    }
}

impl From<BudgetChange> for BudgetRule {
    fn from(rule: BudgetChange) -> Self {
        match rule {
            BudgetChange::MinAvailable(count) => Self::MinAvailable(Amount::Count(count.into())),
            BudgetChange::MaxUnavailable(count) => {
                Self::MaxUnavailable(Amount::Count(count.into()))
            }
        }
    }
}

impl From<StrategyChange> for Strategy {
    fn from(strategy: StrategyChange) -> Self {
        match strategy {
            StrategyChange::Recreate => Self::Recreate,
            StrategyChange::OnDelete => Self::OnDelete,
            StrategyChange::RollingUpdate { max_unavailable, max_surge } => Self::RollingUpdate {
                max_unavailable: Amount::Count(max_unavailable.into()),
                max_surge: Amount::Count(max_surge.into()),
            },
        }
    }
}

/// A selector of a workload's own pods that can stand in a rule about them.
fn own(selector: &LabelSelector) -> Option<&LabelSelector> {
    (!selector.is_everything() && *selector != LabelSelector::Nothing).then_some(selector)
}
