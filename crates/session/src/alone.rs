//! A rim on one thread, whose files were handed over: the page's worker, and tests.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use holdfast_ingest::Source;

use crate::failure::Failure;
use crate::rim::Rim;

/// Who wants to know how far a sweep is: so many failure sets of all are done.
pub type Progress = fn(u64, u64);

/// A rim on one thread.
pub struct Alone<'f> {
    files: &'f [Source],
    progress: Progress,
    told: Mutex<String>,
}

impl<'f> Alone<'f> {
    /// One that knows these files.
    pub fn new(files: &'f [Source], progress: Progress) -> Self {
        Self { files, progress, told: Mutex::new(String::new()) }
    }

    /// What was told on the way.
    pub fn told(self) -> String {
        self.told.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rim for Alone<'_> {
    const BATCH: usize = 16;

    fn tell(&self, text: &str) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) += text;
    }

    fn stopped(&self) -> bool {
        false
    }

    fn progress(&self, done: u64, all: u64) {
        (self.progress)(done, all);
    }

    /// By its whole name, or by its last part: people hand over files, not folders.
    fn read(&self, option: &str, path: &Path) -> Result<Source, Failure> {
        let is = |name: &str| Path::new(name) == path;
        let ends = |name: &str| Path::new(name).file_name() == path.file_name();
        let known = || self.files.iter();
        let found = known().find(|file| is(&file.name));
        found.or_else(|| known().find(|file| ends(&file.name))).cloned().ok_or_else(|| {
            let text = format!("{option} {}: this file was not handed over", path.display());
            Failure::usage(text.trim_start()).hint("add it to the files that are open")
        })
    }

    fn each<T: Sync, R: Send>(&self, things: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
        things.iter().map(work).collect()
    }
}
