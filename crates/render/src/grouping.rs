//! Nodes that have the same thing said of them.

use std::collections::BTreeMap;

use crate::words;

/// Nodes by what is said of them, in the order of what is said; names stay in their order.
pub fn by<K: Ord>(items: impl IntoIterator<Item = (K, String)>) -> Vec<(K, Vec<String>)> {
    let mut groups = BTreeMap::<K, Vec<String>>::new();
    for (key, name) in items {
        groups.entry(key).or_default().push(name);
    }
    groups.into_iter().collect()
}

/// What a group is called in a row: its node, or the first of them and how many more.
pub fn label(names: &[String]) -> String {
    match names {
        [only] => only.clone(),
        [first, rest @ ..] => {
            format!("{first} and {} more", words::thousands(rest.len() as u64))
        }
        [] => String::new(),
    }
}
