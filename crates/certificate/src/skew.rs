//! Nodes on which a pod would make a skew too large in every run.
//!
//! Spread is the one filter beside required affinity that more pods may cure: by coming to the
//! emptiest domain. They cannot where a failure emptied a domain and no node of it serves.
//!
//! A lost pod's successor waits only once some pod of its workload was evicted. The domain of that
//! one holds from then on at most what is bound there, other lost pods included, and everybody who
//! waits; or nobody of these where no node of it is heard but such as turn down for good, for other
//! reasons, whoever waits and is counted. The emptiest domain holds no more than that, whichever
//! pod was evicted first: no more than the most over all of them (`minMatchNum` of
//! `podtopologyspread/filtering.go`, v1.36.3). On the other side what is bound and not lost stays,
//! unless it is preempted; pods of lower priority are not counted on.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::spread::{InclusionPolicy, SpreadConstraint};
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{ClassId, Cluster, InstanceId, NodeId, Placement, Symbol, WorkloadId};

use crate::prices::strict_spread;
use crate::room::bears_silence;

/// Where a pod that waits is kept off for good, by nodes.
pub(crate) struct Skew {
    nodes: BTreeSet<NodeId>,
}

impl Skew {
    /// Every eviction was carried out, and all that the pod's workload made since there were
    /// `known` pods was made for lost ones. The nodes `never` take the pod, whatever comes.
    pub(crate) fn of(
        cluster: &Cluster,
        placement: &Placement,
        (pod, never): (InstanceId, &BTreeSet<NodeId>),
        known: usize,
    ) -> Self {
        let workload = placement.instance(pod).workload;
        let only_makes_up = matches!(
            cluster.workload(workload).kind,
            WorkloadKind::ReplicaSet | WorkloadKind::ReplicationController
        );
        let own = placement.pending().iter();
        let mut own = own.filter(|id| placement.instance(**id).workload == workload);
        let waited = own.any(|id| id.index() < known);
        let mut nodes = BTreeSet::new();
        if only_makes_up && !waited {
            let class = placement.instance(pod).class;
            for constraint in strict_spread(cluster.spec_of(class)) {
                let count = Count { cluster, placement, class, constraint, known, never };
                nodes.extend(count.closed(workload).unwrap_or_default());
            }
        }
        Self { nodes }
    }

    /// Whether no run places the pod on the node.
    pub(crate) fn keeps_off(&self, node: NodeId) -> bool {
        self.nodes.contains(&node)
    }
}

/// What one constraint counts.
struct Count<'s> {
    cluster: &'s Cluster,
    placement: &'s Placement,
    class: ClassId,
    constraint: &'s SpreadConstraint,
    known: usize,
    never: &'s BTreeSet<NodeId>,
}

impl Count<'_> {
    /// The nodes of domains that hold too many; `None` where that cannot be told.
    fn closed(&self, workload: WorkloadId) -> Option<Vec<NodeId>> {
        // Taints come and go with failures.
        if self.constraint.node_taints_policy == InclusionPolicy::Honor {
            return None;
        }
        let (mut there, mut stay) = (BTreeMap::new(), BTreeMap::new());
        let mut lost = Vec::new();
        let priority = |class: ClassId| self.cluster.spec_of(class).priority;
        for instance in self.placement.instances() {
            let Some(node) = instance.node() else { continue };
            let is_counted = self.counts(instance.class);
            if instance.terminating && instance.workload == workload {
                // Its domain must be one of those that are compared.
                let counted = is_counted && self.includes(node);
                lost.push(self.domain(node).filter(|_| counted)?);
            }
            let Some(domain) = self.domain(node).filter(|_| is_counted) else { continue };
            *there.entry(domain).or_insert(0_i64) += 1;
            let stays = !instance.terminating && self.includes(node);
            if stays && priority(instance.class) >= priority(self.class) {
                *stay.entry(domain).or_insert(0_i64) += 1;
            }
        }
        let coming = self.coming()?;
        let one_sort = coming.iter().all(|class| *class == self.class);
        let coming = coming.len() as i64;
        let held = |domain: Symbol| {
            let heard = |node: NodeId| {
                let shut = one_sort && self.never.contains(&node);
                self.placement.node(node).exists && self.is_heard(node) && !shut
            };
            let mut within = self.cluster.node_ids().filter(|id| self.domain(*id) == Some(domain));
            let coming = if within.any(heard) { coming } else { 0 };
            there[&domain] - 1 + coming
        };
        let least = lost.into_iter().map(held).max()?;
        let own = i64::from(self.counts(self.class));
        let is_closed = |node: &NodeId| {
            let held = self.domain(*node).and_then(|domain| stay.get(&domain));
            held.is_some_and(|held| held + own - least > i64::from(self.constraint.max_skew))
        };
        Some(self.cluster.node_ids().filter(is_closed).collect())
    }

    /// Those that wait and are counted; `None` where one of them may come to a node that is not
    /// heard, or waited before and may be lost like others.
    fn coming(&self) -> Option<Vec<ClassId>> {
        let waiting = self.placement.pending().iter();
        let waiting = waiting.map(|id| (id.index(), self.placement.instance(*id).class));
        let waiting: Vec<(usize, ClassId)> =
            waiting.filter(|(_, class)| self.counts(*class)).collect();
        let bears = |class: ClassId| bears_silence(self.cluster, self.cluster.spec_of(class));
        let odd = waiting.iter().any(|(at, class)| *at < self.known || bears(*class));
        (!odd).then(|| waiting.into_iter().map(|(_, class)| class).collect())
    }

    fn counts(&self, class: ClassId) -> bool {
        let Self { cluster, constraint, .. } = self;
        cluster.class(class).namespace == cluster.class(self.class).namespace
            && constraint.selector.matches(cluster.labels_of(class), cluster.symbols())
    }

    fn domain(&self, node: NodeId) -> Option<Symbol> {
        self.cluster.node(node).labels.get(self.constraint.topology_key)
    }

    fn is_heard(&self, node: NodeId) -> bool {
        self.placement.node(node).reachable
    }

    /// Whether pods on the node count: it has the labels of all constraints, and node affinity
    /// lets the pod onto it where the constraint asks.
    fn includes(&self, node: NodeId) -> bool {
        let (cluster, spec) = (self.cluster, self.cluster.spec_of(self.class));
        let there = cluster.node(node);
        let labelled = |one: &SpreadConstraint| there.labels.get(one.topology_key).is_some();
        let asks = self.constraint.node_affinity_policy == InclusionPolicy::Honor;
        self.placement.node(node).exists
            && strict_spread(spec).all(labelled)
            && (!asks || spec.selects(there, cluster.symbols()))
    }
}
