//! Interned strings.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// An interned string. Equal symbols of one [`Symbols`] table are equal strings; the order of
/// symbols is the order in which they were first seen, not the alphabet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

/// The table behind every [`Symbol`] of one cluster.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    texts: IndexSet<Box<str>, FxBuildHasher>,
}

impl Symbols {
    /// The symbol of `text`, new or known.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(known) = self.find(text) {
            return known;
        }
        let (index, _) = self.texts.insert_full(text.into());
        Symbol(u32::try_from(index).expect("fewer than 2^32 distinct strings"))
    }

    /// The symbol of `text` if it has one: a string that was never interned equals no symbol.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        let index = self.texts.get_index_of(text)?;
        Some(Symbol(u32::try_from(index).expect("fewer than 2^32 distinct strings")))
    }

    /// The string of `symbol`.
    ///
    /// # Panics
    /// For a symbol of another table.
    pub fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol.0 as usize]
    }

    /// How many distinct strings there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether nothing was interned yet.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_symbol() {
        let mut symbols = Symbols::default();
        let first = symbols.intern("kubernetes.io/hostname");
        let other = symbols.intern("zone");
        assert_eq!(first, symbols.intern("kubernetes.io/hostname"));
        assert_ne!(first, other);
        assert_eq!(symbols.text(other), "zone");
        assert_eq!(symbols.find("absent"), None);
    }
}
