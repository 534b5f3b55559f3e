//! The worst set of so many nodes, without looking at all of them.
//!
//! Among nodes that every label in question puts into the same domains, those that hold more are
//! worse, and of those that hold as many, one is as bad as another. So the worst set takes the
//! fullest of each such group, and there are as many sets to look at as there are ways to divide
//! `k` between the groups: one, unless zones and the like matter. A label that no two nodes share
//! divides nobody, but for those that hold pods today: what it allows a node is in the node's own
//! number already, or grows with it. Where nodes take some kinds of the pods only, as by volumes,
//! those that take the same are one group.

use std::cmp::Reverse;

use holdfast_cluster::{NodeId, Symbol};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{Bounds, Most, Topology};

/// As many sets are looked at for one workload.
const SETS_MAX: usize = 20_000;

/// The worst that any so many nodes can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worst {
    /// What they hold at most.
    pub most: Most,
    /// The nodes, by name: the first such set in that order among equally full nodes.
    pub nodes: Vec<NodeId>,
    /// No set of as many nodes has a higher bound. Otherwise there were too many ways to divide
    /// them: `most` holds for each of them, and is that of no set in particular.
    pub exact: bool,
}

impl Bounds<'_, '_> {
    /// The set of at most `k` nodes that may hold most of the pods.
    pub fn worst(&self, k: usize) -> Worst {
        let groups = self.groups(k);
        let ways = ways(groups.iter().map(Vec::len), k);
        if ways.is_none_or(|ways| ways > SETS_MAX) {
            return self.roughly(&groups, k);
        }
        let mut best: Option<(u32, Vec<NodeId>)> = None;
        let mut divide = Divide {
            groups: &groups,
            chosen: Vec::new(),
            found: &mut |nodes| {
                let pods = self.pods(nodes);
                let better = best.as_ref().is_none_or(|(most, _)| pods > *most);
                if better {
                    best = Some((pods, nodes.to_vec()));
                }
            },
        };
        divide.from(0, k);
        let mut nodes = best.map_or_else(Vec::new, |(_, nodes)| nodes);
        nodes.sort_unstable();
        Worst { most: self.most(&nodes), nodes, exact: true }
    }

    /// How many pods some nodes hold at most: [`Bounds::most`] without its reasons.
    pub(super) fn pods(&self, nodes: &[NodeId]) -> u32 {
        let sum: u64 = nodes.iter().map(|node| u64::from(self.caps[node.index()])).sum();
        let mut most = u32::try_from(sum).unwrap_or(u32::MAX).min(self.desired);
        most = most.min(self.held_by_kind(nodes));
        for &(key, at_most) in &self.apart {
            if !self.of.topologies[&key].single {
                most = most.min(self.held_apart(key, at_most, nodes));
            }
        }
        for rule in &self.spreads {
            most = most.min(rule.held(self, nodes));
        }
        most
    }

    /// The fullest nodes of each group, fullest first, at most `k` of each; those that hold nothing
    /// are left out.
    fn groups(&self, k: usize) -> Vec<Vec<NodeId>> {
        let shared = |key: &Symbol| !self.of.topologies[key].single;
        let apart = self.apart.iter().map(|(key, _)| *key);
        let keys: Vec<Symbol> =
            apart.chain(self.spreads.iter().map(|rule| rule.key)).filter(shared).collect();
        // Of nodes that are domains of their own those with more pods today may keep more.
        let keeps = self.spreads.iter().any(|rule| self.of.topologies[&rule.key].single);
        let tables: Vec<&Topology> = keys.iter().map(|key| &self.of.topologies[key]).collect();
        let mut groups: IndexMap<(u128, u32, u64), Vec<NodeId>, FxBuildHasher> =
            IndexMap::default();
        for (at, cap) in self.caps.iter().enumerate() {
            if *cap == 0 {
                continue;
            }
            let node = NodeId::at(at);
            // The domains as the digits of one number, which few labels never exceed.
            let digits = tables.iter().try_fold(1_u128, |number, table| {
                let digit = table.domain[at].map_or(0, |domain| u128::from(domain) + 1);
                number.checked_mul(table.size as u128 + 1)?.checked_add(digit)
            });
            let number = digits.unwrap_or(u128::MAX - at as u128);
            let staying =
                if keeps { self.today.get(&node).map_or(0, |there| there.pods) } else { 0 };
            let takes = self.taken(node).unwrap_or(0);
            groups.entry((number, staying, takes)).or_default().push(node);
        }
        groups.sort_unstable_keys();
        groups
            .into_values()
            .map(|mut group| {
                let fullest = |node: &NodeId| (Reverse(self.caps[node.index()]), *node);
                if group.len() > k && k > 0 {
                    group.select_nth_unstable_by_key(k - 1, fullest);
                }
                group.truncate(k);
                group.sort_unstable_by_key(fullest);
                group
            })
            .filter(|group| !group.is_empty())
            .collect()
    }

    /// Where there are too many ways: each reason gets the set that is worst by it alone, which
    /// bounds every set.
    fn roughly(&self, groups: &[Vec<NodeId>], k: usize) -> Worst {
        let mut all: Vec<NodeId> = groups.iter().flatten().copied().collect();
        all.sort_unstable_by_key(|node| (Reverse(self.caps[node.index()]), *node));
        all.truncate(k);
        all.sort_unstable();
        let mut least = self.most_by(&all, None);
        for key in self.apart.iter().map(|(key, _)| *key) {
            if !self.of.topologies[&key].single {
                let chosen = greedy(groups, k, |nodes| self.by_apart(key, nodes));
                let most = self.most_by(&chosen, Some(key));
                if most.pods < least.pods {
                    (least, all) = (most, chosen);
                }
            }
        }
        all.sort_unstable();
        Worst { most: least, nodes: all, exact: false }
    }

    /// What the nodes hold by their own numbers, and by one label that keeps pods apart.
    fn most_by(&self, nodes: &[NodeId], key: Option<Symbol>) -> Most {
        let mut only = self.clone();
        only.spreads.clear();
        only.takes.clear();
        only.apart.retain(|(one, _)| Some(*one) == key || self.of.topologies[one].single);
        only.most(nodes)
    }

    fn by_apart(&self, key: Symbol, nodes: &[NodeId]) -> u32 {
        let limit = self.apart.iter().find(|(one, _)| *one == key);
        limit.map_or(0, |(_, at_most)| self.held_apart(key, *at_most, nodes))
    }
}

/// Takes the node that adds most, `k` times: exact where what a domain holds grows ever more
/// slowly with its fullest nodes taken first, as it does for one label.
fn greedy(groups: &[Vec<NodeId>], k: usize, held: impl Fn(&[NodeId]) -> u32) -> Vec<NodeId> {
    let mut chosen: Vec<NodeId> = Vec::new();
    let mut next = vec![0; groups.len()];
    for _ in 0..k {
        let gain = |at: &usize| {
            let node = groups[*at].get(next[*at])?;
            let mut with = chosen.clone();
            with.push(*node);
            Some((held(&with), Reverse(*at)))
        };
        let best = (0..groups.len()).filter_map(|at| gain(&at)).max();
        let Some((_, Reverse(at))) = best else { break };
        chosen.push(groups[at][next[at]]);
        next[at] += 1;
    }
    chosen
}

/// How many ways there are to take `k` or all nodes from groups of these sizes, from each its first
/// ones; `None` where there are far too many.
fn ways(sizes: impl Iterator<Item = usize>, k: usize) -> Option<usize> {
    let mut ways = vec![0_usize; k + 1];
    ways[0] = 1;
    for size in sizes {
        let before = ways.clone();
        for (taken, count) in ways.iter_mut().enumerate() {
            let from = taken.saturating_sub(size);
            *count =
                before[from..=taken].iter().try_fold(0_usize, |sum, one| sum.checked_add(*one))?;
        }
    }
    ways.into_iter().try_fold(0_usize, usize::checked_add)
}

/// Goes through the ways.
struct Divide<'a> {
    groups: &'a [Vec<NodeId>],
    chosen: Vec<NodeId>,
    found: &'a mut dyn FnMut(&[NodeId]),
}

impl Divide<'_> {
    fn from(&mut self, at: usize, left: usize) {
        let Some(group) = self.groups.get(at) else { return (self.found)(&self.chosen) };
        let before = self.chosen.len();
        // The largest share first, so that of equals the set with the first nodes is kept.
        for share in (0..=left.min(group.len())).rev() {
            self.chosen.extend(&group[..share]);
            self.from(at + 1, left - share);
            self.chosen.truncate(before);
        }
    }
}
