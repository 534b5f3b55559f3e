//! The certificate, version 1: everything by name, so that it can be read without the program that
//! wrote it.
//!
//! The shape is `holdfast.certificate/v1`; fields are only ever added within the version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What [`Certificate::schema`] says.
pub const SCHEMA: &str = "holdfast.certificate/v1";

/// What is claimed of a cluster, and why it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// `holdfast.certificate/v1`.
    pub schema: String,
    /// The cluster it is about: see [`crate::digest`].
    pub input: String,
    /// Which failures it is about.
    pub question: Question,
    /// How many claims came out how.
    pub summary: Summary,
    /// Every workload that a claim is about, by namespace, name and kind.
    pub workloads: Vec<Workload>,
    /// The states that the cluster may be in before anything fails. Those at rest are where it may
    /// stand when something does.
    pub starts: Vec<State>,
    /// Why pods that are lost are sure of a place whichever nodes fail, up to as many as are asked
    /// about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headroom: Vec<Headroom>,
    /// Rooms for pods that are lost, by what they ask for: for sets of which headroom does not
    /// tell enough.
    pub rooms: Vec<Rooms>,
    /// Sets of states that no run leaves, for failures after which rooms do not tell enough.
    pub sets: Vec<Closed>,
    /// For each sequence of events all that may come of it; none where nothing is proved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub courses: Vec<Course>,
    /// Every step that states and runs are made of, once.
    pub steps: Vec<Move>,
}

/// Which failures a certificate is about. That nothing fails is always among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Question {
    /// Every set of up to so many nodes.
    Nodes(usize),
    /// This set of nodes and machines: see [`Run::fail`].
    Fail(Vec<String>),
    /// Every set of up to so many domains.
    Domains(Domains),
    /// Each of these sequences of events, of which each comes once all is quiet after the one
    /// before it, joined ones aside. Claims are about all of their course: a pod serves today and
    /// right after each event, joined ones included, and enough serve once all is quiet after the
    /// last.
    Sequences(Vec<Vec<Happening>>),
}

/// What happens to a cluster, by names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Happening {
    /// Nodes and machines stop: see [`Run::fail`].
    Fail {
        /// Their names.
        hosts: Vec<String>,
    },
    /// They are back.
    Recover {
        /// Their names.
        hosts: Vec<String>,
    },
    /// Node objects are deleted.
    Delete {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Nodes that nobody hears are marked out-of-service.
    OutOfService {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Nothing new is scheduled on nodes.
    Cordon {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Pods may be scheduled there again.
    Uncordon {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Somebody drains nodes.
    Drain {
        /// Their names.
        nodes: Vec<String>,
    },
    /// etcd forgets nodes one after another.
    RemoveMember {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Nodes lose sight of the others.
    Partition {
        /// Their names.
        nodes: Vec<String>,
    },
    /// All nodes that lost sight of the others are heard again.
    Heal,
    /// A workload replaces its pods.
    Rollout {
        /// `KIND/NAMESPACE/NAME`.
        workload: String,
    },
    /// A workload is scaled.
    Scale {
        /// `KIND/NAMESPACE/NAME`.
        workload: String,
        /// To so many pods.
        desired: i64,
    },
    /// A pod is deleted.
    DeletePod {
        /// `NAMESPACE/NAME`.
        pod: String,
    },
    /// Several of the others: the first comes once all is quiet, each of the rest at any moment
    /// after the one before it.
    Joined {
        /// At least two, none of them joined itself.
        events: Vec<Happening>,
    },
}

/// Machines that fail as wholes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// The label whose values they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// All of them, where it is no label's values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Domain>,
    /// As many as fail at once.
    pub most: usize,
}

/// Machines that fail as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// What it is called.
    pub name: String,
    /// What fails: see [`Run::fail`].
    pub fail: Vec<String>,
}

/// How many claims came out how, two for each workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// They hold after every failure and in every run.
    pub proved: usize,
    /// They do not hold in some run after some failure.
    pub refuted: usize,
    /// Nothing is claimed.
    pub unknown: usize,
}

/// What is claimed of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// At least one pod serves as soon as the nodes are gone.
    pub immediately: Claim,
    /// As many pods as are wanted serve once all is quiet.
    pub recovered: Claim,
}

/// What is claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "UPPERCASE", deny_unknown_fields)]
pub enum Claim {
    /// It holds after every failure: counted, by rooms, or in a closed set of states.
    Proved,
    /// It does not hold in this run.
    Refuted {
        /// The run.
        run: Run,
    },
    /// Nothing.
    Unknown,
}

/// A run from the export as it stands to an end that breaks a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Steps until the cluster is at rest, by position in [`Certificate::steps`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settle: Vec<usize>,
    /// The nodes that fail then by name, and behind them the declared machines as `machine:NAME`;
    /// none where the claim does not hold today.
    pub fail: Vec<String>,
    /// Steps after that until all is quiet again; none where the claim breaks at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<usize>,
    /// The states that come again and again from the end of the steps on, where all never is
    /// quiet: the first of them is that end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub round: Vec<State>,
    /// No steps are listed, as every run ends with these counts: headroom tells all that the
    /// failure loses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// The steps through a sequence of events, which stand for the failure and the steps after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Passage>,
    /// Pods that serve then.
    pub ready: u32,
    /// Pods that should.
    pub wanted: u32,
}

/// A run through a sequence of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// The number of the sequence.
    pub sequence: usize,
    /// For each event that has come the steps until all is quiet again, by position in
    /// [`Certificate::steps`]; none behind the last where the claim breaks right then. Of joined
    /// ones the first stands for all, and the others come among the steps.
    pub stages: Vec<Vec<usize>>,
}

/// All that may come of a sequence of events: for each event, and for each place of rest where the
/// cluster may be when it comes, the states until all is quiet again. The places of rest before the
/// first event are those of [`Certificate::starts`]; those before the next are the quiet states of
/// these lists, in their order, of several that nothing can tell apart the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course(
    /// By event, by place of rest.
    pub Vec<Vec<Vec<State>>>,
);

/// A state by the step that leads to it. The state that all steps go out from is not listed: it is
/// the first, number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State(
    /// The number of the state before: one of those that lead to the state listed before this.
    pub usize,
    /// The step, by position in [`Certificate::steps`].
    pub usize,
);

/// Why pods of one sort are sure of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rooms {
    /// Pods that ask for what this one asks for: see [`crate::names`].
    pub like: String,
    /// Nodes of which each takes the pod, even with all others that may come there, as long as it
    /// does not fail itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// Prices at which others cannot pay for keeping the pod off every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Prices>,
    /// There are so few nodes, in all or in a domain, that every way to close them may be tried,
    /// and none closes all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// Why pods of some sorts are sure of a place whichever nodes fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headroom {
    /// Pods that ask for what one of these asks for: see [`crate::names`].
    pub like: Vec<String>,
    /// Nodes of which each takes each of the pods before anything fails.
    pub nodes: Vec<String>,
    /// Prices at which all that as many nodes can lose as may fail cannot pay for closing those of
    /// the nodes that are left; where the pods are spread, some for each domain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Prices>,
    /// See [`Rooms::whole`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// The price of one unit of each resource: a thousandth of a core, a byte, a pod.
pub type Prices = BTreeMap<String, u64>;

/// The states that may come after a failure, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// What fails: see [`Run::fail`].
    pub fail: Vec<String>,
    /// Where the cluster stands then: the number of a state of [`Certificate::starts`].
    pub from: usize,
    /// The states.
    pub states: Vec<State>,
}

/// A step, by names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Move {
    /// A pod on a silent node is marked for deletion.
    Evict {
        /// The pod.
        pod: String,
        /// A controller that nobody knows makes another.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        replaced: bool,
    },
    /// A pod is bound.
    Schedule {
        /// The pod.
        pod: String,
        /// Its node.
        node: String,
    },
    /// Pods of lower priority are marked for deletion.
    Preempt {
        /// The pod they make room for.
        pod: String,
        /// Its node to be.
        node: String,
        /// Who has to go.
        victims: Vec<String>,
    },
    /// A pod that is marked for deletion ends.
    End {
        /// The pod.
        pod: String,
        /// A controller that nobody knows makes another.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        replaced: bool,
    },
    /// No node is kept free for a pod any more.
    GiveUp {
        /// The pod.
        pod: String,
    },
    /// A ReplicaSet deletes pods.
    ScaleDown {
        /// The pods.
        pods: Vec<String>,
    },
    /// An autoscaler brings a count back into its bounds.
    Autoscale {
        /// `KIND/NAMESPACE/NAME`.
        workload: String,
        /// How many pods it is to want.
        desired: i64,
    },
    /// A DaemonSet deletes an outdated pod.
    Renew {
        /// The pod.
        pod: String,
    },
    /// A pod that waited for a volume starts.
    Attach {
        /// The pod.
        pod: String,
    },
    /// A pod on a node that is drained is marked for deletion.
    Drain {
        /// The pod.
        pod: String,
        /// A controller that nobody knows makes another.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        replaced: bool,
    },
    /// The taints of a node that came back are taken off.
    Clear {
        /// The node.
        node: String,
    },
    /// A pod that was bound has started, and serves.
    Start {
        /// The pod.
        pod: String,
    },
    /// The next of joined events comes.
    Come,
}
