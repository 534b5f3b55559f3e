//! How many copies of a pod there may be at most, wherever anybody puts them.
//!
//! Each node by itself takes so many, by its own resources, ports, taints and labels. What copies
//! mean to each other is told apart, as rules over groups of nodes: no placement breaks them, so
//! that together they bound every count, the scheduler's own included.

use holdfast_cluster::{InstanceId, NodeId, Placement, Symbol};

use crate::framework::Cycle;
use crate::node_info::{NodeInfo, Variant, snapshot};
use crate::plugin::Plugin;
use crate::plugins::Context;
use crate::scheduler::Scheduler;
use crate::topology::TopologyId;

/// Room for copies of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Nodes that take any, by name, with how many each takes by itself.
    pub nodes: Vec<(NodeId, u64)>,
    /// What holds of all copies together.
    pub rules: Vec<Rule>,
}

/// A rule about who may be near whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it says.
    pub kind: RuleKind,
    /// The node label by whose values nodes are grouped.
    pub key: Symbol,
    /// The nodes that take any, by value of the label, with how many copies the group takes at
    /// most; nodes without the label are in none.
    pub groups: Vec<(Vec<NodeId>, Option<u64>)>,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// Two copies are never in one group (required anti-affinity).
    Apart,
    /// All copies are in one group (required affinity to each other).
    Together,
    /// No group holds many more than the emptiest (required spread).
    Spread,
}

/// A rule before anybody knows how many fit.
pub(crate) struct Bond {
    pub(crate) kind: BondKind,
    pub(crate) topology: TopologyId,
}

/// What it says.
pub(crate) enum BondKind {
    Apart,
    Together,
    Spread(Even),
}

/// A required spread constraint that counts the copies.
pub(crate) struct Even {
    /// Pods that are counted already, by domain; `None` where none are.
    pub(crate) held: Vec<Option<i64>>,
    pub(crate) max_skew: i64,
    /// There are too few domains, so that the emptiest counts as zero.
    pub(crate) from_zero: bool,
}

impl Scheduler<'_> {
    /// Room for copies of a pending pod, up to so many on a node.
    ///
    /// What volumes allow is left out: it may be less.
    pub fn room(&self, placement: &Placement, pod: InstanceId, most: u64) -> Room {
        let Some((cycle, eligible)) = self.opened(placement, pod) else { return Room::default() };
        let nodes = snapshot(self.cluster(), placement).filter(|node| eligible.contains(node.id));
        let all = nodes.map(|node| (node.id, alone(&cycle, &node, most)));
        let nodes: Vec<(NodeId, u64)> = all.filter(|(_, room)| *room > 0).collect();
        let rules = cycle.rules().into_iter().map(|bond| rule(&cycle, bond, &nodes)).collect();
        Room { nodes, rules }
    }
}

/// How many copies a node takes if nothing else does.
fn alone(cycle: &Cycle<'_>, node: &NodeInfo<'_>, most: u64) -> u64 {
    if cycle.bars(node.id) {
        return 0;
    }
    let Context { cluster, placement, class, .. } = cycle.context;
    let company = cycle.company();
    let asked = |plugin| !company.counts_for(plugin) && !minds_volumes(plugin);
    let mut seat = Variant::of(cluster, placement, node);
    let mut reasons = Vec::new();
    let mut taken = 0;
    while taken < most && cycle.filter_some(asked, &seat.info(node), &mut reasons).is_ok() {
        let pod = InstanceId::at(placement.instances().len() + taken as usize);
        seat.add(cluster, pod, class);
        taken += 1;
    }
    taken
}

fn minds_volumes(plugin: Plugin) -> bool {
    matches!(
        plugin,
        Plugin::VolumeRestrictions
            | Plugin::VolumeBinding
            | Plugin::VolumeZone
            | Plugin::NodeVolumeLimits
    )
}

/// The rule over the nodes that take any.
fn rule(cycle: &Cycle<'_>, bond: Bond, nodes: &[(NodeId, u64)]) -> Rule {
    let topologies = &cycle.context.compiled.topologies;
    let topology = topologies.get(bond.topology);
    let mut groups = vec![(Vec::new(), 0_u64); topology.size];
    for (node, room) in nodes {
        if let Some(domain) = topology.domain(*node) {
            groups[domain].0.push(*node);
            groups[domain].1 = groups[domain].1.saturating_add(*room);
        }
    }
    let (kind, caps) = match bond.kind {
        BondKind::Apart => (RuleKind::Apart, vec![Some(1); topology.size]),
        BondKind::Together => (RuleKind::Together, vec![None; topology.size]),
        BondKind::Spread(even) => {
            let rooms: Vec<u64> = groups.iter().map(|(_, room)| *room).collect();
            (RuleKind::Spread, even.caps(&rooms))
        }
    };
    let groups = groups.into_iter().zip(caps).map(|((nodes, _), cap)| (nodes, cap));
    let groups = groups.filter(|(nodes, _)| !nodes.is_empty()).collect();
    Rule { kind, key: topologies.key(bond.topology), groups }
}

impl Even {
    /// How many more each domain may come to hold, if each takes all that it has room for: the
    /// emptiest then holds the most that it ever can, and no other may exceed it by more than the
    /// skew.
    fn caps(&self, rooms: &[u64]) -> Vec<Option<u64>> {
        let full = |(held, room): (&Option<i64>, &u64)| {
            held.map(|held| held.saturating_add(i64::try_from(*room).unwrap_or(i64::MAX)))
        };
        let emptiest = self.held.iter().zip(rooms).filter_map(full).min();
        let emptiest = if self.from_zero { Some(0) } else { emptiest };
        let cap = |held: &Option<i64>| {
            let left = emptiest?.saturating_add(self.max_skew).saturating_sub((*held)?);
            Some(u64::try_from(left).unwrap_or(0))
        };
        self.held.iter().map(cap).collect()
    }
}
