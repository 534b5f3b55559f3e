//! The instances of each class, or of each workload.

use crate::InstanceId;

/// A chain for each, from its last instance back to its first: to add an instance and to take back
/// the last one costs the same however many there are.
#[derive(Clone, Debug)]
pub(super) struct Siblings {
    /// The last instance, by class or workload.
    last: Vec<Option<InstanceId>>,
    /// The one before of the same class or workload, by instance.
    before: Vec<Option<InstanceId>>,
}

impl Siblings {
    pub(super) fn new(families: usize) -> Self {
        Self { last: vec![None; families], before: Vec::new() }
    }

    /// Adds the next instance.
    pub(super) fn push(&mut self, family: usize) {
        let next = InstanceId::at(self.before.len());
        self.before.push(self.last[family].replace(next));
    }

    /// Takes back the last instance that was added, which is of this family.
    pub(super) fn pop(&mut self, family: usize) {
        self.last[family] = self.before.pop().flatten();
    }

    /// All of one family, the last one first.
    pub(super) fn of(&self, family: usize) -> impl Iterator<Item = InstanceId> + '_ {
        std::iter::successors(self.last[family], |id| self.before[id.index()])
    }
}
