//! What stands around a session: the command with its files, cores and terminal, or the page.

use std::path::Path;

use holdfast_ingest::Source;

use crate::failure::Failure;

/// What a session asks of those around it. No answer depends on how they do it.
pub trait Rim: Sync {
    /// How many failure sets are handed out at once, where all are to be looked at.
    const BATCH: usize;

    /// Tells people something on the way: what was wrong with an input.
    fn tell(&self, text: &str);

    /// Whether somebody asked to stop: long work then tells what it has.
    fn stopped(&self) -> bool;

    /// So many failure sets of all are done. The last call of a sweep says that all are.
    fn progress(&self, done: u64, all: u64);

    /// The one file that an option, or another file, names.
    ///
    /// # Errors
    /// When it cannot be read, or is several.
    fn read(&self, option: &str, path: &Path) -> Result<Source, Failure>;

    /// Does the same with each thing, in any order; the answers are in the order of the things.
    fn each<T: Sync, R: Send>(&self, things: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R>;
}
