//! The answers to `plan`, for people and for spreadsheets: a file for each question.

mod bar;
pub mod fit;
pub mod migrate;
pub mod mix;
pub mod nodes;
pub mod options;
pub mod rebalance;
pub mod remove;
mod repair;
mod steps;
pub mod tolerance;
pub mod waste;

pub use repair::{refused, repair};
