//! Pods that may be stuck on nodes that nobody hears, nobody knows which of them and where.
//!
//! Who was placed somewhere, nobody knows where, is evicted from there when the node fails, and
//! made again; what is left of it ends only once the node is heard. Until then it keeps off, in the
//! domains of its node, whoever cannot stand it, and counts for topology spread until it is told to
//! go. So nodes that share no domain with any node where it may be take the pod as they would
//! without it. What it takes of its own node does not matter, where that is not counted on.

use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{ClassId, Cluster, NodeId, Symbol, WorkloadId};
use holdfast_failover::controllers::Reaction;
use holdfast_failover::eviction;

use crate::counting::{self, Domains};

use super::strict_spread;

/// A label and its value: the nodes that have it.
pub(crate) type Domain = (Symbol, Symbol);

/// Who may be stuck, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stranded<'s> {
    /// What these pods are.
    pub classes: &'s [ClassId],
    /// The nodes.
    pub nodes: &'s [NodeId],
}

impl Stranded<'_> {
    /// The domains, labels with their values, in which one of them may keep pods of the class off
    /// nodes; but for a lone spread constraint, whose emptiest domain stays open.
    pub(crate) fn shut(&self, cluster: &Cluster, class: ClassId) -> Vec<Domain> {
        let keys = self.classes.iter().flat_map(|other| counting::at_odds(cluster, class, *other));
        let keys = keys.filter_map(|domains| match domains {
            Domains::Label(key) => Some(key),
            Domains::Nodes => None,
        });
        self.values(cluster, keys)
    }

    /// The domains of strict spread constraints that count one of them.
    pub(crate) fn crowded(&self, cluster: &Cluster, class: ClassId) -> Vec<Domain> {
        let own =
            |other: &ClassId| cluster.class(*other).namespace == cluster.class(class).namespace;
        let constraints = strict_spread(cluster.spec_of(class)).filter(|constraint| {
            let counts = |other: &ClassId| {
                constraint.selector.matches(cluster.labels_of(*other), cluster.symbols())
            };
            self.classes.iter().filter(|other| own(other)).any(counts)
        });
        self.values(cluster, constraints.map(|constraint| constraint.topology_key))
    }

    fn values(&self, cluster: &Cluster, keys: impl Iterator<Item = Symbol>) -> Vec<Domain> {
        if self.classes.is_empty() {
            return Vec::new();
        }
        let mut keys: Vec<Symbol> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        let of_node = |key: Symbol| {
            let values = self.nodes.iter().map(move |node| cluster.node(*node).labels.get(key));
            values.flatten().map(move |value| (key, value))
        };
        let mut all: Vec<Domain> = keys.into_iter().flat_map(of_node).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Whether the node is in one of the domains.
pub(crate) fn is_in(cluster: &Cluster, domains: &[Domain], node: NodeId) -> bool {
    let labels = &cluster.node(node).labels;
    domains.iter().any(|(key, value)| labels.get(*key) == Some(*value))
}

/// Whether a pod is made again elsewhere wherever it was when a node failed: another is made at
/// once, it is evicted, and it keeps no volume there.
pub(crate) fn comes_back(cluster: &Cluster, class: ClassId, workload: WorkloadId) -> bool {
    let spec = cluster.spec_of(class);
    let known = cluster.known();
    let mut keys = [known.unreachable, known.not_ready].into_iter();
    Reaction::of(cluster.workload(workload)) == Reaction::ReplaceTerminating
        && spec.volumes.iter().all(|volume| matches!(volume, PodVolume::HostPath))
        && !keys.any(|key| eviction::is_borne_for_ever(cluster, spec, key))
}
