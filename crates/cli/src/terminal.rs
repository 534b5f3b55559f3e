//! The command around a session: standard error, Ctrl-C, files, and all cores.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use holdfast_ingest::Source;
use holdfast_session::Rim;
use rayon::prelude::*;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::{input, interrupt};

/// The command.
pub struct Terminal {
    bar: Mutex<Option<Progress>>,
}

/// The only one there is.
pub fn rim() -> &'static Terminal {
    static TERMINAL: Terminal = Terminal { bar: Mutex::new(None) };
    &TERMINAL
}

/// Says something on standard error.
pub fn tell(text: &str) {
    // A closed standard error leaves nobody to tell; the exit code still does.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

impl Rim for Terminal {
    /// Enough to keep every core busy, few enough to show progress.
    const BATCH: usize = 1_024;

    fn tell(&self, text: &str) {
        tell(text);
    }

    fn stopped(&self) -> bool {
        interrupt::stopped()
    }

    fn progress(&self, done: u64, all: u64) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if done >= all {
            *bar = None;
        } else {
            bar.get_or_insert_with(|| Progress::new(all)).reach(done);
        }
    }

    fn read(&self, option: &str, path: &Path) -> Result<Source, Failure> {
        input::read_one(option, path)
    }

    fn each<T: Sync, R: Send>(&self, things: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
        things.par_iter().map(work).collect()
    }
}
