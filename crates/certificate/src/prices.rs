//! Prices at which the others cannot pay for keeping a pod off every node.
//!
//! Let every unit of a resource have a price, and let the others own what they request. To keep the
//! pod off a node by a resource they must spend there more of it than is left beside the pod, and
//! each of them is on one node only, whole (`purse.rs`). So the nodes that are closed by resources
//! cost at most what all others own. A pod at odds with the pod (a port, volumes as it has some,
//! required anti-affinity either way) closes one domain without paying: the others get the dearest
//! ones for free. If what the nodes still cost is more than the others own, one of them stays open.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::pod::HostPort;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::volume::PodVolume;
use holdfast_cluster::{ClassId, Cluster, NodeId, Placement, PodSpec, Resources, Symbol};

use crate::purse::Purse;
use crate::{format, whole};

/// The highest price: readers that hold numbers as floats read it exactly, and no sum overflows.
pub const PRICE_MAX: u64 = 1 << 53;

/// A resource that keeps pods off nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Thousandths of a core.
    Cpu,
    /// Bytes.
    Memory,
    /// Bytes.
    EphemeralStorage,
    /// The pod itself.
    Pods,
    /// Anything else, by name.
    Scalar(Symbol),
}

impl Resource {
    /// The resource of this name.
    pub(crate) fn named(cluster: &Cluster, name: &str) -> Option<Self> {
        Some(match name {
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            "ephemeral-storage" => Self::EphemeralStorage,
            "pods" => Self::Pods,
            name => Self::Scalar(cluster.find(name)?),
        })
    }

    /// What it is called.
    pub fn name(self, cluster: &Cluster) -> &str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
            Self::Pods => "pods",
            Self::Scalar(name) => cluster.text(name),
        }
    }

    /// How much of it there is in an amount, of which the number of pods is no part.
    pub(crate) fn of(self, amount: &Resources, pods: i64) -> i128 {
        i128::from(match self {
            Self::Cpu => amount.cpu_milli,
            Self::Memory => amount.memory,
            Self::EphemeralStorage => amount.ephemeral_storage,
            Self::Pods => pods,
            Self::Scalar(name) => amount.scalar(name),
        })
    }

    /// The resources that may keep a pod off: those it asks for.
    pub fn asked(spec: &PodSpec) -> impl Iterator<Item = Self> + '_ {
        let named = [Self::Cpu, Self::Memory, Self::EphemeralStorage, Self::Pods];
        let scalars = spec.requests.scalars.iter().map(|(name, _)| Self::Scalar(*name));
        named.into_iter().chain(scalars).filter(|resource| resource.of(&spec.requests, 1) > 0)
    }

    /// What all of these pods ask for.
    pub fn total(self, cluster: &Cluster, pods: &[ClassId]) -> i128 {
        let of = |class: &ClassId| self.of(&cluster.spec_of(*class).requests, 1);
        pods.iter().map(of).sum()
    }
}

/// A price for each resource.
pub(crate) type Prices = Vec<(Resource, i128)>;

/// Prices by name.
pub(crate) fn read(cluster: &Cluster, prices: &format::Prices) -> Result<Prices, String> {
    let each = prices.iter().map(|(name, price)| {
        let resource = Resource::named(cluster, name).filter(|_| *price <= PRICE_MAX);
        Ok((resource.ok_or_else(|| name.clone())?, i128::from(*price)))
    });
    each.collect()
}

/// A pod that needs a node, the nodes that take it as things stand, and what the others have.
pub(crate) struct Contest<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) placement: &'a Placement,
    pub(crate) class: ClassId,
    /// Its only strict spread constraint, where it counts some of the others: the nodes are open
    /// but for that. Where it counts none, others close nothing by it, whatever they do.
    pub(crate) lone: Option<&'a SpreadConstraint>,
    pub(crate) open: &'a [NodeId],
    pub(crate) others: &'a Others,
}

/// What the others have that may come: of each resource that the pod asks for how much, and how
/// many domains they close without paying, of each label or single nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Others {
    pub(crate) owned: BTreeMap<Resource, i128>,
    pub(crate) purse: Purse,
    pub(crate) gifts: BTreeMap<Option<Symbol>, usize>,
}

impl Others {
    /// What these own and close against a pod of `class`.
    pub(crate) fn of(cluster: &Cluster, class: ClassId, others: &[ClassId]) -> Self {
        let asked = Resource::asked(cluster.spec_of(class));
        let mut gifts = BTreeMap::new();
        for key in others.iter().flat_map(|other| closes(cluster, class, *other)) {
            *gifts.entry(key).or_default() += 1;
        }
        let owned = asked.map(|one| (one, one.total(cluster, others))).collect();
        Self { owned, purse: Purse::of(cluster, others), gifts }
    }
}

/// What a pod of `other` closes to pods of `class` without paying: a domain of each of these labels
/// or, without a label, its node.
pub(crate) fn closes(cluster: &Cluster, class: ClassId, other: ClassId) -> Vec<Option<Symbol>> {
    let (spec, theirs) = (cluster.spec_of(class), cluster.spec_of(other));
    let minded = spec.pod_anti_affinity.required.iter().filter(|t| may_mean(cluster, t, other));
    let minding = theirs.pod_anti_affinity.required.iter().filter(|t| may_mean(cluster, t, class));
    let lone = lone_spread(spec).is_some();
    let counting = strict_spread(spec).filter(|c| !lone && counts(cluster, c, class, other));
    let labels = minded.chain(minding).map(|term| term.topology_key);
    let labels = labels.chain(counting.map(|constraint| constraint.topology_key));
    let disks = uses_disks(spec) && uses_disks(theirs);
    let node = (disks || clash(cluster, spec, theirs)).then_some(None);
    // A pod is in one domain of a label, however many terms speak of it.
    let closed: BTreeSet<Option<Symbol>> = node.into_iter().chain(labels.map(Some)).collect();
    closed.into_iter().collect()
}

impl Contest<'_> {
    /// Whether the others cannot pay: at some of these prices where any node will do, else at some
    /// in each domain; or cannot close whole nodes, if that is to be tried.
    pub(crate) fn is_won(&self, prices: &[Prices], whole: bool) -> bool {
        let bills: Vec<Bill> = prices.iter().map(|prices| self.bill(prices)).collect();
        let Some(spread) = self.lone else {
            return bills.iter().any(|bill| self.is_too_dear(&bill.costs, bill.owned))
                || whole && whole::stay_open(self, self.open);
        };
        // The domain with the fewest pods is never closed, and any may be that one.
        let value = |node: NodeId| self.cluster.node(node).labels.get(spread.topology_key);
        let there = self.cluster.node_ids().filter(|node| self.placement.node(*node).exists);
        let domains: BTreeSet<Symbol> = there.filter_map(value).collect();
        let wins = |domain: Symbol, bill: &Bill| {
            let within = bill.costs.iter().filter(|(node, _)| value(*node) == Some(domain));
            self.is_too_dear(&within.copied().collect::<Vec<_>>(), bill.owned)
        };
        let stay_open = |domain: Symbol| {
            let within = self.open.iter().copied().filter(|node| value(*node) == Some(domain));
            whole && whole::stay_open(self, &within.collect::<Vec<_>>())
        };
        let is_won =
            |domain: &Symbol| bills.iter().any(|bill| wins(*domain, bill)) || stay_open(*domain);
        !domains.is_empty() && domains.iter().all(is_won)
    }

    fn bill(&self, prices: &Prices) -> Bill {
        let spec = self.cluster.spec_of(self.class);
        let with_price = |resource: Resource| {
            let price = prices.iter().find(|(known, _)| *known == resource);
            let total = self.others.owned.get(&resource).copied().unwrap_or(0);
            (resource, price.map_or(0, |(_, price)| *price), total)
        };
        let asked: Vec<(Resource, i128, i128)> = Resource::asked(spec).map(with_price).collect();
        let owned: i128 = asked.iter().map(|(_, price, total)| price * total).sum();
        let cost = |node: &NodeId| (*node, self.cost(*node, &asked, owned));
        Bill { costs: self.open.iter().map(cost).collect(), owned }
    }

    /// What it costs at least to keep the pod off a node by resources; more than there is where it
    /// cannot be done.
    fn cost(&self, node: NodeId, asked: &[(Resource, i128, i128)], owned: i128) -> i128 {
        let ways = asked.iter().filter_map(|(resource, ..)| {
            let spent = |(other, price, total): &(Resource, i128, i128)| {
                let spent = self.spent(node, *resource, *other);
                (spent <= *total).then(|| price * spent)
            };
            asked.iter().map(spent).sum::<Option<i128>>()
        });
        ways.min().unwrap_or(owned + 1)
    }

    /// How much of another resource others spend at least that leave too little of one on a node.
    pub(crate) fn spent(&self, node: NodeId, resource: Resource, other: Resource) -> i128 {
        let (there, used) = (self.cluster.node(node), self.placement.node(node));
        let spec = self.cluster.spec_of(self.class);
        let all = resource.of(&there.allocatable, there.pods_allocatable);
        let taken = resource.of(&used.requested, used.pods.len() as i64);
        let needed = (all - taken - resource.of(&spec.requests, 1) + 1).max(0);
        self.others.purse.spent(resource, needed, other)
    }

    fn is_too_dear(&self, costs: &[(NodeId, i128)], owned: i128) -> bool {
        let all: i128 = costs.iter().map(|(_, cost)| cost).sum();
        let gifts = self.others.gifts.iter();
        let free: i128 = gifts.map(|(key, count)| self.dearest(costs, *key, *count)).sum();
        all - free > owned
    }

    /// What the dearest `count` domains cost.
    fn dearest(&self, costs: &[(NodeId, i128)], key: Option<Symbol>, count: usize) -> i128 {
        let mut domains: BTreeMap<(Option<Symbol>, Option<NodeId>), i128> = BTreeMap::new();
        for (node, cost) in costs {
            let value = key.map(|key| self.cluster.node(*node).labels.get(key));
            let domain = match value {
                None => (None, Some(*node)),
                // What counts by a label says nothing of nodes without it.
                Some(None) => continue,
                Some(value) => (value, None),
            };
            *domains.entry(domain).or_default() += cost;
        }
        let mut costs: Vec<i128> = domains.into_values().collect();
        costs.sort_unstable();
        costs.iter().rev().take(count).sum()
    }
}

/// What closing each node costs at some prices, and all that the others own.
struct Bill {
    costs: Vec<(NodeId, i128)>,
    owned: i128,
}

/// The constraints that filter nodes.
pub(crate) fn strict_spread(spec: &PodSpec) -> impl Iterator<Item = &SpreadConstraint> {
    spec.spread.iter().filter(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule)
}

/// The only such constraint, where nothing but the fewest pods in a domain counts.
pub(crate) fn lone_spread(spec: &PodSpec) -> Option<&SpreadConstraint> {
    let mut strict = strict_spread(spec);
    let first = strict.next()?;
    (strict.next().is_none() && first.min_domains.is_none()).then_some(first)
}

/// Whether a constraint of pods of one class counts pods of the other.
pub(crate) fn counts(
    cluster: &Cluster,
    constraint: &SpreadConstraint,
    class: ClassId,
    other: ClassId,
) -> bool {
    cluster.class(class).namespace == cluster.class(other).namespace
        && constraint.selector.matches(cluster.labels_of(other), cluster.symbols())
}

/// Whether a term may mean pods of a class, whatever labels namespaces carry.
fn may_mean(cluster: &Cluster, term: &PodAffinityTerm, class: ClassId) -> bool {
    let named = term.namespaces.contains(&cluster.class(class).namespace);
    (named || term.namespace_selector != LabelSelector::Nothing)
        && term.selector.matches(cluster.labels_of(class), cluster.symbols())
}

/// Whether a driver may have too many volumes to attach because of the pod, or others be kept from
/// a disk that it uses.
fn uses_disks(spec: &PodSpec) -> bool {
    spec.volumes.iter().any(|volume| !matches!(volume, PodVolume::HostPath))
}

fn clash(cluster: &Cluster, one: &PodSpec, other: &PodSpec) -> bool {
    let any = cluster.known().any_address;
    let meets = |one: &HostPort, other: &HostPort| {
        (one.protocol, one.port) == (other.protocol, other.port)
            && (one.ip == other.ip || one.ip == any || other.ip == any)
    };
    one.host_ports.iter().any(|one| other.host_ports.iter().any(|other| meets(one, other)))
}
