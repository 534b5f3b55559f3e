//! End-to-end tests: the real binary on files, archives and pipes, told by what it prints.
//!
//! Snapshots hold whole outputs, so that a change of any word is seen in review. Counts of sets,
//! states and verdicts are pinned in tests of their own: a snapshot is accepted too easily.

mod claims;
mod golden;
mod holdfast;
mod sample;
mod shapes;
mod yaml;
