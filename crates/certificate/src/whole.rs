//! Whether the others can close whole nodes.
//!
//! A node is closed by one resource of which too little is left there, by a pod that the pod cannot
//! stand, or not at all; half of one resource and half of another do not close it. So where nodes
//! are few, all choices of what closes which are gone through: whoever spends on one node has that
//! much less for the next. If no choice closes every node, one stays open.

use std::collections::BTreeMap;

use holdfast_cluster::{NodeId, Symbol};

use crate::prices::{Contest, Resource};

/// The most nodes of which it is tried.
const NODES_MAX: usize = 12;

/// The most choices that are gone through: beyond them the nodes are taken to be closed.
const CHOICES_MAX: usize = 100_000;

/// What the others have left, some nodes closed.
struct Others<'c, 'a> {
    contest: &'c Contest<'a>,
    owned: BTreeMap<Resource, i128>,
    gifts: BTreeMap<Option<Symbol>, usize>,
    choices: usize,
}

/// Whether it is known that the others cannot close all of these nodes, and some of them take the
/// pod.
pub(crate) fn stay_open(contest: &Contest<'_>, nodes: &[NodeId]) -> bool {
    if nodes.is_empty() || nodes.len() > NODES_MAX {
        return false;
    }
    let (owned, gifts) = (contest.others.owned.clone(), contest.others.gifts.clone());
    !Others { contest, owned, gifts, choices: 0 }.close(nodes)
}

impl Others<'_, '_> {
    fn close(&mut self, nodes: &[NodeId]) -> bool {
        let Some((node, rest)) = nodes.split_first() else { return true };
        self.choices += 1;
        self.choices > CHOICES_MAX || self.spend(*node, rest) || self.give(*node, rest)
    }

    /// Closes the node with a resource, and the others somehow.
    fn spend(&mut self, node: NodeId, rest: &[NodeId]) -> bool {
        let before = self.owned.clone();
        before.keys().any(|resource| {
            let spent = |other| self.contest.spent(node, *resource, other);
            let left: BTreeMap<Resource, i128> =
                before.iter().map(|(other, owned)| (*other, owned - spent(*other))).collect();
            left.values().all(|left| *left >= 0) && {
                self.owned = left;
                let closed = self.close(rest);
                self.owned.clone_from(&before);
                closed
            }
        })
    }

    /// Closes the node with a pod that needs no room there, along with all others of its domain.
    fn give(&mut self, node: NodeId, rest: &[NodeId]) -> bool {
        let value = |node: NodeId, key| self.contest.cluster.node(node).labels.get(key);
        let keys: Vec<Option<Symbol>> = self.gifts.keys().copied().collect();
        keys.into_iter().any(|key| {
            let rest: Vec<NodeId> = match key {
                None => rest.to_vec(),
                Some(key) => match value(node, key) {
                    // What counts by a label says nothing of nodes without it.
                    None => return false,
                    there => {
                        rest.iter().copied().filter(|other| value(*other, key) != there).collect()
                    }
                },
            };
            let count = self.gifts[&key];
            count > 0 && {
                self.gifts.insert(key, count - 1);
                let closed = self.close(&rest);
                self.gifts.insert(key, count);
                closed
            }
        })
    }
}
