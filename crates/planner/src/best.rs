//! How many copies there could be at most, wherever anybody put them.

use holdfast_cluster::{NodeId, Placement};
use holdfast_scheduler::Scheduler;
use holdfast_scheduler::room::{Room, Rule, RuleKind};

use crate::copies::Copies;

/// Groups of nodes in which copies that stay together are tried, the roomiest first.
const GROUPS_MAX: usize = 64;

/// So many are the most that any placement holds: at least as many as were found, and no more than
/// the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// The most that were found to go in one after the other.
    pub found: u64,
    /// No placement holds more.
    pub bound: u64,
}

impl Best {
    /// The same where no more than so many are let in at all.
    pub(crate) fn within(self, most: u64) -> Self {
        Self { found: self.found.min(most), bound: self.bound.min(most) }
    }
}

/// The most copies that any placement holds, given how many the scheduler places.
pub(crate) fn best(copies: &Copies, placed: u64, room: &Room) -> Best {
    let bound = bound(room).max(placed);
    let mut best = Best { found: placed, bound };
    let together = room.rules.iter().find(|rule| rule.kind == RuleKind::Together);
    if let Some(rule) = together.filter(|_| placed < bound) {
        best.found = best.found.max(together_in_each(copies, rule, bound));
    }
    best
}

/// Copies that stay together go wherever the first one went: the most that any of the groups takes.
fn together_in_each(copies: &Copies, rule: &Rule, bound: u64) -> u64 {
    let Ok((cluster, pods)) = copies.with(2) else { return 0 };
    let mut most = 0;
    for (nodes, _) in rule.groups.iter().take(GROUPS_MAX) {
        let Some(first) = nodes.first() else { continue };
        let begun = cluster.seated([(pods[0], *first)]);
        let (scheduler, placement) = (Scheduler::new(&begun), Placement::of(&begun));
        let left = usize::try_from(bound).unwrap_or(usize::MAX);
        let rest = scheduler.series(&placement, pods[1].into()).take(left).count();
        most = most.max(1 + rest as u64);
    }
    most
}

/// Copies on these nodes: no more than that.
struct Part {
    nodes: Vec<NodeId>,
    most: u64,
}

/// No placement holds more copies: what each node takes by itself, with what the rules say of
/// groups of nodes. Where groups nest, their rules hold together; where they do not, each holds by
/// itself.
fn bound(room: &Room) -> u64 {
    let single = |(node, most): &(NodeId, u64)| Part { nodes: vec![*node], most: *most };
    let mut parts: Vec<Part> = room.nodes.iter().map(single).collect();
    let mut least = u64::MAX;
    let mut rules: Vec<&Rule> = room.rules.iter().collect();
    // The finest first, so that the coarser ones take their groups whole; one group of all is last.
    rules.sort_by_key(|rule| (rule.kind == RuleKind::Together, usize::MAX - rule.groups.len()));
    for rule in rules {
        let alone: Vec<Part> = room.nodes.iter().map(single).collect();
        match merged(&parts, rule) {
            Some(merged) => parts = merged,
            None => {
                least = least.min(merged(&alone, rule).map_or(u64::MAX, |all| sum(&all)));
            }
        }
    }
    least.min(sum(&parts))
}

/// The parts put together by the groups of a rule; `None` where a part lies across two groups.
fn merged(parts: &[Part], rule: &Rule) -> Option<Vec<Part>> {
    let group_of = |node: &NodeId| rule.groups.iter().position(|(nodes, _)| nodes.contains(node));
    let mut groups: Vec<Part> =
        rule.groups.iter().map(|_| Part { nodes: Vec::new(), most: 0 }).collect();
    let mut outside = Vec::new();
    for part in parts {
        let at = part.nodes.first().and_then(group_of);
        if part.nodes.iter().any(|node| group_of(node) != at) {
            return None;
        }
        let Some(at) = at else {
            outside.push(Part { nodes: part.nodes.clone(), most: part.most });
            continue;
        };
        groups[at].nodes.extend(&part.nodes);
        groups[at].most = groups[at].most.saturating_add(part.most);
    }
    for (group, (_, cap)) in groups.iter_mut().zip(&rule.groups) {
        group.most = group.most.min(cap.unwrap_or(u64::MAX));
    }
    if rule.kind == RuleKind::Together {
        return Some(groups.into_iter().max_by_key(|group| group.most).into_iter().collect());
    }
    groups.extend(outside);
    Some(groups)
}

fn sum(parts: &[Part]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(part.most))
}
