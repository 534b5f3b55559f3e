//! Services, as far as they say which pods belong together.

use crate::{Labels, Symbol};

/// A `Service` with a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its namespace.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
    /// Its pods; empty selects none.
    pub selector: Labels,
}
