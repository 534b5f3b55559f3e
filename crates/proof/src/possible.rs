//! Could any placement at all serve everybody?
//!
//! After a failure some pods may not come back. This asks whether the scheduler merely misses a way
//! or there is none: whether everything that can move could be put somewhere such that every pod
//! that is wanted serves. Whoever moves is taken away first and then put back, one after the other
//! in some order, each let in by every filter. Pods of `DaemonSets` and static pods stay with their
//! nodes, and nobody asks whether they serve; so do bare pods, which nothing makes again. Jobs
//! carry no claim: their pods may stay, and may be left out. Asked about one workload, everybody
//! else may be left out, too.
//!
//! *Yes* is a placement, found by best fit and by moving on who is in the way ([`Arrangement`]),
//! and let in by the scheduler's own filters. *No* is one of a ladder of reasons ([`Why`]), each an
//! argument in whole numbers that a second reader can add up:
//!
//! 1. a pod that no node ever takes;
//! 2. pods that can only go to certain nodes and ask for more of a resource than is left there;
//! 3. pods that must be apart and are more than the domains open to them, or that strict spread
//!    leaves too few places for;
//! 4. prices: a number for each pod such that no node can hold pods of more than its due, although
//!    all together come to more;
//! 5. cases: wherever one pod goes, one of the above follows.
//!
//! Each reason is shown with as few pods as carry it. A linear program suggests prices; whether
//! they prove anything integers decide. Where neither side is found within the [`Budget`], which
//! counts and does not time, nothing is said.

mod cases;
mod company;
mod counting;
mod cut;
mod demand;
mod knapsack;
mod model;
mod prices;
mod seek;
mod shrink;
mod spreading;

use holdfast_cluster::pod::HostPort;
use holdfast_cluster::{ClassId, InstanceId, NodeId, Placement, Symbol, WorkloadId};
use holdfast_failover::Dynamics;

use self::demand::Demand;
use self::model::Model;
use crate::rules::{Refusal, Resource};
use crate::seat::Seat;
use crate::subject::{Subjects, follows_nodes};
use crate::verdict::Doubt;

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How often a pod may be put somewhere, beyond once for each.
    pub moves: usize,
    /// How many rounds of prices.
    pub rounds: usize,
    /// How many cases.
    pub cases: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { moves: 2_000, rounds: 300, cases: 2_000 }
    }
}

/// A pod that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wanted {
    /// The pod as it is, `None` for one that is yet to be made.
    pub pod: Option<InstanceId>,
    /// What makes it.
    pub workload: WorkloadId,
    /// What it asks for.
    pub class: ClassId,
}

/// Whether any placement serves everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This one does.
    Yes(Arrangement),
    /// None does.
    No(Why),
    /// Nobody found out.
    Unknown(Gap),
}

/// A placement, as the difference to what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// The pods that are put somewhere, in an order in which every filter lets them in.
    pub moved: Vec<Seat>,
    /// Pods that are left out, as nobody claims that they serve.
    pub left_out: Vec<InstanceId>,
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The budget ran out.
    Budget,
    /// Something is not known of a pod that would have to move.
    Doubt(Doubt),
    /// Pods of this workload are missing, and nobody knows what they would ask for.
    NoTemplate(WorkloadId),
    /// The question is about a workload whose pods belong to their nodes.
    FollowsNodes,
}

/// What keeps pods apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Separation {
    /// No two with one value of this label, by required anti-affinity.
    Label(Symbol),
    /// No two on one node, as all need this port.
    Port(HostPort),
}

/// Pods that cost the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// What each of them costs.
    pub price: u64,
    /// The pods.
    pub pods: Vec<Wanted>,
}

/// Nodes that hold as much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What the pods that one of them can hold at once cost at most.
    pub due: u64,
    /// The nodes.
    pub nodes: Vec<NodeId>,
}

/// One place for the pod that [`Why::Cases`] speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Where the pod goes.
    pub node: NodeId,
    /// Nodes that are as good for everybody who is left.
    pub alike: Vec<NodeId>,
    /// Why that does not work.
    pub why: Why,
}

/// Why no placement serves everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The pod is lost, and nothing makes it again.
    NothingMakesIt(Wanted),
    /// Too few copies are up of a volume that the pod needs, wherever it goes.
    Starved(Wanted),
    /// No node that serves takes the pod.
    NoNode {
        /// The pod.
        pod: Wanted,
        /// What each of them has against it.
        nodes: Vec<(NodeId, Refusal)>,
    },
    /// The pods can go to these nodes only, and ask for more than is left there.
    Sum {
        /// The pods.
        pods: Vec<Wanted>,
        /// The nodes.
        nodes: Vec<NodeId>,
        /// Of what.
        resource: Resource,
        /// What the pods ask for.
        needed: i64,
        /// What is left for pods that can move.
        available: i64,
    },
    /// The pods must be apart, and there are fewer places for them.
    Apart {
        /// The pods.
        pods: Vec<Wanted>,
        /// By what.
        by: Separation,
        /// The nodes that they can go to.
        nodes: Vec<NodeId>,
        /// How many pods there are.
        needed: u64,
        /// For how many of them there is a place.
        available: u64,
    },
    /// Strict topology spread leaves fewer places.
    Spread {
        /// The pods.
        pods: Vec<Wanted>,
        /// The label whose values are the domains.
        key: Symbol,
        /// How many more than the emptiest domain one may hold.
        max_skew: i32,
        /// How many the emptiest domain holds at most.
        emptiest: u64,
        /// How many pods there are.
        needed: u64,
        /// How many the domains hold at most.
        available: u64,
    },
    /// No node can hold pods of more than its due, and all together cost more.
    Prices {
        /// The pods.
        pods: Vec<Priced>,
        /// The nodes.
        nodes: Vec<Due>,
        /// What all pods cost.
        needed: u64,
        /// What all nodes hold at most.
        available: u64,
    },
    /// Wherever the pod goes, it does not work. Cases within cases speak of the placement so far.
    Cases {
        /// The pod.
        pod: Wanted,
        /// Where it may go.
        cases: Vec<Case>,
        /// What the other nodes have against it.
        nodes: Vec<(NodeId, Refusal)>,
    },
}

/// Whether any placement serves all workloads, or the one at `only`.
///
/// `placement` is what the failure leaves ([`Dynamics::fail`]), and is the same afterwards.
pub fn possible(
    dynamics: &Dynamics<'_>,
    subjects: &Subjects,
    placement: &mut Placement,
    only: Option<usize>,
    budget: Budget,
) -> Answer {
    let kind = |at: usize| dynamics.cluster().workload(subjects.subjects[at].root).kind;
    if only.is_some_and(|only| follows_nodes(kind(only))) {
        return Answer::Unknown(Gap::FollowsNodes);
    }
    let demand = Demand::of(dynamics, subjects, placement, only);
    if let Some(why) = demand.certain {
        return Answer::No(why);
    }
    let model = Model::of(dynamics.cluster(), placement, &demand);
    if let Some(why) = counting::refute(&model) {
        return Answer::No(why);
    }
    let mut doubt = demand.gap;
    if doubt.is_none() {
        match seek::seek(dynamics.scheduler(), placement, &demand, &model, budget.moves) {
            Ok(found) => return Answer::Yes(found),
            Err(gap) => doubt = Some(gap),
        }
    }
    if let Some(why) = prices::refute(&model, budget.rounds) {
        return Answer::No(why);
    }
    match cases::decide(&model, budget.cases) {
        cases::Outcome::No(why) => Answer::No(why),
        cases::Outcome::Unknown => Answer::Unknown(doubt.unwrap_or(Gap::Budget)),
        cases::Outcome::Perhaps(nodes) => {
            let found = demand
                .gap
                .is_none()
                .then(|| seek::realize(dynamics.scheduler(), placement, &demand, &model, &nodes));
            match found.flatten() {
                Some(found) => Answer::Yes(found),
                None => Answer::Unknown(doubt.unwrap_or(Gap::Budget)),
            }
        }
    }
}
