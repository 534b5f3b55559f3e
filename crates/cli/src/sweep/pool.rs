//! Workspaces that threads lend each other: one is as large as the cluster, so none is made without
//! need.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use holdfast_proof::Prover;
use holdfast_proof::prover::Workspace;

/// Those that nobody uses.
pub(super) struct Pool<'p, 'c> {
    prover: &'p Prover<'c>,
    free: Mutex<Vec<Workspace>>,
}

/// One in use.
pub(super) struct Lent<'l, 'p, 'c> {
    pool: &'l Pool<'p, 'c>,
    workspace: Option<Workspace>,
}

impl<'p, 'c> Pool<'p, 'c> {
    /// None yet.
    pub(super) fn new(prover: &'p Prover<'c>) -> Self {
        Self { prover, free: Mutex::new(Vec::new()) }
    }

    /// One that is free, or else a new one.
    pub(super) fn lend(&self) -> Lent<'_, 'p, 'c> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lent { pool: self, workspace: Some(free.unwrap_or_else(|| self.prover.workspace())) }
    }
}

impl Drop for Lent<'_, '_, '_> {
    fn drop(&mut self) {
        // One that was in use when its thread panicked may be in the middle of something.
        if let Some(workspace) = self.workspace.take().filter(|_| !std::thread::panicking()) {
            self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        }
    }
}

impl Deref for Lent<'_, '_, '_> {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        self.workspace.as_ref().expect("it is given back only when it is dropped")
    }
}

impl DerefMut for Lent<'_, '_, '_> {
    fn deref_mut(&mut self) -> &mut Workspace {
        self.workspace.as_mut().expect("it is given back only when it is dropped")
    }
}
