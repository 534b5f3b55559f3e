//! The answers to `plan`, for people and for spreadsheets: a file for each question.

pub mod fit;
pub mod migrate;
pub mod mix;
pub mod nodes;
pub mod options;
mod repair;
mod sheet;
pub mod tolerance;
pub mod waste;

pub use repair::{refused, repair};
