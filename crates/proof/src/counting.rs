//! Whether the others can keep a pod from every node it fits on now.
//!
//! An adversary places the other pending pods wherever it likes, each once. To keep the pod off a
//! node it has to spend: so much CPU, so much memory, so many pods, that too little is left; or a
//! pod that the pod cannot stand, or that cannot stand it, in one of the node's domains. What it
//! spends on one node is gone for the next, so it can block every node only if all that adds up:
//!
//! * Let `f(n)` be the cheapest share of any one resource's total that blocks node `n`. If only
//!   resources are spent, the nodes blocked by resource `r` cost at most the whole of `r`, so all
//!   shares together are at most the number of resources.
//! * A pod at odds with it (required anti-affinity either way, a port) blocks one domain of each
//!   key in question. The adversary gets the most expensive domains for free, as many as there are
//!   such pods.
//! * A strict spread constraint never closes the domain with the fewest pods. Which one that is may
//!   be the adversary's choice, so with one such constraint every domain by itself must be more
//!   than it can block. With several, or with `minDomains`, it gets a domain for free for every pod
//!   that is counted.
//!
//! If the shares that remain exceed the number of resources, some node stays open in every run.
//! Shares are rounded down, so that rounding never proves anything. Pods only ever come: who calls
//! this has made sure that nobody is preempted.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_cluster::affinity::PodAffinityTerm;
use holdfast_cluster::pod::HostPort;
use holdfast_cluster::selector::LabelSelector;
use holdfast_cluster::spread::{SpreadConstraint, WhenUnsatisfiable};
use holdfast_cluster::{
    ClassId, Cluster, InstanceId, NodeId, Placement, PodSpec, Resources, Symbol,
};

/// One whole share of a resource, in fixed point.
const ONE: i128 = 1 << 40;

/// Whether one of `nodes` stays open whatever the `others` do. The pod fits now on each of the
/// nodes, apart from its [`only_spread`] constraint, if it has one.
pub fn stays_open(
    cluster: &Cluster,
    placement: &Placement,
    pod: InstanceId,
    nodes: &[NodeId],
    others: &[InstanceId],
) -> bool {
    let class = placement.instance(pod).class;
    let others: Vec<ClassId> =
        others.iter().map(|other| placement.instance(*other).class).collect();
    let budgets = Budget::of(cluster, class, &others);
    let free = free_domains(cluster, class, &others);
    let share = |node: &NodeId| (*node, cheapest_share(cluster, placement, &budgets, *node));
    let shares: Vec<(NodeId, i128)> = nodes.iter().map(share).collect();
    let too_much = |shares: &[(NodeId, i128)]| {
        let mut remaining: i128 = shares.iter().map(|(_, share)| share).sum();
        for (domains, count) in &free {
            remaining -= most_expensive(cluster, shares, *domains, *count);
        }
        remaining > whole(&budgets)
    };
    let Some(spread) = only_spread(cluster.spec_of(class)) else { return too_much(&shares) };
    let value = |node: NodeId| cluster.node(node).labels.get(spread.topology_key);
    let domains = domain_values(cluster, placement, spread);
    // Without any domain there is no emptiest one: nodes that lack the label are filtered out.
    let open = |domain: Symbol| {
        let within = shares.iter().filter(|(node, _)| value(*node) == Some(domain));
        too_much(&within.copied().collect::<Vec<_>>())
    };
    !domains.is_empty() && domains.into_iter().all(open)
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
struct Budget {
    resource: Resource,
    wanted: i64,
    total: i128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Cpu,
    Memory,
    EphemeralStorage,
    Scalar(Symbol),
    Pods,
}

impl Resource {
    fn amount(self, of: &Resources) -> i64 {
        match self {
            Self::Cpu => of.cpu_milli,
            Self::Memory => of.memory,
            Self::EphemeralStorage => of.ephemeral_storage,
            Self::Scalar(name) => of.scalar(name),
            Self::Pods => 1,
        }
    }
}

impl Budget {
    /// One for each resource that the pod asks for (a resource it does not ask for never keeps it
    /// off), and one for the number of pods.
    fn of(cluster: &Cluster, class: ClassId, others: &[ClassId]) -> Vec<Self> {
        let requests = &cluster.spec_of(class).requests;
        let named = [Resource::Cpu, Resource::Memory, Resource::EphemeralStorage];
        let scalars = requests.scalars.iter().map(|(name, _)| Resource::Scalar(*name));
        let all = named.into_iter().chain(scalars).chain([Resource::Pods]);
        all.filter(|resource| resource.amount(requests) > 0)
            .map(|resource| {
                let of_other = |other: &ClassId| resource.amount(&cluster.spec_of(*other).requests);
                Self {
                    resource,
                    wanted: resource.amount(requests),
                    total: others.iter().map(|other| i128::from(of_other(other))).sum(),
                }
            })
            .collect()
    }

    /// The share of the total that leaves too little on the node; `None` where the total is too
    /// small.
    fn share(&self, cluster: &Cluster, placement: &Placement, node: NodeId) -> Option<i128> {
        let (there, used) = (cluster.node(node), placement.node(node));
        let (all, taken) = match self.resource {
            Resource::Pods => (there.pods_allocatable, used.pods.len() as i64),
            resource => (resource.amount(&there.allocatable), resource.amount(&used.requested)),
        };
        let slack = i128::from(all) - i128::from(taken) - i128::from(self.wanted);
        // The pod fits now, so that the slack is not negative; if it were, blocking would cost
        // nothing.
        let needed = slack.max(-1) + 1;
        (needed <= self.total).then(|| if needed == 0 { 0 } else { needed * ONE / self.total })
    }
}

/// What the cheapest way to block a node with resources alone costs; more than everything where
/// there is none.
fn cheapest_share(
    cluster: &Cluster,
    placement: &Placement,
    budgets: &[Budget],
    node: NodeId,
) -> i128 {
    let shares = budgets.iter().filter_map(|budget| budget.share(cluster, placement, node));
    shares.min().unwrap_or(whole(budgets) + 1)
}

/// All of every resource.
fn whole(budgets: &[Budget]) -> i128 {
    budgets.len() as i128 * ONE
}

/// What makes up a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Domains {
    /// Every node is one.
    Nodes,
    /// All nodes with the same value of this label are one.
    Label(Symbol),
}

/// How many domains of which kind the adversary may block without resources.
fn free_domains(cluster: &Cluster, class: ClassId, others: &[ClassId]) -> BTreeMap<Domains, usize> {
    let spec = cluster.spec_of(class);
    let mut free: BTreeMap<Domains, usize> = BTreeMap::new();
    for &other in others {
        let theirs = cluster.spec_of(other);
        if ports_clash(cluster, spec, theirs) {
            *free.entry(Domains::Nodes).or_default() += 1;
        }
        let minded = spec.pod_anti_affinity.required.iter().filter(|t| means(cluster, t, other));
        let minding = theirs.pod_anti_affinity.required.iter().filter(|t| means(cluster, t, class));
        for term in minded.chain(minding) {
            *free.entry(Domains::Label(term.topology_key)).or_default() += 1;
        }
        let namespace = cluster.class(class).namespace;
        let counting = if only_spread(spec).is_some() { &[] } else { &*spec.spread };
        for constraint in counting {
            let strict = constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
            let counted = cluster.class(other).namespace == namespace
                && constraint.selector.matches(cluster.labels_of(other), cluster.symbols());
            if strict && counted {
                *free.entry(Domains::Label(constraint.topology_key)).or_default() += 1;
            }
        }
    }
    free
}

/// Whether the term may mean a pod of this class. Namespace selectors are taken to select every
/// namespace.
pub fn means(cluster: &Cluster, term: &PodAffinityTerm, class: ClassId) -> bool {
    let namespace = cluster.class(class).namespace;
    let somewhere =
        term.namespace_selector != LabelSelector::Nothing || term.namespaces.contains(&namespace);
    somewhere && term.selector.matches(cluster.labels_of(class), cluster.symbols())
}

fn ports_clash(cluster: &Cluster, one: &PodSpec, other: &PodSpec) -> bool {
    let any = cluster.known().any_address;
    let clash = |one: &HostPort, other: &HostPort| {
        let address = one.ip == other.ip || one.ip == any || other.ip == any;
        address && (one.protocol, one.port) == (other.protocol, other.port)
    };
    one.host_ports.iter().any(|port| other.host_ports.iter().any(|taken| clash(port, taken)))
}

/// The shares of the `count` domains that cost most.
fn most_expensive(
    cluster: &Cluster,
    shares: &[(NodeId, i128)],
    domains: Domains,
    count: usize,
) -> i128 {
    let mut by_domain: BTreeMap<(Option<NodeId>, Option<Symbol>), i128> = BTreeMap::new();
    for (node, share) in shares {
        let domain = match domains {
            Domains::Nodes => (Some(*node), None),
            // A rule whose label the node lacks never blocks it, except that a spread constraint
            // filters such nodes out: then the pod does not fit there now.
            Domains::Label(key) => match cluster.node(*node).labels.get(key) {
                Some(value) => (None, Some(value)),
                None => continue,
            },
        };
        *by_domain.entry(domain).or_default() += share;
    }
    let mut sums: Vec<i128> = by_domain.into_values().collect();
    sums.sort_unstable_by(|one, other| other.cmp(one));
    sums.into_iter().take(count).sum()
}
