//! What an input held, counted.

use std::collections::BTreeMap;

use crate::losses::Losses;

/// What was found in the sources. Files are listed so that an [`Origin`](crate::Origin) can be
/// told; kinds are counted so that absence can be told from ignorance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Every text that was read, in order: members of archives as `bundle.tar.gz!/yamls/x.yaml`.
    pub files: Vec<String>,
    /// How many objects were handed over, by group and kind.
    pub objects: Kinds,
    /// The kinds that a list answered for, with how many items those lists held. A kind listed
    /// with zero items is proved absent as far as those lists reach; a kind not listed is not
    /// known. `kubectl get` writes a plain `List`, which answers only for the kinds of its
    /// items, as it does not say what was asked for.
    pub lists_seen: Kinds,
    /// Like [`Self::lists_seen`] for empty plain `List`s whose kind is told by the file's path
    /// alone, as support bundles write them. Weaker evidence: a path is not content.
    pub lists_by_path: Kinds,
    /// Empty lists and bare arrays that tell no kind at all.
    pub lists_of_nothing: u64,
    /// Files and documents that hold no objects, by what they are.
    pub skipped: BTreeMap<Skipped, u64>,
    /// What may have been lost with what could not be read.
    pub losses: Losses,
}

/// Why a file or a document of a bundle was passed over without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// No bytes, or white space and comments alone.
    Empty,
    /// Bytes that are no text.
    Binary,
    /// Text that holds no API objects: logs, metrics, tables, configuration.
    OtherText,
    /// JSON or YAML that is no API object, such as `null`, a number or a version report.
    OtherData,
    /// A block of container logs in a `kubectl cluster-info dump`.
    LogBlock,
}

/// Counts by API group and kind; the core group is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(BTreeMap<String, BTreeMap<String, u64>>);

impl Kinds {
    /// Adds to a kind's count; adding 0 makes the kind known.
    pub fn add(&mut self, group: &str, kind: &str, count: u64) {
        if let Some(known) = self.0.get_mut(group).and_then(|kinds| kinds.get_mut(kind)) {
            *known += count;
        } else {
            self.0.entry(group.to_owned()).or_default().insert(kind.to_owned(), count);
        }
    }

    /// How many, if the kind is known at all.
    pub fn get(&self, group: &str, kind: &str) -> Option<u64> {
        self.0.get(group)?.get(kind).copied()
    }

    /// Group, kind and count, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.0.iter().flat_map(|(group, kinds)| {
            kinds.iter().map(|(kind, &count)| (group.as_str(), kind.as_str(), count))
        })
    }

    /// The sum of all counts.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, _, count)| count).sum()
    }
}

impl Inventory {
    /// Counts something passed over.
    pub(crate) fn skip(&mut self, what: Skipped) {
        *self.skipped.entry(what).or_default() += 1;
    }
}
