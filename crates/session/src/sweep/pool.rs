//! Workspaces that those who examine lend each other: one is as large as the cluster, so none is
//! made without need.

use std::sync::{Mutex, PoisonError};

use holdfast_proof::Prover;
use holdfast_proof::prover::Workspace;

/// Those that nobody uses.
pub(super) struct Pool<'p, 'c> {
    prover: &'p Prover<'c>,
    free: Mutex<Vec<Workspace>>,
}

impl<'p, 'c> Pool<'p, 'c> {
    /// None yet.
    pub(super) fn new(prover: &'p Prover<'c>) -> Self {
        Self { prover, free: Mutex::new(Vec::new()) }
    }

    /// Does some work with one that is free, or else a new one. One that was in use when its work
    /// panicked may be in the middle of something, and does not come back.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Workspace) -> R) -> R {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut workspace = free.unwrap_or_else(|| self.prover.workspace());
        let result = work(&mut workspace);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        result
    }
}
