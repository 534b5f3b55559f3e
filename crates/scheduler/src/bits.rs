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

    /// The members, from the lowest up.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let left = |word: u64| Some(word).filter(|word| *word != 0);
            let rest = std::iter::successors(left(*word), move |word| left(word & (word - 1)));
            rest.map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }
}
