//! Objects of one kind by namespace and name, each kept once.

use holdfast_cluster::Symbol;
use indexmap::IndexMap;
use indexmap::map::Entry;
use rustc_hash::FxBuildHasher;

use crate::Origin;

/// What tells versions of one object apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) uid: Option<Symbol>,
    /// `metadata.resourceVersion`; 0 where there is none, as in a manifest.
    pub(crate) number: u64,
}

/// One object, and where it was read.
#[derive(Debug, Clone)]
pub(crate) struct Row<T> {
    pub(crate) value: T,
    pub(crate) version: Version,
    pub(crate) origin: Option<Origin>,
}

/// What became of an object that was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is the first of its name.
    New,
    /// It was there already, the same.
    Same,
    /// It differs from the one that was there; the newer of the two is kept.
    Differs,
}

/// Objects of one kind, in the order in which their names were first read.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    rows: IndexMap<(Symbol, Symbol), Row<T>, FxBuildHasher>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: IndexMap::default() }
    }
}

impl<T: PartialEq> Table<T> {
    /// Puts an object in. Of two versions the higher number is kept, and without numbers the later
    /// one, as `kubectl apply` of both would.
    pub(crate) fn put(&mut self, key: (Symbol, Symbol), row: Row<T>) -> Put {
        match self.rows.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(row);
                Put::New
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                let numbered = known.version.number != 0 && row.version.number != 0;
                let same =
                    if numbered { known.version == row.version } else { known.value == row.value };
                if same {
                    return Put::Same;
                }
                if !numbered || row.version.number >= known.version.number {
                    *known = row;
                }
                Put::Differs
            }
        }
    }

    /// Puts in what was made here, unless an object of that name was read.
    pub(crate) fn put_new(&mut self, key: (Symbol, Symbol), value: T) {
        let row = Row { value, version: Version::default(), origin: None };
        self.rows.entry(key).or_insert(row);
    }

    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.rows.values().map(|row| &row.value)
    }

    /// Values by name, of a kind without namespaces.
    pub(crate) fn into_named(self) -> impl Iterator<Item = (Symbol, T)> {
        self.rows.into_iter().map(|((_, name), row)| (name, row.value))
    }

    pub(crate) fn into_rows(self) -> impl Iterator<Item = Row<T>> {
        self.rows.into_values()
    }
}
