//! What keeps a command from answering, and what keeps it from writing.

use std::io;

pub use holdfast_session::failure::{Failure, nearest};

/// A result that could not be written. A closed pipe (`holdfast … | head`) is no failure: the
/// reader has what it wanted; see [`crate::output`].
pub fn unwritten(path: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write {path}: {error}"))
}
