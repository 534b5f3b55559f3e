//! Whether what keeps a cluster going stays in the majority, set by set: the control plane, and the
//! volumes that are kept on the nodes.
//!
//! Only failures of its own hosts matter to either, so that no other nodes are looked at where any
//! so many may fail.

use holdfast_cluster::cluster::Key;
use holdfast_cluster::{Cluster, Instance, NodeId, Placement};
use holdfast_failover::Dynamics;
use holdfast_failover::control_plane::{Quorum, State};
use holdfast_failover::storage::{Needed, Standing};

use crate::report::Question;
use crate::scenario::FailureSet;

/// How many sets are looked at, for all volumes together.
const SETS_MAX: usize = 500_000;

/// What is known of a majority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Majority<T> {
    /// It is kept whichever set fails.
    Kept,
    /// There is nothing of it among the machines that are known.
    Outside,
    /// These sets take it, each the first that does.
    Lost(Vec<(FailureSet, T)>),
    /// No set takes it surely; these may, each the first that may.
    Doubtful(Vec<(FailureSet, T)>),
    /// There were more sets than were looked at, and none of those takes it.
    Unsettled,
}

/// A part of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// More than half of the members of etcd.
    Etcd,
    /// One API server.
    ApiServers,
    /// One host of what stands in front of them.
    LoadBalancer,
}

/// Whether the control plane acts right after any of the sets has failed. The first set that stops
/// it is told, with the part that is lost.
pub fn control_plane(dynamics: &Dynamics<'_>, question: &Question) -> Majority<(Part, Quorum)> {
    let cluster = dynamics.cluster();
    let control_plane = dynamics.control_plane();
    let mut nodes: Vec<NodeId> = control_plane.members().collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut after = After::new(dynamics, cluster);
    let state = control_plane.state(&after.placement);
    if parts(state).iter().all(|(_, quorum)| quorum.of == 0) {
        return Majority::Outside;
    }
    let nodes = nodes_of(question, nodes, cluster);
    for (looked_at, set) in question.sets(&nodes).enumerate() {
        if looked_at >= SETS_MAX {
            return Majority::Unsettled;
        }
        let state = after.with(&set, |placement| control_plane.state(placement));
        if let Some(lost) = parts(state).into_iter().find(|(_, quorum)| !quorum.holds()) {
            return Majority::Lost(vec![(set, lost)]);
        }
    }
    Majority::Kept
}

/// Whether the volumes that pods need can be used right after any of the sets has failed: of each
/// that cannot the first set, in order of the sets.
pub fn storage(
    dynamics: &Dynamics<'_>,
    question: &Question,
    of_interest: impl Fn(&Instance) -> bool,
) -> Majority<Vec<Key>> {
    let cluster = dynamics.cluster();
    let mut after = After::new(dynamics, cluster);
    let needed = dynamics.storage().needed(&after.placement, of_interest);
    if needed.is_empty() {
        return Majority::Outside;
    }
    let mut left = SETS_MAX;
    let (mut lost, mut doubtful) = (Vec::new(), Vec::new());
    for needed in needed {
        let (standing, first) = worst(&needed, &mut after, question, &mut left);
        match (standing, first) {
            (Standing::Starved, Some(set)) => lost.push((set, needed.claims)),
            (Standing::Unknown, Some(set)) => doubtful.push((set, needed.claims)),
            _ => {}
        }
    }
    let by_set = |one: &(FailureSet, Vec<Key>), other: &(FailureSet, Vec<Key>)| {
        let order = |(set, claims): &(FailureSet, Vec<Key>)| (set.size(), set.clone(), claims[0]);
        order(one).cmp(&order(other))
    };
    lost.sort_by(by_set);
    doubtful.sort_by(by_set);
    match () {
        () if !lost.is_empty() => Majority::Lost(lost),
        () if !doubtful.is_empty() => Majority::Doubtful(doubtful),
        () if left == 0 => Majority::Unsettled,
        () => Majority::Kept,
    }
}

/// How volumes stand at worst, and the first set that makes it so.
fn worst(
    needed: &Needed<'_>,
    after: &mut After<'_, '_>,
    question: &Question,
    left: &mut usize,
) -> (Standing, Option<FailureSet>) {
    let mut found = (Standing::Usable, None);
    let nodes = nodes_of(question, needed.nodes(), after.cluster);
    for set in question.sets(&nodes) {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let standing = after.with(&set, |placement| needed.standing(placement));
        if standing > found.0 {
            found = (standing, Some(set));
        }
        if standing == Standing::Starved {
            break;
        }
    }
    found
}

/// The nodes to take sets of that matter to what is on some: of any so many nodes others change
/// nothing.
fn nodes_of(question: &Question, own: Vec<NodeId>, cluster: &Cluster) -> Vec<NodeId> {
    match question {
        Question::AnyNodes(_) => own,
        Question::AnyDomains(..) | Question::Set(_) => cluster.node_ids().collect(),
    }
}

/// A placement in which sets fail one at a time.
struct After<'d, 'c> {
    dynamics: &'d Dynamics<'c>,
    cluster: &'c Cluster,
    placement: Placement,
}

impl<'d, 'c> After<'d, 'c> {
    fn new(dynamics: &'d Dynamics<'c>, cluster: &'c Cluster) -> Self {
        Self { dynamics, cluster, placement: Placement::of(cluster) }
    }

    /// What is so right after a set has failed.
    fn with<T>(&mut self, set: &FailureSet, tell: impl FnOnce(&Placement) -> T) -> T {
        let mark = self.placement.mark();
        self.dynamics.silence(&mut self.placement, set.nodes(), set.machines());
        let told = tell(&self.placement);
        self.placement.revert(self.cluster, mark);
        told
    }
}

fn parts(state: State) -> [(Part, Quorum); 3] {
    [
        (Part::Etcd, state.etcd),
        (Part::ApiServers, state.api_servers),
        (Part::LoadBalancer, state.load_balancer),
    ]
}
