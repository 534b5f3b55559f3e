//! Choices of things that fail together.

/// The choices of one size out of so many things, by position, in order.
pub(crate) struct Choices {
    of: usize,
    next: Option<Vec<usize>>,
}

impl Choices {
    pub(crate) fn new(of: usize, size: usize) -> Self {
        Self { of, next: (size <= of).then(|| (0..size).collect()) }
    }

    /// Those of up to this size, the small ones first.
    pub(crate) fn up_to(of: usize, most: usize) -> impl Iterator<Item = Vec<usize>> {
        (0..=most.min(of)).flat_map(move |size| Self::new(of, size))
    }

    /// How many there are of up to this size, or as many as can be counted.
    pub(crate) fn count_up_to(of: usize, most: usize) -> u64 {
        let (mut all, mut of_size) = (0_u64, 1_u128);
        for size in 0..=most.min(of) {
            if size > 0 {
                // Exact at every step: a product of so many consecutive numbers.
                of_size = of_size.saturating_mul((of - size + 1) as u128) / size as u128;
            }
            all = all.saturating_add(u64::try_from(of_size).unwrap_or(u64::MAX));
        }
        all
    }
}

impl Iterator for Choices {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        let set = self.next.take()?;
        let size = set.len();
        if let Some(at) = (0..size).rev().find(|at| set[*at] < self.of - size + at) {
            let first = set[at] + 1;
            let mut next = set[..at].to_vec();
            next.extend(first..first + size - at);
            self.next = Some(next);
        }
        Some(set)
    }
}
