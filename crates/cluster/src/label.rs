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

/// The longest name of a label, and the longest value, in bytes.
pub const NAME_MAX: usize = 63;

/// The longest prefix of a label's key, in bytes.
pub const PREFIX_MAX: usize = 253;

/// Whether a label may have this key (`IsLabelKey`,
/// `k8s.io/apimachinery/pkg/api/validate/content/kube.go`, v0.36.3).
pub fn is_key(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let prefixed = prefix.is_none_or(|prefix| prefix.len() <= PREFIX_MAX && is_subdomain(prefix));
    prefixed && name.len() <= NAME_MAX && is_name(name)
}

/// Whether a label may have this value (`IsLabelValue`).
pub fn is_value(text: &str) -> bool {
    text.len() <= NAME_MAX && (text.is_empty() || is_name(text))
}

/// Whether it is made of letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |end: Option<&u8>| end.is_some_and(u8::is_ascii_alphanumeric);
    ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// Whether it is made of parts between dots, each of small letters, digits and `-`, with a letter
/// or digit at both ends.
pub fn is_subdomain(text: &str) -> bool {
    let known = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.split('.').map(str::as_bytes).all(|part| {
        part.first().is_some_and(known)
            && part.last().is_some_and(known)
            && part.iter().all(|byte| known(byte) || *byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Symbols;

    #[test]
    fn keys_and_values_are_judged_as_upstream_judges_them() {
        let long = "a".repeat(64);
        for key in ["a", "app.kubernetes.io/name", "x-1.y/A_b", "A"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "/a", "a/", "A.b/c", "a..b/c", "a/b/c", "-a", "a b", &long] {
            assert!(!is_key(key), "{key}");
        }
        assert!(is_value("") && is_value("1.2_x-Y"));
        assert!(!is_value("not a value!") && !is_value("-5") && !is_value(&long));
    }

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
