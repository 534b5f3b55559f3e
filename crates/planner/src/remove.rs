//! Which nodes can go: the largest set that can be drained one after the other.
//!
//! A drain is safe where, whatever the order of evictions and however ties are broken, budgets let
//! it end and every workload that runs in full today does so again once all is quiet; the node is
//! deleted then. After the last of them whatever is to be survived may fail, and each workload that
//! comes back today must come back still. Both are proved (`judge`), for a whole set at once
//! where bounds tell, else by following every run of an order.
//!
//! No set is larger than `sums` allow. A set between what was found and that is excluded only
//! where every order of it was refuted: none is taken to be impossible because a smaller one is,
//! unless sums say so, or no order of a part of it is safe, with which each of its own orders would
//! have to begin. How much is tried is counted.
//!
//! Nodes of the control plane stay: what carries etcd or an API server is not drained for room.

mod judge;
mod kept;
mod sums;

use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, InstanceId, NodeId, WorkloadId};
use holdfast_proof::report::{Question, VerdictName};

use self::judge::Judge;
use crate::recovery::{Asking, Recovered};

/// Which resource runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scarce {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// Pods that nodes hold.
    Pods,
    /// Nodes, for pods that must be apart or that few nodes take.
    Nodes,
}

/// What some of the pods that must run ask for, and what is left for them: too little, yet enough
/// for any of them less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Of what.
    pub scarce: Scarce,
    /// How many pods ask for it, those that ask for most.
    pub pods: usize,
    /// What they need together: thousandths of a CPU, bytes, pods or nodes.
    pub needed: i128,
    /// What is left, whatever fails then.
    pub left: i128,
}

/// Why a node stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It carries a part of the control plane.
    ControlPlane,
    /// It does not serve: nobody ends its pods in good order.
    Silent,
    /// A budget, by position, never lets the pod go.
    Budget(InstanceId, usize),
    /// Two budgets select the pod, and the eviction API then refuses.
    TwoBudgets(InstanceId, usize, usize),
    /// Nothing makes the pod again.
    NothingMakes(InstanceId),
    /// No other node takes the pod, however empty.
    Nowhere(InstanceId),
    /// Without it too little is left for what must run, by sums.
    Sums(Lack),
    /// Its drain may not end: a budget holds the pod, in some run or for all that is known.
    Stuck(InstanceId, VerdictName),
    /// Its pods may not be gone at the end of the drain, for all that is known.
    Unsettled,
    /// A workload is not proved to be back in full once the nodes are drained.
    Drained(WorkloadId, VerdictName),
    /// A workload is not proved to come back after what fails then.
    After(WorkloadId, Recovered),
    /// The control plane does not act, and nobody drains anything.
    NobodyActs,
    /// As much was tried as was to be.
    Untried,
}

impl Kept {
    /// Whether it is certain that the order is not safe; otherwise nobody knows.
    fn is_certain(&self) -> bool {
        match self {
            Self::Stuck(_, verdict) | Self::Drained(_, verdict) => *verdict == VerdictName::Refuted,
            Self::After(_, known) => known.verdict == VerdictName::Refuted,
            Self::Unsettled | Self::Untried => false,
            _ => true,
        }
    }
}

/// How the answer was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// Every pod that moves finds a node wherever the others go: any order of the drains is safe.
    Bound,
    /// Every run of this order of drains was followed.
    Explored,
}

/// Which nodes can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The nodes, in the order in which they are drained.
    pub order: Vec<NodeId>,
    /// How that was proved; `None` where none can go.
    pub grounds: Option<Grounds>,
    /// No more can go, as sums and single nodes tell.
    pub bound: usize,
    /// It was shown that no larger set can go.
    pub largest: bool,
    /// Why each other node stays, those being gone.
    pub kept: BTreeMap<NodeId, Kept>,
    /// Pods that are evicted from each of the nodes as they stand today.
    pub evicted: Vec<Vec<InstanceId>>,
    /// Workloads that do not run in full today: nothing is asked about them.
    pub short: Vec<WorkloadId>,
    /// Workloads that are not proved to come back today: they are to run in full after the drains,
    /// and no more is asked about them.
    pub amiss: Vec<WorkloadId>,
    /// Sets and orders that were proved about.
    pub proofs: usize,
}

/// Looks for nodes that can go.
#[derive(Clone, Copy)]
pub struct Remover<'a> {
    /// The cluster as it is.
    pub cluster: &'a Cluster,
    /// What is to be survived afterwards, if anything.
    pub question: Option<&'a Question>,
    /// How it is proved.
    pub asking: Asking<'a>,
    /// Sets and orders to be proved about.
    pub proofs: usize,
}

impl Remover<'_> {
    /// Which nodes can go.
    pub fn remove(&self) -> Removal {
        let judge = Judge::new(self);
        let mut kept = BTreeMap::new();
        let mut candidates = Vec::new();
        for node in self.cluster.node_ids() {
            match judge.stays(node) {
                Some(why) => drop(kept.insert(node, why)),
                None => candidates.push(node),
            }
        }
        let bound = judge.sums.most(&candidates);
        judge.sums.by_room(&mut candidates);
        let mut search = Search { judge, candidates, found: Vec::new(), grounds: None };
        search.grow_by_bounds(bound);
        search.grow_by_runs(bound);
        let exhausted = search.found.len() == bound || search.exhaust(bound);
        for node in search.candidates.clone() {
            if !search.found.contains(&node) {
                let order = [search.found.as_slice(), &[node]].concat();
                let why = search.judge.why_not(&order);
                kept.insert(node, why);
            }
        }
        let Search { judge, found, grounds, .. } = search;
        let evicted = found.iter().map(|node| judge.evicted(*node)).collect();
        let (short, amiss) = judge.unasked();
        let proofs = judge.proofs;
        Removal {
            order: found,
            grounds,
            bound,
            largest: exhausted,
            kept,
            evicted,
            short,
            amiss,
            proofs,
        }
    }
}

/// What was found so far.
struct Search<'r> {
    judge: Judge<'r>,
    /// Nodes that may go, those with least room first.
    candidates: Vec<NodeId>,
    found: Vec<NodeId>,
    grounds: Option<Grounds>,
}

impl Search<'_> {
    /// Adds as many nodes as bounds allow: more and more at once, and by halves where that is too
    /// many.
    fn grow_by_bounds(&mut self, bound: usize) {
        let (mut at, mut step) = (0, 1);
        while at < self.candidates.len() && self.found.len() < bound && self.judge.is_left() {
            step = step.min(self.candidates.len() - at).min(bound - self.found.len());
            let next = &self.candidates[at..at + step];
            let set = [self.found.as_slice(), next].concat();
            if self.judge.is_bound(&set) {
                (at, self.found) = (at + step, set);
                self.grounds = Some(Grounds::Bound);
                step *= 2;
            } else if step > 1 {
                step /= 2;
            } else {
                at += 1;
            }
        }
    }

    /// Adds single nodes where every run of the drains in their order tells that they can go.
    fn grow_by_runs(&mut self, bound: usize) {
        let mut more = self.judge.may_follow_runs();
        while more && self.found.len() < bound && self.judge.is_left() {
            more = false;
            for node in self.candidates.clone() {
                if self.found.contains(&node) || self.found.len() == bound {
                    continue;
                }
                let order = [self.found.as_slice(), &[node]].concat();
                if self.judge.follow(&order).is_ok() {
                    (self.found, self.grounds) = (order, Some(Grounds::Explored));
                    more = true;
                }
            }
        }
    }

    /// Follows every order of drains, and keeps the longest that is safe and survives; whether
    /// nothing was left out and nothing remained unknown.
    fn exhaust(&mut self, bound: usize) -> bool {
        if !self.judge.may_follow_runs() {
            return false;
        }
        // The largest sets of which something is not known.
        let (mut unknown, mut level) = (0, vec![Vec::new()]);
        for size in 1..=bound {
            let mut next = Vec::new();
            for order in longer(&level, &self.candidates) {
                if !self.judge.is_left() {
                    return false;
                }
                if self.judge.sums.lack(&order.iter().copied().collect()).is_some() {
                    continue;
                }
                match self.judge.drain(&order) {
                    Ok(()) => next.push(order),
                    Err(why) if why.is_certain() => {}
                    Err(_) => unknown = bound,
                }
            }
            for order in &next {
                if size <= self.found.len() {
                    break;
                }
                if !self.judge.is_left() {
                    return false;
                }
                match self.judge.survive(order) {
                    Ok(()) => {
                        (self.found, self.grounds) = (order.clone(), Some(Grounds::Explored));
                    }
                    Err(why) if why.is_certain() => {}
                    Err(_) => unknown = unknown.max(size),
                }
            }
            level = next;
        }
        unknown <= self.found.len()
    }
}

/// Every order that goes on with one more node.
fn longer(orders: &[Vec<NodeId>], nodes: &[NodeId]) -> Vec<Vec<NodeId>> {
    let with = |order: &Vec<NodeId>| {
        let next = nodes.iter().filter(|node| !order.contains(node));
        next.map(|node| [order.as_slice(), &[*node]].concat()).collect::<Vec<_>>()
    };
    orders.iter().flat_map(with).collect()
}
