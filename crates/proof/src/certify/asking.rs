//! Asking a reader about many sets, on one core or on several.

use holdfast_certificate::{Failed, Reader};

/// Who asks a reader about sets.
pub trait Asking {
    /// Which of the sets follow from what the reader knows, in their order.
    fn follow(&self, reader: &Reader<'_>, sets: &[Failed]) -> Vec<bool>;

    /// Whether somebody asked to stop.
    fn stopped(&self) -> bool;

    /// So many sets of all are done.
    fn progress(&self, done: usize, all: usize);
}

/// One set after the other, to the end.
pub struct OneByOne;

impl Asking for OneByOne {
    fn follow(&self, reader: &Reader<'_>, sets: &[Failed]) -> Vec<bool> {
        let mut workspace = reader.workspace();
        sets.iter().map(|set| reader.check_set(&mut workspace, set).is_ok()).collect()
    }

    fn stopped(&self) -> bool {
        false
    }

    fn progress(&self, _: usize, _: usize) {}
}
