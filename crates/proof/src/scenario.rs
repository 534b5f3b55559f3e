//! Failure sets and their order.

use holdfast_cluster::{NodeId, Symbol};

/// Machines that fail together, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FailureSet {
    nodes: Vec<NodeId>,
    machines: Vec<Symbol>,
    domains: Vec<usize>,
}

impl FailureSet {
    /// The set of these nodes, given in any order, repetitions allowed.
    pub fn new(mut nodes: Vec<NodeId>) -> Self {
        nodes.sort_unstable();
        nodes.dedup();
        Self { nodes, ..Self::default() }
    }

    /// The same with machines that are no nodes, given in any order, repetitions allowed.
    #[must_use]
    pub fn and_machines(mut self, mut machines: Vec<Symbol>) -> Self {
        machines.sort_unstable();
        machines.dedup();
        self.machines = machines;
        self
    }

    /// The same as the failure of whole domains, by position.
    #[must_use]
    pub fn as_domains(mut self, domains: Vec<usize>) -> Self {
        self.domains = domains;
        self
    }

    /// Its nodes, by name.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// Its machines that are no nodes.
    pub fn machines(&self) -> &[Symbol] {
        &self.machines
    }

    /// The domains that fail as a whole, by position; none where machines were named one by one.
    pub fn domains(&self) -> &[usize] {
        &self.domains
    }

    /// How many things fail: domains where they fail as a whole, else machines.
    pub fn size(&self) -> usize {
        match self.domains.len() {
            0 => self.nodes.len() + self.machines.len(),
            domains => domains,
        }
    }

    /// Nothing fails.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.machines.is_empty()
    }
}

/// Every set of at most `most` of `nodes`, small sets first and sets of one size in order of their
/// nodes' names; the empty set, which is today, comes before all.
pub fn sets_up_to(nodes: &[NodeId], most: usize) -> impl Iterator<Item = FailureSet> + '_ {
    choices_up_to(nodes.len(), most).map(|chosen| FailureSet {
        nodes: chosen.into_iter().map(|at| nodes[at]).collect(),
        ..FailureSet::default()
    })
}

/// Every choice of at most `most` of `all` things, small ones first, in lexical order.
pub(crate) fn choices_up_to(all: usize, most: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..=most.min(all)).flat_map(move |size| Combinations::new(all, size))
}

/// How many sets [`sets_up_to`] makes; `None` above `u64::MAX`.
pub fn count_up_to(nodes: usize, most: usize) -> Option<u64> {
    let (mut total, mut of_size) = (0_u128, 1_u128);
    for size in 0..=most.min(nodes) {
        if size > 0 {
            // Exact at every step: a product of `size` consecutive numbers is divisible by `size!`.
            of_size = of_size.checked_mul((nodes - size + 1) as u128)? / size as u128;
        }
        total = total.checked_add(of_size)?;
    }
    u64::try_from(total).ok()
}

/// The choices of one size, in lexical order.
struct Combinations {
    all: usize,
    /// The next choice; `None` when there is no more.
    next: Option<Vec<usize>>,
}

impl Combinations {
    fn new(all: usize, size: usize) -> Self {
        Self { all, next: (size <= all).then(|| (0..size).collect()) }
    }

    /// The positions after `positions`.
    fn successor(&self, mut positions: Vec<usize>) -> Option<Vec<usize>> {
        let size = positions.len();
        let movable = (0..size).rev().find(|&at| positions[at] < self.all - size + at)?;
        positions[movable] += 1;
        for at in movable + 1..size {
            positions[at] = positions[at - 1] + 1;
        }
        Some(positions)
    }
}

impl Iterator for Combinations {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        let positions = self.next.take()?;
        self.next = self.successor(positions.clone());
        Some(positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets_come_first_and_the_count_is_right() {
        let nodes: Vec<NodeId> = (0..5).map(NodeId).collect();
        for most in 0..7 {
            let sets: Vec<FailureSet> = sets_up_to(&nodes, most).collect();
            assert_eq!(Some(sets.len() as u64), count_up_to(5, most), "up to {most}");
            assert!(sets.windows(2).all(|pair| {
                (pair[0].nodes().len(), &pair[0]) < (pair[1].nodes().len(), &pair[1])
            }));
        }
        assert_eq!(count_up_to(1000, 2), Some(1 + 1000 + 499_500));
        assert_eq!(count_up_to(5000, 60), None);
    }
}
