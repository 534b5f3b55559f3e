//! Domains that strict topology spread closes for good.
//!
//! More pods may cure spread: whoever comes to the emptiest domain opens others. But where nobody
//! can come to a domain that a failure emptied, it stays the emptiest.
//!
//! A pod made in the stead of a lost one waits only once one of its workload was evicted. In that
//! one's domain there are then, at every moment, no more counted pods than those that stay there,
//! all other lost ones, and all that wait; the latter only if some node of it may still take one
//! of them: one that is heard, and that does not turn them down for good for another reason. With
//! the most of these over all domains that lost one, the emptiest domain never holds more
//! (`minMatchNum` of `podtopologyspread/filtering.go`, v1.36.3; it is smaller yet with fewer
//! domains than `minDomains`). Pods that are bound and not lost stay where they are, but for those
//! of lower priority, which are not counted on. So a domain that holds too many beside that is
//! closed.
//!
//! Whether the nodes of a domain count must not change: where taints limit the domains
//! (`nodeTaintsPolicy: Honor`) nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{Cluster, Instance, InstanceId, NodeId, Placement, PodSpec, Symbol};

use super::{bears_silence, strict_spread};

/// By topology key the domains in which no run ever places a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uneven {
    closed: Vec<(Symbol, BTreeSet<Symbol>)>,
}

impl Uneven {
    /// The domains closed to a pod that waits. Every eviction was carried out in `placement`, each
    /// of them sure; `known` pods there were before the failure. `shut` are nodes that turn such
    /// pods down for good, for reasons other than spread.
    pub(super) fn of(
        cluster: &Cluster,
        placement: &Placement,
        pod: InstanceId,
        known: usize,
        shut: &BTreeSet<NodeId>,
    ) -> Self {
        let own = *placement.instance(pod);
        let kind = cluster.workload(own.workload).kind;
        let only_makes_up =
            matches!(kind, WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController);
        let is_kin = |id: &&InstanceId| placement.instance(**id).workload == own.workload;
        let made_since = |id: &InstanceId| id.index() >= known;
        if !only_makes_up || !placement.pending().iter().filter(is_kin).all(made_since) {
            return Self::default();
        }
        let lost = placement.terminating().iter().filter(is_kin);
        let lost: Vec<&Instance> = lost.map(|id| placement.instance(*id)).collect();
        let spec = cluster.spec_of(own.class);
        let closed = strict_spread(spec).map(|constraint| {
            let spread = Spread { cluster, placement, own: &own, spec, constraint, known, shut };
            (constraint.topology_key, spread.closed(&lost).unwrap_or_default())
        });
        Self { closed: closed.collect() }
    }

    /// Whether no run ever places the pod on the node.
    pub(super) fn keeps_off(&self, cluster: &Cluster, node: NodeId) -> bool {
        let labels = &cluster.node(node).labels;
        self.closed
            .iter()
            .any(|(key, closed)| labels.get(*key).is_some_and(|d| closed.contains(&d)))
    }
}

/// One strict constraint of a pod that waits.
struct Spread<'s> {
    cluster: &'s Cluster,
    placement: &'s Placement,
    own: &'s Instance,
    spec: &'s PodSpec,
    constraint: &'s SpreadConstraint,
    known: usize,
    shut: &'s BTreeSet<NodeId>,
}

impl Spread<'_> {
    /// The domains that hold too many for good; `None` where nothing can be said.
    fn closed(&self, lost: &[&Instance]) -> Option<BTreeSet<Symbol>> {
        if self.constraint.node_taints_policy == InclusionPolicy::Honor {
            return None;
        }
        let least = self.least(lost)?;
        let priority = |instance: &Instance| self.cluster.spec_of(instance.class).priority;
        let mut held: BTreeMap<Symbol, i64> = BTreeMap::new();
        for (instance, node) in self.counted() {
            let stays = !instance.terminating && priority(instance) >= self.spec.priority;
            if let Some(domain) = self.domain(node).filter(|_| stays && self.includes(node)) {
                *held.entry(domain).or_default() += 1;
            }
        }
        let own = i64::from(self.counts(self.own));
        let most = i64::from(self.constraint.max_skew) + least - own;
        Some(held.into_iter().filter(|(_, held)| *held > most).map(|(domain, _)| domain).collect())
    }

    /// More counted pods than the emptiest domain ever holds while the pod waits.
    fn least(&self, lost: &[&Instance]) -> Option<i64> {
        let pending = self.placement.pending().iter();
        let waiting = pending.map(|id| (id.index(), self.placement.instance(*id)));
        let waiting: Vec<(usize, &Instance)> =
            waiting.filter(|(_, one)| self.counts(one)).collect();
        // Whoever waited before may have come to a node that failed since, and be lost with it.
        let odd = |(at, one): &(usize, &Instance)| {
            *at < self.known || bears_silence(self.cluster, one.class)
        };
        if waiting.iter().any(odd) {
            return None;
        }
        let alike = waiting
            .iter()
            .all(|(_, one)| (one.class, one.nominated) == (self.own.class, self.own.nominated));
        let without = |lost: &&Instance| {
            let node = lost.node().filter(|node| self.counts(lost) && self.includes(*node))?;
            let domain = self.domain(node)?;
            let held = self.counted().filter(|(_, node)| self.domain(*node) == Some(domain));
            let open = self.cluster.node_ids().any(|node| {
                let there = self.placement.node(node);
                let may_come =
                    there.exists && there.reachable && !(alike && self.shut.contains(&node));
                may_come && self.domain(node) == Some(domain)
            });
            let coming = if open { waiting.len() } else { 0 };
            i64::try_from(held.count() + coming).ok()?.checked_sub(1)
        };
        let each: Option<Vec<i64>> = lost.iter().map(without).collect();
        each?.into_iter().max()
    }

    /// The counted pods that are on a node, lost ones included.
    fn counted(&self) -> impl Iterator<Item = (&Instance, NodeId)> {
        let bound = self.placement.instances().iter();
        let bound = bound.filter_map(|instance| Some((instance, instance.node()?)));
        bound.filter(|(instance, _)| self.counts(instance))
    }

    fn counts(&self, instance: &Instance) -> bool {
        let Self { cluster, own, constraint, .. } = self;
        cluster.class(instance.class).namespace == cluster.class(own.class).namespace
            && constraint.selector.matches(cluster.labels_of(instance.class), cluster.symbols())
    }

    fn domain(&self, node: NodeId) -> Option<Symbol> {
        self.cluster.node(node).labels.get(self.constraint.topology_key)
    }

    /// Whether pods on the node are counted (`matchNodeInclusionPolicies` and the keys of all
    /// constraints, `podtopologyspread/{common,filtering}.go`, v1.36.3).
    fn includes(&self, node: NodeId) -> bool {
        let there = self.cluster.node(node);
        self.placement.node(node).exists
            && strict_spread(self.spec).all(|one| there.labels.get(one.topology_key).is_some())
            && (self.constraint.node_affinity_policy == InclusionPolicy::Ignore
                || self.spec.selects(there, self.cluster.symbols()))
    }
}
