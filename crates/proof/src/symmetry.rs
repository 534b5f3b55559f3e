//! Nodes that nothing can tell apart.
//!
//! Two nodes are of one class where to exchange them, each with its pods, leaves the cluster as it
//! is. Then every run after one failure is a run after the other with the nodes exchanged, pods of
//! the same workloads serve at its end, and the verdicts are the same. As any two nodes of a class
//! may be exchanged, so may all of them, and a set is told by how many of each class fail.
//!
//! Whatever the rules or the scheduler ask of a node must be answered alike by both:
//!
//! * what it has and lets in: all of the node object but its name, its labels and images that no
//!   pod asks for;
//! * each requirement on labels or names that any pod, volume, storage class or profile states;
//! * for each topology key the same domain, or one of its own each;
//! * zone and region, by which evictions stop and volumes are looked for, and the keys by which CSI
//!   drivers tell nodes apart;
//! * which parts of the control plane it carries, its `CSINode`, and how it stands;
//! * its pods: as many of each class, workload and condition. Pods of a DaemonSet are alike where
//!   they differ by the name of their own node alone. Ages count where a pod may be preempted.
//!
//! Nodes that something names are like no other: nominations, attached volumes, claims that a node
//! was chosen for, declared machines. No nodes are alike where volumes are kept on the nodes, where
//! the scheduler looks at some of the nodes only, which depends on the order of their names, or
//! where it asks somebody else.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::placement::{LifecycleTaints, Whereabouts};
use holdfast_cluster::profile::DefaultSpread;
use holdfast_cluster::selector::{
    LabelSelector, NodeSelector, NodeSelectorTerm, Operator, Requirement,
};
use holdfast_cluster::volume::CsiNode;
use holdfast_cluster::workload::WorkloadKind;
use holdfast_cluster::{
    ClassId, Cluster, InstanceId, Labels, LabelsId, Node, NodeId, Placement, PodSpec, SpecId,
    Symbol, WorkloadId,
};
use holdfast_failover::Dynamics;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::scenario::FailureSet;

/// The classes of the nodes of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symmetry {
    /// By node.
    class: Vec<usize>,
    /// How many nodes are in each class.
    sizes: Vec<usize>,
    /// The node before of the same class, by node.
    before: Vec<Option<NodeId>>,
}

/// What tells a set from those that are like it: how many things fail, how many nodes of each
/// class, and the machines that are no nodes.
pub type Sort = (usize, BTreeMap<usize, usize>, Vec<Symbol>);

impl Symmetry {
    /// The classes as the cluster stands before anything happens.
    pub fn of(dynamics: &Dynamics<'_>) -> Self {
        let cluster = dynamics.cluster();
        if !is_regular(dynamics) {
            return Self::none(cluster);
        }
        let mut placement = Placement::of(cluster);
        dynamics.begin(&mut placement);
        let readings = Readings::of(cluster, &placement);
        let named = named(cluster, &placement);
        let mut kinds: Vec<Kind<'_>> = Vec::new();
        let class = cluster.node_ids().map(|node| {
            let mut kind = readings.kind(dynamics, &placement, node);
            kind.named = named.contains(&node).then_some(node);
            kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            })
        });
        Self::from(class.collect())
    }

    /// Every node by itself.
    pub fn none(cluster: &Cluster) -> Self {
        Self::from((0..cluster.nodes().len()).collect())
    }

    fn from(class: Vec<usize>) -> Self {
        let classes = class.iter().max().map_or(0, |last| last + 1);
        let (mut sizes, mut last) = (vec![0; classes], vec![None; classes]);
        let before = class.iter().enumerate().map(|(at, class)| {
            sizes[*class] += 1;
            last[*class].replace(NodeId::at(at))
        });
        let before = before.collect();
        Self { class, sizes, before }
    }

    /// The class of a node.
    pub fn class(&self, node: NodeId) -> usize {
        self.class[node.index()]
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.sizes.len()
    }

    /// How many sets of nodes are like this one, itself included, if it is the first of them by
    /// name: the first nodes of each class are in it.
    pub fn count_as_first(&self, nodes: &[NodeId]) -> Option<u64> {
        let has_before = |node: &NodeId| {
            self.before[node.index()].is_none_or(|before| nodes.binary_search(&before).is_ok())
        };
        if !nodes.iter().all(has_before) {
            return None;
        }
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for node in nodes {
            *taken.entry(self.class(*node)).or_default() += 1;
        }
        let ways = taken.iter().map(|(class, count)| choices(self.sizes[*class], *count));
        Some(ways.fold(1, u64::saturating_mul))
    }

    /// What tells a set from those that are like it.
    pub fn sort(&self, set: &FailureSet) -> Sort {
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for node in set.nodes() {
            *taken.entry(self.class(*node)).or_default() += 1;
        }
        (set.size(), taken, set.machines().to_vec())
    }
}

/// In how many ways so many of `all` can be chosen.
fn choices(all: usize, count: usize) -> u64 {
    // Exact at every step: a product of `n` consecutive numbers is divisible by `n!`.
    let step = |ways: u128, at: usize| ways.saturating_mul((all - at) as u128) / (at as u128 + 1);
    u64::try_from((0..count).fold(1, step)).unwrap_or(u64::MAX)
}

/// Whether no decision depends on the names of nodes, nor on anybody outside.
fn is_regular(dynamics: &Dynamics<'_>) -> bool {
    let cluster = dynamics.cluster();
    let nodes = cluster.nodes().len();
    let scheduling = cluster.scheduling();
    let looks_at_all = scheduling.profiles.iter().all(|profile| {
        profile.nodes_to_find(nodes) == nodes
            && !profile.may_preempt_early(nodes)
            && profile.oddities.is_empty()
    });
    looks_at_all && scheduling.extenders.is_empty() && dynamics.storage().is_empty()
}

/// Nodes that something names.
fn named(cluster: &Cluster, placement: &Placement) -> BTreeSet<NodeId> {
    let objects = cluster.objects();
    let attached = objects.attachments.iter().map(|attachment| attachment.node);
    let chosen = objects.claims.values().filter_map(|claim| claim.selected_node);
    let machines = objects.assumptions.machines.iter().flat_map(|machine| &machine.nodes).copied();
    let nominated = cluster.pods().iter().filter_map(|pod| pod.nominated_node);
    let all = attached.chain(chosen).chain(machines).chain(nominated);
    let mut named: BTreeSet<NodeId> = all.filter_map(|name| cluster.node_named(name)).collect();
    // Pods that belong to a node they are not on.
    for id in placement.instance_ids() {
        let instance = placement.instance(id);
        let kind = cluster.workload(instance.workload).kind;
        if matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::StaticPod) {
            let home = instance.origin.and_then(|pod| cluster.node_named(cluster.pod(pod).node?));
            named.extend(home.filter(|home| instance.node() != Some(*home)));
            named.extend(instance.node().filter(|node| home != Some(*node)));
        }
    }
    named
}

/// All that a node may be asked.
struct Readings<'c> {
    cluster: &'c Cluster,
    labels: Vec<&'c Requirement>,
    selected: BTreeSet<(Symbol, Symbol)>,
    names: Vec<&'c Requirement>,
    /// Keys whose values matter themselves.
    values: BTreeSet<Symbol>,
    /// Topology keys, with how many nodes are in each domain.
    domains: BTreeMap<Symbol, BTreeMap<Symbol, usize>>,
    images: BTreeSet<Symbol>,
    /// Each spec without the name of the one node that its pods are on, by spec.
    specs: Vec<usize>,
    /// The highest priority of a pod that may preempt others.
    highest: i32,
}

/// Everything that may tell a node from another.
#[derive(PartialEq)]
struct Kind<'c> {
    named: Option<NodeId>,
    node: Node,
    admitted: Vec<bool>,
    values: Vec<Option<Symbol>>,
    domains: Vec<Domain>,
    csi: Option<CsiNode>,
    parts: [usize; 3],
    flags: [bool; 7],
    taints: &'c LifecycleTaints,
    pods: Vec<PodKind>,
}

/// The domain of a node.
#[derive(PartialEq)]
enum Domain {
    None,
    Alone,
    Shared(Symbol),
}

/// What matters of a pod on a node.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PodKind {
    class: ClassKind,
    next: ClassKind,
    workload: WorkloadId,
    flags: u32,
    ordinal: u32,
    /// It is of the export.
    own: bool,
    has_origin: bool,
    phase: Option<u8>,
    mirror: bool,
    expanded: bool,
    deletion_cost: Option<i32>,
    start_time: Option<i64>,
}

type ClassKind = (Symbol, LabelsId, usize);

impl<'c> Readings<'c> {
    fn of(cluster: &'c Cluster, placement: &Placement) -> Self {
        let mut readings = Self {
            cluster,
            labels: Vec::new(),
            selected: BTreeSet::new(),
            names: Vec::new(),
            values: ZONES.iter().filter_map(|key| cluster.find(key)).collect(),
            domains: BTreeMap::new(),
            images: BTreeSet::new(),
            specs: Vec::new(),
            highest: i32::MIN,
        };
        let homes = homes(cluster, placement);
        let mut known: IndexSet<PodSpec, FxBuildHasher> = IndexSet::default();
        for (at, spec) in cluster.specs().enumerate() {
            let at_home = homes.contains_key(&SpecId::at(at));
            readings.read_spec(spec, at_home);
            let spec = if at_home { without_name(cluster, spec) } else { spec.clone() };
            readings.specs.push(known.insert_full(spec).0);
        }
        readings.read_profiles();
        readings.read_objects();
        for counts in &mut readings.domains {
            for node in cluster.nodes() {
                if let Some(value) = node.labels.get(*counts.0) {
                    *counts.1.entry(value).or_default() += 1;
                }
            }
        }
        readings
    }

    fn read_spec(&mut self, spec: &'c PodSpec, at_home: bool) {
        self.selected.extend(spec.node_selector.iter());
        let affinity = &spec.node_affinity;
        let required = affinity.required.iter().flat_map(|selector| selector.terms.iter());
        for term in required.chain(affinity.preferred.iter().map(|(_, term)| term)) {
            self.read_term(term, !at_home);
        }
        for affinity in [&spec.pod_affinity, &spec.pod_anti_affinity] {
            let preferred = affinity.preferred.iter().map(|(_, term)| term);
            for term in affinity.required.iter().chain(preferred) {
                self.domains.entry(term.topology_key).or_default();
            }
        }
        for constraint in &spec.spread {
            self.domains.entry(constraint.topology_key).or_default();
        }
        self.images.extend(spec.images.iter().chain(&spec.image_volumes));
        if spec.preempts {
            self.highest = self.highest.max(spec.priority);
        }
    }

    fn read_profiles(&mut self) {
        self.domains.entry(self.cluster.known().hostname).or_default();
        for profile in &self.cluster.scheduling().profiles {
            let added = &profile.added_affinity;
            added.required.iter().for_each(|selector| self.read_selector(selector));
            added.preferred.iter().for_each(|(_, term)| self.read_term(term, true));
            if let DefaultSpread::List(constraints) = &profile.default_spread {
                for constraint in constraints {
                    self.domains.entry(constraint.topology_key).or_default();
                }
            }
        }
    }

    fn read_objects(&mut self) {
        let objects = self.cluster.objects();
        for volume in objects.volumes.values() {
            let migrated = volume.migrated.as_ref().and_then(|(_, selector)| selector.as_ref());
            volume.node_affinity.iter().chain(migrated).for_each(|it| self.read_selector(it));
        }
        for class in objects.storage_classes.values() {
            class.allowed_topologies.iter().for_each(|it| self.read_selector(it));
        }
        for capacity in &objects.storage_capacities {
            if let Some(LabelSelector::All(asked)) = &capacity.topology {
                self.labels.extend(asked);
            }
        }
        let drivers = objects.csi_nodes.values().flat_map(|node| node.drivers.iter());
        self.values.extend(drivers.flat_map(|driver| driver.topology_keys.iter()));
    }

    fn read_selector(&mut self, selector: &'c NodeSelector) {
        selector.terms.iter().for_each(|term| self.read_term(term, true));
    }

    fn read_term(&mut self, term: &'c NodeSelectorTerm, names: bool) {
        self.labels.extend(&term.expressions);
        if names {
            self.names.extend(&term.fields);
        }
    }

    fn kind(&self, dynamics: &Dynamics<'_>, placement: &'c Placement, id: NodeId) -> Kind<'c> {
        let (cluster, node, usage) = (self.cluster, self.cluster.node(id), placement.node(id));
        let symbols = cluster.symbols();
        let of_labels = self.labels.iter().map(|asked| asked.matches(&node.labels, symbols));
        let of_names = self.names.iter().map(|asked| asked.admits(Some(node.name), symbols));
        let selected =
            self.selected.iter().map(|(key, value)| node.labels.get(*key) == Some(*value));
        let asked = |(name, _): &&(Symbol, i64)| self.images.contains(name);
        let empty = cluster.known().empty;
        let csi = cluster.objects().csi_nodes.get(&node.name);
        let mut pods: Vec<PodKind> =
            usage.pods.iter().map(|pod| self.pod(placement, *pod)).collect();
        pods.sort_unstable();
        Kind {
            named: None,
            node: Node {
                name: empty,
                labels: Labels::default(),
                images: node.images.iter().filter(asked).copied().collect(),
                ..node.clone()
            },
            admitted: of_labels.chain(of_names).chain(selected).collect(),
            values: self.values.iter().map(|key| node.labels.get(*key)).collect(),
            domains: self.domains.iter().map(|(key, sizes)| domain(node, *key, sizes)).collect(),
            csi: csi.map(|csi| CsiNode { node: empty, ..csi.clone() }),
            parts: dynamics.control_plane().parts_of(id),
            flags: [
                usage.exists,
                usage.reachable,
                usage.healthy,
                usage.cut_off,
                usage.lost,
                usage.resigned,
                usage.unschedulable,
            ],
            taints: &usage.taints,
            pods,
        }
    }

    fn pod(&self, placement: &Placement, id: InstanceId) -> PodKind {
        let instance = placement.instance(id);
        let origin = instance.origin.map(|pod| self.cluster.pod(pod));
        let own = instance.origin.is_some_and(|pod| InstanceId::from(pod) == id);
        let next = instance.next_class(self.cluster);
        let flags = [
            instance.ready,
            instance.healthy,
            instance.starting,
            instance.attaching,
            instance.starved,
            instance.settling,
            instance.outdated,
            instance.terminating,
            instance.preempted,
        ];
        let flags = flags.into_iter().fold(0, |bits, flag| bits * 2 + u32::from(flag));
        let outranked = self.cluster.spec_of(instance.class).priority < self.highest;
        PodKind {
            class: self.class(instance.class),
            next: self.class(next),
            workload: instance.workload,
            flags,
            ordinal: instance.ordinal,
            own,
            has_origin: origin.is_some(),
            phase: origin.map(|pod| pod.phase as u8),
            mirror: origin.is_some_and(|pod| pod.mirror),
            expanded: origin.is_some_and(|pod| pod.expanded),
            deletion_cost: origin.map(|pod| pod.deletion_cost),
            start_time: origin.filter(|_| own && outranked).and_then(|pod| pod.start_time),
        }
    }

    fn class(&self, id: ClassId) -> ClassKind {
        let class = self.cluster.class(id);
        (class.namespace, class.labels, self.specs[class.spec.index()])
    }
}

/// Labels of zone and region, the older ones included.
const ZONES: [&str; 4] = [
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

fn domain(node: &Node, key: Symbol, sizes: &BTreeMap<Symbol, usize>) -> Domain {
    match node.labels.get(key) {
        None => Domain::None,
        Some(value) if sizes[&value] == 1 => Domain::Alone,
        Some(value) => Domain::Shared(value),
    }
}

/// Specs that name one node, on which all their pods are, which are a DaemonSet's.
fn homes(cluster: &Cluster, placement: &Placement) -> BTreeMap<SpecId, Symbol> {
    let mut homes: BTreeMap<SpecId, Symbol> = BTreeMap::new();
    for (at, spec) in cluster.specs().enumerate() {
        homes.extend(only_name(spec).map(|name| (SpecId::at(at), name)));
    }
    let spec = |class: ClassId| cluster.class(class).spec;
    let mut strays: BTreeSet<SpecId> = BTreeSet::new();
    for pod in cluster.pods() {
        let at_home = |class: ClassId| {
            let of_set = cluster.workload(pod.workload).kind == WorkloadKind::DaemonSet;
            of_set && pod.node.is_some() && homes.get(&spec(class)).copied() == pod.node
        };
        let classes = [pod.class, pod.replacement].into_iter();
        strays.extend(classes.filter(|class| !at_home(*class)).map(spec));
    }
    for instance in placement.instances() {
        let home = homes.get(&spec(instance.class)).copied();
        let here = instance.node().map(|node| cluster.node(node).name);
        if here != home && instance.whereabouts != Whereabouts::Gone {
            strays.insert(spec(instance.class));
        }
    }
    strays.extend(cluster.workloads().iter().filter_map(|workload| workload.template).map(spec));
    homes.retain(|spec, _| !strays.contains(spec));
    homes
}

/// The node that a spec names, if it names one and no other.
fn only_name(spec: &PodSpec) -> Option<Symbol> {
    let affinity = &spec.node_affinity;
    let required = affinity.required.iter().flat_map(|selector| selector.terms.iter());
    let terms = required.chain(affinity.preferred.iter().map(|(_, term)| term));
    let mut names = terms.flat_map(|term| term.fields.iter()).map(|field| match &field.operator {
        Operator::In(names) if names.len() == 1 => Some(names[0]),
        _ => None,
    });
    let first = names.next()??;
    names.all(|name| name == Some(first)).then_some(first)
}

/// The same with no name in place of the node's.
fn without_name(cluster: &Cluster, spec: &PodSpec) -> PodSpec {
    let mut spec = spec.clone();
    let affinity = &mut spec.node_affinity;
    let required = affinity.required.iter_mut().flat_map(|selector| selector.terms.iter_mut());
    for term in required.chain(affinity.preferred.iter_mut().map(|(_, term)| term)) {
        for field in &mut term.fields {
            field.operator = Operator::In([cluster.known().empty].into());
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::sets_up_to;

    #[test]
    fn the_first_of_each_orbit_stand_for_all_sets() {
        let symmetry = Symmetry::from(vec![0, 1, 0, 2, 1, 0]);
        let nodes: Vec<NodeId> = (0..6).map(NodeId).collect();
        let mut seen: BTreeMap<Sort, u64> = BTreeMap::new();
        for set in sets_up_to(&nodes, 6) {
            *seen.entry(symmetry.sort(&set)).or_default() += 1;
        }
        let mut first: BTreeMap<Sort, u64> = BTreeMap::new();
        for set in sets_up_to(&nodes, 6) {
            if let Some(count) = symmetry.count_as_first(set.nodes()) {
                assert_eq!(first.insert(symmetry.sort(&set), count), None, "one of each orbit");
            }
        }
        assert_eq!(first, seen);
        assert_eq!(first.values().sum::<u64>(), 64);
    }
}
