//! Findings for people: one file per format, and the words they share.

mod concise;
mod human;
mod reason;

pub use concise::concise;
pub use human::{accepted, finding, human};
pub use reason::sentence;
