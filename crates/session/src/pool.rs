//! Workspaces that those who examine lend each other: one is as large as the cluster, so none is
//! made without need.

use std::sync::{Mutex, PoisonError};

/// Those that nobody uses.
pub(crate) struct Pool<W, M> {
    make: M,
    free: Mutex<Vec<W>>,
}

impl<W, M: Fn() -> W> Pool<W, M> {
    /// None yet.
    pub(crate) fn new(make: M) -> Self {
        Self { make, free: Mutex::new(Vec::new()) }
    }

    /// Does some work with one that is free, or else a new one. One that was in use when its work
    /// panicked may be in the middle of something, and does not come back.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut W) -> R) -> R {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut workspace = free.unwrap_or_else(|| (self.make)());
        let result = work(&mut workspace);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        result
    }
}
