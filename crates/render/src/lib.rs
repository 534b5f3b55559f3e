//! Results as text: one file per command, and what they share. Nothing here reads, prints or
//! decides.

pub mod aftermath;
pub mod autoscaled;
pub mod beside;
pub mod cell;
pub mod check;
pub mod config;
pub mod diagnostics;
pub mod diff;
pub mod domain;
pub mod explain;
pub mod exported;
pub mod field;
pub mod format;
pub mod grouping;
pub mod init;
pub mod inspect;
pub mod needs;
pub mod paper;
pub mod plan;
pub mod prove;
pub mod remedy;
pub mod sequence;
pub mod sheet;
pub mod simulate;
pub mod story;
pub mod table;
pub mod tolerance;
pub mod verify;
pub mod words;
pub mod written;

pub use format::Format;

use serde::Serialize;

/// A result as JSON, indented, with a line end.
///
/// # Panics
/// Never for our own types: their keys are strings and they hold no floats that are not numbers.
pub fn json(result: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(result).expect("results are plain data");
    text + "\n"
}
