//! Failure sets and their order.

use holdfast_cluster::NodeId;

/// Nodes that fail together, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FailureSet(Vec<NodeId>);

impl FailureSet {
    /// The set of these nodes, given in any order, repetitions allowed.
    pub fn new(mut nodes: Vec<NodeId>) -> Self {
        nodes.sort_unstable();
        nodes.dedup();
        Self(nodes)
    }

    /// Its nodes, by name.
    pub fn nodes(&self) -> &[NodeId] {
        &self.0
    }

    /// Nothing fails.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Every set of at most `most` of `nodes`, small sets first and sets of one size in order of their
/// nodes' names; the empty set, which is today, comes before all.
pub fn sets_up_to(nodes: &[NodeId], most: usize) -> impl Iterator<Item = FailureSet> + '_ {
    (0..=most.min(nodes.len())).flat_map(move |size| Combinations::new(nodes, size))
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

/// The sets of one size, in lexical order.
struct Combinations<'a> {
    nodes: &'a [NodeId],
    /// Positions of the next set; `None` when there is no more.
    next: Option<Vec<usize>>,
}

impl<'a> Combinations<'a> {
    fn new(nodes: &'a [NodeId], size: usize) -> Self {
        Self { nodes, next: (size <= nodes.len()).then(|| (0..size).collect()) }
    }

    /// The positions after `positions`.
    fn successor(&self, mut positions: Vec<usize>) -> Option<Vec<usize>> {
        let size = positions.len();
        let movable = (0..size).rev().find(|&at| positions[at] < self.nodes.len() - size + at)?;
        positions[movable] += 1;
        for at in movable + 1..size {
            positions[at] = positions[at - 1] + 1;
        }
        Some(positions)
    }
}

impl Iterator for Combinations<'_> {
    type Item = FailureSet;

    fn next(&mut self) -> Option<FailureSet> {
        let positions = self.next.take()?;
        let set = FailureSet(positions.iter().map(|&at| self.nodes[at]).collect());
        self.next = self.successor(positions);
        Some(set)
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
