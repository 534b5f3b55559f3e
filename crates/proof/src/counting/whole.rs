//! Every way to block whole nodes.
//!
//! Prices let the adversary block a half of one node with what is left of one resource and the
//! other half with another. It cannot: each node is blocked by one of them alone. Where there are
//! few nodes, every choice of what blocks which is tried; if none goes as far as the last node, one
//! stays open.

use holdfast_cluster::{Cluster, NodeId, Symbol};

use super::ways::Way;
use super::{Adversary, Domains};

/// With more nodes than these there are too many ways.
const NODES_MAX: usize = 12;

/// How many steps may be taken before some way is taken to exist.
const STEPS_MAX: usize = 5_000;

/// Whether the adversary can block each of the nodes, as far as can be told. They come with the
/// ways to block them.
pub(super) fn may_block(
    cluster: &Cluster,
    nodes: &[(NodeId, Vec<Way>)],
    adversary: &Adversary,
) -> bool {
    if nodes.len() > NODES_MAX {
        return true;
    }
    // What can be blocked in the fewest ways comes first.
    let mut blocked: Vec<&(NodeId, Vec<Way>)> = nodes.iter().collect();
    blocked.sort_by_key(|(node, ways)| (ways.len(), *node));
    let mut attempt = Attempt {
        cluster,
        nodes: &blocked,
        left: adversary.budgets.iter().map(|budget| budget.total).collect(),
        free: adversary.free.iter().map(|(domains, count)| (*domains, *count)).collect(),
        away: adversary.away,
        closed: Vec::new(),
        steps: 0,
    };
    attempt.blocks(0)
}

/// What is left to the adversary, some nodes blocked.
struct Attempt<'a> {
    cluster: &'a Cluster,
    nodes: &'a [&'a (NodeId, Vec<Way>)],
    /// Of each resource.
    left: Vec<i128>,
    free: Vec<(Domains, usize)>,
    away: usize,
    /// Whole domains that were blocked.
    closed: Vec<(Symbol, Symbol)>,
    steps: usize,
}

impl Attempt<'_> {
    /// Whether the nodes from this one on can be blocked.
    fn blocks(&mut self, at: usize) -> bool {
        let nodes = self.nodes;
        let Some((node, ways)) = nodes.get(at) else { return true };
        self.steps += 1;
        if self.steps > STEPS_MAX || self.is_closed(*node) {
            return self.steps > STEPS_MAX || self.blocks(at + 1);
        }
        if self.away > 0 {
            self.away -= 1;
            let blocked = self.blocks(at + 1);
            self.away += 1;
            if blocked {
                return true;
            }
        }
        self.by_resource(at, ways) || self.by_pod(at, *node)
    }

    fn is_closed(&self, node: NodeId) -> bool {
        let labels = &self.cluster.node(node).labels;
        self.closed.iter().any(|(key, value)| labels.get(*key) == Some(*value))
    }

    fn by_resource(&mut self, at: usize, ways: &[Way]) -> bool {
        ways.iter().any(|way| {
            if way.takes.iter().zip(&self.left).any(|(takes, left)| takes > left) {
                return false;
            }
            self.left.iter_mut().zip(&way.takes).for_each(|(left, takes)| *left -= takes);
            let blocked = self.blocks(at + 1);
            self.left.iter_mut().zip(&way.takes).for_each(|(left, takes)| *left += takes);
            blocked
        })
    }

    /// By a pod that the pod in question cannot stand, which needs no room here.
    fn by_pod(&mut self, at: usize, node: NodeId) -> bool {
        let labels = &self.cluster.node(node).labels;
        (0..self.free.len()).any(|which| {
            let (domains, count) = self.free[which];
            // A rule whose label the node lacks never blocks it.
            let domain = match domains {
                Domains::Nodes => None,
                Domains::Label(key) => match labels.get(key) {
                    Some(value) => Some((key, value)),
                    None => return false,
                },
            };
            if count == 0 {
                return false;
            }
            self.free[which].1 -= 1;
            self.closed.extend(domain);
            let blocked = self.blocks(at + 1);
            self.free[which].1 += 1;
            if domain.is_some() {
                self.closed.pop();
            }
            blocked
        })
    }
}
