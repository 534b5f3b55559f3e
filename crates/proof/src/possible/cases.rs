//! Cases: wherever one pod goes, another argument follows.
//!
//! The pod with the fewest nodes left is tried on each. Of nodes that are alike for everybody who
//! is left one is tried, and pods that are alike go to nodes in order: a node that comes before
//! that of such a pod was tried for that pod ([`Refusal::Earlier`]).

use std::collections::BTreeMap;

use holdfast_cluster::NodeId;

use super::model::{Domain, Model};
use super::{Case, Separation, Why};
use crate::rules::{Blocked, Refusal};

/// What the cases come to.
pub(super) enum Outcome {
    /// None works.
    No(Why),
    /// All firm pods have a node, as far as the model goes: items and nodes, by position.
    Perhaps(Vec<(usize, usize)>),
    /// The budget ran out.
    Unknown,
}

/// Beyond so many pairs of kinds and nodes no case is looked at.
const SIZE_MAX: usize = 50_000;

/// Goes through the cases, at most `budget` of them.
pub(super) fn decide(model: &Model<'_>, budget: usize) -> Outcome {
    let size = model.kinds.len() * model.nodes.len();
    let pods: usize = model.kinds.iter().map(|kind| kind.items.len()).sum();
    if size > SIZE_MAX || pods >= budget {
        return Outcome::Unknown;
    }
    let neighbours = |kind: usize| -> Vec<(usize, Separation)> {
        let others = 0..model.kinds.len();
        others.flat_map(|other| model.between(kind, other).map(move |by| (other, by))).collect()
    };
    let mut search = Search {
        model,
        blocked: model.kinds.iter().map(|kind| model.rules.blocked(kind.class)).collect(),
        neighbours: (0..model.kinds.len()).map(neighbours).collect(),
        crowded: Domains::crowded(model),
        left: model.left.clone(),
        unplaced: model.kinds.iter().map(|kind| kind.items.len()).collect(),
        last: vec![0; model.kinds.len()],
        present: BTreeMap::new(),
        placed: vec![Vec::new(); model.kinds.len()],
        budget,
    };
    match search.split() {
        Split::No(why) => Outcome::No(why),
        Split::Done => Outcome::Perhaps(search.assign()),
        Split::Spent => Outcome::Unknown,
    }
}

enum Split {
    No(Why),
    /// Everybody has a node; the search stands there.
    Done,
    Spent,
}

/// Domains of more than one node.
struct Domains;

impl Domains {
    fn crowded(model: &Model<'_>) -> BTreeMap<Separation, Vec<bool>> {
        let mut crowded = BTreeMap::new();
        for by in model.apart.values().flatten() {
            let mut counts: BTreeMap<Domain, usize> = BTreeMap::new();
            let domains: Vec<Option<Domain>> =
                (0..model.nodes.len()).map(|node| model.domain(*by, node)).collect();
            domains.iter().flatten().for_each(|domain| *counts.entry(*domain).or_default() += 1);
            let shared = domains.iter().map(|one| one.is_some_and(|domain| counts[&domain] > 1));
            crowded.insert(*by, shared.collect());
        }
        crowded
    }
}

/// What tells nodes apart for those who are left: room, who may come, who comes in which order,
/// and by each separation the domain itself where others share it, else who is there.
type Signature = (Vec<i64>, Vec<bool>, Vec<Side>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    None,
    Shared(Domain),
    Own(bool, Vec<usize>),
}

struct Search<'a> {
    model: &'a Model<'a>,
    blocked: Vec<Blocked>,
    /// By kind: whom it minds or who minds it.
    neighbours: Vec<Vec<(usize, Separation)>>,
    crowded: BTreeMap<Separation, Vec<bool>>,
    left: Vec<Vec<i64>>,
    unplaced: Vec<usize>,
    /// Where the last pod of each kind went: the next goes there or behind.
    last: Vec<usize>,
    /// How many pods of a kind are in a domain.
    present: BTreeMap<(Separation, Domain), BTreeMap<usize, usize>>,
    placed: Vec<Vec<usize>>,
    budget: usize,
}

impl Search<'_> {
    fn split(&mut self) -> Split {
        let waiting = (0..self.unplaced.len()).filter(|kind| self.unplaced[*kind] > 0);
        let options = waiting.map(|kind| {
            let open = self.model.areas[self.model.kinds[kind].area].iter().copied();
            let open = open.filter(|node| self.against(kind, *node).is_none());
            (kind, open.collect::<Vec<usize>>())
        });
        let hardest = options.min_by_key(|(kind, open)| (open.len(), *kind));
        let Some((kind, open)) = hardest else { return Split::Done };
        let pod = self.model.wanted[self.model.kinds[kind].items[self.placed[kind].len()]];
        if self.budget == 0 {
            return Split::Spent;
        }
        self.budget -= 1;
        let nodes = self.refusals(kind, &open);
        if open.is_empty() {
            return Split::No(Why::NoNode { pod, nodes });
        }
        let mut alike: BTreeMap<Signature, Vec<usize>> = BTreeMap::new();
        for node in &open {
            alike.entry(self.signature(*node)).or_default().push(*node);
        }
        let mut groups: Vec<Vec<usize>> = alike.into_values().collect();
        groups.sort_unstable();
        let mut cases = Vec::new();
        for group in groups {
            let before = self.last[kind];
            self.put(kind, group[0]);
            match self.split() {
                Split::No(why) => {
                    let name = |node: &usize| self.model.nodes[*node];
                    let alike = group[1..].iter().map(name).collect();
                    cases.push(Case { node: name(&group[0]), alike, why });
                }
                other => return other,
            }
            self.take(kind, group[0], before);
        }
        Split::No(Why::Cases { pod, cases, nodes })
    }

    fn put(&mut self, kind: usize, node: usize) {
        let asks = &self.model.kinds[kind].asks;
        self.left[node].iter_mut().zip(asks).for_each(|(left, asks)| *left -= asks);
        self.unplaced[kind] -= 1;
        self.placed[kind].push(node);
        self.last[kind] = node;
        for (by, domain) in self.domains(kind, node) {
            *self.present.entry((by, domain)).or_default().entry(kind).or_default() += 1;
        }
    }

    fn take(&mut self, kind: usize, node: usize, before: usize) {
        let asks = &self.model.kinds[kind].asks;
        self.left[node].iter_mut().zip(asks).for_each(|(left, asks)| *left += asks);
        self.unplaced[kind] += 1;
        self.placed[kind].pop();
        self.last[kind] = before;
        for (by, domain) in self.domains(kind, node) {
            let known = self.present.entry((by, domain)).or_default();
            let count = known.entry(kind).or_default();
            *count -= 1;
            if *count == 0 {
                known.remove(&kind);
            }
        }
    }

    /// The domains that a pod of the kind comes to, by what keeps it from anybody.
    fn domains(&self, kind: usize, node: usize) -> Vec<(Separation, Domain)> {
        let mut by: Vec<Separation> = self.neighbours[kind].iter().map(|(_, by)| *by).collect();
        by.sort_unstable();
        by.dedup();
        by.into_iter().filter_map(|by| Some((by, self.model.domain(by, node)?))).collect()
    }

    /// What a node that is open to the kind has against it, as things stand.
    fn against(&self, kind: usize, node: usize) -> Option<Refusal> {
        let asks = &self.model.kinds[kind].asks;
        let mut short = self.left[node].iter().zip(asks).enumerate();
        if let Some((at, (available, needed))) =
            short.find(|(_, (left, asks))| **asks > 0 && asks > left)
        {
            let resource = self.model.resources[at];
            return Some(Refusal::Room { resource, needed: *needed, available: *available });
        }
        let minded = self.neighbours[kind].iter().find(|(other, by)| {
            self.model.domain(*by, node).is_some_and(|domain| {
                let there = self.present.get(&(*by, domain));
                !self.model.excused.contains(&(*by, domain))
                    && there.is_some_and(|there| there.contains_key(other))
            })
        });
        match minded {
            Some((_, Separation::Label(key))) => Some(Refusal::Apart(*key)),
            Some((_, Separation::Port(port))) => Some(Refusal::Port(*port)),
            None => (node < self.last[kind]).then_some(Refusal::Earlier),
        }
    }

    /// What every other node has against the kind.
    fn refusals(&self, kind: usize, open: &[usize]) -> Vec<(NodeId, Refusal)> {
        let area = &self.model.areas[self.model.kinds[kind].area];
        let class = self.model.kinds[kind].class;
        let of_node = |node: usize| {
            if open.binary_search(&node).is_ok() {
                return None;
            }
            let id = self.model.nodes[node];
            let refusal = if area.binary_search(&node).is_ok() {
                self.against(kind, node)
            } else {
                self.model.refusal(class, &self.blocked[kind], id)
            };
            refusal.map(|refusal| (id, refusal))
        };
        (0..self.model.nodes.len()).filter_map(of_node).collect()
    }

    fn signature(&self, node: usize) -> Signature {
        let of_kind = |kind: usize| {
            let area = &self.model.areas[self.model.kinds[kind].area];
            self.unplaced[kind] > 0 && area.binary_search(&node).is_ok() && node >= self.last[kind]
        };
        let takes = (0..self.unplaced.len()).map(of_kind).collect();
        let side = |(by, crowded): (&Separation, &Vec<bool>)| {
            let Some(domain) = self.model.domain(*by, node) else { return Side::None };
            if crowded[node] {
                return Side::Shared(domain);
            }
            let there = self.present.get(&(*by, domain));
            let there = there.into_iter().flat_map(BTreeMap::keys).copied().collect();
            Side::Own(self.model.excused.contains(&(*by, domain)), there)
        };
        (self.left[node].clone(), takes, self.crowded.iter().map(side).collect())
    }

    /// Gives the pods of each kind their nodes: those who are at home on one stay.
    fn assign(&self) -> Vec<(usize, usize)> {
        let mut assigned = Vec::new();
        for (kind, nodes) in self.model.kinds.iter().zip(&self.placed) {
            let mut nodes = nodes.clone();
            let mut others = Vec::new();
            for item in &kind.items {
                let home = self.model.homes[*item];
                match nodes.iter().position(|node| Some(*node) == home) {
                    Some(at) => assigned.push((*item, nodes.swap_remove(at))),
                    None => others.push(*item),
                }
            }
            nodes.sort_unstable();
            assigned.extend(others.into_iter().zip(nodes));
        }
        assigned
    }
}
