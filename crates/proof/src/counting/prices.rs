//! Prices at which blocking every node costs more than there is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use holdfast_cluster::{Cluster, NodeId, Symbol};

use super::ways::Way;
use super::{Adversary, Domains, Resource};

/// What a unit of each resource costs, in whole numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices(pub Vec<(Resource, i128)>);

/// What all of a resource costs when all cost the same.
const ONE: i128 = 1 << 40;

/// How often prices are shifted towards the resources that block cheapest.
const ROUNDS: usize = 12;

/// What is looked at: how much of each budget blocks each node.
struct Market<'a> {
    cluster: &'a Cluster,
    adversary: &'a Adversary,
    /// By node: the ways to block it with resources.
    ways: &'a [(NodeId, Vec<Way>)],
}

/// Prices at which one of the nodes stays open that are blocked in these ways, if some are found.
pub(super) fn find(
    cluster: &Cluster,
    ways: &[(NodeId, Vec<Way>)],
    adversary: &Adversary,
) -> Option<Prices> {
    let market = Market { cluster, adversary, ways };
    let mut prices: Vec<i128> =
        adversary.budgets.iter().map(|budget| ONE / budget.total.max(1)).collect();
    for _ in 0..ROUNDS {
        if market.is_too_dear(&prices) {
            let named = adversary.budgets.iter().map(|budget| budget.resource);
            return Some(Prices(named.zip(prices).collect()));
        }
        if !market.shift(&mut prices) {
            return None;
        }
    }
    None
}

impl Market<'_> {
    /// All that the adversary has.
    fn whole(&self, prices: &[i128]) -> i128 {
        let budgets = self.adversary.budgets.iter();
        budgets.zip(prices).map(|(budget, price)| budget.total * price).sum()
    }

    /// The cheapest way to block a node with resources alone, and by which; `None` where there is
    /// none.
    fn cheapest(ways: &[Way], prices: &[i128]) -> Option<(i128, usize)> {
        let cost = |way: &Way| {
            let takes = way.takes.iter().zip(prices);
            (takes.map(|(takes, price)| takes * price).sum(), way.by)
        };
        ways.iter().map(cost).min()
    }

    /// Whether blocking every node that remains costs more than there is.
    fn is_too_dear(&self, prices: &[i128]) -> bool {
        let whole = self.whole(prices);
        let cost = |(node, ways): &(NodeId, Vec<Way>)| {
            // What cannot be blocked costs more than everything.
            (*node, Self::cheapest(ways, prices).map_or(whole + 1, |(cost, _)| cost))
        };
        let mut costs: Vec<(NodeId, i128)> = self.ways.iter().map(cost).collect();
        costs.sort_unstable_by_key(|(node, cost)| (Reverse(*cost), *node));
        let mut remaining: i128 = costs.iter().map(|(_, cost)| cost).sum();
        remaining -= costs.iter().take(self.adversary.away).map(|(_, cost)| cost).sum::<i128>();
        for (domains, count) in &self.adversary.free {
            remaining -= self.most_expensive(&costs, *domains, *count);
        }
        remaining > whole
    }

    /// What the `count` domains cost that cost most.
    fn most_expensive(&self, costs: &[(NodeId, i128)], domains: Domains, count: usize) -> i128 {
        let mut by_domain: BTreeMap<(Option<NodeId>, Option<Symbol>), i128> = BTreeMap::new();
        for (node, cost) in costs {
            let domain = match domains {
                Domains::Nodes => (Some(*node), None),
                // A rule whose label the node lacks never blocks it, except that a spread
                // constraint filters such nodes out: then the pod does not fit there now.
                Domains::Label(key) => match self.cluster.node(*node).labels.get(key) {
                    Some(value) => (None, Some(value)),
                    None => continue,
                },
            };
            *by_domain.entry(domain).or_default() += cost;
        }
        let mut sums: Vec<i128> = by_domain.into_values().collect();
        sums.sort_unstable_by_key(|sum| Reverse(*sum));
        sums.into_iter().take(count).sum()
    }

    /// Raises the prices of what blocks cheapest, at the expense of the others; false where that
    /// changes nothing.
    fn shift(&self, prices: &mut [i128]) -> bool {
        let mut blocked = vec![0_i128; prices.len()];
        for (_, ways) in self.ways {
            if let Some((_, at)) = Self::cheapest(ways, prices) {
                blocked[at] += 1;
            }
        }
        let all: i128 = blocked.iter().sum();
        if all == 0 || prices.len() < 2 {
            return false;
        }
        for (price, blocked) in prices.iter_mut().zip(&blocked) {
            // Between three quarters and seven quarters of what it was.
            *price = (*price * (3 * all + 4 * blocked) / (4 * all)).max(1);
        }
        true
    }
}
