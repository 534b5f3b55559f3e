//! Amounts of resources, as the scheduler counts them.
//!
//! Models `Resource` of `pkg/scheduler/framework/types.go` (v1.36.3): CPU in thousandths of a core,
//! memory and ephemeral storage in bytes, everything else by name in whole units.

use crate::Symbol;

/// An amount of each resource. Missing scalars are zero, and zero scalars that were named are kept:
/// upstream tells "requests zero of X" from "does not mention X" in places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Extended resources, huge pages and attachable volumes by name, sorted by symbol.
    pub scalars: Vec<(Symbol, i64)>,
}

impl Resources {
    /// The amount of a scalar resource, zero where it is not named.
    pub fn scalar(&self, name: Symbol) -> i64 {
        self.scalars
            .binary_search_by_key(&name, |(known, _)| *known)
            .map_or(0, |at| self.scalars[at].1)
    }

    /// Sets a scalar resource.
    pub fn set_scalar(&mut self, name: Symbol, amount: i64) {
        match self.scalars.binary_search_by_key(&name, |(known, _)| *known) {
            Ok(at) => self.scalars[at].1 = amount,
            Err(at) => self.scalars.insert(at, (name, amount)),
        }
    }

    /// Adds `other`, wrapping as Go's integers do.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, i64::wrapping_add);
    }

    /// Subtracts `other`, wrapping as Go's integers do. Scalars that reach zero stay named.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, i64::wrapping_sub);
    }

    fn combine(&mut self, other: &Self, op: fn(i64, i64) -> i64) {
        self.cpu_milli = op(self.cpu_milli, other.cpu_milli);
        self.memory = op(self.memory, other.memory);
        self.ephemeral_storage = op(self.ephemeral_storage, other.ephemeral_storage);
        for &(name, amount) in &other.scalars {
            self.set_scalar(name, op(self.scalar(name), amount));
        }
    }
}
