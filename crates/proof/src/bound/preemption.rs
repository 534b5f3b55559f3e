//! How far preemption may reach, where only some pods are not sure of a node.
//!
//! One pod that may find no node may evict others, which come back as further pods, which may find
//! none in turn. Mostly that stays among few: a pod that asks for a GPU evicts nobody where there
//! are none. Say which pods are *unsure*; then:
//!
//! * Only unsure pods ever preempt, and only on the nodes in their *reach*: those that nothing but
//!   pods of lower priority keeps them off, as far as node affinity, taints and the room that pods
//!   of at least the highest priority among all of them leave can tell, and where a pod of lower
//!   priority than theirs is, or may come. If there is no such node nobody is evicted at all.
//! * Only bound pods on those nodes are ever evicted, of lower priority than the most important one
//!   that reaches the node: the *victims*.
//! * A victim's place is taken by a pod like it, which competes with all that come. At any time
//!   each of them is in one place at most, besides what ends on nodes in reach.
//! * A pod is sure that always, not only at the end, finds one of the nodes *out of reach*: nobody
//!   ever ends there, so that the argument of [`counting`](crate::counting) holds in every state,
//!   with the places of the victims among what it competes with. So it preempts nobody.
//! * Who is not sure by that is unsure, and reaches further. When nobody is added any more, all
//!   others find a node whatever the unsure do, and whoever was never touched stays.
//!
//! Left to the search is whatever makes more of it: victims whose controllers may not make them
//! again at once, or whose successors something is not known of; pods that are strictly spread
//! together with victims, or want company, as victims leave.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, InstanceId, NodeId, Placement, Plugin, WorkloadId};
use holdfast_failover::Dynamics;
use holdfast_scheduler::Scratch;

use super::{Cover, Rivals, Uncertain, Usage};
use super::{is_spread_with, is_sure, leaves_somebody, may_come, usage};
use crate::counting;
use crate::doubts::Doubts;

/// Preemption that stays among few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contained {
    /// Pending pods that are sure of a place and can use their volumes there, by id.
    pub(crate) sure: Vec<InstanceId>,
    /// Pending pods that are not, by id.
    pub(crate) unsure: Vec<InstanceId>,
    /// Bound pods that may be evicted and whose successors are not sure of a place, by id.
    pub(crate) threatened: Vec<InstanceId>,
    /// Whose pods may be evicted, be it once they have come.
    pub(crate) disturbed: BTreeSet<WorkloadId>,
}

/// Who may preempt, and be preempted.
struct Threat<'a, 'c> {
    dynamics: &'a Dynamics<'c>,
    doubts: &'a Doubts,
    uncertain: Uncertain<'a>,
    /// Pending pods that are not sure of a place, the successors of threatened ones included.
    unsure: BTreeSet<InstanceId>,
    /// Each victim so far, with the pod that would come in its place.
    victims: Vec<(InstanceId, InstanceId)>,
}

/// Divides the pending pods where those that are open may preempt; `None` where that may reach
/// anybody. `cover` is how [`divide`](super::divide) divides them. `placement` is the same
/// afterwards.
pub(crate) fn contain(
    dynamics: &Dynamics<'_>,
    placement: &mut Placement,
    scratch: &mut Scratch,
    (cover, uncertain): (&Cover, Uncertain<'_>),
    doubts: &Doubts,
) -> Option<Contained> {
    let calm = uncertain.evicted.is_empty()
        && !leaves_somebody(placement)
        && dynamics.storage().is_empty();
    if !calm {
        return None;
    }
    let unsure: BTreeSet<InstanceId> = cover.open.iter().chain(&cover.hopeless).copied().collect();
    // What is not known of a pod may be whom it preempts.
    let cluster = dynamics.cluster();
    if unsure.iter().any(|pod| doubts.of_pod(cluster, placement, *pod).is_some()) {
        return None;
    }
    let mark = placement.mark();
    let mut threat = Threat { dynamics, doubts, uncertain, unsure, victims: Vec::new() };
    let mut contained = threat.settle(placement, scratch);
    placement.revert(cluster, mark);
    // A place alone brings nobody back who cannot use his volumes there.
    if let Some(few) = &mut contained {
        few.sure.retain(|pod| !cover.idle.contains(pod));
    }
    contained
}

impl Threat<'_, '_> {
    /// Widens the circle until nobody is added.
    fn settle(&mut self, placement: &mut Placement, scratch: &mut Scratch) -> Option<Contained> {
        let pending = placement.pending().to_vec();
        let (coming, reach) = loop {
            let mut coming = pending.clone();
            coming.extend(self.victims.iter().map(|(_, next)| *next));
            let reach = self.reach(placement, &coming);
            if self.take_in_victims(placement, &reach)? > 0 {
                // Those that come in their place may come where nobody could be preempted.
                continue;
            }
            if reach.iter().all(Option::is_none) {
                break (coming, reach);
            }
            let open = self.newly_unsure(placement, scratch, &coming, &reach);
            if open.is_empty() {
                break (coming, reach);
            }
            self.unsure.extend(open);
        };
        let (unsure, sure) = pending.iter().partition(|pod| self.unsure.contains(pod));
        let threatened = self.victims.iter().filter(|(_, next)| self.unsure.contains(next));
        let mut threatened: Vec<InstanceId> = threatened.map(|(victim, _)| *victim).collect();
        threatened.sort_unstable();
        let passing = coming.into_iter().filter(|pod| self.may_pass(placement, *pod, &reach));
        let own = self.victims.iter().map(|(victim, _)| *victim).chain(passing);
        let disturbed = own.map(|pod| placement.instance(pod).workload).collect();
        Some(Contained { sure, unsure, threatened, disturbed })
    }

    /// Whether a pod may come to a node where it may be preempted.
    fn may_pass(&self, placement: &Placement, pod: InstanceId, reach: &[Option<i32>]) -> bool {
        let below = |level: i32| self.priority(placement, pod) < level;
        let mut nodes = self.cluster().node_ids();
        nodes.any(|node| {
            reach[node.index()].is_some_and(below) && may_come(self.dynamics, placement, pod, node)
        })
    }

    fn cluster(&self) -> &Cluster {
        self.dynamics.cluster()
    }

    fn preemptors(&self, placement: &Placement) -> Vec<InstanceId> {
        let may =
            |pod: &&InstanceId| self.cluster().spec_of(placement.instance(**pod).class).preempts;
        self.unsure.iter().filter(may).copied().collect()
    }

    fn priority(&self, placement: &Placement, pod: InstanceId) -> i32 {
        self.cluster().spec_of(placement.instance(pod).class).priority
    }

    /// The nodes on which somebody may be preempted, each with the highest priority of those that
    /// may do so. `coming` are all that may come anywhere.
    fn reach(&self, placement: &Placement, coming: &[InstanceId]) -> Vec<Option<i32>> {
        let one_of_each = |pods: &[InstanceId]| {
            let mut kinds = BTreeSet::new();
            let mut pods = pods.to_vec();
            pods.retain(|pod| kinds.insert(placement.instance(*pod).class));
            pods
        };
        let priority = |pod: &InstanceId| self.priority(placement, *pod);
        let preemptors = one_of_each(&self.preemptors(placement));
        let coming = one_of_each(coming);
        let Some(highest) = preemptors.iter().map(priority).max() else {
            return vec![None; self.cluster().nodes().len()];
        };
        let level = |node: NodeId| {
            let reaches = |pod: &&InstanceId| {
                may_come(self.dynamics, placement, **pod, node)
                    && self.has_room(placement, **pod, node, highest)
            };
            let level = preemptors.iter().filter(reaches).map(priority).max()?;
            let is_below = |pod: &InstanceId| priority(pod) < level;
            let exposed = placement.node(node).pods.iter().any(is_below)
                || coming
                    .iter()
                    .any(|pod| is_below(pod) && may_come(self.dynamics, placement, *pod, node));
            exposed.then_some(level)
        };
        let exists = |node: &NodeId| placement.node(*node).exists;
        self.cluster().node_ids().map(|node| Some(node).filter(exists).and_then(level)).collect()
    }

    /// Whether the pod fits beside those that are as important as `above`, as far as resources go.
    fn has_room(&self, placement: &Placement, pod: InstanceId, node: NodeId, above: i32) -> bool {
        let cluster = self.cluster();
        let profile = self.dynamics.scheduler().profile_of(placement, pod);
        if profile.is_none_or(|profile| !profile.filters.contains(&Plugin::NodeResourcesFit)) {
            return true;
        }
        let staying = || {
            let pods = placement.node(node).pods.iter();
            let specs = pods.map(|pod| cluster.spec_of(placement.instance(*pod).class));
            specs.filter(|spec| spec.priority >= above)
        };
        counting::wanted(cluster, placement.instance(pod).class).all(|(resource, wanted)| {
            let there = cluster.node(node);
            let all = match resource {
                counting::Resource::Pods => there.pods_allocatable,
                resource => resource.amount(&there.allocatable),
            };
            let taken = staying().map(|spec| i128::from(resource.amount(&spec.requests)));
            taken.sum::<i128>() + i128::from(wanted) <= i128::from(all)
        })
    }

    /// Adds every pod that may be evicted, and one that comes in its place, and tells how many;
    /// `None` where that cannot be told.
    fn take_in_victims(
        &mut self,
        placement: &mut Placement,
        reach: &[Option<i32>],
    ) -> Option<usize> {
        let cluster = self.dynamics.cluster();
        let known: BTreeSet<InstanceId> = self.victims.iter().map(|(victim, _)| *victim).collect();
        let mut new = Vec::new();
        for node in cluster.node_ids() {
            let below = |pod: &&InstanceId| {
                reach[node.index()].is_some_and(|level| self.priority(placement, **pod) < level)
            };
            let bound = placement.node(node).pods.iter().filter(below);
            new.extend(bound.filter(|pod| !known.contains(pod)));
        }
        let count = new.len();
        for victim in new {
            let instance = *placement.instance(victim);
            if self.doubts.of_successor(cluster, placement, victim).is_some() {
                return None;
            }
            let class = instance.next_class(cluster);
            let own = |(other, _): &&(InstanceId, InstanceId)| {
                placement.instance(*other).workload == instance.workload
            };
            let added = self.victims.iter().filter(own).count();
            let again = makes_again(cluster, placement, instance.workload, added);
            let next = placement.add(cluster, class, instance.workload, instance.origin);
            self.victims.push((victim, next));
            // One that does not serve today might when it is made again.
            if !again || !instance.ready || instance.outdated {
                self.unsure.insert(next);
            }
        }
        Some(count)
    }

    /// Who of those that come is not sure of a node out of reach.
    fn newly_unsure(
        &self,
        placement: &mut Placement,
        scratch: &mut Scratch,
        coming: &[InstanceId],
        reach: &[Option<i32>],
    ) -> Vec<InstanceId> {
        let cluster = self.dynamics.cluster();
        let within = |node: NodeId| reach[node.index()].is_none();
        let candidates = coming.iter().filter(|pod| !self.unsure.contains(pod));
        let mut known = BTreeMap::new();
        let mut open = Vec::new();
        for &pod in candidates {
            let instance = *placement.instance(pod);
            let is_sure = *known.entry((instance.class, instance.workload)).or_insert_with(|| {
                let leaves = |(victim, _): &(InstanceId, InstanceId)| {
                    is_spread_with(cluster, placement, pod, *victim)
                };
                let leaving = self.uncertain.leaving(cluster, placement, pod);
                let stranded = self.uncertain.stranded;
                let rivals = Rivals { coming, leaving: &leaving, stranded, within: &within };
                cluster.spec_of(instance.class).pod_affinity.required.is_empty()
                    && usage(self.dynamics, placement, pod) == Usage::Sure
                    && !self.victims.iter().any(leaves)
                    && is_sure(self.dynamics, placement, scratch, pod, rivals)
            });
            if !is_sure {
                open.push(pod);
            }
        }
        open
    }
}

/// Whether the pods of a workload are made again at once when they are evicted.
fn makes_again(cluster: &Cluster, placement: &Placement, id: WorkloadId, added: usize) -> bool {
    let kind = cluster.workload(id).kind;
    let active = i64::from(placement.tally(id).active) - added as i64;
    matches!(kind, WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController)
        && active <= placement.target(id).desired
}
