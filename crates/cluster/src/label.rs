//! Label sets.

use crate::Symbol;

/// A set of labels, sorted by key symbol, each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Labels(Box<[(Symbol, Symbol)]>);

impl Labels {
    /// Labels from key and value pairs in any order; of a key given twice the last counts, as in a
    /// JSON map.
    pub fn new(pairs: impl IntoIterator<Item = (Symbol, Symbol)>) -> Self {
        let mut sorted: Vec<(Symbol, Symbol)> = pairs.into_iter().collect();
        sorted.sort_by_key(|(key, _)| *key);
        sorted.reverse();
        sorted.dedup_by_key(|(key, _)| *key);
        sorted.reverse();
        Self(sorted.into_boxed_slice())
    }

    /// The value of `key`.
    pub fn get(&self, key: Symbol) -> Option<Symbol> {
        let at = self.0.binary_search_by_key(&key, |(known, _)| *known).ok()?;
        Some(self.0[at].1)
    }

    /// All pairs, by key symbol.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, Symbol)> + '_ {
        self.0.iter().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Symbols;

    #[test]
    fn the_last_of_a_repeated_key_counts() {
        let mut symbols = Symbols::default();
        let (b, a, one, two) =
            (symbols.intern("b"), symbols.intern("a"), symbols.intern("1"), symbols.intern("2"));
        let labels = Labels::new([(a, one), (b, one), (a, two)]);
        assert_eq!(labels.get(a), Some(two));
        assert_eq!(labels.get(b), Some(one));
        assert_eq!(labels.len(), 2);
    }
}
