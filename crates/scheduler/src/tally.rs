//! Counts per topology pair, a key and one of its values.

use holdfast_cluster::NodeId;

use crate::topology::{Topologies, TopologyId};

/// A number for each (topology key, value) pair: upstream's `topologyToMatchedTermCount` and
/// `scoreMap`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    rows: Vec<(TopologyId, Vec<i64>)>,
    /// How many pairs are not zero.
    nonzero: usize,
    /// Whether anything was ever added, zero or not.
    touched: bool,
}

impl Tally {
    /// Adds to the pair that `node` belongs to; nothing where the node lacks the label.
    pub(crate) fn add(
        &mut self,
        topologies: &Topologies,
        id: TopologyId,
        node: NodeId,
        amount: i64,
    ) {
        let topology = topologies.get(id);
        let Some(domain) = topology.domain(node) else { return };
        let known = self.rows.iter().position(|(known, _)| *known == id);
        let row = known.unwrap_or_else(|| {
            self.rows.push((id, vec![0; topology.size]));
            self.rows.len() - 1
        });
        let count = &mut self.rows[row].1[domain];
        let before = *count;
        *count += amount;
        self.nonzero -= usize::from(before != 0);
        self.nonzero += usize::from(*count != 0);
        self.touched = true;
    }

    /// The number of the pair that `node` belongs to, for one key; zero where the node lacks the
    /// label.
    pub(crate) fn at(&self, topologies: &Topologies, id: TopologyId, node: NodeId) -> i64 {
        let Some((_, row)) = self.rows.iter().find(|(known, _)| *known == id) else { return 0 };
        topologies.get(id).domain(node).map_or(0, |domain| row[domain])
    }

    /// The numbers of all pairs that `node` belongs to.
    pub(crate) fn on<'a>(
        &'a self,
        topologies: &'a Topologies,
        node: NodeId,
    ) -> impl Iterator<Item = i64> + 'a {
        self.rows
            .iter()
            .filter_map(move |(id, row)| topologies.get(*id).domain(node).map(|domain| row[domain]))
    }

    /// The keys of the pairs that `node` belongs to and that are above zero, sorted.
    pub(crate) fn positive(&self, topologies: &Topologies, node: NodeId) -> Vec<TopologyId> {
        let keys = self.rows.iter().map(|(id, _)| *id);
        let mut keys: Vec<_> = keys.filter(|id| self.at(topologies, *id, node) > 0).collect();
        keys.sort_unstable();
        keys
    }

    /// Whether every pair is zero.
    pub(crate) fn is_zero(&self) -> bool {
        self.nonzero == 0
    }

    /// Whether nothing was ever added.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.touched
    }
}
