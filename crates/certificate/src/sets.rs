//! Sets of nodes of one size.

use holdfast_cluster::NodeId;

/// The sets of one size, in order.
pub(crate) struct Choices {
    nodes: usize,
    next: Option<Vec<usize>>,
}

impl Choices {
    pub(crate) fn new(nodes: usize, size: usize) -> Self {
        Self { nodes, next: (size <= nodes).then(|| (0..size).collect()) }
    }

    /// How many there are of up to this size, or as many as can be counted.
    pub(crate) fn count_up_to(nodes: usize, most: usize) -> u64 {
        let (mut all, mut of_size) = (0_u64, 1_u128);
        for size in 0..=most.min(nodes) {
            if size > 0 {
                // Exact at every step: a product of so many consecutive numbers.
                of_size = of_size.saturating_mul((nodes - size + 1) as u128) / size as u128;
            }
            all = all.saturating_add(u64::try_from(of_size).unwrap_or(u64::MAX));
        }
        all
    }
}

impl Iterator for Choices {
    type Item = Vec<NodeId>;

    fn next(&mut self) -> Option<Vec<NodeId>> {
        let set = self.next.take()?;
        let size = set.len();
        if let Some(at) = (0..size).rev().find(|at| set[*at] < self.nodes - size + at) {
            let first = set[at] + 1;
            let mut next = set[..at].to_vec();
            next.extend(first..first + size - at);
            self.next = Some(next);
        }
        Some(set.into_iter().map(NodeId::at).collect())
    }
}
