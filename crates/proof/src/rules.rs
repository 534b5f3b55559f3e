//! What of the hard rules does not depend on where the pods that move are.
//!
//! Both [`by_rule`](crate::by_rule) and [`possible`](crate::possible) say "no placement at all", so
//! they look at the rules from the other side than the scheduler does: not "does this pod fit now"
//! but "could it ever". Everything here errs one way only: a rule that is left out, or that cannot
//! be told, lets the pod in. What is built on it bounds from above; what it lets in is never
//! believed until the scheduler's own filters were asked.
//!
//! *Fixed* is what cannot move: pods of `DaemonSets` and static pods, as they are bound today and
//! not about to leave.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::coverage::InputKind;
use holdfast_cluster::pod::HostPort;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::taint::{self, Effect, Taint};
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{
    ClassId, Cluster, InstanceId, LabelsId, NodeId, Placement, Plugin, PodSpec, Profile, Resources,
    Symbol,
};

use crate::subject::follows_nodes;

/// Something that a node has so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Places for pods.
    Pods,
    /// Thousandths of a core.
    Cpu,
    /// Bytes.
    Memory,
    /// Bytes.
    EphemeralStorage,
    /// An extended resource, huge pages and the like.
    Scalar(Symbol),
}

impl Resource {
    /// How much of it a pod asks for.
    pub fn asked(self, requests: &Resources) -> i64 {
        match self {
            Self::Pods => 1,
            Self::Cpu => requests.cpu_milli,
            Self::Memory => requests.memory,
            Self::EphemeralStorage => requests.ephemeral_storage,
            Self::Scalar(name) => requests.scalar(name),
        }
    }
}

/// Why a node never takes a pod, whatever the pods that can move do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// It is cordoned.
    Cordoned,
    /// It has this taint, which the pod does not tolerate.
    Taint(Taint),
    /// It lets the pod in and evicts it again, for this taint, which the pod bears for a while.
    Evicts(Taint),
    /// Node selector or required node affinity exclude it.
    Affinity,
    /// The scheduler's profile excludes it.
    ProfileAffinity,
    /// A bound volume, by this claim, cannot be reached from it.
    Volume(Symbol),
    /// It lacks the label of a required spread constraint.
    NoDomain(Symbol),
    /// A pod that cannot move holds a port that the pod needs.
    Port(HostPort),
    /// A pod that cannot move is near, within the topology: required anti-affinity of either.
    Apart(Symbol),
    /// Nobody whom required affinity asks for, within the topology, can be near.
    NoCompany(Symbol),
    /// It has too little of a resource, even with nothing on it but what cannot move.
    Room {
        /// Of what.
        resource: Resource,
        /// What the pod asks for.
        needed: i64,
        /// What is left for pods that can move.
        available: i64,
    },
    /// It comes before the node of a pod that is alike: with both the other way round it was looked
    /// at as a case of its own.
    Earlier,
}

/// What cannot move on one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    pub(crate) requested: Resources,
    pub(crate) count: i64,
    pub(crate) ports: Vec<HostPort>,
}

/// Labels by which pods are told apart: namespace and label set.
type Kind = (Symbol, LabelsId);

/// Domains that pods of a class are kept off: a topology and one of its values each.
pub(crate) type Blocked = BTreeSet<(Symbol, Symbol)>;

/// The hard rules of one cluster, with what cannot move in one placement.
#[derive(Clone, Debug)]
pub(crate) struct Rules<'c> {
    cluster: &'c Cluster,
    fixed: Vec<Fixed>,
    /// Where fixed pods of each kind are.
    fixed_kinds: BTreeMap<Kind, BTreeSet<NodeId>>,
    /// Required anti-affinity of fixed pods, with where they are.
    fixed_terms: Vec<(&'c PodAffinityTerm, BTreeSet<NodeId>)>,
    namespaces_known: bool,
}

impl<'c> Rules<'c> {
    /// The rules, with the pods of `placement` that cannot move and that `stays` says stay.
    pub(crate) fn new(
        cluster: &'c Cluster,
        placement: &Placement,
        stays: impl Fn(InstanceId) -> bool,
    ) -> Self {
        let mut rules = Self {
            cluster,
            fixed: vec![Fixed::default(); cluster.nodes().len()],
            fixed_kinds: BTreeMap::new(),
            fixed_terms: Vec::new(),
            namespaces_known: cluster.objects().coverage.has(InputKind::Namespace),
        };
        let mut terms: BTreeMap<ClassId, BTreeSet<NodeId>> = BTreeMap::new();
        for id in placement.instance_ids().filter(|id| stays(*id)) {
            let instance = placement.instance(id);
            let Some(node) = instance.node() else { continue };
            let class = cluster.class(instance.class);
            let spec = cluster.spec(class.spec);
            let fixed = &mut rules.fixed[node.index()];
            fixed.requested.add(&spec.requests);
            fixed.count += 1;
            fixed.ports.extend(spec.host_ports.iter().copied());
            rules.fixed_kinds.entry((class.namespace, class.labels)).or_default().insert(node);
            if !spec.pod_anti_affinity.required.is_empty() {
                terms.entry(instance.class).or_default().insert(node);
            }
        }
        for (class, nodes) in terms {
            for term in &cluster.spec_of(class).pod_anti_affinity.required {
                rules.fixed_terms.push((term, nodes.clone()));
            }
        }
        rules
    }

    /// The cluster.
    pub(crate) fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// What cannot move on a node.
    pub(crate) fn fixed(&self, node: NodeId) -> &Fixed {
        &self.fixed[node.index()]
    }

    /// The profile that places pods of a spec.
    pub(crate) fn profile(&self, spec: &PodSpec) -> Option<&'c Profile> {
        self.cluster.scheduling().profile(spec.scheduler_name)
    }

    /// Whether the plugin filters nodes for pods of the class. A profile that reads it otherwise
    /// than all others do is said not to.
    pub(crate) fn filters(&self, spec: &PodSpec, plugin: Plugin) -> bool {
        self.profile(spec).is_some_and(|profile| profile.filters.contains(&plugin))
    }

    /// The resources that pods of a spec are checked for, with what they ask for; a scalar that no
    /// node lists is left out, as somebody else may provide it.
    pub(crate) fn asks(&self, spec: &PodSpec) -> Vec<(Resource, i64)> {
        if !self.filters(spec, Plugin::NodeResourcesFit) {
            return Vec::new();
        }
        let fit = self.profile(spec).map(|profile| &profile.fit);
        let all = fit.is_some_and(|fit| fit.ignored.is_empty() && fit.ignored_groups.is_empty());
        let listed = |name: Symbol| {
            let names = |amounts: &Resources| amounts.scalars.iter().any(|(one, _)| *one == name);
            self.cluster.nodes().iter().any(|node| names(&node.allocatable))
        };
        let scalars = spec.requests.scalars.iter().map(|(name, _)| *name);
        let scalars = scalars.filter(|name| all && listed(*name)).map(Resource::Scalar);
        [Resource::Pods, Resource::Cpu, Resource::Memory, Resource::EphemeralStorage]
            .into_iter()
            .chain(scalars)
            .map(|resource| (resource, resource.asked(&spec.requests)))
            .filter(|(_, asked)| *asked > 0)
            .collect()
    }

    /// What of a resource is left on a node once all that can move is gone.
    pub(crate) fn left(&self, resource: Resource, node: NodeId) -> i64 {
        let (there, fixed) = (self.cluster.node(node), &self.fixed[node.index()]);
        match resource {
            Resource::Pods => there.pods_allocatable.saturating_sub(fixed.count),
            other => other.asked(&there.allocatable).saturating_sub(other.asked(&fixed.requested)),
        }
    }

    /// Why no pod of the class ever comes to the node, but for room, by what only the node and what
    /// cannot move decide. Cordons and the taints that come and go with a node's state count as
    /// they stand in `today`, and not at all without.
    pub(crate) fn refusal(
        &self,
        class: ClassId,
        blocked: &Blocked,
        node: NodeId,
        today: Option<&Placement>,
    ) -> Option<Refusal> {
        let spec = self.cluster.spec_of(class);
        self.profile(spec)?;
        let labels = &self.cluster.node(node).labels;
        let near = || blocked.iter().find(|(key, value)| labels.get(*key) == Some(*value));
        self.by_node(spec, node, today)
            .or_else(|| self.by_volumes(class, node))
            .or_else(|| self.by_spread_labels(spec, node))
            .or_else(|| self.by_ports(spec, node))
            .or_else(|| near().map(|(key, _)| Refusal::Apart(*key)))
    }

    fn by_node(&self, spec: &PodSpec, node: NodeId, today: Option<&Placement>) -> Option<Refusal> {
        let (symbols, known) = (self.cluster.symbols(), self.cluster.known());
        let there = self.cluster.node(node);
        let bears =
            |taint: &Taint| spec.tolerations.iter().any(|one| one.tolerates(taint, symbols, false));
        let cordon =
            Taint { key: known.unschedulable, value: known.empty, effect: Effect::NoSchedule };
        let cordoned = today.is_some_and(|today| today.node(node).unschedulable);
        if cordoned && self.filters(spec, Plugin::NodeUnschedulable) && !bears(&cordon) {
            return Some(Refusal::Cordoned);
        }
        let repels = |taint: &Taint| taint.effect != Effect::PreferNoSchedule && !bears(taint);
        let first = if let Some(today) = today {
            taint::standing(known, there, today.node(node)).find(repels)
        } else {
            let lasting = there.taints.iter().filter(|one| !known.is_of_lifecycle(one.key));
            lasting.copied().find(repels)
        };
        if let Some(taint) = first
            && self.filters(spec, Plugin::TaintToleration)
        {
            return Some(Refusal::Taint(taint));
        }
        if !self.filters(spec, Plugin::NodeAffinity) {
            return None;
        }
        let added = self.profile(spec).and_then(|own| own.added_affinity.required.as_ref());
        if added.is_some_and(|one| !one.matches(there.name, &there.labels, symbols)) {
            return Some(Refusal::ProfileAffinity);
        }
        (!spec.selects(there, symbols)).then_some(Refusal::Affinity)
    }

    /// Bound claims whose volume says where it can be used. What a migrated driver makes of a
    /// volume is left out.
    fn by_volumes(&self, class: ClassId, node: NodeId) -> Option<Refusal> {
        let spec = self.cluster.spec_of(class);
        if spec.volumes.is_empty() || !self.filters(spec, Plugin::VolumeBinding) {
            return None;
        }
        let namespace = self.cluster.class(class).namespace;
        let (objects, there) = (self.cluster.objects(), self.cluster.node(node));
        spec.volumes.iter().find_map(|volume| {
            let PodVolume::Claim { name, .. } = volume else { return None };
            let claim = objects.claims.get(&(namespace, *name)).filter(|claim| claim.bound)?;
            let volume = objects.volumes.get(&claim.volume?)?;
            let admits = volume.node_affinity.as_ref().is_none_or(|wanted| {
                wanted.matches(there.name, &there.labels, self.cluster.symbols())
            });
            (volume.migrated.is_none() && !admits).then_some(Refusal::Volume(*name))
        })
    }

    fn by_spread_labels(&self, spec: &PodSpec, node: NodeId) -> Option<Refusal> {
        let labels = &self.cluster.node(node).labels;
        let missing = |one: &&SpreadConstraint| labels.get(one.topology_key).is_none();
        let lacking = strict(spec).find(missing)?;
        let filters = self.filters(spec, Plugin::PodTopologySpread);
        filters.then_some(Refusal::NoDomain(lacking.topology_key))
    }

    fn by_ports(&self, spec: &PodSpec, node: NodeId) -> Option<Refusal> {
        if spec.host_ports.is_empty() || !self.filters(spec, Plugin::NodePorts) {
            return None;
        }
        let taken = &self.fixed[node.index()].ports;
        let wanted = spec.host_ports.iter();
        let mut clashing = wanted.filter(|want| taken.iter().any(|have| self.clash(want, have)));
        clashing.next().map(|port| Refusal::Port(*port))
    }

    /// The domains that fixed pods keep pods of the class off: those that it minds, and those that
    /// mind it.
    pub(crate) fn blocked(&self, class: ClassId) -> Blocked {
        let (spec, own) = (self.cluster.spec_of(class), self.cluster.class(class));
        let mut blocked = Blocked::new();
        if !self.filters(spec, Plugin::InterPodAffinity) {
            return blocked;
        }
        let mut block = |key: Symbol, nodes: &BTreeSet<NodeId>| {
            let value = |node: &NodeId| self.cluster.node(*node).labels.get(key);
            blocked.extend(nodes.iter().filter_map(value).map(|value| (key, value)));
        };
        for term in &spec.pod_anti_affinity.required {
            for ((space, labels), nodes) in &self.fixed_kinds {
                if self.means(term, *space, *labels) {
                    block(term.topology_key, nodes);
                }
            }
        }
        for (term, nodes) in &self.fixed_terms {
            if self.means(term, own.namespace, own.labels) {
                block(term.topology_key, nodes);
            }
        }
        blocked
    }

    /// Whether the term is sure to mean pods of this namespace and these labels.
    pub(crate) fn means(&self, term: &PodAffinityTerm, space: Symbol, labels: LabelsId) -> bool {
        let chosen = || match &term.namespace_selector {
            LabelSelector::Nothing => false,
            selector @ LabelSelector::All(_) if selector.is_everything() => true,
            selector @ LabelSelector::All(_) => {
                let labels = self.cluster.namespace_labels(space);
                self.namespaces_known && selector.matches(labels, self.cluster.symbols())
            }
        };
        (term.namespaces.contains(&space) || chosen())
            && term.selector.matches(self.cluster.labels(labels), self.cluster.symbols())
    }

    /// The topologies within which pods of the two classes are sure to be kept apart by required
    /// anti-affinity, whichever comes first.
    pub(crate) fn apart(&self, one: ClassId, other: ClassId) -> BTreeSet<Symbol> {
        let both = [one, other].map(|class| self.cluster.spec_of(class));
        if both.iter().all(|spec| spec.pod_anti_affinity.required.is_empty())
            || !both.iter().all(|spec| self.filters(spec, Plugin::InterPodAffinity))
        {
            return BTreeSet::new();
        }
        let keys = |minding: ClassId, minded: ClassId| {
            let class = self.cluster.class(minded);
            let terms = self.cluster.spec_of(minding).pod_anti_affinity.required.iter();
            terms
                .filter(|term| self.means(term, class.namespace, class.labels))
                .map(|term| term.topology_key)
                .collect::<Vec<_>>()
        };
        keys(one, other).into_iter().chain(keys(other, one)).collect()
    }

    /// The port that pods of the two classes cannot both have on one node.
    pub(crate) fn shared_port(&self, one: ClassId, other: ClassId) -> Option<HostPort> {
        let (one, other) = (self.cluster.spec_of(one), self.cluster.spec_of(other));
        if ![one, other].iter().all(|spec| self.filters(spec, Plugin::NodePorts)) {
            return None;
        }
        let clashes = |want: &&HostPort| other.host_ports.iter().any(|h| self.clash(want, h));
        one.host_ports.iter().find(clashes).copied()
    }

    fn clash(&self, one: &HostPort, other: &HostPort) -> bool {
        let any = self.cluster.known().any_address;
        let address = one.ip == other.ip || one.ip == any || other.ip == any;
        address && (one.protocol, one.port) == (other.protocol, other.port)
    }
}

/// The spread constraints of a spec that filter nodes.
pub(crate) fn strict(spec: &PodSpec) -> impl Iterator<Item = &SpreadConstraint> {
    spec.spread.iter().filter(|one| one.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule)
}

/// Whether a bound pod can be nowhere else: it belongs to its node, and is not about to leave.
pub(crate) fn is_fixed(cluster: &Cluster, placement: &Placement, id: InstanceId) -> bool {
    let instance = placement.instance(id);
    let kind = cluster.workload(instance.workload).kind;
    instance.node().is_some() && !instance.terminating && follows_nodes(kind)
}
