//! Topology domains: nodes that share the value of a label.

use holdfast_cluster::profile::DefaultSpread;
use holdfast_cluster::{Cluster, NodeId, Profile, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// A topology key in use by some pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TopologyId(u32);

/// The nodes by the value of one label.
#[derive(Debug)]
pub(crate) struct Topology {
    /// The domain of each node, [`NO_DOMAIN`] where the label is missing.
    domains: Box<[u32]>,
    /// How many values there are.
    pub(crate) size: usize,
    /// The domain of the empty value, if a node carries it.
    empty: Option<u32>,
}

const NO_DOMAIN: u32 = u32::MAX;

impl Topology {
    fn new(cluster: &Cluster, key: Symbol) -> Self {
        let mut values = IndexMap::<Symbol, u32, FxBuildHasher>::default();
        let domains = cluster
            .nodes()
            .iter()
            .map(|node| match node.labels.get(key) {
                None => NO_DOMAIN,
                Some(value) => {
                    let next = u32::try_from(values.len()).expect("fewer domains than nodes");
                    *values.entry(value).or_insert(next)
                }
            })
            .collect();
        let empty = values.get(&cluster.known().empty).copied();
        Self { domains, size: values.len(), empty }
    }

    /// The domain of a node; `None` where it lacks the label.
    pub(crate) fn domain(&self, node: NodeId) -> Option<usize> {
        let domain = self.domains[node.index()];
        (domain != NO_DOMAIN).then_some(domain as usize)
    }

    /// The domain of a node, where a missing label counts as the empty value, as reading a Go map
    /// does. At most [`Topology::size`].
    pub(crate) fn domain_or_empty(&self, node: NodeId) -> usize {
        let missing = self.empty.map_or(self.size, |domain| domain as usize);
        self.domain(node).unwrap_or(missing)
    }
}

/// Every topology key that a pod of the cluster asks about.
#[derive(Debug)]
pub(crate) struct Topologies(IndexMap<Symbol, Topology, FxBuildHasher>);

impl Topologies {
    /// Compiles the keys that affinity terms and spread constraints name, the two of the system's
    /// default constraints, and those of the profile's.
    pub(crate) fn new(cluster: &Cluster, profile: &Profile) -> Self {
        let mut topologies = Self(IndexMap::default());
        for key in [cluster.known().hostname, cluster.known().zone] {
            topologies.add(cluster, key);
        }
        if let DefaultSpread::List(constraints) = &profile.default_spread {
            for constraint in constraints {
                topologies.add(cluster, constraint.topology_key);
            }
        }
        for spec in cluster.specs() {
            for affinity in [&spec.pod_affinity, &spec.pod_anti_affinity] {
                for term in &affinity.required {
                    topologies.add(cluster, term.topology_key);
                }
                for (_, term) in &affinity.preferred {
                    topologies.add(cluster, term.topology_key);
                }
            }
            for constraint in &spec.spread {
                topologies.add(cluster, constraint.topology_key);
            }
        }
        topologies
    }

    fn add(&mut self, cluster: &Cluster, key: Symbol) {
        self.0.entry(key).or_insert_with(|| Topology::new(cluster, key));
    }

    /// The topology of a key.
    ///
    /// # Panics
    /// For a key that no pod of the cluster names.
    pub(crate) fn find(&self, key: Symbol) -> TopologyId {
        let at = self.0.get_index_of(&key).expect("every key in use was compiled");
        TopologyId(u32::try_from(at).expect("fewer keys than symbols"))
    }

    /// The key of a topology.
    pub(crate) fn key(&self, id: TopologyId) -> Symbol {
        *self.0.get_index(id.0 as usize).expect("ids are positions").0
    }

    /// One topology.
    pub(crate) fn get(&self, id: TopologyId) -> &Topology {
        &self.0[id.0 as usize]
    }
}
