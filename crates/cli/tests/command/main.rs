//! End-to-end tests: the real binary on files, archives and pipes, told by what it prints.
//!
//! Snapshots hold whole outputs, so that a change of any word is seen in review. Counts of sets,
//! states and verdicts are pinned in tests of their own: a snapshot is accepted too easily.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says where")]
#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "inputs are short, and made once"
)]

mod accepted;
mod capacity;
mod changes;
mod check;
mod claims;
mod endless;
mod every;
mod explain;
mod export;
mod formats;
mod generated;
mod golden;
mod headroom;
mod holdfast;
mod hostile;
mod init;
mod migrate;
mod mix;
mod mixed;
mod moving;
mod mutation;
mod network;
mod open;
mod options;
mod overlay;
mod pipelines;
mod plan;
mod plans;
#[cfg(unix)]
mod plugin;
mod quorums;
mod rebalance;
mod redact;
mod removal;
mod sample;
mod scenarios;
mod scheduler;
mod schemas;
mod selectors;
mod settings;
mod shapes;
mod simulate;
mod states;
mod traps;
mod usage;
mod verify;
mod whatif;
mod write;
mod yaml;
