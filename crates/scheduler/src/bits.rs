//! A set of small indices.

/// A set of indices below a fixed bound, a bit each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Box<[u64]>);

impl Bits {
    /// The indices below `bound` that `holds` is true of.
    pub(crate) fn of(bound: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0_u64; bound.div_ceil(64)].into_boxed_slice();
        for index in 0..bound {
            if holds(index) {
                words[index / 64] |= 1 << (index % 64);
            }
        }
        Self(words)
    }

    /// Whether `index` is in the set; one beyond the bound is not.
    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// Whether the set has no member.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}
