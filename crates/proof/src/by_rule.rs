//! *Immediately by rule*: how many pods of a workload a set of nodes can hold, wherever the pods
//! are put.
//!
//! As placed, two replicas may stand well apart and yet come to share a node with the next
//! rollout. By rule asks for the worst of all placements that the hard rules allow, while every pod
//! that is wanted runs: each pod of the workload is where it is today, or on a node that let it in.
//! Pods of others may be anywhere, but for those that belong to their node. What such a set holds
//! at most, an exact number with its reasons, is lost when the set fails, and all else is not.
//!
//! Each reason by itself bounds from above, and so does the least of them:
//!
//! * a node takes none of the pods, or some of them only, as those whose volumes are there, or has
//!   room for so many; cordons, and taints that come and go with a node's state, keep nobody off
//!   here, since they do not last;
//! * pods that required anti-affinity keeps apart, or that need one port, are so many in a domain;
//! * strict topology spread leaves so many in the domains at hand where pods come one after the
//!   other with none leaving in between. Where some leave, more skew may be left behind, and so
//!   there is a second bound, for pods that come and go in any order but are never more than so
//!   many ([`Bounds::lasting`]). [`Most::lasts`] tells which of the two it is;
//! * where more pods are today than a rule would let in again, they may stay.
//!
//! The bounds say nothing of how many pods run: where not all that are wanted can, nothing is
//! proved. What is refuted has a placement, and every pod of it was let in by the scheduler's own
//! filters.

mod caps;
pub mod claim;
mod spreading;
mod witness;
mod worst;

use std::collections::BTreeMap;

use holdfast_cluster::pod::HostPort;
use holdfast_cluster::workload::{Provenance, Strategy, WorkloadKind};
use holdfast_cluster::{
    ClassId, Cluster, InstanceId, LabelsId, NodeId, Placement, Symbol, WorkloadId,
};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

pub use self::worst::Worst;
use crate::rules::{Blocked, Refusal, Resource, Rules, is_fixed, strict};
use crate::seat::Seat;
use crate::subject::{Subject, follows_nodes};

/// Why nodes hold no more pods of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// There are no more pods.
    NoMorePods,
    /// A node takes none of them.
    Refused(Refusal),
    /// Only so many of them are let in there, the others turned down.
    Elsewhere {
        /// How many.
        at_most: u32,
        /// Why the first of the others is turned down.
        refusal: Refusal,
    },
    /// A node has room for so many of them, by what is left of this resource.
    Room {
        /// Of what.
        resource: Resource,
        /// How many.
        at_most: u32,
    },
    /// At most so many with one value of this label, by required anti-affinity.
    Apart {
        /// The label.
        key: Symbol,
        /// How many.
        at_most: u32,
    },
    /// One on a node, as all of them need this port.
    Port(HostPort),
    /// So many in the domains at hand, by strict topology spread.
    Spread {
        /// The label whose values are the domains.
        key: Symbol,
        /// How many more than the emptiest domain one may hold.
        max_skew: i32,
        /// How many.
        at_most: u32,
    },
    /// So many are there today, and may stay, though a rule would not let them in again.
    Staying(u32),
}

/// How many pods of a workload some nodes hold at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Most {
    /// How many.
    pub pods: u32,
    /// Why no more, each reason once.
    pub why: Vec<Why>,
    /// It holds whatever came and went before. Otherwise it holds for pods that come with none
    /// leaving in between, by topology spread.
    pub lasts: bool,
}

/// Why nothing is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unbounded {
    /// The number of its pods follows from the nodes.
    FollowsNodes,
    /// Another scheduler places its pods, by rules of its own.
    ForeignScheduler,
    /// Pods are missing, and nobody knows what they would ask for.
    NoTemplate,
}

/// Whether enough pods are left, whatever the placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In every placement.
    Proved(Most),
    /// In this placement there are not: so many of its pods are lost.
    Refuted {
        /// The pods that are moved, in an order in which every filter lets them in.
        moved: Vec<Seat>,
        /// Pods of the workload that are lost.
        lost: u32,
    },
    /// The nodes may hold too many as far as the bounds tell, and no placement was found.
    Unknown(Most),
    /// Not all pods that are wanted can run at once: so many can at most.
    TooFewPlaces(Most),
}

/// Pods of one kind, and how many of them there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    class: ClassId,
    most: u32,
}

/// Pods of a workload on a node today, which may stay.
#[derive(Clone, Copy, Debug, Default)]
struct Today {
    pods: u32,
    /// Of which kinds, bit by bit, those beyond the bits left out.
    kinds: u64,
}

/// The domains of a label.
#[derive(Clone, Debug)]
struct Topology {
    /// By node.
    domain: Vec<Option<u32>>,
    size: usize,
    /// No two nodes are in one domain.
    single: bool,
}

/// Everything that bounds of all workloads share.
#[derive(Clone, Debug)]
pub struct ByRule<'c> {
    rules: Rules<'c>,
    /// Nodes that nothing but their labels tells apart: by node, and one of each.
    shape_of: Vec<u32>,
    shapes: Vec<NodeId>,
    topologies: BTreeMap<Symbol, Topology>,
    /// Bound or pending pods that are not about to leave, by workload.
    active: Vec<Vec<InstanceId>>,
    /// Which workloads have pods with these labels, by namespace.
    labelled: BTreeMap<Symbol, IndexMap<LabelsId, Vec<WorkloadId>, FxBuildHasher>>,
    /// Positions in `labelled` by namespace, label and value.
    postings: BTreeMap<(Symbol, Symbol, Symbol), Vec<u32>>,
}

/// The bounds of one workload.
#[derive(Clone, Debug)]
pub struct Bounds<'r, 'c> {
    of: &'r ByRule<'c>,
    desired: u32,
    kinds: Vec<Kind>,
    /// Domains that pods which cannot move keep each kind off.
    blocked: Vec<Blocked>,
    /// The least that any kind asks for.
    asked: Vec<(Resource, i64)>,
    /// A port that no two of the pods can have on one node.
    port: Option<HostPort>,
    /// Which of the kinds each node takes or has, bit by bit, by node; empty where no node tells
    /// them apart, or where there are too many.
    takes: Vec<u64>,
    /// How many of its pods each node holds at most, by node.
    caps: Vec<u32>,
    /// Its pods on each node today, on those with any.
    today: BTreeMap<NodeId, Today>,
    /// Labels, and how many pods one value of them holds at most.
    apart: Vec<(Symbol, u32)>,
    spreads: Vec<spreading::Rule>,
    /// How many of its pods there may be at once while some come and others go, where that is
    /// known.
    together: Option<u32>,
}

impl<'c> ByRule<'c> {
    /// Looks at the cluster, as it stands in `placement` before anything fails.
    pub fn new(cluster: &'c Cluster, placement: &Placement) -> Self {
        let rules = Rules::new(cluster, placement, |id| is_fixed(cluster, placement, id));
        let topologies = topologies(cluster);
        let (shape_of, shapes) = shapes(&rules, &topologies);
        let mut active = vec![Vec::new(); cluster.workloads().len()];
        for id in placement.instance_ids() {
            let instance = placement.instance(id);
            if !instance.terminating && (instance.node().is_some() || instance.is_pending()) {
                active[instance.workload.index()].push(id);
            }
        }
        let mut by_rule = Self {
            rules,
            shape_of,
            shapes,
            topologies,
            active,
            labelled: BTreeMap::new(),
            postings: BTreeMap::new(),
        };
        by_rule.index_labels(placement);
        by_rule
    }

    fn cluster(&self) -> &'c Cluster {
        self.rules.cluster()
    }

    /// Notes whose pods have which labels.
    fn index_labels(&mut self, placement: &Placement) {
        let cluster = self.cluster();
        let of_pods = placement.instances().iter().map(|one| (one.class, one.workload));
        let of_next = cluster.pods().iter().map(|pod| (pod.replacement, pod.workload));
        let templates =
            cluster.workload_ids().filter_map(|id| Some((cluster.workload(id).template?, id)));
        for (class, workload) in of_pods.chain(of_next).chain(templates) {
            let (class, root) = (*cluster.class(class), cluster.root(workload));
            let known = self.labelled.entry(class.namespace).or_default();
            let entry = known.entry(class.labels);
            let at = u32::try_from(entry.index()).expect("fewer label sets than pods");
            let is_new = matches!(entry, indexmap::map::Entry::Vacant(_));
            let roots = entry.or_default();
            if !roots.contains(&root) {
                roots.push(root);
            }
            if is_new {
                for (key, value) in cluster.labels(class.labels).iter() {
                    self.postings.entry((class.namespace, key, value)).or_default().push(at);
                }
            }
        }
    }

    /// The bounds of a workload.
    ///
    /// # Errors
    /// Why there are none.
    pub fn bounds(
        &self,
        placement: &Placement,
        subject: &Subject,
    ) -> Result<Bounds<'_, 'c>, Unbounded> {
        let cluster = self.cluster();
        if follows_nodes(cluster.workload(subject.root).kind) {
            return Err(Unbounded::FollowsNodes);
        }
        let desired = subject.desired(cluster, placement);
        let kinds = self.kinds(placement, subject, desired)?;
        let mut today: BTreeMap<NodeId, Today> = BTreeMap::new();
        for id in subject.members.iter().flat_map(|member| &self.active[member.index()]) {
            let Some(node) = placement.instance(*id).node() else { continue };
            let there = today.entry(node).or_default();
            there.pods += 1;
            let class = placement.instance(*id).next_class(self.cluster());
            let kind = kinds.iter().position(|kind| kind.class == class);
            there.kinds |= kind.and_then(|at| 1_u64.checked_shl(at as u32)).unwrap_or(0);
        }
        let together = self.together(subject, desired);
        Ok(self.bound(subject, (desired, together), kinds, today))
    }

    /// How many of its pods there may be at once, be it during a rollout that begins where all is
    /// quiet: of a Deployment all old ones beside all new ones, as old ones that are to go may take
    /// their time (`reconcileNewReplicaSet`, `pkg/controller/deployment/rolling.go`, v1.36.3,
    /// counts how many its ReplicaSets want and not how many there are).
    fn together(&self, subject: &Subject, desired: u32) -> Option<u32> {
        let root = self.cluster().workload(subject.root);
        if root.provenance == Provenance::Inferred {
            return None;
        }
        let highest = root.autoscaled.map_or(0, |(_, most)| u32::try_from(most).unwrap_or(0));
        let wanted = desired.max(highest);
        let most = match (root.kind, root.strategy) {
            (WorkloadKind::Deployment, Some(Strategy::RollingUpdate { .. })) => wanted * 2,
            (WorkloadKind::Deployment, Some(Strategy::Recreate))
            | (
                WorkloadKind::ReplicaSet
                | WorkloadKind::ReplicationController
                | WorkloadKind::StatefulSet,
                _,
            ) => wanted,
            _ => return None,
        };
        let today: usize = subject.members.iter().map(|id| self.active[id.index()].len()).sum();
        Some(most.max(u32::try_from(today).unwrap_or(u32::MAX)))
    }

    /// What the pods of a workload may be: each of those that there are, as it is made again, and
    /// what templates make where some are missing.
    fn kinds(
        &self,
        placement: &Placement,
        subject: &Subject,
        desired: u32,
    ) -> Result<Vec<Kind>, Unbounded> {
        let cluster = self.cluster();
        let named = matches!(
            cluster.workload(subject.root).kind,
            WorkloadKind::StatefulSet | WorkloadKind::Pod
        );
        let mut kinds: BTreeMap<ClassId, u32> = BTreeMap::new();
        let mut active = 0;
        for member in &subject.members {
            for id in &self.active[member.index()] {
                *kinds.entry(placement.instance(*id).next_class(self.cluster())).or_default() += 1;
                active += 1;
            }
        }
        let missing = desired.saturating_sub(active);
        if missing > 0 {
            let members = subject.members.iter().filter(|id| placement.target(**id).desired > 0);
            let made = members.filter(|id| cluster.owned(**id).is_empty());
            let templates: Vec<ClassId> =
                made.filter_map(|id| cluster.workload(*id).template).collect();
            if templates.is_empty() {
                return Err(Unbounded::NoTemplate);
            }
            for class in templates {
                *kinds.entry(class).or_default() += missing;
            }
        }
        if kinds.keys().any(|class| self.rules.profile(cluster.spec_of(*class)).is_none()) {
            return Err(Unbounded::ForeignScheduler);
        }
        // Nobody knows how a rollout divides the pods between its templates.
        let most = |count: u32| if named { count.min(desired) } else { desired };
        Ok(kinds.into_iter().map(|(class, count)| Kind { class, most: most(count) }).collect())
    }
}

/// Nodes with the same room, taints and ports taken, and with the same of the labels in question.
fn shapes(rules: &Rules<'_>, topologies: &BTreeMap<Symbol, Topology>) -> (Vec<u32>, Vec<NodeId>) {
    let cluster = rules.cluster();
    let mut known = IndexMap::<_, NodeId, FxBuildHasher>::default();
    let of_node = |id: NodeId| {
        let (node, fixed) = (cluster.node(id), rules.fixed(id));
        let labelled: Vec<bool> =
            topologies.values().map(|one| one.domain[id.index()].is_some()).collect();
        let key = (
            labelled,
            (&node.allocatable, node.pods_allocatable, &node.taints),
            (&fixed.requested, fixed.count, &fixed.ports),
        );
        let entry = known.entry(key);
        let at = u32::try_from(entry.index()).expect("fewer shapes than nodes");
        entry.or_insert(id);
        at
    };
    let shape_of = cluster.node_ids().map(of_node).collect();
    (shape_of, known.into_values().collect())
}

/// The domains of every label that keeps pods apart or spreads them.
fn topologies(cluster: &Cluster) -> BTreeMap<Symbol, Topology> {
    let mut topologies = BTreeMap::new();
    for spec in cluster.specs() {
        let apart = spec.pod_anti_affinity.required.iter().map(|term| term.topology_key);
        for key in apart.chain(strict(spec).map(|one| one.topology_key)) {
            topologies.entry(key).or_insert_with(|| Topology::new(cluster, key));
        }
    }
    topologies
}

impl Topology {
    fn new(cluster: &Cluster, key: Symbol) -> Self {
        let mut values: BTreeMap<Symbol, u32> = BTreeMap::new();
        let mut labelled = 0;
        let mut of_node = |node: &holdfast_cluster::Node| {
            let value = node.labels.get(key)?;
            labelled += 1;
            let next = u32::try_from(values.len()).expect("fewer values than nodes");
            Some(*values.entry(value).or_insert(next))
        };
        let domain: Vec<Option<u32>> = cluster.nodes().iter().map(&mut of_node).collect();
        Self { domain, size: values.len(), single: values.len() == labelled }
    }
}
