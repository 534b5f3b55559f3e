//! What would have to change for a pod to fit: data, for those who explain.
//!
//! Upstream stops at the first filter that turns a node down. A node fits once every filter is
//! content, so all of them are asked here, each for the smallest change that contents it.

use holdfast_cluster::pod::HostPort;
use holdfast_cluster::profile::ResourceName;
use holdfast_cluster::selector::Requirement;
use holdfast_cluster::taint::Taint;
use holdfast_cluster::{InstanceId, NodeId, Symbol};

use crate::plugin::Plugin;
use crate::reason::Reason;

/// What a pod lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// What must change wherever it goes: nothing of it is about a node.
    pub pod: Vec<Need>,
    /// Each node that exists, by name, with what must change there and who asks for it; nothing
    /// where every filter is content.
    pub nodes: Vec<(NodeId, Vec<(Plugin, Need)>)>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// This scheduling gate is lifted.
    Gate(Symbol),
    /// The required node affinity stops naming nodes in ways that exclude each other.
    AffinityConflict,
    /// The claim is made.
    ClaimMade(Symbol),
    /// The claim, being deleted, is made again.
    ClaimKept(Symbol),
    /// The claim, which lost its volume, is made again.
    ClaimFound(Symbol),
    /// The claim of a generic ephemeral volume is made for this very pod.
    ClaimOwned(Symbol),
    /// The claim, of a class that binds at once, is bound.
    ClaimBound(Symbol),
    /// The claim's volume is made: claim and volume.
    VolumeMade(Symbol, Symbol),

    /// The node is uncordoned.
    Uncordon,
    /// The pod stops naming another node.
    NameNode,
    /// The pod tolerates the taint, or the node loses it.
    Tolerate(Taint),
    /// The node's labels meet this.
    Label(Requirement),
    /// The pod's node affinity admits the node's name, which this keeps it from.
    Name(Requirement),
    /// The pod's node affinity, which no node could meet, is mended.
    Affinity,
    /// Whoever holds the port gives it up.
    Port(HostPort, InstanceId),
    /// A pod less on the node: how many run, and how many may.
    PodSlot {
        /// How many run.
        running: i64,
        /// How many may.
        limit: i64,
    },
    /// More of a resource is free.
    Amount(Amount),
    /// These pods leave the node, with which a disk cannot be shared.
    Disk(Vec<InstanceId>),
    /// A claim for one pod only is let go by these pods.
    Claim(Symbol, Vec<InstanceId>),
    /// Fewer volumes of a driver are attached.
    Attach {
        /// The driver.
        driver: Symbol,
        /// How many it attaches to the node.
        limit: i64,
        /// How many are.
        attached: i64,
        /// How many the pod adds.
        wanted: i64,
    },
    /// A bound claim's volume can be reached from the node: claim and volume.
    Reach(Symbol, Symbol),
    /// A volume for the claim can be found or made.
    Bind(Symbol, Unbindable),
    /// The node is in the zone or region of the volume.
    Zone {
        /// The volume.
        volume: Symbol,
        /// The label, as the volume has it.
        key: Symbol,
        /// What the volume says; several zones have `__` between them.
        value: Symbol,
    },
    /// The node has the label of a topology.
    Topology(Symbol),
    /// A required spread constraint allows one more.
    Skew(Skew),
    /// A pod that the required affinity means runs in the node's domain: the position of the term.
    Near(usize),
    /// Pods that the pod's own anti-affinity means leave the domain of this topology.
    Away(Symbol, Vec<InstanceId>),
    /// Pods whose anti-affinity means the pod leave the domain of this topology.
    Repelled(Symbol, Vec<InstanceId>),
    /// The kubelet declares this feature.
    Feature(Symbol),
    /// The node is no longer kept free for these pods.
    KeptFree(Vec<InstanceId>),
    /// What makes the cycle itself fail is put right: of the pod, no node takes it before; of a
    /// node, none does once that node is looked at.
    Mend(Reason),
}

/// Too little of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Of what.
    pub resource: ResourceName,
    /// What the pod asks for.
    pub wanted: i64,
    /// What the node has for pods in all.
    pub usable: i64,
    /// What its pods ask for.
    pub used: i64,
}

impl Amount {
    /// What is free; below zero where more is promised than there is.
    pub fn free(&self) -> i64 {
        self.usable.wrapping_sub(self.used)
    }

    /// How much more would have to be.
    pub fn missing(&self) -> i64 {
        self.wanted.wrapping_sub(self.free())
    }
}

/// A required spread constraint that the pod would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Which of the required constraints, by position.
    pub constraint: usize,
    /// Its topology.
    pub topology_key: Symbol,
    /// The node's domain.
    pub domain: Symbol,
    /// How many pods it counts there.
    pub held: i64,
    /// How many in the emptiest domain; zero with fewer domains than asked for.
    pub least: i64,
    /// The emptiest domain, the first of several by name; `None` with fewer domains than asked
    /// for.
    pub emptiest: Option<Symbol>,
    /// How many pods too many the domain holds.
    pub excess: i64,
}

/// Why there is no volume for a claim that is bound late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbindable {
    /// A volume is being made for another node.
    ChosenElsewhere(Symbol),
    /// None is free, and its storage class, which is not there, makes none.
    NoClass,
    /// None is free, and its storage class makes none.
    NotProvisioned,
    /// None is free, and its storage class makes none for such a node.
    TopologyNotAllowed,
    /// None is free, and there is too little space for so many bytes.
    NoSpace(i64),
}
