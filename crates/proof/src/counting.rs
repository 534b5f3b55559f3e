//! Whether the others can keep a pod from every node it fits on now.
//!
//! An adversary places the other pods wherever it likes, each once. To keep the pod off a node it
//! has to spend: so much CPU, so much memory, so many pods, that too little is left; or a pod that
//! the pod cannot stand, or that cannot stand it, in one of the node's domains. What it spends on
//! one node is gone for the next, so it can block every node only if all that adds up:
//!
//! * Put a price on a unit of each resource. A node blocked by a resource costs at least what is
//!   needed of it there at that price, and so at least the cheapest such amount, `f(n)`. The nodes
//!   blocked by one resource need no more than there is of it, so those blocked by any cost no more
//!   than all that the adversary has, at these prices. Any prices prove it; good ones make the
//!   cheapest way to block a node as dear as can be.
//! * What is spent on a node are whole pods: of each resource a multiple of what divides all that
//!   any of them asks for, and of the other resources what they ask for beside it, at the least
//!   ratio that any of them has. Whoever needs one thousandth of pods of 900m and 1 GiB spends all
//!   of that.
//! * A pod at odds with it (required anti-affinity either way, a port, volumes as it has some,
//!   which a driver may attach too many of) blocks one domain of each key in question. The
//!   adversary gets the most expensive domains for free, as many as there are such pods.
//! * Nodes that may fail besides are taken away for free, the most expensive ones.
//! * A strict spread constraint never closes the domain with the fewest pods. Which one that is may
//!   be the adversary's choice, so with one such constraint every domain by itself must be more
//!   than it can block. Where the constraints count none of the others, they close what they close
//!   now, as the others make no domain fuller and none emptier. With several, or with `minDomains`,
//!   it gets a domain for free for every pod that is counted.
//!
//! If what remains costs more than all the adversary has, some node stays open in every run. Prices
//! and amounts are whole numbers: nothing is rounded. Pods only ever come: who calls this has made
//! sure that nobody is preempted.
//!
//! Of few nodes it is tried besides which of them can be blocked by what: `whole.rs`.

mod grains;
mod prices;
mod ways;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::pod::HostPort;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{ClassId, Cluster, NodeId, Placement, PodSpec, Resources, Symbol};

pub use grains::Grains;
pub use prices::Prices;
use ways::Way;

/// What the adversary has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adversary {
    /// Of each resource that the pod asks for: how much.
    pub budgets: Vec<Budget>,
    /// In which pieces.
    pub grains: Grains,
    /// How many domains it blocks without resources.
    pub free: BTreeMap<Domains, usize>,
    /// How many nodes it may take away.
    pub away: usize,
}

impl Adversary {
    /// One who places `others` against a pod of `class`.
    pub fn of(cluster: &Cluster, class: ClassId, others: &[ClassId]) -> Self {
        let budgets = wanted(cluster, class).map(|(resource, wanted)| {
            let of_other = |other: &ClassId| resource.amount(&cluster.spec_of(*other).requests);
            let total = others.iter().map(|other| i128::from(of_other(other))).sum();
            Budget { resource, wanted, total }
        });
        let budgets: Vec<Budget> = budgets.collect();
        let resources = budgets.iter().map(|budget| budget.resource);
        let grains = Grains::of(cluster, resources, others.iter().copied());
        let mut free = BTreeMap::new();
        for &other in others {
            for domains in at_odds(cluster, class, other) {
                *free.entry(domains).or_default() += 1;
            }
        }
        Self { budgets, grains, free, away: 0 }
    }
}

/// Why one of some nodes stays open; where the pod is spread, in each domain for one of these
/// reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Prices at which blocking all of them costs more than there is.
    pub prices: Vec<Prices>,
    /// No choice of what blocks which of them goes as far as the last.
    pub whole: bool,
}

/// Whether one of `nodes` stays open to a pod of `class` whatever the adversary does, and why. The
/// pod fits now on each of the nodes, apart from its [`only_spread`] constraint, if it has one.
pub fn stays_open(
    cluster: &Cluster,
    placement: &Placement,
    class: ClassId,
    nodes: &[NodeId],
    adversary: &Adversary,
) -> Option<Why> {
    let Some(spread) = only_spread(cluster.spec_of(class)) else {
        return one_stays_open(cluster, placement, nodes, adversary);
    };
    let value = |node: NodeId| cluster.node(node).labels.get(spread.topology_key);
    let domains = domain_values(cluster, placement, spread);
    // Without any domain there is no emptiest one: nodes that lack the label are filtered out.
    let within = |domain: &Symbol| -> Vec<NodeId> {
        nodes.iter().copied().filter(|node| value(*node) == Some(*domain)).collect()
    };
    let mut why = Why::default();
    for domain in &domains {
        let found = one_stays_open(cluster, placement, &within(domain), adversary)?;
        why.prices.extend(found.prices);
        why.whole |= found.whole;
    }
    (!domains.is_empty()).then_some(why)
}

/// The same of nodes on which the pod fits now, spread and all, where nobody who comes is counted.
pub fn one_stays_open(
    cluster: &Cluster,
    placement: &Placement,
    nodes: &[NodeId],
    adversary: &Adversary,
) -> Option<Why> {
    let ways: Vec<(NodeId, Vec<Way>)> =
        nodes.iter().map(|node| (*node, ways::of(cluster, placement, *node, adversary))).collect();
    if let Some(prices) = prices::find(cluster, &ways, adversary) {
        return Some(Why { prices: vec![prices], whole: false });
    }
    let blocked = whole::may_block(cluster, &ways, adversary);
    (!blocked).then(|| Why { prices: Vec::new(), whole: true })
}

/// The one strict spread constraint of a spec whose emptiest domain is always open; `None` where
/// there is none, or where several or `minDomains` make it more than that.
pub fn only_spread(spec: &PodSpec) -> Option<&SpreadConstraint> {
    let mut strict =
        spec.spread.iter().filter(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule);
    let first = strict.next()?;
    (strict.next().is_none() && first.min_domains.is_none()).then_some(first)
}

/// Every domain that may count: more than upstream counts, which leaves out nodes that the pod
/// cannot use.
fn domain_values(
    cluster: &Cluster,
    placement: &Placement,
    spread: &SpreadConstraint,
) -> BTreeSet<Symbol> {
    let there = cluster.node_ids().filter(|node| placement.node(*node).exists);
    there.filter_map(|node| cluster.node(node).labels.get(spread.topology_key)).collect()
}

/// What the adversary has of a resource, and what the pod wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The resource.
    pub resource: Resource,
    /// What the pod asks for.
    pub wanted: i64,
    /// What the adversary has.
    pub total: i128,
}

/// Something of which a node has so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// CPU, in thousandths.
    Cpu,
    /// Memory, in bytes.
    Memory,
    /// Ephemeral storage, in bytes.
    EphemeralStorage,
    /// An extended resource.
    Scalar(Symbol),
    /// The number of pods.
    Pods,
}

impl Resource {
    /// What a pod asks for of it.
    pub fn amount(self, of: &Resources) -> i64 {
        match self {
            Self::Cpu => of.cpu_milli,
            Self::Memory => of.memory,
            Self::EphemeralStorage => of.ephemeral_storage,
            Self::Scalar(name) => of.scalar(name),
            Self::Pods => 1,
        }
    }
}

/// What pods of a class ask for: a resource they do not ask for never keeps them off.
pub fn wanted(cluster: &Cluster, class: ClassId) -> impl Iterator<Item = (Resource, i64)> {
    let requests = &cluster.spec_of(class).requests;
    let named = [Resource::Cpu, Resource::Memory, Resource::EphemeralStorage];
    let scalars = requests.scalars.iter().map(|(name, _)| Resource::Scalar(*name));
    let all = named.into_iter().chain(scalars).chain([Resource::Pods]);
    all.map(|resource| (resource, resource.amount(requests))).filter(|(_, wanted)| *wanted > 0)
}

impl Budget {
    /// How much of the resource leaves too little for the pod on the node.
    fn needed(&self, cluster: &Cluster, placement: &Placement, node: NodeId) -> i128 {
        let (there, used) = (cluster.node(node), placement.node(node));
        let (all, taken) = match self.resource {
            Resource::Pods => (there.pods_allocatable, used.pods.len() as i64),
            resource => (resource.amount(&there.allocatable), resource.amount(&used.requested)),
        };
        let slack = i128::from(all) - i128::from(taken) - i128::from(self.wanted);
        // The pod fits now, so that the slack is not negative; if it were, blocking would cost
        // nothing.
        slack.max(-1) + 1
    }
}

/// What makes up a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domains {
    /// Every node is one.
    Nodes,
    /// All nodes with the same value of this label are one.
    Label(Symbol),
}

/// The domains that a pod of `other` blocks for those of `class` by being there, one of each.
pub fn at_odds(cluster: &Cluster, class: ClassId, other: ClassId) -> Vec<Domains> {
    let (spec, theirs) = (cluster.spec_of(class), cluster.spec_of(other));
    let mut blocked = Vec::new();
    if ports_clash(cluster, spec, theirs) || (has_disks(spec) && has_disks(theirs)) {
        blocked.push(Domains::Nodes);
    }
    let minded = spec.pod_anti_affinity.required.iter().filter(|t| means(cluster, t, other));
    let minding = theirs.pod_anti_affinity.required.iter().filter(|t| means(cluster, t, class));
    blocked.extend(minded.chain(minding).map(|term| Domains::Label(term.topology_key)));
    let namespace = cluster.class(class).namespace;
    let counting = if only_spread(spec).is_some() { &[] } else { &*spec.spread };
    for constraint in counting {
        let strict = constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
        let counted = cluster.class(other).namespace == namespace
            && constraint.selector.matches(cluster.labels_of(other), cluster.symbols());
        if strict && counted {
            blocked.push(Domains::Label(constraint.topology_key));
        }
    }
    // In one domain it is but once, whatever it is that keeps the others out of it.
    blocked.sort_unstable();
    blocked.dedup();
    blocked
}

/// Whether the term may mean a pod of this class. Namespace selectors are taken to select every
/// namespace.
pub fn means(cluster: &Cluster, term: &PodAffinityTerm, class: ClassId) -> bool {
    let namespace = cluster.class(class).namespace;
    let somewhere =
        term.namespace_selector != LabelSelector::Nothing || term.namespaces.contains(&namespace);
    somewhere && term.selector.matches(cluster.labels_of(class), cluster.symbols())
}

/// Whether the pod has volumes that may be too many for a node, or in use there.
fn has_disks(spec: &PodSpec) -> bool {
    spec.volumes.iter().any(|volume| !matches!(volume, PodVolume::HostPath))
}

fn ports_clash(cluster: &Cluster, one: &PodSpec, other: &PodSpec) -> bool {
    let any = cluster.known().any_address;
    let clash = |one: &HostPort, other: &HostPort| {
        let address = one.ip == other.ip || one.ip == any || other.ip == any;
        address && (one.protocol, one.port) == (other.protocol, other.port)
    };
    one.host_ports.iter().any(|port| other.host_ports.iter().any(|taken| clash(port, taken)))
}
